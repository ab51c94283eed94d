"""AWS Signature Version 4, verified (header and presigned), and the short-lived tokens by which Functory's
processes trust each other. Pure: takes keys and time as arguments, knows no database.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""

from __future__ import annotations

import hashlib
import hmac
import mmap
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import parse_qsl, quote, unquote_to_bytes

import msgspec

from functions import signing_v2
from functions.chunked_payloads import SIGNED, SIGNED_WITH_TRAILER, STREAMED, source_of, verify_chunks
from functions.errors import ExpiredToken, IncompleteSignature, InvalidSignature, MissingAuthenticationToken
from functions.naming import REGION

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_S = 300
LONGEST_PRESIGNED_S = 7 * 24 * 3600
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STORAGE = "s3"  # the service whose signatures differ in their path and their payload
_SIGNED_CHUNKS = frozenset({SIGNED, SIGNED_WITH_TRAILER})
_REGION = re.compile(REGION)
_EPOCH = datetime.fromtimestamp(0, UTC)
_BLOCK = 64  # bytes that SHA-256 takes in at once
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Signed(Protocol):
    """What a signature covers. `path` and `query` are raw, as they came over the wire; header names are in
    lower case."""

    @property
    def method(self) -> str:
        """POST and the like."""
        ...

    @property
    def path(self) -> str:
        """Before the question mark."""
        ...

    @property
    def query(self) -> str:
        """After it."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Repeated ones joined."""
        ...

    @property
    def body(self) -> bytes | mmap.mmap:
        """All of it."""
        ...


class SignedRequest(msgspec.Struct, frozen=True):
    """One as a value."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | mmap.mmap


# Made per call: a Struct costs a sixth of a frozen dataclass.
class Claim(msgspec.Struct, frozen=True):
    """What a request says of its own signature, not yet verified."""

    key_id: str
    day: str
    region: str
    service: str
    at: datetime
    signed_headers: tuple[str, ...]
    signature: str
    expires_s: int | None
    """Seconds a presigned address holds; None for a signed header."""


def read_claim(request: Signed) -> Claim:
    """Who signed, when and over what; raises MissingAuthenticationToken or IncompleteSignature."""
    authorization = request.headers.get("authorization", "")
    if authorization:
        return _header_claim(authorization, request.headers)
    values = dict(parse_qsl(request.query, keep_blank_values=True))
    if "X-Amz-Signature" in values:
        return _presigned_claim(values)
    if signing_v2.is_v2(request.query):
        key_id, signature, until = signing_v2.read_v2(request.query)
        return Claim(key_id, "", "", STORAGE, _EPOCH, ("host",), signature, until)
    raise MissingAuthenticationToken("Missing Authentication Token")


def session_token(request: Signed) -> str:
    """The token that comes with a short-lived key; "" for none."""
    token = request.headers.get("x-amz-security-token", "")
    if token or ("X-Amz-Security-Token" not in request.query and "x-amz-security-token" not in request.query):
        return token
    values = dict(parse_qsl(request.query))
    return values.get("X-Amz-Security-Token") or values.get("x-amz-security-token", "")


def verify(request: Signed, claim: Claim, secret: str, now: datetime) -> None:
    """Raises InvalidSignature or ExpiredToken unless `secret` made the signature over just this request."""
    _check_time(claim, now)
    if not claim.day:
        signing_v2.check_v2(
            request.method,
            request.path,
            request.query,
            request.headers,
            secret=secret,
            signature=claim.signature,
        )
        return
    if "host" not in claim.signed_headers:
        raise IncompleteSignature("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    canonical = canonical_request(request, claim)
    scope = f"{claim.day}/{claim.region}/{claim.service}/aws4_request"
    text = f"{ALGORITHM}\n{_stamp_of(claim.at)}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = signature_of(secret, claim.day, claim.region, claim.service, text.encode())
    if not hmac.compare_digest(expected.encode(), claim.signature.encode("utf-8", "replace")):
        raise InvalidSignature(
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details."
        )
    if claim.service == STORAGE and request.headers.get("x-amz-content-sha256", "") in _SIGNED_CHUNKS:
        body, stamp = source_of(request.body), _stamp_of(claim.at)
        key = signing_key(secret, claim.day, claim.region, claim.service)
        verify_chunks(body, len(request.body), key=key, stamp=stamp, scope=scope, seed=claim.signature)


@lru_cache(maxsize=1024)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The derived key, the same for all requests of a day."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


@lru_cache(maxsize=1024)
def _keyed_hashes(secret: str, day: str, region: str, service: str) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two hashes of an HMAC (RFC 2104), the key taken in already: to copy them takes a quarter of what it takes
    to begin anew."""
    key = signing_key(secret, day, region, service).ljust(_BLOCK, b"\0")
    return hashlib.sha256(key.translate(_INNER)), hashlib.sha256(key.translate(_OUTER))


def signature_of(secret: str, day: str, region: str, service: str, text: bytes) -> str:
    """The signature of a text, in hexadecimal digits."""
    kept_inner, kept_outer = _keyed_hashes(secret, day, region, service)
    inner, outer = kept_inner.copy(), kept_outer.copy()
    inner.update(text)
    outer.update(inner.digest())
    return outer.hexdigest()


