"""Secrets at rest: environment variables and access keys, encrypted with a key that lies outside the
database. The key file holds one key a line; the first encrypts, all decrypt, so keys can be rotated."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from functions.errors import ServiceError
from functions.keys import read_or_create_key


class Vault:
    """Encrypts and decrypts with the keys of one file."""

    def __init__(self, fernet: MultiFernet) -> None:
        self._fernet = fernet

    @classmethod
    def open(cls, path: Path) -> Vault:
        """The vault of a key file, which is made on first use."""
        lines = read_or_create_key(path).split()
        return cls(MultiFernet([Fernet(_fernet_key(line)) for line in lines]))

    def seal(self, text: str) -> bytes:
        """Text, encrypted and authenticated."""
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes | memoryview) -> str:
        """The text again; raises ServiceError when no key fits."""
        try:
            return self._fernet.decrypt(bytes(sealed)).decode()
        except InvalidToken:
            raise ServiceError("A secret cannot be decrypted: no key in keys/master fits it.") from None

    def reseal(self, sealed: bytes | memoryview) -> bytes:
        """The same secret under the newest key (rotation)."""
        return self._fernet.rotate(bytes(sealed))

    def seal_environment(self, variables: Mapping[str, str]) -> bytes:
        """Environment variables as stored in a configuration; b"" for none."""
        return self.seal(json.dumps(dict(variables))) if variables else b""

    def unseal_environment(self, sealed: bytes | memoryview) -> dict[str, str]:
        """Environment variables in clear."""
        variables: dict[str, str] = json.loads(self.unseal(sealed)) if sealed else {}
        return variables


def _fernet_key(line: bytes) -> bytes:
    """Key files are unpadded urlsafe base64; Fernet wants the padding."""
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(line + b"=" * (-len(line) % 4)))
