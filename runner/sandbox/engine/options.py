"""What a sandbox's container is allowed: a pure translation of a plan into the engine's options. Every limit
and every hardening that always holds is written here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.types import LogConfig, Mount, Ulimit

from runner.sandbox.kernel.wires import Wire
from runner.sandbox.spec import CodeMount, Limits, PoolKey

INSTANCE_LABEL, SANDBOX_LABEL, KEY_LABEL = "functory.instance", "functory.sandbox", "functory.key"
INSIDE = "/run/functory"
LAUNCHER_INSIDE = "/run/functory-launcher"
WAITER_INSIDE = "/run/functory-wait"
HOST_NAME = "sandbox"
SCRATCH_INSIDE = "/tmp"  # noqa: S108 - the sandbox's own
# As in Lambda (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
PROCESSES = DESCRIPTORS = 1024
# The host's own processes outlive every sandbox when the machine as a whole runs out of memory.
_OOM_SCORE = 500
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """All that one container is made from. `scratch_mb` is not 0 when the engine itself must supply /tmp as
    memory; a `wire` is put in by ourselves, and the engine must be told the `resolvers` then; `mounts` are code that
    is there from the start, on hosts where it cannot be bound late. `volumes` are the folders that a
    user's image declares as such."""

    instance: str
    sandbox_id: str
    key: PoolKey
    uid: int
    image: str
    command: tuple[str, ...]
    launcher: Path
    home: Path
    network: str
    limits: Limits
    oci_runtime: str = ""
    wire: Wire | None = None
    resolvers: tuple[str, ...] = ()
    scratch_mb: int = 0
    mounts: tuple[CodeMount, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()


def container_options(plan: ContainerPlan) -> dict[str, Any]:
    """Arguments for the engine's create call, but for its host configuration. Of a user's image nothing runs by
    itself, its health check neither, and where its command starts is said when it is bound."""
    environment = {"HOME": SCRATCH_INSIDE, **plan.environment, **dict(plan.key.start_environment)}
    return {
        "image": plan.image,
        "name": f"functory-{plan.instance}-{plan.sandbox_id}",
        "hostname": HOST_NAME,
        "user": f"{plan.uid}:{plan.uid}",
        "working_dir": "/" if plan.key.image else "/var/task",
        "entrypoint": [LAUNCHER_INSIDE, INSIDE],
        "command": list(plan.command),
        "environment": environment,
        "healthcheck": {"test": ["NONE"]},
        "labels": {
            INSTANCE_LABEL: plan.instance,
            SANDBOX_LABEL: plan.sandbox_id,
            KEY_LABEL: "/".join(
                filter(None, (plan.key.runtime, plan.key.network, plan.key.start_class, plan.key.image))
            ),
        },
    }


def host_options(plan: ContainerPlan) -> dict[str, Any]:
    """Arguments for the engine's host configuration: isolation and limits. The default seccomp profile holds
    because no other is named."""
    memory = memory_bytes(plan.limits, plan.scratch_mb)
    return {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": PROCESSES,
        "ulimits": [
            Ulimit(name="nofile", soft=DESCRIPTORS, hard=DESCRIPTORS),
            Ulimit(name="core", soft=0, hard=0),
        ],
        "mem_limit": memory,
        "memswap_limit": memory,
        "cpu_shares": plan.limits.cpu_shares,
        "oom_score_adj": _OOM_SCORE,
        "log_config": LogConfig(type="none", config={}),
        "network_mode": plan.network,
        "dns": list(plan.resolvers) or None,
        "extra_hosts": {HOST_NAME: "127.0.0.1"} if plan.network == "none" else None,
        "mounts": _mounts(plan),
        "tmpfs": _tmpfs(plan),
        "runtime": plan.oci_runtime or None,
        "privileged": False,
        "init": False,
    }


def memory_bytes(limits: Limits, scratch_mb: int) -> int:
    """The memory limit in bytes; a /tmp that lives in memory comes on top."""
    return (limits.memory_mb + scratch_mb) * _MB


def _mounts(plan: ContainerPlan) -> list[Mount]:
    shared = [(plan.home, INSIDE), (plan.launcher, LAUNCHER_INSIDE)]
    if plan.key.image:
        shared.append((plan.launcher.with_name("wait"), WAITER_INSIDE))
    code = [(mount.source, mount.target) for mount in plan.mounts]
    return [Mount(target, str(source), type="bind", read_only=True) for source, target in shared + code]


def _tmpfs(plan: ContainerPlan) -> dict[str, str]:
    owner = f"uid={plan.uid},gid={plan.uid}"
    if plan.scratch_mb:
        return {SCRATCH_INSIDE: f"rw,nosuid,nodev,exec,size={plan.scratch_mb}m,mode=0700,{owner}"}
    if plan.key.image:  # which may lack the folder that /tmp is put over later
        return {SCRATCH_INSIDE: f"rw,nosuid,nodev,noexec,size=4k,mode=0700,{owner}"}
    return {}
