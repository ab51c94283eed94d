"""Triggers, Configuration, Versions, Security and the progress of a deploy."""

import re
from types import SimpleNamespace

import msgspec
import pytest
from django.urls import reverse
from django.utils import timezone

from console.configuration_form import environment_of
from functions.installation import vault
from functions.models import Alias, Deployment, Draft, Function, FunctionUrl, Schedule
from functions.services import deploys, triggers
from functions.states import DeploymentState, Role
from runner.client import GatewayClient, Health, HeldView, SandboxView
from tests.support import rows

SETTINGS = {
    "description": "",
    "runtime": "python3.13",
    "handler": "lambda_function.lambda_handler",
    "memory_mb": "512",
    "timeout_s": "5",
    "ephemeral_mb": "512",
    "network": "internet",
    "event_capture": "all",
}


def url_of(project, name, *args):
    return reverse(name, args=[project.account, "hello", *args])


# Every tab


@pytest.mark.parametrize(
    "name",
    [
        "function_code",
        "function_test",
        "function_triggers",
        "function_configuration",
        "function_versions",
        "function_security",
    ],
)
def test_every_tab_is_whole_for_each_role_and_closed_to_strangers(
    name, project, function, admin, as_role, stranger
):
    for client in (admin, as_role(Role.VIEWER)):
        answer = client.get(url_of(project, name))
        assert answer.status_code == 200
        assert 'aria-current="page"' in answer.content.decode()
        assert "As AWS CLI" in answer.content.decode()
    assert stranger.get(url_of(project, name)).status_code == 404


# Triggers


def test_a_url_is_made_changed_and_deleted_by_name(admin, project, function):
    admin.post(url_of(project, "url_save"), {"auth": "NONE"})
    url = FunctionUrl.objects.get()
    assert (url.auth, url.qualifier) == ("NONE", "live")
    assert url.url_id in admin.get(url_of(project, "function_triggers")).content.decode()
    admin.post(url_of(project, "url_save"), {"auth": "AWS_IAM", "enabled": "0"})
    url.refresh_from_db()
    assert (url.auth, url.enabled) == ("AWS_IAM", False)
    delete = url_of(project, "url_delete", url.pk)
    assert b"Nothing was changed" in admin.post(delete, {"typed_name": "helo"}, follow=True).content
    admin.post(delete, {"typed_name": "hello"})
    assert not FunctionUrl.objects.exists()


def test_a_url_that_no_policy_opens_is_told_and_opened_by_saving(admin, project, principal, function):
    triggers.create_url(acting=principal, function=function)
    closed = "no statement of the function&#x27;s policy lets everybody call it"
    page = url_of(project, "function_triggers")
    shown = admin.get(page).content.decode()
    assert closed in shown or closed.replace("&#x27;", "'") in shown
    admin.post(url_of(project, "url_save"), {"auth": "NONE"})
    assert "Anyone who knows it may call it." in admin.get(page).content.decode()


def test_a_url_with_unknown_auth_is_refused(admin, project, function):
    assert admin.post(url_of(project, "url_save"), {"auth": "PASSWORD"}).status_code == 400
    assert not FunctionUrl.objects.exists()


def test_a_schedule_is_made_changed_paused_and_deleted(admin, project, function):
    typed = {
        "name": "nightly",
        "expression": "cron(0 2 * * ? *)",
        "timezone": "Europe/Berlin",
        "payload": '{"n": 1}',
    }
    assert admin.post(url_of(project, "schedule_save"), typed).status_code == 302
    schedule = Schedule.objects.get()
    assert schedule.due_at is not None
    one = url_of(project, "schedule", schedule.pk)
    assert b"cron(0 2 * * ? *)" in admin.get(one).content
    admin.post(one, {**typed, "expression": "rate(1 hour)"})
    admin.post(url_of(project, "schedule_pause", schedule.pk), {"enabled": "0"})
    schedule.refresh_from_db()
    assert (schedule.expression, schedule.enabled, schedule.due_at) == ("rate(1 hour)", False, None)
    gone = url_of(project, "schedule_delete", schedule.pk)
    assert b"Nothing was changed" in admin.post(gone, follow=True).content
    admin.post(gone, {"typed_name": schedule.name})
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"expression": "every day"}, "expression"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"payload": "{"}, "payload"),
        ({"name": ""}, "name"),
    ],
)
def test_a_refused_schedule_says_why_beside_its_field(admin, project, function, changed, field):
    typed = {"name": "nightly", "expression": "rate(1 hour)", "timezone": "UTC", "payload": "", **changed}
    answer = admin.post(url_of(project, "schedule_save"), typed)
    assert answer.status_code == 400
    assert f'id="schedule-{field}-problem"'.encode() in answer.content
    assert not Schedule.objects.exists()
    schedule = Schedule.objects.create(function=function, name="old", expression="rate(1 day)")
    assert admin.post(url_of(project, "schedule", schedule.pk), typed).status_code == 400


