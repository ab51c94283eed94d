"""Bodies in S3's aws-chunked coding: read, and their signatures verified chunk by chunk. Pure; who signed is
functions.signing's. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html"""

from __future__ import annotations

import hashlib
import hmac
import io
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from functions.errors import InvalidRequestContent, InvalidSignature

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_WITH_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_WITH_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
# What x-amz-content-sha256 says of such a body.
STREAMED = frozenset({SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER})
_EMPTY = hashlib.sha256(b"").hexdigest()
_LONGEST_LINE = 4096
_MOST_TRAILERS = 16
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


class Source(Protocol):
    """What is read from."""

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def readline(self, size: int) -> bytes:
        """A line with its end."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the body, the last one empty. `signature` is "" where chunks are not signed; `trailers`, by
    lower-case name, come with the last."""

    payload: bytes
    signature: str
    trailers: Mapping[str, str]


class _Mapped:
    """A body that lies in a file, read from its start."""

    def __init__(self, body: mmap.mmap) -> None:
        self._body = body
        body.seek(0)

    def read(self, size: int) -> bytes:
        """As a Source."""
        return self._body.read(size)

    def readline(self, size: int) -> bytes:
        """As a Source."""
        start = self._body.tell()
        end = self._body.find(b"\n", start, start + size)
        return self._body.read(end + 1 - start if end >= 0 else size)


def source_of(body: bytes | mmap.mmap) -> Source:
    """A body to be read; what lies in a file is not copied."""
    return io.BytesIO(body) if isinstance(body, bytes) else _Mapped(body)


def chunks(source: Source, largest: int) -> Iterator[Chunk]:
    """The chunks up to and with the last; raises InvalidRequestContent for what is no such body, or has more than
    `largest` bytes."""
    left = largest
    while True:
        size, signature = _head(source.readline(_LONGEST_LINE))
        if size > left:
            raise InvalidRequestContent(f"A chunked body has at most {largest} bytes.")
        if size == 0:
            yield Chunk(b"", signature, _trailers(source))
            return
        left -= size
        yield Chunk(_exactly(source, size), signature, {})
        if source.readline(3) != b"\r\n":
            raise _malformed()


def verify_chunks(source: Source, largest: int, *, key: bytes, stamp: str, scope: str, seed: str) -> None:
    """Raises InvalidSignature unless every chunk, and the trailers if there are any, are signed with the day's `key`,
    each over the one before it; `seed` is the request's own signature."""
    before = seed
    for chunk in chunks(source, largest):
        hashed = hashlib.sha256(chunk.payload).hexdigest()
        before = _check(
            key, f"{SIGNED[10:]}\n{stamp}\n{scope}\n{before}\n{_EMPTY}\n{hashed}", chunk.signature
        )
        if _TRAILER_SIGNATURE in chunk.trailers:
            lines = "".join(f"{k}:{v}\n" for k, v in chunk.trailers.items() if k != _TRAILER_SIGNATURE)
            hashed = hashlib.sha256(lines.encode()).hexdigest()
            text = f"AWS4-HMAC-SHA256-TRAILER\n{stamp}\n{scope}\n{before}\n{hashed}"
            _check(key, text, chunk.trailers[_TRAILER_SIGNATURE])
        elif chunk.trailers:
            raise InvalidSignature("The trailers of the body are not signed.")


def _check(key: bytes, text: str, signature: str) -> str:
    expected = hmac.digest(key, text.encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise InvalidSignature("The signature of a chunk of the body does not match.")
    return expected


def _head(line: bytes) -> tuple[int, str]:
    size, _, extension = line.removesuffix(b"\r\n").partition(b";")
    try:
        if not line.endswith(b"\r\n") or not size.isalnum():
            raise _malformed()
        return int(size, 16), extension.partition(b"chunk-signature=")[2].decode("ascii")
    except ValueError:
        raise _malformed() from None


def _trailers(source: Source) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(_MOST_TRAILERS):
        line = source.readline(_LONGEST_LINE).rstrip(b"\r\n")
        if not line:
            return found
        name, _, value = line.decode("latin-1").partition(":")
        found[name.strip().lower()] = value.strip()
    raise _malformed()


def _exactly(source: Source, size: int) -> bytes:
    pieces, left = [], size
    while left:
        piece = source.read(left)
        if not piece:
            raise _malformed()
        pieces.append(piece)
        left -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _malformed() -> InvalidRequestContent:
    return InvalidRequestContent("The body is not in the aws-chunked coding that its headers name.")
