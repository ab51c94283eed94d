"""Settings from the environment: defaults, and refusals that name the variable."""

import pytest

from functions.config import Address, Config, ConfigError


def test_defaults_are_loopback_and_local():
    config = Config.from_environ({})
    assert config.console.is_loopback
    assert config.gateway.is_loopback
    assert config.redis_address.startswith("unix://")
    assert config.region == "us-east-1"
    assert config.home.name == "var"


def test_installations_in_different_places_tell_apart(tmp_path):
    first, second = (Config.from_environ({"FUNCTORY_HOME": str(tmp_path / name)}) for name in "ab")
    assert first.instance != second.instance
    assert len(str(first.sandboxes / "0123456789ab" / "s.sock")) < 108


@pytest.mark.parametrize(
    "name, value",
    [
        ("FUNCTORY_CONSOLE", "8000"),
        ("FUNCTORY_GATEWAY", "127.0.0.1:99999"),
        ("FUNCTORY_CONSOLE", "127.0.0.1:x"),
        ("FUNCTORY_WORKERS", "two"),
        ("FUNCTORY_RETENTION_DAYS", "-1"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name, value):
    with pytest.raises(ConfigError, match=name):
        Config.from_environ({name: value})


@pytest.mark.parametrize(
    "text, host, loopback",
    [("127.0.0.1:80", "127.0.0.1", True), ("[::1]:80", "::1", True), ("0.0.0.0:80", "0.0.0.0", False)],
)
def test_addresses(text, host, loopback):
    address = Address.parse("X", text)
    assert (address.host, address.port, address.is_loopback, str(address)) == (host, 80, loopback, text)


def test_only_what_manage_web_starts_is_web():
    assert not Config.from_environ({}).is_web
    assert Config.from_environ({"FUNCTORY_WEB_ROLE": "console"}).is_web
