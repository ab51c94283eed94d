"""The table of runtimes: what a function may be written for. A new runtime is one row here and one folder in
runner/runtimes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from functions.errors import InvalidParameterValue


@dataclass(frozen=True, slots=True)
class Runtime:
    """One row. `image` is the folder in runner/runtimes; `command` is what the launcher starts; `lean` says
    that the bootstrap speaks frames over the sandbox's socket (otherwise the HTTP Runtime API).
    `start_variables` count only when the language starts: functions that set them get sandboxes of a start
    class of their own."""

    identifier: str
    title: str
    image: str
    command: tuple[str, ...]
    lean: bool
    language: str
    default_file: str
    default_handler: str
    manifest: str = ""
    builder: str = ""
    start_variables: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()


_LOCALE = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LD_PRELOAD", "MALLOC_ARENA_MAX"})
_PYTHON = (
    frozenset({"PYTHONPATH", "PYTHONHASHSEED", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHONMALLOC"}) | _LOCALE
)
_NODE = frozenset({"NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_NO_WARNINGS", "UV_THREADPOOL_SIZE"}) | _LOCALE


def _node(major: int) -> Runtime:
    return Runtime(
        identifier=f"nodejs{major}.x",
        title=f"Node.js {major}",
        image=f"nodejs{major}.x",
        command=("/usr/local/bin/node", "/var/runtime/bootstrap.mjs"),
        lean=True,
        language="javascript",
        default_file="index.mjs",
        default_handler="index.handler",
        manifest="package.json",
        builder=f"nodejs{major}.x",
        start_variables=_NODE,
    )


_ROWS = (
    Runtime(
        identifier="python3.13",
        title="Python 3.13",
        image="python3.13",
        command=("/usr/bin/python3", "-B", "-u", "/var/runtime/bootstrap.py"),
        lean=True,
        language="python",
        default_file="lambda_function.py",
        default_handler="lambda_function.lambda_handler",
        manifest="requirements.txt",
        builder="python3.13",
        start_variables=_PYTHON,
    ),
    _node(24),
    _node(22),
    Runtime(
        identifier="provided.al2023",
        title="Custom runtime (Debian)",
        image="provided",
        command=("/var/runtime/wait",),
        lean=False,
        language="shell",
        default_file="bootstrap",
        default_handler="function.handler",
        aliases=("provided.al2", "provided"),
    ),
)
RUNTIMES: Mapping[str, Runtime] = {row.identifier: row for row in _ROWS}
_BY_NAME: Mapping[str, Runtime] = {name: row for row in _ROWS for name in (row.identifier, *row.aliases)}


def runtime(identifier: str) -> Runtime:
    """The row of an identifier or alias; raises InvalidParameterValue with field `runtime`, in AWS's words."""
    found = _BY_NAME.get(identifier)
    if found is None:
        raise InvalidParameterValue(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(sorted(_BY_NAME))}] or be a valid ARN",
            field="runtime",
        )
    return found


def start_environment(row: Runtime, environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The variables that must be there before the language starts, sorted; usually none."""
    return tuple(sorted((name, environment[name]) for name in row.start_variables & environment.keys()))
