"""CloudWatch Logs for an unmodified SDK and for `aws logs tail`, against the whole product."""

from __future__ import annotations

import json
import shutil
import subprocess
import time

import pytest

from tests.contract_api.commands import OWN, aws, environment
from tests.contract_api.refusals import refused
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

GROUP = "/aws/lambda/logging"
CODE = """
def lambda_handler(event, context):
    print("said", event["word"])
    return context.log_stream_name
"""
# Version 2 of the command has `logs tail`; it is no Python package, and so not in the development environment.
SECOND = next((path for path in ("/usr/bin/aws", "/usr/local/bin/aws") if shutil.which(path)), "")


def has_tail() -> bool:
    if not SECOND or SECOND == OWN:
        return False
    said = subprocess.run([SECOND, "--version"], capture_output=True, text=True, check=False).stdout
    return said.startswith("aws-cli/2")


@pytest.fixture(scope="module")
def logs(product):
    return product.client(service="logs")


@pytest.fixture(scope="module")
def say(product):
    product.create("logging", CODE)

    def call(word: str) -> str:
        answer = product.call("logging", {"word": word})
        product.record(answer["id"])
        return answer["payload"]

    return call


def texts(answer) -> list[str]:
    return [event["message"].strip() for event in answer["events"]]


def test_what_a_function_said(logs, say):
    stream = say("hello")
    found = logs.filter_log_events(logGroupName=GROUP, filterPattern='"said hello"')["events"]
    assert [event["message"] for event in found] == ["said hello\n"]
    assert found[0]["logStreamName"] == stream
    whole = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)
    assert texts(whole)[0].startswith("START RequestId: ")
    assert texts(whole)[-1].startswith("REPORT RequestId: ")
    names = [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=GROUP)["logStreams"]]
    assert stream in names
    say("again")
    after = logs.get_log_events(
        logGroupName=GROUP, logStreamName=stream, nextToken=whole["nextForwardToken"], startFromHead=True
    )
    assert "said again" in texts(after)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 3}
    )
    ids = [event["eventId"] for page in pages for event in page["events"]]
    assert len(ids) == len(set(ids)) >= 8


def test_a_programs_own_groups(logs):
    own = {"logGroupName": "/app/own"}
    logs.create_log_group(**own, tags={"team": "a"})
    assert refused(logs.create_log_group, **own)[:2] == ("ResourceAlreadyExistsException", 400)
    stream = {**own, "logStreamName": "s"}
    logs.create_log_stream(**stream)
    assert refused(logs.create_log_stream, **stream)[:2] == ("ResourceAlreadyExistsException", 400)
    now = int(time.time() * 1000)
    logs.put_log_events(**stream, logEvents=[{"timestamp": now, "message": "mine"}])
    assert texts(logs.get_log_events(**stream)) == ["mine"]
    logs.put_retention_policy(**own, retentionInDays=7)
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/app/")["logGroups"]
    assert group["retentionInDays"] == 7
    wrong = refused(logs.put_retention_policy, **own, retentionInDays=8)
    assert wrong[:2] == ("InvalidParameterException", 400)
    logs.delete_retention_policy(**own)
    logs.delete_log_stream(**stream)
    logs.delete_log_group(**own)
    assert refused(logs.delete_log_group, **own)[:2] == ("ResourceNotFoundException", 400)
    assert refused(logs.describe_queries)[:2] == ("NotImplementedException", 501)


def test_a_viewer_reads(product, logs, say):
    looks = product.client("viewer", service="logs")
    assert looks.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    denied = refused(looks.create_log_group, logGroupName="/x")
    assert denied[:2] == ("AccessDeniedException", 400)


def test_the_command(product, say):
    say("typed")
    done = aws(product, "logs", "filter-log-events", "--log-group-name", GROUP, "--filter-pattern", "typed")
    assert done.returncode == 0, done.stderr
    assert [event["message"] for event in json.loads(done.stdout)["events"]] == ["said typed\n"]
    gone = aws(product, "logs", "get-log-events", "--log-group-name", "/x", "--log-stream-name", "s")
    assert "ResourceNotFoundException" in gone.stderr


@pytest.mark.skipif(not has_tail(), reason="needs version 2 of the aws command")
def test_aws_logs_tail(product, say):
    environ = {**environment(product), "PYTHONUNBUFFERED": "1"}
    address = ("--endpoint-url", product.stack.gateway)  # older ones do not read AWS_ENDPOINT_URL
    say("first")
    command = [SECOND, *address, "logs", "tail", GROUP, "--since", "10m"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "said first" in done.stdout
    following = subprocess.Popen([*command, "--follow"], env=environ, stdout=subprocess.PIPE, text=True)
    assert following.stdout is not None
    shown: list[str] = []
    try:
        while "said first" not in "".join(shown):
            shown.append(following.stdout.readline())
        say("second")
        wait_for("what was said later is shown", lambda: _read_on(following, shown), 60)
    finally:
        following.terminate()  # an interrupt is ignored below a shell that runs things in the background
        rest, _ = following.communicate(timeout=30)
    whole = "".join(shown) + rest
    assert whole.count("said first") == whole.count("said second") == 1


def _read_on(following, shown: list[str]) -> bool:
    shown.append(following.stdout.readline())
    return "said second" in shown[-1]
