"""Provisioned concurrency: asked for and given back. The gateway hears of it and keeps the sandboxes."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet, Sum

from functions.errors import InvalidParameterValue, ProvisionedConcurrencyNotFound, ResourceConflict
from functions.models import Alias, Function, Project, ProvisionedConcurrency
from functions.naming import is_latest
from functions.queues import announce_change
from functions.services.functions import UNRESERVED_CONCURRENCY
from functions.services.guard import record, require
from functions.services.triggers import check_target
from functions.snapshots import Principal
from functions.states import Role


@transaction.atomic
def put_provision(
    *, acting: Principal, function: Function, qualifier: str, requested: int
) -> ProvisionedConcurrency:
    """Keep so many sandboxes ready. Raises InvalidParameterValue for $LATEST and past the limits of function and
    account, ResourceConflict where the same version is provisioned under another name."""
    require(acting, Role.OPERATOR, function.project_id)
    if is_latest(qualifier):
        raise InvalidParameterValue(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    check_target(function, qualifier)
    project = Project.objects.select_for_update().get(pk=function.project_id)
    _check_names(function, qualifier)
    _check_limits(project, function, qualifier, requested)
    row, _ = ProvisionedConcurrency.objects.update_or_create(
        function=function, qualifier=qualifier, defaults={"requested": requested}
    )
    after = {"qualifier": qualifier, "requested": requested}
    record(acting, "provision.put", row, project_id=function.project_id, name=function.name, after=after)
    announce_change(function.pk)
    return row


@transaction.atomic
def delete_provision(*, acting: Principal, function: Function, qualifier: str) -> None:
    """Keep none ready; nothing to do where none was, as in AWS."""
    require(acting, Role.OPERATOR, function.project_id)
    row = ProvisionedConcurrency.objects.filter(function=function, qualifier=qualifier).first()
    if row is None:
        return
    before = {"qualifier": qualifier, "requested": row.requested}
    record(acting, "provision.delete", row, project_id=function.project_id, name=function.name, before=before)
    row.delete()
    announce_change(function.pk)


def provision_of(function: Function, qualifier: str) -> ProvisionedConcurrency:
    """What is asked for; raises ProvisionedConcurrencyNotFound in AWS's words."""
    row = ProvisionedConcurrency.objects.filter(function=function, qualifier=qualifier).first()
    if row is None:
        raise ProvisionedConcurrencyNotFound("No Provisioned Concurrency Config found for this function")
    return row


def drop_provision(function: Function, qualifier: str) -> None:
    """A qualifier's goes with it; the caller records and announces."""
    ProvisionedConcurrency.objects.filter(function=function, qualifier=qualifier).delete()


def _others(function: Function, qualifier: str) -> QuerySet[ProvisionedConcurrency]:
    return ProvisionedConcurrency.objects.filter(function=function).exclude(qualifier=qualifier)


def _check_names(function: Function, qualifier: str) -> None:
    others = set(_others(function, qualifier).values_list("qualifier", flat=True))
    if qualifier.isdecimal():
        pointing = Alias.objects.filter(function=function, version__number=int(qualifier), name__in=others)
        if pointing.exists():
            raise ResourceConflict("Version is pointed by a Provisioned Concurrency alias")
        return
    alias = Alias.objects.select_related("version").get(function=function, name=qualifier)
    if alias.version is None:
        raise InvalidParameterValue(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    same = Alias.objects.filter(function=function, version=alias.version, name__in=others)
    if str(alias.version.number) in others or same.exists():
        raise ResourceConflict(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )


def _check_limits(project: Project, function: Function, qualifier: str, requested: int) -> None:
    own = _others(function, qualifier).aggregate(total=Sum("requested"))["total"] or 0
    if function.reserved_concurrency is not None:
        if own + requested > function.reserved_concurrency:
            raise InvalidParameterValue(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function"
            )
        return
    live = Function.objects.filter(project=project, deleted_at=None)
    reserved = live.aggregate(total=Sum("reserved_concurrency"))["total"] or 0
    others = ProvisionedConcurrency.objects.filter(function__in=live, function__reserved_concurrency=None)
    provisioned = others.exclude(function=function).aggregate(total=Sum("requested"))["total"] or 0
    if reserved + provisioned + own + requested > project.concurrency_limit - UNRESERVED_CONCURRENCY:
        raise InvalidParameterValue(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{UNRESERVED_CONCURRENCY}]."
        )
