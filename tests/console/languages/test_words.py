"""The names that the editor completes, read from folders of installed packages."""

from __future__ import annotations

from pathlib import Path

from console.languages import words


def lay(root: Path, *paths: str) -> Path:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("")
    return root


def test_python_packages_by_the_names_that_are_imported(tmp_path):
    tree = lay(
        tmp_path,
        *("requests/__init__.py", "requests-2.1.dist-info/METADATA", "six.py", "_cffi.cpython-313.so"),
        *("bin/tool", "__pycache__/six.pyc", "notes.txt"),
    )
    assert words.installed("python", tree) == ["_cffi", "bin", "requests", "six"]


def test_node_packages_with_their_scopes(tmp_path):
    paths = ("left-pad/index.js", "@a/b/index.js", ".bin/x", ".package-lock.json")
    tree = lay(tmp_path, *(f"node_modules/{path}" for path in paths))
    assert words.installed("javascript", tree) == ["@a/b", "left-pad"]


def test_without_a_tree_or_a_known_language_there_are_none(tmp_path):
    assert words.installed("python", None) == []
    assert words.installed("python", tmp_path / "gone") == []
    assert words.installed("shell", lay(tmp_path, "a/b")) == []
    assert words.of_language("shell") is None


def test_the_context_is_what_the_bootstraps_give():
    runtimes = Path(words.__file__).parents[2] / "runner" / "runtimes"
    for language, bootstrap in (("python", "python/bootstrap.py"), ("javascript", "nodejs/bootstrap.mjs")):
        text = (runtimes / bootstrap).read_text()
        known = words.of_language(language)
        assert known is not None
        assert [name for name in known.context if name.removesuffix("()") not in text] == []
