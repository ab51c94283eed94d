"""The drain: many events at once, outcomes through the record alone, and nothing lost or repeated by a death."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings

from functions import queues, retry
from functions.ids import new_id
from functions.models import Event
from functions.queries.recorder import Standing
from functions.records import AcceptedEvent
from functions.services import events
from functions.services.records import store
from functions.states import Outcome, TriggerKind
from runner.client import AsyncGatewayClient
from runner.jobs import delivery, drain, ledger
from runner.jobs.ledger import Ledger, longest_runs
from tests.support import rows
from tests.support.telemetry import FUNCTION, PROJECT, attempt_record, make_event, now_us
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.redis,
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=True),
]


@pytest.fixture(autouse=True)
def caught_up(redis_client):
    """A recorder that has stored everything."""

    def say(**fields):
        ahead = datetime.now(UTC) + timedelta(minutes=10)
        said = Standing(caught_up=ahead, said=ahead)
        redis_client.hset(queues.recorder_hash(), mapping=replace(said, **fields).fields())

    say()
    return say


def accept(count=1, **fields) -> list[AcceptedEvent]:
    accepted = [make_event(accepted_us=now_us() - 1_000_000, **fields) for _ in range(count)]
    events.store_accepted(accepted)
    return accepted


def row(event) -> Event:
    return Event.objects.get(pk=event.event_id)


def answering(outcome=Outcome.SUCCESS, *, recorded=True):
    """An answer as the gateway gives it; `recorded`: the record has reached its row already."""

    def answer(asked):
        if asked.path == "/_functory/health":
            return 200, health()
        number = int(asked.headers["attempt"])
        event = make_event(event_id=asked.headers["event"], function_id=asked.headers["function"])
        if recorded:
            store([attempt_record(event, number, outcome)])
        return 200, {
            "request_id": event.event_id,
            "project_id": PROJECT,
            "function_id": FUNCTION,
            "function_name": "hello",
        }

    return answer


def health(journal_backlog=0):
    return {"ok": True, "engine": "ok", "sandboxes": 0, "journal_backlog": journal_backlog, "version": "1"}


def lose(event, ago=timedelta(seconds=30)):
    """Its worker died; the lease ran out a while ago."""
    past = datetime.now(UTC) - ago
    Event.objects.filter(pk=event.event_id).update(
        state="claimed", attempts=1, lease_owner="dead", lease_until=past
    )


def test_an_event_is_delivered_with_all_that_it_carries(gateway):
    gateway.answer = answering()
    [event] = accept(
        qualifier="live",
        trigger=TriggerKind.SCHEDULE,
        trigger_id="s1",
        trace_id="Root=1",
        client_context="Y2M=",
    )
    drain.run()
    [asked] = gateway.asked
    assert asked.body == event.payload.encode()
    expected = {
        "function": FUNCTION, "project": PROJECT, "qualifier": "live", "trigger": "schedule",
        "trigger-id": "s1", "type": "RequestResponse", "event": event.event_id, "attempt": "1",
        "trace": "Root=1", "client-context": "Y2M=", "accepted-us": str(event.accepted_us),
    }  # fmt: skip
    assert asked.headers == expected
    assert row(event).state == "succeeded"


def test_a_hundred_events_are_under_way_at_once(gateway):
    """Each waits for all the others: one after the other they would never end."""
    together = threading.Barrier(100)
    plain = answering(recorded=False)

    def answer(asked):
        together.wait(60)
        return plain(asked)

    gateway.answer = answer
    accept(60)
    accept(40, function_id=str(UUID(int=5)))
    drain.run()
    assert len(gateway.asked) == 100


def test_it_takes_what_becomes_due_meanwhile_and_ends_when_nothing_is(gateway):
    plain, late = answering(), []

    def answer(asked):
        if not late:
            late.extend(accept())
        return plain(asked)

    gateway.answer = answer
    accept()
    drain.run()
    assert len(gateway.asked) == 2
    assert row(late[0]).state == "succeeded"


def test_no_outcome_is_written_but_by_the_record(gateway):
    gateway.answer = answering(recorded=False)
    [event] = accept()
    drain.run()
    assert (row(event).state, row(event).attempts) == ("claimed", 1)
    store([attempt_record(event, 1)])
    assert row(event).state == "succeeded"


def test_a_failure_of_the_function_is_the_records_business(gateway):
    gateway.answer = answering(Outcome.FUNCTION_ERROR)
    [event] = accept()
    drain.run()
    assert len(gateway.asked) == 1
    assert (row(event).state, row(event).function_errors) == ("pending", 1)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_gives_the_event_back_without_using_up_a_retry(gateway, status):
    gateway.answer = lambda _: (status, {"code": "Busy", "message": "Rate Exceeded."})
    [event] = accept()
    drain.run()
    stored = row(event)
    assert (stored.state, stored.function_errors, stored.last_error) == ("pending", 0, "Busy: Rate Exceeded.")
    assert stored.due_at > datetime.now(UTC) - timedelta(seconds=1)


def test_a_function_that_is_gone_makes_a_dead_letter(gateway):
    gateway.answer = lambda _: (404, {"code": "ResourceNotFoundException", "message": "Function not found"})
    [event] = accept()
    drain.run()
    assert (row(event).state, row(event).function_errors) == ("dead", 0)
    assert row(event).last_error == "ResourceNotFoundException: Function not found"


def test_a_gateway_that_is_away_gets_no_more_and_the_events_come_back(config):
    accepted = accept(3)
    drain.run()
    assert {row(event).state for event in accepted} == {"pending"}
    assert "gateway is not running" in row(accepted[0]).last_error
    assert all(row(event).due_at > datetime.now(UTC) - timedelta(seconds=1) for event in accepted)


def test_a_connection_that_breaks_leaves_the_event_to_its_record(gateway):
    """It may have run, or still run."""
    gateway.answer = lambda _: None
    [event] = accept()
    drain.run()
    assert (row(event).state, row(event).attempts) == ("claimed", 1)


def test_a_lost_event_is_delivered_again_once_no_record_can_come(gateway):
    gateway.answer = answering()
    [event] = accept()
    lose(event)
    drain.run()
    assert (row(event).state, row(event).attempts) == ("succeeded", 2)


def test_an_event_whose_record_may_be_on_its_way_is_not_lost(gateway, caught_up, monkeypatch):
    monkeypatch.setattr(ledger, "RECORDER_PATIENCE_S", 0.0)
    caught_up(caught_up=datetime.now(UTC) - timedelta(minutes=1))
    gateway.answer = answering()
    [event] = accept()
    lose(event)
    drain.run()
    assert row(event).attempts == 1


def test_an_event_whose_record_may_still_be_in_the_journal_is_not_lost(gateway):
    gateway.answer = lambda asked: (200, health(journal_backlog=512))
    [event] = accept()
    lose(event)
    drain.run()
    # On a busy machine the drain looks twice before it ends; it must not call.
    assert (row(event).attempts, {asked.path for asked in gateway.asked}) == (1, {"/_functory/health"})


def test_leases_are_renewed_while_a_function_runs(gateway, monkeypatch):
    monkeypatch.setattr(delivery, "RENEW_EVERY_S", 0.0)
    monkeypatch.setattr(delivery, "POLL_S", 0.01)
    [event] = accept()
    plain = answering()

    def answer(asked):
        before = row(event).lease_until
        wait_until(lambda: row(event).lease_until > before)
        return plain(asked)

    gateway.answer = answer
    drain.run()
    assert row(event).state == "succeeded"


def test_two_drains_share_the_events(gateway):
    gateway.answer = answering()
    accept(30)
    drains = [threading.Thread(target=drain.run) for _ in range(2)]
    for thread in drains:
        thread.start()
    for thread in drains:
        thread.join(60)
    delivered = [asked.headers["event"] for asked in gateway.asked]
    assert len(delivered) == len(set(delivered)) == 30


def test_told_to_stop_it_claims_no_more_and_leaves_what_runs(gateway, config, monkeypatch):
    monkeypatch.setattr(delivery, "STOP_PATIENCE_S", 0.0)
    stopping, release = threading.Event(), threading.Event()
    plain = answering(recorded=False)

    def answer(asked):
        stopping.set()
        release.wait(60)
        return plain(asked)

    gateway.answer = answer
    [event] = accept()

    async def deliver():
        async with AsyncGatewayClient(config) as client, Ledger(config, "me") as own:
            await delivery.Delivery(client, own, stopping).run()

    asyncio.run(deliver())
    release.set()
    [late] = accept()
    assert (row(event).state, row(late).state) == ("claimed", "pending")


def test_a_throttled_function_is_asked_less(gateway, monkeypatch):
    # Longer than the test takes on a busy machine: what is due again is asked again.
    monkeypatch.setattr(retry, "FIRST_BACK_OFF", timedelta(hours=1))
    monkeypatch.setattr(retry, "LONGEST_BACK_OFF", timedelta(hours=1))
    gateway.answer = lambda _: (429, {"code": "TooManyRequestsException", "message": "Rate Exceeded."})
    accept(100)
    drain.run()
    assert len(gateway.asked) == 100
    assert Event.objects.filter(state="pending").count() == 100


def test_a_drain_lets_the_next_wake_up_count(gateway, redis_client):
    queues.enqueue_drain()
    queues.enqueue_drain()
    assert queues.waiting(queues.EVENTS) == 1
    drain.run()
    queues.enqueue_drain()
    assert queues.waiting(queues.EVENTS) == 2


@pytest.fixture
def staying(gateway):
    """A drain that stays for long, in a thread; it is told to stop at the end."""
    gateway.answer = answering()
    stopping = threading.Event()
    work = drain._drain(settings.FUNCTORY, stopping, 60)
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    wait_until(lambda: queues.connection().exists(queues.prefix() + "drain-hears"))
    yield thread
    stopping.set()
    thread.join(20)
    assert not thread.is_alive()


def test_a_drain_that_stays_is_woken_and_no_other_is_started(gateway, staying):
    accept(3)
    queues.enqueue_drain()
    wait_until(lambda: len(gateway.asked) == 3)
    accept()
    queues.enqueue_drain()
    wait_until(lambda: len(gateway.asked) == 4)
    assert queues.waiting(queues.EVENTS) == 0
    assert staying.is_alive()


def test_a_second_drain_does_not_stay(gateway, staying):
    accept()
    drain.run(60)
    assert len(gateway.asked) == 1
    assert staying.is_alive()


def test_a_ring_that_one_has_heard_is_not_lost_for_the_other():
    """The poller waits, the deliverer has just ended, and then it rings: what the ring was about is the deliverer's."""
    looked = []

    class Rings:
        """A bell that rings while somebody waits for it."""

        count = 0

        async def wait(self, _since, _seconds):
            await asyncio.sleep(0.02)
            self.count += 1
            return True

    async def deliver():
        await asyncio.sleep(0.01)
        looked.append("deliverer")

    async def poll():
        looked.append("poller")

    async def side_by_side():
        bell = Rings()
        until = asyncio.get_running_loop().time() + 30
        seen = await drain._side_by_side([deliver, poll], threading.Event(), bell, until)
        assert looked == ["poller", "deliverer", "poller"]
        assert seen < bell.count

    asyncio.run(side_by_side())