def test_the_next_five_firings_are_shown_before_saving(admin, project):
    url = reverse("firings", args=[project.account])
    text = admin.get(
        url, {"expression": "cron(0 9 ? * MON-FRI *)", "timezone": "Europe/Berlin"}
    ).content.decode()
    assert 'data-firings="5"' in text
    assert "09:00 CE" in text
    assert b"A rate looks like" in admin.get(url, {"expression": "rate(x)"}).content


def test_changing_triggers_needs_the_role_developer(as_role, project, function):
    viewer = as_role(Role.VIEWER)
    assert viewer.post(url_of(project, "url_save"), {"auth": "NONE"}).status_code == 403
    assert viewer.post(url_of(project, "schedule_save"), {}).status_code == 403
    schedule = Schedule.objects.create(function=function, name="old", expression="rate(1 day)")
    for name in ("schedule", "schedule_pause", "schedule_delete"):
        assert viewer.post(url_of(project, name, schedule.pk)).status_code == 403


# Configuration


@pytest.fixture
def secretive(function) -> Function:
    """A function with a secret in its environment."""
    sealed = vault().seal_environment({"TOKEN": "s3cret", "MODE": "fast"})
    Draft.objects.filter(function=function).update(environment=sealed)
    return function


def test_saving_changes_the_draft_only(admin, project, function):
    answer = admin.post(url_of(project, "function_configuration"), {**SETTINGS, "environment_masked": "1"})
    assert answer.status_code == 302
    assert Draft.objects.get().memory_mb == 512
    assert Function.objects.get().latest.memory_mb == 128
    assert b"The draft differs" in admin.get(answer.url).content


def test_saving_and_deploying_at_once(admin, project, function):
    answer = admin.post(url_of(project, "function_configuration"), {**SETTINGS, "then": "deploy"})
    assert answer.url == url_of(project, "deployment", Deployment.objects.get().pk)


def test_fields_that_are_not_kept_are_saved_and_wrong_ones_refused(admin, project, function):
    page = url_of(project, "function_configuration")
    admin.post(page, {**SETTINGS, "redact": "headers.authorization\nbody.pin"})
    assert Draft.objects.get(function=function).redact == ["headers.authorization", "body.pin"]
    assert b"headers.authorization\nbody.pin" in admin.get(page).content
    answer = admin.post(page, {**SETTINGS, "redact": "a..b"})
    assert answer.status_code == 400
    assert b"is no field path" in answer.content
    assert Draft.objects.get(function=function).redact == ["headers.authorization", "body.pin"]


def test_out_of_bounds_is_said_beside_the_field(admin, project, function):
    answer = admin.post(url_of(project, "function_configuration"), {**SETTINGS, "memory_mb": "1"})
    assert answer.status_code == 400
    assert b'id="field-memory_mb-problem"' in answer.content
    assert Draft.objects.get().memory_mb == 128


def test_values_are_masked_until_revealed_by_those_who_may(admin, as_role, project, secretive):
    page = url_of(project, "function_configuration")
    assert b"TOKEN" in admin.get(page).content
    assert b"s3cret" not in admin.get(page).content
    assert b"s3cret" in admin.get(f"{page}?reveal=1").content
    assert b"s3cret" not in as_role(Role.VIEWER).get(f"{page}?reveal=1").content


def test_a_masked_value_left_empty_stays(admin, project, secretive):
    typed = {**SETTINGS, "environment_masked": "1"}
    typed |= {"environment_name": ["TOKEN", "ADDED"], "environment_value": ["", "x"]}
    admin.post(url_of(project, "function_configuration"), typed)
    assert environment_of(Draft.objects.get()) == {"TOKEN": "s3cret", "ADDED": "x"}


def test_a_variable_twice_is_refused(admin, project, function):
    typed = {**SETTINGS, "environment_name": ["A1", "A1"], "environment_value": ["x", "y"]}
    answer = admin.post(url_of(project, "function_configuration"), typed)
    assert answer.status_code == 400
    assert b"The variable A1 is there twice" in answer.content


