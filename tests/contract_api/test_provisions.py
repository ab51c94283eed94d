"""Provisioned concurrency as an unmodified SDK asks for it and sandboxes answer."""

from __future__ import annotations

import base64

import pytest

from tests.contract_api.refusals import refused
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
CODE = """import time
time.sleep(0.2)
def lambda_handler(event, context):
    return 'ready'
"""
ONE = {"FunctionName": "provisioned", "Qualifier": "prod"}


@pytest.fixture(scope="module")
def client(product):
    return product.client()


def test_calls_find_sandboxes_that_were_started_before(product, client):
    product.create("provisioned", CODE, Publish=True)
    client.create_alias(FunctionName="provisioned", Name="prod", FunctionVersion="1")
    made = client.put_provisioned_concurrency_config(**ONE, ProvisionedConcurrentExecutions=2)
    assert made["Status"] == "IN_PROGRESS"

    def status() -> str:
        return str(client.get_provisioned_concurrency_config(**ONE)["Status"])

    wait_for("two sandboxes are ready", lambda: status() == "READY", 60)
    answer = client.invoke(**ONE, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert answer["Payload"].read() == b'"ready"'
    assert "REPORT" in log
    assert "Init Duration" not in log
    [listed] = client.list_provisioned_concurrency_configs(FunctionName="provisioned")[
        "ProvisionedConcurrencyConfigs"
    ]
    assert listed["FunctionArn"].endswith(":function:provisioned:prod")
    viewer = product.client("viewer")
    denied = refused(viewer.put_provisioned_concurrency_config, **ONE, ProvisionedConcurrentExecutions=1)
    assert denied[:2] == ("AccessDeniedException", 403)
    latest = refused(
        client.put_provisioned_concurrency_config,
        **{**ONE, "Qualifier": "$LATEST"},
        ProvisionedConcurrentExecutions=1,
    )
    assert latest[:2] == ("InvalidParameterValueException", 400)
    client.delete_provisioned_concurrency_config(**ONE)
    gone = refused(client.get_provisioned_concurrency_config, **ONE)
    assert gone[:2] == ("ProvisionedConcurrencyConfigNotFoundException", 404)
    client.delete_function(FunctionName="provisioned")
