"""SQS in its older query protocol: requests as SDKs of before November 2023 wrote them, and the XML that they read."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.test import Client

from functions.installation import relay_key
from functions.models import MessageQueue
from functions.states import Role
from functions.tokens import sign_principal
from tests.support import rows

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
XML = "{http://queue.amazonaws.com/doc/2012-11-05/}"
Ask = Callable[..., ElementTree.Element]


def asker(principal, path: str = "/") -> Ask:
    """A function that posts a form, and gives the root of the XML that comes back."""

    def ask(action: str, status: int = 200, /, **fields: object) -> ElementTree.Element:
        body = urlencode({"Action": action, "Version": "2012-11-05", **fields})
        answer = Client().post(
            path,
            body,
            content_type="application/x-www-form-urlencoded; charset=utf-8",
            headers={"x-functory-principal": sign_principal(relay_key(), principal)},
        )
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "text/xml"
        root = ElementTree.fromstring(answer.content)
        assert root.tag == f"{XML}{action}Response" if status == 200 else f"{XML}ErrorResponse"
        return root

    return ask


def texts(root: ElementTree.Element, path: str) -> list[str]:
    """Texts at a path; `a/b` without namespaces."""
    return [found.text or "" for found in root.findall("/".join(f"{XML}{step}" for step in path.split("/")))]


def pairs(root: ElementTree.Element, path: str) -> dict[str, str]:
    return dict(zip(texts(root, f"{path}/Name"), texts(root, f"{path}/Value"), strict=True))


@pytest.fixture
def ask(principal) -> Ask:
    return asker(principal)


@pytest.fixture
def url(ask) -> str:
    fields = {
        "Attribute.1.Name": "VisibilityTimeout",
        "Attribute.1.Value": "40",
        "Tag.1.Key": "a",
        "Tag.1.Value": "b",
    }
    [found] = texts(ask("CreateQueue", QueueName="orders", **fields), "CreateQueueResult/QueueUrl")
    return found


def test_a_queue_has_its_attributes_and_tags(ask, url) -> None:
    asked = {"QueueUrl": url, "AttributeName.1": "VisibilityTimeout", "AttributeName.2": "QueueArn"}
    shown = pairs(ask("GetQueueAttributes", **asked), "GetQueueAttributesResult/Attribute")
    assert shown == {"VisibilityTimeout": "40", "QueueArn": MessageQueue.objects.get().arn}
    tags = ask("ListQueueTags", QueueUrl=url)
    assert texts(tags, "ListQueueTagsResult/Tag/Key") == ["a"]
    assert texts(tags, "ListQueueTagsResult/Tag/Value") == ["b"]
    ask("TagQueue", **{"QueueUrl": url, "Tag.1.Key": "c", "Tag.1.Value": "d"})
    ask("UntagQueue", **{"QueueUrl": url, "TagKey.1": "a"})
    assert MessageQueue.objects.get().tags == {"c": "d"}
    assert texts(ask("ListQueues", QueueNamePrefix="or"), "ListQueuesResult/QueueUrl") == [url]


def test_a_message_goes_out_and_comes_in(ask, url) -> None:
    blob = base64.b64encode(b"\x00\xff").decode()
    attributes = {
        "MessageAttribute.1.Name": "kind",
        "MessageAttribute.1.Value.StringValue": "new",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.2.Name": "raw",
        "MessageAttribute.2.Value.BinaryValue": blob,
        "MessageAttribute.2.Value.DataType": "Binary",
    }
    sent = ask("SendMessage", QueueUrl=url, MessageBody="a < b & ü", DelaySeconds=0, **attributes)
    asked = {"AttributeName.1": "All", "MessageAttributeName.1": "All", "MaxNumberOfMessages": 10}
    got = ask("ReceiveMessage", QueueUrl=url, **asked)
    message = "ReceiveMessageResult/Message"
    assert texts(got, f"{message}/Body") == ["a < b & ü"]
    assert texts(got, f"{message}/MessageId") == texts(sent, "SendMessageResult/MessageId")
    assert texts(got, f"{message}/MD5OfBody") == texts(sent, "SendMessageResult/MD5OfMessageBody")
    assert texts(got, f"{message}/MD5OfMessageAttributes") == texts(
        sent, "SendMessageResult/MD5OfMessageAttributes"
    )
    assert pairs(got, f"{message}/Attribute")["ApproximateReceiveCount"] == "1"
    assert sorted(texts(got, f"{message}/MessageAttribute/Name")) == ["kind", "raw"]
    assert texts(got, f"{message}/MessageAttribute/Value/StringValue") == ["new"]
    assert texts(got, f"{message}/MessageAttribute/Value/BinaryValue") == [blob]
    [handle] = texts(got, f"{message}/ReceiptHandle")
    ask("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    ask("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    assert texts(ask("ReceiveMessage", QueueUrl=url), message) == []


def test_batches_tell_of_each_entry(ask, url) -> None:
    entry = "SendMessageBatchRequestEntry"
    sent = ask(
        "SendMessageBatch",
        **{
            "QueueUrl": url,
            f"{entry}.1.Id": "good",
            f"{entry}.1.MessageBody": "x",
            f"{entry}.2.Id": "bad",
            f"{entry}.2.MessageBody": "y",
            f"{entry}.2.DelaySeconds": 901,
        },
    )
    assert texts(sent, "SendMessageBatchResult/SendMessageBatchResultEntry/Id") == ["good"]
    assert texts(sent, "SendMessageBatchResult/BatchResultErrorEntry/Id") == ["bad"]
    assert texts(sent, "SendMessageBatchResult/BatchResultErrorEntry/SenderFault") == ["true"]
    [handle] = texts(ask("ReceiveMessage", QueueUrl=url), "ReceiveMessageResult/Message/ReceiptHandle")
    entry = "DeleteMessageBatchRequestEntry"
    gone = ask(
        "DeleteMessageBatch", **{"QueueUrl": url, f"{entry}.1.Id": "1", f"{entry}.1.ReceiptHandle": handle}
    )
    assert texts(gone, "DeleteMessageBatchResult/DeleteMessageBatchResultEntry/Id") == ["1"]


def test_the_address_says_the_queue_when_nothing_else_does(ask, url, principal, project) -> None:
    there = asker(principal, f"/{project.account}/orders")
    there("SendMessage", MessageBody="x")
    assert texts(there("ReceiveMessage"), "ReceiveMessageResult/Message/Body") == ["x"]


@pytest.mark.parametrize(
    ("action", "fields", "code"),
    [
        ("GetQueueUrl", {"QueueName": "none"}, "AWS.SimpleQueueService.NonExistentQueue"),
        ("SendMessageBatch", {"QueueUrl": "URL"}, "InvalidParameterValue"),
        ("SendMessage", {"QueueUrl": "URL", "MessageBody": ""}, "MissingParameter"),
        (
            "SendMessage",
            {"QueueUrl": "URL", "MessageBody": "x", "DelaySeconds": "901"},
            "InvalidParameterValue",
        ),
        ("SendMessage", {"QueueUrl": "URL", "MessageBody": "x", "DelaySeconds": "soon"}, "MalformedInput"),
        ("DeleteMessage", {"QueueUrl": "URL", "ReceiptHandle": "x"}, "ReceiptHandleIsInvalid"),
        ("Nothing", {}, "InvalidAction"),
    ],
)
def test_refusals_have_the_codes_of_that_protocol(ask, url, action, fields, code) -> None:
    given = {name: url if value == "URL" else value for name, value in fields.items()}
    root = ask(action, 400, **given)
    found = [one.text for one in root.iter() if one.tag.endswith("Code")]
    assert found == [code]


def test_a_viewer_sends_nothing(ask, url, project) -> None:
    viewer = asker(rows.principal_of(project, rows.make_user(project, "vera", Role.VIEWER), Role.VIEWER))
    root = viewer("SendMessage", 403, QueueUrl=url, MessageBody="x")
    assert [one.text for one in root.iter() if one.tag.endswith("Code")] == ["AccessDenied"]
