"""The test bench: what a test runs, drafts that are made ready, many runs, shapes of events, private events."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from functions.event_templates import event_templates
from functions.limits import SYNC_PAYLOAD
from functions.models import Alias, Deployment, Draft, Function, TestEvent
from functions.services import deploys
from functions.states import DeploymentState, Outcome, Role
from runner.client import GatewayClient, GatewayRefused
from tests.support import rows
from tests.support.telemetry import make_record


def url_of(project, name="function_test", function="hello"):
    return reverse(name, args=[project.account, function])


@pytest.fixture
def orders(monkeypatch):
    """What the gateway was asked to run; it answers each with 20 ms, the first one cold."""
    asked = []

    def invoke(_self, order):
        asked.append(order)
        return make_record(duration_us=20_000 + len(asked), cold=len(asked) == 1)

    monkeypatch.setattr(GatewayClient, "invoke", invoke)
    return asked


@pytest.fixture
def changed(function) -> Function:
    """A deployed function whose draft differs."""
    Draft.objects.filter(function=function).update(deployed_token=None)
    return Function.objects.get(pk=function.pk)


@pytest.fixture
def run(admin, project):
    """Run the test with some target."""

    def post(name="function_test_run", **form):
        return admin.post(url_of(project, name), {"payload": "{}", **form})

    return post


def ready(trial: Deployment, acting) -> Deployment:
    """What a worker does with a trial."""
    deploys.advance(trial.pk, DeploymentState.SAVING)
    deploys.advance(trial.pk, DeploymentState.STARTING)
    return deploys.finish(deployment_id=trial.pk, acting=acting)


# What runs


@pytest.mark.parametrize(
    ("target", "qualifier"),
    [("", "live"), ("live", "live"), ("$LATEST", ""), ("1", "1"), ("canary", "canary"), ("99", "live")],
)
def test_a_target_is_what_it_says(run, orders, function, target, qualifier):
    version = function.versions.get()
    Alias.objects.create(function=function, name="canary", version=version)
    assert run(target=target).status_code == 200
    assert (orders[0].qualifier, orders[0].revision_id) == (qualifier, "")


def test_choices_are_what_there_is(admin, project, changed):
    text = admin.get(url_of(project)).content.decode()
    for words in ("live, version 1", "Draft, not deployed", "$LATEST", "Version 1"):
        assert words in text


def test_a_draft_that_is_deployed_is_no_choice_of_its_own(admin, project, function):
    assert "Draft, not deployed" not in admin.get(url_of(project)).content.decode()


# Drafts


def test_a_draft_is_made_ready_once_and_then_run_by_its_revision(run, orders, changed, principal):
    first = run(target="draft").content.decode()
    trial = Deployment.objects.get(trial=True)
    assert "Making the draft ready" in first
    assert str(trial.pk) in first
    run(target="draft", trial=str(trial.pk))
    assert Deployment.objects.filter(trial=True).count() == 1
    assert orders == []
    ready(trial, principal)
    assert "Succeeded" in run(target="draft").content.decode()
    assert orders[0].revision_id == str(trial.revision_id)


def test_a_trial_moves_nothing(run, changed, principal, admin, project):
    before = Function.objects.get(pk=changed.pk)
    run(target="draft")
    ready(Deployment.objects.get(trial=True), principal)
    after = Function.objects.get(pk=changed.pk)
    assert (after.latest_id, after.next_version) == (before.latest_id, before.next_version)
    assert after.versions.count() == 1
    assert not after.draft.is_deployed
    assert deploys.open_deployment(after) is None
    assert "draft" not in admin.get(reverse("home", args=[project.account])).content.decode()


def test_a_draft_that_fails_is_said_and_not_begun_again_by_itself(run, orders, changed):
    run(target="draft")
    trial = Deployment.objects.get(trial=True)
    deploys.advance(trial.pk, DeploymentState.SAVING)
    deploys.fail(
        deployment_id=trial.pk, error_type="Runtime.ImportModuleError", message="No module named 'x'"
    )
    text = run(target="draft", trial=str(trial.pk)).content.decode()
    assert "The draft cannot run" in text
    assert "No module named" in text
    assert "hx-post" not in text
    assert Deployment.objects.filter(trial=True).count() == 1
    assert "Making the draft ready" in run(target="draft").content.decode()  # a person pressed it again
    assert orders == []


def test_another_draft_is_another_trial(run, changed, principal):
    run(target="draft")
    rows.Draft.objects.filter(function=changed).update(token=rows.new_id())
    run(target="draft")
    assert Deployment.objects.filter(trial=True).count() == 2


def test_old_trials_go_with_what_only_they_had(run, changed, principal, now):
    run(target="draft")
    trial = ready(Deployment.objects.get(trial=True), principal)
    assert deploys.discard_trials(now=now) == 0
    assert deploys.discard_trials(now=now + deploys.TRIAL_KEPT * 2) == 1
    assert not changed.revisions.filter(pk=trial.revision_id).exists()
    assert changed.revisions.filter(pk=changed.latest_id).exists()


def test_a_viewer_tries_nothing(as_role, project, changed):
    answer = as_role(Role.VIEWER).post(
        url_of(project, "function_test_run"), {"payload": "{}", "target": "draft"}
    )
    assert answer.status_code == 403
    assert not Deployment.objects.filter(trial=True).exists()


# Many runs


def test_many_runs_show_how_they_spread(run, orders, function):
    text = run("function_test_repeatedly", runs="12", at_once="3").content.decode()
    assert len(orders) == 12
    for words in ("12 of 12", "Succeeded: 12", "1 cold start", "p95", "The slowest", "<rect"):
        assert words in text


def test_failures_and_refusals_are_counted(run, monkeypatch, function):
    answers = iter(
        [make_record(outcome=Outcome.TIMEOUT), GatewayRefused("TooManyRequestsException", "", 429)] * 3
    )

    def invoke(_self, _order):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(GatewayClient, "invoke", invoke)
    text = run("function_test_repeatedly", runs="6", at_once="1").content.decode()
    assert "Timed out: 3" in text
    assert "refused with TooManyRequestsException: 3" in text
    assert "3 of 6" in text


@pytest.mark.parametrize(("runs", "at_once"), [("0", "1"), ("201", "1"), ("x", "1"), ("5", "11"), ("5", "")])
def test_numbers_out_of_bounds_are_refused(run, orders, function, runs, at_once):
    assert run("function_test_repeatedly", runs=runs, at_once=at_once).status_code == 400
    assert orders == []


# Shapes


def test_every_shape_is_an_event_with_a_page_of_aws():
    shapes = event_templates()
    keys = [shape.key for shape in shapes]
    expected = {
        "function-url",
        "http-api",
        "schedule",
        "s3-put",
        "sqs",
        "sns",
        "dynamodb",
        "kinesis",
        "eventbridge",
        "ses",
    }
    assert expected <= set(keys)
    assert len(keys) == len(set(keys))
    for shape in shapes:
        assert isinstance(json.loads(shape.event), dict)
        assert shape.source.startswith("https://docs.aws.amazon.com/")
        assert len(shape.event) < SYNC_PAYLOAD


def test_a_shape_is_chosen_by_the_address(admin, project, function):
    assert "As AWS sends it" in admin.get(url_of(project)).content.decode()
    assert admin.get(url_of(project) + "?template=sqs").context["payload"] == next(
        shape.event for shape in event_templates() if shape.key == "sqs"
    )


# Private events


def test_a_private_event_is_its_owners(admin, as_role, project, function):
    other = as_role(Role.DEVELOPER)
    save, delete = url_of(project, "test_event_save"), url_of(project, "test_event_delete")
    admin.post(save, {"name": "mine", "payload": "1", "private": "1"})
    admin.post(save, {"name": "ours", "payload": "2"})
    assert {event.name for event in admin.get(url_of(project)).context["test_events"]} == {"mine", "ours"}
    assert {event.name for event in other.get(url_of(project)).context["test_events"]} == {"ours"}
    assert other.post(delete, {"name": "mine", "private": "1", "typed_name": "mine"}).status_code == 404
    admin.post(delete, {"name": "mine", "private": "1", "typed_name": "mine"})
    assert list(TestEvent.objects.values_list("name", flat=True)) == ["ours"]


def test_a_shared_and_a_private_event_may_have_one_name(admin, project, function):
    save = url_of(project, "test_event_save")
    admin.post(save, {"name": "a", "payload": "1"})
    admin.post(save, {"name": "a", "payload": "2", "private": "1"})
    admin.post(save, {"name": "a", "payload": "3"})
    assert sorted(TestEvent.objects.values_list("payload", flat=True)) == ["2", "3"]
