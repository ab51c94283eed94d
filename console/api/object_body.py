"""The bytes of an object on their way in: read piece by piece, decoded where they are chunked, with the checksums
that came before or behind them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from django.http import HttpRequest

from functions.chunked_payloads import STREAMED, Source, chunks
from functions.errors import InvalidRequestContent
from functions.limits import OBJECT_BODY
from functions.object_errors import BadDigest, EntityTooLarge

BLOCK = 256 * 1024
_SUM = "x-amz-checksum-"
# Those of S3's checksums that are held against the body; others are taken unseen, and not given back.
_KNOWN = {"crc32": "CRC32", "sha1": "SHA1", "sha256": "SHA256"}


@dataclass(frozen=True, slots=True)
class ObjectBody:
    """A body that is read once. `sums` has the caller's checksums by S3's name, those of trailers once it is read."""

    request: HttpRequest
    headers: Mapping[str, str]
    sums: dict[str, str] = field(default_factory=dict)

    def pieces(self) -> Iterator[bytes]:
        """Raises EntityTooLarge, and InvalidRequestContent for a body that is not what its headers say."""
        self._note(self.headers)
        read = 0
        for piece in self._decoded():
            read += len(piece)
            if read > OBJECT_BODY:
                raise EntityTooLarge(
                    f"One request brings at most {OBJECT_BODY} bytes: upload in parts of less than that."
                )
            yield piece
        told = self.headers.get("x-amz-decoded-content-length", "")
        if self.is_chunked and told and told != str(read):
            raise InvalidRequestContent(
                "The body has not as many bytes as x-amz-decoded-content-length says."
            )

    @property
    def is_chunked(self) -> bool:
        """Whether it is in S3's own coding."""
        return self.headers.get("x-amz-content-sha256") in STREAMED

    @property
    def md5(self) -> str:
        """Content-MD5 in hex, "" for none; raises BadDigest for what is none."""
        told = self.headers.get("content-md5", "")
        try:
            return base64.b64decode(told, validate=True).hex()
        except (binascii.Error, ValueError):
            raise BadDigest("The Content-MD5 you specified is not valid.") from None

    def drain(self) -> None:
        """Read what is left, so that the answer can be read."""
        while self.request.read(BLOCK):
            pass

    def _decoded(self) -> Iterator[bytes]:
        if not self.is_chunked:
            while piece := self.request.read(BLOCK):
                yield piece
            return
        for chunk in chunks(cast(Source, self.request), OBJECT_BODY):
            self._note(chunk.trailers)
            if chunk.payload:
                yield chunk.payload

    def _note(self, headers: Mapping[str, str]) -> None:
        for short, name in _KNOWN.items():
            if value := headers.get(_SUM + short):
                self.sums[name] = value
