"""Images made for a runtime that was chosen: how far they are is told to pages, and why there is none."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from functions import image_states, queues
from functions.errors import AccessDenied, ResourceConflict, ServiceUnavailable
from functions.image_states import ABSENT, REBUILD, ImageState
from functions.models import AuditEntry, Draft
from functions.services import runtime_images
from functions.states import Role
from runner.images.errors import ImageError
from runner.jobs import images
from runner.supervisor import preparation

RUNTIME = "python3.11"


@pytest.fixture
def ensure(redis_server, monkeypatch):
    """What stands for the engine: `ensure.append(function)` is called with the progress."""
    works = []

    def ensure_images(progress, **asked):
        works.append(asked["runtimes"])
        with progress.step("Image python3.11"):
            progress.detail("Step 2/7 : RUN sh /build/install")
            works.append(image_states.report_of(RUNTIME))

    monkeypatch.setattr(images, "ensure_images", ensure_images)
    return works


def test_pages_see_the_step_and_then_that_it_is_ready(ensure):
    lines = []
    images.make(RUNTIME, lines.append)
    assert ensure[0] == ["python3.11"]
    assert (ensure[1].state, ensure[1].detail) == (
        ImageState.MAKING,
        "Image python3.11: Step 2/7 : RUN sh /build/install",
    )
    assert ensure[1].is_under_way
    assert image_states.report_of(RUNTIME).state is ImageState.READY
    assert lines[0] == "Image python3.11 ..."
    assert lines[1].startswith("Image python3.11: ")


@pytest.mark.django_db
def test_why_there_is_none_is_told_and_kept(redis_server, monkeypatch):
    def fail(*_args, **_more):
        raise ImageError("No registry answers.")

    monkeypatch.setattr(images, "ensure_images", fail)
    images.run(RUNTIME)
    report = image_states.report_of(RUNTIME)
    assert (report.state, report.detail) == (ImageState.FAILED, "No registry answers.")
    with pytest.raises(ImageError):
        images.make(RUNTIME, print)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "asked"),
    [
        (None, True),
        (ImageState.ABSENT, True),
        (ImageState.FAILED, True),
        (ImageState.MAKING, False),
        (ImageState.READY, False),
    ],
)
def test_a_choice_asks_once(redis_server, django_capture_on_commit_callbacks, state, asked):
    if state:
        image_states.tell(RUNTIME, state)
    with django_capture_on_commit_callbacks(execute=True):
        runtime_images.want(identifier=RUNTIME)
        runtime_images.want(identifier=RUNTIME)
    assert queues.waiting(queues.IMAGES) == (1 if asked else 0)
    assert image_states.report_of(RUNTIME).state is (ImageState.WAITING if asked else state)


def test_without_redis_nothing_is_known_and_nothing_refused():
    assert image_states.reports() == {}
    runtime_images.want(identifier=RUNTIME)
    image_states.tell(RUNTIME, ImageState.READY)


def test_nothing_told_is_absent(redis_server):
    assert image_states.report_of("java99") == ABSENT


def test_a_start_says_what_is_there_and_has_what_functions_use_made(redis_server, config, draft, monkeypatch):
    asked = []
    Draft.objects.filter(function=draft).update(runtime="python3.11")
    monkeypatch.setattr(preparation, "ImageEngine", lambda _socket: nullcontext())
    absent = {"python3.11", "java21"}
    monkeypatch.setattr(preparation, "missing_images", lambda _engine, names: absent & set(names))
    monkeypatch.setattr(preparation, "want", lambda *, identifier: asked.append(identifier))
    preparation.tell_images(config)
    assert asked == ["python3.11"]
    assert image_states.report_of("java21").state is ImageState.ABSENT
    assert image_states.report_of("python3.13").state is ImageState.READY


@pytest.mark.parametrize(
    ("error", "state", "detail"),
    [(None, ImageState.READY, "12 images"), (ImageError("No mirror."), ImageState.FAILED, "No mirror.")],
)
def test_how_far_a_rebuild_is_and_how_it_ended_is_told(redis_server, monkeypatch, error, state, detail):
    seen = []

    def rebuild_images(progress, **_asked):
        progress.note("3 of 12: python3.13")
        with progress.step("Image python3.13"):
            seen.append(image_states.report_of(REBUILD))
            if error:
                raise error
        return 12

    monkeypatch.setattr(images, "rebuild_images", rebuild_images)
    images.rebuild()
    assert (seen[0].state, seen[0].detail) == (ImageState.MAKING, "Image python3.13")
    report = image_states.report_of(REBUILD)
    assert (report.state, report.detail) == (state, detail)


@pytest.mark.django_db
def test_one_rebuild_at_a_time_is_asked_for_by_administrators(
    redis_server, django_capture_on_commit_callbacks, principal, project
):
    with django_capture_on_commit_callbacks(execute=True):
        runtime_images.rebuild(acting=principal, project=project)
    assert queues.waiting(queues.IMAGES) == 1
    assert AuditEntry.objects.get(action="images.rebuild").principal_name == principal.name
    with pytest.raises(ResourceConflict):
        runtime_images.rebuild(acting=principal, project=project)
    with pytest.raises(AccessDenied):
        runtime_images.rebuild(acting=replace(principal, role=Role.DEVELOPER), project=project)
    assert queues.waiting(queues.IMAGES) == 1


@pytest.mark.django_db
def test_without_redis_no_rebuild_is_asked_for(principal, project):
    with pytest.raises(ServiceUnavailable):
        runtime_images.rebuild(acting=principal, project=project)
    assert not AuditEntry.objects.exists()
