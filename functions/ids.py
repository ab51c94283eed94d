"""Identifiers: time-ordered UUIDv7 (RFC 9562), also used as request ids, and the time inside them."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by creation time to the millisecond."""
    return uuid_utils.compat.uuid7()


def unix_ms(identifier: UUID) -> int:
    """The Unix time in milliseconds that a UUIDv7 carries."""
    return identifier.int >> 80
