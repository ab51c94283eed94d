"""All triggers of a project on one page: what calls which function, and whether it works."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from functions.models import Bucket, EventRule, EventTarget, Schedule
from functions.services import functions as services
from functions.services import triggers
from functions.services.event_sources import create_mapping_by_name, update_mapping
from functions.states import UrlAuth
from tests.support import rows
from tests.support.addresses import address


def page_of(client, project, **query) -> str:
    answer = client.get(address("triggers", project, **query))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def schedule(principal, function) -> Schedule:
    return triggers.create_schedule(
        acting=principal,
        function=function,
        name="nightly",
        expression="rate(5 minutes)",
        timezone_name="UTC",
        payload="",
    )


def test_an_empty_tab_says_what_it_would_show_and_how_to_fill_it(project, admin):
    for kind, words in (("urls", "No function URLs"), ("schedules", "No schedules"), ("queues", "No queues")):
        assert words in page_of(admin, project, kind=kind)
    for kind, words in (("rules", "put-targets"), ("buckets", "put-bucket-notification-configuration")):
        assert words in page_of(admin, project, kind=kind)


def test_a_url_stands_with_who_may_call_it(project, principal, function, admin):
    url = triggers.create_url(acting=principal, function=function, auth=UrlAuth.AWS_IAM)
    page = page_of(admin, project)
    assert url.url_id in page
    assert "Signed requests" in page
    assert address("function_triggers", project, function.name) in page
    triggers.update_url(acting=principal, url=url, auth=UrlAuth.AWS_IAM, enabled=False)
    assert "Paused" in page_of(admin, project)


def test_a_schedule_stands_with_its_firings(project, principal, function, schedule, admin):
    Schedule.objects.update(last_fired_at=datetime(2026, 3, 1, 9, 0, tzinfo=UTC))
    page = page_of(admin, project, kind="schedules")
    for words in ("nightly", "rate(5 minutes), UTC", "2026-03-01 09:00:00 UTC", "Active"):
        assert words in page
    services.set_paused(acting=principal, function=function, paused=True)
    assert "Function paused" in page_of(admin, project, kind="schedules")


def test_a_queue_says_what_is_wrong(project, principal, function, admin):
    mapping = create_mapping_by_name(
        acting=principal, function=function, queue_name="orders", qualifier="", batch_size=10, window_s=0
    )
    type(mapping).objects.update(result="PROBLEM: Function call failed")
    page = page_of(admin, project, kind="queues")
    for words in ("orders", "Up to 10 messages", "Failing", "Function call failed"):
        assert words in page
    update_mapping(acting=principal, mapping=mapping, enabled=False)
    assert "Paused" in page_of(admin, project, kind="queues")


def test_rules_and_buckets_say_whom_they_tell(project, function, admin):
    rule = EventRule.objects.create(
        project=project, region="us-east-1", name="made", pattern='{"source": ["a"]}'
    )
    EventTarget.objects.create(rule=rule, target_id="1", arn=function.arn)
    EventTarget.objects.create(rule=rule, target_id="2", arn=f"{function.arn[:-5]}gone")
    page = page_of(admin, project, kind="rules")
    assert page.count(">made<") == 2
    assert page.count('<span class="badge">deleted</span>') == 1
    told = [{"Id": "1", "LambdaFunctionArn": f"{function.arn}:live", "Events": ["s3:ObjectCreated:*"]}]
    Bucket.objects.create(
        project=project,
        region="us-east-1",
        name="pictures",
        notifications={"LambdaFunctionConfigurations": told},
    )
    Bucket.objects.create(project=project, region="us-east-1", name="silent")
    page = page_of(admin, project, kind="buckets")
    assert "s3:ObjectCreated:*" in page
    assert "silent" not in page


def test_searching_and_paging(project, principal, function, schedule, admin, monkeypatch):
    assert "No trigger matches" in page_of(admin, project, kind="schedules", q="zzz")
    assert "nightly" in page_of(admin, project, kind="schedules", q=function.name[:3])
    assert admin.get(address("triggers", project, marker="nonsense")).status_code == 400


def test_triggers_of_others_are_not_there(project, principal, function, schedule, stranger, admin):
    theirs = rows.make_project("Theirs")
    Schedule.objects.create(
        function=rows.make_function(theirs, "far"), name="theirs-hourly", expression="rate(1 hour)"
    )
    assert "theirs-hourly" not in page_of(admin, project, kind="schedules")
    assert stranger.get(address("triggers", project)).status_code == 404
    services.delete_function(acting=principal, function=function)
    assert "nightly" not in page_of(admin, project, kind="schedules")
