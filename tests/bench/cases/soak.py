"""Ten minutes at 70 % of what goes at most: memory, descriptors and threads of gateway and sandboxes. For
`make bench-full`."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.cases.idle import sandbox_pids
from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.load import Job
from tests.bench.processes import descriptors, rss_mb, threads
from tests.bench.run import Bench, say
from tests.bench.signed import events

MINUTES = 10
SHARE = 0.7
EARLY = "after a minute"
GAUGES: dict[str, tuple[Callable[[int], float], str]] = {
    "memory": (rss_mb, "MB"),
    "descriptors": (descriptors, ""),
    "threads": (threads, ""),
}


def seen(bench: Bench) -> dict[tuple[str, str], float]:
    """Every gauge of the gateway, and of all sandboxes together."""
    gateway = [bench.functory.pid("gateway")]
    inside = [pid for one in bench.functory.sandboxes("echo") for pid in sandbox_pids(one.id)]
    return {
        (who, name): sum(gauge(pid) for pid in pids)
        for who, pids in (("gateway", gateway), ("sandboxes", inside))
        for name, (gauge, _) in GAUGES.items()
    }


def run(bench: Bench) -> None:
    """A minute at a time, each signed anew; what is paced is paced by the connections' pauses."""
    ours = bench.functory
    with ours.at_most(2):
        full = Job(ours.port, ours.signer.invokes("echo", events()), 16, 3.0)
        most = ours.note("echo", bench.generator.run(full)).calls_per_s
        pause = 16 / (SHARE * most)
        early: dict[tuple[str, str], float] = {}
        failed = 0
        for minute in range(MINUTES):
            job = Job(ours.port, ours.signer.invokes("echo", events()), 16, 60.0, 0.0, pace_s=pause)
            measured = ours.note("echo", bench.generator.run(job))
            failed += measured.failed
            early = early or seen(bench)
            say(f"soak, minute {minute + 1}: {measured.calls_per_s:,.0f} calls/s")
        late = seen(bench)
    for (who, name), value in late.items():
        values = {EARLY: [early[who, name]], FUNCTORY: [value]}
        bar = Bar(most=1.1)
        bench.add(Row("soak", f"{name} of the {who}", GAUGES[name][1], values, bar, against=EARLY))
    bench.add(Row("soak", "failed calls", "calls", {FUNCTORY: [failed]}, Bar(most_value=0)))
