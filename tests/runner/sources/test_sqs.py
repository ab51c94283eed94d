"""The poller: batches to functions, what succeeded deleted, what failed again later, and nothing lost by a death."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from functions import lineage, queues
from functions.models import EventSourceMapping, MessageQueue, QueueMessage
from functions.services import event_sources, message_queues, queue_messages
from functions.services.queue_messages import Sending
from functions.states import RecursiveLoop
from runner.jobs import drain
from runner.sources import desk, sqs

pytestmark = [
    pytest.mark.redis,
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=True),
]


@pytest.fixture(autouse=True)
def quiet(redis_client, monkeypatch):
    """No worker here: the test is the worker."""
    monkeypatch.setattr("functions.services.queue_messages.enqueue_drain", lambda: None)
    monkeypatch.setattr("functions.services.event_sources.enqueue_drain", lambda: None)
    return redis_client


@pytest.fixture
def make_queue(project, principal):
    def make(name="orders", **attributes):
        return message_queues.create_queue(
            acting=principal, project=project, name=name, attributes=attributes
        )

    return make


@pytest.fixture
def queue(make_queue):
    return make_queue()


@pytest.fixture
def bind(principal, function):
    def make(queue, **values):
        given = {"acting": principal, "function": function, "source_arn": queue.arn, **values}
        return event_sources.create_mapping(**given)

    return make


def send(queue, *bodies, **more):
    queue_messages.send(queue=queue, messages=[Sending(body=body, **more) for body in bodies])


def answering(*outcomes, **fields):
    """Answers of the gateway in turn, the last for ever: a record's outcome, with what the function gave back."""
    left = list(outcomes)

    def answer(asked):
        outcome = left.pop(0) if len(left) > 1 else left[0]
        response = outcome(json.loads(asked.body)) if callable(outcome) else None
        record = {
            "request_id": "r",
            "project_id": asked.headers["project"],
            "function_id": asked.headers["function"],
            "function_name": "hello",
            "outcome": "success" if callable(outcome) else outcome,
            **fields,
        }
        return 200, {**record, "response": json.dumps(response)}

    return answer


def bodies(asked):
    return [record["body"] for record in json.loads(asked.body)["Records"]]


def left():
    return list(QueueMessage.objects.order_by("number").values_list("body", "receives"))


def later(seconds=60):
    for row in QueueMessage.objects.all():
        row.visible_at -= timedelta(seconds=seconds)
        row.save()


def test_a_function_is_called_with_awss_event(gateway, queue, bind, function):
    gateway.answer = answering("success")
    mapping = bind(queue, qualifier="live")
    kind = {"kind": {"DataType": "String", "StringValue": "new"}}
    send(queue, "one", attributes=kind, trace="Root=1")
    drain.run()
    [asked] = gateway.asked
    assert asked.headers["trigger"] == "queue"
    assert (asked.headers["trigger-id"], asked.headers["qualifier"]) == (str(mapping.pk), "live")
    assert asked.headers["trace"].startswith("Root=1;Lineage=1:")
    [record] = json.loads(asked.body)["Records"]
    attributes = record.pop("attributes")
    assert attributes["ApproximateReceiveCount"] == "1"
    assert len(record.pop("receiptHandle")) == 64
    assert record.pop("messageId")
    assert len(record.pop("md5OfMessageAttributes")) == 32
    attribute = {"stringValue": "new", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    assert record == {
        "body": "one",
        "messageAttributes": {"kind": attribute},
        "md5OfBody": "f97c5d29941bfb1b2fdab0874906ab82",
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": "us-east-1",
    }
    assert left() == []
    mapping.refresh_from_db()
    assert (mapping.result, mapping.worked_at is not None) == ("OK", True)


def test_batches_are_no_larger_than_asked(gateway, queue, bind):
    gateway.answer = answering("success")
    bind(queue, batch_size=4)
    send(queue, *"abcdefghij")
    drain.run()
    assert sorted(len(bodies(asked)) for asked in gateway.asked) == [2, 4, 4]
    assert left() == []


def test_large_messages_make_small_batches(gateway, queue, bind):
    gateway.answer = answering("success")
    bind(queue)
    send(queue, *("x" * 1_000_000 for _ in range(7)))
    drain.run()
    assert sorted(len(bodies(asked)) for asked in gateway.asked) == [2, 5]


def test_what_fails_comes_again_later_and_alone(gateway, queue, bind):
    gateway.answer = answering("function_error", "success", error_message="no")
    mapping = bind(queue)
    send(queue, "a", "b")
    drain.run()
    assert left() == [("a", 1), ("b", 1)]
    mapping.refresh_from_db()
    assert mapping.result == "PROBLEM: Function call failed: no"
    drain.run()
    assert len(gateway.asked) == 1  # not at once
    later()
    drain.run()
    assert left() == []


def test_only_what_the_function_reports_comes_again(gateway, queue, bind):
    def report(event):
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}

    gateway.answer = answering(report)
    bind(queue, reports_failures=True)
    send(queue, "good", "bad", "fine")
    drain.run()
    assert left() == [("bad", 1)]


