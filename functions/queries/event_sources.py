"""Event source mappings: as they are asked for, and as the worker that calls functions needs them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from functions.errors import ResourceNotFound
from functions.models import EventSourceMapping
from functions.states import LATEST


def mappings_of(project_id: UUID, region: str = "") -> QuerySet[EventSourceMapping]:
    """A project's, of all regions or of one, of functions that are not deleted."""
    rows = EventSourceMapping.objects.filter(function__project_id=project_id, function__deleted_at=None)
    if region:
        rows = rows.filter(function__region=region)
    return rows.select_related("function__project", "queue__project")


def mapping_with_id(rows: QuerySet[EventSourceMapping], text: str) -> EventSourceMapping:
    """One of these by UUID; raises ResourceNotFound in AWS's words."""
    try:
        found = rows.filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise ResourceNotFound("The resource you requested does not exist.")
    return found


def working_mappings() -> list[EventSourceMapping]:
    """Those that call a function now, with queue and function; each time another comes first, so that none waits for
    others for ever."""
    rows = EventSourceMapping.objects.filter(enabled=True, queue__isnull=False)
    rows = rows.filter(function__deleted_at=None, function__paused_at=None).exclude(function__latest=None)
    return list(rows.select_related("function__project", "queue__project").order_by("worked_at", "id"))


def function_arn(mapping: EventSourceMapping) -> str:
    """Of what it calls, with the qualifier unless that is $LATEST."""
    function = mapping.function
    plain = mapping.qualifier in {"", LATEST}
    return function.arn if plain else f"{function.arn}:{mapping.qualifier}"


def mapping_arn(mapping: EventSourceMapping) -> str:
    """Its own."""
    function = mapping.function
    return f"arn:aws:lambda:{function.region}:{function.project.account}:event-source-mapping:{mapping.pk}"
