"""The first page and the health dot."""

from dataclasses import replace
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from functions.states import Role
from runner.client import GatewayClient, GatewayDown, Health


def test_an_empty_project_shows_starters(admin, project):
    text = admin.get(reverse("home", args=[project.account])).content.decode()
    assert "No functions yet" in text
    assert f"/p/{project.account}/new?starter=http-api" in text


def test_the_state_is_said_in_a_sentence_and_failing_functions_come_first(admin, project, function, seed):
    seed.minute(at=timezone.now() - timedelta(minutes=5), errors=2)
    text = admin.get(reverse("home", args=[project.account])).content.decode()
    assert "1 failing in the last hour" in text
    assert text.index("2 errors") < text.index("Recent deploys")


def test_a_viewer_is_offered_no_new_function(as_role, project, function):
    text = as_role(Role.VIEWER).get(reverse("home", args=[project.account])).content.decode()
    assert "New function" not in text


def test_the_health_dot_tells_of_a_gateway_that_is_down(admin, project):
    text = admin.get(reverse("health_dot", args=[project.account])).content.decode()
    assert "bg-bad" in text
    assert "The gateway is not running" in text


def test_the_health_dot_is_good_when_functions_can_run(admin, project, monkeypatch):
    healthy = Health(ok=True, engine="ok", sandboxes=1, journal_backlog=0, version="1")
    monkeypatch.setattr(GatewayClient, "health", lambda self: healthy)
    assert b"bg-good" in admin.get(reverse("health_dot", args=[project.account])).content


def test_the_health_dot_names_the_part_that_fails(admin, project, monkeypatch):
    ill = Health(
        ok=False, engine="The Docker engine does not answer.", sandboxes=0, journal_backlog=0, version="1"
    )
    monkeypatch.setattr(GatewayClient, "health", lambda self: ill)
    assert (
        b"The Docker engine does not answer."
        in admin.get(reverse("health_dot", args=[project.account])).content
    )


def test_the_health_dot_warns_of_redis_while_functions_run(admin, project, monkeypatch):
    ill = Health(
        ok=True,
        engine="ok",
        redis="Redis does not answer. See `make up`.",
        sandboxes=0,
        journal_backlog=0,
        version="1",
    )
    monkeypatch.setattr(GatewayClient, "health", lambda self: ill)
    text = admin.get(reverse("health_dot", args=[project.account])).content.decode()
    assert "bg-soon" in text
    assert "Functions can run, but: Redis does not answer. See make up." in text


def test_an_address_that_leads_nowhere_says_so(admin, project):
    answer = admin.get(f"/p/{project.account}/functions/nobody/code")
    assert answer.status_code == 404
    assert b"Function not found: nobody" in answer.content
    assert b"<title>Not found" in answer.content


def test_a_refusal_takes_the_form_that_was_asked_for(admin, project, monkeypatch, function):
    url = reverse("function_test_run", args=[project.account, function.name])

    def down(self, order):
        raise GatewayDown("The gateway is not running.")

    monkeypatch.setattr(GatewayClient, "invoke", down)
    fragment = admin.post(url, {"payload": "{}"}, headers={"HX-Request": "true"})
    assert fragment.status_code == 503
    assert b"<html" not in fragment.content
    document = admin.post(url, {"payload": "{}"}, headers={"Accept": "application/json"})
    assert document.json()["error"]["message"] == "The gateway is not running."
    page = admin.post(url, {"payload": "{}"})
    assert b"Functory failed" in page.content


def test_every_page_says_that_signatures_are_not_verified(admin, project, settings):
    page = reverse("functions", args=[project.account])
    assert "Signatures are not verified" not in admin.get(page).content.decode()
    settings.FUNCTORY = replace(settings.FUNCTORY, unverified=True)
    assert "Signatures are not verified" in admin.get(page).content.decode()
