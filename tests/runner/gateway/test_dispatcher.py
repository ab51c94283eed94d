"""What becomes of calls: warm and cold, throttled, queued, failed, evicted, drained."""

import asyncio
import json

import pytest

from functions.errors import InvalidRuntime, ServiceError, ServiceUnavailable, TooManyRequests
from functions.records import decode_records
from functions.states import EndReason, Outcome
from runner.gateway.fleet import Rules
from runner.sandbox.driver import DriverError
from runner.sandbox.leases import ACCOUNT, RESERVED
from runner.sandbox.spec import Bound
from tests.runner.gateway.boxes import answered, ended, run, snapshot, until

__all__ = ["run"]


def test_a_cold_call_then_warm_ones_on_the_same_sandbox(run):
    async def body(world):
        cold = await world.submit(payload=b'{"n":1}')
        warm = await world.submit(payload=b'{"n":2}')
        assert (cold.record.cold, cold.record.init_us) == (True, 1500)
        assert (warm.record.cold, warm.record.init_us) == (False, 0)
        assert cold.record.billed_ms == 3  # 1.234 ms and 1.5 ms of init, rounded up
        assert warm.response == b'{"n":2}'
        assert len(world.boxes) == 1
        assert world.boxes[0].binding.handler == "app.handler"
        assert world.boxes[0].calls[0].arn.endswith(":function:hello")

    run(body, answer=answered)


def test_the_log_reads_as_lambdas(run):
    async def body(world):
        finished = await world.submit()
        lines = finished.log.split("\n")
        request_id = finished.record.request_id
        assert lines[0] == f"START RequestId: {request_id} Version: 1"
        assert lines[1:3] == ["hello", f"END RequestId: {request_id}"]
        assert lines[3].split("\t") == [
            f"REPORT RequestId: {request_id}",
            "Duration: 1.23 ms",
            "Billed Duration: 3 ms",
            "Memory Size: 128 MB",
            "Max Memory Used: 30 MB",
            "Init Duration: 1.50 ms",
            "",
        ]

    run(body, answer=lambda call: ended(log=b"hello"))


def test_the_record_is_in_the_journal_before_the_answer(run):
    async def body(world):
        finished = await world.submit(payload=b'{"n":1}')
        records = decode_records(world.journal.read().data)
        assert records == [finished.record]
        assert (records[0].payload, records[0].response) == ('{"n":1}', '{"n":1}')

    run(body, answer=answered)


@pytest.mark.parametrize(
    ("policy", "outcome", "kept"),
    [
        ("none", Outcome.FUNCTION_ERROR, False),
        ("recent", Outcome.FUNCTION_ERROR, True),
        ("recent", Outcome.SUCCESS, True),
        ("all", Outcome.SUCCESS, True),
    ],
)
def test_events_are_captured_as_the_function_says(run, policy, outcome, kept):
    async def body(world):
        finished = await world.submit(snapshot(event_capture=policy))
        assert (finished.record.payload is not None) == kept

    run(body, answer=lambda call: ended(outcome, b"{}"))


