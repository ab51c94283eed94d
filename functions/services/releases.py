"""Releases: an alias moved from one version to the next in steps, looked at between them, and put back by itself
when the new version does worse. The scheduler calls `advance_due`; people promote and abort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from functions.errors import InvalidParameterValue, ResourceConflict
from functions.models import Alias, Function, Release, Version
from functions.queries import metrics
from functions.queries.metrics import MetricRange
from functions.queues import announce_change
from functions.release_policy import Health, Judgement, Limits, Steps, Verdict, judge
from functions.services.guard import record, require, system_principal
from functions.services.release_ends import end
from functions.services.versions import alias_picture, version_numbered
from functions.snapshots import Principal
from functions.states import LIVE_ALIAS, ReleaseState, Role

CHECK_S = 5
# The old version is known by what it did in this time before the release, too.
BASELINE = timedelta(hours=1)
# A step whose version is called too little to be judged lasts so much longer, and then goes on all the same.
PATIENCE = timedelta(hours=1)
AT_ONCE = 20  # how many releases one look takes


@transaction.atomic
def start_release(
    *, acting: Principal, function: Function, number: int, steps: Steps, limits: Limits | None = None
) -> Release:
    """Begin to move `live` to a version. Raises ResourceConflict when there is nothing to move from or it is on
    its way already, and InvalidParameterValue for a plan without steps."""
    require(acting, Role.DEVELOPER, function.project_id)
    version = version_numbered(function, number)
    alias = Alias.objects.select_for_update().filter(function=function, name=LIVE_ALIAS).first()
    if alias is None or alias.version_id is None:
        raise ResourceConflict("No version serves yet: deploy at once.")
    return begin(
        acting=acting,
        alias=alias,
        version=version,
        steps=steps,
        limits=limits or Limits(),
        started_by_id=acting.user_id,
    )


def begin(
    *,
    acting: Principal,
    alias: Alias,
    version: Version,
    steps: Steps,
    limits: Limits,
    started_by_id: UUID | None,
) -> Release:
    """The same for a caller that holds the alias's row and has checked who acts."""
    if not steps:
        raise InvalidParameterValue("A gradual release has at least one step.", field="plan")
    if alias.second_version_id is not None:
        raise ResourceConflict("The traffic is split already: end that first, by rolling back or forward.")
    old = alias.version
    if old is None or old.pk == version.pk:
        raise ResourceConflict(f"Version {version.number} serves all calls already.")
    now = timezone.now()
    release = Release.objects.create(
        project_id=alias.function.project_id,
        function=alias.function,
        alias=alias,
        old=old,
        new=version,
        old_number=old.number,
        new_number=version.number,
        steps=[[step.percent, step.seconds] for step in steps],
        **asdict(limits),
        started_by_id=started_by_id,
        started_at=now,
        step_ends_at=now + timedelta(seconds=steps[0].seconds),
        check_at=now + timedelta(seconds=CHECK_S),
    )
    _split(release, alias, steps[0].percent)
    _note(acting, release, alias, "release.start")
    return release


@transaction.atomic
def promote(*, acting: Principal, release: Release) -> Release:
    """Give the new version everything now; raises ResourceConflict when the release has ended."""
    require(acting, Role.DEVELOPER, release.project_id)
    locked, alias = _running(release)
    return _finish(acting, locked, alias, f"Promoted by {acting.name}", timezone.now())


@transaction.atomic
def abort(*, acting: Principal, release: Release) -> Release:
    """Give the old version everything back; raises ResourceConflict when the release has ended."""
    require(acting, Role.DEVELOPER, release.project_id)
    locked, alias = _running(release)
    return _go_back(
        acting, locked, alias, ReleaseState.ABORTED, f"Rolled back by {acting.name}", timezone.now()
    )


def advance_due(*, now: datetime) -> int:
    """Look at every release whose time has come; returns how many. Any number may call it: each look is claimed."""
    due = Release.objects.filter(check_at__lte=now).order_by("check_at")
    looked = 0
    for release_id, check_at in due.values_list("pk", "check_at")[:AT_ONCE]:
        later = now + timedelta(seconds=CHECK_S)
        if Release.objects.filter(pk=release_id, check_at=check_at).update(check_at=later):
            _look(release_id, now)
            looked += 1
    return looked


