"""The installation's keys inside a backup: readable with a passphrase alone, since what they open lies beside
them."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidKey
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from runner.backup.errors import BackupError

SHORTEST = 12
# 128 MB and about half a second for each guess: RFC 7914's advice for files, doubled three times since.
_N, _R, _P = 2**17, 8, 1
_SALT_BYTES = 16


def check_passphrase(passphrase: str) -> str:
    """The passphrase itself; raises BackupError."""
    if len(passphrase) < SHORTEST:
        raise BackupError(f"A passphrase has at least {SHORTEST} characters.")
    return passphrase


def seal(content: bytes, passphrase: str) -> bytes:
    """Encrypted and authenticated, the salt in front."""
    salt = os.urandom(_SALT_BYTES)
    return salt + _fernet(passphrase, salt).encrypt(content)


def unseal(sealed: bytes, passphrase: str) -> bytes:
    """The content again; raises BackupError for another passphrase."""
    try:
        return _fernet(passphrase, sealed[:_SALT_BYTES]).decrypt(sealed[_SALT_BYTES:])
    except (InvalidToken, InvalidKey):
        raise BackupError(
            "The backup's keys do not open with this passphrase. Nothing was changed."
        ) from None


def _fernet(passphrase: str, salt: bytes) -> Fernet:
    key = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))
