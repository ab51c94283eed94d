"""How senders of webhooks sign what they send, and whether a request is theirs. Pure: the clock and the request are
given. Every comparison takes the same time whatever is right."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from functions.errors import AccessDenied, InvalidParameterValue
from functions.states import HookProvider

# Stripe, Slack and Standard Webhooks all name five minutes as the age at which a request may be a repeated one:
# https://docs.stripe.com/webhooks#replay-attacks https://docs.slack.dev/authentication/verifying-requests-from-slack
TOLERANCE_S = 300
GENERIC_HEADER = "x-signature-256"
STANDARD_PREFIX = "whsec_"
SHORTEST_SECRET, LONGEST_SECRET = 8, 1024
_HEADER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

Headers = Mapping[str, str]  # names in lower case


def check_signature(
    provider: str, secret: str, header: str, headers: Headers, body: bytes, now_s: float
) -> None:
    """Raises AccessDenied, with what is missing or wrong, unless the request was signed with the secret. `header` is
    where a generic sender puts its signature."""
    checks: Mapping[str, Callable[[], None]] = {
        HookProvider.GITHUB: lambda: _hex_digest(secret, _given(headers, "x-hub-signature-256"), body),
        HookProvider.GITLAB: lambda: _token(secret, _given(headers, "x-gitlab-token")),
        HookProvider.STRIPE: lambda: _stripe(secret, _given(headers, "stripe-signature"), body, now_s),
        HookProvider.SLACK: lambda: _slack(secret, headers, body, now_s),
        HookProvider.STANDARD: lambda: _standard(secret, headers, body, now_s),
        HookProvider.GENERIC: lambda: _any_digest(secret, _given(headers, header or GENERIC_HEADER), body),
    }
    checks[provider]()


def challenge_of(provider: str, body: bytes) -> str | None:
    """What Slack wants to hear when it is given the address; None for everything else.
    https://docs.slack.dev/reference/events/url_verification"""
    if provider != HookProvider.SLACK or b"url_verification" not in body:
        return None
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("type") != "url_verification":
        return None
    challenge = said.get("challenge")
    return challenge if isinstance(challenge, str) else None


def check_secret(provider: str, secret: str) -> str:
    """The secret itself; raises InvalidParameterValue with field `secret`."""
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET or not secret.isprintable():
        raise InvalidParameterValue(
            f"A signing secret has {SHORTEST_SECRET} to {LONGEST_SECRET} printable characters.",
            field="secret",
        )
    if provider == HookProvider.STANDARD:
        try:
            _standard_key(secret)
        except binascii.Error:
            raise InvalidParameterValue(
                "The secret of a standard webhook is base64, mostly behind whsec_.", field="secret"
            ) from None
    return secret


def check_header(provider: str, header: str) -> str:
    """The header's name in lower case, "" where the sender has one of its own; raises InvalidParameterValue with
    field `header`."""
    if provider != HookProvider.GENERIC:
        return ""
    name = header.strip().lower() or GENERIC_HEADER
    if not _HEADER.fullmatch(name):
        raise InvalidParameterValue("A header's name has letters, digits and hyphens.", field="header")
    return name


def _given(headers: Headers, name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise AccessDenied(f"The request carries no {name} header, so nobody can tell who sent it.")
    return value


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def _require(is_right: bool) -> None:
    if not is_right:
        raise AccessDenied("The request was not signed with this webhook's secret.")


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))


def _token(secret: str, given: str) -> None:
    """https://docs.gitlab.com/user/project/integrations/webhooks: the secret itself is sent."""
    _require(_same(secret, given))


def _hex_digest(secret: str, given: str, body: bytes) -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    _require(_same(f"sha256={_mac(secret.encode(), body).hex()}", given))


def _any_digest(secret: str, given: str, body: bytes) -> None:
    """HMAC-SHA256 of the body in hex or base64, with or without `sha256=` before it."""
    mac = _mac(secret.encode(), body)
    plain = given.strip().removeprefix("sha256=")
    _require(_same(mac.hex(), plain.lower()) | _same(base64.b64encode(mac).decode(), plain))


def _stripe(secret: str, given: str, body: bytes, now_s: float) -> None:
    """https://docs.stripe.com/webhooks#verify-manually: several signatures while a secret is being rolled."""
    pairs = [part.strip().partition("=") for part in given.split(",")]
    sent = next((value for name, _, value in pairs if name == "t"), "")
    _require_recent(sent, now_s)
    ours = _mac(secret.encode(), b"%b.%b" % (sent.encode(), body)).hex()
    _require(any(_same(ours, value) for name, _, value in pairs if name == "v1"))


def _slack(secret: str, headers: Headers, body: bytes, now_s: float) -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    given, sent = _given(headers, "x-slack-signature"), _given(headers, "x-slack-request-timestamp")
    _require_recent(sent, now_s)
    ours = _mac(secret.encode(), b"v0:%b:%b" % (sent.encode(), body)).hex()
    _require(_same(f"v0={ours}", given))


def _standard(secret: str, headers: Headers, body: bytes, now_s: float) -> None:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    given, sent = _given(headers, "webhook-signature"), _given(headers, "webhook-timestamp")
    identity = _given(headers, "webhook-id")
    _require_recent(sent, now_s)
    message = b"%b.%b.%b" % (identity.encode(), sent.encode(), body)
    ours = "v1," + base64.b64encode(_mac(_standard_key(secret), message)).decode()
    _require(any(_same(ours, one) for one in given.split()))


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)


def _require_recent(sent: str, now_s: float) -> None:
    if not (sent.isascii() and sent.isdecimal() and len(sent) < 16):
        raise AccessDenied("The request does not say when it was sent.")
    if abs(now_s - int(sent)) > TOLERANCE_S:
        raise AccessDenied(
            "The request was signed more than five minutes ago or from now: it may be a repeated one, or a clock is "
            "wrong."
        )