def canonical_request(request: Signed, claim: Claim) -> str:
    """The text that is hashed and signed. Raises InvalidSignature if the body is not the one hashed."""
    given, query = request.headers, request.query
    headers = ""
    for name in claim.signed_headers:
        value = given.get(name, "")
        if " " in value or "\t" in value or not value.isascii():
            value = " ".join(value.split())
        headers += f"{name}:{value}\n"
    path = _canonical_path(request.path) if claim.service != STORAGE else _storage_path(request.path)
    return (
        f"{request.method}\n{path}\n{_canonical_query(query) if query else ''}\n{headers}\n"
        f"{';'.join(claim.signed_headers)}\n{_payload_hash(request, claim)}"
    )


@lru_cache(maxsize=4096)
def _canonical_path(path: str) -> str:
    return quote(path, safe="/~")  # services other than S3 encode the path twice


@lru_cache(maxsize=1024)
def _storage_path(path: str) -> str:
    return quote(unquote_to_bytes(path.encode("latin-1", "replace")), safe="/~")


def _payload_hash(request: Signed, claim: Claim) -> str:
    declared = request.headers.get("x-amz-content-sha256", "")
    queried = dict(parse_qsl(request.query)).get("X-Amz-Content-Sha256") if request.query else None
    if UNSIGNED_PAYLOAD in (declared, queried):
        return UNSIGNED_PAYLOAD
    if claim.service == STORAGE and (declared in STREAMED or (claim.expires_s is not None and not queried)):
        return declared if declared in STREAMED else UNSIGNED_PAYLOAD
    actual = hashlib.sha256(request.body).hexdigest()
    if declared and claim.expires_s is None and declared != actual:
        raise InvalidSignature("The provided 'x-amz-content-sha256' header does not match what was computed.")
    return actual


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = (
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _header_claim(authorization: str, headers: Mapping[str, str]) -> Claim:
    # All but the signature repeats from call to call within a second: it is read once.
    before, _, signature = authorization.rpartition("Signature=")
    stamp = headers.get("x-amz-date", "")
    if before and signature.isalnum():
        unsigned = _unsigned_claim(before, stamp)
        return Claim(*unsigned, signature, None)
    parts = _authorization_parts(authorization)
    return _claim(parts["Credential"], stamp, parts["SignedHeaders"], parts["Signature"], None)


@lru_cache(maxsize=1024)
def _unsigned_claim(before: str, stamp: str) -> tuple[str, str, str, str, datetime, tuple[str, ...]]:
    parts = _authorization_parts(before + "Signature=")
    claim = _claim(parts["Credential"], stamp, parts["SignedHeaders"], "", None)
    return claim.key_id, claim.day, claim.region, claim.service, claim.at, claim.signed_headers


def _authorization_parts(authorization: str) -> dict[str, str]:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise IncompleteSignature(f"Unsupported AWS 'algorithm': '{algorithm[:40]}'.")
    parts = dict(_pair(part) for part in rest.split(",") if "=" in part)
    for name in ("Credential", "SignedHeaders", "Signature"):
        if name not in parts:
            raise IncompleteSignature(f"Authorization header requires '{name}' parameter.")
    return parts


def _presigned_claim(values: Mapping[str, str]) -> Claim:
    if values.get("X-Amz-Algorithm") != ALGORITHM:
        raise IncompleteSignature("Unsupported AWS 'algorithm'.")
    expires = values.get("X-Amz-Expires", "")
    if not expires.isdecimal() or not 1 <= int(expires) <= LONGEST_PRESIGNED_S:
        raise IncompleteSignature("X-Amz-Expires must be between 1 and 604800 seconds.")
    return _claim(
        values.get("X-Amz-Credential", ""),
        values.get("X-Amz-Date", ""),
        values.get("X-Amz-SignedHeaders", ""),
        values["X-Amz-Signature"],
        int(expires),
    )


def _claim(credential: str, stamp: str, signed: str, signature: str, expires_s: int | None) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise IncompleteSignature("Credential must be <key>/<date>/<region>/<service>/aws4_request.")
    at = _moment(stamp)
    if at is None:
        raise IncompleteSignature("Date in X-Amz-Date is missing or not an ISO 8601 basic date.")
    if stamp[:8] != parts[1]:
        raise IncompleteSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 date.")
    key_id, day, region, service, _ = parts
    if not _REGION.fullmatch(region):
        raise IncompleteSignature(f"Credential should be scoped to a valid region, not '{region[:40]}'.")
    return Claim(key_id, day, region, service, at, tuple(signed.split(";")), signature, expires_s)


# A busy second's requests carry the same stamp: reading it costs more than the signature itself.
@lru_cache(maxsize=256)
def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _stamp_of(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%SZ")


def _check_time(claim: Claim, now: datetime) -> None:
    age = (now - claim.at).total_seconds()
    longest = SKEW_S if claim.expires_s is None else claim.expires_s
    if age > longest:
        refusal = InvalidSignature if claim.expires_s is None else ExpiredToken
        raise refusal(f"Signature expired: {claim.at:%Y%m%dT%H%M%SZ} is now earlier than allowed.")
    if age < -SKEW_S:
        raise InvalidSignature(
            f"Signature not yet current: {claim.at:%Y%m%dT%H%M%SZ} is still later than now."
        )


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return name, value


def lower_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined by commas, as a signature has them."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]},{value}" if key in found else value
    return found
