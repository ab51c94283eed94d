"""What calls the functions of a project by itself, kind by kind, over all of them. Reads for one page; how each kind
works is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from functions.models import Bucket, EventTarget, FunctionUrl, Schedule, Webhook
from functions.queries.event_sources import mappings_of
from functions.queries.pages import Page, count_up_to_limit, keyset_page


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trigger as people see it: one tab of the page. `named` is the field that a search looks into."""

    key: str
    label: str
    named: str


URLS = Kind("urls", "Function URLs", "function__name")
SCHEDULES = Kind("schedules", "Schedules", "function__name")
WEBHOOKS = Kind("webhooks", "Webhooks", "function__name")
QUEUES = Kind("queues", "Queues", "function__name")
RULES = Kind("rules", "Event rules", "arn")
BUCKETS = Kind("buckets", "Buckets", "name")
KINDS = (URLS, SCHEDULES, WEBHOOKS, QUEUES, RULES, BUCKETS)


def kind_named(key: str) -> Kind:
    """The kind of an address; function URLs when it names none."""
    return next((kind for kind in KINDS if kind.key == key), URLS)


def triggers(*, project_id: UUID, kind: Kind, text: str = "", marker: str = "", size: int = 50) -> Page[Any]:
    """A page of rows of that kind's model, the latest made first; `text` is a part of the function's name (of a
    bucket's, its own). Raises InvalidParameterValue for a marker that is none."""
    rows = _rows(project_id, kind)
    if text:
        rows = rows.filter(**{f"{kind.named}__icontains": text})
    return keyset_page(rows, order=("-id",), marker=marker, size=size)


def counts(*, project_id: UUID) -> dict[str, int]:
    """How many there are of each kind, each at most COUNT_LIMIT."""
    return {kind.key: count_up_to_limit(_rows(project_id, kind)) for kind in KINDS}


def _rows(project_id: UUID, kind: Kind) -> QuerySet[Any]:
    """Of functions that are not deleted. A rule with an expression fires as a schedule, and is one of them."""
    of_living = {"function__project_id": project_id, "function__deleted_at": None}
    if kind is URLS:
        return FunctionUrl.objects.filter(**of_living).select_related("function")
    if kind is SCHEDULES:
        return Schedule.objects.filter(**of_living).select_related("function")
    if kind is WEBHOOKS:
        return Webhook.objects.filter(**of_living).select_related("function")
    if kind is QUEUES:
        return mappings_of(project_id)
    if kind is RULES:
        targets = EventTarget.objects.filter(rule__project_id=project_id, schedule=None)
        return targets.select_related("rule__project")
    return Bucket.objects.filter(project_id=project_id).exclude(notifications={})
