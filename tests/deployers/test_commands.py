"""Other deployers, unmodified: cargo-lambda with a ready binary, `sam remote invoke`, and AWS's own tutorial of the
`aws` command (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-awscli.html)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.contract_api.commands import aws
from tests.deployers.programs import done, run
from tests.deployers.workshop import builder_image, installed
from tests.support.product import ACCOUNT, zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
HERE = Path(__file__).parent
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
ADDING = """def lambda_handler(event, context):
    print('adding', len(event['amounts']))
    return {'total': sum(event['amounts'])}
"""
# The tutorial's own: it logs its environment and the event, and answers with the name of its log stream.
TUTORIAL = """export const handler = async (event, context) => {
  console.log("ENVIRONMENT VARIABLES\\n" + JSON.stringify(process.env, null, 2));
  console.log("EVENT\\n" + JSON.stringify(event, null, 2));
  return context.logStreamName;
};
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
EXECUTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


# cargo-lambda


@pytest.fixture(scope="module")
def cargo_lambda() -> Path:
    return installed("cargo-lambda") / "site" / "bin" / "cargo-lambda"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A package of Rust's, as the command wants one, and a binary that is compiled already."""
    folder = tmp_path_factory.mktemp("cargo")
    (folder / "src").mkdir()
    (folder / "src" / "main.rs").write_text("fn main() {}\n")
    (folder / "Cargo.toml").write_text('[package]\nname = "ready"\nversion = "0.1.0"\nedition = "2021"\n')
    compiler = ["gcc", "-static", "-O1", "-D_GNU_SOURCE", "-Wall", "-Werror", "-o", "/out/bootstrap"]
    mounts = ["-v", f"{HERE / 'guests' / 'bootstrap.c'}:/bootstrap.c:ro", "-v", f"{folder}:/out"]
    image = builder_image("python3.13")
    subprocess.run(
        ["docker", "run", "--rm", *mounts, image, *compiler, "/bootstrap.c"], check=True, timeout=120
    )
    return folder


def toolchain() -> dict[str, str]:
    """Where a cargo of rustup's finds itself, whatever home the command is given."""
    home = Path.home() / ".rustup"
    return {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(home))} if home.is_dir() else {}


def told(printed: str) -> dict:
    """The command's JSON, which comes after what it says of its progress."""
    return json.loads(printed[printed.index("{") :])


@pytest.mark.skipif(
    shutil.which("cargo") is None, reason="cargo-lambda deploys packages of cargo, which is not here"
)
def test_cargo_lambda_deploys_and_invokes_a_ready_binary(product, cargo_lambda, project) -> None:
    settings = ["--memory", "256", "--timeout", "20", "--env-var", "GREETING=hi", "--tag", "team=rust"]
    command = [cargo_lambda, "lambda", "deploy", "--output-format", "json"]
    deploy = [*command, "--binary-path", project / "bootstrap"]
    first = told(done(product, [*deploy, *settings, "ready"], folder=project, more=toolchain()))
    assert (first["function_arn"], first["version"]) == (f"{ARN}:ready", "1")
    product.client().get_waiter("function_active_v2").wait(FunctionName="ready", WaiterConfig={"Delay": 1})
    shown = product.client().get_function(FunctionName="ready")
    kept = shown["Configuration"]
    assert (kept["MemorySize"], kept["Timeout"], kept["Runtime"]) == (256, 20, "provided.al2023")
    assert kept["Environment"]["Variables"]["GREETING"] == "hi"
    assert shown["Tags"] == {"team": "rust"}
    invoke = [cargo_lambda, "lambda", "invoke", "--remote", "ready", "--data-ascii", '{"n": 1}']
    assert json.loads(done(product, invoke, folder=project)) == {"echo": {"n": 1}}
    open_to_all = [*deploy, "--enable-function-url", "ready"]
    second = told(done(product, open_to_all, folder=project, more=toolchain()))
    answer = httpx.post(second["function_url"], json={"n": 2}, timeout=30)
    assert json.loads(answer.json()["echo"]["body"]) == {"n": 2}
    refused = run(product, [*invoke, "--alias", "nowhere"], folder=project)
    assert refused.returncode != 0
    assert "ResourceNotFoundException" in refused.stderr


# sam


def test_sam_invokes_what_is_deployed(product, tmp_path) -> None:
    product.create("adds", ADDING)
    sam = [sys.executable, "-m", "samcli", "remote", "invoke", f"{ARN}:adds", "--event"]
    more = {"PYTHONPATH": str(installed("sam") / "site"), "SAM_CLI_TELEMETRY": "0"}
    answer = run(product, [*sam, '{"amounts": [3, 4]}'], folder=tmp_path, more=more)
    assert json.loads(answer.stdout) == {"total": 7}, answer.stderr
    assert "adding 2" in answer.stderr
    whole = run(product, [*sam, '{"amounts": [1]}', "--output", "json"], folder=tmp_path, more=more)
    shown = json.loads(whole.stdout)
    assert (shown["StatusCode"], shown["ExecutedVersion"], shown["Payload"]) == (
        200,
        "$LATEST",
        '{"total": 1}',
    )
    failed = run(product, [*sam, "{}"], folder=tmp_path, more=more)
    assert "KeyError" in failed.stdout + failed.stderr
    unknown = run(product, [*sam[:-2], f"{ARN}:nobody", "--event", "{}"], folder=tmp_path, more=more)
    assert unknown.returncode != 0
    assert "ResourceNotFound" in unknown.stderr or "not found" in unknown.stderr


# The aws command


def answered(product, *words: str) -> dict:
    finished = aws(product, *words)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout or "{}")


def test_the_tutorial_of_the_aws_command(product, tmp_path) -> None:
    role = ("--role-name", "lambda-ex")
    made = answered(product, "iam", "create-role", *role, "--assume-role-policy-document", json.dumps(TRUST))
    answered(product, "iam", "attach-role-policy", *role, "--policy-arn", EXECUTION)
    package, out = tmp_path / "function.zip", tmp_path / "out"
    package.write_bytes(zipped({"index.mjs": TUTORIAL}))
    named = ("--function-name", "my-function")
    settings = ("--runtime", "nodejs22.x", "--handler", "index.handler", "--role", made["Role"]["Arn"])
    answered(product, "lambda", "create-function", *named, "--zip-file", f"fileb://{package}", *settings)
    answered(product, "lambda", "wait", "function-active", *named)
    answer = answered(product, "lambda", "invoke", *named, str(out), "--log-type", "Tail")
    assert answer["ExecutedVersion"] == "$LATEST"
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "REPORT RequestId" in log
    answered(product, "lambda", "invoke", *named, "--payload", '{"key": "value"}', str(out))
    stream = json.loads(out.read_text())
    group = ("--log-group-name", "/aws/lambda/my-function", "--log-stream-name", stream)
    events = answered(product, "logs", "get-log-events", *group, "--limit", "50")["events"]
    assert any('"key": "value"' in event["message"] for event in events)
    first = answered(product, "lambda", "list-functions", "--max-items", "1")
    assert len(first["Functions"]) == 1
    assert answered(product, "lambda", "get-function", *named)["Configuration"]["Role"] == made["Role"]["Arn"]
    answered(product, "lambda", "delete-function", *named)
    answered(product, "iam", "detach-role-policy", *role, "--policy-arn", EXECUTION)
    answered(product, "iam", "delete-role", *role)
    gone = aws(product, "lambda", "get-function", *named)
    assert "ResourceNotFoundException" in gone.stderr
