"""One invocation whole, found by its request id, replayed; what is not stored yet is waited for."""

from __future__ import annotations

from functions.ids import new_id
from functions.states import EventState, Outcome, Role
from tests.support.addresses import address


def test_an_invocation_says_what_went_wrong(project, seed, admin):
    row = seed.invocation(
        outcome=Outcome.FUNCTION_ERROR,
        error_type="KeyError",
        error_message="'name'",
        stack=['  File "/var/task/app.py", line 3'],
        log="START RequestId: x Version: 1\n[ERROR] it <b>broke</b>\n",
        cold=True,
        init_us=1000,
    )
    seed.payload(row, '{"n":1}', '{"errorType":"KeyError"}')
    page = admin.get(address("invocation", project, "hello", row.request_id)).content.decode()
    assert "The function raised an error." in page
    assert "KeyError: &#x27;name&#x27;" in page
    assert "log-error" in page
    assert "it &lt;b&gt;broke" in page
    assert "&quot;n&quot;: 1" in page
    assert "line 3" in page


def test_an_invocation_without_its_event_says_so(project, seed, admin):
    row = seed.invocation()
    page = admin.get(address("invocation", project, "hello", row.request_id)).content.decode()
    assert "Not kept." in page


def test_every_attempt_of_an_event_is_a_tab(project, seed, admin):
    event = seed.event(state=EventState.DEAD, attempts=2)
    for number in (1, 2):
        seed.invocation(request_id=event.id, attempt=number, event_id=event.id, outcome=Outcome.TIMEOUT)
    last = admin.get(address("invocation", project, "hello", event.id))
    assert last.context["invocation"].attempt == 2
    first = admin.get(address("invocation", project, "hello", event.id, attempt=1))
    assert first.context["invocation"].attempt == 1
    assert "dead letter" in first.content.decode()
    assert admin.get(address("invocation", project, "hello", event.id, attempt=9)).status_code == 404


def test_a_request_id_alone_finds_its_invocation(project, seed, admin):
    row = seed.invocation()
    answer = admin.get(address("request", project, row.request_id))
    assert answer.url == address("invocation", project, "hello", row.request_id)


def test_a_record_that_is_not_there_yet_is_waited_for_but_not_for_ever(project, function, admin):
    unknown = new_id()
    waiting = admin.get(address("request", project, unknown))
    assert waiting.status_code == 200
    assert "No record yet" in waiting.content.decode()
    assert "poll=1" in waiting.content.decode()
    given_up = admin.get(address("request", project, unknown, poll=99))
    assert given_up.status_code == 404
    assert "No call with this request id" in given_up.content.decode()


def test_an_event_that_waits_is_shown_as_waiting(project, seed, admin):
    event = seed.event()
    answer = admin.get(address("request", project, event.id), follow=True)
    assert "waits to be run" in answer.content.decode()


def test_the_record_of_another_project_stays_unknown(project, seed, stranger):
    row = seed.invocation()
    assert stranger.get(address("invocation", project, "hello", row.request_id)).status_code == 404


def test_a_kept_event_becomes_a_test_event(project, seed, function, admin):
    row = seed.invocation()
    seed.payload(row, '{"n": 1}')
    url = address("invocation_keep", project, "hello", row.request_id)
    assert admin.post(url, {"name": "first"}).status_code == 302
    assert function.test_events.get(name="first").payload == '{"n": 1}'
    assert admin.post(url, {"name": ""}).status_code == 400


def test_what_was_not_kept_cannot_be_replayed(project, seed, admin, as_role):
    row = seed.invocation()
    url = address("invocation_replay", project, "hello", row.request_id)
    assert admin.post(url).status_code == 409
    assert as_role(Role.VIEWER).post(url).status_code == 403
    assert admin.post(address("invocation_replay", project, "hello", new_id())).status_code == 404


def test_a_replay_needs_the_gateway(project, seed, admin):
    row = seed.invocation()
    seed.payload(row, '{"n": 1}')
    answer = admin.post(address("invocation_replay", project, "hello", row.request_id))
    assert answer.status_code == 503
    assert "The gateway is not running" in answer.content.decode()
