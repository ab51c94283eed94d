"""Settings: keys, people, project, audit, limits, about. Each change beside the refusal of it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from functions.models import AccessKey, AuditEntry, Membership, User
from functions.states import Role
from tests.support import rows

PAGES = ("project_settings", "keys", "people", "limits", "audit", "about")


def address(name, project, *args):
    return reverse(name, args=[project.account, *args])


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_and_closed_to_strangers(name, project, admin, stranger):
    assert admin.get(address(name, project)).status_code == 200
    assert stranger.get(address(name, project)).status_code == 404


def test_settings_begin_with_the_project(project, admin):
    assert admin.get(address("settings", project)).url == address("project_settings", project)


# Access keys


def test_a_secret_is_shown_once_with_what_to_paste(project, admin):
    answer = admin.post(address("keys", project), {"description": "laptop"})
    page = answer.content.decode()
    key = AccessKey.objects.get()
    assert answer.status_code == 201
    assert answer.context["made"]["secret"] in page
    assert f"aws configure set aws_access_key_id {key.key_id}" in page
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:9000" in page
    assert answer.context["made"]["secret"] not in admin.get(address("keys", project)).content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_key_is_revoked(project, admin):
    admin.post(address("keys", project), {"description": ""})
    key = AccessKey.objects.get()
    revoke = address("key_revoke", project, key.key_id)
    assert b"Nothing was changed" in admin.post(revoke, {"typed_name": "key"}, follow=True).content
    assert admin.post(revoke, {"typed_name": key.key_id}).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_viewer_makes_no_key(project, as_role):
    assert as_role(Role.VIEWER).post(address("keys", project), {}).status_code == 403
    assert not AccessKey.objects.exists()


def test_developers_see_and_revoke_only_their_own(project, admin, as_role):
    admin.post(address("keys", project), {"description": "of the administrator"})
    key = AccessKey.objects.get()
    developer = as_role(Role.DEVELOPER)
    assert key.key_id not in developer.get(address("keys", project)).content.decode()
    assert developer.post(address("key_revoke", project, key.key_id)).status_code == 404


# People


def test_a_person_is_added_with_a_one_time_password(project, admin):
    answer = admin.post(address("people", project), {"username": "grace", "role": "operator"})
    assert answer.status_code == 201
    grace = User.objects.get(username="grace")
    assert grace.must_change_password
    assert grace.check_password(answer.context["made"]["password"])
    assert Membership.objects.get(user=grace).role == Role.OPERATOR


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"username": "ada", "role": "viewer"}, "taken"),
        ({"username": "not a name", "role": "viewer"}, "A name has letters, digits and @ . + - _ only"),
        ({"username": "grace", "role": "emperor"}, "Choose one of the roles"),
    ],
)
def test_a_person_who_cannot_be_added_is_not(typed, words, project, admin):
    answer = admin.post(address("people", project), typed)
    assert 400 <= answer.status_code < 500
    assert words in answer.content.decode()
    assert typed["username"] in answer.content.decode()
    assert not User.objects.filter(username="grace").exists()


def test_roles_change_and_the_last_administrator_stays(project, user, admin):
    vera = rows.make_user(project, "vera", Role.VIEWER)
    admin.post(address("person_role", project, vera.id), {"role": "developer"})
    assert Membership.objects.get(user=vera).role == Role.DEVELOPER
    assert admin.post(address("person_role", project, user.id), {"role": "viewer"}).status_code == 409
    mine = {"typed_name": user.username}
    assert admin.post(address("person_remove", project, user.id), mine).status_code == 409
    assert Membership.objects.get(user=user).role == Role.ADMINISTRATOR


def test_a_person_is_removed(project, admin):
    vera = rows.make_user(project, "vera", Role.VIEWER)
    remove = address("person_remove", project, vera.id)
    assert b"Nothing was changed" in admin.post(remove, follow=True).content
    assert admin.post(remove, {"typed_name": vera.username}).status_code == 302
    assert not Membership.objects.filter(user=vera).exists()


def test_an_operator_changes_no_people(project, as_role):
    operator = as_role(Role.OPERATOR)
    assert operator.get(address("people", project)).status_code == 200
    assert operator.post(address("people", project), {"username": "x", "role": "viewer"}).status_code == 403
    assert (
        operator.post(
            address("person_remove", project, rows.make_user(project, "v", Role.VIEWER).id)
        ).status_code
        == 403
    )


# Project


def test_a_project_is_renamed_and_its_limit_set(project, admin):
    assert (
        admin.post(
            address("project_settings", project), {"name": "Shop", "concurrency_limit": "50"}
        ).status_code
        == 302
    )
    project.refresh_from_db()
    assert (project.name, project.concurrency_limit) == ("Shop", 50)
    assert AuditEntry.objects.filter(action="project.change").exists()


@pytest.mark.parametrize(
    "typed", [{"name": "", "concurrency_limit": "5"}, {"name": "x", "concurrency_limit": "many"}]
)
def test_a_wrong_project_setting_stands_beside_its_field(typed, project, admin):
    answer = admin.post(address("project_settings", project), typed)
    assert answer.status_code == 400
    assert "invalid-feedback" in answer.content.decode()


def test_a_developer_changes_no_project(project, as_role):
    developer = as_role(Role.DEVELOPER)
    assert (
        developer.post(
            address("project_settings", project), {"name": "x", "concurrency_limit": "1"}
        ).status_code
        == 403
    )


# Audit and about


def test_the_audit_log_tells_who_did_what(project, admin):
    admin.post(address("keys", project), {"description": ""})
    answer = admin.get(address("audit", project))
    assert "key.create" in answer.content.decode()
    assert admin.get(address("audit", project) + "?text=nobody").context["page"].items == []


def test_the_audit_log_names_things_as_people_do(project, admin):
    admin.post(address("keys", project), {"description": "laptop"})
    for kind in ("functionurl", "eventinvokeconfig", "a-kind-that-is-gone"):
        AuditEntry.objects.create(project=project, action="x", target_kind=kind, target_name="hello")
    page = admin.get(address("audit", project)).content.decode()
    for words in (
        "access key AKIA",
        "function URL hello",
        "event invoke config hello",
        "a-kind-that-is-gone hello",
    ):
        assert words in page


def test_what_was_not_said_has_a_dash(project, admin):
    admin.post(address("keys", project), {"description": ""})
    assert "<td>–</td>" in admin.get(address("keys", project)).content.decode()


def test_old_events_become_dead_letters_as_the_limits_say(project, admin):
    assert "Then it is a dead letter" in admin.get(address("limits", project)).content.decode()


def test_a_developer_reads_no_audit_log(project, as_role):
    assert as_role(Role.DEVELOPER).get(address("audit", project)).status_code == 403


def test_about_says_that_the_gateway_is_down(project, admin):
    page = admin.get(address("about", project)).content.decode()
    assert "The gateway is not running" in page
