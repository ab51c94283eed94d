"""`make profile`: a flame graph of the gateway while sixteen connections call, native frames included."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.bench.functory import functory
from tests.bench.load import Job, generator
from tests.bench.signed import events

SECONDS = 15


def main() -> int:
    """py-spy's exit status."""
    parser = argparse.ArgumentParser(prog="tests.bench.flames", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench-results/gateway.svg"))
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--raw", action="store_true", help="folded stacks in place of a picture")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with functory() as ours, generator() as load:
        ours.create_usual()
        requests = ours.signer.invokes("echo", events())
        with ours.at_most(2):
            load.run(Job(ours.port, requests, options.connections, 1.0))
            load.start(Job(ours.port, requests, options.connections, SECONDS + 2.0))
            spy = Path(sys.executable).with_name("py-spy")
            shape = "raw" if options.raw else "flamegraph"
            words = ["record", "--pid", str(ours.pid("gateway")), "--duration", str(SECONDS), "--rate", "100"]
            made = subprocess.run(
                [str(spy), *words, "--native", "--format", shape, "--output", str(options.out)], check=False
            )
            measured = load.result()
    sys.stdout.write(f"{measured.calls_per_s:,.0f} calls/s meanwhile; {options.out}\n")
    return made.returncode


if __name__ == "__main__":
    sys.exit(main())
