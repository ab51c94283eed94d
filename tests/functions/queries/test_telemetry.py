"""Queries over telemetry: filters, pages that do not overlap, other projects unseen, sums that add up."""

from datetime import UTC, date, timedelta
from itertools import pairwise

import pytest

from functions.errors import InvalidParameterValue
from functions.ids import new_id
from functions.log_query import parse
from functions.models import MetricMinute
from functions.queries import events, invocations, logs, metric_ranks, metrics, usage
from functions.states import EventState, Outcome
from tests.support.seed import NOW, Seed

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


@pytest.fixture
def seed():
    return Seed(project_id=new_id())


def listed(seed, marker="", size=50, **fields):
    return invocations.invocations(
        project_id=seed.project_id,
        chosen=invocations.InvocationFilter(**fields),
        marker=marker,
        size=size,
    )


def test_pages_of_invocations_follow_each_other_even_at_one_instant(seed):
    made = {seed.invocation(at=NOW).id for _ in range(5)}
    seen, marker = [], ""
    for _ in range(3):
        page = listed(seed, marker, size=2)
        seen += [row.id for row in page.items]
        marker = page.next_marker
    assert set(seen) == made
    assert len(seen) == 5
    assert marker == ""


def test_a_marker_that_is_not_ours_is_refused(seed):
    for marker in ("nonsense", "W10", "WzEsMl0", "eyJhIjoxfQ"):
        with pytest.raises(InvalidParameterValue):
            listed(seed, marker)


def test_invocations_of_another_project_stay_unseen(seed):
    seed.invocation()
    stranger = Seed(project_id=new_id())
    assert listed(stranger).items == []
    assert invocations.by_request_id(project_id=stranger.project_id, request_id=new_id()) == []


def test_filters_of_invocations(seed):
    seed.invocation(outcome=Outcome.TIMEOUT, version="2")
    seed.invocation(outcome=Outcome.THROTTLED, error_message="Rate exceeded")
    seed.invocation(cold=True, at=NOW - timedelta(days=1))
    assert [row.version for row in listed(seed, outcome="errors").items] == ["2"]
    assert len(listed(seed, outcome="failed").items) == 1
    assert len(listed(seed, outcome="throttled").items) == 1
    assert len(listed(seed, cold=True).items) == 1
    assert len(listed(seed, start=NOW).items) == 2
    assert len(listed(seed, text="rate").items) == 1
    assert listed(seed, outcome="unheard of").items == []


