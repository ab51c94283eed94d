"""The wizard: five steps, each saved, each visited again, each refusing beside the field."""

import time

import pytest
from django.urls import reverse

from console.configuration_form import environment_of
from console.test_result import first_event
from functions.image_states import ImageReport, ImageState
from functions.models import Deployment, Draft, DraftFile, Function
from functions.runtimes import RUNTIMES
from functions.states import Role


def step_url(project, number, name="orders"):
    return reverse("wizard_step", args=[project.account, name, number])


@pytest.fixture
def orders(admin, project) -> Function:
    """A draft as step 1 leaves it."""
    admin.post(reverse("wizard_new", args=[project.account]), {"name": "orders"})
    return Function.objects.get()


def fresh(function: Function) -> Draft:
    return Draft.objects.get(function=function)


def paths(function: Function) -> set[str]:
    return set(DraftFile.objects.filter(draft__function=function).values_list("path", flat=True))


REVIEW = {"memory_mb": "256", "timeout_s": "10", "ephemeral_mb": "512", "network": "none"}


def test_review_speaks_of_dependencies_only_where_there_are_some(admin, project, orders):
    DraftFile.objects.filter(draft__function=orders, path="requirements.txt").delete()
    assert b"installs" not in admin.get(step_url(project, 5)).content
    DraftFile.objects.create(draft=fresh(orders), path="requirements.txt", content=b"six")
    assert b"installs what requirements.txt needs" in admin.get(step_url(project, 5)).content


def test_step_1_makes_a_draft_with_starter_code_and_goes_on(admin, project):
    typed = {"name": "orders", "description": "Takes orders", "tag_name": "team", "tag_value": "shop"}
    answer = admin.post(reverse("wizard_new", args=[project.account]), typed)
    assert answer.url == step_url(project, 2)
    function = Function.objects.get()
    assert function.tags == {"team": "shop"}
    assert fresh(function).description == "Takes orders"
    assert paths(function) == {"lambda_function.py"}


@pytest.mark.parametrize("name", ["", "has space", "x" * 65])
def test_a_wrong_name_is_said_and_nothing_typed_is_lost(admin, project, name):
    typed = {"name": name, "description": "kept", "tag_name": "team", "tag_value": "shop"}
    answer = admin.post(reverse("wizard_new", args=[project.account]), typed)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert 'id="field-name-problem"' in text
    assert 'value="kept"' in text
    assert 'value="shop"' in text
    assert not Function.objects.exists()


def test_a_taken_name_is_said_beside_its_field(admin, project, function):
    answer = admin.post(reverse("wizard_new", args=[project.account]), {"name": "hello"})
    assert answer.status_code == 409
    assert b'id="field-name-problem"' in answer.content


def test_a_starter_brings_its_trigger(admin, project):
    url = reverse("wizard_new", args=[project.account])
    assert b"Starts with HTTP API" in admin.get(f"{url}?starter=http-api").content
    admin.post(url, {"name": "api", "starter": "http-api"})
    assert fresh(Function.objects.get()).trigger == {"kind": "function_url", "auth": "NONE"}


def test_step_1_can_be_visited_again(admin, project, orders):
    assert admin.post(step_url(project, 1), {"name": "orders-2", "description": "new"}).status_code == 302
    assert fresh(orders).description == "new"
    assert Function.objects.get().name == "orders-2"


def test_another_language_brings_its_starter_and_handler(admin, project, orders):
    assert admin.post(step_url(project, 2), {"runtime": "nodejs24.x"}).url == step_url(project, 3)
    assert fresh(orders).handler == "index.handler"
    assert paths(orders) == {"index.mjs"}


def test_code_that_was_written_is_kept_when_the_language_changes(admin, project, orders):
    DraftFile.objects.filter(draft__function=orders).update(content=b"mine")
    admin.post(step_url(project, 2), {"runtime": "nodejs24.x"})
    assert paths(orders) == {"lambda_function.py"}


def test_an_unknown_runtime_is_refused(admin, project, orders):
    answer = admin.post(step_url(project, 2), {"runtime": "cobol"})
    assert answer.status_code == 400
    assert fresh(orders).runtime == "python3.13"


