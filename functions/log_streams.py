"""Log groups and streams of functions, as Lambda names them: `/aws/lambda/<name>`, and a stream of each sandbox's day
and version. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

GROUP_PREFIX = "/aws/lambda/"
_SANDBOX = re.compile(r"[0-9a-f]{12}")
_REST = "0" * 20
_STREAM = re.compile(r"(\d{4}/\d\d/\d\d)/\[(\$LATEST|\d+)\]([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class SandboxStream:
    """What the name of a function's stream says: from `start` to `end` (a day in UTC), calls of `version` in the
    sandbox whose `digest` this is."""

    start: datetime
    end: datetime
    version: str
    digest: str


def group_of(function_name: str) -> str:
    """The group of a function."""
    return GROUP_PREFIX + function_name


def function_of(group: str) -> str:
    """The function whose group it would be; "" for any other group."""
    return group.removeprefix(GROUP_PREFIX) if group.startswith(GROUP_PREFIX) else ""


def stream_of(day: date, version: str, sandbox_id: str) -> str:
    """The stream of calls on a day in UTC: `2026/01/31/[$LATEST]0123...`. A sandbox that lives past midnight has
    one a day."""
    return f"{day:%Y/%m/%d}/[{version}]{digest_of(sandbox_id)}"


def digest_of(sandbox_id: str) -> str:
    """32 hex digits for a sandbox, from which it can be told again where its id is hex as usual."""
    if _SANDBOX.fullmatch(sandbox_id):
        return sandbox_id + _REST
    return hashlib.sha256(sandbox_id.encode()).hexdigest()[:32]


def sandbox_of(digest: str) -> str:
    """The sandbox of a digest; "" where it cannot be told."""
    return digest.removesuffix(_REST) if digest.endswith(_REST) else ""


def read_stream(name: str) -> SandboxStream | None:
    """What a stream's name says, or None when it is not one of a function's."""
    found = _STREAM.fullmatch(name)
    if found is None:
        return None
    try:
        day = datetime.strptime(found[1], "%Y/%m/%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return SandboxStream(day, day + timedelta(days=1), found[2], found[3])