def test_when_it_has_stayed_for_its_time_a_worker_is_woken_again(gateway, redis_client):
    drain.run(0.05)
    queues.enqueue_drain()
    assert queues.waiting(queues.EVENTS) == 1


def test_what_comes_while_it_ends_is_heeded(gateway, redis_client, monkeypatch):
    gateway.answer = answering()
    heard = queues.stop_hearing_wakes

    def late(owner):
        """The last moment in which a wake-up goes to this drain."""
        if not gateway.asked:
            accept()
            queues.enqueue_drain()
        heard(owner)

    monkeypatch.setattr(queues, "stop_hearing_wakes", late)
    drain.run(0.05)
    assert len(gateway.asked) == 1
    assert queues.waiting(queues.EVENTS) == 0


def test_one_that_died_is_heard_of_no_more_after_seconds(redis_client):
    assert queues.hear_wakes("dead")
    assert not queues.hear_wakes("living")
    assert 0 < redis_client.ttl(queues.prefix() + "drain-hears") <= queues.HEARD_S


def test_a_worker_that_serves_deploys_too_is_not_held(gateway, monkeypatch):
    from rq.job import Job
    from rq.serializers import JSONSerializer

    def stays():
        queues.drain_started()
        queues.enqueue_drain()
        waiting = queues.connection().lpop(f"rq:queue:{queues.EVENTS}").decode()
        return Job.fetch(waiting, queues.connection(), serializer=JSONSerializer).args

    assert list(stays()) == [queues.DRAIN_STAYS_S]
    alone = replace(queues.config(), workers=1)
    monkeypatch.setattr(queues, "config", lambda: alone)
    assert list(stays()) == [0.0]


def test_the_longest_run_is_the_longest_of_all_revisions():
    project = rows.make_project()
    function = rows.deploy(rows.make_function(project, "hello", timeout_s=30))
    rows.make_revision(function, timeout_s=7)
    assert longest_runs({function.pk, new_id()}) == {function.pk: timedelta(seconds=30)}
