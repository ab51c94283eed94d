"""Housekeeping: what goes, what stays, and what is taken up again."""

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from functions import image_states, queues
from functions.ids import derived_id
from functions.image_states import ImageState
from functions.installation import store
from functions.models import (
    Artifact,
    Attempt,
    DependencyTree,
    Deployment,
    Event,
    Function,
    Invocation,
    InvocationLog,
    InvocationPayload,
    MetricMinute,
    MetricSpan,
    UsageDay,
)
from functions.services import retention
from functions.states import EventState
from runner import scheduler
from runner.build.workspaces import alone, is_building, sweep
from runner.jobs import housekeeping
from runner.jobs.turns import turn
from tests.support import rows
from tests.support.seed import Seed

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
NOW = datetime.now(UTC)


@pytest.fixture
def seed(project, function):
    return Seed(project_id=project.pk, function_id=function.pk)


def seeded(seed, ago):
    """One of everything, that long ago."""
    at = NOW - ago
    key = derived_id(int(at.timestamp() * 1000), str(ago))
    call = seed.invocation(at=at, id=key, request_id=key)
    seed.payload(call, "{}")
    seed.event(state=EventState.SUCCEEDED, id=key, accepted_at=at, attempts=1)
    seed.minute(at=at, id=key)
    seed.day(day=at.date())


def counts():
    kinds = (Invocation, InvocationLog, InvocationPayload, Event, Attempt, MetricMinute, UsageDay)
    return [kind.objects.count() for kind in kinds]


def test_the_scheduler_and_the_job_know_the_same_kinds():
    assert set(scheduler.HOUSEKEEPING_S) == set(housekeeping.KINDS)
    with pytest.raises(KeyError):
        housekeeping.run("nothing")


def test_old_telemetry_goes_and_the_rest_stays(seed, monkeypatch):
    monkeypatch.setattr(retention, "STEP", 1)
    for days in (1, 29, 31, 40, 500):
        seeded(seed, timedelta(days=days))
    housekeeping.run("retention")
    # Days of bills stay for ever.
    assert counts() == [2, 2, 2, 2, 2, 2, 5]


def test_sums_of_minutes_stay_for_15_days_and_those_of_hours_for_15_months(seed):
    for days in (14, 16, 454, 456):
        at = NOW - timedelta(days=days)
        seed.minute(at=at, id=derived_id(int(at.timestamp() * 1000), str(days)))
    MetricSpan.objects.all().delete()
    for days in (14, 16, 454, 456):
        at = NOW - timedelta(days=days)
        place = {"project_id": seed.project_id, "subject_id": seed.function_id, "step_s": 3600, "start": at}
        MetricSpan.objects.create(id=derived_id(int(at.timestamp() * 1000), "span"), **place)
    retention.expire(days=1, now=NOW)
    assert (MetricMinute.objects.count(), MetricSpan.objects.count()) == (1, 3)


def test_an_event_that_has_not_ended_stays_however_old(seed):
    key = derived_id(int((NOW - timedelta(days=90)).timestamp() * 1000), "old")
    seed.event(state=EventState.PENDING, id=key)
    housekeeping.run("retention")
    assert Event.objects.filter(pk=key).exists()


def test_a_round_ends_when_its_time_is_over(seed):
    seeded(seed, timedelta(days=40))
    assert retention.expire(days=30, now=NOW, limit_s=-1.0) == 0
    assert retention.expire(days=30, now=NOW) > 0


def test_a_function_deleted_a_week_ago_is_gone_with_its_telemetry_but_not_its_bills(seed, function):
    seeded(seed, timedelta(days=1))
    other = Seed(project_id=function.project_id)
    seeded(other, timedelta(days=2))
    Function.objects.filter(pk=function.pk).update(deleted_at=NOW - timedelta(days=7, minutes=1))
    housekeeping.run("deleted")
    assert not Function.objects.filter(pk=function.pk).exists()
    assert counts() == [1, 1, 1, 1, 1, 1, 2]


def test_a_function_deleted_lately_can_still_be_restored(function):
    Function.objects.filter(pk=function.pk).update(deleted_at=NOW - timedelta(days=6))
    housekeeping.run("deleted")
    assert Function.objects.filter(pk=function.pk).exists()


def test_a_function_stays_until_all_of_its_telemetry_is_gone(seed, function, monkeypatch):
    seeded(seed, timedelta(days=1))
    Function.objects.filter(pk=function.pk).update(deleted_at=NOW - timedelta(days=8))
    forget = retention.forget_function
    monkeypatch.setattr(retention, "forget_function", lambda key: forget(key, limit_s=-1.0))
    housekeeping.run("deleted")
    assert Function.objects.filter(pk=function.pk).exists()


