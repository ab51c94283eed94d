"""The internal API through the real client, over a unix socket."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from functions.config import Config
from functions.errors import ServiceUnavailable
from functions.records import decode_records
from functions.snapshots import Route
from functions.states import EndReason, InvocationType, Outcome, TriggerKind
from runner.client import AsyncGatewayClient, GatewayClient, GatewayRefused, Order
from runner.gateway.internal import InternalApi
from runner.gateway.listener import Listener
from runner.gateway.machine import Machine
from runner.sandbox.spec import Bound
from tests.runner.gateway.boxes import FUNCTION, ended, snapshot, until
from tests.runner.gateway.doors import Doors

REVISION = "01890000-0000-7000-8000-0000000000aa"


@pytest.fixture
def run():
    def runner(body, **world):
        async def main():
            with tempfile.TemporaryDirectory() as home:
                config = Config.from_environ({"FUNCTORY_HOME": home})
                doors = Doors(Path(home), **{"answer": echo, **world})
                doors.trouble = ""
                machine = Machine(
                    home=Path(home), fleet=doors.world.fleet, pool=doors.world.pool,
                    journal=doors.world.journal, engine=lambda: doors.trouble,
                    troubles=lambda: "", isolation=lambda: {"freezer": ""},
                )  # fmt: skip
                api = InternalApi(
                    catalog=doors.catalog, dispatcher=doors.world.dispatcher, fleet=doors.world.fleet,
                    events=doors.events, health=machine.health, sandboxes=machine.sandboxes,
                )  # fmt: skip
                listener = Listener(api)
                await listener.listen_unix(config.gateway_socket)
                await doors.open()
                try:
                    with GatewayClient(config) as client:
                        await asyncio.wait_for(body(doors, client), 30)
                finally:
                    await listener.stop(0)
                    await doors.close()

        asyncio.run(main())

    return runner


def echo(call):
    return ended(response=call.payload, log=b"a line\n")


def order(**more):
    return Order(**{"function_id": FUNCTION, "payload": b'{"n":1}', **more})


async def ask(method, *arguments, **more):
    return await asyncio.to_thread(method, *arguments, **more)


def test_a_test_call_has_log_and_answer(run):
    async def body(doors, client):
        record = await ask(client.invoke, order(trigger=TriggerKind.TEST, trace_id="Root=1"))
        assert (record.response, record.payload) == ('{"n":1}', None)
        assert "a line\n" in record.log
        assert (record.trigger, record.trace_id, record.cold) == (TriggerKind.TEST, "Root=1", True)
        stored = decode_records(doors.world.journal.read().data)[0]
        assert stored.payload == '{"n":1}'

    run(body)


def test_the_answer_is_there_even_if_nothing_is_captured(run):
    async def body(doors, client):
        quiet = snapshot(version="$LATEST", event_capture="none")
        doors.table.routes[("hello", "")] = Route("", "", ((quiet, 1.0),))
        assert (await ask(client.invoke, order())).response == '{"n":1}'

    run(body)


def test_attempts_of_an_event_run_under_its_id(run):
    async def body(doors, client):
        attempt = order(
            event_id="e-1", attempt=2, accepted_us=5, trigger=TriggerKind.SCHEDULE, trigger_id="s"
        )
        record = await ask(client.invoke, attempt)
        assert (record.request_id, record.event_id, record.attempt) == ("e-1", "e-1", 2)
        assert record.invocation_type is InvocationType.EVENT
        assert (record.accepted_us, record.trigger, record.trigger_id) == (5, TriggerKind.SCHEDULE, "s")

    run(body)


def test_events_are_accepted_and_refused(run):
    async def body(doors, client):
        event_id = await ask(client.accept, order(trigger=TriggerKind.SCHEDULE, accepted_us=7))
        stored = doors.events.accepted[0]
        assert (stored.event_id, stored.payload, stored.accepted_us) == (event_id, '{"n":1}', 7)
        doors.events.refusal = ServiceUnavailable("Redis does not answer.")
        with pytest.raises(GatewayRefused, match="Redis"):
            await ask(client.accept, order())

    run(body)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"qualifier": "none"}, "ResourceNotFoundException"),
        ({"function_id": "nonsense"}, "ResourceNotFoundException"),
        ({"project_id": "q"}, "ResourceNotFoundException"),
        ({"payload": b"{"}, "InvalidRequestContentException"),
        ({"trigger": "nobody"}, "InvalidRequestContentException"),
    ],
)
def test_orders_are_checked(run, wrong, code):
    async def body(doors, client):
        with pytest.raises(GatewayRefused) as caught:
            await ask(client.invoke, order(**wrong))
        assert caught.value.code == code
        assert (await ask(client.invoke, order(project_id="p"))).outcome is Outcome.SUCCESS

    run(body)


def test_throttled_calls_are_refused_with_their_reason(run):
    async def body(doors, client):
        limited = snapshot(version="$LATEST", reserved_concurrency=0)
        doors.table.routes[("hello", "")] = Route("", "", ((limited, 1.0),))
        with pytest.raises(GatewayRefused) as caught:
            await ask(client.invoke, order())
        assert (caught.value.status, caught.value.code) == (429, "TooManyRequestsException")
        assert caught.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"

    run(body)


def test_a_revision_that_is_not_live_is_run_by_its_id(run):
    async def body(doors, client):
        doors.table.revisions[UUID(REVISION)] = snapshot(REVISION, "$LATEST")
        order = Order(
            function_id=FUNCTION, revision_id=REVISION, payload=b'{"n":1}', trigger=TriggerKind.TEST
        )
        record = await ask(client.invoke, order)
        assert (record.version, record.revision_id, record.response) == ("draft", REVISION, '{"n":1}')
        for wrong in (
            {"function_id": REVISION},
            {"revision_id": FUNCTION},
            {"revision_id": "x"},
            {"project_id": "q"},
        ):
            with pytest.raises(GatewayRefused) as refused:
                await ask(client.invoke, msgspec.structs.replace(order, **wrong))
            assert refused.value.status == 404

    run(body)


def test_warming(run):
    async def body(doors, client):
        doors.table.revisions[UUID(REVISION)] = snapshot(REVISION, "$LATEST")
        warmed = await ask(client.warm, function_id=FUNCTION, revision_id=REVISION, version="8")
        assert (warmed.ok, warmed.init_us) == (True, 1500)
        doors.table.routes[("hello", "")] = Route("", "", ((snapshot(REVISION, "8"), 1.0),))
        assert not (await ask(client.invoke, order())).cold
        assert len(doors.world.boxes) == 1
        doors.world.bound = Bound(
            Outcome.INIT_FAILURE, 9, b"trace\n", "Runtime.ImportModuleError", "No module", ()
        )
        failed = await ask(client.warm, function_id=FUNCTION, revision_id=REVISION)
        assert (failed.ok, failed.error_type, failed.log) == (False, "Runtime.ImportModuleError", "trace\n")
        with pytest.raises(GatewayRefused) as caught:
            await ask(client.warm, function_id=FUNCTION, revision_id=REVISION.replace("aa", "bb"))
        assert caught.value.code == "ResourceNotFoundException"
        with pytest.raises(GatewayRefused):
            await ask(client.warm, function_id=FUNCTION, revision_id="nonsense")

    run(body)


def test_what_runs_is_shown_and_can_be_ended(run):
    async def body(doors, client):
        await ask(client.invoke, order())
        seen = await ask(client.sandboxes)
        (one,) = seen.sandboxes
        assert (one.function_name, one.state, one.calls, one.memory_mb) == ("hello", "warm", 1, 128)
        assert seen.host.committed_mb == 128
        assert seen.supply[0].runtime == "python3.13"
        await ask(client.end_sandbox, one.id)
        await until(lambda: doors.world.boxes[0].reason)
        seen = await ask(client.sandboxes)
        assert seen.sandboxes == []
        assert (seen.recent_ends[0].id, seen.recent_ends[0].reason) == (one.id, EndReason.EVICTED)
        with pytest.raises(GatewayRefused) as caught:
            await ask(client.end_sandbox, one.id)
        assert caught.value.status == 404

    run(body)


def test_health(run):
    async def body(doors, client):
        health = await ask(client.health)
        assert (health.ok, health.engine, health.isolation) == (True, "ok", {"freezer": ""})
        doors.trouble = "the engine does not answer"
        health = await ask(client.health)
        assert (health.ok, health.engine) == (False, "the engine does not answer")
        assert (await ask(client.sandboxes)).engine == "the engine does not answer"
        doors.trouble = ""
        assert (await ask(client.sandboxes)).engine == "ok"

    run(body)


def test_the_socket_is_for_its_group_alone_and_replaces_a_dead_one(tmp_path):
    async def main():
        path = tmp_path / "g.sock"
        for _ in range(2):
            listener = Listener(None)
            await listener.listen_unix(path)
            assert path.stat().st_mode & 0o777 == 0o660
            await listener.stop(0)

    asyncio.run(main())


def test_many_attempts_at_once(run):
    async def body(doors, client):
        config = replace(Config.from_environ({}), home=Path(client._http._transport._pool._uds).parents[1])
        async with AsyncGatewayClient(config) as many:
            records = await asyncio.gather(*(many.invoke(order()) for _ in range(100)))
        assert len({record.request_id for record in records}) == 100

    run(body, room_mb=100_000)


def test_unknown_addresses(run):
    async def body(doors, client):
        reply = await ask(client._http.request, "GET", "/_functory/nothing")
        assert (reply.status_code, reply.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")

    run(body)


@pytest.mark.parametrize(("tells", "returned"), [(True, '{"n": "[redacted]"}'), (False, None)])
def test_the_answer_to_an_event_is_told_where_a_destination_listens(run, tells, returned):
    async def body(doors, client):
        seen = []
        doors.world.dispatcher.on_finished = lambda finished: seen.append(finished.record)
        quiet = snapshot(event_capture="none", redact=("n",))
        doors.table.routes[("hello", "")] = Route("", "", ((quiet, 1.0),), tells=tells)
        await ask(client.invoke, order(event_id=REVISION, attempt=1))
        assert (seen[0].returned, seen[0].response, seen[0].payload) == (returned, None, None)
        await ask(client.invoke, order())
        assert seen[1].returned is None

    run(body)
