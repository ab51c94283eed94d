"""Frozen pictures of the domain that the data plane works on: what to run, and who asks for it. Built by
queries, read by the gateway; never changed, only replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from functions.container_images import Program
from functions.permissions import PolicyStatement


@dataclass(frozen=True, slots=True)
class FunctionSnapshot:
    """Everything the gateway needs to run one revision under one qualifier. Secrets are in clear here: never
    log or serialise it. `code` and `dependencies` are directories to mount read-only. `secrets` says which
    editions of which secrets are in the environment, `over_budget` why calls are refused. `program` is what starts
    where the code is a container image, which is then all that there is of it."""

    project_id: str
    account: str
    region: str
    function_id: str
    name: str
    revision_id: str
    version: str
    runtime: str
    handler: str
    memory_mb: int
    timeout_s: int
    ephemeral_mb: int
    network: str
    code: Path
    dependencies: Path | None
    layers: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: str = ""
    reserved_concurrency: int | None = None
    account_concurrency: int = 1000
    event_capture: str = "recent"
    redact: tuple[str, ...] = ()
    role: str = ""
    paused: bool = False
    over_budget: str = ""
    may_recur: bool = False
    program: Program | None = None

    @property
    def arn(self) -> str:
        """The unqualified function ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def log_group(self) -> str:
        """As Lambda names it."""
        return f"/aws/lambda/{self.name}"


@dataclass(frozen=True, slots=True)
class Route:
    """A function with its qualifier resolved: weighted choice between snapshots (weights add up to 1.0).
    `qualifier` is "" when the caller gave none; `alias` is "" unless the qualifier is an alias. `statements` are
    the qualifier's resource policy; `tells` says that a destination hears what becomes of its events."""

    qualifier: str
    alias: str
    choices: tuple[tuple[FunctionSnapshot, float], ...]
    statements: tuple[PolicyStatement, ...] = ()
    tells: bool = False


@dataclass(frozen=True, slots=True)
class Provision:
    """So many sandboxes of a version or an alias are kept ready."""

    function_id: str
    qualifier: str
    wanted: int


@dataclass(frozen=True, slots=True)
class UrlSnapshot:
    """A function URL as the gateway serves it."""

    url_id: str
    trigger_id: str
    function_id: str
    qualifier: str
    auth: str
    invoke_mode: str
    cors: Mapping[str, object] | None
    enabled: bool
    project_id: str = ""
    function_name: str = ""


@dataclass(frozen=True, slots=True)
class HookSnapshot:
    """A webhook as the gateway serves it, with its secret in clear."""

    hook_id: str
    trigger_id: str
    function_id: str
    qualifier: str
    provider: str
    delivery: str
    header: str
    secret: str = field(repr=False)
    enabled: bool
    project_id: str
    function_name: str


@dataclass(frozen=True, slots=True)
class RoleSnapshot:
    """What an IAM role's policies say; `permissions` is None when there is no such role."""

    project_id: str
    name: str
    permissions: tuple[PolicyStatement, ...] | None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: a person on the console, an access key through the API, a function's role from inside its
    sandbox, somebody who took a role on (AssumeRole), or a part of Functory itself. `permissions` are the role's,
    where there is one and the gateway has looked it up; they only ever take away from what `role` allows. `region`
    is where they act: what their request was signed for, "" for the installation's own."""

    kind: str  # "user", "key", "role", "session" or "system"
    id: str
    name: str
    project_id: str
    account: str
    role: str
    address: str = ""
    permissions: tuple[PolicyStatement, ...] | None = None
    region: str = ""

    @property
    def user_id(self) -> UUID | None:
        """The person who acts, for what notes who made or changed it; None for keys, roles and Functory itself."""
        return UUID(self.id) if self.kind == "user" else None

    @property
    def role_name(self) -> str:
        """The IAM role that it acts as; "" for people and for Functory itself."""
        return self.name.partition("/")[0] if self.kind in {"role", "session"} else ""

    @property
    def arn(self) -> str:
        """As GetCallerIdentity would say it."""
        if self.role_name:
            return f"arn:aws:sts::{self.account}:assumed-role/{self.name}"
        return f"arn:aws:iam::{self.account}:{'root' if self.kind == 'system' else 'user/' + self.name}"


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """An access key as signatures are verified with it. The secret is in clear: never log it.
    `expires_us` is Unix microseconds, 0 for never. `token_hash` is the SHA-256, in hex, of the session token that
    must come with it; "" for a key without one. `needs_role` is set for a key that does not work without the
    role that it was made for."""

    key_id: str
    secret: str = field(repr=False)
    principal: Principal
    expires_us: int = 0
    token_hash: str = ""
    needs_role: bool = False
