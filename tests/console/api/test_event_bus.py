"""EventBridge as an SDK sees it: rules by pattern and by time, their targets, and events that reach functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from functions import lineage
from functions.models import AuditEntry, Event, EventRule, EventTarget, Function, Schedule
from functions.services import event_rules, triggers
from functions.services.firings import due_firings
from functions.snapshots import Principal
from functions.states import Role, TriggerKind
from tests.console.api.neighbours import neighbour_of, refused
from tests.support import rows

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=False),
    pytest.mark.urls("console.api.urls"),
]
ORDERS = json.dumps({"source": ["shop"], "detail": {"state": [{"prefix": "pa"}]}})


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """No Redis here: that a worker was woken is enough."""
    told: list[bool] = []
    monkeypatch.setattr("functions.services.event_bus.enqueue_drain", lambda: told.append(True))
    return told


@pytest.fixture
def events(principal):
    return neighbour_of(principal, "events")


@pytest.fixture
def arn(function):
    return function.arn


def rule(events, name="orders", **more):
    given = more or {"EventPattern": ORDERS}
    return events("PutRule", Name=name, **given)["RuleArn"]


def tell(events, arn, name="orders", target="t", **more):
    answer = events("PutTargets", Rule=name, Targets=[{"Id": target, "Arn": arn, **more}])
    assert answer == {"FailedEntryCount": 0, "FailedEntries": []}


def put(events, state="paid", **more):
    entry = {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"state": state}), **more}
    return events("PutEvents", Entries=[entry])


def test_an_event_reaches_the_functions_that_rules_tell(
    events, arn, function, woken, django_capture_on_commit_callbacks
) -> None:
    made = rule(events)
    tell(events, f"{arn}:live")
    tell(events, arn, target="second", InputPath="$.detail.state")
    with django_capture_on_commit_callbacks(using="telemetry", execute=True):
        answer = put(events, Time=datetime(2026, 1, 31, 12, tzinfo=UTC), Resources=["arn:a"])
    assert answer["FailedEntryCount"] == 0
    stored = {event.qualifier: event for event in Event.objects.all()}
    assert {event.function_id for event in stored.values()} == {function.pk}
    assert {event.trigger for event in stored.values()} == {TriggerKind.EVENT_RULE}
    assert {event.trigger_id for event in stored.values()} == {str(EventRule.objects.get().pk)}
    assert json.loads(stored[""].payload) == "paid"
    whole = json.loads(stored["live"].payload)
    assert whole.pop("id") == answer["Entries"][0]["EventId"]
    assert whole == {
        "version": "0",
        "detail-type": "Order",
        "source": "shop",
        "account": function.project.account,
        "time": "2026-01-31T12:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:a"],
        "detail": {"state": "paid"},
    }
    assert made == f"arn:aws:events:us-east-1:{function.project.account}:rule/orders"
    assert woken == [True]


def test_what_no_rule_means_reaches_nobody(events, arn) -> None:
    rule(events)
    tell(events, arn)
    assert put(events, "open")["FailedEntryCount"] == 0
    assert put(events, Source="other")["FailedEntryCount"] == 0
    events("DisableRule", Name="orders")
    put(events)
    assert not Event.objects.exists()
    events("EnableRule", Name="orders")
    put(events)
    Function.objects.update(deleted_at=timezone.now())
    put(events)
    assert Event.objects.count() == 1


def test_entries_are_judged_one_by_one(events, arn) -> None:
    rule(events)
    tell(events, arn)
    good = {"Source": "shop", "DetailType": "Order", "Detail": '{"state": "paid"}'}
    wrong = [
        ({"DetailType": "x", "Detail": "{}"}, "InvalidArgument"),
        ({**good, "Detail": "[]"}, "MalformedDetail"),
        ({**good, "Detail": "{"}, "MalformedDetail"),
        ({**good, "Source": "aws.s3"}, "NotAuthorizedForSourceException"),
        ({**good, "EventBusName": "other"}, "ResourceNotFoundException"),
    ]
    answer = events(
        "PutEvents", Entries=[good, *(entry for entry, _ in wrong), {**good, "EventBusName": "default"}]
    )
    assert answer["FailedEntryCount"] == len(wrong)
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, *(code for _, code in wrong), None]
    assert Event.objects.count() == 2
    large = refused(lambda: put(events, "pa" + "x" * 1_100_000))
    assert (large.status, large.code) == (400, "ValidationException")
    assert refused(lambda: events("PutEvents", Entries=[])).code == "ValidationException"


def test_a_rule_with_a_time_is_a_schedule_of_its_function(events, arn, function) -> None:
    made = rule(events, ScheduleExpression="rate(5 minutes)")
    tell(events, f"{arn}:live")
    schedule = Schedule.objects.get()
    assert (schedule.name, schedule.expression, schedule.qualifier) == ("orders", "rate(5 minutes)", "live")
    later = timezone.now() + timedelta(minutes=6)
    (firing,) = due_firings(now=later)
    event = json.loads(firing.event.payload)
    assert (event["source"], event["resources"]) == ("aws.events", [made])
    tell(events, arn, Input='{"a": 1}')
    (firing,) = due_firings(now=later)
    assert (firing.event.payload, firing.event.qualifier) == ('{"a": 1}', "")
    tell(events, arn, InputTransformer={"InputPathsMap": {"t": "$.source"}, "InputTemplate": '["<t>"]'})
    assert due_firings(now=later)[0].event.payload == '["aws.events"]'
    rule(events, ScheduleExpression="cron(0 9 * * ? *)", State="DISABLED")
    schedule.refresh_from_db()
    assert (schedule.expression, schedule.enabled, schedule.due_at) == ("cron(0 9 * * ? *)", False, None)
    events("EnableRule", Name="orders")
    schedule.refresh_from_db()
    assert schedule.due_at is not None
    rule(events)  # by pattern now
    assert not Schedule.objects.exists()
    rule(events, ScheduleExpression="rate(1 minute)")
    assert Schedule.objects.count() == 1
    events("RemoveTargets", Rule="orders", Ids=["t"])
    assert not Schedule.objects.exists()


def test_two_targets_of_one_function_have_two_schedules(events, arn) -> None:
    rule(events, ScheduleExpression="rate(5 minutes)")
    tell(events, arn)
    tell(events, arn, target="u")
    assert set(Schedule.objects.values_list("name", flat=True)) == {"orders", "orders-u"}


def test_who_removes_the_schedule_removes_the_target(events, arn, principal) -> None:
    rule(events, ScheduleExpression="rate(5 minutes)")
    tell(events, arn)
    triggers.delete_schedule(acting=principal, schedule=Schedule.objects.get())
    assert events("ListTargetsByRule", Rule="orders")["Targets"] == []


def test_a_target_moves_to_another_function(events, arn, project) -> None:
    rule(events, ScheduleExpression="rate(5 minutes)")
    tell(events, arn)
    other = rows.deploy(rows.make_function(project, "other"))
    tell(events, other.arn)
    assert Schedule.objects.get().function_id == other.pk
    assert EventTarget.objects.count() == 1


def test_rules_are_read_listed_and_removed(events, arn) -> None:
    for name in ("b", "a", "orders"):
        rule(events, name, EventPattern=ORDERS, Description="d")
    tell(events, arn)
    shown = events("DescribeRule", Name="orders")
    assert (shown["EventPattern"], shown["State"], shown["EventBusName"]) == (ORDERS, "ENABLED", "default")
    first = events("ListRules", Limit=2)
    assert [one["Name"] for one in first["Rules"]] == ["a", "b"]
    assert [one["Name"] for one in events("ListRules", NextToken=first["NextToken"])["Rules"]] == ["orders"]
    assert [one["Name"] for one in events("ListRules", NamePrefix="o")["Rules"]] == ["orders"]
    assert events("ListTargetsByRule", Rule="orders")["Targets"] == [{"Id": "t", "Arn": arn}]
    assert events("ListRuleNamesByTarget", TargetArn=arn)["RuleNames"] == ["orders"]
    held = refused(lambda: events("DeleteRule", Name="orders"))
    assert (held.status, held.code) == (400, "ValidationException")
    assert events("RemoveTargets", Rule="orders", Ids=["t", "u"])["FailedEntryCount"] == 1
    events("DeleteRule", Name="orders")
    events("DeleteRule", Name="orders")
    gone = refused(lambda: events("DescribeRule", Name="orders"))
    assert (gone.status, gone.code) == (400, "ResourceNotFoundException")
    assert gone.message == "Rule orders does not exist on EventBus default."
    actions = set(AuditEntry.objects.filter(target_kind="eventrule").values_list("action", flat=True))
    assert {"rule.put", "rule.target", "rule.untarget", "rule.delete"} <= actions


def test_what_no_rule_can_be(events, function, monkeypatch) -> None:
    def make(**more):
        return refused(lambda: events("PutRule", Name="x", **more))

    assert make().code == "ValidationException"
    assert make(EventPattern="{").code == "InvalidEventPatternException"
    assert make(EventPattern='{"a": [{"like": "b"}]}').code == "InvalidEventPatternException"
    for expression in ("every day", "at(2030-01-01T00:00:00)", "rate(0 minutes)"):
        assert make(ScheduleExpression=expression).code == "ValidationException"
    assert make(EventPattern=ORDERS, EventBusName="other").code == "NotImplementedException"
    managed = make(EventPattern=ORDERS, State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    assert managed.code == "NotImplementedException"
    monkeypatch.setattr(event_rules, "MOST_RULES", 0)
    assert make(EventPattern=ORDERS).code == "LimitExceededException"
    assert not EventRule.objects.exists()


def test_what_no_target_can_be(events, arn, monkeypatch) -> None:
    rule(events)

    def why(**target):
        answer = events("PutTargets", Rule="orders", Targets=[{"Id": "t", "Arn": arn, **target}])
        assert answer["FailedEntryCount"] == 1
        return answer["FailedEntries"][0]["ErrorCode"]

    assert why(Arn="arn:aws:sqs:us-east-1:000000000001:queue") == "NotImplementedException"
    assert why(Arn=f"{arn}2") == "ResourceNotFoundException"
    assert why(Arn=f"{arn}:nope") == "ResourceNotFoundException"
    assert why(RetryPolicy={"MaximumRetryAttempts": 1}) == "NotImplementedException"
    broken = refused(lambda: tell(events, arn, Input="{"))
    assert (broken.status, broken.code) == (400, "ValidationException")
    assert refused(lambda: tell(events, arn, name="none")).code == "ResourceNotFoundException"
    monkeypatch.setattr(event_rules, "MOST_TARGETS", 0)
    assert refused(lambda: tell(events, arn)).code == "LimitExceededException"
    assert not EventTarget.objects.exists()


def test_a_pattern_can_be_tried(events) -> None:
    event = json.dumps({"source": "shop", "detail": {"state": "paid"}})
    assert events("TestEventPattern", EventPattern=ORDERS, Event=event) == {"Result": True}
    assert events("TestEventPattern", EventPattern=ORDERS, Event="{}") == {"Result": False}
    broken = refused(lambda: events("TestEventPattern", EventPattern=ORDERS, Event="{"))
    assert broken.code == "ValidationException"


def test_a_loop_through_rules_ends(events, arn, function) -> None:
    rule(events)
    tell(events, arn)
    trace = "Root=1-2-3"
    for _ in range(lineage.MOST_CALLS):
        trace, _ = lineage.extended(trace, str(function.pk))
    put(events, TraceHeader=trace)
    assert not Event.objects.exists()
    put(events, TraceHeader="Root=1-2-3")
    assert Event.objects.get().trace_id.startswith("Root=1-2-3;Lineage=1:")


def test_a_viewer_and_a_role_without_policies_may_not(events, arn, viewer, principal) -> None:
    rule(events)
    looks = neighbour_of(viewer, "events")
    assert looks("ListRules")["Rules"]
    inside = Principal("role", "f", "clerk/hello", principal.project_id, principal.account, Role.DEVELOPER)
    for acting in (looks, neighbour_of(inside, "events")):
        denied = refused(lambda acting=acting: put(acting))
        assert (denied.status, denied.code) == (400, "AccessDeniedException")
    for change in (
        lambda: rule(looks),
        lambda: tell(looks, arn),
        lambda: looks("RemoveTargets", Rule="orders", Ids=["t"]),
        lambda: looks("DeleteRule", Name="orders"),
        lambda: looks("DisableRule", Name="orders"),
    ):
        assert refused(change).code == "AccessDeniedException"
