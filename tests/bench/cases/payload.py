"""The largest payload in and out, and how soon a streamed answer begins."""

from __future__ import annotations

import http.client
import re
import time

from functions.limits import SYNC_PAYLOAD
from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import plain
from tests.support.product import zipped

BODY = b'"' + b"x" * (SYNC_PAYLOAD - 2) + b'"'
STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write(`at=${(performance.timeOrigin + performance.now()) / 1000};`);
  await new Promise((done) => setTimeout(done, 50));
  stream.write("later");
  stream.end();
});
"""
STAMP = re.compile(rb"at=([0-9.]+);")


def bulk(bench: Bench) -> None:
    """6 MB each way at one connection."""
    floor = bench.floors[1769]
    floor.use(1)
    ours = Job(bench.functory.port, bench.functory.signer.invokes("echo", [BODY]), 1, 1.5, 0.4, bulk=True)
    theirs = Job(floor.port, plain("/", [BODY]), 1, 1.5, 0.4, bulk=True)
    found = bench.against_floor("echo", theirs, ours)
    megabytes = 2 * len(BODY) / 1e6
    values = {name: [one.calls_per_s * megabytes for one in many] for name, many in found.items()}
    bench.add(Row("payload", "6 MB in and out, 1 connection", "MB/s", values, Bar(least=0.7)))


def first_byte(bench: Bench, times: int = 20) -> None:
    """From the function's write to the client's read, by the one clock that both have."""
    ours = bench.functory
    ours.create({"stream": zipped({"index.mjs": STREAM})}, Runtime="nodejs22.x", Handler="index.handler")
    request = ours.signer.invokes("stream", [b"{}"], suffix="response-streaming-invocations")[0]
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=30)
    waits = []
    for _ in range(times):
        path = head.split()[1].decode()
        connection.request("POST", path, body, {name: value for name, _, value in lines})
        answer = connection.getresponse()
        first = answer.read1(65536)
        came = time.time()
        answer.read()
        if (stamp := STAMP.search(first)) is not None:
            waits.append((came - float(stamp[1])) * 1000)
    connection.close()
    ours.sent["stream"] = times
    waits.sort()
    values = {FUNCTORY: [waits[len(waits) // 2]]}
    bench.add(
        Row("streaming", "function's first write to client's read, p50", "ms", values, Bar(most_value=5))
    )


def run(bench: Bench) -> None:
    """Both."""
    bulk(bench)
    first_byte(bench)
