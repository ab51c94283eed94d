"""New code under full load: how soon it answers, and whether a call fails meanwhile."""

from __future__ import annotations

import time

from tests.bench.figures import FUNCTORY, Bar, Row
from tests.bench.load import Job
from tests.bench.run import Bench
from tests.bench.signed import events
from tests.support.product import zipped

DEPLOYS = 5
SAYS = "def lambda_handler(event, context):\n    return {}\n"


def run(bench: Bench) -> None:
    """Sixteen connections call without a pause while the code is changed five times."""
    ours = bench.functory
    ours.create({"changing": SAYS.format(0)})
    ours.end_idle("echo")
    bench.generator.start(Job(ours.port, ours.signer.invokes("changing", events()), 16, 20.0))
    try:
        took = [one_deploy(bench, number) for number in range(1, DEPLOYS + 1)]
    finally:
        measured = ours.note("changing", bench.generator.result())
        bench.notes.append(f"deploy: answers by status {measured.answered}")
    answers = sum(measured.answered.values())
    bench.add(
        Row(
            "deploy p50",
            f"save to first answer, {measured.calls_per_s:,.0f} calls/s meanwhile",
            "ms",
            {FUNCTORY: took},
            Bar(most_value=1000),
        )
    )
    bench.add(
        Row(
            "failed calls",
            f"{DEPLOYS} deploys, {answers:,} calls",
            "calls",
            {FUNCTORY: [measured.failed]},
            Bar(most_value=0),
        )
    )


def one_deploy(bench: Bench, number: int) -> float:
    """Milliseconds from the update's request to an answer of the new code."""
    client = bench.functory.product.client()
    began = time.perf_counter()
    client.update_function_code(
        FunctionName="changing", ZipFile=zipped({"lambda_function.py": SAYS.format(number)})
    )
    until = began + 20
    while time.perf_counter() < until:
        answer = bench.functory.product.call("changing")
        bench.functory.sent["changing"] = bench.functory.sent.get("changing", 0) + 1
        if answer["payload"] == number:
            took = (time.perf_counter() - began) * 1000
            client.get_waiter("function_updated_v2").wait(FunctionName="changing", WaiterConfig={"Delay": 1})
            return took
        time.sleep(0.01)
    raise AssertionError("the new code did not answer within 20 s")
