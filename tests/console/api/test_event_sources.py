"""Event source mappings as an SDK sees them."""

from __future__ import annotations

import json

import pytest

from functions.models import AuditEntry, EventSourceMapping
from functions.services import message_queues, roles
from tests.console.api.sdk import refused

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=False),
    pytest.mark.urls("console.api.urls"),
]


@pytest.fixture
def queue(project, principal):
    return message_queues.create_queue(acting=principal, project=project, name="orders")


@pytest.fixture
def made(sdk, function, queue):
    return sdk("CreateEventSourceMapping", FunctionName="hello", EventSourceArn=queue.arn)


def test_a_mapping_is_made_read_changed_and_removed(sdk, function, queue) -> None:
    made = sdk(
        "CreateEventSourceMapping",
        FunctionName=f"{function.arn}:live",
        EventSourceArn=queue.arn,
        BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
        FilterCriteria={"Filters": [{"Pattern": '{"body": ["x"]}'}]},
        Tags={"a": "1"},
    )
    assert made["State"] == "Creating"
    found = sdk("GetEventSourceMapping", UUID=made["UUID"])
    assert (found["State"], found["BatchSize"]) == ("Enabled", 5)
    assert found["FunctionArn"] == f"{function.arn}:live"
    assert found["FilterCriteria"] == {"Filters": [{"Pattern": '{"body": ["x"]}'}]}
    assert found["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["EventSourceMappingArn"].endswith(f":event-source-mapping:{made['UUID']}")
    arn = found["EventSourceMappingArn"]
    sdk("TagResource", Resource=arn, Tags={"b": "2"})
    sdk("UntagResource", Resource=arn, TagKeys=["a"])
    assert sdk("ListTags", Resource=arn)["Tags"] == {"b": "2"}
    changed = sdk(
        "UpdateEventSourceMapping",
        UUID=made["UUID"],
        Enabled=False,
        FunctionName="hello",
        FilterCriteria={},
        ScalingConfig={},
    )
    assert changed["State"] == "Updating"
    found = sdk("GetEventSourceMapping", UUID=made["UUID"])
    assert (found["State"], found["FunctionArn"]) == ("Disabled", function.arn)
    assert "FilterCriteria" not in found
    assert "ScalingConfig" not in found
    assert found["BatchSize"] == 5
    assert sdk("DeleteEventSourceMapping", UUID=made["UUID"])["State"] == "Deleting"
    assert (
        refused(lambda: sdk("GetEventSourceMapping", UUID=made["UUID"])).code == "ResourceNotFoundException"
    )
    actions = list(AuditEntry.objects.filter(action__startswith="mapping").values_list("action", flat=True))
    assert sorted(set(actions)) == ["mapping.create", "mapping.delete", "mapping.tag", "mapping.update"]


def test_mappings_are_listed_by_queue_and_by_function(sdk, made, queue) -> None:
    def listed(**more):
        return [one["UUID"] for one in sdk("ListEventSourceMappings", **more)["EventSourceMappings"]]

    assert listed() == listed(EventSourceArn=queue.arn) == listed(FunctionName="hello") == [made["UUID"]]
    assert listed(FunctionName="other") == listed(FunctionName="hello:live") == []
    assert listed(EventSourceArn=queue.arn + "x") == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"BatchSize": 11}, "must be greater than 0"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"a":[1]}'}] * 6}}, "at most 5"),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not supported"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000001:x"}}},
            "not supported",
        ),
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000001:stream/x"}, "only queues"),
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:000000000001:none"}, "NonExistentQueue"),
    ],
)
def test_what_cannot_be_is_refused(sdk, function, queue, more, words) -> None:
    given = {"FunctionName": "hello", "EventSourceArn": queue.arn, **more}
    error = refused(lambda: sdk("CreateEventSourceMapping", **given))
    assert error.code == "InvalidParameterValueException"
    assert words in error.message
    assert not EventSourceMapping.objects.exists()


def test_one_queue_calls_a_function_once(sdk, made, queue) -> None:
    error = refused(lambda: sdk("CreateEventSourceMapping", FunctionName="hello", EventSourceArn=queue.arn))
    assert error.code == "ResourceConflictException"
    assert made["UUID"] in error.message


def test_functions_and_versions_that_are_not_there_are_refused(sdk, function, queue) -> None:
    for name in ("none", "hello:none"):
        call = lambda: sdk("CreateEventSourceMapping", FunctionName=name, EventSourceArn=queue.arn)  # noqa: B023, E731
        assert refused(call).code == "ResourceNotFoundException"


def test_a_queue_must_hide_messages_for_as_long_as_the_function_runs(sdk, function, queue, principal) -> None:
    message_queues.set_attributes(acting=principal, queue=queue, attributes={"VisibilityTimeout": "1"})
    error = refused(lambda: sdk("CreateEventSourceMapping", FunctionName="hello", EventSourceArn=queue.arn))
    assert "Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds" in error.message


def test_groups_have_small_batches_and_no_window(sdk, function, project, principal) -> None:
    line = message_queues.create_queue(
        acting=principal, project=project, name="line.fifo", attributes={"FifoQueue": "true"}
    )
    given = {"FunctionName": "hello", "EventSourceArn": line.arn}
    window = refused(lambda: sdk("CreateEventSourceMapping", **given, MaximumBatchingWindowInSeconds=1))
    assert "not supported for FIFO" in window.message
    size = refused(lambda: sdk("CreateEventSourceMapping", **given, BatchSize=11))
    assert "between 1 and 10" in size.message
    assert sdk("CreateEventSourceMapping", **given)["State"] == "Creating"


def test_the_execution_role_must_allow_it(sdk, function, queue, project, principal) -> None:
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    roles.create_role(acting=principal, project=project, name="narrow", trust=json.dumps(trust))
    function.latest.role = f"arn:aws:iam::{project.account}:role/narrow"
    function.latest.save()
    error = refused(lambda: sdk("CreateEventSourceMapping", FunctionName="hello", EventSourceArn=queue.arn))
    assert "does not have permissions to call ReceiveMessage on SQS" in error.message
