"""Budgets for pages, and for what the gateway must refuse."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from functions.models import Budget, Function


def listing(project_id: UUID) -> list[Budget]:
    """A project's own first, then those of its live functions by name."""
    rows = _live().filter(project_id=project_id).select_related("function", "changed_by")
    return sorted(rows, key=lambda budget: (budget.function is not None, budget.subject))


def stopping(project_id: UUID) -> list[Budget]:
    """Those because of which calls are refused now."""
    return [budget for budget in listing(project_id) if budget.is_stopping]


def of_function(function: Function) -> list[Budget]:
    """The budgets that count for a function: its project's and its own."""
    mine = Q(function=function) | Q(function=None, project=function.project_id)
    return list(Budget.objects.filter(mine).select_related("function"))


def refusal(function: Function) -> str:
    """Why a function's calls are refused, "" while they are not."""
    held = [budget for budget in of_function(function) if budget.is_stopping]
    if not held:
        return ""
    budget = held[0]
    whose = f"of the function {function.name}" if budget.function_id else "of the project"
    return (
        f"The monthly budget {whose} is used up. Calls are refused until the next month begins (UTC), or until "
        "somebody raises or lifts it under Billing."
    )


def to_look_at() -> QuerySet[Budget]:
    """Every budget that somebody is still charged for."""
    return _live().select_related("function", "project")


def _live() -> QuerySet[Budget]:
    return Budget.objects.filter(Q(function=None) | Q(function__deleted_at=None))
