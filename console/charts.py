"""Series as uPlot wants them: one shared axis of Unix seconds and columns of numbers or null. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Number = int | float


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: `key` is the attribute it comes from, `unit` how a reader sees its numbers
    ("count", "us", "ms", "usd", "bytes"), `tone` its colour's name in the style sheet."""

    key: str
    label: str
    unit: str = "count"
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a page: curves over one time axis, as bars or lines. `compared` is the curve that is also
    drawn for the range before."""

    key: str
    title: str
    lines: tuple[Line, ...]
    bars: bool = False
    explanation: str = ""
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A time range of a page and its step: `key` is what stands in the address."""

    key: str
    label: str
    length: timedelta
    step_s: int


SPANS = (
    Span("1h", "1 hour", timedelta(hours=1), 60),
    Span("24h", "24 hours", timedelta(hours=24), 300),
    Span("7d", "7 days", timedelta(days=7), 3600),
    Span("30d", "30 days", timedelta(days=30), 3600 * 4),
)


def span_named(key: str) -> Span:
    """The span of an address; the last 24 hours when it names none."""
    return next((span for span in SPANS if span.key == key), SPANS[1])


def window(span: Span, now: datetime) -> tuple[datetime, datetime]:
    """The range [from, to) that a span covers at `now`, on whole steps; `to` includes the running step."""
    step = span.step_s
    end = (int(now.timestamp()) // step + 1) * step
    start = end - int(span.length.total_seconds())
    return datetime.fromtimestamp(start, now.tzinfo), datetime.fromtimestamp(end, now.tzinfo)


def axis(start: datetime, end: datetime, step_s: int) -> list[int]:
    """Unix seconds of each step in [start, end)."""
    return list(range(int(start.timestamp()), int(end.timestamp()), step_s))


def columns(
    times: Sequence[int], rows: Mapping[int, Mapping[str, Number | None]], lines: Iterable[Line]
) -> list[list[Number | None]]:
    """A column for each line. A step without a row is 0 for counts and money, null (a gap) for durations,
    of which nothing is known while nothing ran."""
    return [[_cell(rows.get(time), line) for time in times] for line in lines]


def _cell(row: Mapping[str, Number | None] | None, line: Line) -> Number | None:
    absent: Number | None = 0 if line.unit in {"count", "usd"} else None
    if row is None:
        return absent
    return row.get(line.key, absent)
