"""SQS as an SDK sees it: queues with their attributes, and messages on their way through them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.models import AuditEntry, MessageQueue, QueueMessage
from functions.services import queue_messages
from functions.states import Role
from tests.console.api.neighbours import neighbour_of, refused
from tests.support import rows

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=False),
    pytest.mark.urls("console.api.urls"),
]


@pytest.fixture
def sqs(principal):
    return neighbour_of(principal, "sqs")


@pytest.fixture
def url(sqs):
    return make(sqs)


def make(sqs, name="orders", **attributes):
    return sqs("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]


def receive(sqs, url, **more):
    return sqs("ReceiveMessage", QueueUrl=url, **more).get("Messages", [])


def later(seconds):
    """Time goes by for what lies in queues."""
    for row in QueueMessage.objects.all():
        row.visible_at -= timedelta(seconds=seconds)
        row.save()


def code_of(call):
    return refused(call).code


def test_a_queue_is_made_found_listed_and_removed(sqs, project, url) -> None:
    assert url.endswith(f"/{project.account}/orders")
    assert make(sqs) == url
    assert sqs("GetQueueUrl", QueueName="orders")["QueueUrl"] == url
    assert sqs("ListQueues", QueueNamePrefix="or")["QueueUrls"] == [url]
    assert sqs("ListQueues", QueueNamePrefix="x") == {}
    found = sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["QueueArn"] == f"arn:aws:sqs:us-east-1:{project.account}:orders"
    assert (found["VisibilityTimeout"], found["MaximumMessageSize"]) == ("30", "1048576")
    assert "FifoQueue" not in found
    assert sqs("GetQueueAttributes", QueueUrl=url) == {}
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    one = sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert one["Attributes"] == {"VisibilityTimeout": "5"}
    sqs("TagQueue", QueueUrl=url, Tags={"a": "1", "b": "2"})
    sqs("UntagQueue", QueueUrl=url, TagKeys=["a"])
    assert sqs("ListQueueTags", QueueUrl=url)["Tags"] == {"b": "2"}
    sqs("DeleteQueue", QueueUrl=url)
    assert code_of(lambda: sqs("GetQueueUrl", QueueName="orders")) == (
        "AWS.SimpleQueueService.NonExistentQueue"
    )
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["queue.create", "queue.update", "queue.tag", "queue.tag", "queue.delete"]


def test_queues_are_listed_by_pages(sqs) -> None:
    urls = [make(sqs, f"q{number}") for number in range(3)]
    first = sqs("ListQueues", MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    assert sqs("ListQueues", MaxResults=2, NextToken=first["NextToken"])["QueueUrls"] == urls[2:]


def test_what_a_queue_cannot_have_is_refused(sqs, url) -> None:
    def set_to(**attributes):
        return code_of(lambda: sqs("SetQueueAttributes", QueueUrl=url, Attributes=attributes))

    assert set_to(VisibilityTimeout="43201") == "InvalidAttributeValue"
    assert set_to(VisibilityTimeout="x") == "InvalidAttributeValue"
    assert set_to(Colour="red") == "InvalidAttributeName"
    assert set_to(ContentBasedDeduplication="true") == "InvalidAttributeName"
    assert set_to(FifoQueue="true") == "InvalidAttributeValue"
    assert set_to(KmsMasterKeyId="k") == "AWS.SimpleQueueService.UnsupportedOperation"
    assert set_to(RedrivePolicy="{") == "InvalidAttributeValue"
    assert set_to(RedrivePolicy='{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:x"}') == (
        "InvalidAttributeValue"
    )
    gone = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000001:x", "maxReceiveCount": 2}
    assert set_to(RedrivePolicy=json.dumps(gone)) == "InvalidParameterValue"
    for policy in (
        '{"redrivePermission": "some"}',
        '{"sourceQueueArns": 1}',
        '{"sourceQueueArns": [1]}',
        "[]",
    ):
        assert set_to(RedriveAllowPolicy=policy) == "InvalidAttributeValue"
    for size in (0, -1, 1001):
        assert code_of(lambda: sqs("ListQueues", MaxResults=size)) == "InvalidParameterValue"  # noqa: B023
    assert code_of(lambda: sqs("PurgeQueue", QueueUrl="http://[")) == "InvalidAddress"
    assert code_of(lambda: make(sqs, "a b")) == "InvalidParameterValue"
    assert code_of(lambda: make(sqs, "a.fifo")) == "InvalidParameterValue"
    assert code_of(lambda: make(sqs, "a", FifoQueue="true")) == "InvalidParameterValue"
    assert code_of(lambda: make(sqs, VisibilityTimeout="7")) == "QueueAlreadyExists"
    assert code_of(lambda: sqs("PurgeQueue", QueueUrl="orders")) == "InvalidAddress"
    assert code_of(
        lambda: sqs("AddPermission", QueueUrl=url, Label="x", AWSAccountIds=["1"], Actions=["*"])
    ) == ("NotImplementedException")


def test_a_message_is_sent_received_and_deleted(sqs, url) -> None:
    attributes = {
        "kind": {"DataType": "String", "StringValue": "new"},
        "raw": {"DataType": "Binary.png", "BinaryValue": b"\x00\x01"},
    }
    sent = sqs("SendMessage", QueueUrl=url, MessageBody="héllo", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5("héllo".encode()).hexdigest()
    [message] = receive(
        sqs, url, AttributeNames=["All"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "héllo")
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert int(message["Attributes"]["SentTimestamp"]) <= datetime.now(UTC).timestamp() * 1000
    assert receive(sqs, url) == []
    later(31)
    [again] = receive(sqs, url, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert "MessageAttributes" not in again
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # not the latest: nothing
    assert QueueMessage.objects.count() == 1
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert QueueMessage.objects.count() == 0
    assert code_of(lambda: sqs("DeleteMessage", QueueUrl=url, ReceiptHandle="x")) == "ReceiptHandleIsInvalid"


def test_messages_that_are_none_are_refused(sqs, url) -> None:
    def send(**message):
        return code_of(lambda: sqs("SendMessage", QueueUrl=url, **message))

    assert send(MessageBody="") == "MissingParameter"
    assert send() == "InvalidParameterValue"
    assert send(MessageBody="a\x01") == "InvalidMessageContents"
    assert send(MessageBody="a" * 1_048_577) == "InvalidParameterValue"
    assert send(MessageBody="a", DelaySeconds=901) == "InvalidParameterValue"
    assert send(MessageBody="a", MessageDeduplicationId="x") == "InvalidParameterValue"
    wrong = {"x": {"DataType": "Colour", "StringValue": "red"}}
    assert send(MessageBody="a", MessageAttributes=wrong) == "InvalidParameterValue"
    assert send(MessageBody="a", MessageAttributes={"x": {"DataType": "String"}}) == "InvalidParameterValue"
    assert code_of(lambda: receive(sqs, url, MaxNumberOfMessages=11)) == "InvalidParameterValue"
    assert code_of(lambda: receive(sqs, url, WaitTimeSeconds=21)) == "InvalidParameterValue"


def test_delay_and_visibility(sqs, url) -> None:
    sqs("SendMessage", QueueUrl=url, MessageBody="late", DelaySeconds=60)
    assert receive(sqs, url) == []
    later(61)
    [message] = receive(sqs, url)
    held = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs("ChangeMessageVisibility", **held, VisibilityTimeout=600)
    later(100)
    assert receive(sqs, url) == []
    names = ["ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessages"]
    counts = sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=names)["Attributes"]
    assert counts == {names[0]: "1", names[1]: "0"}
    sqs("ChangeMessageVisibility", **held, VisibilityTimeout=0)
    wrong = code_of(lambda: sqs("ChangeMessageVisibility", **held, VisibilityTimeout=5))
    assert wrong == "AWS.SimpleQueueService.MessageNotInflight"
    assert len(receive(sqs, url)) == 1
    stale = code_of(lambda: sqs("ChangeMessageVisibility", **held, VisibilityTimeout=5))
    assert stale == "InvalidParameterValue"


def test_batches_are_judged_entry_by_entry(sqs, url) -> None:
    entries = [{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2", "DelaySeconds": 901}]
    answer = sqs("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["a"]
    assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [("b", "InvalidParameterValue")]
    sqs("SendMessageBatch", QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(10)])
    found = receive(sqs, url, MaxNumberOfMessages=10)
    assert len(found) == 10
    handles = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(found)]
    hidden = [{**one, "VisibilityTimeout": 100} for one in handles[:2]]
    assert len(sqs("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=hidden)["Successful"]) == 2
    wrong = [*handles[1:], {"Id": "w", "ReceiptHandle": "w"}]
    answer = sqs("DeleteMessageBatch", QueueUrl=url, Entries=wrong)
    assert len(answer["Successful"]) == 9
    assert answer["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert QueueMessage.objects.count() == 2

    def batch(entries):
        return code_of(lambda: sqs("SendMessageBatch", QueueUrl=url, Entries=entries)).rpartition(".")[2]

    assert batch([]) == "EmptyBatchRequest"
    assert batch([{"Id": str(n), "MessageBody": "x"} for n in range(11)]) == "TooManyEntriesInBatchRequest"
    assert batch([{"Id": "a", "MessageBody": "x"}] * 2) == "BatchEntryIdsNotDistinct"
    assert batch([{"Id": "a b", "MessageBody": "x"}]) == "InvalidBatchEntryId"
    large = [{"Id": name, "MessageBody": name * 600_000} for name in "ab"]
    assert batch(large) == "BatchRequestTooLong"


def test_what_fails_too_often_goes_to_the_dead_letter_queue(sqs, project, url) -> None:
    dead = make(sqs, "dead")
    arn = f"arn:aws:sqs:us-east-1:{project.account}:dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    assert sqs("ListDeadLetterSourceQueues", QueueUrl=dead)["queueUrls"] == [url]
    sent = sqs("SendMessage", QueueUrl=url, MessageBody="poison")
    sqs("SendMessage", QueueUrl=url, MessageBody="good")
    assert [one["Body"] for one in receive(sqs, url)] == ["poison"]
    later(1)
    QueueMessage.objects.filter(body="good").update(visible_at=datetime.now(UTC) + timedelta(hours=1))
    assert len(receive(sqs, url)) == 1
    later(1)
    assert receive(sqs, url) == []
    [found] = receive(sqs, dead, AttributeNames=["All"])
    assert found["MessageId"] == sent["MessageId"]
    assert found["Attributes"]["DeadLetterQueueSourceArn"].endswith(":orders")
    assert found["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_dead_letter_queue_may_refuse_its_sources(sqs, project) -> None:
    make(sqs, "dead", RedriveAllowPolicy='{"redrivePermission": "denyAll"}')
    make(sqs, "dead.fifo", FifoQueue="true")
    for name in ("dead", "dead.fifo", "own"):
        arn = f"arn:aws:sqs:us-east-1:{project.account}:{name}"
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
        assert code_of(lambda: make(sqs, "own", RedrivePolicy=policy)) == "InvalidParameterValue", name  # noqa: B023


def test_groups_of_a_fifo_queue_keep_their_order(sqs) -> None:
    url = make(sqs, "line.fifo", FifoQueue="true", ContentBasedDeduplication="true")

    def send(body, group="g", **more):
        return sqs("SendMessage", QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)

    first = send("1")
    assert send("1")["MessageId"] == first["MessageId"]  # the same within five minutes
    assert send("2")["SequenceNumber"] > first["SequenceNumber"]
    send("3", "h")
    [one] = receive(sqs, url)
    assert one["Body"] == "1"
    [other] = receive(sqs, url, MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"])
    assert (other["Body"], other["Attributes"]) == ("3", {"MessageGroupId": "h"})
    assert receive(sqs, url) == []
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert [two["Body"] for two in receive(sqs, url)] == ["2"]
    assert send("1")["MessageId"] == first["MessageId"]
    assert send("1", MessageDeduplicationId="other")["MessageId"] != first["MessageId"]

    def wrong(**message):
        return code_of(lambda: sqs("SendMessage", QueueUrl=url, MessageBody="x", **message))

    assert wrong() == "MissingParameter"
    assert wrong(MessageGroupId="g", DelaySeconds=1) == "InvalidParameterValue"
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"ContentBasedDeduplication": "false"})
    assert wrong(MessageGroupId="g") == "InvalidParameterValue"


def test_a_queue_is_emptied_once_a_minute(sqs, url) -> None:
    sqs("SendMessage", QueueUrl=url, MessageBody="x")
    sqs("PurgeQueue", QueueUrl=url)
    assert not QueueMessage.objects.exists()
    again = code_of(lambda: sqs("PurgeQueue", QueueUrl=url))
    assert again == "AWS.SimpleQueueService.PurgeQueueInProgress"


def test_old_messages_are_gone(sqs, url) -> None:
    sqs("SendMessage", QueueUrl=url, MessageBody="old")
    sqs("SendMessage", QueueUrl=url, MessageBody="new")
    ages_ago = datetime.now(UTC) - timedelta(days=5)
    QueueMessage.objects.filter(body="old").update(sent_at=ages_ago)
    assert queue_messages.discard_old(now=datetime.now(UTC)) == 1
    QueueMessage.objects.update(sent_at=ages_ago)
    assert receive(sqs, url) == []
    assert not QueueMessage.objects.exists()


def test_viewers_may_look_and_not_touch(viewer, sqs, url) -> None:
    looking = neighbour_of(viewer, "sqs")
    assert looking("ListQueues")["QueueUrls"] == [url]
    for name, more in {"SendMessage": {"MessageBody": "x"}, "ReceiveMessage": {}, "DeleteQueue": {}}.items():
        code = code_of(lambda: looking(name, QueueUrl=url, **more))  # noqa: B023
        assert code == "AccessDeniedException"


def test_queues_of_another_project_do_not_exist(sqs, url) -> None:
    other = rows.make_project("Other")
    user = rows.make_user(other, "otto", Role.ADMINISTRATOR)
    stranger = neighbour_of(rows.principal_of(other, user, Role.ADMINISTRATOR), "sqs")
    assert code_of(lambda: stranger("ReceiveMessage", QueueUrl=url)).endswith("NonExistentQueue")
    assert MessageQueue.objects.count() == 1
