"""Which engines are refused, and in which words."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import DockerException

from runner.sandbox.engine.check import check_engine

GOOD = {
    "OSType": "linux",
    "SecurityOptions": ["name=seccomp,profile=default"],
    "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
    "KernelVersion": os.uname().release,
    "ServerVersion": "20.10.24",
    "CgroupVersion": "1",
    "CgroupDriver": "cgroupfs",
    "Runtimes": {"runc": {}, "runsc": {}},
}


def engine(facts: dict[str, Any], url: str = "http+docker://localhost", name: str = "Engine") -> Any:
    return SimpleNamespace(
        api=SimpleNamespace(base_url=url),
        info=lambda: facts,
        version=lambda: {"Components": [{"Name": name}]},
    )


def test_a_local_rootful_linux_engine_is_taken() -> None:
    report = check_engine(engine(GOOD))
    assert report.usable
    assert report.version == "20.10.24"
    assert report.runtimes == ("runc", "runsc")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"OSType": "windows"}, "Linux"),
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, "rootless"),
        ({"SecurityOptions": ["name=userns"]}, "userns-remap"),
        ({"OperatingSystem": "Docker Desktop"}, "Desktop"),
        ({"KernelVersion": "6.0.0-elsewhere"}, "another machine"),
    ],
)
def test_others_are_refused_with_the_reason(changed: dict[str, Any], words: str) -> None:
    report = check_engine(engine({**GOOD, **changed}))
    assert not report.usable
    assert words in report.reason


def test_an_engine_behind_a_network_address_is_refused() -> None:
    assert "unix socket" in check_engine(engine(GOOD, url="http://10.0.0.1:2375")).reason


def test_podman_is_refused() -> None:
    assert "Podman" in check_engine(engine(GOOD, name="Podman Engine")).reason


def test_an_engine_that_does_not_answer_is_refused() -> None:
    def refuse() -> None:
        raise DockerException("connection refused")

    client = engine(GOOD)
    client.info = refuse
    assert "connection refused" in check_engine(client).reason
