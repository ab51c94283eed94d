"""Webhooks on the Triggers tab: made, shown with their address, given another secret, paused and removed."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from functions.errors import ResourceConflict, ResourceNotFound
from functions.installation import vault
from functions.models import AuditEntry, Webhook
from functions.queries.snapshots import hook_by_id
from functions.services import functions as function_services
from functions.services import webhooks
from functions.states import Role
from tests.support import rows

TYPED = {
    "name": "pushes",
    "provider": "github",
    "secret": "chosen by us",
    "delivery": "event",
    "header": "x-ignored",
}


def url_of(project, name, *args):
    return reverse(name, args=[project.account, "hello", *args])


@pytest.fixture
def hook(principal, function):
    return webhooks.create_webhook(
        acting=principal, function=function, name="pushes", provider="github", secret="chosen by us"
    )


def test_a_webhook_is_made_and_its_address_stands_there(admin, project, function):
    assert "No webhooks" in admin.get(url_of(project, "function_triggers")).content.decode()
    said = admin.post(url_of(project, "webhook_save"), TYPED, follow=True).content.decode()
    hook = Webhook.objects.get()
    assert (hook.name, hook.provider, hook.delivery, hook.header, hook.qualifier) == (
        "pushes", "github", "event", "", "live",
    )  # fmt: skip
    assert re.search(rf"http://[^<]+/hook/{hook.hook_id}<", said)
    assert b"chosen by us" not in bytes(hook.secret)
    assert "chosen by us" not in said
    listed = admin.get(reverse("functions", args=[project.account])).content.decode()
    assert '<span title="Webhook">' in listed
    over_all = admin.get(reverse("triggers", args=[project.account]), {"kind": "webhooks"}).content.decode()
    assert f"/hook/{hook.hook_id}" in over_all


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"secret": "short"}, "8 to 1024 printable characters"),
        ({"name": ""}, "1 to 64 characters"),
        ({"provider": "nobody"}, "Choose one of the list"),
        ({"provider": "generic", "header": "no header"}, "letters, digits and hyphens"),
        ({"name": "taken"}, "There is a webhook taken already"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_secret_is_not_given_back(
    admin, project, function, principal, changed, words
):
    webhooks.create_webhook(
        acting=principal, function=function, name="taken", provider="github", secret="chosen by us"
    )
    answer = admin.post(url_of(project, "webhook_save"), {**TYPED, **changed})
    shown = answer.content.decode()
    assert answer.status_code in {400, 409}
    assert words in shown
    assert "chosen by us" not in shown
    assert Webhook.objects.count() == 1


def test_another_secret_is_taken_and_the_old_one_is_gone(admin, project, hook):
    address = url_of(project, "webhook_secret", hook.pk)
    assert b"was not changed" in admin.post(address, {"secret": "short"}, follow=True).content
    admin.post(address, {"secret": "another secret"})
    hook.refresh_from_db()
    assert vault().unseal(hook.secret) == "another secret"
    assert hook_by_id(hook.hook_id).secret == "another secret"
    entries = AuditEntry.objects.filter(action__startswith="webhook.")
    assert [entry.action for entry in entries.order_by("id")] == ["webhook.create", "webhook.secret"]
    assert "secret" not in str([(entry.before, entry.after) for entry in entries])


def test_it_is_paused_resumed_and_deleted_once_its_name_was_typed(admin, project, hook):
    pause = url_of(project, "webhook_pause", hook.pk)
    admin.post(pause, {"enabled": "0"})
    assert not hook_by_id(hook.hook_id).enabled
    assert "Resume webhook pushes" in admin.get(url_of(project, "function_triggers")).content.decode()
    admin.post(pause, {"enabled": "1"})
    assert hook_by_id(hook.hook_id).enabled
    gone = url_of(project, "webhook_delete", hook.pk)
    assert b"Nothing was changed" in admin.post(gone, {"typed_name": "hello"}, follow=True).content
    assert hook_by_id(hook.hook_id) is not None
    admin.post(gone, {"typed_name": "pushes"})
    assert hook_by_id(hook.hook_id) is None
    assert admin.post(gone, {"typed_name": "pushes"}).status_code == 404


def test_it_is_gone_with_its_function(hook, function, principal):
    assert hook_by_id(hook.hook_id).function_name == "hello"
    function_services.delete_function(acting=principal, function=function)
    assert hook_by_id(hook.hook_id) is None


def test_a_viewer_sees_it_and_changes_nothing(as_role, project, hook):
    viewer = as_role(Role.VIEWER)
    for name, *args in (
        ("webhook_save",),
        ("webhook_secret", hook.pk),
        ("webhook_pause", hook.pk),
        ("webhook_delete", hook.pk),
    ):
        assert viewer.post(url_of(project, name, *args), {**TYPED, "typed_name": "pushes"}).status_code == 403
    shown = viewer.get(url_of(project, "function_triggers")).content.decode()
    assert "pushes" in shown
    assert "New webhook" not in shown
    assert Webhook.objects.get().enabled


def test_it_is_reached_through_its_own_function_alone(admin, project, hook):
    rows.make_function(project, "other")
    away = reverse("webhook_delete", args=[project.account, "other", hook.pk])
    assert admin.post(away, {"typed_name": "pushes"}).status_code == 404
    assert Webhook.objects.exists()


def test_a_function_has_so_many_and_no_more(function, principal, monkeypatch, hook):
    monkeypatch.setattr(webhooks, "MOST_OF_A_FUNCTION", 1)
    with pytest.raises(ResourceConflict, match="1 webhooks already"):
        webhooks.create_webhook(
            acting=principal, function=function, name="more", provider="github", secret="chosen by us"
        )


def test_a_qualifier_that_is_not_there_is_refused(function, principal):
    with pytest.raises(ResourceNotFound, match=":gone"):
        webhooks.create_webhook(
            acting=principal,
            function=function,
            name="x",
            provider="github",
            secret="chosen by us",
            qualifier="gone",
        )