def stored(text):
    content = text.encode()
    artifact = rows.make_artifact(content)
    path = store().blob(artifact.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return artifact


def test_packages_that_nothing_refers_to_are_discarded_after_a_day(function):
    unused, fresh, used, drafted = (stored(f"{name} {time.time()}") for name in "abcd")
    rows.make_revision(function, artifact=used)
    function.draft.package = drafted
    function.draft.save()
    Artifact.objects.exclude(pk=fresh.pk).update(created_at=NOW - timedelta(days=2))
    housekeeping.run("artifacts")
    left = [store().blob(artifact.pk).exists() for artifact in (unused, fresh, used, drafted)]
    assert left == [False, True, True, True]
    assert not Artifact.objects.filter(pk=unused.pk).exists()


def test_dependency_trees_that_nothing_refers_to_are_discarded_after_a_week(function):
    keys = [hashlib.sha256(f"{name} {time.time()}".encode()).hexdigest() for name in "abc"]
    for key in keys:
        store().dependencies(key).mkdir(parents=True)
        DependencyTree.objects.create(key=key, runtime="python3.13")
    unused, fresh, used = keys
    DependencyTree.objects.exclude(pk=fresh).update(last_used_at=NOW - timedelta(days=8))
    rows.make_revision(function, dependencies_id=used)
    housekeeping.run("artifacts")
    assert [store().dependencies(key).exists() for key in keys] == [False, True, True]
    assert not DependencyTree.objects.filter(pk=unused).exists()


def touched(path: Path, hours: int) -> Path:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def test_what_broken_builds_left_on_disk_goes_after_hours(tmp_path):
    from functions.artifacts import Store

    place = Store(tmp_path)
    for folder in ("dependencies", "trees", "blobs", "uploads"):
        (tmp_path / folder).mkdir()
    old, new = tmp_path / "dependencies/.build-old", tmp_path / "dependencies/.build-new"
    for folder in (old, new):
        (folder / "out").mkdir(parents=True)
    (old / "out").chmod(0o555)
    touched(old, 3)
    waiting = touched_file(tmp_path / "uploads/abc.zip", 30)
    broken = touched_file(tmp_path / "uploads/tmpabc", 30)
    (tmp_path / "dependencies/key").mkdir()
    with alone(place, "held", lambda: None):
        held, free = (
            place.root / "dependencies/.held.lock",
            touched_file(tmp_path / "dependencies/.free.lock", 3),
        )
        touched(held, 3)
        sweep(place, datetime.now(UTC))
        assert (held.exists(), free.exists()) == (True, False)
        assert (is_building(place, "held"), is_building(place, "key")) == (True, False)
    assert not is_building(place, "held")
    assert [path.exists() for path in (old, new, waiting, broken)] == [False, True, True, False]
    assert (tmp_path / "dependencies/key").exists()


def touched_file(path: Path, hours: int) -> Path:
    path.touch()
    return touched(path, hours)


@pytest.fixture
def enqueued(monkeypatch):
    """What would have been enqueued, and how many jobs wait."""
    found = []
    monkeypatch.setattr(queues, "enqueue_deploy", lambda key, again=0: found.append((key, again)))
    monkeypatch.setattr(queues, "waiting", lambda _: 0)
    return found


def deployment(function, state, ago) -> UUID:
    made = Deployment.objects.create(project_id=function.project_id, function=function, state=state)
    Deployment.objects.filter(pk=made.pk).update(created_at=datetime.now(UTC) - ago)
    return made.pk


def test_deployments_that_nobody_works_on_are_taken_up_again(function, enqueued):
    dead = deployment(function, "building", timedelta(minutes=3))
    forgotten = deployment(function, "queued", timedelta(minutes=5))
    deployment(function, "queued", timedelta(seconds=5))
    deployment(function, "saving", timedelta(seconds=5))
    deployment(function, "succeeded", timedelta(minutes=9))
    deployment(function, "failed", timedelta(minutes=9))
    housekeeping.run("deployments")
    assert dict(enqueued) == {dead: 4, forgotten: 6}


def test_a_deployment_that_a_worker_is_on_is_left_to_it(function, enqueued, config):
    slow = deployment(function, "building", timedelta(minutes=9))
    with turn(config, slow):
        housekeeping.run("deployments")
    assert enqueued == []


@pytest.mark.parametrize(("state", "left"), [(ImageState.MAKING, True), (ImageState.FAILED, False)])
def test_a_deployment_that_waits_for_images_is_left_to_who_makes_them(
    function, enqueued, redis_server, state, left
):
    waits = deployment(function, "building", timedelta(minutes=3))
    made = rows.deploy(function).latest
    Deployment.objects.filter(pk=waits).update(revision=made)
    image_states.tell(made.runtime, state)
    housekeeping.run("deployments")
    assert [key for key, _ in enqueued] == ([] if left else [waits])


def test_a_deployment_in_line_is_not_enqueued_again(function, enqueued, monkeypatch):
    deployment(function, "queued", timedelta(minutes=9))
    monkeypatch.setattr(queues, "waiting", lambda _: 1)
    housekeeping.run("deployments")
    assert enqueued == []
