"""Releases on the Versions tab: begun, watched, promoted, rolled back; and deploys that begin one."""

import pytest
from django.urls import reverse
from django.utils import timezone

from functions.models import Alias, Deployment, Release
from functions.release_policy import steps_of
from functions.services import releases, versions
from functions.services.release_ends import end
from functions.states import ReleaseState, Role
from tests.support import rows

CANARY = "LambdaCanary10Percent5Minutes"


@pytest.fixture
def released(principal, function):
    deployed = rows.deploy(function)
    versions.roll_back(acting=principal, function=deployed, number=1)
    return deployed


@pytest.fixture
def running(principal, released) -> Release:
    return releases.start_release(acting=principal, function=released, number=2, steps=steps_of(CANARY))


def url(name, project, *more):
    return reverse(name, args=[project.account, "hello", *more])


def page(client, project) -> str:
    return client.get(url("function_versions", project)).content.decode()


def test_one_is_begun_and_shown(admin, project, released):
    assert "Release gradually" in page(admin, project)
    answer = admin.post(url("release_start", project), {"version": "2", "plan": CANARY})
    assert answer.url == url("function_versions", project)
    text = page(admin, project)
    assert "Version 2 is being released" in text
    assert "Canary: 10 % for 5 minutes, then all. 10 % of the calls go to version 2" in text
    assert "Version 1 serves 90 %, version 2 serves 10 %" in text


def test_what_serves_all_calls_is_not_offered(admin, project, released):
    form = page(admin, project).split('id="release-version"')[1].split("</select>")[0]
    assert form.count("<option") == 1
    assert "<option>2</option>" in form


def test_a_canary_of_one_s_own(admin, project, released):
    typed = {"version": "2", "plan": "custom", "percent": "25", "minutes": "7"}
    admin.post(url("release_start", project), typed)
    assert Release.objects.get().steps == [[25, 420]]


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"version": "2", "plan": "custom", "percent": "100", "minutes": "7"}, 400),
        ({"version": "2", "plan": "custom", "percent": "ten", "minutes": "7"}, 400),
        ({"version": "2", "plan": "nothing"}, 400),
        ({"version": "2"}, 400),
        ({"version": "x", "plan": CANARY}, 400),
        ({"version": "9", "plan": CANARY}, 404),
        ({"version": "1", "plan": CANARY}, 409),
    ],
)
def test_what_cannot_begin_is_refused(admin, project, released, typed, status):
    assert admin.post(url("release_start", project), typed).status_code == status
    assert not Release.objects.exists()


def test_what_was_typed_stays_beside_the_reason(admin, project, released):
    typed = {"version": "2", "plan": "custom", "percent": "0", "minutes": "7"}
    text = admin.post(url("release_start", project), typed).content.decode()
    assert 'id="release-problem"' in text
    assert "From 1 to 99 percent." in text
    assert 'value="7"' in text
    assert '<option value="custom" selected>' in text


def test_the_running_part_comes_anew_and_the_page_once_it_has_ended(admin, project, running):
    part = admin.get(url("release_running", project))
    assert b"Looked at in a few seconds" in part.content
    assert "HX-Refresh" not in part.headers
    running.checks = {
        "old": {"calls": 100, "errors": 1, "p95_us": 12_000.0},
        "new": {"calls": 4, "errors": 0, "p95_us": 11_000.0},
        "judgement": "unknown",
        "reason": "4 of the 20 calls that it takes to judge",
    }
    running.save()
    text = admin.get(url("release_running", project)).content.decode()
    assert "4 of the 20 calls" in text
    assert "11 ms" in text
    end(running, ReleaseState.ROLLED_BACK, "Error rate 45.0% against 1.0%, in 20 calls", timezone.now())
    assert admin.get(url("release_running", project)).headers["HX-Refresh"] == "true"
    text = page(admin, project)
    assert "Rolled back by itself" in text
    assert "Error rate 45.0% against 1.0%, in 20 calls" in text
    assert "is being released" not in text


@pytest.mark.parametrize(
    ("act", "number", "state"),
    [("release_promote", 2, ReleaseState.PROMOTED), ("release_abort", 1, ReleaseState.ABORTED)],
)
def test_people_end_it(admin, as_role, project, running, act, number, state):
    where = url(act, project, running.pk)
    assert as_role(Role.VIEWER).post(where).status_code == 403
    assert admin.post(where).url == url("function_versions", project)
    running.refresh_from_db()
    assert running.state == state
    assert Alias.objects.get(name="live").version.number == number
    assert admin.post(where).status_code == 409


def test_viewers_watch(as_role, project, running):
    text = page(as_role(Role.VIEWER), project)
    assert "Version 2 is being released" in text
    assert "Give it all calls now" not in text


def test_strangers_see_nothing(stranger, project, running):
    assert stranger.get(url("release_running", project)).status_code == 404
    assert stranger.post(url("release_abort", project, running.pk)).status_code == 404


def test_a_deploy_takes_a_plan(admin, project, released):
    admin.post(url("function_deploy", project), {"description": "new", "plan": CANARY})
    assert Deployment.objects.get().release_steps == [[10, 300]]
    refused = admin.post(url("function_deploy", project), {"plan": "custom", "percent": "0", "minutes": "5"})
    assert refused.status_code == 400
    assert Deployment.objects.count() == 1