def _look(release_id: UUID, now: datetime) -> None:
    release = Release.objects.select_related("function__project").get(pk=release_id)
    if release.function.deleted_at is not None:
        end(release, ReleaseState.SUPERSEDED, "The function was deleted", now)
        return
    old, new, verdict = health_of(release, now)
    with transaction.atomic():
        locked = Release.objects.select_for_update().get(pk=release_id)
        if locked.state != ReleaseState.RUNNING:
            return
        locked.checks = {
            "old": asdict(old),
            "new": asdict(new),
            "judgement": verdict.judgement,
            "reason": verdict.reason,
        }
        locked.save(update_fields=["checks"])
        alias = Alias.objects.select_for_update().get(pk=locked.alias_id)
        _act(locked, alias, verdict, now)


def _act(release: Release, alias: Alias, verdict: Verdict, now: datetime) -> None:
    acting = system_principal(release.project_id)
    if verdict.judgement is Judgement.BAD:
        _go_back(acting, release, alias, ReleaseState.ROLLED_BACK, verdict.reason, now)
        return
    if now < release.step_ends_at:
        return
    if verdict.judgement is Judgement.UNKNOWN and now < release.step_ends_at + PATIENCE:
        return
    if release.step + 1 == len(release.steps):
        _finish(acting, release, alias, verdict.reason, now)
        return
    release.step += 1
    percent, seconds = release.steps[release.step]
    release.step_ends_at = now + timedelta(seconds=seconds)
    release.save(update_fields=["step", "step_ends_at"])
    _split(release, alias, percent)
    _note(acting, release, alias, "release.step")


def health_of(release: Release, now: datetime) -> tuple[Health, Health, Verdict]:
    """What the old and the new version did, and what that says."""
    old = _health(release, release.old_number, release.started_at - BASELINE, now)
    new = _health(release, release.new_number, release.started_at, now)
    limits = Limits(release.error_points, release.p95_ratio, release.least_calls)
    return old, new, judge(old, new, limits)


def _health(release: Release, number: int, start: datetime, now: datetime) -> Health:
    """Of whole minutes: the one in which the release began counts for the new version, which ran little before."""
    chosen = MetricRange(
        project_id=release.project_id,
        start=start.replace(second=0, microsecond=0),
        end=now.replace(second=0, microsecond=0) + timedelta(minutes=1),
        function_id=release.function_id,
        version=str(number),
    )
    found: Mapping[str, Any] = metrics.totals(chosen=chosen)
    return Health(calls=found["invocations"], errors=found["errors"], p95_us=found["p95_us"])


def _running(release: Release) -> tuple[Release, Alias]:
    locked = Release.objects.select_for_update(of=("self",)).select_related("function").get(pk=release.pk)
    if locked.state != ReleaseState.RUNNING:
        raise ResourceConflict(f"This release has ended: {locked.get_state_display().lower()}.")
    return locked, Alias.objects.select_for_update().get(pk=locked.alias_id)


def _split(release: Release, alias: Alias, percent: int) -> None:
    alias.version_id, alias.second_version_id = release.old_id, release.new_id
    alias.second_weight = percent / 100
    alias.save()


def _finish(acting: Principal, release: Release, alias: Alias, reason: str, now: datetime) -> Release:
    alias.version_id, alias.second_version_id, alias.second_weight = release.new_id, None, 0.0
    alias.save()
    end(release, ReleaseState.PROMOTED, reason, now)
    _note(acting, release, alias, "release.promote")
    return release


def _go_back(
    acting: Principal, release: Release, alias: Alias, state: ReleaseState, reason: str, now: datetime
) -> Release:
    alias.second_version, alias.second_weight = None, 0.0
    alias.version_id = release.old_id
    alias.save()
    end(release, state, reason, now)
    _note(acting, release, alias, "release.roll_back")
    return release


def _note(acting: Principal, release: Release, alias: Alias, action: str) -> None:
    function = release.function
    after = {**alias_picture(alias), **({"reason": release.reason} if release.reason else {})}
    record(acting, action, function, project_id=release.project_id, after=after)
    announce_change(function.pk)