def test_concurrency_is_reserved_and_lifted(admin, as_role, project, function):
    url = url_of(project, "function_concurrency")
    admin.post(url, {"reserved_concurrency": "5"})
    assert Function.objects.get().reserved_concurrency == 5
    assert admin.post(url, {"reserved_concurrency": "99999"}).status_code == 400
    assert admin.post(url, {"reserved_concurrency": "few"}).status_code == 400
    assert as_role(Role.DEVELOPER).post(url, {"reserved_concurrency": "1"}).status_code == 403
    assert Function.objects.get().reserved_concurrency == 5
    admin.post(url, {"reserved_concurrency": ""})
    assert Function.objects.get().reserved_concurrency is None


def test_tags_are_replaced(admin, project, function):
    admin.post(url_of(project, "function_tags"), {"tag_name": ["team"], "tag_value": ["shop"]})
    assert Function.objects.get().tags == {"team": "shop"}
    answer = admin.post(url_of(project, "function_tags"), {"tag_name": ["aws:x"], "tag_value": [""]})
    assert answer.status_code == 400
    assert Function.objects.get().tags == {"team": "shop"}


def test_pausing_needs_an_operator(admin, as_role, project, function):
    assert as_role(Role.DEVELOPER).post(url_of(project, "function_pause"), {"paused": "1"}).status_code == 403
    admin.post(url_of(project, "function_pause"), {"paused": "1"})
    assert Function.objects.get().paused_at is not None
    assert b"Paused: every call is refused" in admin.get(url_of(project, "function_code")).content


def test_deleting_is_undone_by_the_button_that_the_next_page_has(admin, as_role, project, function):
    url, viewer = url_of(project, "function_delete"), as_role(Role.VIEWER)
    assert viewer.post(url).status_code == 403
    page = admin.post(url, follow=True).content.decode()
    assert "hello is deleted, to be restored for 7 days." in page
    assert Function.objects.get().deleted_at is not None
    undo = re.search(r'action="([^"]*restore[^"]*)"', page)[1]
    assert viewer.post(undo).status_code == 403
    assert b"hello is back" in admin.post(undo, follow=True).content
    assert Function.objects.get().deleted_at is None
    assert admin.post(undo).status_code == 404


# Versions


def test_rolling_back_moves_live(admin, as_role, project, function):
    rows.deploy(function, memory_mb=512)
    assert Alias.objects.get().version.number == 2
    assert b"Roll back to 1" in admin.get(url_of(project, "function_versions")).content
    back = url_of(project, "function_roll_back", 1)
    assert as_role(Role.VIEWER).post(back).status_code == 403
    assert admin.post(url_of(project, "function_roll_back", 9)).status_code == 404
    assert b"Version 1 serves all calls" in admin.post(back, follow=True).content
    assert Alias.objects.get().version.number == 1


def test_two_versions_are_compared_without_showing_values(admin, project, secretive):
    rows.deploy(rows.Function.objects.get(), memory_mb=512)
    text = admin.get(f"{url_of(project, 'function_versions')}?a=1&b=2").content.decode()
    assert "Version 1 against version 2" in text
    assert "<strong>512</strong>" in text
    assert "s3cret" not in text
    assert b"against" not in admin.get(f"{url_of(project, 'function_versions')}?a=1&b=x").content


def test_compared_settings_are_said_in_words(admin, project, function):
    rows.deploy(function, network="none", event_capture="all", redact=["body.card", "headers.cookie"])
    text = admin.get(f"{url_of(project, 'function_versions')}?a=1&b=2").content.decode()
    for words in (
        "<strong>No network</strong>",
        "Internet only",
        "<strong>body.card, headers.cookie</strong>",
    ):
        assert words in text


def test_a_single_version_is_not_offered_for_comparison(admin, project, function):
    page = url_of(project, "function_versions")
    assert b"Compare the two chosen" not in admin.get(page).content
    rows.deploy(function, memory_mb=512)
    assert b"Compare the two chosen" in admin.get(page).content


def test_what_the_api_deployed_can_be_published(admin, project, function):
    function.latest = rows.make_revision(function)
    function.save()
    assert b"Publish it as a version" in admin.get(url_of(project, "function_versions")).content
    admin.post(url_of(project, "function_publish"), {"description": "by hand"})
    assert function.versions.get(number=2).description == "by hand"


# Security