def searched(seed, text, **kwargs):
    chosen = logs.LogRange(seed.project_id, NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    return logs.logs(chosen=chosen, query=parse(text), **kwargs)


def test_logs_by_text_level_and_json_field(seed):
    seed.invocation(log='[INFO]\tserved {"user": {"id": 42}}')
    seed.invocation(log="[ERROR] it broke", outcome=Outcome.FUNCTION_ERROR)
    assert len(searched(seed, "").items) == 2
    assert len(searched(seed, "broke").items) == 1
    assert len(searched(seed, "-broke").items) == 1
    assert len(searched(seed, "level:error").items) == 1
    assert len(searched(seed, "user.id=42").items) == 1
    assert len(searched(seed, "user.id=4").items) == 0
    assert len(searched(seed, "outcome:failed").items) == 1
    assert searched(seed, "request:nonsense").items == []


def test_logs_page_by_marker(seed):
    for minute in range(5):
        seed.invocation(at=NOW - timedelta(minutes=minute), log=f"line {minute}")
    first = searched(seed, "line", size=3)
    rest = searched(seed, "line", size=3, marker=first.next_marker)
    texts = [row.text for row in (*first.items, *rest.items)]
    assert texts == [f"line {minute}" for minute in range(5)]
    assert rest.next_marker == ""


def test_a_search_says_how_far_back_it_got(seed, monkeypatch):
    monkeypatch.setattr(logs, "STRETCH", 3)
    for minute in range(5):
        seed.invocation(at=NOW - timedelta(minutes=minute), log="rare" if minute == 4 else "common")
    page = searched(seed, "rare")
    assert page.items == []
    assert page.searched_back_to == NOW - timedelta(minutes=2)
    assert [row.text for row in searched(seed, "rare", marker=page.next_marker).items] == ["rare"]


def test_metric_series_and_totals_add_up(seed):
    seed.minute(at=NOW, durations_ms=[10, 10], errors=1, cold_starts=1, init_us=5000)
    seed.minute(at=NOW + timedelta(minutes=1), durations_ms=[1000], version="2")
    chosen = metrics.MetricRange(seed.project_id, NOW, NOW + timedelta(minutes=5))
    found = metrics.series(chosen=chosen, step_s=60)
    assert found[int(NOW.timestamp())]["p95_us"] == pytest.approx(10_000, rel=0.02)
    whole = metrics.totals(chosen=chosen)
    assert (whole["invocations"], whole["errors"], whole["init_mean_us"]) == (3, 1, 5000)
    assert whole["error_rate"] == pytest.approx(1 / 3)
    ((function_id, numbers),) = metric_ranks.by_function(chosen=chosen)
    assert (function_id, numbers["invocations"]) == (seed.function_id, 3)
    one = metrics.MetricRange(seed.project_id, NOW, NOW + timedelta(minutes=5), version="2")
    assert metrics.totals(chosen=one)["invocations"] == 1


def within(seed, start, end, **only):
    return metrics.MetricRange(seed.project_id, start, end, **only)


def test_a_long_range_reads_hours_and_minutes_only_at_its_ends(seed):
    start = NOW - timedelta(days=3) + timedelta(minutes=20)
    for at in (
        start - timedelta(minutes=1),
        start,
        start + timedelta(hours=30),
        NOW,
        NOW + timedelta(minutes=9),
    ):
        seed.minute(at=at, durations_ms=[10, 10])
    chosen = within(seed, start, NOW + timedelta(minutes=9), function_id=seed.function_id)
    everything = within(seed, start, NOW + timedelta(minutes=9))
    for one in (chosen, everything):
        assert metrics.sums(chosen=one)["invocations"] == 6
        assert metrics.totals(chosen=one)["invocations"] == 6
        hours = metrics.series(chosen=one, step_s=3600)
        assert [numbers["invocations"] for _, numbers in sorted(hours.items())] == [2, 2, 2]
    # What hours hold is not read from minutes: those go first.
    MetricMinute.objects.filter(minute=start + timedelta(hours=30)).delete()
    assert metrics.sums(chosen=chosen)["invocations"] == 6


def test_a_range_can_be_narrowed_to_a_version_or_a_trigger(seed):
    for version in ("1", "2"):
        seed.minute(at=NOW - timedelta(hours=30), durations_ms=[10], version=version)
    for only in ({"version": "2"}, {"version": "2", "function_id": seed.function_id}):
        chosen = within(seed, NOW - timedelta(days=7), NOW, **only)
        assert metrics.totals(chosen=chosen)["invocations"] == 1
    assert (
        metrics.totals(chosen=within(seed, NOW - timedelta(days=7), NOW, trigger="test"))["invocations"] == 0
    )


@pytest.mark.parametrize("length", [timedelta(hours=1), timedelta(hours=24), timedelta(days=30)])
def test_the_busiest_functions_by_any_number(seed, length):
    slow = Seed(project_id=seed.project_id)
    at = NOW - length / 2
    for one, calls, fields in (
        (seed, [10] * 9, {"errors": 1}),
        (slow, [500] * 3, {"errors": 2, "throttles": 4}),
    ):
        one.minute(at=at, durations_ms=calls, **fields)
        one.minute(at=NOW - length - timedelta(days=1, hours=1), durations_ms=[1] * 50)
        one.month(at.date(), **fields)
        one.day(day=at.date(), requests=len(calls))
    chosen = within(seed, NOW - length, NOW)
    orders = {"invocations": seed, "errors": slow, "error_rate": slow, "p95_us": slow, "throttles": slow}
    for order, first in orders.items():
        found = metric_ranks.by_function(chosen=chosen, order=order)
        assert found[0][0] == first.function_id, order
        assert [numbers["invocations"] for _, numbers in found] == ([9, 3] if first is seed else [3, 9])
    assert len(metric_ranks.by_function(chosen=chosen, limit=1)) == 1
    ((_, numbers), _) = metric_ranks.by_function(chosen=chosen, order="p95_us")
    assert numbers["p95_us"] == pytest.approx(500_000, rel=0.02)
    with pytest.raises(KeyError):
        metric_ranks.by_function(chosen=chosen, order="colour")


def test_a_range_is_covered_once_by_the_longest_steps():
    start, end = NOW.replace(minute=30), NOW + timedelta(days=2, minutes=5)
    pieces = metrics.cover(start, end, (86_400, 3600, 60))
    assert [piece.step_s for piece in pieces] == [60, 3600, 86_400, 3600, 60]
    for before, after in pairwise(pieces):
        assert before.end == after.start
    assert (pieces[0].start, pieces[-1].end) == (start, end)
    assert metrics.cover(NOW, NOW, (3600, 60)) == []


def test_metrics_of_nothing(seed):
    whole = metrics.totals(chosen=metrics.MetricRange(seed.project_id, NOW, NOW + timedelta(hours=1)))
    assert whole["invocations"] == 0
    assert whole["p95_us"] is None
    assert metrics.newest_minute(project_id=seed.project_id) is None


def test_usage_sums_over_prices_and_keeps_to_its_month(seed):
    seed.day(day=date(2026, 3, 1))
    seed.day(day=date(2026, 3, 1), price_id="other")
    seed.day(day=date(2026, 4, 1))
    march = usage.Month(2026, 3)
    days = usage.days_of(function_ids=[seed.function_id], month=march)
    assert [(row.day, row.usage.requests, row.usage.gb_seconds) for row in days] == [
        (date(2026, 3, 1), 2000, 2.0)
    ]
    (whole,) = usage.by_function(project_id=seed.project_id, month=march)
    assert (whole.function_id, whole.usage.requests) == (seed.function_id, 2000)
    found = usage.extent(project_id=seed.project_id, month=march)
    assert (found.functions, found.price_ids) == (1, ("aws-us-east-1-x86", "other"))
    assert usage.by_day(project_id=seed.project_id, month=march)[date(2026, 3, 1)] == days[0].usage
    assert usage.of_month(project_id=seed.project_id, month=march).requests == 2000


def test_the_extent_of_a_bill(seed):
    march, april = usage.Month(2026, 3), usage.Month(2026, 4)
    assert usage.extent(project_id=seed.project_id, month=march) == usage.Extent(0, ())
    for one in (seed, Seed(project_id=seed.project_id)):
        one.day(day=date(2026, 3, 1))
        one.day(day=date(2026, 3, 2))
    seed.day(day=date(2026, 4, 1))
    assert usage.extent(project_id=seed.project_id, month=march) == usage.Extent(2, ("aws-us-east-1-x86",))
    assert usage.extent(project_id=seed.project_id, month=april).functions == 1
    for order in ("cost_pico", "name"):
        bill = {"project_id": seed.project_id, "month": march, "order": order}
        added, single = usage.by_function(**bill), usage.by_function(**bill, one_price=True)
        assert len(added) == 2
        assert set(added) == set(single)


def test_dead_letters_of_both_kinds_come_newest_first(seed):
    kinds = (EventState.DEAD, EventState.EXPIRED)
    made = [
        seed.event(state=kinds[number % 2], accepted_at=NOW - timedelta(minutes=number))
        for number in range(5)
    ]
    standing, seen, marker = events.standing_named("dead"), [], ""
    for size in (2, 2, 1):
        page = events.events(project_id=seed.project_id, standing=standing, marker=marker, size=2)
        assert len(page.items) == size
        seen, marker = [*seen, *page.items], page.next_marker
    assert (seen, marker) == (made, "")
    assert events.counts(project_id=seed.project_id)["dead"] == 5


def test_months_and_forecast():
    march = usage.Month.parse("2026-03")
    assert march == usage.Month(2026, 3)
    assert (str(march.next), str(march.previous), march.days) == ("2026-04", "2026-02", 31)
    assert usage.Month(2026, 12).next == usage.Month(2027, 1)
    for text in ("2026-13", "march", "", "26-3", "2026-03-01"):
        assert usage.Month.parse(text) is None
    assert usage.forecast_pico(spent=100, month=march, today=date(2026, 3, 10)) == 310
    assert usage.forecast_pico(spent=100, month=march, today=date(2026, 4, 10)) == 100


def test_events_by_where_they_stand(seed):
    seed.event()
    seed.event(attempts=1)
    seed.event(state=EventState.CLAIMED)
    seed.event(state=EventState.DEAD, attempts=3)
    seed.event(state=EventState.EXPIRED)
    assert events.counts(project_id=seed.project_id) == {
        "waiting": 1,
        "flight": 1,
        "retrying": 1,
        "dead": 2,
    }
    dead = events.events(project_id=seed.project_id, standing=events.standing_named("dead"))
    assert sorted(len(row.tries.all()) for row in dead.items) == [0, 3]
    assert events.events(project_id=new_id(), standing=events.standing_named("dead")).items == []


def test_times_are_utc(seed):
    assert seed.invocation().started_at.tzinfo is UTC
