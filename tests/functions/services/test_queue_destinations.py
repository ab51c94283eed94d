"""Queues as destinations: told in the transaction that ends the event, once, and only where the role may."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.errors import InvalidParameterValue
from functions.models import Event, EventInvokeConfig, IamRole, QueueMessage, Revision
from functions.services import event_configs, events, message_queues
from functions.services.records import store
from functions.states import Outcome
from tests.support.telemetry import attempt_record, make_event


@pytest.fixture
def now():
    return datetime.now(UTC) + timedelta(seconds=1)


@pytest.fixture
def queue(developer, project):
    return message_queues.create_queue(acting=developer, project=project, name="ends")


def put(developer, function, **values):
    event_configs.put_event_config(acting=developer, function=function, qualifier="live", **values)


def run(function, now, outcome=Outcome.SUCCESS, **more):
    event = make_event(project_id=str(function.project_id), function_id=str(function.pk))
    events.store_accepted([event])
    events.claim_due(
        limit=10,
        owner="w",
        now=now,
        lost_before=datetime(2000, 1, 1, tzinfo=UTC),
        timeouts=lambda ids: dict.fromkeys(ids, timedelta(seconds=3)),
    )
    record = attempt_record(event, 1, outcome, function_id=event.function_id, **more)
    store([record])
    store([record])
    return event


def told():
    return [
        json.loads(body) for body in QueueMessage.objects.order_by("number").values_list("body", flat=True)
    ]


def test_a_queue_hears_of_success_and_failure_once(developer, function, queue, now):
    put(developer, function, retries=0, on_success=queue.arn, on_failure=queue.arn)
    good = run(function, now, returned='{"ok": true}')
    bad = run(function, now, Outcome.FUNCTION_ERROR)
    first, second = told()
    assert first["requestContext"]["requestId"] == good.event_id
    assert (first["requestContext"]["condition"], first["responsePayload"]) == ("Success", {"ok": True})
    assert second["requestContext"]["requestId"] == bad.event_id
    assert second["requestContext"]["condition"] == "RetriesExhausted"
    assert set(QueueMessage.objects.values_list("queue_id", flat=True)) == {queue.pk}
    assert Event.objects.count() == 2


def test_a_queue_that_is_gone_or_too_small_loses_its_message_and_no_more(developer, function, queue, now):
    put(developer, function, on_success=queue.arn)
    queue.largest_bytes = 10
    queue.save()
    run(function, now)
    message_queues.delete_queue(acting=developer, queue=queue)
    event = run(function, now)
    assert told() == []
    assert Event.objects.get(pk=event.event_id).state == "succeeded"


def test_only_standard_queues_of_the_project_can_be_told(developer, project, function, queue):
    line = message_queues.create_queue(
        acting=developer, project=project, name="line.fifo", attributes={"FifoQueue": "true"}
    )
    wrong = (queue.arn + "x", queue.arn.replace(project.account, "999999999999"), line.arn)
    for arn in wrong:
        with pytest.raises(InvalidParameterValue, match="is invalid"):
            put(developer, function, on_success=arn)
    assert not EventInvokeConfig.objects.exists()


def test_a_queue_is_told_only_where_the_role_may(developer, project, function, queue, now):
    role = IamRole.objects.create(project=project, name="clerk", trust="{}")
    Revision.objects.filter(pk=function.latest_id).update(role=role.arn)
    function.refresh_from_db()
    with pytest.raises(InvalidParameterValue, match="does not have permissions to call SendMessage"):
        put(developer, function, on_success=queue.arn)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue.arn}
    policy = role.policies.create(name="p", document=json.dumps({"Statement": [statement]}))
    put(developer, function, on_success=queue.arn)
    run(function, now)
    policy.delete()
    run(function, now)
    assert len(told()) == 1