def test_a_poison_message_stops_nobody_and_ends_as_a_dead_letter(gateway, make_queue, bind):
    dead = make_queue("dead")
    policy = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2}
    queue = make_queue(RedrivePolicy=json.dumps(policy))
    bind(queue, batch_size=1)

    def answer(asked):
        return answering("function_error" if bodies(asked) == ["poison"] else "success")(asked)

    gateway.answer = answer
    send(queue, "poison", "a", "b")
    drain.run()
    assert left() == [("poison", 1)]
    for _ in range(2):
        later()
        drain.run()
    assert [bodies(asked) for asked in gateway.asked].count(["poison"]) == 2
    [message] = QueueMessage.objects.all()
    assert (message.queue_id, message.source_arn) == (dead.pk, queue.arn)


def test_filters_let_through_what_they_mean_and_delete_the_rest(gateway, queue, bind):
    gateway.answer = answering("success")
    bind(queue, filters=['{"body": {"state": ["paid"]}}', '{"body": [{"prefix": "go"}]}'])
    send(queue, '{"state": "paid"}', '{"state": "open"}', "gone", "other", "[1]")
    drain.run()
    [asked] = gateway.asked
    assert bodies(asked) == ['{"state": "paid"}', "gone"]
    assert left() == []


def test_a_window_waits_for_a_full_batch_or_its_end(gateway, queue, bind):
    gateway.answer = answering("success")
    bind(queue, batch_size=3, window_s=100)
    send(queue, "a", "b")
    drain.run()
    assert gateway.asked == []
    send(queue, "c")
    drain.run()
    assert [bodies(asked) for asked in gateway.asked] == [["a", "b", "c"]]
    send(queue, "d")
    later(101)
    drain.run()
    assert bodies(gateway.asked[-1]) == ["d"]


def test_no_more_are_under_way_than_allowed(gateway, queue, bind):
    bind(queue, batch_size=1, most_at_once=2)
    running, most, lock = [], [], threading.Lock()
    plain = answering("success")
    together = threading.Barrier(2)

    def answer(asked):
        with lock:
            running.append(asked)
            most.append(len(running))
        together.wait(30)
        with lock:
            running.remove(asked)
        return plain(asked)

    gateway.answer = answer
    send(queue, *"abcdef")
    drain.run()
    assert len(gateway.asked) == 6
    assert max(most) == 2


@pytest.mark.parametrize("refusal", [(429, {"message": "slow"}), (404, {"message": "gone"})])
def test_what_no_function_has_seen_does_not_count(gateway, queue, bind, refusal):
    gateway.answer = lambda _: refusal
    mapping = bind(queue)
    send(queue, "a")
    drain.run()
    assert left() == [("a", 0)]
    mapping.refresh_from_db()
    assert mapping.result.startswith("PROBLEM: ")
    assert refusal[1]["message"] in mapping.result


