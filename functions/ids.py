"""Identifiers: time-ordered UUIDv7 (RFC 9562), also used as request ids, and the time inside them."""

from __future__ import annotations

import hashlib
from uuid import UUID

import uuid_utils.compat

_VERSION_AND_VARIANT = 0xF << 76 | 0b11 << 62


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by creation time to the millisecond."""
    return uuid_utils.compat.uuid7()


def derived_id(at_ms: int, *parts: str) -> UUID:
    """The same UUIDv7 for the same Unix milliseconds and parts: what is stored under it is stored once."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    value = at_ms << 80 | int.from_bytes(digest[:10], "big")
    return UUID(int=value & ~_VERSION_AND_VARIANT | 7 << 76 | 0b10 << 62)


def unix_ms(identifier: UUID) -> int:
    """The Unix time in milliseconds that a UUIDv7 carries."""
    return identifier.int >> 80
