"""What costs while nobody calls: a warm idle sandbox, and a thousand deployed functions."""

from __future__ import annotations

import statistics
import subprocess
import time

from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.processes import cpu_s, inside, processes, pss_mb, rss_mb
from tests.bench.run import Bench

FUNCTIONS = 1000


def sandbox_pids(sandbox_id: str) -> list[int]:
    """All processes of a sandbox, the engine's own apart."""
    command = ["docker", "ps", "-q", "--filter", f"label=functory.sandbox={sandbox_id}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    command = ["docker", "inspect", "-f", "{{.State.Pid}}", found]
    return inside(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def run(bench: Bench) -> None:
    """Memory of idle sandboxes, then what a thousand functions add."""
    ours = bench.functory
    for _ in range(3):
        ours.product.call("echo")
    ours.sent["echo"] = ours.sent.get("echo", 0) + 3
    time.sleep(2)
    pids = [sandbox_pids(one.id) for one in ours.sandboxes("echo")]
    sizes = [sum(pss_mb(pid) for pid in many) for many in pids]
    before = [sum(cpu_s(pid) for pid in many) for many in pids]
    time.sleep(1)
    spent = sum(sum(cpu_s(pid) for pid in many) for many in pids) - sum(before)
    bench.add(
        Row(
            "idle sandbox",
            "Python, proportional set size",
            "MB",
            {FUNCTORY: [statistics.mean(sizes)]},
            Bar(most_value=20),
        )
    )
    bench.add(Row("idle sandbox", "processor time", "ms/s", {FUNCTORY: [spent * 1000]}, Bar(most_value=0.1)))
    thousand(bench)


def thousand(bench: Bench) -> None:
    """Functions that are deployed and never called."""
    ours = bench.functory
    gateway = ours.pid("gateway")
    memory, running = rss_mb(gateway), processes()
    ours.copy(FUNCTIONS, "quick")
    ours.product.client().list_functions()
    time.sleep(3)
    bench.add(
        Row(
            "1,000 idle functions",
            "memory of the gateway",
            "MB",
            {FUNCTORY: [rss_mb(gateway) - memory]},
            Bar(most_value=20),
        )
    )
    bench.add(
        Row(
            "1,000 idle functions",
            "processes more on this machine",
            "",
            {FUNCTORY: [processes() - running]},
            note="others' come and go too",
        )
    )