def test_security_says_what_was_read_back(admin, project, function, monkeypatch):
    isolation = {"egress": "", "freezer": "no privilege", "rules": ["table inet x {", "}"], "engine": "27"}
    health = Health(ok=True, engine="ok", sandboxes=1, journal_backlog=0, version="1", isolation=isolation)
    monkeypatch.setattr(GatewayClient, "health", lambda self: health)
    text = admin.get(url_of(project, "function_security")).content.decode()
    for shown in (
        "Egress rules",
        "holds",
        "does not hold",
        "no privilege",
        "table inet x {",
        "Docker engine",
    ):
        assert shown in text
    assert "cloud metadata addresses are blocked" in text


def running(version="1", network="none"):
    return SandboxView(
        id="abc123", function_id="", function_name="hello", version=version, runtime="python3.13",
        network=network, state="warm", created_us=1, last_used_us=1, calls=1, memory_mb=128, memory_now=1, why="",
    )  # fmt: skip


HELD = {
    "image": "sha256:aa", "uid": 60001, "capabilities": 0, "no_new_privileges": True, "seccomp": True,
    "root_read_only": True, "writable": ["/tmp"], "interfaces": ["lo"], "memory_bytes": 128 * 1024 * 1024,
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({}, ""),
        ({"uid": 0}, "run as user 0"),
        ({"capabilities": 1 << 21}, "It has some: mask 0x200000"),
        ({"writable": ["/data", "/tmp"]}, "/data too."),
        ({"interfaces": ["eth0", "lo"]}, "It sees eth0, lo"),
        ({"root_read_only": False}, "can be written to"),
    ],
)
def test_security_says_what_the_kernel_holds_a_sandbox_to(
    admin, project, function, monkeypatch, wrong, shown
):
    view = SimpleNamespace(sandboxes=[msgspec.structs.replace(running(), function_id=str(function.pk))])
    monkeypatch.setattr(GatewayClient, "sandboxes", lambda self: view)
    monkeypatch.setattr(GatewayClient, "read_back", lambda self, _id: HeldView(**(HELD | wrong)))
    text = admin.get(url_of(project, "function_security")).content.decode()
    assert "abc123" in text
    assert "128 MB; the function is set to 128 MB" in text
    assert shown in text
    assert ("does not hold" in text) is bool(wrong)


def test_security_claims_nothing_while_the_gateway_is_down(admin, project, function):
    text = admin.get(url_of(project, "function_security")).content.decode()
    assert "nothing can be read back" in text
    assert "holds</" not in text


# Deploying


def test_a_deploy_shows_its_steps_until_it_has_ended(admin, project, function):
    answer = admin.post(url_of(project, "function_deploy"), headers={"HX-Request": "true"})
    deployment = Deployment.objects.get()
    part = f"{url_of(project, 'deployment', deployment.pk)}?part=steps"
    assert b"Waiting for a worker" in answer.content
    assert part in answer.content.decode()
    deploys.advance(deployment.pk, DeploymentState.SAVING)
    deploys.append_log(deployment.pk, "Collecting requests\n")
    deploys.fail(
        deployment_id=deployment.pk, error_type="BuildFailed", message="`requests==99` does not exist."
    )
    ended = admin.get(part)
    text = ended.content.decode()
    for shown in ("The deploy failed", "<code>requests==99</code>", "keeps running", "Collecting requests"):
        assert shown in text
    assert "hx-get" not in text
    assert '"state": "failed"' in ended.headers["HX-Trigger"]


def test_a_deploy_from_the_wizard_ends_on_test(admin, project, function):
    deployment = Deployment.objects.create(
        project=project,
        function=function,
        state=DeploymentState.SUCCEEDED,
        ended_at=timezone.now(),
        version=function.versions.get(),
    )
    part = url_of(project, "deployment", deployment.pk)
    ended = admin.get(f"{part}?part=steps&then=test")
    assert ended.headers["HX-Redirect"] == f"{url_of(project, 'function_test')}?deployed={deployment.pk}"
    assert b"Deployed as version 1" in admin.get(ended.headers["HX-Redirect"]).content
    assert "HX-Redirect" not in admin.get(f"{part}?part=steps").headers
    assert b"as version 1" in admin.get(part).content


def test_deploying_is_refused_to_viewers_strangers_and_empty_drafts(
    admin, as_role, stranger, project, function
):
    url = url_of(project, "function_deploy")
    assert as_role(Role.VIEWER).post(url).status_code == 403
    assert stranger.post(url).status_code == 404
    assert admin.get(url).status_code == 405
    function.draft.files.all().delete()
    assert b"There is no code to deploy" in admin.post(url, headers={"HX-Request": "true"}).content
    assert not Deployment.objects.exists()
