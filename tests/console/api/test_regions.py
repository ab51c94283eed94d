"""Where a request is signed for is where it acts: functions and what belongs to them are keyed by region."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from functions.errors import IncompleteSignature
from functions.models import Event
from functions.signing import SignedRequest, read_claim
from tests.console.api import neighbours
from tests.console.api.sdk import create, refused, sdk_of, settle, zipped

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=False),
    pytest.mark.urls("console.api.urls"),
]
FAR = "eu-west-1"


@pytest.fixture
def abroad(principal):
    """The same administrator, in another region."""
    return replace(principal, region=FAR)


@pytest.fixture
def far(abroad):
    return sdk_of(abroad)


def test_one_name_is_a_function_in_each_region(principal, sdk, far) -> None:
    create(sdk)
    assert code_of(lambda: far("GetFunction", FunctionName="hello")) == "ResourceNotFoundException"
    made = create(far, MemorySize=256)
    arn = made["FunctionArn"]
    assert arn == f"arn:aws:lambda:{FAR}:{principal.account}:function:hello"
    assert f":{FAR}::runtime:" in made["RuntimeVersionConfig"]["RuntimeVersionArn"]
    create(far, "only-there")
    assert [row["FunctionName"] for row in sdk("ListFunctions")["Functions"]] == ["hello"]
    assert [row["FunctionName"] for row in far("ListFunctions")["Functions"]] == ["hello", "only-there"]
    listed = far("ListFunctions", FunctionVersion="ALL")["Functions"]
    assert {row["FunctionArn"].split(":")[3] for row in listed} == {FAR}
    assert sdk("GetFunctionConfiguration", FunctionName="hello")["MemorySize"] == 128
    assert code_of(lambda: sdk("GetFunction", FunctionName=arn)) == "ResourceNotFoundException"
    assert code_of(lambda: sdk("ListTags", Resource=arn)) == "ResourceNotFoundException"
    assert far("ListTags", Resource=arn)["Tags"] == {}
    far("DeleteFunction", FunctionName="hello")
    assert sdk("GetFunctionConfiguration", FunctionName="hello")["MemorySize"] == 128


def test_what_belongs_to_a_function_is_where_it_is(abroad, sdk, far) -> None:
    create(far, "visited", Publish=True)
    settle(abroad, "visited")
    far("CreateAlias", FunctionName="visited", Name="prod", FunctionVersion="1")
    url = far("CreateFunctionUrlConfig", FunctionName="visited", Qualifier="prod", AuthType="AWS_IAM")
    assert f":{FAR}:" in url["FunctionArn"]
    asked = {"FunctionName": "visited", "Qualifier": "prod"}
    assert far("GetFunctionUrlConfig", **asked)["FunctionUrl"] == url["FunctionUrl"]
    assert code_of(lambda: sdk("GetFunctionUrlConfig", **asked)) == "ResourceNotFoundException"
    layer = far("PublishLayerVersion", LayerName="words", Content={"ZipFile": zipped_layer()})
    assert layer["LayerArn"].split(":")[3] == FAR
    assert sdk("ListLayers")["Layers"] == []
    assert [row["LayerName"] for row in far("ListLayers")["Layers"]] == ["words"]


def test_queues_mappings_and_logs(principal, abroad, function, sdk, far) -> None:
    create(far, "fed")
    settle(abroad, "fed")
    here_sqs, far_sqs = (neighbours.neighbour_of(who, "sqs") for who in (principal, abroad))
    for sqs in (here_sqs, far_sqs):
        sqs("CreateQueue", QueueName="orders")
    url = far_sqs("GetQueueUrl", QueueName="orders")["QueueUrl"]
    far_sqs("SendMessage", QueueUrl=url, MessageBody="there")
    assert "Messages" not in here_sqs("ReceiveMessage", QueueUrl=url)
    assert far_sqs("ReceiveMessage", QueueUrl=url)["Messages"][0]["Body"] == "there"
    arn = f"arn:aws:sqs:{FAR}:{principal.account}:orders"
    near = arn.replace(FAR, "us-east-1")
    wrong = code_of(lambda: far("CreateEventSourceMapping", FunctionName="fed", EventSourceArn=near))
    assert wrong == "InvalidParameterValueException"
    made = far("CreateEventSourceMapping", FunctionName="fed", EventSourceArn=arn)
    assert [row["UUID"] for row in far("ListEventSourceMappings")["EventSourceMappings"]] == [made["UUID"]]
    assert sdk("ListEventSourceMappings")["EventSourceMappings"] == []
    assert code_of(lambda: sdk("GetEventSourceMapping", UUID=made["UUID"])) == "ResourceNotFoundException"
    here_logs, far_logs = (neighbours.neighbour_of(who, "logs") for who in (principal, abroad))
    assert group_names(here_logs) == ["/aws/lambda/hello"]
    assert group_names(far_logs) == ["/aws/lambda/fed"]
    assert f":{FAR}:" in far_logs("DescribeLogGroups")["logGroups"][0]["arn"]


def test_rules_hear_of_their_own_region_and_tell_functions_of_it(principal, abroad, function, far) -> None:
    create(far, "told")
    settle(abroad, "told")
    here_events, far_events = (neighbours.neighbour_of(who, "events") for who in (principal, abroad))
    pattern = json.dumps({"region": [FAR]})
    made = far_events("PutRule", Name="heard", EventPattern=pattern)
    assert made["RuleArn"].split(":")[3] == FAR
    assert here_events("ListRules")["Rules"] == []
    far_arn = f"arn:aws:lambda:{FAR}:{principal.account}:function:told"
    put = far_events("PutTargets", Rule="heard", Targets=[{"Id": "1", "Arn": function.arn}])
    assert put["FailedEntryCount"] == 1
    assert (
        far_events("PutTargets", Rule="heard", Targets=[{"Id": "1", "Arn": far_arn}])["FailedEntryCount"] == 0
    )
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    here_events("PutEvents", Entries=[entry])
    assert Event.objects.count() == 0
    far_events("PutEvents", Entries=[entry])
    assert json.loads(Event.objects.get().payload)["region"] == FAR


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2", "us-gov-west-1", "eusc-de-east-1"])
def test_a_signature_names_a_region(region) -> None:
    assert read_claim(signed_for(region)).region == region


@pytest.mark.parametrize("region", ["", "local", "us-east", "US-EAST-1", "eu-west-1:x", "a" * 99])
def test_a_signature_for_no_region_is_refused(region) -> None:
    with pytest.raises(IncompleteSignature, match="valid region"):
        read_claim(signed_for(region))


def signed_for(region: str) -> SignedRequest:
    credential = f"Credential=AKIA/20260102/{region}/lambda/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0f"
    headers = {"authorization": authorization, "x-amz-date": "20260102T000000Z"}
    return SignedRequest("GET", "/", "", headers, b"")


def group_names(logs) -> list[str]:
    return [row["logGroupName"] for row in logs("DescribeLogGroups")["logGroups"]]


def code_of(call) -> str:
    return refused(call).code


def zipped_layer() -> bytes:
    return zipped("WORD = 1", "python/words.py")
