"""Metrics, monitor and billing: each tells the truth of seeded rows, says when there is nothing, and refuses strangers."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from functions.states import Outcome
from tests.support.addresses import address
from tests.support.seed import Seed

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
    for second in range(40):
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


def test_the_overview_sorts_by_what_the_address_says(project, seed, admin):
    seed.minute(at=timezone.now(), durations_ms=[10.0], errors=1)
    page = admin.get(address("metrics", project)).content.decode()
    for number in (">1 call</a>", ">1 error</a>", "none throttled"):
        assert number in page
    answer = admin.get(address("metrics_by_function", project, sort="errors"))
    assert [row["function"].name for row in answer.context["rows"]] == ["hello"]
    assert "outcome=errors" in answer.content.decode()
    assert admin.get(address("metrics_by_function", project, sort="nonsense")).status_code == 200


def test_the_sentence_tells_the_percentiles(project, seed, admin):
    seed.minute(at=timezone.now(), durations_ms=[10.0])
    for span in ("1h", "30d"):
        page = admin.get(address("function_monitor", project, "hello", span=span)).content.decode()
        assert "p95 10 ms" in page


def test_a_bill_adds_up_and_shows_its_price(project, seed, admin):
    today = timezone.now().date()
    seed.day(day=today, requests=2_000_000, mb_ms=1_024_000 * 500, cost_pico=1_500_000_000_000)
    answer = admin.get(address("billing", project))
    page = answer.content.decode()
    assert "$1.50" in page
    assert "2,000,000" in page
    assert "https://aws.amazon.com/lambda/pricing/" in page
    by_function = page[page.index("by-function-title") : page.index("by-function-day-title")]
    assert f">{seed.name}<" in by_function or f">{seed.name} <" in by_function
    assert answer.context["total"].gb_seconds == 500
    assert answer.context["forecast_pico"] >= 1_500_000_000_000


def test_a_first_bill_shows_parts_of_a_gb_second(project, seed, admin):
    seed.day(day=timezone.now().date(), requests=3, mb_ms=717_000, cost_pico=12_000_000)
    page = admin.get(address("billing", project)).content.decode()
    assert page.count(">0.7<") == 3


def test_a_bills_heading_points_the_way_it_is_sorted(project, seed, admin):
    seed.day(day=timezone.now().date(), requests=1, mb_ms=1, cost_pico=1)
    assert "Function ↑" in admin.get(address("billing", project, sort="name")).content.decode()
    assert "Cost ↓" in admin.get(address("billing", project)).content.decode()


def test_a_bill_of_many_functions_names_the_dearest_and_sums_up_the_rest(project, seed, admin, monkeypatch):
    from console.views import billing

    monkeypatch.setattr(billing, "MOST_NAMED", 2)
    monkeypatch.setattr(billing, "MOST_DRAWN", 1)
    today = timezone.now().date()
    for number in range(4):
        other = Seed(project_id=project.pk, name=f"f{number}")
        other.day(day=today, requests=10, mb_ms=1_024_000, cost_pico=10**12 * (number + 1))
    seed.day(day=today, requests=10, mb_ms=0, cost_pico=10**12 * 9)
    context = admin.get(address("billing", project)).context
    assert [row.function_name for row, _ in context["functions"]] == ["hello", "f3"]
    assert (context["others"]["count"], context["others"]["usage"].cost_pico) == (3, 6 * 10**12)
    assert [(line.name, line.usage.cost_pico) for line in reversed(context["days"])] == [
        ("hello", 9 * 10**12),
        ("Other functions", 10 * 10**12),
    ]
    assert [bool(line.href) for line in reversed(context["days"])] == [True, False]
    monkeypatch.setattr(billing, "MOST_NAMED", 4)
    assert "1 other function<" in admin.get(address("billing", project)).content.decode()


def test_another_month_is_read_from_the_address(project, seed, admin):
    from datetime import date

    seed.day(day=date(2026, 3, 3))
    page = admin.get(address("billing", project, month="2026-03"))
    assert [line.name for line in page.context["days"]] == ["hello"]
    assert admin.get(address("billing", project, month="nonsense")).status_code == 200


def test_json_of_the_series_is_plain(project, seed, admin):
    answer = admin.get(address("metrics_series", project, span="7d"))
    assert json.loads(answer.content)["step"] == 3600
