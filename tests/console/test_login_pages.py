"""Logging in and out, the forced change of a one-time password, and who may open a project at all."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from console.views import login
from functions.models import AuditEntry
from functions.services import people

PASSWORD = "correct horse battery"


def test_a_stranger_is_sent_to_log_in(project):
    answer = Client().get(reverse("home", args=[project.account]))
    assert answer.status_code == 302
    assert answer.url == f"/log-in?next=/p/{project.account}/"


def test_logging_in_leads_to_the_first_project(user, project):
    client = Client()
    answer = client.post(reverse("login"), {"username": user.username, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("home", args=[project.account])


def test_a_wrong_password_is_said_and_the_name_stays(user):
    answer = Client().post(reverse("login"), {"username": user.username, "password": "wrong"})
    assert answer.status_code == 200
    assert b"Name or password is wrong" in answer.content
    assert b'value="ada"' in answer.content


def test_logging_out_needs_a_post(admin):
    assert admin.get(reverse("logout")).status_code == 405
    assert admin.post(reverse("logout")).status_code == 302
    assert admin.get(reverse("root")).status_code == 302


def test_a_one_time_password_opens_nothing_but_its_change(admin, user, project):
    user.must_change_password = True
    user.save()
    assert admin.get(reverse("home", args=[project.account])).url == reverse("change_password")
    assert b"Choose your password" in admin.get(reverse("change_password")).content


def test_after_the_change_everything_opens(admin, user, project):
    user.must_change_password = True
    user.save()
    typed = {"current": PASSWORD, "password": "another long one 9", "again": "another long one 9"}
    assert admin.post(reverse("change_password"), typed).url == reverse("root")
    assert admin.get(reverse("home", args=[project.account])).status_code == 200
    user.refresh_from_db()
    assert user.check_password("another long one 9")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            {"current": "no", "password": "another long one 9", "again": "another long one 9"},
            "not your current",
        ),
        ({"current": PASSWORD, "password": "another long one 9", "again": "other"}, "do not match"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "too short"),
        ({"current": PASSWORD, "password": PASSWORD, "again": PASSWORD}, "other than the current"),
    ],
)
def test_a_refused_password_says_why_beside_its_field(admin, user, typed, told):
    answer = admin.post(reverse("change_password"), typed)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert told in text
    assert 'aria-invalid="true"' in text
    assert "another long one" not in text
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_stranger_to_a_project_learns_nothing_of_it(stranger, project, function):
    for name, args in (("home", []), ("functions", []), ("function_code", [function.name])):
        answer = stranger.get(reverse(name, args=[project.account, *args]))
        assert answer.status_code == 404
        assert project.name.encode() not in answer.content


def test_pages_carry_a_strict_policy(admin, project):
    policy = admin.get(reverse("home", args=[project.account])).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_form_without_its_token_is_refused(user, project):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(reverse("wizard_new", args=[project.account]), {"name": "x"}).status_code == 403


class Counted:
    """A limit that says what it is told to, and what it was told."""

    def __init__(self, wait: int = 0) -> None:
        self.wait = wait
        self.told: list[tuple[str, str, str]] = []

    def wait_s(self, _name: str, _address: str) -> int:
        return self.wait

    def failed(self, name: str, address: str) -> None:
        self.told.append(("failed", name, address))

    def succeeded(self, name: str, address: str) -> None:
        self.told.append(("succeeded", name, address))


@pytest.fixture
def limit(monkeypatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr(login, "_limit", lambda: counted)
    return counted


def test_attempts_are_counted(user, limit):
    typed = {"username": user.username, "password": "wrong"}
    Client().post(reverse("login"), typed)
    Client().post(reverse("login"), {**typed, "password": PASSWORD})
    assert limit.told == [("failed", "ada", "127.0.0.1"), ("succeeded", "ada", "127.0.0.1")]


def test_after_too_many_the_right_password_is_not_heard_either(user, limit):
    limit.wait = 61
    client = Client()
    answer = client.post(reverse("login"), {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "61"
    assert b"for 2 minutes" in answer.content
    assert b'value="ada"' in answer.content
    assert "functory_session" not in client.cookies
    assert limit.told == []


def test_who_logs_in_is_in_the_audit_log(user, project, limit):
    Client().post(reverse("login"), {"username": user.username, "password": "wrong"})
    assert not AuditEntry.objects.filter(action="people.log-in").exists()
    Client().post(reverse("login"), {"username": user.username, "password": PASSWORD})
    entry = AuditEntry.objects.get(action="people.log-in")
    assert (entry.principal_name, entry.address, entry.project_id) == ("ada", "127.0.0.1", project.pk)


def test_somebody_without_a_project_can_log_in(user, project, limit):
    user.memberships.all().delete()
    user.is_superuser = False
    user.save()
    Client().post(reverse("login"), {"username": user.username, "password": PASSWORD})
    assert AuditEntry.objects.get(action="people.log-in").project_id is None


def test_an_audit_log_that_takes_nothing_keeps_nobody_out(user, limit, monkeypatch):
    def full(*_args, **_more):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(people, "record", full)
    answer = Client().post(reverse("login"), {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 302
