"""Pages of what happened: each tells the truth of seeded rows, says when there is nothing, and refuses strangers."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from functions.ids import new_id
from functions.states import EventState, Outcome, Role


def address(name, project, *args, **query):
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return reverse(name, args=[project.account, *args]) + (f"?{text}" if text else "")


PAGES = ("metrics", "billing", "logs", "sandboxes", "events")


@pytest.mark.parametrize("name", PAGES)
def test_strangers_see_no_page(name, project, stranger):
    assert stranger.get(address(name, project)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_without_a_log_in_there_is_only_the_log_in(name, project, client):
    answer = client.get(address(name, project))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("login"))


@pytest.mark.parametrize("name", [page for page in PAGES if page != "sandboxes"])
def test_an_empty_project_has_whole_pages(name, project, admin):
    answer = admin.get(address(name, project))
    assert answer.status_code == 200
    assert "empty" in answer.content.decode() or "Nothing" in answer.content.decode()


# Monitor


def test_the_monitor_says_what_happened_and_lists_the_calls(project, seed, admin):
    now = timezone.now()
    failed = seed.invocation(at=now, outcome=Outcome.FUNCTION_ERROR, error_type="KeyError")
    seed.invocation(at=now)
    seed.minute(at=now, durations_ms=[10, 20], errors=1)
    page = admin.get(address("function_monitor", project, "hello")).content.decode()
    assert "1 failed" in page
    assert str(failed.request_id) in page
    only = admin.get(address("function_monitor", project, "hello", outcome="errors"))
    assert [row.id for row in only.context["page"].items] == [failed.id]


def test_the_monitor_pages_through_calls(project, seed, admin):
    now = timezone.now()
    for second in range(60):
        seed.invocation(at=now - timedelta(seconds=second))
    first = admin.get(address("function_monitor", project, "hello"))
    older = first.context["older"]
    rest = admin.get(older + "&part=rows", headers={"HX-Request": "true"})
    assert rest.content.decode().count("<tr>") == 10
    assert "<html" not in rest.content.decode()


def test_the_monitor_of_an_unknown_function_is_not_found(project, admin):
    assert admin.get(address("function_monitor", project, "nobody")).status_code == 404


def test_a_forged_marker_is_refused(project, seed, admin):
    assert admin.get(address("function_monitor", project, "hello", marker="forged")).status_code == 400


def test_series_line_up_with_their_axis(project, seed, admin):
    now = timezone.now()
    seed.minute(at=now, durations_ms=[10.0], errors=1)
    answer = admin.get(address("function_series", project, "hello", span="1h")).json()
    calls = next(chart for chart in answer["charts"] if chart["key"] == "calls")
    assert len(answer["times"]) == 60
    assert [sum(column) for column in calls["columns"]] == [1, 1]
    assert all(len(column) == 60 for chart in answer["charts"] for column in chart["columns"])


def test_strangers_get_no_numbers(project, seed, stranger):
    for name in ("function_series", "function_monitor", "function_logs", "function_logs_download"):
        assert stranger.get(address(name, project, "hello")).status_code == 404
    assert stranger.get(address("metrics_series", project)).status_code == 404


# Metrics


def test_the_overview_sorts_by_what_the_address_says(project, seed, admin):
    seed.minute(at=timezone.now(), durations_ms=[10.0], errors=1)
    assert "1 call in the last" in admin.get(address("metrics", project)).content.decode()
    answer = admin.get(address("metrics_by_function", project, sort="errors"))
    assert [row["function"].name for row in answer.context["rows"]] == ["hello"]
    assert "outcome=errors" in answer.content.decode()
    assert admin.get(address("metrics_by_function", project, sort="nonsense")).status_code == 200


def test_percentiles_follow_the_page(project, seed, admin):
    seed.minute(at=timezone.now(), durations_ms=[10.0])
    assert "p95 10 ms" in admin.get(address("function_percentiles", project, "hello")).content.decode()


# Invocation


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


# Logs


def test_logs_are_searched_and_unfold(project, seed, admin):
    now = timezone.now()
    hit = seed.invocation(at=now, log='[INFO]\tserved {"user": "ann"}\n')
    seed.invocation(at=now, log="something else\n")
    answer = admin.get(address("logs", project, q="user=ann"))
    assert [row.log.pk for row in answer.context["rows"]] == [hit.id]
    lines = admin.get(address("log_lines", project, hit.id)).content.decode()
    assert "log-info" in lines
    assert "&quot;user&quot;: &quot;ann&quot;" in lines


def test_logs_of_another_project_stay_unseen(project, seed, stranger):
    row = seed.invocation()
    assert stranger.get(address("log_lines", project, row.id)).status_code == 404
    other = stranger.get("/").wsgi_request.user.memberships.get().project
    assert stranger.get(address("log_lines", other, row.id)).status_code == 404


def test_a_search_without_hits_says_so(project, seed, admin):
    page = admin.get(address("function_logs", project, "hello", q="nothing-like-this")).content.decode()
    assert "No log matches" in page


def test_older_logs_follow_as_rows(project, seed, admin):
    now = timezone.now()
    for second in range(55):
        seed.invocation(at=now - timedelta(seconds=second), log=f"line {second}\n")
    older = admin.get(address("logs", project)).context["older"]
    rest = admin.get(older + "&part=rows", headers={"HX-Request": "true"}).content.decode()
    assert rest.count("<details") == 5
    assert "<html" not in rest


def test_the_histogram_counts_failures_apart(project, seed, admin):
    now = timezone.now()
    seed.invocation(at=now)
    seed.invocation(at=now, outcome=Outcome.TIMEOUT)
    page = admin.get(address("logs_histogram", project, span="1h")).content.decode()
    assert "2 logs" in page
    assert "1 did not succeed" in page


def test_logs_download_as_text(project, seed, admin):
    seed.invocation(at=timezone.now(), log="the whole log\n")
    answer = admin.get(address("function_logs_download", project, "hello"))
    assert answer["Content-Type"].startswith("text/plain")
    assert "attachment" in answer["Content-Disposition"]
    assert b"the whole log" in b"".join(answer.streaming_content)


def test_a_tail_ticket_names_its_function_and_needs_a_post(project, function, admin, stranger):
    from functions import tokens
    from functions.installation import config
    from functions.keys import read_or_create_key

    url = address("function_tail_ticket", project, "hello")
    ticket = admin.post(url).json()["url"].partition("ticket=")[2]
    claims = tokens.read_ticket(read_or_create_key(config().keys / "relay"), ticket)
    assert claims["project"] == str(project.id)
    assert claims["function"] == str(function.id)
    assert claims["nonce"]
    assert admin.get(url).status_code == 405
    assert stranger.post(url).status_code == 404


# Billing


def test_a_bill_adds_up_and_shows_its_price(project, seed, admin):
    today = timezone.now().date()
    seed.day(day=today, requests=2_000_000, mb_ms=1_024_000 * 500, cost_pico=1_500_000_000_000)
    answer = admin.get(address("billing", project))
    page = answer.content.decode()
    assert "$1.50" in page
    assert "2,000,000" in page
    assert "https://aws.amazon.com/lambda/pricing/" in page
    assert answer.context["total"].gb_seconds == 500
    assert answer.context["forecast_pico"] >= 1_500_000_000_000


def test_another_month_is_read_from_the_address(project, seed, admin):
    from datetime import date

    seed.day(day=date(2026, 3, 3))
    page = admin.get(address("billing", project, month="2026-03"))
    assert [row.function_name for row in page.context["days"]] == ["hello"]
    assert admin.get(address("billing", project, month="nonsense")).status_code == 200


# Events


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


def test_json_of_the_series_is_plain(project, seed, admin):
    answer = admin.get(address("metrics_series", project, span="7d"))
    assert json.loads(answer.content)["step"] == 3600


# Replay


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
