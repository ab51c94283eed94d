"""URLs and schedules: made, changed, switched off, removed; and what is refused beside it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from functions import trigger_rules
from functions.errors import AccessDenied, InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import AuditEntry, FunctionUrl, Schedule
from functions.services import triggers as services


def url(acting, function, **rest):
    return services.create_url(acting=acting, function=function, **rest)


def schedule(acting, function, name="nightly", expression="cron(0 3 * * ? *)", **rest):
    return services.create_schedule(
        acting=acting, function=function, name=name, expression=expression, **rest
    )


def test_a_url_for_each_qualifier(developer, function, announced):
    made = url(developer, function)
    assert (made.qualifier, made.auth, len(made.url_id)) == ("live", "NONE", 32)
    with pytest.raises(ResourceConflict):
        url(developer, function)
    assert url(developer, function, qualifier="$LATEST").qualifier == ""
    with pytest.raises(ResourceConflict):
        url(developer, function, qualifier="")
    assert url(developer, function, qualifier="1", auth="AWS_IAM").url_id != made.url_id
    assert announced == [{"function_id": str(function.pk)}] * 3


def test_urls_that_cannot_be(developer, viewer, function):
    with pytest.raises(AccessDenied):
        url(viewer, function)
    for qualifier in ("9", "beta"):
        with pytest.raises(ResourceNotFound):
            url(developer, function, qualifier=qualifier)
    for values in ({"auth": "PASSWORD"}, {"invoke_mode": "FAST"}, {"qualifier": "a b"}, {"cors": {"X": 1}}):
        with pytest.raises(InvalidParameterValue):
            url(developer, function, **values)
    with pytest.raises(InvalidParameterValue):
        url(developer, function, cors={"AllowOrigins": ["*"], "AllowCredentials": True})
    assert not FunctionUrl.objects.exists()


def test_a_url_is_changed_and_removed(developer, function, announced, audited):
    made = url(developer, function)
    cors = {"AllowOrigins": ["https://a.example"], "MaxAge": 60}
    services.update_url(acting=developer, url=made, auth="AWS_IAM", cors=cors)
    services.update_url(acting=developer, url=made, enabled=False, cors=None)
    found = FunctionUrl.objects.get()
    assert (found.auth, found.enabled, found.cors) == ("AWS_IAM", False, None)
    services.delete_url(acting=developer, url=found)
    assert not FunctionUrl.objects.exists()
    assert audited() == ["url.create", "url.update", "url.update", "url.delete"]
    assert len(announced) == 4


def test_a_draft_may_be_bound_to_live_already(developer, draft):
    assert url(developer, draft).qualifier == "live"


def test_a_schedule_knows_when_it_is_due(developer, function):
    made = schedule(developer, function, timezone_name="Europe/Berlin", payload='{"a": 1}')
    assert made.due_at > timezone.now()
    assert made.due_at.astimezone(UTC).minute == 0
    assert schedule(developer, function, name="off", enabled=False).due_at is None


@pytest.mark.parametrize(
    "values, field",
    [
        ({"expression": "cron(* * *)"}, "expression"),
        ({"expression": "rate(5 seconds)"}, "expression"),
        ({"expression": "at(2020-01-01T00:00:00)"}, "expression"),
        ({"timezone_name": "Mars/Base"}, "timezone"),
        ({"payload": "{"}, "payload"),
        ({"payload": '"' + "x" * 1024 * 1024 + '"'}, "payload"),
        ({"payload": "[" * 100_000}, "payload"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
    ],
)
def test_schedules_that_cannot_be_say_which_field(developer, function, values, field):
    with pytest.raises(InvalidParameterValue) as caught:
        schedule(developer, function, **values)
    assert caught.value.field == field
    assert not Schedule.objects.exists()


def test_a_taken_name_is_a_conflict(developer, viewer, function):
    schedule(developer, function)
    with pytest.raises(ResourceConflict):
        schedule(developer, function)
    with pytest.raises(AccessDenied):
        schedule(viewer, function, name="other")
    other = schedule(developer, function, name="other")
    with pytest.raises(ResourceConflict):
        services.update_schedule(acting=developer, schedule=other, name="nightly")


def test_a_schedule_is_changed_and_due_anew(developer, function):
    made = schedule(developer, function)
    services.update_schedule(
        acting=developer, schedule=made, expression=" rate(5 minutes) ", qualifier="$LATEST"
    )
    found = Schedule.objects.get()
    assert (found.expression, found.qualifier) == ("rate(5 minutes)", "")
    assert found.due_at <= timezone.now() + timedelta(minutes=5)
    services.update_schedule(acting=developer, schedule=made, enabled=False)
    assert Schedule.objects.get().due_at is None
    with pytest.raises(ResourceNotFound):
        services.update_schedule(acting=developer, schedule=made, qualifier="beta")


def test_a_change_does_not_undo_a_firing_noted_meanwhile(developer, function):
    stale = schedule(developer, function)
    fired = datetime(2026, 1, 1, tzinfo=UTC)
    Schedule.objects.update(last_fired_at=fired)
    services.update_schedule(acting=developer, schedule=stale, name="renamed")
    found = Schedule.objects.get()
    assert (found.name, found.last_fired_at) == ("renamed", fired)


def test_a_one_off_time_that_has_passed_may_be_switched_off_but_not_on(developer, function):
    made = schedule(developer, function, expression="at(2090-01-01T00:00:00)")
    Schedule.objects.update(expression="at(2020-01-01T00:00:00)")
    made.refresh_from_db()
    services.update_schedule(acting=developer, schedule=made, enabled=False)
    services.update_schedule(acting=developer, schedule=made, name="renamed")
    with pytest.raises(InvalidParameterValue):
        services.update_schedule(acting=developer, schedule=made, enabled=True)


def test_a_schedules_input_is_not_audited(developer, function):
    made = schedule(developer, function, payload='{"token": "geheim"}')
    services.update_schedule(acting=developer, schedule=made, payload='{"token": "geheim2"}')
    services.delete_schedule(acting=developer, schedule=made)
    assert "geheim" not in str(list(AuditEntry.objects.values_list("before", "after")))
    assert not Schedule.objects.exists()


def test_the_next_five_firings_are_told_before_saving():
    found = trigger_rules.check_schedule("cron(0 12 * * ? *)", "UTC", "")
    assert len(found) == 5
    assert found == sorted(found)


@pytest.mark.parametrize(
    "choice, kept",
    [
        ({}, {"kind": "none"}),
        ({"kind": "function_url", "rest": 1}, {"kind": "function_url", "auth": "NONE"}),
        (
            {"kind": "schedule", "expression": "rate(1 hour)", "timezone": "UTC", "auth": "x"},
            {"kind": "schedule", "expression": "rate(1 hour)", "timezone": "UTC"},
        ),
    ],
)
def test_the_wizards_choice_is_tidied(choice, kept):
    assert trigger_rules.check_choice(choice) == kept


@pytest.mark.parametrize(
    "choice",
    [
        {"kind": "queue"},
        {"kind": "function_url", "auth": "x"},
        {"kind": "schedule", "expression": "x"},
        {"kind": "schedule"},
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(choice):
    with pytest.raises(InvalidParameterValue):
        trigger_rules.check_choice(choice)
