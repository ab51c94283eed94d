"""Events stand where they stand; dead letters are redriven or dropped by those who may: one, some or all, and to
another version."""

from __future__ import annotations

import pytest

from functions.ids import new_id
from functions.models import AuditEntry, Event
from functions.states import EventState, Role
from tests.support import rows
from tests.support.addresses import address
from tests.support.seed import Seed


def events_page(client, project, **query) -> str:
    return client.get(address("events", project, **query)).content.decode()


def redrive(client, project, *events, **form) -> str:
    """Ticks these, presses Redrive, and reads the page that follows."""
    ids = [str(event.id) for event in events]
    words = {"event": ids, "state": "dead", "to": "same", **form}
    return client.post(address("events_redrive", project), words, follow=True).content.decode()


def standing(*events) -> list[str]:
    return [Event.objects.get(pk=event.pk).state for event in events]


@pytest.fixture
def dead(seed) -> list[Event]:
    return [seed.event(state=EventState.DEAD, attempts=3) for _ in range(3)]


def test_events_stand_where_they_stand(project, seed, admin):
    dead = seed.event(state=EventState.DEAD, attempts=3, last_error="it broke")
    seed.event()
    answer = admin.get(address("events", project, state="dead"))
    page = answer.content.decode()
    assert [row.event.id for row in answer.context["rows"]] == [dead.id]
    assert "it broke" in page
    assert page.count("Function error") == 3
    assert "Redrive" in page


def test_a_viewer_may_neither_redrive_nor_drop(project, dead, as_role):
    viewer = as_role(Role.VIEWER)
    page = events_page(viewer, project, state="dead")
    assert "Redrive all" not in page
    assert 'name="event"' not in page
    assert viewer.post(address("event_redrive", project, dead[0].id)).status_code == 403
    for name in ("events_redrive", "events_drop"):
        assert viewer.post(address(name, project), {"event": str(dead[0].id)}).status_code == 403
    assert standing(*dead) == [EventState.DEAD] * 3


def test_a_dead_letter_is_redriven(project, dead, admin):
    assert admin.post(address("event_redrive", project, dead[0].id)).status_code == 302
    assert standing(*dead) == [EventState.PENDING, EventState.DEAD, EventState.DEAD]
    entry = AuditEntry.objects.get(action="event.redrive")
    assert (entry.before["state"], entry.after["state"]) == ("dead", "pending")


def test_what_is_no_dead_letter_is_not_redriven(project, seed, admin):
    flying = seed.event(state=EventState.CLAIMED)
    assert admin.post(address("event_redrive", project, flying.id)).status_code == 409
    assert "None of them is a dead letter" in redrive(admin, project, flying)
    assert standing(flying) == [EventState.CLAIMED]
    assert not AuditEntry.objects.filter(action__contains="redrive").exists()


def test_the_ticked_ones_are_redriven(project, dead, admin):
    assert "2 events wait to be tried again." in redrive(admin, project, *dead[:2])
    assert standing(*dead) == [EventState.PENDING, EventState.PENDING, EventState.DEAD]
    entry = AuditEntry.objects.get(action="events.redrive")
    assert entry.after["events"] == 2
    assert set(entry.after["ids"]) == {str(event.id) for event in dead[:2]}
    assert entry.after["qualifier"] == "as before"


def test_all_are_redriven_whatever_the_page_shows(project, seed, admin, dead):
    more = [seed.event(state=EventState.EXPIRED) for _ in range(60)]
    assert "Redrive all 63" in events_page(admin, project, state="dead")
    assert "63 events wait to be tried again." in redrive(admin, project, every="1")
    assert set(standing(*dead, *more)) == {EventState.PENDING}
    assert AuditEntry.objects.get(action="events.redrive").target_kind == "project"


def test_all_of_one_function_are_those_of_no_other(project, function, seed, dead, admin):
    other = Seed(project_id=project.id, name="other").event(state=EventState.DEAD)
    assert "3 events wait" in redrive(admin, project, every="1", function=function.name)
    assert standing(other) == [EventState.DEAD]


def test_another_project_has_its_own_dead_letters(project, admin):
    theirs = Seed(project_id=rows.make_project("Other").id).event(state=EventState.DEAD)
    assert "None of them" in redrive(admin, project, theirs)
    assert "None of them" in redrive(admin, project, every="1")
    assert standing(theirs) == [EventState.DEAD]


def test_nothing_ticked_is_nothing_done(project, dead, admin):
    assert "Choose at least one event." in redrive(admin, project)
    assert standing(*dead) == [EventState.DEAD] * 3


def test_they_can_go_to_another_version(project, function, dead, admin):
    assert 'value="$LATEST"' in events_page(admin, project, state="dead", function=function.name)
    redrive(admin, project, *dead[:2], function=function.name, to="$LATEST")
    assert [Event.objects.get(pk=event.pk).qualifier for event in dead] == ["$LATEST", "$LATEST", "live"]
    assert AuditEntry.objects.get(action="events.redrive").after["qualifier"] == "$LATEST"


def test_a_version_that_does_not_exist_is_refused(project, function, dead, admin):
    page = redrive(admin, project, *dead, function=function.name, to="99")
    assert "Nothing was redriven." in page
    assert "Choose one function" in redrive(admin, project, *dead, to="1")
    assert standing(*dead) == [EventState.DEAD] * 3


def test_dropping_is_confirmed_by_typing_how_many(project, seed, dead, admin):
    waiting = seed.event()
    form = {"event": [str(dead[0].id), str(waiting.id)], "typed_name": "drop 1 event"}
    refused = admin.post(address("events_drop", project), form, follow=True).content.decode()
    assert "Nothing was dropped." in refused
    assert standing(dead[0], waiting) == [EventState.DEAD, EventState.PENDING]
    form["typed_name"] = "drop 2 events"
    assert (
        "2 events are dropped."
        in admin.post(address("events_drop", project), form, follow=True).content.decode()
    )
    assert set(Event.objects.values_list("pk", flat=True)) == {dead[1].pk, dead[2].pk}
    assert AuditEntry.objects.get(action="events.drop").after["events"] == 2


def test_what_is_in_flight_is_not_dropped(project, seed, admin):
    flying = seed.event(state=EventState.CLAIMED)
    form = {"event": str(flying.id), "typed_name": "drop 1 event"}
    page = admin.post(address("events_drop", project), form, follow=True).content.decode()
    assert "None of them waits" in page
    assert standing(flying) == [EventState.CLAIMED]


def test_an_event_of_nobody_is_not_found(project, admin):
    assert admin.post(address("event_redrive", project, new_id())).status_code == 404


def test_a_function_that_there_is_not_is_said_beside_the_list(project, dead, admin):
    answer = admin.get(address("events", project, state="dead", function="nothing"))
    assert answer.status_code == 200
    assert "Function not found: nothing" in answer.content.decode()
