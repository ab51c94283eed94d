"""What a program sees while a function is made and changed: states that last long enough to be seen."""

from __future__ import annotations

import pytest

from tests.contract_api.refusals import refused
from tests.support.product import ECHO, ROLE, zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
FAST = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture(scope="module")
def client(product):
    return product.client()


def test_creating_and_changing_are_seen(client):
    made = client.create_function(
        FunctionName="seen",
        Runtime="python3.13",
        Handler="lambda_function.lambda_handler",
        Role=ROLE,
        Code={"ZipFile": zipped({"lambda_function.py": ECHO})},
    )
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert client.get_function_configuration(FunctionName="seen")["State"] == "Pending"
    early = refused(client.update_function_configuration, FunctionName="seen", Timeout=9)
    assert early[0] == "ResourceConflictException"
    assert early[2].endswith("The function is currently in the following state: Pending")
    client.get_waiter("function_active_v2").wait(FunctionName="seen", WaiterConfig=FAST)
    updating = client.update_function_configuration(FunctionName="seen", Timeout=9)
    assert (updating["State"], updating["LastUpdateStatus"]) == ("Active", "InProgress")
    assert client.get_function(FunctionName="seen")["Configuration"]["LastUpdateStatus"] == "InProgress"
    busy = refused(client.update_function_configuration, FunctionName="seen", Timeout=10)
    assert busy == (
        "ResourceConflictException",
        409,
        "The operation cannot be performed at this time. An update is in progress for resource: "
        + made["FunctionArn"],
    )
    assert refused(client.publish_version, FunctionName="seen")[0] == "ResourceConflictException"
    client.get_waiter("function_updated_v2").wait(FunctionName="seen", WaiterConfig=FAST)
    assert client.get_function_configuration(FunctionName="seen")["LastUpdateStatus"] == "Successful"
    assert client.publish_version(FunctionName="seen")["Version"] == "1"
