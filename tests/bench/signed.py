"""Requests as bytes: plain ones for the floor, signed ones for Functory. Many different ones, so that nothing is
gained by remembering a request that was checked before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

DIFFERENT = 64
REGION = "us-east-1"


def events(count: int = DIFFERENT) -> list[bytes]:
    """Small JSON events, each another one."""
    return [json.dumps({"key": "value", "number": 1000 + number}).encode() for number in range(count)]


def plain(path: str, bodies: list[bytes]) -> tuple[bytes, ...]:
    """Unsigned requests."""
    return tuple(
        b"POST %b HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        % (path.encode(), len(body), body)
        for body in bodies
    )


@dataclass(frozen=True)
class Signer:
    """Signs Invoke as botocore does; a signature is good for five minutes."""

    url: str
    key: str
    secret: str

    def invokes(
        self, function: str, bodies: list[bytes], headers: dict[str, str] | None = None, suffix: str = ""
    ) -> tuple[bytes, ...]:
        """Invoke of a function with each body; `suffix` names another operation than Invoke itself."""
        path = f"/2015-03-31/functions/{function}/invocations"
        if suffix:
            path = f"/2021-11-15/functions/{function}/{suffix}"
        return tuple(self._signed(path, body, headers or {}) for body in bodies)

    def _signed(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        given = {"User-Agent": "bench", "Content-Type": "application/json", **headers}
        request = AWSRequest("POST", self.url + path, data=body, headers=given)
        SigV4Auth(Credentials(self.key, self.secret), "lambda", REGION).add_auth(request)
        sent = {
            "Host": urlsplit(self.url).netloc,
            **dict(request.headers),
            "Content-Length": str(len(body)),
        }
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        return "\r\n".join(lines).encode() + body
