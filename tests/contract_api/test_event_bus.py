"""EventBridge for an unmodified SDK and the `aws` command: events reach functions by rule, and rules fire by time."""

from __future__ import annotations

import json

import pytest

from tests.contract_api.commands import aws
from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:told"
PATTERN = json.dumps({"source": ["shop"]})
CODE = "def lambda_handler(event, context):\n    print('told', event['detail-type'], event['id'])\n"


@pytest.fixture(scope="module")
def events(product):
    product.create("told", CODE)
    return product.client(service="events")


def logged(product, words: str):
    logs = product.client(service="logs")
    found = logs.filter_log_events(logGroupName="/aws/lambda/told", filterPattern=f'"{words}"')["events"]
    return found and found[0]


def test_an_event_reaches_a_function(product, events):
    events.put_rule(Name="orders", EventPattern=PATTERN)
    answer = events.put_targets(Rule="orders", Targets=[{"Id": "t", "Arn": ARN}])
    assert answer["FailedEntryCount"] == 0
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    put = events.put_events(Entries=[entry, {**entry, "Source": "other"}])
    assert put["FailedEntryCount"] == 0
    first, second = (one["EventId"] for one in put["Entries"])
    wait_for("the function was told", lambda: logged(product, f"told Order {first}"), 60)
    assert not logged(product, second)
    (row,) = product.rows('select "trigger" from functions_invocation where function_name = ?', "told")
    assert row["trigger"] == "event_rule"
    assert refused(events.delete_rule, Name="orders")[:2] == ("ValidationException", 400)
    events.remove_targets(Rule="orders", Ids=["t"])
    events.delete_rule(Name="orders")
    assert refused(events.describe_rule, Name="orders")[:2] == ("ResourceNotFoundException", 400)
    wrong = refused(events.put_rule, Name="x", EventPattern="{")
    assert wrong[:2] == ("InvalidEventPatternException", 400)
    assert refused(events.list_archives)[:2] == ("NotImplementedException", 501)


def test_a_rule_fires_by_time(product, events):
    made = events.put_rule(Name="ticks", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="ticks", Targets=[{"Id": "t", "Arn": ARN}])
    assert made.endswith(":rule/ticks")
    wait_for("the rule has fired", lambda: logged(product, "told Scheduled Event"), 120)
    events.remove_targets(Rule="ticks", Ids=["t"])
    events.delete_rule(Name="ticks")


def test_the_command(product, events):
    done = aws(product, "events", "put-rule", "--name", "typed", "--event-pattern", PATTERN)
    assert done.returncode == 0, done.stderr
    listed = json.loads(aws(product, "events", "list-rules").stdout)
    assert [rule["Name"] for rule in listed["Rules"]] == ["typed"]
    assert aws(product, "events", "delete-rule", "--name", "typed").returncode == 0
