"""The queues that call a function, as rows of its Triggers tab, and what their form starts with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from console.forms import Form
from functions.models import EventSourceMapping, Function
from functions.queries.event_sources import mappings_of
from functions.queries.message_queues import Holding, holding, queues_of


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A mapping with its queue's name and what lies in it."""

    mapping: EventSourceMapping
    name: str
    held: Holding
    is_broken: bool


def queue_context(function: Function, form: Form | None) -> dict[str, Any]:
    """What templates/functions/queue_triggers.html needs."""
    now = timezone.now()
    rows = mappings_of(function.project_id).filter(function=function).order_by("source_arn")
    return {
        "queue_rows": [
            QueueRow(
                mapping,
                queue_name(mapping),
                holding(mapping.queue, now) if mapping.queue else Holding(),
                mapping.result.startswith("PROBLEM"),
            )
            for mapping in rows
        ],
        "queue_names": queues_of(function.project_id, function.region)
        .order_by("name")
        .values_list("name", flat=True),
        "queue_form": form or Form({"batch_size": "10", "window_s": "0"}),
    }


def queue_name(mapping: EventSourceMapping) -> str:
    """Of the queue that it is about, also when that is gone."""
    return mapping.source_arn.rpartition(":")[2]
