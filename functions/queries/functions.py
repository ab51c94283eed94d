"""Reads of functions: a page of the list with what each did lately, and the facts of one function's header.
Control rows first, then telemetry in bulk for the page alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from functions.errors import InvalidParameterValue
from functions.models import (
    Alarm,
    Alias,
    Budget,
    Deployment,
    Draft,
    EventSourceMapping,
    Function,
    FunctionUrl,
    Schedule,
    Webhook,
)
from functions.queries import alarms, budgets
from functions.queries.access import live_functions
from functions.queries.activity import (
    Activity,
    Place,
    Ranking,
    activity_of,
    by_cost,
    by_errors,
    by_last_call,
)
from functions.queries.pages import Page, count_up_to_limit, keyset_page, marker_of, read_marker
from functions.states import DEPLOYMENT_ENDED, LIVE_ALIAS, DeploymentState, FunctionState, TriggerKind

ORDERS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "id"),
    "-name": ("-name", "-id"),
    "runtime": ("runtime_now", "name", "id"),
    "-runtime": ("-runtime_now", "-name", "-id"),
    "changed": ("changed_at", "id"),
    "-changed": ("-changed_at", "-id"),
}
# Orders by what only the other database knows: highest first, functions without any last.
RANKED_ORDERS = {"-errors": by_errors, "-cost": by_cost, "-last_call": by_last_call}
_LOOKED_UP_AT_ONCE = 500
_SHOWN = ("project_id", "region", "name", "tags", "latest_id", "paused_at", "changed_at")
# What fires a function, in the order in which the list shows it.
_FIRING: Mapping[TriggerKind, type[Model]] = {
    TriggerKind.FUNCTION_URL: FunctionUrl,
    TriggerKind.SCHEDULE: Schedule,
    TriggerKind.QUEUE: EventSourceMapping,
    TriggerKind.WEBHOOK: Webhook,
}
_TAG_NAMES = {
    "sqlite": (
        "SELECT DISTINCT tag.key FROM functions_function, json_each(functions_function.tags) AS tag "
        "WHERE project_id = %s AND deleted_at IS NULL ORDER BY 1 LIMIT %s"
    ),
    "postgresql": (
        "SELECT DISTINCT jsonb_object_keys(tags) FROM functions_function "
        "WHERE project_id = %s AND deleted_at IS NULL ORDER BY 1 LIMIT %s"
    ),
}


@dataclass(frozen=True, slots=True)
class FunctionFilter:
    """Which functions, and in which order; empty fields do not restrict. `tag` is a name, or name=value."""

    text: str = ""
    tag: str = ""
    runtime: str = ""
    state: str = ""
    order: str = "name"


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One row of the list. The function has only what the list shows; the rest would be read when it is asked for."""

    function: Function
    description: str
    state: FunctionState
    runtime: str
    triggers: tuple[TriggerKind, ...]
    activity: Activity


@dataclass(frozen=True, slots=True)
class FunctionHeader:
    """What stands above every tab. `split` maps version numbers to their share of calls by alias `live`,
    empty while nothing is deployed by the console; `last_deployment` is the newest one, ended or not; `held` are
    the budgets because of which its calls are refused, `ringing` its alarms that ring."""

    function: Function
    draft: Draft
    state: FunctionState
    runtime: str
    split: tuple[tuple[int, float], ...]
    aliases: tuple[Alias, ...]
    urls: tuple[FunctionUrl, ...]
    last_deployment: Deployment | None
    held: tuple[Budget, ...]
    ringing: tuple[Alarm, ...]


def functions(
    *, project_id: UUID, chosen: FunctionFilter, now: datetime, marker: str = "", size: int = 50
) -> Page[FunctionRow]:
    """A page of live functions; raises InvalidParameterValue for an unknown order or a foreign marker."""
    rows = matching(project_id=project_id, chosen=chosen)
    if chosen.order in RANKED_ORDERS:
        ranking = RANKED_ORDERS[chosen.order](project_id=project_id, now=now)
        page = _ranked_page(rows, ranking, marker, size)
    elif chosen.order in ORDERS:
        page = keyset_page(_listed(rows), order=ORDERS[chosen.order], marker=marker, size=size)
    else:
        raise InvalidParameterValue(f"Functions cannot be sorted by {chosen.order[:40]!r}.", field="order")
    found = activity_of([function.pk for function in page.items], now=now)
    items = [_row(function, found[function.pk]) for function in page.items]
    return Page(items, page.next_marker, count_up_to_limit(rows))


def matching(*, project_id: UUID, chosen: FunctionFilter) -> QuerySet[Any]:
    """The functions of a filter, in no order, with `runtime_now` and `is_deploying`."""
    rows: QuerySet[Any] = live_functions(project_id).annotate(
        runtime_now=Coalesce("latest__runtime", "draft__runtime"),
        is_deploying=ExpressionWrapper(Q(pk__in=_under_way()), BooleanField()),
    )
    if chosen.text:
        rows = rows.filter(name__icontains=chosen.text)
    if chosen.runtime:
        rows = rows.filter(runtime_now=chosen.runtime)
    if chosen.tag:
        rows = _tagged(rows, chosen.tag)
    return _in_state(rows, chosen.state) if chosen.state else rows


def header(*, function: Function) -> FunctionHeader:
    """The facts of one function's header."""
    rows = matching(project_id=function.project_id, chosen=FunctionFilter())
    joined = rows.select_related("latest", "draft").prefetch_related("urls")
    found = joined.get(pk=function.pk)
    aliases = Alias.objects.filter(function=function).select_related("version", "second_version")
    deployments = Deployment.objects.filter(function=function, trial=False).select_related(
        "created_by", "version"
    )
    return FunctionHeader(
        function=found,
        draft=found.draft,
        state=state_of(found),
        runtime=found.runtime_now,
        split=_split(tuple(aliases)),
        aliases=tuple(aliases),
        urls=tuple(found.urls.all()),
        last_deployment=deployments.order_by("-created_at", "-id").first(),
        held=tuple(budget for budget in budgets.of_function(function) if budget.is_stopping),
        ringing=tuple(alarms.ringing(function.project_id, function)),
    )


