"""The first page's facts: is it well, what failed, what was deployed, what does it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from functions.models import Alarm, Budget, Deployment, Function
from functions.queries import alarms, budgets, usage
from functions.queries.access import live_functions
from functions.queries.activity import errors_by_function

FAILING_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failing:
    """A function with errors in the last hour."""

    function: Function
    errors: int


@dataclass(frozen=True, slots=True)
class Home:
    """Counts of live functions, the worst failing ones first, the newest deployments, this UTC month's cost so far
    and expected, in 1e-12 USD before any free tier, the budgets because of which calls are refused, and
    the alarms that ring."""

    functions: int
    drafts: int
    paused: int
    failing_count: int
    failing: tuple[Failing, ...]
    deployments: tuple[Deployment, ...]
    month_pico: int
    forecast_pico: int
    held: tuple[Budget, ...] = ()
    ringing: tuple[Alarm, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever made here."""
        return not self.functions


def home(*, project_id: UUID, now: datetime, most_failing: int = 10, most_deployments: int = 8) -> Home:
    """The summary of a project."""
    counts = live_functions(project_id).aggregate(
        functions=Count("pk"),
        drafts=Count("pk", filter=Q(latest=None)),
        paused=Count("pk", filter=Q(paused_at__isnull=False)),
    )
    failing = _failing(project_id, now)
    month = usage.Month.of(now.date())
    spent = usage.of_month(project_id=project_id, month=month).cost_pico
    return Home(
        **counts,
        failing_count=len(failing),
        failing=failing[:most_failing],
        deployments=_recent_deployments(project_id, most_deployments),
        month_pico=spent,
        forecast_pico=usage.forecast_pico(spent=spent, month=month, today=now.date()),
        held=tuple(budgets.stopping(project_id)),
        ringing=tuple(alarms.ringing(project_id)),
    )


def _failing(project_id: UUID, now: datetime) -> tuple[Failing, ...]:
    errors = errors_by_function(project_id=project_id, since=now - FAILING_WITHIN)
    rows = live_functions(project_id).filter(pk__in=errors)
    found = [Failing(function, errors[function.pk]) for function in rows]
    return tuple(sorted(found, key=lambda row: (-row.errors, row.function.name)))


def _recent_deployments(project_id: UUID, limit: int) -> tuple[Deployment, ...]:
    rows = Deployment.objects.filter(project_id=project_id, function__deleted_at=None, trial=False)
    joined = rows.select_related("function", "version", "created_by")
    return tuple(joined.order_by("-created_at", "-id")[:limit])
