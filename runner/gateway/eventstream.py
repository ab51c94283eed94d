"""AWS's event stream encoding (application/vnd.amazon.eventstream), the sending half. Pure.
https://smithy.io/2.0/aws/amazon-eventstream.html"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from struct import Struct

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_PRELUDE = Struct(">II")
_CRC = Struct(">I")
_STRING = 7


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message: prelude with lengths, headers, payload, both checksums."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    total = _PRELUDE.size + _CRC.size + len(encoded) + len(payload) + _CRC.size
    prelude = _PRELUDE.pack(total, len(encoded))
    whole = prelude + _CRC.pack(zlib.crc32(prelude)) + encoded + payload
    return whole + _CRC.pack(zlib.crc32(whole))


def event(kind: str, payload: bytes, content_type: str = "application/octet-stream") -> bytes:
    """An event message of that type."""
    return message({":message-type": "event", ":event-type": kind, ":content-type": content_type}, payload)


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + bytes([_STRING]) + len(text).to_bytes(2, "big") + text
