"""The list of refused requests: what web itself refuses, filters, pages, and the way there from a request id."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from functions.ids import new_id
from functions.models import Refusal
from functions.records import Refused
from functions.services import refusals, retention
from functions.states import Role
from tests.support.addresses import address


def refused(project, *, name="hello", error="InvalidRequestContentException", **fields) -> str:
    """Store one; returns its request id."""
    request_id = str(new_id())
    values = {
        "request_id": request_id,
        "project_id": str(project.id),
        "function_name": name,
        "operation": "Invoke",
        "error_type": error,
        "status": 400,
        "message": "Could not parse request body into json.",
        "caller": "ada",
        "at_us": int(datetime.now(UTC).timestamp() * 1e6),
    }
    refusals.store_refusals([Refused(**{**values, **fields})])
    return request_id


@pytest.fixture
def page(project):
    """The list as some browser sees it."""
    return lambda client, **query: client.get(reverse("refusals", args=[project.account]), query)


def test_it_says_who_asked_for_what_and_why_not(admin, project, page):
    request_id = refused(project, more=7)
    text = page(admin).content.decode()
    for words in ("Could not parse", "InvalidRequestContentException", "ada", request_id, "and 7 more"):
        assert words in text


def test_it_is_filtered_by_function_and_error(admin, project, page):
    mine = refused(project)
    other = refused(project, name="other", error="ResourceNotFoundException")
    assert other not in page(admin, function="hello").content.decode()
    assert mine not in page(admin, error="ResourceNotFoundException").content.decode()
    assert "No refused request matches" in page(admin, function="none").content.decode()


def test_it_pages(admin, project, page):
    ids = [refused(project) for _ in range(51)]
    first = page(admin)
    assert ids[0] not in first.content.decode()
    assert ids[0] in admin.get(first.context["older"]).content.decode()
    assert page(admin, marker="x").status_code == 400


def test_other_projects_are_unseen_and_nothing_is_said_so(admin, stranger, project, page):
    refused(project, project_id=str(new_id()))
    assert "Nothing was refused" in page(admin).content.decode()
    assert page(stranger).status_code == 404


def test_a_request_id_leads_to_it(admin, project):
    request_id = refused(project)
    answer = admin.get(reverse("request", args=[project.account, request_id]), follow=True)
    assert request_id in answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith(f"?request={request_id}")


def test_the_monitor_tells_of_them(admin, project, function):
    refused(project, name=function.name)
    refused(project, name=function.name, at_us=int((datetime.now(UTC) - timedelta(days=2)).timestamp() * 1e6))
    assert "1 request refused" in admin.get(address("function_monitor", project, "hello")).content.decode()


def test_a_zip_that_is_none_is_noted_beside_one_that_is_taken(admin, project, function):
    admin.post(address("function_upload", project, "hello"), {"zip": SimpleUploadedFile("a.zip", b"no zip")})
    noted = Refusal.objects.get()
    assert (noted.operation, noted.function_name, noted.payload_bytes) == ("Upload", "hello", 6)
    assert noted.error_type == "InvalidParameterValueException"


def test_an_event_that_is_no_json_is_noted(as_role, project, function):
    as_role(Role.DEVELOPER).post(address("function_test_run", project, "hello"), {"payload": "{no"})
    noted = Refusal.objects.get()
    assert (noted.operation, noted.caller) == ("Test", "some-developer")


def test_old_and_superfluous_ones_go(project, monkeypatch):
    monkeypatch.setattr(refusals, "KEPT", 3)
    kept = [refused(project) for _ in range(5)][2:]
    other = refused(project, project_id=str(new_id()))
    retention.expire(days=30, now=datetime.now(UTC))
    assert {str(row.id) for row in Refusal.objects.all()} == {*kept, other}
    retention.expire(days=30, now=datetime.now(UTC) + timedelta(days=31))
    assert Refusal.objects.count() == 0


def test_one_delivered_twice_is_stored_once(project):
    one = Refused(
        request_id=str(new_id()),
        project_id=str(project.id),
        function_name="x\0y",
        operation="Invoke",
        error_type="ResourceNotFoundException",
        status=404,
        message="m" * 5000,
    )
    refusals.store_refusals([one])
    refusals.store_refusals([one])
    assert len(Refusal.objects.get().message) == 1024
    assert json.dumps(Refusal.objects.get().function_name)
