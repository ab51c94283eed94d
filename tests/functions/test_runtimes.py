"""The table of runtimes: names, AWS's refusal, and how long each is supported."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from functions.errors import InvalidParameterValue
from functions.runtimes import RUNTIMES, Build, Stage, runtime, start_environment
from functions.starters import FOLDER


@pytest.mark.parametrize("identifier", ["python3.13", "python3.14", "python3.11", "nodejs20.x"])
def test_a_runtime_is_found_by_awss_identifier(identifier):
    assert runtime(identifier).identifier == identifier


def test_an_alias_leads_to_its_row():
    assert runtime("provided.al2").identifier == "provided.al2023"


@pytest.mark.parametrize("identifier", ["python3.12", "python2.7", "go1.x", "", "cobol"])
def test_one_that_is_not_here_has_awss_answer(identifier):
    with pytest.raises(InvalidParameterValue) as raised:
        runtime(identifier)
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


def test_only_python_and_node_and_custom_ones_are_made_at_every_start():
    eager = {row.identifier for row in RUNTIMES.values() if row.eager}
    assert eager == {"python3.13", "nodejs22.x", "nodejs24.x", "provided.al2023"}


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
