"""One function per language that does what the contract suite asks, and what it cannot do. A new runtime brings a
folder in tests/runner/runtimes/programs and a row here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from functions.runtimes import RUNTIMES
from functions.states import Outcome

PROGRAMS = Path(__file__).resolve().parent.parent / "runner" / "runtimes" / "programs"


@dataclass(frozen=True, slots=True)
class Program:
    """`error` is the type of what it raises, `start_failure` how a start ends that fails, `out_of_memory` a call that
    takes too much; `drops_nulls` says that its client leaves out members that are null, `logs_errors` that what it prints
    of an error comes before the answer; `lacks` maps a test to why it does not apply."""

    handler: str
    error: str = "ValueError"
    start_failure: tuple[Outcome, str] = (Outcome.INIT_FAILURE, "ValueError")
    out_of_memory: tuple[Outcome, str] = (Outcome.OUT_OF_MEMORY, "Runtime.OutOfMemory")
    memory_mb: int = 256
    drops_nulls: bool = False
    logs_errors: bool = True
    lacks: dict[str, str] = field(default_factory=dict)


_BY_FOLDER = {
    "python": Program("app.handler"),
    "nodejs": Program("app.handler"),
    "java": Program(
        "app.App::handleRequest",
        error="java.lang.IllegalArgumentException",
        start_failure=(Outcome.INIT_FAILURE, "java.lang.IllegalArgumentException"),
        out_of_memory=(Outcome.FUNCTION_ERROR, "java.lang.OutOfMemoryError"),
        lacks={"segfault": "Java ends itself by an abort, which is asked as well"},
    ),
    "go": Program(
        "bootstrap",
        start_failure=(Outcome.CRASH, "Runtime.ExitError"),
        lacks={
            "abort": "Go catches it and exits",
            "segfault": "Go catches it and exits",
            "test_an_error_has_its_stack": "AWS's client gives none for a returned error",
            "test_a_larger_answer_is_an_error": "AWS's client ends itself",
        },
    ),
    "rust": Program(
        "bootstrap",
        start_failure=(Outcome.CRASH, "Runtime.ExitError"),
        lacks={
            "test_an_error_has_its_stack": "AWS's client gives none",
            "test_a_larger_answer_is_an_error": "AWS's client is told so and goes on",
        },
    ),
    "ruby": Program(
        "app.handler",
        error="Function<ArgumentError>",
        start_failure=(Outcome.INIT_FAILURE, "Init<ArgumentError>"),
        lacks={"segfault": "Ruby ends itself by an abort, which is asked as well"},
    ),
    "dotnet": Program(
        "Function::App.App::Handle",
        error="ArgumentException",
        start_failure=(Outcome.INIT_FAILURE, "ArgumentException"),
        lacks={"segfault": "Mono ends itself by an abort, which is asked as well"},
    ),
    "provided": Program(
        "app.handler", lacks={"test_a_larger_answer_is_an_error": "it has no client of ours"}
    ),
}


# Container images, by the folder of the program inside: one with a program that speaks the Runtime API itself, and
# those with AWS's runtime interface clients.
IMAGES = {
    "image": "provided",
    "image.python": "python",
    "image.nodejs": "nodejs",
    "image.java": "java",
}
# What AWS's own clients do differently, by the image that has them.
_ENDS_ITSELF = {"test_a_larger_answer_is_an_error": "the gateway refuses it after AWS's client was done"}
_IN_IMAGES: dict[str, dict[str, Any]] = {
    "image.python": {"lacks": _ENDS_ITSELF},
    "image.nodejs": {
        "lacks": _ENDS_ITSELF
        | {"test_an_error_that_says_too_much_is_cut": "AWS's client comes to no end with an error of 5 MB"}
    },
    "image.java": {
        "drops_nulls": True,
        "logs_errors": False,
        "lacks": _ENDS_ITSELF
        | {
            "segfault": "Java ends itself by an abort, which is asked as well",
            "test_a_trace_is_its_own_calls": "AWS's client has it as a system property",
        },
    },
}


def program_of(identifier: str) -> Program:
    """The row of a runtime, or of a container image."""
    program = _BY_FOLDER[_folder(identifier)]
    return replace(program, **_IN_IMAGES[identifier]) if identifier in _IN_IMAGES else program


def _folder(identifier: str) -> str:
    return IMAGES[identifier] if identifier in IMAGES else RUNTIMES[identifier].folder


def files_of(identifier: str) -> dict[str, str]:
    """Its source, by path."""
    folder = PROGRAMS / _folder(identifier)
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
