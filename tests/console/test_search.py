"""The search of the command palette, and addresses without a project."""

from __future__ import annotations

import pytest
from django.urls import reverse

from functions.states import Role
from tests.support import rows
from tests.support.addresses import address

REQUEST_ID = "0190a000-0000-7000-8000-000000000000"


@pytest.fixture
def found(project):
    """What a browser finds for some text."""

    def ask(client, text: str) -> str:
        return client.get(reverse("search", args=[project.account]), {"q": text}).content.decode()

    return ask


def test_functions_pages_and_request_ids(admin, found, function):
    assert "hello" in found(admin, "ell")
    assert "Billing" in found(admin, "bill")
    assert f"/invocations/{REQUEST_ID}" in found(admin, REQUEST_ID)


def test_what_can_be_done_with_the_function_that_matches(admin, project, found, function):
    text = found(admin, "hello")
    for route in ("function", "function_code", "function_test", "function_logs"):
        assert f'"{address(route, project, "hello")}"' in text


@pytest.mark.parametrize("text", ["logs hel", "hel logs", "LOGS hello"])
def test_a_word_says_what_to_do(admin, project, found, function, text):
    page = found(admin, text)
    assert f'"{address("function_logs", project, "hello")}"' in page
    assert f'"{address("function_test", project, "hello")}"' not in page


def test_a_function_may_be_called_like_a_doing(admin, project, found):
    rows.deploy(rows.make_function(project, "logs"))
    assert f'"{address("function", project, "logs")}"' in found(admin, "logs")


def test_actions_need_the_role(admin, as_role, found, project):
    assert reverse("keys", args=[project.account]) in found(admin, "make key")
    viewer = as_role(Role.VIEWER)
    assert reverse("keys", args=[project.account]) not in found(viewer, "make key")
    assert "?tour=1" in found(viewer, "tour")


def test_nothing_found_is_said_and_other_projects_stay_unseen(admin, found):
    rows.make_function(rows.make_project("Other"), "theirs")
    assert "Nothing is called" in found(admin, "theirs")


def test_strangers_search_nothing(stranger, project):
    assert stranger.get(reverse("search", args=[project.account])).status_code == 404


def test_an_address_without_a_project_leads_into_the_first_one(admin, project, function):
    answer = admin.get("/functions/hello/code?file=a.py")
    assert answer.url == f"/p/{project.account}/functions/hello/code?file=a.py"
    assert admin.get("/nowhere").status_code == 404


def test_it_leads_nowhere_for_whoever_has_no_project(client, databases):
    rows.User.objects.create_user("alone", password="a-long-enough-password")
    client.login(username="alone", password="a-long-enough-password")
    assert client.get("/functions").status_code == 404
