"""First calls of functions that were never called before, while a prewarmed sandbox waits: small code, larger code,
and dependencies of 10 MB, in Python and Node."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from runner.client import GatewayClient
from tests.bench.figures import FLOOR, FUNCTORY, Bar, Row
from tests.bench.functory import SMALL_MB
from tests.bench.run import Bench
from tests.support.product import zipped
from tests.support.stack import wait_for

EACH = 6
PYTHON = b"def lambda_handler(event, context):\n    return event\n"
NODE = b"export const handler = async (event) => event;\n"


@dataclass(frozen=True)
class Kind:
    """What is measured, and its p50 and p99 to reach in ms."""

    name: str
    runtime: str
    files: dict[str, bytes]
    bar_ms: float
    source: bytes = b""

    @property
    def function(self) -> str:
        """The name of the one that is copied."""
        return f"cold-{self.runtime.partition('.')[0]}-{self.name.partition(' ')[0]}"


def padded(code: bytes, size: int, comment: bytes) -> bytes:
    """The code with comments up to a size."""
    line = comment + b" " + b"x" * 70 + b"\n"
    return code + line * ((size - len(code)) // len(line))


def library(suffix: str, comment: bytes, folder: str) -> dict[str, bytes]:
    """10 MB of modules that nobody imports."""
    return {f"{folder}m{number}{suffix}": padded(b"", 50_000, comment) for number in range(200)}


def kinds() -> list[Kind]:
    """All that are measured."""
    found = []
    for runtime, code, comment, file, factor in (
        ("python3.13", PYTHON, b"#", "lambda_function.py", 1),
        ("nodejs22.x", NODE, b"//", "index.mjs", 2),
    ):
        small, large = padded(code, 12_000, comment), padded(code, 120_000, comment)
        folder = "library/" if factor == 1 else "node_modules/library/"
        big = {file: small, **library(file[-3:] if factor == 1 else ".js", comment, folder)}
        found += [
            Kind("12 kB of code", runtime, {file: small}, 5 * factor, small if factor == 1 else b""),
            Kind("120 kB of code", runtime, {file: large}, 10 * factor, large if factor == 1 else b""),
            Kind("10 MB of dependencies", runtime, big, 30 * factor),
        ]
    return found


def wait_for_supply(gateway: GatewayClient, runtime: str) -> None:
    """Until as many as should wait do."""

    def ready() -> bool:
        shelves = [one for one in gateway.sandboxes().supply if one.runtime == runtime]
        return bool(shelves) and all(one.waiting >= one.wanted > 0 for one in shelves)

    wait_for(f"prewarmed {runtime}", ready, 60)


def create(bench: Bench, many: list[Kind]) -> None:
    """One function of each kind, deployed, and copies of it that nobody has called."""
    for kind in many:
        handler = "lambda_function.lambda_handler" if kind.runtime.startswith("python") else "index.handler"
        package = zipped(kind.files)
        bench.functory.create({kind.function: package}, SMALL_MB, Runtime=kind.runtime, Handler=handler)
    bench.functory.copy(EACH, *(kind.function for kind in many))


def first_calls(bench: Bench, kind: Kind) -> list[float]:
    """Milliseconds of each function's first call, over a connection that is open already."""
    ours = bench.functory
    took = []
    with httpx.Client(base_url=ours.stack.gateway) as client:
        client.get("/_functory/health")
        for name in [f"{kind.function}-{number}" for number in range(EACH)]:
            wait_for_supply(ours.gateway, kind.runtime)
            took.append(timed(client, ours.signer.invokes(name, [b"{}"])[0]))
            ours.sent[name] = 1
    return took


def timed(client: httpx.Client, request: bytes) -> float:
    """One signed request, in ms."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    began = time.perf_counter()
    answer = client.post(first.split()[1], content=body, headers=headers)
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.text
    return took


def floor_calls(measure: Callable[[bytes], float], kind: Kind) -> list[float]:
    """The floor's, by sending the code."""
    return [measure(kind.source) for _ in range(EACH)]


def run(bench: Bench) -> None:
    """One row each for the middle and the slowest."""
    from tests.bench.floor import floor

    many = kinds()
    create(bench, many)
    for kind in many:
        values = {FUNCTORY: first_calls(bench, kind)}
        if kind.source:
            with floor(SMALL_MB, EACH) as spare:
                values[FLOOR] = floor_calls(spare.cold, kind)
        label = f"{kind.runtime}, {kind.name}"
        bench.add(Row("cold p50", label, "ms", values, Bar(most_value=kind.bar_ms)))
        slowest = {name: [max(many)] for name, many in values.items()}
        bench.add(Row("cold slowest", f"{label}, of {EACH}", "ms", slowest, Bar(most_value=4 * kind.bar_ms)))
