"""SQS for an unmodified SDK and the `aws` command, and functions that are called for what lies in a queue."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.contract_api.commands import aws
from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}"


@pytest.fixture(scope="module")
def sqs(product):
    return product.client(service="sqs")


def make(sqs, name, **attributes):
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def bodies(sqs, url, **more):
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **more).get("Messages", [])
    return [one["Body"] for one in found]


def test_a_message_goes_through_a_queue(sqs):
    url = make(sqs, "orders")
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="héllo",  # the SDK compares both digests
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "new"}},
    )
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])[
        "Messages"
    ]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "héllo")
    assert message["MessageAttributes"]["kind"]["StringValue"] == "new"
    held = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**held, VisibilityTimeout=0)
    assert bodies(sqs, url) == ["héllo"]
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(10)]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10
    sqs.purge_queue(QueueUrl=url)
    assert refused(sqs.purge_queue, QueueUrl=url)[0].endswith("PurgeQueueInProgress")
    assert bodies(sqs, url) == []
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="orders")
    assert refused(sqs.get_queue_url, QueueName="orders")[:2] == (
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
    )
    assert refused(sqs.add_permission, QueueUrl=url, Label="x", AWSAccountIds=["1"], Actions=["*"])[1] == 501


def test_who_waits_is_answered_when_a_message_comes(product, sqs):
    url = make(sqs, "waited-for")
    timer = threading.Timer(
        1, lambda: product.client(service="sqs").send_message(QueueUrl=url, MessageBody="x")
    )
    timer.start()
    began = time.monotonic()
    assert bodies(sqs, url, WaitTimeSeconds=20) == ["x"]
    assert time.monotonic() - began < 20  # not at the end of the wait
    assert bodies(sqs, url, WaitTimeSeconds=1) == []
    timer.join()


def test_groups_keep_their_order(sqs):
    url = make(sqs, "line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for body in ("1", "2", "2"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    sqs.send_message(QueueUrl=url, MessageBody="3", MessageGroupId="h")
    [first] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert first["Body"] == "1"
    assert bodies(sqs, url) == ["3"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(sqs, url) == ["2"]


def test_the_command(product):
    def typed(*words):
        # Version 1 of the command sends SQS to AWS whatever AWS_ENDPOINT_URL says; only this turns it.
        done = aws(product, "sqs", *words, "--endpoint-url", product.stack.gateway)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    url = typed("create-queue", "--queue-name", "typed")["QueueUrl"]
    typed("send-message", "--queue-url", url, "--message-body", "x")
    found = typed("receive-message", "--queue-url", url)["Messages"]
    assert [one["Body"] for one in found] == ["x"]
    typed("delete-queue", "--queue-url", url)


WORKER = """
def lambda_handler(event, context):
    bad = [one['messageId'] for one in event['Records'] if one['body'] == 'poison']
    good = [one['body'] for one in event['Records'] if one['body'] != 'poison']
    print('worked on', good, 'of', len(event['Records']))
    return {'batchItemFailures': [{'itemIdentifier': one} for one in bad]}
"""


def count(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


def worked_on(product, function):
    rows = product.rows(
        "select l.text from functions_invocationlog l join functions_invocation i on i.id = l.invocation_id "
        "where i.function_name = ? and i.\"trigger\" = 'queue'",
        function,
    )
    return "\n".join(row["text"] for row in rows)


def test_a_function_works_off_a_queue_and_poison_ends_as_a_dead_letter(product, sqs):
    product.create("worker", WORKER)
    client = product.client()
    dead = make(sqs, "work-dead")
    policy = json.dumps({"deadLetterTargetArn": f"{ARN}:work-dead", "maxReceiveCount": 2})
    url = make(sqs, "work", RedrivePolicy=policy)
    made = client.create_event_source_mapping(
        FunctionName="worker",
        EventSourceArn=f"{ARN}:work",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    bodies_sent = [*(f"m{number:02}" for number in range(30)), "poison"]
    for start in range(0, len(bodies_sent), 10):
        entries = [{"Id": body, "MessageBody": body} for body in bodies_sent[start : start + 10]]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    wait_for("the queue is empty", lambda: count(sqs, url) == 0, 60)
    assert count(sqs, dead) == 1
    wait_for("all are logged", lambda: all(f"m{n:02}" in worked_on(product, "worker") for n in range(30)), 30)
    found = client.get_event_source_mapping(UUID=made["UUID"])
    assert found["State"] == "Enabled"
    assert found["LastProcessingResult"]
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    time.sleep(1.5)  # a tick of the scheduler
    assert count(sqs, url) == 1
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    wait_for("it is worked off", lambda: count(sqs, url) == 0, 30)
    client.delete_event_source_mapping(UUID=made["UUID"])
    gone = refused(client.get_event_source_mapping, UUID=made["UUID"])
    assert gone[:2] == ("ResourceNotFoundException", 404)


SLOW = """
import time
def lambda_handler(event, context):
    time.sleep(2)
    print('slow with', [one['body'] for one in event['Records']])
"""


def workers(product):
    """The process ids of this installation's workers."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (directory / "cmdline").read_bytes().split(b"\0")
            around = (directory / "environ").read_bytes()
            if b"worker" in words and f"FUNCTORY_HOME={product.stack.home}\0".encode() in around:
                found.append(int(directory.name))
    return found


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(product, sqs):
    product.create("slow", SLOW)
    url = make(sqs, "killed", VisibilityTimeout="10")
    made = product.client().create_event_source_mapping(
        FunctionName="slow", EventSourceArn=f"{ARN}:killed", BatchSize=2
    )
    entries = [{"Id": f"k{number}", "MessageBody": f"k{number}"} for number in range(10)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    names = ["ApproximateNumberOfMessagesNotVisible"]
    wait_for(
        "some are under way",
        lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]] != "0",
        30,
    )
    killed = workers(product)
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)
    wait_for("all are worked off", lambda: count(sqs, url) == 0, 90)
    wait_for("all are logged", lambda: all(f"'k{n}'" in worked_on(product, "slow") for n in range(10)), 30)
    product.client().delete_event_source_mapping(UUID=made["UUID"])
