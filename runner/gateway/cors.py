"""Cross-origin rules of a function URL, in AWS's Cors shape. Pure.
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Headers = list[tuple[str, str]]


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks before it sends the request proper."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(cors: Mapping[str, Any], headers: Mapping[str, str]) -> Headers:
    """The answer to a preflight: empty when the origin or the method is not allowed."""
    allowed = answer(cors, headers.get("origin", ""))
    method = headers.get("access-control-request-method", "")
    methods = _words(cors, "AllowMethods")
    if not allowed or not ("*" in methods or method in methods):
        return []
    allowed.append(("access-control-allow-methods", "*" if "*" in methods else ",".join(methods)))
    names = _words(cors, "AllowHeaders")
    if "*" in names:  # spelled out, since a literal * means nothing beside credentials
        allowed.append(("access-control-allow-headers", headers.get("access-control-request-headers") or "*"))
    elif names:
        allowed.append(("access-control-allow-headers", ",".join(names)))
    if cors.get("MaxAge"):
        allowed.append(("access-control-max-age", str(int(cors["MaxAge"]))))
    return allowed


def answer(cors: Mapping[str, Any], origin: str) -> Headers:
    """What an answer to a request from `origin` carries; nothing when the origin is not allowed."""
    origins = _words(cors, "AllowOrigins")
    if not origin or not ("*" in origins or origin in origins):
        return []
    credentials = bool(cors.get("AllowCredentials"))
    found = [
        ("access-control-allow-origin", "*" if "*" in origins and not credentials else origin),
        ("vary", "Origin"),
    ]
    if credentials:
        found.append(("access-control-allow-credentials", "true"))
    exposed = _words(cors, "ExposeHeaders")
    if exposed:
        found.append(("access-control-expose-headers", ",".join(exposed)))
    return found


def _words(cors: Mapping[str, Any], name: str) -> list[str]:
    return [str(word) for word in cors.get(name) or ()]
