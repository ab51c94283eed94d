"""Warm calls per second and latency through HTTP with signature, limits and records on. Signs one request and
sends it over and over, one at a time per connection, against a running gateway:

    python tests/bench/load.py --url http://127.0.0.1:9000 --key AKIA... --secret ... --function hello
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from urllib.parse import urlsplit

import uvloop
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_request(options: argparse.Namespace) -> bytes:
    """The bytes of one Invoke, signed as botocore signs it; good for five minutes."""
    path = f"/2015-03-31/functions/{options.function}/invocations"
    request = AWSRequest(
        "POST",
        options.url + path,
        data=options.payload.encode(),
        headers={"User-Agent": "bench", "Content-Type": "application/json"},
    )
    SigV4Auth(Credentials(options.key, options.secret), "lambda", options.region).add_auth(request)
    headers = {"Host": urlsplit(options.url).netloc, **dict(request.headers)}
    headers["Content-Length"] = str(len(options.payload.encode()))
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + options.payload.encode()


class Caller(asyncio.Protocol):
    """One connection with one call at a time. An answer is small enough to come in one piece."""

    def __init__(self, request: bytes, results: list[float], counts: dict[bytes, int]) -> None:
        self.request = request
        self.results = results
        self.counts = counts
        self.running = False
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def start(self) -> None:
        self.running = True
        self.send()

    def send(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.results.append(time.perf_counter() - self.sent)
        status = data[9:12]
        self.counts[status] = self.counts.get(status, 0) + 1
        if self.running:
            self.send()


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Warm up, then run for the time asked."""
    loop = asyncio.get_running_loop()
    target = urlsplit(options.url)
    results: list[float] = []
    counts: dict[bytes, int] = {}
    request = signed_request(options)
    callers = []
    for _ in range(options.connections):
        _, caller = await loop.create_connection(
            lambda: Caller(request, results, counts), target.hostname, target.port
        )
        callers.append(caller)
        caller.start()
    await asyncio.sleep(options.warm)
    results.clear()
    counts.clear()
    started = time.perf_counter()
    await asyncio.sleep(options.seconds)
    elapsed = time.perf_counter() - started
    taken = sorted(results)
    for caller in callers:
        caller.running = False
    return {
        "connections": options.connections,
        "calls_per_s": round(len(taken) / elapsed),
        **{f"p{part}_ms": round(1000 * taken[int(len(taken) * part / 100)], 3) for part in (50, 90, 99)},
        "statuses": {status.decode(): count for status, count in counts.items()},
    }


def main() -> None:
    """Print one JSON line per number of connections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:9000")
    parser.add_argument("--key", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--function", default="hello")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--payload", default='{"key": "value"}')
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warm", type=float, default=2)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 4, 16])
    options = parser.parse_args()
    for connections in options.connections:
        one = argparse.Namespace(**{**vars(options), "connections": connections})
        print(json.dumps(uvloop.run(measure(one))))  # noqa: T201


if __name__ == "__main__":
    main()
