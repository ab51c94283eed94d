"""How events are treated: set, changed, taken back; and what events then do."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from functions.errors import AccessDenied, InvalidParameterValue, ResourceNotFound, Unsupported
from functions.lineage import MOST_CALLS
from functions.models import Event, EventInvokeConfig, IamRole, Revision
from functions.queries import snapshots
from functions.services import event_configs as services
from functions.services import events, versions
from functions.services.functions import set_recursive_loop
from functions.services.records import store
from functions.states import EventState, Outcome, TriggerKind
from tests.support import rows
from tests.support.telemetry import attempt_record, make_event, now_us

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def now():
    return datetime.now(UTC) + timedelta(seconds=1)


@pytest.fixture
def listener(project):
    return rows.deploy(rows.make_function(project, "listener"))


def put(acting, function, qualifier="live", **values):
    return services.put_event_config(acting=acting, function=function, qualifier=qualifier, **values)


def accepted(function, **more):
    event = make_event(project_id=str(function.project_id), function_id=str(function.pk), **more)
    events.store_accepted([event])
    return event


def claim(now):
    return events.claim_due(
        limit=10,
        owner="w",
        now=now,
        lost_before=LONG_AGO,
        timeouts=lambda ids: dict.fromkeys(ids, timedelta(seconds=3)),
    )


def attempt(event, now, outcome=Outcome.SUCCESS, number=1, **more):
    Event.objects.filter(pk=event.event_id).update(due_at=now - timedelta(seconds=1))
    claim(now)
    store([attempt_record(event, number, outcome, function_id=event.function_id, **more)])
    return Event.objects.get(pk=event.event_id)


def heard(function):
    """What the destination was told, oldest first."""
    found = Event.objects.filter(function_id=function.pk).order_by("id")
    return [json.loads(event.payload) for event in found]


def test_a_configuration_is_set_changed_and_taken_back(developer, viewer, function, announced, audited):
    assert put(developer, function, retries=1, max_age_s=60).retries == 1
    services.update_event_config(acting=developer, function=function, qualifier="live", max_age_s=90)
    config = EventInvokeConfig.objects.get()
    assert (config.retries, config.max_age_s) == (1, 90)
    assert put(developer, function, max_age_s=70).retries is None
    target = {"function": function, "qualifier": "live"}
    for refused in (services.update_event_config, services.put_event_config):
        with pytest.raises(AccessDenied):
            refused(acting=viewer, retries=0, **target)
    with pytest.raises(AccessDenied):
        services.delete_event_config(acting=viewer, **target)
    services.delete_event_config(acting=developer, **target)
    with pytest.raises(ResourceNotFound, match="doesn't have an EventInvokeConfig"):
        services.delete_event_config(acting=developer, **target)
    assert len(announced) == 4
    assert audited() == ["event-config.put"] * 3 + ["event-config.delete"]


def test_destinations_are_other_functions_of_the_project(developer, project, function, listener, draft):
    put(developer, function, on_success=listener.arn, on_failure=f"{listener.arn}:live")
    for arn in ("arn:aws:sns:us-east-1:000000000001:t", "kafka://topic"):
        with pytest.raises(Unsupported, match="only functions and queues are supported"):
            put(developer, function, on_success=arn)
    for arn in (
        f"{listener.arn}x",
        listener.arn.replace("us-east-1", "eu-west-1"),
        listener.arn.replace(project.account, "999999999999"),
        function.arn,
    ):
        with pytest.raises(InvalidParameterValue):
            put(developer, function, on_success=arn)
    with pytest.raises(ResourceNotFound):
        put(developer, function, on_success=f"{listener.arn}:9")


def test_a_configuration_goes_with_its_qualifier(developer, function):
    for qualifier in ("live", "1", "$LATEST"):
        put(developer, function, qualifier, retries=0)
    versions.delete_alias(acting=developer, alias=function.aliases.get())
    versions.delete_version(acting=developer, function=function, number=1)
    assert [config.qualifier for config in EventInvokeConfig.objects.all()] == [""]


@pytest.mark.parametrize("retries, tries", [(0, 1), (1, 2), (None, 3)])
def test_retries_are_as_many_as_configured(developer, function, now, retries, tries):
    put(developer, function, retries=retries)
    event = accepted(function)
    states = [attempt(event, now, Outcome.FUNCTION_ERROR, number).state for number in range(1, tries + 1)]
    assert states == [EventState.PENDING] * (tries - 1) + [EventState.DEAD]


def test_another_qualifier_has_its_own_retries(developer, function, now):
    put(developer, function, retries=0)
    assert attempt(accepted(function, qualifier=""), now, Outcome.FUNCTION_ERROR).state == EventState.PENDING
    put(developer, function, "$LATEST", retries=0)
    assert attempt(accepted(function, qualifier=""), now, Outcome.FUNCTION_ERROR).state == EventState.DEAD


def test_an_event_past_its_configured_age_is_not_tried(developer, function, listener, now):
    put(developer, function, max_age_s=60, on_failure=listener.arn)
    old = accepted(function, accepted_us=now_us() - 61_000_000)
    young = accepted(function, accepted_us=now_us() - 30_000_000)
    assert [str(found.event.pk) for found in claim(now)] == [young.event_id]
    assert Event.objects.get(pk=old.event_id).state == EventState.EXPIRED
    [record] = heard(listener)
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["requestId"] == old.event_id
    assert "responseContext" not in record


def test_six_hours_are_the_end_and_told_too(developer, function, listener, now):
    put(developer, function, on_failure=listener.arn)
    accepted(function, accepted_us=now_us() - 7 * 3600 * 1_000_000)
    assert [found.event.function_id for found in claim(now)] == [listener.pk]
    assert [record["requestContext"]["condition"] for record in heard(listener)] == ["EventAgeExceeded"]


def test_a_throttled_event_expires_at_its_configured_age(developer, function, listener, now):
    put(developer, function, max_age_s=60, on_failure=listener.arn)
    event = accepted(function, accepted_us=now_us() - 59_500_000)
    [claimed] = claim(now - timedelta(seconds=1))
    events.give_back(claimed, reason="throttled", now=now)
    assert Event.objects.get(pk=event.event_id).state == EventState.EXPIRED
    assert len(heard(listener)) == 1
    events.give_back(claimed, reason="throttled", now=now)
    assert len(heard(listener)) == 1


def test_success_is_told_once(developer, function, listener, now):
    put(developer, function, on_success=listener.arn, on_failure="")
    event = accepted(function)
    record = attempt_record(event, 1, function_id=event.function_id, version="1", returned='{"ok": true}')
    claim(now)
    store([record])
    store([record])
    [told] = heard(listener)
    assert told["requestContext"] == {
        "requestId": event.event_id,
        "functionArn": f"{function.arn}:live",
        "condition": "Success",
        "approximateInvokeCount": 1,
    }
    assert (told["requestPayload"], told["responsePayload"]) == ({"n": 1}, {"ok": True})
    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "1"}
    arrived = Event.objects.get(function_id=listener.pk)
    assert (arrived.state, arrived.trigger) == (EventState.PENDING, TriggerKind.DESTINATION)
    assert arrived.trigger_id == str(function.pk)


def test_failure_is_told_after_the_last_try(developer, function, listener, now):
    put(developer, function, retries=1, on_failure=f"{listener.arn}:live")
    event = accepted(function)
    attempt(event, now, Outcome.FUNCTION_ERROR, 1)
    assert heard(listener) == []
    attempt(event, now, Outcome.FUNCTION_ERROR, 2, returned='{"errorType": "ValueError"}')
    [told] = heard(listener)
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["responseContext"]["functionError"] == "Unhandled"
    assert told["responsePayload"] == {"errorType": "ValueError"}
    assert Event.objects.get(function_id=listener.pk).qualifier == "live"


def test_nobody_is_told_of_what_they_did_not_ask_for(developer, function, listener, now):
    put(developer, function, on_failure=listener.arn)
    attempt(accepted(function), now)
    put(developer, function, retries=0, on_success=listener.arn)
    attempt(accepted(function), now, Outcome.FUNCTION_ERROR)
    listener.deleted_at = now
    listener.save()
    attempt(accepted(function), now)
    assert heard(listener) == []


def test_what_must_not_be_kept_is_not_told(developer, function, listener, now):
    Revision.objects.filter(pk=function.latest_id).update(redact=["n"])
    put(developer, function, on_success=listener.arn)
    attempt(accepted(function), now, revision_id=str(function.latest_id))
    assert heard(listener)[0]["requestPayload"] == {"n": "[redacted]"}


def test_a_destination_needs_the_execution_roles_permission(developer, project, function, listener, now):
    role = IamRole.objects.create(project=project, name="clerk", trust="{}")
    Revision.objects.filter(pk=function.latest_id).update(role=role.arn)
    function.refresh_from_db()
    with pytest.raises(InvalidParameterValue, match="does not have permissions to call InvokeFunction"):
        put(developer, function, on_success=listener.arn)
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": listener.arn}
    policy = role.policies.create(name="p", document=json.dumps({"Statement": [statement]}))
    put(developer, function, on_success=listener.arn)
    attempt(accepted(function), now)
    assert len(heard(listener)) == 1
    policy.delete()
    attempt(accepted(function), now)
    assert len(heard(listener)) == 1


def test_a_loop_of_destinations_ends_unless_it_may_go_on(developer, function, listener, now):
    put(developer, function, on_success=f"{listener.arn}:live")
    put(developer, listener, on_success=f"{function.arn}:live")

    def rounds() -> int:
        """How often it comes back."""
        event = accepted(function)
        for calls in range(MOST_CALLS + 5):
            for target in (listener, function):
                attempt(event, now)
                arrived = Event.objects.filter(function_id=target.pk, state=EventState.PENDING).first()
                if arrived is None:
                    return calls
                event = make_event(event_id=str(arrived.pk), function_id=str(target.pk))
        return MOST_CALLS + 5

    assert rounds() == MOST_CALLS
    for one in (function, listener):
        set_recursive_loop(acting=developer, function=one, choice="Allow")
    assert rounds() == MOST_CALLS + 5


def test_the_gateway_knows_whether_a_destination_listens(developer, function, listener):
    def tells(qualifier):
        return snapshots.route_by_id(function_id=function.pk, qualifier=qualifier).tells

    put(developer, function, retries=1)
    assert not tells("live")
    put(developer, function, on_success=listener.arn)
    put(developer, function, "$LATEST", on_failure=listener.arn)
    assert (tells("live"), tells(""), tells("$LATEST"), tells("1")) == (True, True, True, False)


def test_a_loop_may_be_allowed_by_whom_it_concerns(developer, viewer, function, announced):
    def may_recur():
        route = snapshots.route_by_id(function_id=UUID(str(function.pk)), qualifier="")
        return route.choices[0][0].may_recur

    assert not may_recur()
    with pytest.raises(AccessDenied):
        set_recursive_loop(acting=viewer, function=function, choice="Allow")
    set_recursive_loop(acting=developer, function=function, choice="Allow")
    assert may_recur()
    assert len(announced) == 1
