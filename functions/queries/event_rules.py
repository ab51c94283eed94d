"""Rules of the event bus and their targets, as they are asked for and as events are held against them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from functions.errors import ResourceNotFound
from functions.event_patterns import Test, read_event_pattern
from functions.models import EventRule, EventTarget, Project


def rule_named(project: Project, region: str, name: str) -> EventRule:
    """A region's rule by name; raises ResourceNotFound."""
    rows = EventRule.objects.select_related("project")
    found = rows.filter(project=project, region=region, name=name).first()
    if found is None:
        raise ResourceNotFound(f"Rule {name} does not exist on EventBus default.")
    return found


def targets_meant(project_id: UUID, event: Mapping[str, Any]) -> list[EventTarget]:
    """Whom the rules of its region tell of this event."""
    rules = EventRule.objects.filter(project_id=project_id, region=event["region"], enabled=True)
    meant = [rule.pk for rule in rules.exclude(pattern="") if _compiled(rule.pattern)(event)]
    targets = EventTarget.objects.filter(rule__in=meant).select_related("rule__project")
    return list(targets) if meant else []


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> Test:
    return read_event_pattern(pattern)
