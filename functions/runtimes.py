"""The table of runtimes: what a function may be written for. A new runtime is one row here and one folder in
runner/runtimes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from functions.errors import InvalidParameterValue


class Build(StrEnum):
    """What a deployment does with a package before it can run."""

    NONE = ""
    PIP = "pip"
    NPM = "npm"
    FOLDER = "folder"  # the runtime's own folder says it: build.toml


class Stage(StrEnum):
    """How far a runtime is in its life."""

    CURRENT = "current"
    ENDING = "ending"  # within half a year
    DEPRECATED = "deprecated"


_WARN_DAYS = 180
MEMORY_VARIABLE = "FUNCTORY_MEMORY_MB"  # what a start class of a memory size is told


@dataclass(frozen=True, slots=True)
class Runtime:
    """One row. `image` is the image in runner/runtimes/<folder>; `command` is what the launcher starts; `lean` says
    that the bootstrap speaks frames over the sandbox's socket (otherwise the HTTP Runtime API).
    `start_variables` count only when the language starts: functions that set them get sandboxes of a start
    class of their own; so do those of another memory size where the language is told its heap when it starts
    (`starts_by_memory`). `eager` ones are made before Functory is ready, others when they are first chosen.
    `stands_in_for` are AWS's identifiers of older versions, which API clients may name where the operator allows it.
    `deprecated` is the day from which AWS no longer supports the identifier, `ends` the day after which the
    language's own project makes no more fixes; None where nobody has said."""

    identifier: str
    title: str
    image: str
    folder: str
    command: tuple[str, ...]
    lean: bool
    language: str
    default_file: str
    default_handler: str
    text: str = ""
    manifest: str = ""
    builder: str = ""
    build: Build = Build.NONE
    start_variables: frozenset[str] = frozenset()
    starts_by_memory: bool = False
    eager: bool = False
    deprecated: date | None = None
    ends: date | None = None
    icon: str = "code"
    context: tuple[str, ...] = ()  # members of the context object, for the editor's completion
    stands_in_for: tuple[str, ...] = ()

    def stage(self, today: date) -> Stage:
        """Whether to warn: the earlier of both days counts."""
        days = [day for day in (self.deprecated, self.ends) if day is not None]
        if not days or (min(days) - today).days > _WARN_DAYS:
            return Stage.CURRENT
        return Stage.ENDING if today < min(days) else Stage.DEPRECATED


