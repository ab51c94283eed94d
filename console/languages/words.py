"""What the editor completes beyond a language's own words: the members of `context`, the modules that come with
the language, and the packages that are installed for a function."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_NAMES = 2000


@dataclass(frozen=True, slots=True)
class Words:
    """One language's: members of `context`, modules that need no package, how a folder of installed packages is
    read, and where in an installed tree it is."""

    context: tuple[str, ...]
    modules: tuple[str, ...]
    packages: Callable[[Iterable[os.DirEntry[str]]], set[str]]
    folder: str = "."


def of_language(language: str) -> Words | None:
    """The words of a runtime's language; None where nothing is known."""
    return _WORDS.get(language)


def installed(language: str, tree: Path | None) -> list[str]:
    """The names to import from an installed dependency tree, sorted; none if there is no tree, or if it has been
    cleared away."""
    words = _WORDS.get(language)
    if words is None or tree is None:
        return []
    try:
        with os.scandir(tree / words.folder) as entries:
            return sorted(words.packages(entries))[:MOST_NAMES]
    except OSError:
        return []


def _python_packages(entries: Iterable[os.DirEntry[str]]) -> set[str]:
    names = {
        entry.name if entry.is_dir() else entry.name.partition(".")[0]
        for entry in entries
        if entry.is_dir() or entry.name.endswith((".py", ".so"))
    }
    return {name for name in names if name.isidentifier() and name != "__pycache__"}


def _node_packages(entries: Iterable[os.DirEntry[str]]) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        if entry.name.startswith("@"):
            found |= {f"{entry.name}/{below.name}" for below in Path(entry.path).iterdir()}
        else:
            found.add(entry.name)
    return found


_PYTHON = Words(
    context=(
        *("aws_request_id", "client_context", "function_name", "function_version", "identity"),
        *("get_remaining_time_in_millis()", "invoked_function_arn", "log_group_name", "log_stream_name"),
        "memory_limit_in_mb",
    ),
    modules=tuple(sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))),
    packages=_python_packages,
)
_NODE = (
    "assert async_hooks buffer child_process crypto dns events fs fs/promises http http2 https module net os "
    "path perf_hooks process querystring readline stream stream/promises string_decoder test timers/promises "
    "tls url util v8 vm worker_threads zlib"
)
_JAVASCRIPT = Words(
    context=(
        *(
            "awsRequestId",
            "callbackWaitsForEmptyEventLoop",
            "clientContext",
            "functionName",
            "functionVersion",
        ),
        *("getRemainingTimeInMillis()", "identity", "invokedFunctionArn", "logGroupName", "logStreamName"),
        "memoryLimitInMB",
    ),
    modules=tuple(f"node:{name}" for name in _NODE.split()),
    packages=_node_packages,
    folder="node_modules",
)
_WORDS: Mapping[str, Words] = {"python": _PYTHON, "javascript": _JAVASCRIPT}
