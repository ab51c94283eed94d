"""The linters and formatters as the editor uses them: real tools on real text, and what they may not do."""

from __future__ import annotations

import pytest

from console.languages import child, oxc, ruff, table
from functions.errors import InvalidParameterValue, ServiceUnavailable

PYTHON = "python3.13"
NODE = "nodejs24.x"


def codes(files: dict[str, str], runtime: str = PYTHON) -> list[tuple[str, int, str]]:
    return [(each.path, each.line, each.code) for each in table.lint(files, runtime)]


def test_python_is_read_by_ruff():
    found = table.lint({"app.py": "import os\n\n\ndef run():\n    return missing\n"}, PYTHON)
    assert [(each.line, each.code, each.severity) for each in found] == [
        (1, "F401", "warning"),
        (5, "F821", "error"),
    ]
    assert found[1].message == "Undefined name `missing`"
    assert (found[1].column, found[1].end_line, found[1].end_column) == (12, 5, 19)
    assert found[0].url.startswith("https://")


def test_what_can_be_mended_safely_brings_its_edits_and_nothing_else_does():
    unused, mutable = table.lint({"a.py": 'import os; s = "😀"\n\n\ndef f(x=[]):\n    return x\n'}, PYTHON)[
        ::2
    ]
    assert unused.fix is not None
    assert unused.fix.title == "Remove unused import: `os`"
    (edit,) = unused.fix.edits
    assert (edit.line, edit.column, edit.end_line, edit.text) == (1, 1, 1, "")
    assert mutable.code == "B006"
    assert mutable.fix is None


def test_javascript_and_typescript_are_read_by_oxlint():
    files = {"index.mjs": "debugger;\nexport const a = missing;\n", "lib/b.ts": "export let b: number = 1;\n"}
    assert codes(files, NODE) == [("index.mjs", 1, "no-debugger"), ("index.mjs", 2, "no-undef")]


@pytest.mark.parametrize(
    ("path", "text"), [("a.py", "def (\n"), ("a.mjs", "function (\n"), ("a.ts", "let x: = 1\n")]
)
def test_what_does_not_parse_is_an_error_without_a_rule(path, text):
    found = table.lint({path: text}, PYTHON)
    assert found
    assert {(each.severity, each.code) for each in found} == {("error", "")}


def test_clean_code_and_files_without_a_linter_have_no_problems():
    assert (
        table.lint({"a.py": "x = 1\n", "b.mjs": "export const x = 1;\n", "notes.txt": "debugger"}, PYTHON)
        == []
    )


@pytest.mark.parametrize(
    ("path", "text"), [("a.py", 's = "ä😀"; t = gone\n'), ("a.mjs", 'const s = "ä😀"; gone(s);\n')]
)
def test_columns_are_counted_as_browsers_count(path, text):
    (found,) = [each for each in table.lint({path: text}, PYTHON) if each.code in {"F821", "no-undef"}]
    units = text.encode("utf-16-le")
    at = (found.column - 1) * 2
    assert units[at : at + 8].decode("utf-16-le") == "gone"


def test_the_runtime_decides_what_the_language_is():
    text = "type Pair = tuple[int, int]\nx: Pair = (1, 2)\n"
    assert codes({"a.py": text}, PYTHON) == []
    assert [line for _, line, _ in codes({"a.py": text}, "python3.11")] == [1]


def test_nothing_of_a_user_configures_a_linter():
    files = {
        "a.py": "import os\n",
        "pyproject.toml": "[tool.ruff.lint]\nignore = ['F401']\n",
        "ruff.toml": "lint.ignore = ['F401']\n",
        ".oxlintrc.json": '{"rules": {"no-debugger": "off"}}',
        "b.mjs": "debugger;\n",
        ".gitignore": "*",
    }
    assert [code for _, _, code in codes(files)] == ["F401", "no-debugger"]


