"""SQS for an unmodified SDK and the `aws` command, and functions that are called for what lies in a queue."""

from __future__ import annotations

import json
import threading
import time

import pytest

from tests.contract_api.commands import aws
from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT

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
