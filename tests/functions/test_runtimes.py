"""The table of runtimes: names, AWS's refusal, and how long each is supported."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from functions.errors import InvalidParameterValue
from functions.runtimes import RUNTIMES, Build, Stage, named, runtime, start_environment
from functions.starters import FOLDER


@pytest.mark.parametrize("identifier", ["python3.13", "python3.14", "python3.11", "nodejs20.x"])
def test_a_runtime_is_found_by_awss_identifier(identifier):
    assert runtime(identifier).identifier == identifier


OLDER = {
    "python3.12": "python3.13",
    "python3.9": "python3.11",
    "nodejs18.x": "nodejs20.x",
    "java17": "java21",
    "java8.al2": "java21",
    "ruby3.2": "ruby3.3",
    "provided.al2": "provided.al2023",
    "provided": "provided.al2023",
}


@pytest.mark.parametrize(("older", "newer"), OLDER.items())
def test_an_older_one_runs_on_a_newer_one_only_where_that_is_allowed(older, newer):
    assert named(older, stand_ins=True).identifier == newer
    with pytest.raises(InvalidParameterValue) as raised:
        named(older)
    assert raised.value.field == "runtime"
    assert raised.value.message == (
        f"The runtime parameter of {older} is no longer supported for creating or updating AWS Lambda functions. "
        f"We recommend you use the new runtime ({newer}) while creating or updating functions."
    )


def test_one_stands_in_for_what_nobody_else_is():
    names = [name for row in RUNTIMES.values() for name in row.stands_in_for]
    assert len(set(names)) == len(names) and not RUNTIMES.keys() & set(names)


@pytest.mark.parametrize("identifier", ["python2.7", "go1.x", "dotnet8", "", "cobol"])
def test_one_that_is_not_here_has_awss_answer(identifier):
    with pytest.raises(InvalidParameterValue) as raised:
        named(identifier, stand_ins=True)
    assert raised.value.field == "runtime"
    assert raised.value.message.startswith(
        f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["
    )
    assert raised.value.message.endswith("] or be a valid ARN")
    assert "python3.13" in raised.value.message


@pytest.mark.parametrize(
    ("days_before", "stage"),
    [
        (400, Stage.CURRENT),
        (180, Stage.ENDING),
        (1, Stage.ENDING),
        (0, Stage.DEPRECATED),
        (-1, Stage.DEPRECATED),
    ],
)
def test_a_runtime_grows_old_by_the_earlier_of_its_days(days_before, stage):
    row = runtime("python3.13")
    assert row.deprecated < row.ends
    assert row.stage(row.deprecated - timedelta(days=days_before)) is stage


def test_a_runtime_without_dates_does_not_grow_old():
    assert replace(runtime("python3.13"), deprecated=None, ends=None).stage(date(2099, 1, 1)) is Stage.CURRENT


def test_only_python_and_node_are_made_at_every_start():
    eager = {row.identifier for row in RUNTIMES.values() if row.eager}
    assert eager == {"python3.13", "nodejs22.x", "nodejs24.x"}


def test_what_is_built_has_an_image_to_build_in():
    for row in RUNTIMES.values():
        assert bool(row.builder) == (row.build is not Build.NONE), row.identifier


def test_variables_that_count_only_at_the_start_are_told_apart():
    row = runtime("python3.13")
    assert start_environment(row, {"PYTHONPATH": "/x", "OWN": "1"}, 256) == (("PYTHONPATH", "/x"),)
    assert start_environment(row, {"OWN": "1"}, 256) == ()


def test_java_is_told_its_memory_when_it_starts():
    found = start_environment(runtime("java21"), {"JAVA_TOOL_OPTIONS": "-Dx=1", "OWN": "1"}, 256)
    assert found == (("FUNCTORY_MEMORY_MB", "256"), ("JAVA_TOOL_OPTIONS", "-Dx=1"))


@pytest.mark.parametrize(
    "row", [row for row in RUNTIMES.values() if row.context], ids=lambda row: row.identifier
)
def test_what_the_editor_completes_is_what_the_bootstrap_gives(row):
    texts = [path.read_text() for path in (FOLDER / row.folder).rglob("*") if _is_source(path)]
    assert [name for name in row.context if not any(name.removesuffix("()") in text for text in texts)] == []


def _is_source(path):
    return path.is_file() and "starters" not in path.parts and path.suffix in {".rb", ".java", ".cs"}