def test_of_many_successes_fifty_a_second_are_captured(run):
    async def body(world):
        calls = [world.submit(snapshot(revision=str(number))) for number in range(60)]
        second = (await calls[0]).record.accepted_us // 1_000_000
        records = [(await call).record for call in calls]
        same = [record for record in records if record.accepted_us // 1_000_000 == second]
        assert sum(record.payload is not None for record in same) == min(50, len(same))

    run(body, answer=answered)


def test_a_large_event_is_not_captured(run):
    async def body(world):
        large = b'"' + b"x" * 300_000 + b'"'
        finished = await world.submit(payload=large)
        assert finished.response == large
        assert finished.record.payload is None
        assert finished.record.payload_bytes == len(large)

    run(body, answer=answered)


def test_last_used_first_used_again(run):
    async def body(world):
        first, second = world.submit(), world.submit()
        await until(lambda: len(world.boxes) == 2 and all(box.calls for box in world.boxes))
        world.boxes[1].finish()
        world.boxes[0].finish()
        await asyncio.gather(first, second)
        third = world.submit()
        assert len(world.boxes[0].calls) == 2
        world.boxes[0].finish()
        await third

    run(body)


def test_a_waiting_call_takes_the_first_sandbox_that_is_free(run):
    async def body(world):
        first = world.submit()
        await until(lambda: world.boxes and world.boxes[0].calls)
        world.bind_gate.clear()
        second = world.submit()
        await until(lambda: len(world.boxes) == 2)
        world.boxes[0].finish()
        await until(lambda: len(world.boxes[0].calls) == 2)
        world.boxes[0].finish()
        await asyncio.gather(first, second)
        world.bind_gate.set()
        await until(lambda: len(world.fleet.lanes.idle()) == 2)

    run(body)


def test_function_errors_keep_the_sandbox_and_have_awss_shape(run):
    async def body(world):
        finished = await world.submit()
        assert json.loads(finished.response)["errorType"] == "ValueError"
        assert (finished.record.error_type, finished.record.stack) == ("ValueError", ["line 1"])
        assert finished.refusal is None
        assert world.boxes[0].alive

    error = {"error_type": "ValueError", "error_message": "no", "stack": ("line 1",)}
    run(body, answer=lambda call: ended(Outcome.FUNCTION_ERROR, b"", **error))


@pytest.mark.parametrize(
    ("outcome", "reason", "error_type", "text"),
    [
        (Outcome.TIMEOUT, EndReason.TIMEOUT, "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
        (Outcome.OUT_OF_MEMORY, EndReason.OUT_OF_MEMORY, "Runtime.OutOfMemory", "128 MB"),
        (Outcome.CRASH, EndReason.CRASH, "Runtime.ExitError", "Runtime exited"),
    ],
)
def test_fatal_ends_end_the_sandbox_and_are_billed(run, outcome, reason, error_type, text):
    async def body(world):
        finished = await world.submit()
        answer = json.loads(finished.response)
        assert answer["errorType"] == finished.record.error_type == error_type
        assert text in answer["errorMessage"]
        assert finished.record.cost_pico > 0
        await until(lambda: world.boxes[0].reason)
        assert world.boxes[0].reason == reason
        assert world.fleet.ends.recent()[0].reason == reason
        if outcome is Outcome.TIMEOUT:
            assert "Task timed out after 3.00 seconds\n\nEND" in finished.log

    run(body, answer=lambda call: ended(outcome, b""))


def test_a_platform_failure_is_a_refusal_and_not_billed(run):
    async def body(world):
        finished = await world.submit()
        assert isinstance(finished.refusal, ServiceError)
        assert finished.record.cost_pico == 0

    run(body, answer=lambda call: ended(Outcome.PLATFORM, b"", error_message="the socket broke"))


def test_an_answer_over_six_megabytes_is_the_functions_error(run):
    async def body(world):
        finished = await world.submit()
        assert finished.record.outcome is Outcome.FUNCTION_ERROR
        assert json.loads(finished.response)["errorType"] == "Function.ResponseSizeTooLarge"

    run(body, answer=lambda call: ended(response=b"x" * (6 * 2**20 + 200)))


def test_a_failed_init_fails_the_call_that_waited(run):
    async def body(world):
        error = Bound(
            Outcome.INIT_FAILURE, 900, b"trace\n", "Runtime.ImportModuleError", "No module x", ("f",)
        )
        world.bound = error
        finished = await world.submit()
        assert finished.record.outcome is Outcome.INIT_FAILURE
        assert json.loads(finished.response) == {
            "errorType": "Runtime.ImportModuleError",
            "errorMessage": "No module x",
            "stackTrace": ["f"],
        }
        assert "trace\n" in finished.log
        assert world.boxes[0].reason == EndReason.INIT_FAILURE

    run(body)


def test_reserved_and_account_limits_throttle_at_once(run):
    async def body(world):
        reserved = snapshot(reserved_concurrency=1)
        first = world.submit(reserved)
        refused = await world.submit(reserved)
        assert isinstance(refused.refusal, TooManyRequests)
        assert refused.refusal.reason == RESERVED
        assert (refused.record.outcome, refused.record.cost_pico) == (Outcome.THROTTLED, 0)
        shared = snapshot("r2", account_concurrency=1, function_id="other")
        assert (await world.submit(shared)).refusal.reason == ACCOUNT
        await until(lambda: world.boxes and world.boxes[0].calls)
        world.boxes[0].finish()
        await first
        again = world.submit(reserved)
        world.boxes[0].finish()
        assert (await again).refusal is None

    run(body)


def test_a_function_whose_budget_is_used_up_is_refused(run):
    async def body(world):
        refused = await world.submit(snapshot(over_budget="The budget is used up."))
        assert refused.refusal.message == "The budget is used up."
        assert refused.refusal.reason == "FunctionInvocationRateLimitExceeded"
        assert refused.refusal.status == 429
        assert world.boxes == []

    run(body)


def test_a_paused_function_is_refused(run):
    async def body(world):
        refused = await world.submit(snapshot(paused=True))
        assert "paused" in refused.refusal.message
        assert (await world.submit(snapshot())).refusal is None

    run(body, answer=answered)


def test_a_full_machine_evicts_the_least_recently_used(run):
    async def body(world):
        old, new = snapshot("old"), snapshot("new", memory_mb=200)
        await world.submit(old)
        assert (await world.submit(new)).refusal is None
        assert world.boxes[0].reason == EndReason.EVICTED
        assert world.boxes[1].alive

    run(body, room_mb=300, answer=answered)


def test_a_call_waits_for_room_and_gets_it(run):
    async def body(world):
        first = world.submit(snapshot("busy", memory_mb=256))
        await until(lambda: world.boxes and world.boxes[0].calls)
        second = world.submit(snapshot("waits"))
        await asyncio.sleep(0)
        assert len(world.boxes) == 1
        world.answer = answered
        world.boxes[0].finish()
        await first
        assert (await second).refusal is None
        assert world.boxes[0].reason == EndReason.EVICTED

    run(body, room_mb=300)


def test_waiting_is_bounded_in_length_and_time(run):
    async def body(world):
        first = world.submit(snapshot("busy"))
        await until(lambda: world.boxes and world.boxes[0].calls)
        waits = world.submit(snapshot("waits"))
        refused = await world.submit(snapshot("third"))
        assert "queue" in refused.refusal.message
        assert "no room" in (await waits).refusal.message
        world.boxes[0].finish()
        await first

    run(body, room_mb=128, rules=Rules(queue=1, patience_s=0.01))


def test_a_function_larger_than_the_machine_is_told_so(run):
    async def body(world):
        finished = await world.submit(snapshot(memory_mb=1024))
        assert "1024 MB" in finished.refusal.message
        assert isinstance(finished.refusal, ServiceUnavailable)

    run(body, room_mb=512)


def test_an_engine_that_is_down_refuses_with_its_reason_and_comes_back(run):
    async def body(world):
        world.make_error = DriverError("the engine does not answer")
        finished = await world.submit()
        assert isinstance(finished.refusal, ServiceUnavailable)
        assert "the engine does not answer" in finished.refusal.message
        assert finished.record.outcome is Outcome.PLATFORM
        world.make_error = None
        assert (await world.submit()).refusal is None

    run(body, answer=answered)


def test_code_that_cannot_be_bound_is_a_platform_failure(run):
    async def body(world):
        world.bound = DriverError("no such directory")
        assert "no such directory" in (await world.submit()).refusal.message
        assert world.boxes[0].reason == EndReason.PLATFORM

    run(body)


def test_a_runtime_that_does_not_exist_is_said(run):
    async def body(world):
        def unknown(_snapshot):
            raise InvalidRuntime("no such runtime")

        world.fleet._starter._key_of = unknown
        finished = await world.submit()
        assert finished.refusal.message == "no such runtime"
        assert finished.record.outcome is Outcome.PLATFORM

    run(body)
