"""What a person sees when the console itself fails."""

import pytest
from django.db import DatabaseError

from console.views import home


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
