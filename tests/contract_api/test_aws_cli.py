"""The `aws` command as a person types it."""

from __future__ import annotations

import json
import subprocess

import httpx
import pytest

from tests.contract_api.commands import aws
from tests.support.product import ECHO, ROLE, zipped
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def run(product, *words: str, key: tuple[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return aws(product, "lambda", *words, key=key)


def test_create_wait_invoke_delete(product, tmp_path):
    package, response = tmp_path / "code.zip", tmp_path / "response.json"
    package.write_bytes(zipped({"lambda_function.py": ECHO}))
    settings = ("--runtime", "python3.13", "--handler", "lambda_function.lambda_handler", "--role", ROLE)
    made = run(
        product, "create-function", "--function-name", "typed", *settings, "--zip-file", f"fileb://{package}"
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["State"] in {"Pending", "Active"}
    assert run(product, "wait", "function-active-v2", "--function-name", "typed").returncode == 0
    called = run(product, "invoke", "--function-name", "typed", "--payload", '{"n": 4}', str(response))
    assert called.returncode == 0, called.stderr
    assert json.loads(response.read_text()) == {"n": 4}
    refused = run(product, "invoke", "--function-name", "typed", str(response), key=product.keys["viewer"])
    assert refused.returncode != 0
    assert "AccessDeniedException" in refused.stderr
    assert run(product, "delete-function", "--function-name", "typed").returncode == 0
    gone = run(product, "get-function", "--function-name", "typed")
    assert "ResourceNotFoundException" in gone.stderr


def answered(product, *words: str) -> dict:
    done = run(product, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "{}")


def test_a_url_for_everybody_as_the_console_prints_it(product):
    product.create("open", ECHO)
    target = ("--function-name", "open")
    made = answered(product, "create-function-url-config", *target, "--auth-type", "NONE")
    assert httpx.get(made["FunctionUrl"], timeout=30).status_code == 403
    statement = ("--statement-id", "FunctionURLAllowPublicAccess", "--action", "lambda:InvokeFunctionUrl")
    answered(
        product, "add-permission", *target, *statement, "--principal", "*", "--function-url-auth-type", "NONE"
    )
    wait_for("it is open", lambda: httpx.get(made["FunctionUrl"], timeout=30).status_code == 200, 10)
    policy = json.loads(answered(product, "get-policy", *target)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["FunctionURLAllowPublicAccess"]
    answered(product, "remove-permission", *target, *statement[:2])
    wait_for("it is closed", lambda: httpx.get(made["FunctionUrl"], timeout=30).status_code == 403, 10)
    again = run(product, "get-policy", *target)
    assert "ResourceNotFoundException" in again.stderr


def test_events_loops_layers_and_runtimes(product, tmp_path):
    product.create("settled", ECHO)
    target = ("--function-name", "settled")
    put = answered(product, "put-function-event-invoke-config", *target, "--maximum-retry-attempts", "0")
    assert put["MaximumRetryAttempts"] == 0
    listed = answered(product, "list-function-event-invoke-configs", *target)
    assert len(listed["FunctionEventInvokeConfigs"]) == 1
    answered(product, "delete-function-event-invoke-config", *target)
    allowed = answered(product, "put-function-recursion-config", *target, "--recursive-loop", "Allow")
    assert allowed == {"RecursiveLoop": "Allow"}
    runtime = answered(product, "get-runtime-management-config", *target)
    assert runtime["UpdateRuntimeOn"] == "Auto"
    package = tmp_path / "layer.zip"
    package.write_bytes(zipped({"python/words.py": "WORD = 1"}))
    content = ("--layer-name", "typed", "--zip-file", f"fileb://{package}")
    layer = answered(product, "publish-layer-version", *content)
    by_arn = answered(product, "get-layer-version-by-arn", "--arn", layer["LayerVersionArn"])
    assert by_arn["Version"] == layer["Version"] == 1
    answered(product, "delete-layer-version", "--layer-name", "typed", "--version-number", "1")
    refused = run(product, "list-capacity-providers")
    assert "InvalidParameterValueException" in refused.stderr
    assert "is not supported by Functory" in refused.stderr
