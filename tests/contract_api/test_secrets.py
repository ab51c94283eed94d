"""A secret made on the console, as a function that was made by a program has it."""

from __future__ import annotations

import re

import pytest

from tests.contract_api.refusals import refused
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

REFERENCE = "postgres://app:{{resolve:secretsmanager:shop/db}}@db"
CODE = """import os


def lambda_handler(event, context):
    return os.environ["DATABASE"]
"""


def test_a_function_has_its_secret_and_the_next_one_without_a_deploy(product):
    environment = {"Variables": {"DATABASE": REFERENCE}}
    with pytest.raises(product.client().exceptions.InvalidParameterValueException, match="no secret shop/db"):
        product.create("keeper", CODE, Environment=environment)
    product.post("settings/secrets", name="shop/db", value="first-value")
    product.create("keeper", CODE, Environment=environment, Publish=True)
    assert product.call("keeper")["payload"] == "postgres://app:first-value@db"
    shown = product.client().get_function_configuration(FunctionName="keeper")
    assert shown["Environment"]["Variables"] == {"DATABASE": REFERENCE}

    page = next(path for path in _links(product) if "/settings/secrets/" in path)
    product.post(page.split("/", 3)[3], value="second-value")
    wait_for(
        "the new value is there",
        lambda: product.call("keeper")["payload"] == "postgres://app:second-value@db",
        10,
    )
    assert product.call("keeper", Qualifier="1")["payload"] == "postgres://app:second-value@db"
    refusal = product.post(page.split("/", 3)[3] + "/delete", typed_name="shop/db")
    assert "keeper would fail without it" in refusal.text


def test_a_reference_that_is_none_is_refused(product):
    made = {"Variables": {"DATABASE": "{{resolve:ssm:name}}"}}
    client = product.client()
    product.create("plain", CODE)
    code, status, words = refused(
        client.update_function_configuration, FunctionName="plain", Environment=made
    )
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert "is not a reference to a secret" in words


def _links(product) -> list[str]:
    return re.findall(r'href="([^"]+)"', product.page("settings/secrets").text)


def test_an_sdk_keeps_and_reads_secrets(product):
    manager = product.client(service="secretsmanager")
    made = manager.create_secret(Name="api/token", SecretString="tok-1")
    assert manager.get_secret_value(SecretId=made["ARN"])["SecretString"] == "tok-1"
    manager.put_secret_value(SecretId="api/token", SecretString="tok-2")
    assert manager.get_secret_value(SecretId="api/token")["SecretString"] == "tok-2"
    assert "api/token" in [each["Name"] for each in manager.list_secrets()["SecretList"]]
    with pytest.raises(manager.exceptions.ResourceNotFoundException):
        manager.get_secret_value(SecretId="api/none")
    with pytest.raises(manager.exceptions.ResourceExistsException):
        manager.create_secret(Name="api/token", SecretString="again")
    manager.delete_secret(SecretId="api/token", ForceDeleteWithoutRecovery=True)
    with pytest.raises(manager.exceptions.ResourceNotFoundException):
        manager.describe_secret(SecretId="api/token")