def test_starter_code_can_be_chosen(admin, project, orders):
    url = reverse("wizard_starter", args=[project.account, "orders"])
    assert admin.post(url, {"starter": "scheduled-job"}).url == step_url(project, 3)
    assert fresh(orders).trigger["expression"] == "rate(5 minutes)"
    assert admin.post(url, {"starter": "nothing"}).status_code == 400


def test_other_starter_code_leaves_a_trigger_alone_that_somebody_chose(admin, project, orders):
    admin.post(step_url(project, 3))
    admin.post(step_url(project, 4), {"kind": "function_url", "auth": "AWS_IAM"})
    admin.post(reverse("wizard_starter", args=[project.account, "orders"]), {"starter": "scheduled-job"})
    assert fresh(orders).trigger == {"kind": "function_url", "auth": "AWS_IAM"}
    assert b"schedule" in DraftFile.objects.get(draft__function=orders).content


def use_starter(client, project, key):
    return client.post(reverse("wizard_starter", args=[project.account, "orders"]), {"starter": key})


def test_a_starter_brings_its_variables_settings_and_schedule(admin, project, orders):
    use_starter(admin, project, "email-digest")
    draft = fresh(orders)
    assert environment_of(draft) == {"SMTP_HOST": "", "MAIL_TO": "you@example.com"}
    assert (draft.memory_mb, draft.timeout_s) == (128, 15)
    assert "Analytical Engine" in draft.trigger["payload"]


def test_the_next_starter_takes_away_what_the_last_one_brought(admin, project, orders):
    use_starter(admin, project, "image-thumbnail")
    assert fresh(orders).memory_mb == 512
    use_starter(admin, project, "signed-webhook")
    draft = fresh(orders)
    assert environment_of(draft) == {"WEBHOOK_SECRET": "change-me"}
    assert (draft.memory_mb, draft.timeout_s) == (128, 3)


def test_what_somebody_typed_stays_when_another_starter_comes(admin, project, orders):
    use_starter(admin, project, "signed-webhook")
    mine = {"environment_name": ["WEBHOOK_SECRET", "MODE"], "environment_value": ["mine", "fast"]}
    admin.post(step_url(project, 5), {**REVIEW, **mine})
    use_starter(admin, project, "image-thumbnail")
    draft = fresh(orders)
    assert environment_of(draft) == {"WEBHOOK_SECRET": "mine", "MODE": "fast"}
    assert (draft.memory_mb, draft.timeout_s) == (256, 10)


def test_a_schedule_whose_event_the_scheduler_makes_gets_no_payload(admin, project, orders):
    use_starter(admin, project, "scheduled-report")
    assert fresh(orders).trigger["payload"] == ""
    assert fresh(orders).trigger["expression"] == "cron(0 7 ? * MON *)"


def test_the_test_page_begins_with_the_starter_s_event(admin, project, orders):
    use_starter(admin, project, "scraper")
    assert "Weather" in first_event(fresh(orders).function, [])
    DraftFile.objects.filter(draft__function=orders).update(content=b"edited")
    assert "Weather" in first_event(fresh(orders).function, [])


def test_a_schedule_is_checked_before_it_is_kept(admin, project, orders):
    typed = {"kind": "schedule", "expression": "rate(0 minutes)", "timezone": "Europe/Berlin"}
    answer = admin.post(step_url(project, 4), typed)
    assert answer.status_code == 400
    assert b'id="schedule-expression-problem"' in answer.content
    assert b'value="rate(0 minutes)"' in answer.content
    assert admin.post(step_url(project, 4), {**typed, "expression": "rate(2 hours)"}).status_code == 302
    assert fresh(orders).trigger == {
        "kind": "schedule",
        "expression": "rate(2 hours)",
        "timezone": "Europe/Berlin",
        "payload": "",
    }


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"memory_mb": "64"}, "memory_mb"),
        ({"timeout_s": "soon"}, "timeout_s"),
        ({"ephemeral_mb": "99999"}, "ephemeral_mb"),
    ],
)
def test_settings_out_of_bounds_are_said_beside_their_field(admin, project, orders, changed, field):
    answer = admin.post(step_url(project, 5), {**REVIEW, **changed, "then": "deploy"})
    assert answer.status_code == 400
    assert f'id="field-{field}-problem"'.encode() in answer.content
    assert not Deployment.objects.exists()


