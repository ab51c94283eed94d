"""AWS's own first tutorial for the `aws` command, step by step as it is written, and the same with code in a bucket.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-awscli.html"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.contract_api.commands import aws
from tests.support.product import ACCOUNT, ECHO, zipped
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
INDEX = """exports.handler = async (event, context) => {
  console.log("handler is " + process.env._HANDLER)
  console.log("event is " + JSON.stringify(event))
  return context.logStreamName
}
"""
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def done(product: Any, *words: str) -> str:
    """What a command prints; it must not fail."""
    ended = aws(product, *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_the_tutorial_as_it_is_written(product, tmp_path):
    package, answer = tmp_path / "function.zip", tmp_path / "out"
    package.write_bytes(zipped({"index.js": INDEX}))
    named = ("--function-name", "my-function")
    role = json.loads(
        done(
            product,
            "iam",
            "create-role",
            "--role-name",
            "lambda-ex",
            "--assume-role-policy-document",
            json.dumps(TRUST),
        )
    )
    assert role["Role"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/lambda-ex"
    done(product, "iam", "attach-role-policy", "--role-name", "lambda-ex", "--policy-arn", BASIC)
    settings = ("--runtime", "nodejs22.x", "--handler", "index.handler", "--role", role["Role"]["Arn"])
    code = ("--zip-file", f"fileb://{package}")
    made = json.loads(done(product, "lambda", "create-function", *named, *code, *settings))
    assert (made["Handler"], made["Role"], made["TracingConfig"]) == (
        "index.handler",
        role["Role"]["Arn"],
        {"Mode": "PassThrough"},
    )
    done(product, "lambda", "wait", "function-active-v2", *named)
    invoke = ("lambda", "invoke", *named)  # version 2 of the command wants --cli-binary-format as well
    tail = ("--payload", '{"key": "value"}', str(answer), "--log-type", "Tail")
    log = base64.b64decode(done(product, *invoke, *tail, "--query", "LogResult", "--output", "text")).decode()
    assert "handler is index.handler" in log
    assert 'event is {"key":"value"}' in log
    assert log.startswith("START RequestId: ")
    assert "REPORT RequestId: " in log
    stream = json.loads(answer.read_text())
    events = (
        "logs",
        "get-log-events",
        "--log-group-name",
        "/aws/lambda/my-function",
        "--log-stream-name",
        stream,
    )
    wait_until_stored(product, *events)
    listed = json.loads(done(product, "lambda", "list-functions", "--max-items", "1"))
    assert len(listed["Functions"]) == 1
    found = json.loads(done(product, "lambda", "get-function", *named))
    assert found["Code"]["RepositoryType"] == "S3"
    done(product, "lambda", "delete-function", *named)
    assert "DeleteConflict" in aws(product, "iam", "delete-role", "--role-name", "lambda-ex").stderr
    done(product, "iam", "detach-role-policy", "--role-name", "lambda-ex", "--policy-arn", BASIC)
    done(product, "iam", "delete-role", "--role-name", "lambda-ex")


def wait_until_stored(product: Any, *words: str) -> None:
    """Logs come a moment after the answer."""

    def is_stored() -> bool:
        shown = aws(product, *words)
        return shown.returncode == 0 and "handler is index.handler" in shown.stdout

    wait_for("the log is stored", is_stored, 30)


def test_code_goes_through_a_bucket(product, tmp_path):
    package, answer = tmp_path / "app.zip", tmp_path / "out"
    package.write_bytes(zipped({"lambda_function.py": ECHO}))
    there = ("--endpoint-url", product.stack.gateway)
    done(product, "s3", "mb", "s3://my-code", *there)
    done(product, "s3", "cp", str(package), "s3://my-code/apps/app.zip", *there)
    code = ("--code", "S3Bucket=my-code,S3Key=apps/app.zip")
    settings = ("--runtime", "python3.13", "--handler", "lambda_function.lambda_handler")
    role = ("--role", f"arn:aws:iam::{ACCOUNT}:role/any")
    named = ("--function-name", "from-a-bucket")
    done(product, "lambda", "create-function", *named, *code, *settings, *role)
    done(product, "lambda", "wait", "function-active-v2", *named)
    done(product, "lambda", "invoke", *named, "--payload", '{"n": 1}', str(answer))
    assert json.loads(answer.read_text()) == {"n": 1}
    package.write_bytes(
        zipped({"lambda_function.py": "def lambda_handler(event, context):\n    return 'second'\n"})
    )
    done(product, "s3", "cp", str(package), "s3://my-code/apps/app.zip", *there)
    done(
        product,
        "lambda",
        "update-function-code",
        *named,
        "--s3-bucket",
        "my-code",
        "--s3-key",
        "apps/app.zip",
    )
    done(product, "lambda", "wait", "function-updated-v2", *named)
    done(product, "lambda", "invoke", *named, str(answer))
    assert json.loads(answer.read_text()) == "second"
    missing = aws(
        product, "lambda", "update-function-code", *named, "--s3-bucket", "my-code", "--s3-key", "none"
    )
    assert "S3 Error Code: NoSuchKey" in missing.stderr
    done(product, "s3", "rb", "--force", "s3://my-code", *there)
    done(product, "lambda", "delete-function", *named)
