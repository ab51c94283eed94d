"""The shape of the code: which package imports which, jobs that exist, migrations that are whole, and the size
of things. What breaks here is a decision, not an accident."""

import ast
import importlib
from pathlib import Path

import pytest
from django.core.management import call_command

from functions import queues
from functions.config import REPOSITORY

PACKAGES = ("functions", "runner", "console")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# Pure but for the tables' names.
WITH_ROWS = {"functions/bulk.py"}
# What a sandbox holds is a program of its own, and migrations are generated.
APART = ("runner/runtimes", "functions/migrations")


class Source:
    """One file of ours, read once."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(REPOSITORY))
        self.text = path.read_text()
        self.nodes = list(ast.walk(ast.parse(self.text)))

    @property
    def imports(self) -> set[str]:
        """Every module that it imports, at its top or inside a function."""
        found: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return found

    def imports_from(self, *packages: str) -> set[str]:
        """What it imports from some packages."""
        return {name for name in self.imports if name.split(".")[0] in packages}


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    paths = (path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
    kept = (path for path in paths if not str(path.relative_to(REPOSITORY)).startswith(APART))
    return [Source(path) for path in sorted(kept)]


def below(sources: list[Source], *folders: str) -> list[Source]:
    return [source for source in sources if source.name.startswith(folders)]


def test_functions_imports_neither_of_the_others(sources):
    for source in below(sources, "functions/"):
        assert source.imports_from("runner", "console", "docker") == set(), source.name


def test_runner_imports_no_pages(sources):
    for source in below(sources, "runner/"):
        assert source.imports_from("console") == set(), source.name


def test_console_knows_the_runner_by_its_client_alone(sources):
    for source in below(sources, "console/"):
        found = source.imports_from("runner", "docker", "rq", "redis")
        assert all(name == "runner" or name.startswith("runner.client") for name in found), source.name


def test_pure_files_and_execution_know_no_rows(sources):
    pure = [source for source in below(sources, "functions/") if source.name.count("/") == 1]
    execution = below(sources, "runner/sandbox/", "runner/runtime_api/", "runner/build/")
    for source in (*pure, *execution):
        if source.name not in WITH_ROWS:
            assert "functions.models" not in source.imports, source.name


def test_the_console_writes_by_services_alone(sources):
    writes = {"save", "delete", "create", "bulk_create", "get_or_create", "update_or_create"}
    for source in below(sources, "console/"):
        calls = [node.func for node in source.nodes if isinstance(node, ast.Call)]
        found = {
            call.attr
            for call in calls
            if isinstance(call, ast.Attribute) and call.attr in writes and "objects" in ast.unparse(call)
        }
        assert found == set(), source.name


def test_files_and_functions_stay_readable(sources):
    for source in sources:
        assert source.text.count("\n") <= LONGEST_FILE, source.name
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{source.name}: {node.name}"


def test_every_module_says_what_it_owns(sources):
    for source in sources:
        module = source.nodes[0]
        assert isinstance(module, ast.Module)
        assert not source.text.strip() or ast.get_docstring(module), source.name
        assert "TO" + "DO" not in source.text, source.name


@pytest.mark.parametrize("job", [queues.DEPLOY_JOB, queues.DRAIN_JOB, queues.HOUSEKEEPING_JOB])
def test_every_job_name_resolves(job):
    module, _, function = job.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


def test_migrations_are_complete(databases):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
