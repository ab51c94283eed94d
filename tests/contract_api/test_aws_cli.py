"""The `aws` command as a person types it."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.contract_api.commands import aws
from tests.support.product import ECHO, ROLE, zipped

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
