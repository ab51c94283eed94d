"""An event that has succeeded loses the fields that are not to be kept; one that may be tried again keeps all."""

from __future__ import annotations

import pytest

from functions.ids import new_id
from functions.models import Event
from functions.services.events import store_accepted
from functions.services.records import store
from functions.states import EventState, InvocationType, Outcome
from tests.support import rows
from tests.support.telemetry import make_event, make_record

PAYLOAD = '{"pin": 4711, "n": 1}'


@pytest.fixture
def run(project, function):
    """An accepted event, and the record of its first attempt."""

    def end(outcome: Outcome, redact: list[str], payload: str = PAYLOAD) -> Event:
        revision = rows.make_revision(function, redact=redact)
        event_id = str(new_id())
        known = {"project_id": str(project.id), "function_id": str(function.id)}
        store_accepted([make_event(event_id=event_id, payload=payload, **known)])
        Event.objects.filter(pk=event_id).update(state=EventState.CLAIMED, attempts=1)
        record = make_record(
            event_id=event_id,
            request_id=event_id,
            attempt=1,
            outcome=outcome,
            revision_id=str(revision.id),
            invocation_type=InvocationType.EVENT,
            **known,
        )
        store([record])
        return Event.objects.get(pk=event_id)

    return end


def test_fields_go_once_it_has_succeeded(run):
    event = run(Outcome.SUCCESS, ["pin"])
    assert event.state == EventState.SUCCEEDED
    assert event.payload == '{"pin": "[redacted]", "n": 1}'


def test_what_may_be_tried_again_is_whole(run):
    event = run(Outcome.FUNCTION_ERROR, ["pin"])
    assert event.state == EventState.PENDING
    assert event.payload == PAYLOAD


def test_without_fields_nothing_changes(run):
    assert run(Outcome.SUCCESS, []).payload == PAYLOAD
