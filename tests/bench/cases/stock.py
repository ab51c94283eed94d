"""A stock runtime client over the HTTP Runtime API: the same client before the bare floor and in Functory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.figures import FLOOR, FUNCTORY, Bar, Row
from tests.bench.functory import MEMORY_MB
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import events, plain
from tests.bench.stock import client, package
from tests.bench.stock_floor import stock_floor
from tests.support.product import zipped

SANDBOXES = 2
BAR = 0.9


def run(bench: Bench) -> None:
    """One connection, then sixteen; two containers each."""
    ours = bench.functory
    with tempfile.TemporaryDirectory() as directory:
        site = client(Path(directory))
        site.chmod(0o755)
        files, modes = package(site)
        settings = {"Runtime": "provided.al2023", "Handler": "lambda_function.lambda_handler"}
        ours.create({"stock": zipped(files, modes=modes)}, MEMORY_MB, **settings)
        with stock_floor(site, MEMORY_MB, SANDBOXES) as (port, pid), ours.at_most(SANDBOXES):
            bench.fronts[port] = pid
            for connections in (1, 16):
                compare(bench, port, connections)


def compare(bench: Bench, port: int, connections: int) -> None:
    """A row each."""
    floor = Job(port, plain("/", events()), connections, bench.seconds)
    calls = bench.functory.signer.invokes("stock", events())
    found = bench.against_floor("stock", floor, Job(bench.functory.port, calls, connections, bench.seconds))
    plural = "connections" if connections > 1 else "connection"
    where = f"{connections} {plural}, {SANDBOXES} sandboxes, awslambdaric"
    bench.cost_row(where)
    bench.rate_row("stock client", where, found, Bar(least=BAR))
    p50s = {name: [one.p50_ms for one in many] for name, many in found.items()}
    assert set(p50s) == {FLOOR, FUNCTORY}
    bench.add(Row("stock client, p50", where, "ms", p50s))