def test_no_name_of_a_file_reaches_a_tool():
    for path in ("../../x.py", "-x.py", "--config=evil.py", "a\nb.py", "node_modules/x.mjs", "@/x.py"):
        assert table.lint({path: "x = 1\n" if path.endswith("py") else "export {};\n"}, PYTHON) == []


def test_of_very_many_problems_the_first_are_given():
    text = "".join(f"x{number} = gone\n" for number in range(2000))
    assert len(table.lint({"a.py": text}, PYTHON)) == 500


@pytest.mark.parametrize("path", ["a.mjs", "a.py"])
def test_code_that_a_tool_cannot_stand_is_said_to_be_so(path):
    try:
        found = table.lint({path: "(" * 200_000}, PYTHON)
    except ServiceUnavailable as error:
        assert "gave up on this code" in error.message
    else:
        assert found[0].severity == "error"


def test_a_tool_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(child, "WALL_S", 0.05)
    monkeypatch.setattr(child, "_LIMITED", child._LIMITED.replace('exec "$@"', "exec sleep 60"))
    with pytest.raises(ServiceUnavailable, match="took longer than"):
        ruff.lint({"a.py": "x = 1\n"}, PYTHON)


def test_a_tool_that_writes_too_much_is_ended(monkeypatch):
    monkeypatch.setattr(child, "_LIMITED", child._LIMITED.replace(f"-f {child.OUTPUT_BLOCKS}", "-f 1"))
    monkeypatch.setattr(child, "OUTPUT_BLOCKS", 1)
    text = "".join(f"x{number} = gone\n" for number in range(100))
    for lint, path in ((ruff.lint, "a.py"), (oxc.lint, "a.mjs")):
        with pytest.raises(ServiceUnavailable, match="more problems in this code than can be listed"):
            lint({path: text}, PYTHON)


def test_a_tool_that_takes_too_much_memory_is_ended(monkeypatch):
    monkeypatch.setattr(child, "_LIMITED", child._LIMITED.replace(f"-v {child.MEMORY_KB}", "-v 20000"))
    with pytest.raises(ServiceUnavailable, match="gave up"):
        oxc.lint({"a.mjs": "export {};\n"}, NODE)


def test_a_tool_that_is_missing_is_named_with_its_cure(monkeypatch):
    with child.workplace({"a.py": ""}) as place, pytest.raises(ServiceUnavailable, match="make up"):
        child.run("no-such-linter", (), place)


def test_too_many_at_once_are_asked_to_wait(monkeypatch):
    monkeypatch.setattr(child, "PATIENCE_S", 0.01)
    with child.workplace({}), child.workplace({}):
        with pytest.raises(ServiceUnavailable, match="at once"), child.workplace({}):
            pass
    assert codes({"a.py": "x = 1\n"}) == []


@pytest.mark.parametrize(
    ("path", "text", "formatted"),
    [
        ("a.py", "x=[1,2]", "x = [1, 2]\n"),
        ("a.mjs", "const a={b:1}", "const a = { b: 1 };\n"),
        ("a.ts", "let a:number=1", "let a: number = 1;\n"),
        ("data.json", '{"a":1}', '{ "a": 1 }\n'),
        ("a.yaml", "a:   1", "a: 1\n"),
    ],
)
def test_each_language_has_its_form(path, text, formatted):
    assert table.format_text(path, text, PYTHON) == formatted
    assert table.format_text(path, formatted, PYTHON) == formatted


@pytest.mark.parametrize("path", ["a.py", "a.mjs", "package.json"])
def test_what_does_not_parse_is_not_formatted(path):
    with pytest.raises(InvalidParameterValue, match="does not parse"):
        table.format_text(path, "def ( {", PYTHON)


def test_a_file_without_a_formatter_is_refused():
    with pytest.raises(InvalidParameterValue, match=r"no formatter for logo\.png"):
        table.format_text("logo.png", "", PYTHON)
