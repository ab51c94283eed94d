"""Short-lived tokens by which Functory's processes trust each other: tickets for browser streams, and the
principal that the gateway vouches for. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from functions.errors import AccessDenied
from functions.snapshots import Principal

TICKET_LIFETIME_S = 60
PRINCIPAL_LIFETIME_S = 60


def make_ticket(
    key: bytes, claims: Mapping[str, Any], lifetime_s: int = TICKET_LIFETIME_S, now: float | None = None
) -> str:
    """A ticket over `claims` with a nonce, good for `lifetime_s` seconds; its reader sees to single use."""
    started = time.time() if now is None else now
    content = {"nonce": secrets.token_urlsafe(12), **claims, "until": started + lifetime_s}
    return _seal(key, "ticket", content)


def read_ticket(key: bytes, text: str, now: float | None = None) -> dict[str, Any]:
    """The claims of a ticket; raises AccessDenied if it is forged or too old."""
    content = _open(key, "ticket", text)
    if content["until"] < (time.time() if now is None else now):
        raise AccessDenied("The ticket has expired: load the page again.")
    return content


def sign_principal(key: bytes, principal: Principal, now: float | None = None) -> str:
    """The header by which the gateway tells web who calls."""
    started = time.time() if now is None else now
    plain = asdict(replace(principal, permissions=None))  # whoever reads it looks them up
    return _seal(key, "principal", {**plain, "until": started + PRINCIPAL_LIFETIME_S})


def read_principal(key: bytes, text: str, now: float | None = None) -> Principal:
    """Who calls; raises AccessDenied if the header is forged or too old."""
    content = _open(key, "principal", text)
    if content.pop("until") < (time.time() if now is None else now):
        raise AccessDenied("The relayed call is too old.")
    return Principal(**content)


def token_hash(token: str) -> str:
    """What is kept of a session token, which is long and random: a plain digest is enough. "" for none."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest() if token else ""


def _seal(key: bytes, purpose: str, content: Mapping[str, Any]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return f"{body}.{_mac(key, purpose, body)}"


def _open(key: bytes, purpose: str, text: str) -> dict[str, Any]:
    body, _, mac = text.partition(".")
    if not hmac.compare_digest(_mac(key, purpose, body).encode(), mac.encode("utf-8", "replace")):
        raise AccessDenied("The token is not valid.")
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return content


def _mac(key: bytes, purpose: str, body: str) -> str:
    # The purpose is part of what is signed: a ticket never passes as a principal.
    return hmac.new(key, f"{purpose}.{body}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
