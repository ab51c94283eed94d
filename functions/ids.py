"""Identifiers: time-ordered UUIDv7 (RFC 9562), also used as request ids, and the time inside them."""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

import uuid_utils.compat

_VERSION_AND_VARIANT = 0xF << 76 | 0b11 << 62


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by creation time to the millisecond."""
    return uuid_utils.compat.uuid7()


def iam_id(prefix: str, name: str) -> str:
    """A unique id as IAM gives users, roles and policies (`AROA...`), the same for the same name.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
    digest = hashlib.sha256(f"{prefix}\0{name}".encode()).digest()
    return prefix + base64.b32encode(digest).decode()[:17]


def derived_id(at_ms: int, *parts: str) -> UUID:
    """The same UUIDv7 for the same Unix milliseconds and parts: what is stored under it is stored once."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    value = at_ms << 80 | int.from_bytes(digest[:10], "big")
    return UUID(int=value & ~_VERSION_AND_VARIANT | 7 << 76 | 0b10 << 62)


def unix_ms(identifier: UUID) -> int:
    """The Unix time in milliseconds that a UUIDv7 carries."""
    return identifier.int >> 80
