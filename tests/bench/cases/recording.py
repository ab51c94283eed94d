"""What writing every call down costs: the same gateway without journal, log text and recorder, beside the whole one."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.functory import MEMORY_MB
from tests.bench.load import Job
from tests.bench.run import WARMING_S, Bench
from tests.bench.signed import events
from tests.bench.unrecorded import unrecorded

WITHOUT = "without records"


def run(bench: Bench) -> None:
    """Two sandboxes, sixteen connections; and how long the recorder needs for what came."""
    ours, bodies = bench.functory, events()
    recorded = Job(ours.port, ours.signer.invokes("echo", bodies), 16, bench.seconds)
    with ours.at_most(2), unrecorded(ours, 2 * MEMORY_MB) as port:
        signer = replace(ours.signer, url=f"http://127.0.0.1:{port}")
        bare = Job(port, signer.invokes("echo", bodies), 16, bench.seconds)
        values: dict[str, list[float]] = {WITHOUT: [], FUNCTORY: []}
        rates = []
        bench.generator.run(replace(bare, seconds=WARMING_S))
        ours.note("echo", bench.generator.run(replace(recorded, seconds=WARMING_S)))
        for _ in range(bench.rounds):
            values[WITHOUT].append(bench.generator.run(bare).calls_per_s)
            measured = ours.note("echo", bench.generator.run(recorded))
            values[FUNCTORY].append(measured.calls_per_s)
            took = ours.settle()
            rates.append(sum(measured.answered.values()) / (took + bench.seconds))
    bench.add(
        Row("recording", "16 connections, 2 sandboxes", "calls/s", values, Bar(least=0.85), against=WITHOUT)
    )
    bench.add(
        Row(
            "records stored",
            "from the first call to the last row",
            "records/s",
            {FUNCTORY: rates},
            note="at least what was called",
        )
    )
