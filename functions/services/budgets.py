"""Budgets set, looked at, and lifted. The scheduler looks at them every few seconds: a hard one that is used up has
the gateway refuse calls until the month ends, or until somebody lifts it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from functions.budget_policy import find
from functions.errors import ResourceConflict
from functions.models import Budget, Function, Project
from functions.queries import usage
from functions.queries.budgets import to_look_at
from functions.queries.usage import Month
from functions.queues import announce_change, announce_project_change
from functions.services.guard import record, require, system_principal
from functions.snapshots import Principal
from functions.states import Role


@transaction.atomic
def set_budget(
    *, acting: Principal, project: Project, function: Function | None, amount_pico: int, is_hard: bool
) -> Budget:
    """What the project, or one function of it, may cost in a month. One that was changed is looked at anew: a stop
    that it no longer calls for ends at once."""
    require(acting, Role.OPERATOR, project.pk)
    Project.objects.select_for_update().only("pk").get(pk=project.pk)
    budget = Budget.objects.filter(project=project, function=function).first()
    before = _picture(budget) if budget else None
    budget = budget or Budget(project=project, function=function)
    budget.amount_pico, budget.is_hard = amount_pico, is_hard
    budget.announced, budget.stopped_at, budget.lifted_at = 0, None, None
    budget.changed_by_id = acting.user_id
    budget.save()
    record(
        acting,
        "budget.set",
        budget,
        project_id=project.pk,
        name=budget.subject,
        before=before,
        after=_picture(budget),
    )
    _look(budget, timezone.now())
    _announce(budget)
    return budget


@transaction.atomic
def remove_budget(*, acting: Principal, budget: Budget) -> None:
    """No limit any more; calls that it held back go through."""
    require(acting, Role.OPERATOR, budget.project_id)
    record(
        acting,
        "budget.remove",
        budget,
        project_id=budget.project_id,
        name=budget.subject,
        before=_picture(budget),
    )
    _announce(budget)
    budget.delete()


@transaction.atomic
def lift(*, acting: Principal, budget: Budget) -> None:
    """Let calls through for the rest of the month; raises ResourceConflict when it holds none back."""
    require(acting, Role.OPERATOR, budget.project_id)
    locked = Budget.objects.select_for_update(of=("self",)).select_related("function").get(pk=budget.pk)
    if not locked.is_stopping:
        raise ResourceConflict("This budget holds no calls back.")
    locked.lifted_at = timezone.now()
    locked.save(update_fields=["lifted_at"])
    record(acting, "budget.lift", locked, project_id=locked.project_id, name=locked.subject)
    _announce(locked)


def look_at_all(*, now: datetime) -> int:
    """Look at every budget; returns how many began or ceased to hold calls back. Any number may call it."""
    return sum(_look_at(budget_id, now) for budget_id in to_look_at().values_list("pk", flat=True))


def _look_at(budget_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        rows = Budget.objects.select_for_update(of=("self",)).select_related("function", "project")
        budget = rows.filter(pk=budget_id).first()
        if budget is None:
            return False
        before = budget.is_stopping
        _look(budget, now)
        if budget.is_stopping != before:
            _announce(budget)
        return budget.is_stopping != before


def _look(budget: Budget, now: datetime) -> None:
    """Bring a budget up to date with what was spent; the caller holds its row."""
    month = Month.of(now.date())
    if budget.month != month.first:
        budget.month, budget.announced = month.first, 0
        budget.stopped_at = budget.lifted_at = None
    used = usage.of_month(project_id=budget.project_id, month=month, function_id=budget.function_id)
    budget.spent_pico = used.cost_pico
    found = find(
        spent=budget.spent_pico,
        amount=budget.amount_pico,
        is_hard=budget.is_hard,
        announced=budget.announced,
        is_stopped=budget.stopped_at is not None,
        is_lifted=budget.lifted_at is not None,
    )
    acting = system_principal(budget.project_id)
    if found.announce:
        budget.announced = found.announce
        told = {**_picture(budget), "share": found.announce}
        record(acting, "budget.reach", budget, project_id=budget.project_id, name=budget.subject, after=told)
    if found.stop:
        budget.stopped_at = now
        record(
            acting,
            "budget.stop",
            budget,
            project_id=budget.project_id,
            name=budget.subject,
            after=_picture(budget),
        )
    # Not changed_at: nobody has changed it.
    fields = ["month", "spent_pico", "announced", "stopped_at", "lifted_at"]
    budget.save(update_fields=fields)


def _announce(budget: Budget) -> None:
    """Have the gateway read anew what the budget counts for."""
    if budget.function_id:
        announce_change(budget.function_id)
    else:
        announce_project_change(budget.project_id)


def _picture(budget: Budget) -> dict[str, object]:
    return {"amount_pico": budget.amount_pico, "is_hard": budget.is_hard, "spent_pico": budget.spent_pico}
