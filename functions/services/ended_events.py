"""What of an asynchronous event is kept once it has succeeded: it is never tried again, so that the fields which
its function's settings name go now."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from functions.models import Event, Revision
from functions.redaction import redacted


def blot_succeeded(revisions: Mapping[UUID, str]) -> None:
    """Blot the payloads of these events; `revisions` says which revision ran each. Within the transaction that
    ends them."""
    named = {UUID(revision) for revision in revisions.values() if revision}
    rows = Revision.objects.filter(pk__in=named).exclude(redact=[]).values_list("pk", "redact")
    paths = dict(rows)
    ids = [event for event, revision in revisions.items() if revision and UUID(revision) in paths]
    for event in Event.objects.filter(pk__in=ids).only("payload"):
        event.payload = redacted(event.payload, paths[UUID(revisions[event.pk])]) or ""
        event.save(update_fields=["payload"])
