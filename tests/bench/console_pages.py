"""Which addresses of the console are measured: every route below a project, with rows that exist, and for the
pages that read much their filters, orders and ranges as well."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import NoReverseMatch, get_resolver, reverse

from functions.ids import new_id
from functions.models import (
    AccessKey,
    Deployment,
    Event,
    Function,
    FunctionUrl,
    Invocation,
    InvocationLog,
    Membership,
    Project,
    Schedule,
)
from functions.states import Outcome
from tests.bench.console_rows import COMMON, RARE

SPANS = ("span=1h", "span=24h", "span=7d", "span=30d")
# As people come to each page, beside its plain address.
QUERIES: dict[str, tuple[str, ...]] = {
    "functions": (
        "q=0042", "q=orders", "q=nothing-like-it", "order=-name", "order=runtime", "order=-changed",
        "order=-errors", "order=-cost", "order=-last_call", "tag=team", "tag=team%3Dorders", "state=active",
        "state=draft", "state=paused", "runtime=nodejs22.x",
    ),
    "search": ("q=o", "q=0042", "q=logs+orders", "q=nothing-like-it"),
    "metrics": SPANS,
    "metrics_series": (*SPANS, "span=30d&compare=1"),
    "metrics_by_function": SPANS,
    "function_monitor": (*SPANS, "span=30d&outcome=errors", "span=30d&text=nothing-like-it", "span=30d&cold=1"),
    "function_series": (*SPANS, "span=30d&compare=1", "span=30d&version=1"),
    "logs": (
        *SPANS, f"span=30d&q={COMMON}", f"span=30d&q={RARE}", "span=30d&q=nothing-like-it",
        "span=30d&q=level%3AERROR", "span=30d&q=user%3Aorders", "span=30d&q=-served", f"span=24h&q={RARE}",
        "span=30d&q=function%3Aorders-00000", "span=30d&q=outcome%3Atimeout", "span=30d&q=ab",
    ),
    "logs_histogram": (*SPANS, f"span=30d&q={COMMON}", f"span=30d&q={RARE}"),
    "function_logs": (*SPANS, f"span=30d&q={COMMON}", f"span=30d&q={RARE}", "span=30d&q=nothing-like-it"),
    "function_logs_histogram": ("span=24h", "span=30d", f"span=30d&q={RARE}"),
    "refusals": ("function=orders-00000", "error=TooManyRequestsException"),
    "events": ("state=dead", "state=succeeded", "state=retrying"),
    "billing": ("month=previous", "sort=name"),
    "audit": ("text=nothing-like-it", "text=orders-00000", "action=function.create"),
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """A page's name in the table, and its path with its query."""

    label: str
    path: str


def addresses(project: Project) -> Iterator[Address]:
    """Of every route, those that answer GET and those that do not."""
    known = facts(project)
    for name in routes():
        wanted = get_resolver().reverse_dict.getlist(name)[0][0][0][1]
        path = _reversed(name, {one: known.get(one) for one in wanted})
        yield Address(name, path)
        for query in QUERIES.get(name, ()):
            yield Address(f"{name}?{query}", f"{path}?{query.replace('month=previous', _month_before())}")
    yield from _further(project)


def _reversed(name: str, parameters: dict[str, Any]) -> str:
    """The address of a route; what nothing was planted for is an id of nothing, and then no page is measured."""
    for nothing in (new_id(), "some", 1):
        values = {one: nothing if value is None else value for one, value in parameters.items()}
        with contextlib.suppress(NoReverseMatch):
            return reverse(name, kwargs=values)
    raise ValueError(name)


def routes() -> list[str]:
    """The names of every address below a project."""
    resolver = get_resolver().reverse_dict
    named = (name for name in resolver if isinstance(name, str))
    return sorted(name for name in named if "account" in resolver.getlist(name)[0][0][0][1])


def facts(project: Project) -> dict[str, Any]:
    """What the parameters of routes may be: the busiest function, and a row of each kind."""
    function = Function.objects.filter(project=project).order_by("id").first()
    assert function is not None
    failed = Invocation.objects.filter(function_id=function.pk, outcome=Outcome.FUNCTION_ERROR)
    schedule = Schedule.objects.first()
    return {
        "account": project.account,
        "name": function.name,
        "step": 1,
        "number": 1,
        "function_id": _id(Function.objects.filter(project=project, deleted_at__isnull=False)),
        "request_id": _id(failed.order_by("-started_at")),
        "log_id": _id(InvocationLog.objects.filter(project_id=project.pk).order_by("-at")),
        "deployment_id": _id(Deployment.objects.filter(function=function).order_by("-id")),
        "event_id": _id(Event.objects.filter(project_id=project.pk)),
        "url_id": _id(FunctionUrl.objects.filter(function__project=project)),
        "schedule_id": schedule.pk if schedule else None,
        "user_id": Membership.objects.values_list("user_id", flat=True).first(),
        "key_id": AccessKey.objects.values_list("key_id", flat=True).first() or "some",
        "sandbox_id": "sb-1",
    }


def _further(project: Project) -> Iterator[Address]:
    """Pages of what has no row of its own, or of later pages of lists."""
    from functions.queries.pages import marker_of

    account = project.account
    middle = Function.objects.filter(project=project).order_by("name")[Function.objects.count() // 2]
    marker = quote(marker_of([middle.name, middle.pk]))
    yield Address("functions?marker=middle", f"{reverse('functions', args=[account])}?marker={marker}")
    log = InvocationLog.objects.filter(project_id=project.pk).order_by("-at")[1000]
    marker = quote(marker_of([log.at, log.pk]))
    yield Address(
        "logs?span=30d&marker", f"{reverse('logs', args=[account])}?span=30d&part=rows&marker={marker}"
    )
    schedule = Schedule.objects.select_related("function").first()
    if schedule:
        yield Address(
            "schedule (its own)", reverse("schedule", args=[account, schedule.function.name, schedule.pk])
        )
    yield Address("wizard_new (starter)", f"{reverse('wizard_new', args=[account])}?starter=http-api")


def _id(rows: Any) -> Any:
    return rows.values_list("pk", flat=True).first()


def _month_before() -> str:
    from datetime import UTC, datetime

    from functions.queries.usage import Month

    return f"month={Month.of(datetime.now(UTC).date()).previous}"
