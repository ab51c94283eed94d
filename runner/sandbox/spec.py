"""What a sandbox is made of and what passes through it: pool keys, mounts, calls and their ends. Values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from functions.states import Outcome


@dataclass(frozen=True, slots=True)
class PoolKey:
    """What is fixed when a container is made, so what prewarmed sandboxes can be shared by.
    `start_environment` holds only the variables that count at language start (a runtime's table row names
    them), as a sorted tuple; it is empty for nearly every function. `image` is the user's own image by its id; ""
    for a runtime's."""

    runtime: str
    network: str
    start_environment: tuple[tuple[str, str], ...] = ()
    image: str = ""

    @property
    def start_class(self) -> str:
        """A short name of the start environment, "" for the plain one."""
        if not self.start_environment:
            return ""
        return hashlib.sha256(repr(self.start_environment).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class CodeMount:
    """A host directory that appears read-only, nosuid, nodev inside a sandbox."""

    source: Path
    target: str  # "/var/task", "/var/dependencies" or "/opt"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a bound function may use. Memory and ephemeral storage in MB."""

    memory_mb: int
    ephemeral_mb: int = 512

    @property
    def cpu_shares(self) -> int:
        """In proportion to memory: 1,024 shares are one vCPU, reached at 1,769 MB
        (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""
        return max(2, self.memory_mb * 1024 // 1769)


@dataclass(frozen=True, slots=True)
class Binding:
    """All that turns a generic sandbox into a function's: sent once, before its first call. `command` and
    `directory` are what a user's image starts and where; empty where the runtime knows."""

    mounts: tuple[CodeMount, ...]
    limits: Limits
    handler: str
    environment: Mapping[str, str]
    init_timeout_s: float
    command: tuple[str, ...] = ()
    directory: str = ""


# Made per call: a Struct costs a sixth of a frozen dataclass.
class Call(msgspec.Struct, frozen=True):
    """One event for a bound sandbox. `deadline_ms` is Unix time; the gateway keeps its own monotonic one."""

    request_id: str
    payload: bytes
    arn: str
    timeout_s: float
    deadline_ms: int
    trace_id: str = ""
    client_context: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """How binding and init went. `init_us` is the import of the handler; `error_*` are set when it failed."""

    outcome: Outcome
    init_us: int
    log: bytes = b""
    error_type: str = ""
    error_message: str = ""
    stack: tuple[str, ...] = ()


class Ended(msgspec.Struct, frozen=True):
    """How one call ended. `response` is the function's JSON (or its error object in AWS's shape when the
    outcome is a function error). `log` is what it wrote between start and end, at most the flood limit."""

    outcome: Outcome
    response: bytes
    duration_us: int
    memory_used: int
    log: bytes
    log_truncated: bool = False
    error_type: str = ""
    error_message: str = ""
    stack: tuple[str, ...] = ()