def test_a_gateway_that_breaks_off_loses_nothing(gateway, queue, bind):
    gateway.answer = lambda _: None
    bind(queue)
    send(queue, "a")
    drain.run()
    assert left() == [("a", 1)]
    gateway.answer = answering("success")
    drain.run()
    assert len(gateway.asked) == 1  # it may still run
    later()
    drain.run()
    assert left() == []


def test_a_worker_that_died_loses_nothing(gateway, queue, bind, quiet):
    gateway.answer = answering("success")
    mapping = EventSourceMapping.objects.select_related("function__project", "queue__project").get(
        pk=bind(queue).pk
    )
    send(queue, "a")
    assert desk.take(mapping, datetime.now(UTC))
    queues.hold_sources("dead", 10)
    drain.run()
    later()
    drain.run()
    assert gateway.asked == []  # the dead one still has the turn
    quiet.delete(queues.prefix() + "sources")
    drain.run()
    assert len(gateway.asked) == 1
    assert left() == []


@pytest.mark.parametrize("how", ["mapping", "function", "gone"])
def test_nobody_is_called_while_it_is_paused(gateway, queue, bind, principal, function, how):
    mapping = bind(queue)
    now = datetime.now(UTC)
    if how == "mapping":
        event_sources.update_mapping(acting=principal, mapping=mapping, enabled=False)
    else:
        setattr(function, "paused_at" if how == "function" else "deleted_at", now)
        function.save()
    send(queue, "a")
    drain.run()
    assert (gateway.asked, left()) == ([], [("a", 0)])


def test_groups_are_called_in_their_order(gateway, make_queue, bind):
    queue = make_queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    bind(queue, batch_size=1)
    order, lock = [], threading.Lock()
    plain = answering("success")

    def answer(asked):
        with lock:
            order.extend(bodies(asked))
        return plain(asked)

    gateway.answer = answer
    for group in "ab":
        send(queue, *(f"{group}{number}" for number in range(4)), group_id=group)
    drain.run()
    for group in "ab":
        assert [body for body in order if body[0] == group] == [f"{group}{number}" for number in range(4)]


def test_a_loop_ends(gateway, queue, bind, function):
    gateway.answer = answering("success")
    bind(queue)
    trace = ""
    for _ in range(lineage.MOST_CALLS):
        trace, _ = lineage.extended(trace, str(function.pk))
    send(queue, "again", trace=trace)
    drain.run()
    assert (gateway.asked, left()) == ([], [])
    function.recursive_loop = RecursiveLoop.ALLOW
    function.save()
    send(queue, "again", trace=trace)
    drain.run()
    assert len(gateway.asked) == 1


def test_events_and_queues_do_not_wait_for_each_other(gateway, queue, bind):
    """A call for a queue that is under way is met by an event's, and the other way round."""
    from functions.services import events
    from tests.support.telemetry import make_event, now_us

    together = threading.Barrier(2)
    plain = answering("success")

    def answer(asked):
        together.wait(30)
        return plain(asked)

    gateway.answer = answer
    bind(queue)
    send(queue, "a")
    events.store_accepted([make_event(accepted_us=now_us() - 1_000_000)])
    drain.run()
    assert len(gateway.requests("/_functory/invoke")) == 2


def test_a_mapping_begins_with_few_and_gains():
    mapping = EventSourceMapping(most_at_once=7, queue=MessageQueue())
    load = sqs.Load()
    assert load.room(mapping) == sqs.FIRST_AT_ONCE
    load.under_way = 3
    for _ in range(3):
        load.ended(got_through=True)
    assert load.room(mapping) == 7
    load.under_way = 1
    load.ended(got_through=False)
    assert load.room(mapping) == 4
