"""What a container is allowed, read from the options that the engine gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.sandbox.engine.options import ContainerPlan, container_options, host_options, memory_bytes
from runner.sandbox.spec import CodeMount, Limits, PoolKey

PLAN = ContainerPlan(
    instance="0123abcd",
    sandbox_id="5e1f",
    key=PoolKey("python3.13", "internet"),
    uid=60_001,
    image="functory/python3.13:1",
    command=("/usr/bin/python3", "bootstrap.py"),
    launcher=Path("/home/bin/launcher"),
    home=Path("/run/functory/0123abcd/5e1f"),
    network="functory-0123abcd",
    limits=Limits(128),
)


def mounts(plan: ContainerPlan) -> dict[str, dict[str, object]]:
    return {mount["Target"]: dict(mount) for mount in host_options(plan)["mounts"]}


def test_hardening_always_holds() -> None:
    host = host_options(PLAN)
    assert host["read_only"] is True
    assert host["cap_drop"] == ["ALL"]
    assert host["security_opt"] == ["no-new-privileges:true"]
    assert host["privileged"] is False
    assert host["log_config"]["Type"] == "none"
    assert container_options(PLAN)["user"] == "60001:60001"


def test_limits_leave_no_swap() -> None:
    host = host_options(PLAN)
    assert host["mem_limit"] == host["memswap_limit"] == 128 * 1024 * 1024
    assert host["cpu_shares"] == 74
    assert host["pids_limit"] == 1024
    nofile = next(limit for limit in host["ulimits"] if limit["Name"] == "nofile")
    assert (nofile["Soft"], nofile["Hard"]) == (1024, 1024)


def test_where_we_put_in_the_wire_the_engine_is_told_the_resolvers_only() -> None:
    host = host_options(replace(PLAN, network="none", resolvers=("192.0.2.53",)))
    assert (host["network_mode"], host["dns"]) == ("none", ["192.0.2.53"])
    assert host["extra_hosts"] == {"sandbox": "127.0.0.1"}
    assert host_options(replace(PLAN, network="functory-1"))["extra_hosts"] is None


def test_the_launcher_starts_the_runtime() -> None:
    options = container_options(PLAN)
    assert options["entrypoint"] == ["/run/functory-launcher", "/run/functory"]
    assert options["command"] == ["/usr/bin/python3", "bootstrap.py"]


def test_labels_say_whose_it_is() -> None:
    plan = replace(PLAN, key=PoolKey("python3.13", "none", (("PYTHONPATH", "/opt"),)))
    labels = container_options(plan)["labels"]
    assert labels["functory.instance"] == "0123abcd"
    assert labels["functory.sandbox"] == "5e1f"
    assert labels["functory.key"] == f"python3.13/none/{plan.key.start_class}"


def test_start_environment_is_there_before_the_language() -> None:
    plan = replace(PLAN, key=PoolKey("python3.13", "none", (("PYTHONPATH", "/opt"),)))
    assert container_options(plan)["environment"]["PYTHONPATH"] == "/opt"


@pytest.mark.parametrize("target", ["/run/functory", "/run/functory-launcher"])
def test_everything_shared_is_read_only(target: str) -> None:
    assert mounts(PLAN)[target]["ReadOnly"] is True


def test_without_late_binding_code_is_mounted_at_the_start() -> None:
    plan = replace(PLAN, mounts=(CodeMount(Path("/trees/ab"), "/var/task"),), scratch_mb=512)
    assert mounts(plan)["/var/task"]["Source"] == "/trees/ab"
    assert mounts(plan)["/var/task"]["ReadOnly"] is True
    host = host_options(plan)
    assert "size=512m" in host["tmpfs"]["/tmp"]
    assert "nosuid,nodev" in host["tmpfs"]["/tmp"]
    assert host["mem_limit"] == (128 + 512) * 1024 * 1024


def test_memory_for_scratch_comes_on_top() -> None:
    assert memory_bytes(Limits(128), 0) == 128 * 1024 * 1024
    assert memory_bytes(Limits(128), 512) == 640 * 1024 * 1024