def test_reserved_variables_are_refused_and_stay_typed(admin, project, orders):
    typed = {**REVIEW, "environment_name": "AWS_REGION", "environment_value": "moon", "then": "deploy"}
    answer = admin.post(step_url(project, 5), typed)
    assert answer.status_code == 400
    assert b"Reserved keys used in this request: AWS_REGION" in answer.content
    assert b'value="moon"' in answer.content


def test_deploy_saves_the_settings_and_shows_progress(admin, project, orders):
    typed = {**REVIEW, "environment_name": "MODE", "environment_value": "fast", "then": "deploy"}
    answer = admin.post(step_url(project, 5), typed)
    deployment = Deployment.objects.get()
    assert f"deployments/{deployment.pk}?part=steps&amp;then=test" in answer.content.decode()
    draft = fresh(orders)
    assert (draft.memory_mb, draft.timeout_s, draft.network) == (256, 10, "none")
    assert environment_of(draft) == {"MODE": "fast"}


def test_saving_for_later_deploys_nothing(admin, project, orders):
    assert admin.post(step_url(project, 5), REVIEW).url == reverse("functions", args=[project.account])
    assert not Deployment.objects.exists()


def test_the_wizard_opens_where_it_was_left(admin, project, orders):
    admin.post(step_url(project, 2), {"runtime": "python3.13"})
    assert admin.get(reverse("function", args=[project.account, "orders"])).url == step_url(project, 3)


def test_a_deployed_function_has_no_wizard(admin, project, function):
    answer = admin.get(step_url(project, 2, "hello"))
    assert answer.url == reverse("function_code", args=[project.account, "hello"])


def test_the_summary_follows_what_is_typed(admin, project, orders):
    url = reverse("wizard_summary", args=[project.account, "orders"])
    text = admin.get(url, {"memory_mb": "1024", "assumed_ms": "200", "kind": "function_url"}).content.decode()
    assert "$3.53" in text
    assert "/url/" in text
    assert "orders" in text


def test_every_step_renders(admin, project, orders):
    for number in range(1, 6):
        assert admin.get(step_url(project, number)).status_code == 200
    assert admin.get(step_url(project, 6)).status_code == 404


def test_viewers_and_strangers_make_no_functions(as_role, stranger, project, orders):
    url = reverse("wizard_new", args=[project.account])
    viewer = as_role(Role.VIEWER)
    assert viewer.post(url, {"name": "mine"}).status_code == 403
    assert viewer.post(step_url(project, 5), {**REVIEW, "then": "deploy"}).status_code == 403
    assert stranger.post(url, {"name": "mine"}).status_code == 404
    assert Function.objects.count() == 1


def test_each_runtime_says_how_long_it_is_supported(admin, project, orders):
    text = admin.get(step_url(project, 2)).content.decode()
    assert "Supported until 30 June 2029, by its own project until 31 October 2029." in text
    assert "not by Microsoft&#x27;s .NET" in text
    assert "No longer supported since 30 April 2026" in text
    assert text.index("nodejs20.x") > text.index("python3.11")


def test_a_runtime_without_an_image_says_so_and_is_asked_for(admin, project, orders, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "functions.services.runtime_images.want", lambda *, identifier: asked.append(identifier)
    )
    text = admin.get(step_url(project, 2)).content.decode()
    assert text.count("Its image is made when you choose it") == sum(
        not row.eager for row in RUNTIMES.values()
    )
    admin.post(step_url(project, 2), {"runtime": "python3.11"})
    assert asked == ["python3.11"]


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (ImageReport(ImageState.MAKING, "Step 2/7", at=time.time()), ["being made", "Step 2/7", "every 2s"]),
        (
            ImageReport(ImageState.FAILED, "No registry answers."),
            ["could not be made", "No registry answers."],
        ),
        (ImageReport(ImageState.READY), []),
    ],
)
def test_the_image_of_a_chosen_runtime_is_shown_while_it_is_made(
    admin, project, orders, monkeypatch, report, told
):
    Draft.objects.filter(function=orders).update(runtime="python3.11")
    monkeypatch.setattr("functions.image_states.reports", lambda: {"python3.11": report})
    for url in (step_url(project, 3), reverse("wizard_image", args=[project.account, "orders"])):
        text = admin.get(url).content.decode()
        assert all(words in text for words in told)
        assert ("The image of this runtime" in text) == bool(told)
