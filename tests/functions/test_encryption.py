"""Secrets at rest: round trips, rotation, and a key that does not fit."""

import pytest

from functions.encryption import Vault
from functions.errors import ServiceError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "master"


def test_what_was_sealed_is_unsealed_and_not_readable_before(path):
    vault = Vault.open(path)
    sealed = vault.seal("geheim ✓")
    assert b"geheim" not in sealed
    assert vault.unseal(memoryview(sealed)) == "geheim ✓"
    assert Vault.open(path).unseal(sealed) == "geheim ✓"
    assert vault.seal("geheim ✓") != sealed


def test_environments(path):
    vault = Vault.open(path)
    assert vault.seal_environment({}) == b""
    assert vault.unseal_environment(b"") == {}
    assert vault.unseal_environment(vault.seal_environment({"A_B": "ü\n"})) == {"A_B": "ü\n"}


def test_a_wrong_key_or_changed_bytes_are_refused(path, tmp_path):
    sealed = Vault.open(path).seal("x")
    with pytest.raises(ServiceError):
        Vault.open(tmp_path / "other").unseal(sealed)
    with pytest.raises(ServiceError):
        Vault.open(path).unseal(sealed[:-2] + b"AA")


def test_rotation_keeps_old_secrets_readable(path, tmp_path):
    old = Vault.open(path)
    sealed = old.seal("x")
    Vault.open(tmp_path / "new")
    path.chmod(0o600)
    path.write_bytes((tmp_path / "new").read_bytes() + path.read_bytes())
    both = Vault.open(path)
    assert both.unseal(sealed) == "x"
    moved = both.reseal(sealed)
    assert Vault.open(tmp_path / "new").unseal(moved) == "x"
    with pytest.raises(ServiceError):
        old.unseal(moved)
