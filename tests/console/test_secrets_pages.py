"""Settings, Secrets: what each role sees and does, and that no value is ever on a page unasked."""

import pytest
from django.urls import reverse

from functions.installation import vault
from functions.models import AuditEntry, Secret
from functions.secret_references import reference
from functions.services import secrets
from functions.states import Role
from tests.support import rows

VALUE = "correct horse battery"


@pytest.fixture
def secret(principal, project) -> Secret:
    return secrets.create_secret(acting=principal, project=project, name="db/password", value=VALUE)


def url(name, project, *more):
    return reverse(name, args=[project.account, *more])


def test_an_empty_list_says_what_it_would_show(admin, project):
    assert b"No secrets" in admin.get(url("secrets", project)).content


def test_one_is_created_and_its_page_has_its_reference_and_not_its_value(admin, project):
    typed = {"name": "db/password", "description": "of the shop", "value": VALUE}
    answer = admin.post(url("secrets", project), typed, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain[-1][0] == url("secret", project, Secret.objects.get().pk)
    assert reference("db/password") in text
    assert VALUE not in text
    listed = admin.get(url("secrets", project)).content.decode()
    assert "of the shop" in listed
    assert VALUE not in listed


@pytest.mark.parametrize(("typed", "field"), [({"name": "has space"}, "name"), ({"value": ""}, "value")])
def test_a_refusal_stands_beside_its_field_and_does_not_repeat_the_value(admin, project, typed, field):
    answer = admin.post(
        url("secrets", project), {"name": "n", "value": VALUE, "description": "kept", **typed}
    )
    text = answer.content.decode()
    assert answer.status_code == 400
    assert f'id="field-{field}-problem"' in text
    assert 'value="kept"' in text
    assert VALUE not in text


def test_a_value_is_revealed_to_operators_alone_and_audited(admin, as_role, project, secret):
    page = url("secret_reveal", project, secret.pk)
    assert as_role(Role.DEVELOPER).post(page).status_code == 403
    assert not AuditEntry.objects.filter(action="secret.reveal").exists()
    answer = as_role(Role.OPERATOR).post(page)
    assert VALUE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.filter(action="secret.reveal").count() == 1
    assert admin.get(page).status_code == 405
    assert VALUE not in admin.get(url("secret", project, secret.pk)).content.decode()


def test_viewers_see_that_there_are_some_and_change_nothing(as_role, project, secret):
    viewer = as_role(Role.VIEWER)
    listed = viewer.get(url("secrets", project)).content.decode()
    assert "db/password" in listed
    assert "Create secret" not in listed
    page = url("secret", project, secret.pk)
    assert "Change value" not in viewer.get(page).content.decode()
    assert viewer.post(page, {"value": "x"}).status_code == 403
    assert viewer.post(url("secrets", project), {"name": "n", "value": "x"}).status_code == 403
    assert viewer.post(url("secret_delete", project, secret.pk)).status_code == 403
    assert Secret.objects.get().edition == 1


def test_strangers_see_nothing(stranger, project, secret):
    assert stranger.get(url("secrets", project)).status_code == 404
    assert stranger.get(url("secret", project, secret.pk)).status_code == 404


def test_one_without_a_description_has_a_dash(admin, project):
    admin.post(url("secrets", project), {"name": "bare", "description": "", "value": VALUE})
    assert '<td class="hide-phone">–</td>' in admin.get(url("secrets", project)).content.decode()


def test_another_value(admin, project, secret):
    page = url("secret", project, secret.pk)
    assert admin.post(page, {"value": ""}).status_code == 400
    assert b"Holds for" in admin.get(page).content
    assert b"have the new value" in admin.post(page, {"value": "other"}, follow=True).content
    secret.refresh_from_db()
    assert secret.edition == 2
    assert vault().unseal(secret.value) == "other"


def test_deleting_asks_for_the_name_and_names_who_needs_it(admin, project, function, secret):
    sealed = vault().seal_environment({"PASSWORD": reference("db/password")})
    secrets.bind(rows.deploy(function, environment=sealed).latest)
    page = url("secret_delete", project, secret.pk)
    assert b"1 function uses it" in admin.get(url("secret", project, secret.pk)).content
    refused = admin.post(page, {"typed_name": "db/password"})
    assert refused.status_code == 409
    assert b"hello would fail without it" in refused.content
    rows.deploy(function)
    assert admin.post(page, {"typed_name": "db"}).status_code == 400
    assert admin.post(page, {"typed_name": "db/password"}).url == url("secrets", project)
    assert not Secret.objects.exists()


def test_references_are_offered_where_variables_are_typed(admin, project, function, secret):
    rows.deploy(function)
    text = admin.get(url("function_configuration", project, "hello")).content.decode()
    assert f'<option value="{reference("db/password")}">' in text
    code = admin.get(url("function_code", project, "hello")).content.decode()
    assert "db/password" in code


def test_a_variable_that_names_no_secret_is_refused_beside_the_variables(admin, project, draft):
    page = reverse("wizard_step", args=[project.account, draft.name, 5])
    typed = {
        "memory_mb": "256",
        "timeout_s": "10",
        "ephemeral_mb": "512",
        "network": "none",
        "environment_name": "PASSWORD",
        "environment_value": reference("none"),
    }
    answer = admin.post(page, typed)
    assert answer.status_code == 400
    assert b"There is no secret none in this project" in answer.content
