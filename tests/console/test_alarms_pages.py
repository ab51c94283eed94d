"""Alarms: made, shown where they ring, tried, switched off, deleted."""

import pytest
from django.urls import reverse

from functions.models import Alarm, AlarmChange
from functions.states import AlarmState, Role
from tests.support import rows

TYPED = {
    "name": "too many errors", "function": "", "metric": "errors", "comparison": "GreaterThanThreshold",
    "threshold": "2", "period": "300", "periods": "3", "datapoints": "2",
    "webhook": "https://hooks.example.com/secret", "style": "slack",
}  # fmt: skip


def url(name, project, *more):
    return reverse(name, args=[project.account, *more])


@pytest.fixture
def alarm(admin, project, function) -> Alarm:
    admin.post(url("alarms", project), {**TYPED, "function": "hello"})
    return Alarm.objects.get()


def test_one_is_made_and_its_page_says_what_it_watches(admin, project, alarm):
    text = admin.get(url("alarm", project, alarm.pk)).content.decode()
    assert "Errors above 2 in 5 minutes, 2 of 3 times, of" in text
    assert "hooks.example.com" not in text
    listed = admin.get(url("alarms", project)).content.decode()
    assert "too many errors" in listed
    assert "Insufficient data" in listed


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"name": ""}, 400, "name"),
        ({"function": "nothing"}, 404, "function"),
        ({"threshold": "many"}, 400, "threshold"),
        ({"datapoints": "4"}, 400, "datapoints"),
        ({"metric": "moon"}, 400, "metric"),
        ({"comparison": "like"}, 400, "comparison"),
        ({"webhook": "ftp://x"}, 400, "webhook"),
    ],
)
def test_a_refusal_stands_beside_its_field(admin, project, wrong, status, field):
    answer = admin.post(url("alarms", project), {**TYPED, **wrong})
    assert answer.status_code == status
    assert f'id="field-{field}-problem"' in answer.content.decode()
    assert not Alarm.objects.exists()


def test_one_that_rings_is_said_where_it_concerns_somebody(admin, project, function, alarm):
    rows.deploy(function)
    Alarm.objects.update(state=AlarmState.ALARM, reason="2 of 3 periods lie beyond 2: 5, 7.")
    words = "rings since"
    for page in (url("home", project), url("function_versions", project, "hello")):
        text = admin.get(page).content.decode()
        assert words in text
        assert "2 of 3 periods lie beyond 2: 5, 7." in text
    rows.deploy(rows.make_function(project, "other"))
    assert words not in admin.get(url("function_versions", project, "other")).content.decode()


def test_it_is_tried_switched_off_and_deleted(admin, project, alarm):
    admin.post(url("alarm_try", project, alarm.pk))
    assert AlarmChange.objects.get().is_test
    assert "A test by" in admin.get(url("alarm", project, alarm.pk)).content.decode()
    admin.post(url("alarm_enable", project, alarm.pk), {"enabled": "0"})
    assert "Switch on" in admin.get(url("alarm", project, alarm.pk)).content.decode()
    gone = url("alarm_delete", project, alarm.pk)
    assert b"Nothing was changed" in admin.post(gone, {"typed_name": "x"}, follow=True).content
    admin.post(gone, {"typed_name": alarm.name})
    assert admin.get(url("alarm", project, alarm.pk)).status_code == 404


def test_developers_read_and_operators_change(as_role, stranger, project, alarm):
    developer = as_role(Role.DEVELOPER)
    assert "New alarm" not in developer.get(url("alarms", project)).content.decode()
    assert developer.post(url("alarms", project), TYPED).status_code == 403
    for name in ("alarm_try", "alarm_enable", "alarm_delete"):
        assert developer.post(url(name, project, alarm.pk)).status_code == 403
    assert stranger.get(url("alarm", project, alarm.pk)).status_code == 404
