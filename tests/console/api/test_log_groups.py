"""Groups and streams of CloudWatch Logs: made, listed, kept as long as they say, deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from functions.installation import config
from functions.log_streams import stream_of
from functions.models import AuditEntry, Function, InvocationLog, LogEvent, LogGroup, LogStream
from functions.services.log_events import expire_events
from tests.console.api.logs import GROUP, OWN, YESTERDAY, call, messages, ms
from tests.console.api.neighbours import neighbour_of, refused
from tests.support import rows
from tests.support.seed import Seed

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


def test_groups_and_streams_are_made_once(logs, seed, own) -> None:
    again = refused(lambda: logs("CreateLogGroup", **OWN))
    assert (again.status, again.code) == (400, "ResourceAlreadyExistsException")
    assert refused(lambda: logs("CreateLogStream", **own)).code == "ResourceAlreadyExistsException"
    logs("CreateLogGroup", logGroupName=GROUP)  # nothing was logged yet: deployers make it beforehand
    assert (
        refused(lambda: logs("CreateLogGroup", logGroupName=GROUP)).code == "ResourceAlreadyExistsException"
    )
    logs("DeleteLogGroup", logGroupName=GROUP)
    call(seed, timezone.now() + timedelta(seconds=1))
    assert (
        refused(lambda: logs("CreateLogGroup", logGroupName=GROUP)).code == "ResourceAlreadyExistsException"
    )
    logs("DeleteLogStream", **own)
    assert refused(lambda: logs("DeleteLogStream", **own)).code == "ResourceNotFoundException"
    logs("DeleteLogGroup", **OWN)
    assert refused(lambda: logs("DeleteLogGroup", **OWN)).code == "ResourceNotFoundException"
    actions = AuditEntry.objects.filter(action__startswith="log_").values_list("action", flat=True)
    assert {"log_group.create", "log_group.delete", "log_stream.delete"} <= set(actions)


def test_groups_come_in_pages(logs, function, project) -> None:
    for name in ("/z", "/app/b", "/app/a"):
        logs("CreateLogGroup", logGroupName=name)
    rows.make_function(project, "draft")  # never deployed: no group
    first = logs("DescribeLogGroups", limit=2)
    names = [group["logGroupName"] for group in first["logGroups"]]
    assert names == ["/app/a", "/app/b"]
    second = logs("DescribeLogGroups", limit=2, nextToken=first["nextToken"])
    assert [group["logGroupName"] for group in second["logGroups"]] == [GROUP, "/z"]
    assert "nextToken" not in second
    found = logs("DescribeLogGroups", logGroupNamePattern="lambda/h")["logGroups"]
    assert [group["logGroupName"] for group in found] == [GROUP]


def test_streams_come_in_pages_and_by_time(logs, own) -> None:
    now = ms(timezone.now())
    for name, at in (("a", now - 1000), ("b", now - 3000), ("c", None)):
        logs("CreateLogStream", **OWN, logStreamName=name)
        if at:
            logs("PutLogEvents", **OWN, logStreamName=name, logEvents=[{"timestamp": at, "message": "m"}])

    def names(**more):
        return [stream["logStreamName"] for stream in logs("DescribeLogStreams", **OWN, **more)["logStreams"]]

    assert names() == ["a", "b", "c", "s"]
    assert names(descending=True) == ["s", "c", "b", "a"]
    assert names(orderBy="LastEventTime", descending=True)[:2] == ["a", "b"]
    assert names(logStreamNamePrefix="b") == ["b"]
    first = logs("DescribeLogStreams", **OWN, limit=3)
    assert names(limit=3, nextToken=first["nextToken"]) == ["s"]


def test_a_group_is_kept_as_long_as_it_says(logs, seed, own) -> None:
    now = timezone.now()
    call(seed, now - timedelta(days=4), "old\n")
    call(seed, now - timedelta(hours=1), "new\n")
    logs("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=3)
    (group,) = logs("DescribeLogGroups", logGroupNamePrefix=GROUP)["logGroups"]
    assert group["retentionInDays"] == 3
    assert messages(logs("FilterLogEvents", logGroupName=GROUP)) == ["new"]
    assert expire_events(days=30) == 1
    assert InvocationLog.objects.count() == 1
    logs("DeleteRetentionPolicy", logGroupName=GROUP)
    (group,) = logs("DescribeLogGroups", logGroupNamePrefix=GROUP)["logGroups"]
    assert "retentionInDays" not in group
    logs("PutLogEvents", **own, logEvents=[{"timestamp": ms(now), "message": "m"}])
    assert expire_events(days=30) == 0
    LogEvent.objects.update(put_at=now - timedelta(days=31))
    assert expire_events(days=30) == 1


def test_a_deleted_group_is_empty_and_fills_again(logs, seed) -> None:
    call(seed, timezone.now() - timedelta(minutes=1), "before\n")
    logs("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=3)
    logs("DeleteLogGroup", logGroupName=GROUP)
    assert logs("DescribeLogGroups")["logGroups"] == []
    assert refused(lambda: logs("FilterLogEvents", logGroupName=GROUP)).code == "ResourceNotFoundException"
    assert expire_events(days=30) == 1
    assert not InvocationLog.objects.exists()
    call(seed, timezone.now(), "after\n")
    assert messages(logs("FilterLogEvents", logGroupName=GROUP)) == ["after"]
    (group,) = logs("DescribeLogGroups")["logGroups"]
    assert "retentionInDays" not in group
    logs("DeleteLogGroup", logGroupName=GROUP)
    logs("CreateLogGroup", logGroupName=GROUP)
    assert logs("FilterLogEvents", logGroupName=GROUP)["events"] == []
    assert logs("DescribeLogStreams", logGroupName=GROUP)["logStreams"] == []


def test_a_functions_stream_goes_with_its_group_only(logs, seed) -> None:
    call(seed, YESTERDAY, sandbox_id="a")
    one = {"logGroupName": GROUP, "logStreamName": stream_of(YESTERDAY, "1", "a")}
    assert refused(lambda: logs("DeleteLogStream", **one)).code == "InvalidParameterException"


def test_a_deleted_functions_logs_stay_while_there_are_any(logs, seed, project) -> None:
    Function.objects.update(deleted_at=timezone.now())
    assert refused(lambda: logs("FilterLogEvents", logGroupName=GROUP)).code == "ResourceNotFoundException"
    call(seed, YESTERDAY, "old\n")
    assert messages(logs("FilterLogEvents", logGroupName=GROUP)) == ["old"]
    again = rows.deploy(rows.make_function(project, "hello"))
    call(Seed(project_id=project.pk, function_id=again.pk), YESTERDAY + timedelta(hours=1), "new\n")
    assert messages(logs("FilterLogEvents", logGroupName=GROUP)) == ["old", "new"]


def test_groups_are_their_projects(logs, own, principal, seed) -> None:
    call(seed, YESTERDAY)
    other = rows.make_project("Other")
    far = neighbour_of(replace(principal, project_id=str(other.pk), account=other.account), "logs")
    for name in (GROUP, OWN["logGroupName"]):
        gone = refused(lambda name=name: far("FilterLogEvents", logGroupName=name))
        assert gone.code == "ResourceNotFoundException"
    assert far("DescribeLogGroups")["logGroups"] == []
    far("CreateLogGroup", **OWN)
    assert LogGroup.objects.filter(region=config().region).count() == 2
    assert LogStream.objects.count() == 1