_LOCALE = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LD_PRELOAD", "MALLOC_ARENA_MAX"})
_PYTHON = (
    frozenset({"PYTHONPATH", "PYTHONHASHSEED", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHONMALLOC"}) | _LOCALE
)
_NODE = frozenset({"NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_NO_WARNINGS", "UV_THREADPOOL_SIZE"}) | _LOCALE


def _python(
    version: str, *, deprecated: date, ends: date, eager: bool = False, stands_in_for: tuple[str, ...] = ()
) -> Runtime:
    return Runtime(
        identifier=f"python{version}",
        title=f"Python {version}",
        image=f"python{version}",
        folder="python",
        command=("/usr/bin/python3", "-B", "-u", "/var/runtime/bootstrap.py"),
        lean=True,
        language="python",
        default_file="lambda_function.py",
        default_handler="lambda_function.lambda_handler",
        manifest="requirements.txt",
        builder=f"python{version}",
        build=Build.PIP,
        start_variables=_PYTHON,
        eager=eager,
        deprecated=deprecated,
        ends=ends,
        icon="brand-python",
        stands_in_for=stands_in_for,
    )


def _node(major: int, *, ends: date, eager: bool = False, stands_in_for: tuple[str, ...] = ()) -> Runtime:
    return Runtime(
        identifier=f"nodejs{major}.x",
        title=f"Node.js {major}",
        image=f"nodejs{major}.x",
        folder="nodejs",
        command=("/usr/local/bin/node", "/var/runtime/bootstrap.mjs"),
        lean=True,
        language="javascript",
        default_file="index.mjs",
        default_handler="index.handler",
        manifest="package.json",
        builder=f"nodejs{major}.x",
        build=Build.NPM,
        start_variables=_NODE,
        eager=eager,
        deprecated=ends,
        ends=ends,
        icon="brand-nodejs",
        stands_in_for=stands_in_for,
    )


def _java(version: int, *, stands_in_for: tuple[str, ...] = ()) -> Runtime:
    return Runtime(
        identifier=f"java{version}",
        title=f"Java {version}",
        image=f"java{version}",
        folder="java",
        command=("/bin/sh", "/var/runtime/start"),
        lean=True,
        language="java",
        default_file="Handler.java",
        default_handler="example.Handler::handleRequest",
        text="sources compiled at deploy, or classes and jars",
        manifest="pom.xml",
        builder=f"java{version}",
        build=Build.FOLDER,
        start_variables=frozenset({"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"}) | _LOCALE,
        starts_by_memory=True,
        deprecated=date(2029, 6, 30),
        context=(
            *("getAwsRequestId()", "getClientContext()", "getFunctionName()", "getFunctionVersion()"),
            *("getIdentity()", "getInvokedFunctionArn()", "getLogger()", "getLogGroupName()"),
            *("getLogStreamName()", "getMemoryLimitInMB()", "getRemainingTimeInMillis()"),
        ),
        stands_in_for=stands_in_for,
    )


def _compiled(identifier: str, title: str, *, default_file: str, manifest: str, text: str) -> Runtime:
    """A language whose programs bring a Runtime API client of their own and run where custom runtimes do."""
    return Runtime(
        identifier=identifier,
        title=title,
        image=identifier,
        folder=identifier,
        command=("/var/runtime/wait",),
        lean=False,
        language=identifier,
        default_file=default_file,
        default_handler="bootstrap",
        text=text,
        manifest=manifest,
        builder=identifier,
        build=Build.FOLDER,
    )


# `deprecated` as https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html had it in 2026; `ends` from the
# languages' own release pages.
_ROWS = (
    _python(
        "3.13",
        deprecated=date(2029, 6, 30),
        ends=date(2029, 10, 31),
        eager=True,
        stands_in_for=("python3.12",),
    ),
    _python("3.14", deprecated=date(2029, 6, 30), ends=date(2030, 10, 31)),
    _python(
        "3.11",
        deprecated=date(2027, 6, 30),
        ends=date(2027, 10, 31),
        stands_in_for=("python3.10", "python3.9", "python3.8"),
    ),
    _node(24, ends=date(2028, 4, 30), eager=True),
    _node(22, ends=date(2027, 4, 30), eager=True),
    _node(20, ends=date(2026, 4, 30), stands_in_for=("nodejs18.x", "nodejs16.x")),
    Runtime(
        identifier="provided.al2023",
        title="Custom runtime (Debian)",
        image="provided",
        folder="provided",
        command=("/var/runtime/wait",),
        lean=False,
        language="shell",
        default_file="bootstrap",
        default_handler="function.handler",
        text="your own bootstrap program asks for events over HTTP",
        stands_in_for=("provided.al2", "provided"),
        deprecated=date(2029, 6, 30),
        icon="terminal-2",
    ),
    Runtime(
        identifier="ruby3.3",
        title="Ruby 3.3",
        image="ruby3.3",
        folder="ruby",
        command=("/usr/bin/ruby", "/var/runtime/bootstrap.rb"),
        lean=True,
        language="ruby",
        default_file="lambda_function.rb",
        default_handler="lambda_function.lambda_handler",
        manifest="Gemfile",
        builder="ruby3.3",
        build=Build.FOLDER,
        start_variables=frozenset({"RUBYOPT", "RUBYLIB", "RUBY_YJIT_ENABLE"}) | _LOCALE,
        deprecated=date(2027, 3, 31),
        ends=date(2027, 3, 31),
        context=(
            *("aws_request_id", "client_context", "deadline_ms", "function_name", "function_version"),
            *("get_remaining_time_in_millis()", "identity", "invoked_function_arn", "log_group_name"),
            *("log_stream_name", "memory_limit_in_mb"),
        ),
        stands_in_for=("ruby3.2",),
    ),
    _java(25),
    _java(21, stands_in_for=("java17", "java11", "java8.al2")),
    Runtime(
        identifier="dotnet",
        title="C# (Mono 6.12)",
        image="dotnet",
        folder="dotnet",
        command=("/usr/bin/mono", "--debug", "--attach=disable", "/var/runtime/bootstrap.exe"),
        lean=True,
        language="csharp",
        default_file="Function.cs",
        default_handler="Function::Example.Function::FunctionHandler",
        text="C# 7 compiled at deploy by Debian's Mono, not by Microsoft's .NET",
        manifest="",
        builder="dotnet",
        build=Build.FOLDER,
        start_variables=frozenset({"MONO_ENV_OPTIONS", "MONO_GC_PARAMS", "MONO_PATH", "MONO_TLS_PROVIDER"})
        | _LOCALE,
        context=(
            *("AwsRequestId", "ClientContext", "FunctionName", "FunctionVersion", "Identity"),
            *("InvokedFunctionArn", "Logger", "LogGroupName", "LogStreamName", "MemoryLimitInMB"),
            *("RemainingTime", "TraceId"),
        ),
    ),
    _compiled(
        "go",
        "Go",
        default_file="main.go",
        manifest="go.mod",
        text="compiled at deploy by Go 1.24, or a ready bootstrap",
    ),
    _compiled(
        "rust",
        "Rust",
        default_file="src/main.rs",
        manifest="Cargo.toml",
        text="compiled at deploy by Rust 1.85, or a ready bootstrap",
    ),
)


def by_identifier(rows: Iterable[Runtime]) -> dict[str, Runtime]:
    """Rows by what they are called, in their order."""
    return {row.identifier: row for row in rows}


RUNTIMES: dict[str, Runtime] = by_identifier(_ROWS)

# What stands in a configuration whose code is a container image: no row that API clients may name, and no folder.
IMAGE = Runtime(
    identifier="image",
    title="Container image",
    image="",
    folder="",
    command=("/run/functory-wait",),
    lean=False,
    language="image",
    default_file="",
    default_handler="",
    text="an image of the local engine or of a registry, with a Lambda runtime client inside",
    icon="package",
)


def find(identifier: str) -> Runtime | None:
    """The row of an identifier."""
    return IMAGE if identifier == IMAGE.identifier else RUNTIMES.get(identifier)


def named(identifier: str, *, stand_ins: bool = False) -> Runtime:
    """The row that somebody named; with `stand_ins`, also by an older identifier of AWS's. Raises
    InvalidParameterValue with field `runtime`, in AWS's words, also for what stands for images."""
    newer = next((row for row in RUNTIMES.values() if identifier in row.stands_in_for), None)
    if newer is not None and not stand_ins:
        raise InvalidParameterValue(
            f"The runtime parameter of {identifier} is no longer supported for creating or updating AWS Lambda "
            f"functions. We recommend you use the new runtime ({newer.identifier}) while creating or updating "
            "functions.",
            field="runtime",
        )
    found = newer or RUNTIMES.get(identifier)
    if found is None:
        raise InvalidParameterValue(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(sorted(RUNTIMES))}] or be a valid ARN",
            field="runtime",
        )
    return found


def runtime(identifier: str) -> Runtime:
    """The row of an identifier, or what stands for images; raises as `named`."""
    return IMAGE if identifier == IMAGE.identifier else named(identifier)


def start_environment(
    row: Runtime, environment: Mapping[str, str], memory_mb: int
) -> tuple[tuple[str, str], ...]:
    """The variables that must be there before the language starts, sorted; usually none."""
    wanted = [(name, environment[name]) for name in row.start_variables & environment.keys()]
    if row.starts_by_memory:
        wanted.append((MEMORY_VARIABLE, str(memory_mb)))
    return tuple(sorted(wanted))
