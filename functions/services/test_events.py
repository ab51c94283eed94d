"""Saved events of the Test page: named, JSON, a few per function."""

from __future__ import annotations

import json
from uuid import UUID

from django.db import transaction

from functions.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.limits import SYNC_PAYLOAD
from functions.models import Function, TestEvent
from functions.naming import check_title
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

MOST_EVENTS = 100


@transaction.atomic
def save_test_event(
    *, acting: Principal, function: Function, name: str, payload: str, private: bool = False
) -> TestEvent:
    """Keep an event under a name, over the one of that name; a private one is seen by its owner alone, and may
    have the name of a shared one. Raises InvalidParameterValue (with field) and ResourceConflict when there are
    too many."""
    require(acting, Role.DEVELOPER, function.project_id)
    name = check_title(name, "A test event's name")
    check_payload(payload)
    owner = UUID(acting.id) if private else None
    known = TestEvent.objects.filter(function=function, owner_id=owner)
    if not known.filter(name=name).exists() and known.count() >= MOST_EVENTS:
        raise ResourceConflict(f"A function keeps at most {MOST_EVENTS} test events: delete one first.")
    event, _ = TestEvent.objects.update_or_create(
        function=function, owner_id=owner, name=name, defaults={"payload": payload}
    )
    record(acting, "test-event.save", event, project_id=function.project_id, name=f"{function.name}/{name}")
    return event


@transaction.atomic
def delete_test_event(*, acting: Principal, function: Function, name: str, private: bool = False) -> None:
    """Forget an event; raises ResourceNotFound, also for somebody else's private one."""
    require(acting, Role.DEVELOPER, function.project_id)
    owner = UUID(acting.id) if private else None
    event = TestEvent.objects.filter(function=function, owner_id=owner, name=name).first()
    if event is None:
        raise ResourceNotFound(f"There is no test event {name[:64]!r}.")
    record(acting, "test-event.delete", event, project_id=function.project_id, name=f"{function.name}/{name}")
    event.delete()


def check_payload(text: str) -> str:
    """The event itself if a function can be called with it; raises InvalidParameterValue with field
    `payload`, saying where the JSON breaks."""
    try:
        if len(text.encode()) > SYNC_PAYLOAD:
            raise InvalidParameterValue("An event has at most 6 MB.", field="payload")
        json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidParameterValue(
            f"This is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.", field="payload"
        ) from None
    except (ValueError, RecursionError):
        raise InvalidParameterValue("This is not JSON that can be read.", field="payload") from None
    return text
