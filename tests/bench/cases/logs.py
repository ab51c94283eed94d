"""What ten log lines a call cost."""

from __future__ import annotations

import json

from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import DIFFERENT

SILENT = "without lines"


def run(bench: Bench) -> None:
    """Two sandboxes, sixteen connections, with and without: the event says how many lines."""
    ours = bench.functory
    bench.functory.end_idle("echo")
    jobs = {}
    for name, lines in ((SILENT, 0), (FUNCTORY, 10)):
        bodies = [json.dumps({"lines": lines, "number": number}).encode() for number in range(DIFFERENT)]
        jobs[name] = Job(ours.port, ours.signer.invokes("lines", bodies), 16, bench.seconds)
    with ours.at_most(2):
        found = bench.alternate(jobs, lambda _, measured: ours.note("lines", measured))
    values = {name: [one.calls_per_s for one in many] for name, many in found.items()}
    where = "16 connections, 2 sandboxes"
    bench.add(Row("ten log lines", where, "calls/s", values, Bar(least=0.75), against=SILENT))
    bench.cost_row(f"{where}, ten log lines", against=SILENT)
    bench.functory.end_idle("lines")
