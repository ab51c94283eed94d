"""Alarms: set, looked at, told of, tried, switched off."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.alarm_policy import Condition
from functions.errors import AccessDenied, InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import Alarm, AlarmChange
from functions.services import alarms
from functions.states import AlarmState, Comparison, Role
from tests.support import rows
from tests.support.seed import Seed

ERRORS = Condition("errors", Comparison.AT_LEAST, 1, 300, 1, 1)
HOOK = "https://hooks.example.com/T0/secret"


def make(acting, project, function=None, **more):
    known = {"name": "errors", "condition": ERRORS, "webhook": HOOK}
    return alarms.create_alarm(acting=acting, project=project, function=function, **{**known, **more})


def fail(function, errors=3):
    """Calls that failed two minutes ago, as the recorder sums them up."""
    seed = Seed(project_id=function.project_id, function_id=function.pk, name=function.name)
    seed.minute(at=timezone.now() - timedelta(minutes=2), invocations=10, errors=errors)


def look(seconds=0):
    return alarms.look_at_due(now=timezone.now() + timedelta(seconds=seconds))


def test_the_webhook_is_kept_sealed(operator, project):
    assert b"secret" not in bytes(make(operator, project).webhook)


def test_it_rings_and_is_well_again_and_each_is_told(operator, project, function, announced):
    alarm = make(operator, project, function)
    fail(function)
    announced.clear()
    assert look() == 1
    alarm.refresh_from_db()
    assert alarm.state == AlarmState.ALARM
    change = AlarmChange.objects.get()
    assert announced == [("runner.jobs.alarms.run", [str(change.pk)])]
    assert look(31) == 0
    assert alarms.look_at_due(now=timezone.now() + timedelta(minutes=10)) == 1
    alarm.refresh_from_db()
    assert alarm.state == AlarmState.OK
    assert [row.after for row in AlarmChange.objects.order_by("at")] == [AlarmState.ALARM, AlarmState.OK]
    assert len(announced) == 2


def test_the_first_look_at_a_quiet_function_tells_nobody(operator, project, function, announced):
    make(operator, project, function)
    announced.clear()
    assert look() == 1
    assert announced == []


def test_a_project_s_counts_all_its_functions(operator, project, function):
    alarm = make(operator, project, condition=Condition("errors", Comparison.AT_LEAST, 4, 300, 1, 1))
    fail(function)
    fail(rows.deploy(rows.make_function(project, "other")))
    look()
    alarm.refresh_from_db()
    assert alarm.state == AlarmState.ALARM


def test_a_look_is_claimed_once(operator, project, function):
    make(operator, project, function)
    now = timezone.now()
    assert alarms.look_at_due(now=now) == 1
    fail(function)
    assert alarms.look_at_due(now=now) == 0


def test_one_that_is_off_is_not_looked_at(operator, project, function):
    alarm = make(operator, project, function)
    alarms.set_enabled(acting=operator, alarm=alarm, enabled=False)
    fail(function)
    assert look() == 0
    alarms.set_enabled(acting=operator, alarm=alarm, enabled=True)
    assert look() == 1


def test_a_test_tells_the_webhook_and_leaves_the_state(operator, project, announced):
    alarm = make(operator, project)
    change = alarms.try_out(acting=operator, alarm=alarm)
    assert announced[-1] == ("runner.jobs.alarms.run", [str(change.pk)])
    alarm.refresh_from_db()
    assert alarm.state == AlarmState.INSUFFICIENT
    with pytest.raises(ResourceConflict, match="no webhook"):
        alarms.try_out(acting=operator, alarm=make(operator, project, name="quiet", webhook=""))


@pytest.mark.parametrize(
    "webhook", ["hooks.example.com", "file:///etc/passwd", "https://", "https://x/" + "y" * 2000]
)
def test_what_is_no_webhook_is_refused(operator, project, webhook):
    with pytest.raises(InvalidParameterValue) as refused:
        make(operator, project, webhook=webhook)
    assert refused.value.field == "webhook"


def test_names_are_once_in_a_project(operator, project):
    make(operator, project)
    with pytest.raises(ResourceConflict):
        make(operator, project)
    with pytest.raises(InvalidParameterValue):
        make(operator, project, name=" ")


def test_operators_set_them_and_developers_do_not(developer, operator, project):
    with pytest.raises(AccessDenied):
        make(developer, project)
    alarm = make(operator, project)
    for act in (alarms.delete_alarm, alarms.try_out):
        with pytest.raises(AccessDenied):
            act(acting=developer, alarm=alarm)
    other = rows.make_project("Other")
    they = rows.principal_of(other, rows.make_user(other, "they", Role.OPERATOR), Role.OPERATOR)
    with pytest.raises(ResourceNotFound):
        alarms.delete_alarm(acting=they, alarm=alarm)
    alarms.delete_alarm(acting=operator, alarm=alarm)
    assert not Alarm.objects.exists()
