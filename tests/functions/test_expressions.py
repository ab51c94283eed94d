"""Schedule expressions: what is read, what is refused, and when they fire where clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.errors import InvalidParameterValue
from functions.expressions import Cron, next_firing, next_firings, parse_expression, zone_of

UTC_ZONE = ZoneInfo("UTC")


def firings(text, after, zone="UTC", count=5):
    start = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    found = next_firings(parse_expression(text), ZoneInfo(zone), start, count)
    return [moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for moment in found]


def days(text, after="2026-01-01", count=5):
    return [moment[:10] for moment in firings(text, after, count=count)]


def test_rates_count_from_the_last_firing():
    assert firings("rate(1 minute)", "2026-01-01T00:00", count=2) == [
        "2026-01-01T00:01+00:00",
        "2026-01-01T00:02+00:00",
    ]
    assert firings("rate(12 hours)", "2026-01-01T00:30", count=1) == ["2026-01-01T12:30+00:00"]
    assert firings(" rate(2 days) ", "2026-01-01T00:30", count=1) == ["2026-01-03T00:30+00:00"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5 minutes",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(-5 minutes)",
        "rate(1.5 hours)",
        "rate(5 seconds)",
        "rate(99999999 days)",
        "at(2026-12-24)",
        "at(2026-13-24T00:00:00)",
        "cron(* * * * *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 9 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 9 32 * ? *)",
        "cron(0 9 0 * ? *)",
        "cron(0 9 * 13 ? *)",
        "cron(0 9 ? * 8 *)",
        "cron(0 9 ? * FOO *)",
        "cron(0 9 ? * MON#6 *)",
        "cron(0 9 ? * MON#0 *)",
        "cron(0 9 32W * ? *)",
        "cron(0 9 W * ? *)",
        "cron(*/0 9 * * ? *)",
        "cron(1- 9 * * ? *)",
        "cron(, 9 * * ? *)",
        "cron(? 9 * * ? *)",
        "cron(0 9 * * ? 1969)",
        "cron(0 9 * * ? 2200)",
        "cron(0 9 L,1 * ? *)",
        "cron(٣ 9 * * ? *)",
    ],
)
def test_what_is_no_expression_is_refused_in_words(text):
    with pytest.raises(InvalidParameterValue) as caught:
        parse_expression(text)
    assert caught.value.field == "expression"
    assert len(caught.value.message) > 20


def test_zones():
    assert zone_of("Europe/Berlin").key == "Europe/Berlin"
    for name in ("Mars/Base", "", "../etc/passwd", "/etc/localtime", "x" * 500):
        with pytest.raises(InvalidParameterValue):
            zone_of(name)


def test_once():
    assert firings("at(2026-12-24T18:00:00)", "2026-01-01", "Europe/Berlin") == ["2026-12-24T18:00+01:00"]
    assert firings("at(2026-12-24T18:00:00)", "2027-01-01", "Europe/Berlin") == []


def test_minutes_hours_lists_ranges_and_steps():
    assert firings("cron(5,35 8-9 * * ? *)", "2026-01-01T08:10", count=4) == [
        "2026-01-01T08:35+00:00",
        "2026-01-01T09:05+00:00",
        "2026-01-01T09:35+00:00",
        "2026-01-02T08:05+00:00",
    ]
    assert [text[11:16] for text in firings("cron(0/20 9 * * ? *)", "2026-01-01")][:3] == [
        "09:00",
        "09:20",
        "09:40",
    ]
    assert [text[11:16] for text in firings("cron(*/25 9 * * ? *)", "2026-01-01")][:3] == [
        "09:00",
        "09:25",
        "09:50",
    ]


def test_a_firing_is_later_than_the_moment_itself():
    assert firings("cron(0 9 * * ? *)", "2026-01-01T09:00", count=1) == ["2026-01-02T09:00+00:00"]
    assert firings("cron(0 9 * * ? *)", "2026-01-01T08:59:59", count=1) == ["2026-01-01T09:00+00:00"]


def test_days_of_the_week():
    assert days("cron(0 9 ? * MON-FRI *)", "2026-01-02T10:00", 3) == [
        "2026-01-05",
        "2026-01-06",
        "2026-01-07",
    ]
    assert days("cron(0 9 ? * 1 *)", count=2) == ["2026-01-04", "2026-01-11"]  # 1 is Sunday
    assert days("cron(0 9 ? * FRI-MON *)", count=4) == [
        "2026-01-02",
        "2026-01-03",
        "2026-01-04",
        "2026-01-05",
    ]


def test_last_days():
    assert days("cron(0 9 L * ? *)", count=3) == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert days("cron(0 9 L FEB ? *)", count=3) == ["2026-02-28", "2027-02-28", "2028-02-29"]
    assert days("cron(0 9 ? * FRIL *)", count=2) == ["2026-01-30", "2026-02-27"]
    assert days("cron(0 9 ? * 6L *)", count=2) == ["2026-01-30", "2026-02-27"]
    assert days("cron(0 9 ? * L *)", count=2) == ["2026-01-03", "2026-01-10"]


def test_nearest_weekdays():
    assert days("cron(0 9 15W * ? *)", count=4) == ["2026-01-15", "2026-02-16", "2026-03-16", "2026-04-15"]
    assert days("cron(0 9 1W AUG ? *)", count=1) == ["2026-08-03"]  # the 1st is a Saturday: not into July
    assert days("cron(0 9 31W MAY ? *)", count=1) == ["2026-05-29"]  # the 31st is a Sunday: not into June
    assert days("cron(0 9 31W * ? *)", count=2) == [
        "2026-01-30",
        "2026-03-31",
    ]  # months without a 31st have none
    assert days("cron(0 9 LW * ? *)", count=3) == ["2026-01-30", "2026-02-27", "2026-03-31"]


def test_nth_days():
    assert days("cron(0 9 ? * TUE#2 *)", count=2) == ["2026-01-13", "2026-02-10"]
    assert days("cron(0 9 ? * 6#5 *)", count=2) == ["2026-01-30", "2026-05-29"]


def test_years_end():
    assert days("cron(0 9 1 1 ? 2027-2028)") == ["2027-01-01", "2028-01-01"]
    assert days("cron(0 9 30 2 ? *)") == []
    assert days("cron(0 9 29 2 ? *)", count=2) == ["2028-02-29", "2032-02-29"]


def test_a_skipped_time_fires_once_after_the_gap():
    assert firings("cron(30 2 * * ? *)", "2026-03-28T12:00", "Europe/Berlin", 2) == [
        "2026-03-29T03:00+02:00",
        "2026-03-30T02:30+02:00",
    ]
    assert firings("cron(*/15 2,3 * * ? *)", "2026-03-29T01:00", "Europe/Berlin", 3) == [
        "2026-03-29T03:00+02:00",
        "2026-03-29T03:15+02:00",
        "2026-03-29T03:30+02:00",
    ]


def test_a_gap_at_midnight_half_an_hour_and_a_whole_day():
    assert firings("cron(0 0 * * ? *)", "2024-03-30T12:00", "Asia/Beirut", 1) == ["2024-03-31T01:00+03:00"]
    assert firings("cron(15 2 * * ? *)", "2026-10-03T12:00", "Australia/Lord_Howe", 1) == [
        "2026-10-04T02:30+11:00"
    ]
    assert firings("cron(0 12 * * ? *)", "2011-12-29T13:00", "Pacific/Apia", 2) == [
        "2011-12-31T00:00+14:00",
        "2011-12-31T12:00+14:00",
    ]


def test_a_repeated_time_fires_once():
    assert firings("cron(30 2 * * ? *)", "2026-10-24T12:00", "Europe/Berlin", 2) == [
        "2026-10-25T02:30+02:00",
        "2026-10-26T02:30+01:00",
    ]
    assert firings("cron(0 * * * ? *)", "2026-10-25T01:30", "Europe/Berlin", 3) == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T03:00+01:00",
        "2026-10-25T04:00+01:00",
    ]


def test_rates_do_not_care_for_clocks():
    assert firings("rate(1 hour)", "2026-10-25T02:00", "Europe/Berlin", 2) == [
        "2026-10-25T02:00+01:00",
        "2026-10-25T03:00+01:00",
    ]


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut", "Australia/Lord_Howe", "America/St_Johns"])
TEXTS = st.sampled_from(
    ["cron(30 2 * * ? *)", "cron(*/20 * * * ? *)", "cron(0 0,1,2 * * ? *)", "cron(15 3 ? * SUN *)"]
)
CHANGES = ["2024-03-31", "2024-10-27", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-03-29"]


@settings(deadline=None, max_examples=60)
@given(TEXTS, ZONES, st.sampled_from(CHANGES), st.integers(-2880, 2880))
def test_the_next_firing_is_the_first_of_all(text, zone_name, change, minutes):
    """Against every wall-clock minute around a change, each mapped to its moment by definition."""
    zone, cron = ZoneInfo(zone_name), parse_expression(text)
    after = datetime.fromisoformat(change).replace(tzinfo=UTC) + timedelta(minutes=minutes)
    assert isinstance(cron, Cron)
    start = after.astimezone(zone).replace(tzinfo=None, second=0) - timedelta(days=1)
    walls = [start + timedelta(minutes=offset) for offset in range(10 * 1440)]
    moments = (_moment(wall, zone) for wall in walls if _allows(cron, wall))
    assert next_firing(cron, zone, after) == next(moment for moment in moments if moment > after)


def _allows(cron, wall):
    return wall.minute in cron.minutes and wall.hour in cron.hours and cron.has_day(wall.date())


def _moment(wall, zone):
    """The first moment at which the zone's clock reads `wall` or later, having read less before."""
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    moment = first - timedelta(hours=3)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += timedelta(minutes=15) if first - moment > timedelta(hours=2) else timedelta(minutes=1)
    return moment


def test_every_minute_of_a_day():
    found = next_firings(
        parse_expression("cron(* * * * ? *)"), UTC_ZONE, datetime(2026, 1, 1, tzinfo=UTC), 1440
    )
    assert found[-1] == datetime(2026, 1, 2, tzinfo=UTC)
