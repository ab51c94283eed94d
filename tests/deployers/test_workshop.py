"""Where the deployers' packages come from: a registry that does not answer is a skip, one that says no is a failure, and
the README names the versions that are installed."""

from __future__ import annotations

import re

import pytest

from functions.config import REPOSITORY
from tests.deployers import workshop

NOBODY = "http://127.0.0.1:9/simple"


@pytest.fixture
def lists(monkeypatch, tmp_path):
    """Lists of the test's own, kept in a folder of its own, and a pip that asks twice."""
    monkeypatch.setattr(workshop, "KEPT", tmp_path)
    monkeypatch.setenv("PIP_RETRIES", "1")
    made: dict[str, dict[str, object]] = {}
    monkeypatch.setattr(workshop, "LISTS", made)
    return made


def test_a_registry_that_does_not_answer_is_a_skip_with_the_reason(lists, monkeypatch) -> None:
    lists["few"] = {"pip": ["idna==3.10"]}
    monkeypatch.setenv("PIP_INDEX_URL", NOBODY)
    with pytest.raises(pytest.skip.Exception, match="registry does not answer for the packages of few"):
        workshop.installed("few")


def test_a_list_that_is_wrong_is_a_failure_and_is_not_kept(lists, monkeypatch, tmp_path) -> None:
    lists["few"] = {"pip": [str(tmp_path / "nothing-here.whl")]}
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):  # what is half done is begun anew
        with pytest.raises(AssertionError, match="nothing-here"):
            workshop.installed("few")


def test_what_is_there_is_not_installed_again(lists, monkeypatch, tmp_path) -> None:
    lists["none"] = {"pip": ["--no-index"]}
    monkeypatch.setattr(workshop, "_install", lambda _name, _wanted, folder: (folder / "made").touch())
    folder = workshop.installed("none")
    monkeypatch.setattr(workshop, "_install", lambda *_: pytest.fail("installed twice"))
    assert workshop.installed("none") == folder
    assert (folder / "made").exists()


def test_the_readme_names_the_versions_that_are_run() -> None:
    text = (REPOSITORY / "README.md").read_text()
    table = text[text.index("Run unmodified by `make test-deployers`") :]
    table = table[: table.index("\n## ")]
    told = {"chalice", "cargo-lambda", "aws-sam-cli", "@aws-sdk/client-lambda", "fastapi", "mangum"}
    told |= {"aws-lambda-powertools", "express", "@vendia/serverless-express", "@middy/core"}
    for wanted in workshop.LISTS.values():
        for package in (*wanted.get("pip", ()), *wanted.get("npm", ())):
            name, version = re.fullmatch(r"(.+?)(?:==|(?<=.)@)([\d.]+)", package).groups()
            assert name not in told or version in table, package
            told.discard(name)
    assert not told
