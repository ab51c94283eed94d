"""Asking the index: what tools say is read, and each way of failing is told apart. The tools are stand-ins."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from console.languages import packages
from functions import package_names, queues
from functions.errors import InvalidParameterValue, ResourceNotFound, ServiceUnavailable
from functions.runtimes import runtime

HOME = Path("/nonexistent")
PYTHON, NODE = runtime("python3.13"), runtime("nodejs24.x")
PIP_SAYS = "six (1.17.0)\nAvailable versions: 1.17.0, 1.16.0\n  LATEST: 1.17.0\n"
NOTHING = "ERROR: No matching distribution found for six\n"


@pytest.fixture
def tool(monkeypatch):
    """What the tool answers next; gives the commands that were run."""
    commands = []

    def answer(status=0, stdout="", stderr=""):
        def run(command, **options):
            commands.append(command)
            return subprocess.CompletedProcess(command, status, stdout, stderr)

        monkeypatch.setattr(packages.subprocess, "run", run)
        return commands

    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    return answer


def test_versions_from_pip_for_the_runtimes_python(tool):
    commands = tool(stdout=PIP_SAYS)
    assert packages.look_up(PYTHON, "six") == packages.Package("six", ("1.17.0", "1.16.0"))
    assert commands[0][-2:] == ["--", "six"]
    assert "3.13" in commands[0]


def test_versions_from_npm_newest_first_without_prereleases(tool):
    tool(stdout='["1.0.0", "1.1.0", "2.0.0-rc.1"]')
    assert packages.look_up(NODE, "@a/b").versions == ("1.1.0", "1.0.0")
    tool(stdout='"0.1.0-beta"')
    assert packages.look_up(NODE, "only").versions == ("0.1.0-beta",)


def test_a_package_that_is_not_there(tool):
    tool(1, stderr=NOTHING)
    with pytest.raises(ResourceNotFound, match="six"):
        packages.look_up(PYTHON, "six")
    tool(1, stdout='{"error": {"code": "E404"}}')
    with pytest.raises(ResourceNotFound):
        packages.look_up(NODE, "left-pad")


def test_an_index_that_is_down_is_not_a_package_that_is_not_there(tool):
    tool(1, stderr="WARNING: Retrying (Retry(total=0)) https://user:secret@index\n" + NOTHING)
    with pytest.raises(ServiceUnavailable) as refused:
        packages.look_up(PYTHON, "six")
    assert "secret" not in refused.value.message
    tool(1, stdout='{"error": {"code": "ECONNREFUSED"}}')
    with pytest.raises(ServiceUnavailable):
        packages.look_up(NODE, "left-pad")


def test_an_index_that_takes_too_long(monkeypatch):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(packages.subprocess, "run", run)
    with pytest.raises(ServiceUnavailable):
        packages.look_up(PYTHON, "six")


def test_without_npm_the_way_round_is_said(monkeypatch):
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    with pytest.raises(ServiceUnavailable, match=r"package\.json"):
        packages.look_up(NODE, "left-pad")


@pytest.mark.parametrize("name", ["", "--index-url=x", "six==1", "a b", "../x", "a" * 215])
def test_what_is_no_name_asks_nobody(tool, name):
    commands = tool()
    for row in (PYTHON, NODE):
        with pytest.raises(InvalidParameterValue):
            packages.look_up(row, name)
    assert commands == []


def test_a_runtime_without_packages_says_so(tool):
    with pytest.raises(InvalidParameterValue, match="no package index"):
        packages.look_up(runtime("provided.al2023"), "six")


def test_names_from_npm_s_search(tool):
    commands = tool(stdout='[{"name": "left-pad"}, {"name": "left"}]')
    assert packages.search(NODE, "left", HOME) == ["left-pad", "left"]
    assert commands[0][-2:] == ["--", "left"]


@pytest.mark.parametrize("said", [(1, ""), (0, "no json"), (0, '{"error": {}}'), (0, "[{}]")])
def test_a_registry_without_a_search_suggests_nothing(tool, said):
    tool(*said)
    assert packages.search(NODE, "left", HOME) == []


def test_what_is_no_name_is_not_searched_for(tool):
    assert packages.search(NODE, "--registry", HOME) == []
    assert packages.search(runtime("provided.al2023"), "six", HOME) == []
    assert tool() == []


def test_names_from_python_s_index_and_a_job_that_fetches_them_anew(monkeypatch, tmp_path):
    told = []
    monkeypatch.setattr(queues, "enqueue_package_names", lambda: told.append("job"))
    assert packages.search(PYTHON, "six", tmp_path) == []
    package_names.write_names(package_names.names_file(tmp_path), ["six"])
    assert packages.search(PYTHON, "si", tmp_path) == ["six"]
    assert told == ["job"]


def test_without_redis_there_are_the_names_there_are(monkeypatch, tmp_path):
    def away():
        raise RedisConnectionError("away")

    monkeypatch.setattr(queues, "enqueue_package_names", away)
    assert packages.search(PYTHON, "six", tmp_path) == []
