"""Events stand where they stand; dead letters are redriven or dropped by those who may."""

from __future__ import annotations

from functions.ids import new_id
from functions.states import EventState, Role
from tests.support.addresses import address


def test_events_stand_where_they_stand(project, seed, admin):
    dead = seed.event(state=EventState.DEAD, attempts=3, last_error="it broke")
    seed.event()
    answer = admin.get(address("events", project, state="dead"))
    page = answer.content.decode()
    assert [row.event.id for row in answer.context["rows"]] == [dead.id]
    assert "it broke" in page
    assert page.count("Function error") == 3
    assert "Redrive" in page


def test_a_viewer_may_not_redrive(project, seed, as_role):
    dead = seed.event(state=EventState.DEAD)
    viewer = as_role(Role.VIEWER)
    page = viewer.get(address("events", project, state="dead")).content.decode()
    assert ">Redrive</button>" not in page
    assert viewer.post(address("event_redrive", project, dead.id)).status_code == 403


def test_a_dead_letter_is_redriven_and_a_waiting_one_dropped(project, seed, admin):
    dead, waiting = seed.event(state=EventState.DEAD, attempts=3), seed.event()
    assert admin.post(address("event_redrive", project, dead.id)).status_code == 302
    dead.refresh_from_db()
    assert dead.state == EventState.PENDING
    assert admin.post(address("event_drop", project, waiting.id)).status_code == 302
    assert type(waiting).objects.filter(id=waiting.id, state=EventState.PENDING).count() == 0


def test_what_is_in_flight_is_not_dropped(project, seed, admin):
    flying = seed.event(state=EventState.CLAIMED)
    assert admin.post(address("event_drop", project, flying.id)).status_code == 409
    flying.refresh_from_db()
    assert flying.state == EventState.CLAIMED


def test_an_event_of_nobody_is_not_found(project, admin):
    assert admin.post(address("event_redrive", project, new_id())).status_code == 404
