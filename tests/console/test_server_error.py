"""What a person sees when the console itself fails."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, OperationalError
from django.test import Client
from django.urls import reverse

from console.views import home
from functions.models import AuditEntry
from functions.states import Role
from tests.support import rows


@pytest.fixture
def broken(admin, monkeypatch):
    """Somebody logged in, on a console whose home page fails; its answer, not its exception."""

    def fail(**_values):
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(home, "home_facts", fail)
    admin.raise_request_exception = False
    return admin


def address(project) -> str:
    return f"/p/{project.account}/"


def test_a_fault_has_the_usual_page(broken, project):
    answer = broken.get(address(project))
    assert answer.status_code == 500
    assert b"Functory could not make this page" in answer.content


def test_a_fault_of_that_page_too_still_says_what_is_safe_and_where_to_look(broken, project, monkeypatch):
    def fail(*_values):
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(home, "refusal", fail)
    answer = broken.get(address(project))
    assert answer.status_code == 500
    assert b"What was saved before is safe" in answer.content
    assert b"make doctor" in answer.content


@pytest.fixture
def full(admin, monkeypatch):
    """Somebody logged in, on a console that can store nothing more."""

    def refuse(self, *args, **options):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(SessionStore, "save", refuse)
    monkeypatch.setattr(AuditEntry, "save", refuse)
    admin.raise_request_exception = False
    return admin


def prove_told(answer) -> None:
    assert answer.status_code == 503
    assert "is full: nothing was stored" in answer.content.decode()
    assert "df -h" in answer.content.decode()


def test_reading_goes_on_with_a_full_disk(full, project):
    assert full.get(address(project)).status_code == 200


def test_a_change_that_finds_the_disk_full_says_so(full, project, function):
    change = reverse("function_tags", args=[project.account, function.name])
    prove_told(full.post(change, {"name": "team", "value": "a"}))
    asked_by_a_script = full.post(change, {"name": "team", "value": "a"}, headers={"HX-Request": "true"})
    prove_told(asked_by_a_script)
    assert "<html" not in asked_by_a_script.content.decode()


def test_logging_in_that_finds_the_disk_full_says_so(full, project):
    rows.make_user(project, "grace", Role.VIEWER)
    stranger = Client(raise_request_exception=False)
    prove_told(stranger.post(reverse("login"), {"username": "grace", "password": "correct horse battery"}))
