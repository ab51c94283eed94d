"""This installation's vault and code store: the one place where the domain reads settings."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from functions.artifacts import Store
from functions.config import Config
from functions.encryption import Vault
from functions.keys import read_or_create_key
from functions.object_files import ObjectFiles
from functions.snapshots import Principal


def config() -> Config:
    """The configuration that Django was started with."""
    found: Config = settings.FUNCTORY
    return found


def region_of(acting: Principal) -> str:
    """Where somebody acts: the region that their request was signed for, else the installation's own."""
    return acting.region or config().region


@lru_cache(maxsize=1)
def vault() -> Vault:
    """Encrypts and decrypts what is stored in the database; its key is read once per process."""
    return Vault.open(config().keys / "master")


@lru_cache(maxsize=1)
def relay_key() -> bytes:
    """The key by which gateway and web trust each other's tokens, read once per process."""
    return read_or_create_key(config().keys / "relay")


def store() -> Store:
    """Where code and dependencies lie."""
    return Store(config().artifacts)


def object_files() -> ObjectFiles:
    """Where the bytes of objects lie."""
    return ObjectFiles(config().objects)
