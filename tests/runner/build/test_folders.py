"""What a runtime's own folder says about building, and the caches that such tools keep."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.artifacts import Store
from functions.runtimes import Build, runtime
from runner.build import plan as planning
from runner.build import workspaces
from runner.build.folders import BuildFileError, folder_build
from runner.build.plan import plan_build

COBOL = replace(
    runtime("python3.13"), identifier="cobol85", folder="cobol", language="cobol", build=Build.FOLDER
)
TOLD = """
tool = "cobc"
command = ["functory-build"]
wanted = ["*.cob"]
compiles = true
cache = true
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "cobol").mkdir()
    (tmp_path / "cobol" / "build.toml").write_text(TOLD)
    monkeypatch.setattr(planning, "folder_build", lambda name: folder_build(name, tmp_path))
    folder_build.cache_clear()
    yield tmp_path / "cobol"
    folder_build.cache_clear()


def plan(files, **changes):
    values = {"package_sha256": "a" * 64, "image": "builder:1", "indexes": "", **changes}
    contents = {path: text.encode() for path, text in files.items()}
    return plan_build(COBOL, contents.get, lambda: contents, **values)


def test_a_folder_says_how_its_language_is_built(folder):
    found = plan({"src/main.cob": "STOP RUN."})
    assert (found.tool, found.command, found.folder, found.cache) == (
        "cobc",
        ("functory-build",),
        "/source",
        True,
    )
    assert found.result == ""


def test_a_package_without_sources_is_not_built(folder):
    assert plan({"bootstrap": "ready"}) is None


def test_the_result_depends_on_the_whole_package_unless_manifests_are_named(folder):
    first = plan({"main.cob": "1"})
    assert plan({"main.cob": "1"}, package_sha256="b" * 64).key != first.key
    (folder / "build.toml").write_text(TOLD + 'manifests = ["copybooks.txt"]\n')
    folder_build.cache_clear()
    first = plan({"main.cob": "1", "copybooks.txt": "a"})
    assert plan({"main.cob": "2", "copybooks.txt": "a"}, package_sha256="b" * 64).key == first.key
    assert plan({"main.cob": "1", "copybooks.txt": "b"}).key != first.key


def test_a_build_file_without_a_command_is_refused(folder):
    (folder / "build.toml").write_text('tool = "cobc"\nwanted = ["*"]\n')
    folder_build.cache_clear()
    with pytest.raises(BuildFileError, match=r"cobol/build\.toml lacks 'command'"):
        plan({"main.cob": ""})


def test_a_cache_is_its_owners_and_is_found_again(tmp_path):
    store = Store(tmp_path)
    with workspaces.cache(store, "one", "cargo") as first:
        (first / "kept").write_text("x")
    with workspaces.cache(store, "one", "cargo") as again, workspaces.cache(store, "two", "cargo") as other:
        assert (again / "kept").read_text() == "x"
        assert not (other / "kept").exists()
    with workspaces.cache(store, "", "cargo") as nobodys:
        assert nobodys is None


def test_a_cache_that_grew_too_large_is_thrown_away(tmp_path, monkeypatch):
    monkeypatch.setattr(workspaces, "LARGEST_CACHE", 100_000)
    store = Store(tmp_path)
    with workspaces.cache(store, "one", "cargo") as folder:
        (folder / "large").write_bytes(b"x" * 200_000)
    assert not folder.exists()


def test_a_cache_that_nobody_used_for_weeks_goes(tmp_path):
    store, now = Store(tmp_path), datetime.now(UTC)
    with workspaces.cache(store, "old", "cargo") as old, workspaces.cache(store, "new", "cargo") as new:
        pass
    os.utime(old, times=((now - timedelta(days=15)).timestamp(),) * 2)
    workspaces.sweep_caches(store, now)
    assert (old.exists(), new.exists()) == (False, True)