def state_of(function: Function) -> FunctionState:
    """How a function of `matching` stands; the first that holds."""
    if getattr(function, "is_deploying", False):
        return FunctionState.DEPLOYING
    if function.latest_id is None:
        return FunctionState.DRAFT
    return FunctionState.PAUSED if function.paused_at else FunctionState.ACTIVE


def runtimes_used(*, project_id: UUID) -> list[str]:
    """The runtimes of a project's functions, for a filter's choices."""
    rows = matching(project_id=project_id, chosen=FunctionFilter())
    return sorted(rows.order_by().values_list("runtime_now", flat=True).distinct())


def tags_used(*, project_id: UUID, limit: int = 100) -> list[str]:
    """The names of tags on a project's functions, for a filter's choices."""
    database = connections[router.db_for_read(Function)]
    key = UUIDField().get_db_prep_value(project_id, database)
    with database.cursor() as cursor:  # the ORM would decode every function's tags
        cursor.execute(_TAG_NAMES[database.vendor], [key, limit])
        return [name for (name,) in cursor.fetchall()]


def _listed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """What the list shows, and no more: drafts and revisions have dozens of columns."""
    fires = {
        f"fired_by_{kind}": Exists(model._default_manager.filter(function=OuterRef("pk"), enabled=True))
        for kind, model in _FIRING.items()
    }
    listed: QuerySet[Any] = rows.only(*_SHOWN).annotate(description=F("draft__description"), **fires)
    return listed


def _under_way() -> QuerySet[Any, Any]:
    """Few however many functions there are, and found once for all of them."""
    states = sorted(set(DeploymentState) - DEPLOYMENT_ENDED)
    return Deployment.objects.filter(state__in=states, trial=False).values("function_id")


def _tagged(rows: QuerySet[Any], tag: str) -> QuerySet[Any]:
    name, equals, value = tag.partition("=")
    if not equals:
        return rows.filter(tags__has_key=name)
    # As text: the transform alone compares JSON.
    valued: QuerySet[Any] = rows.annotate(tag_value=Cast(KeyTextTransform(name, "tags"), TextField()))
    return valued.filter(tag_value=value)


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    match state:
        case FunctionState.DEPLOYING:
            return rows.filter(is_deploying=True)
        case FunctionState.DRAFT:
            return rows.filter(is_deploying=False, latest=None)
        case FunctionState.PAUSED:
            return rows.filter(is_deploying=False, paused_at__isnull=False).exclude(latest=None)
        case FunctionState.ACTIVE:
            return rows.filter(is_deploying=False, paused_at=None).exclude(latest=None)
    return rows.none()


def _ranked_page(rows: QuerySet[Any], ranking: Ranking, marker: str, size: int) -> Page[Function]:
    """No join spans two databases: the best ranks are looked up among the rows until the page is full; the rows
    without a rank follow in the order of their ids."""
    after = _place_in(marker)
    places: list[Place] = []
    last = after
    at_once = 2 * size  # nearly always enough: a filter may leave out some
    while len(places) <= size and (last is None or last[0] < 0):
        part = ranking.following(last, at_once)
        present = set(rows.filter(pk__in=[key for _, key in part]).order_by().values_list("pk", flat=True))
        places += [place for place in part if place[1] in present]
        if len(part) < at_once:
            break
        last, at_once = part[-1], _LOOKED_UP_AT_ONCE
    if len(places) <= size:
        places += _unranked(rows, ranking, after, size + 1 - len(places))
    chosen = [function_id for _, function_id in places[:size]]
    by_id = _listed(rows).in_bulk(chosen)
    items = [by_id[function_id] for function_id in chosen if function_id in by_id]
    return Page(items, marker_of(places[size - 1]) if len(places) > size else "")


def _unranked(rows: QuerySet[Any], ranking: Ranking, after: Place | None, wanted: int) -> list[Place]:
    if after is not None and after[0] == 0:
        rows = rows.filter(pk__gt=after[1])
    ids = rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=_LOOKED_UP_AT_ONCE)
    found: list[Place] = []
    while len(found) < wanted and (part := list(islice(ids, _LOOKED_UP_AT_ONCE))):
        ranked = ranking.ranked(part)
        found += [(0, key) for key in part if key not in ranked]
    return found[:wanted]


def _place_in(marker: str) -> Place | None:
    if not marker:
        return None
    rank, function_id = read_marker(marker, 2)
    if not isinstance(rank, int) or not isinstance(function_id, UUID):
        raise InvalidParameterValue("The page marker is not valid.")
    return rank, function_id


def _row(function: Function, activity: Activity) -> FunctionRow:
    kinds = tuple(kind for kind in _FIRING if getattr(function, f"fired_by_{kind}"))
    runtime: str = getattr(function, "runtime_now", "")
    description: str = getattr(function, "description", "") or ""
    return FunctionRow(function, description, state_of(function), runtime, kinds, activity)


def _split(aliases: Sequence[Alias]) -> tuple[tuple[int, float], ...]:
    live = next((alias for alias in aliases if alias.name == LIVE_ALIAS), None)
    if live is None or live.version is None:
        return ()
    if live.second_version is None or not live.second_weight:
        return ((live.version.number, 1.0),)
    return (
        (live.version.number, 1.0 - live.second_weight),
        (live.second_version.number, live.second_weight),
    )
