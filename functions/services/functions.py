"""A function's life: made as a draft, renamed never, tagged, limited, paused, deleted and restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from functions.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.ids import new_id
from functions.installation import region_of
from functions.limits import UNDO_DELETE_DAYS
from functions.models import Draft, Function, FunctionUrl, Project, Schedule
from functions.naming import check_function_name, check_tags, plain_text
from functions.queues import announce_change
from functions.runtimes import runtime
from functions.services.guard import record, require
from functions.services.triggers import reschedule
from functions.snapshots import Principal
from functions.states import RecursiveLoop, Role

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: 100 stay unreserved.
UNRESERVED_CONCURRENCY = 100


@transaction.atomic
def create_draft(
    *,
    acting: Principal,
    project: Project,
    name: str,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    runtime_id: str = "python3.13",
) -> Function:
    """A function that nothing runs yet, with an empty draft; raises ResourceConflict if the name is
    taken."""
    require(acting, Role.DEVELOPER, project.pk)
    function = Function(
        project=project,
        region=region_of(acting),
        name=check_function_name(name),
        tags=check_tags(tags or {}),
        created_by_id=acting.user_id,
    )
    _save_under_name(function)
    Draft.objects.create(
        function=function,
        token=new_id(),
        runtime=runtime(runtime_id).identifier,
        handler=runtime(runtime_id).default_handler,
        description=plain_text(description),
    )
    record(acting, "function.create", function, project_id=project.pk)
    return function


@transaction.atomic
def rename_draft(*, acting: Principal, function: Function, name: str, tags: Mapping[str, str]) -> None:
    """Change name and tags in the wizard; after the first deploy a name stays."""
    require(acting, Role.DEVELOPER, function.project_id)
    before = {"name": function.name, "tags": function.tags}
    if name != function.name and not _locked(function).is_draft:
        raise ResourceConflict("A deployed function keeps its name.", field="name")
    function.name = check_function_name(name)
    function.tags = check_tags(tags)
    _save_under_name(function, ["name", "tags", "changed_at"])
    after = {"name": function.name, "tags": function.tags}
    record(acting, "function.rename", function, project_id=function.project_id, before=before, after=after)
    announce_change(function.pk)


@transaction.atomic
def set_tags(*, acting: Principal, function: Function, tags: Mapping[str, str]) -> None:
    """Replace all tags."""
    require(acting, Role.DEVELOPER, function.project_id)
    before, function.tags = function.tags, check_tags(tags)
    function.save(update_fields=["tags", "changed_at"])
    record(
        acting, "function.tag", function, project_id=function.project_id, before=before, after=function.tags
    )


@transaction.atomic
def set_reserved_concurrency(*, acting: Principal, function: Function, limit: int | None) -> None:
    """At most so many calls at once, kept free for this function; None lifts the limit. Raises
    InvalidParameterValue when fewer than 100 would be left for the other functions."""
    require(acting, Role.OPERATOR, function.project_id)
    if limit is not None:
        _check_reservation(function, limit)
    before, function.reserved_concurrency = function.reserved_concurrency, limit
    function.save(update_fields=["reserved_concurrency", "changed_at"])
    record(
        acting,
        "function.concurrency",
        function,
        project_id=function.project_id,
        before={"reserved": before},
        after={"reserved": limit},
    )
    announce_change(function.pk)


@transaction.atomic
def set_recursive_loop(*, acting: Principal, function: Function, choice: str) -> None:
    """Whether a chain of calls that comes back to the function again and again goes on, or ends."""
    require(acting, Role.DEVELOPER, function.project_id)
    before, function.recursive_loop = function.recursive_loop, RecursiveLoop(choice)
    function.save(update_fields=["recursive_loop", "changed_at"])
    record(
        acting,
        "function.recursion",
        function,
        project_id=function.project_id,
        before={"recursive_loop": before},
        after={"recursive_loop": function.recursive_loop},
    )
    announce_change(function.pk)


@transaction.atomic
def set_runtime_updates(
    *, acting: Principal, function: Function, qualifier: str, choice: Mapping[str, str]
) -> None:
    """Keep what PutRuntimeManagementConfig said of a qualifier: an installation has one image of each runtime, which
    changes only when its operator makes new ones."""
    require(acting, Role.DEVELOPER, function.project_id)
    locked = _locked(function)
    function.runtime_updates = {**locked.runtime_updates, qualifier: dict(choice)}
    function.save(update_fields=["runtime_updates", "changed_at"])
    record(
        acting,
        "function.runtime-updates",
        function,
        project_id=function.project_id,
        after={qualifier: choice},
    )


@transaction.atomic
def set_paused(*, acting: Principal, function: Function, paused: bool) -> None:
    """Refuse all calls, or take them again; schedules stand still meanwhile."""
    require(acting, Role.OPERATOR, function.project_id)
    if paused == (function.paused_at is not None):
        return
    function.paused_at = timezone.now() if paused else None
    function.save(update_fields=["paused_at", "changed_at"])
    if not paused:
        _reschedule(function)
    record(
        acting, "function.pause" if paused else "function.resume", function, project_id=function.project_id
    )
    announce_change(function.pk)


@transaction.atomic
def delete_function(*, acting: Principal, function: Function) -> None:
    """Take a function out of service at once. Code, versions and logs stay restorable for seven days."""
    require(acting, Role.DEVELOPER, function.project_id)
    if _locked(function).deleted_at is not None:
        raise ResourceNotFound(f"Function not found: {function.arn}")
    function.deleted_at = timezone.now()
    function.save(update_fields=["deleted_at", "changed_at"])
    record(acting, "function.delete", function, project_id=function.project_id)
    announce_change(function.pk)


@transaction.atomic
def restore_function(*, acting: Principal, function: Function, name: str = "") -> None:
    """Bring a deleted function back with URLs, schedules and versions, under another `name` if its own has
    been taken meanwhile (ResourceConflict, field `name`)."""
    require(acting, Role.DEVELOPER, function.project_id)
    deleted_at = _locked(function).deleted_at
    if deleted_at is None:
        raise ResourceConflict(f"{function.name} is not deleted.")
    if deleted_at < timezone.now() - timedelta(days=UNDO_DELETE_DAYS):
        raise ResourceNotFound(f"{function.name} was deleted more than {UNDO_DELETE_DAYS} days ago.")
    function.deleted_at = None
    function.name = check_function_name(name or function.name)
    _save_under_name(function, ["name", "deleted_at", "changed_at"])
    _reschedule(function)
    record(acting, "function.restore", function, project_id=function.project_id)
    announce_change(function.pk)


def purge_function(*, function: Function) -> None:
    """Remove a function for good, seven days after it was deleted; called by housekeeping."""
    with transaction.atomic():
        Function.objects.filter(pk=function.pk).update(latest=None)
        function.deployments.all().delete()
        FunctionUrl.objects.filter(function=function).delete()
        function.aliases.all().delete()
        function.versions.all().delete()
        function.revisions.all().delete()
        function.delete()


def _reschedule(function: Function) -> None:
    """What was due while it was paused or deleted is past: schedules go on from now."""
    for schedule in Schedule.objects.filter(function=function):
        reschedule(schedule)


def _locked(function: Function) -> Function:
    """The function as it stands now, held until the end of the transaction."""
    return Function.objects.select_for_update().get(pk=function.pk)


def _save_under_name(function: Function, fields: Sequence[str] | None = None) -> None:
    """Insert, or save `fields` alone: a deploy may be changing the others."""
    try:
        with transaction.atomic():
            function.save(update_fields=fields)
    except IntegrityError:
        raise ResourceConflict(f"Function already exist: {function.name}", field="name") from None


def _check_reservation(function: Function, limit: int) -> None:
    if limit < 0:
        raise InvalidParameterValue("A limit is a whole number from 0 on.", field="reserved_concurrency")
    # Lock the project, so that two reservations cannot both take the last free calls.
    project = Project.objects.select_for_update().get(pk=function.project_id)
    others = Function.objects.filter(project=project, deleted_at=None).exclude(pk=function.pk)
    reserved = sum(other.reserved_concurrency or 0 for other in others.only("reserved_concurrency"))
    if reserved + limit > project.concurrency_limit - UNRESERVED_CONCURRENCY:
        raise InvalidParameterValue(
            f"Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_CONCURRENCY}].",
            field="reserved_concurrency",
        )
