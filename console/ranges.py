"""The time range of a page, as it stands in its address: a span up to now, or from and to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console.charts import SPANS, Span, span_named, window

_STEPS_S = (60, 300, 900, 3600, 14400, 86400)
_MOST_POINTS = 300
_LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """[start, end) in UTC on whole minutes, a chart's step in seconds, and the span's key ("" for a range of
    one's own)."""

    start: datetime
    end: datetime
    step_s: int
    key: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str], now: datetime, default: str = "24h") -> TimeRange:
        """The range that an address asks for: `from` and `to` (ISO 8601) if both can be read, else `span`,
        else the default span."""
        start, end = _moment(query.get("from", "")), _moment(query.get("to", ""))
        if start and end and start < end <= start + _LONGEST:
            return cls(start, end, step_of(end - start))
        span = span_named(query.get("span") or default)
        begin, stop = window(span, now)
        return cls(begin, stop, span.step_s, span.key)

    @property
    def query(self) -> str:
        """What to put into an address to get this range again."""
        if self.key:
            return f"span={self.key}"
        return f"from={_text(self.start)}&to={_text(self.end)}"

    @property
    def before(self) -> TimeRange:
        """The range of the same length that ends where this one begins."""
        return TimeRange(self.start - (self.end - self.start), self.start, self.step_s)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The choices of a time picker."""
        return SPANS

    @property
    def words(self) -> str:
        """For a sentence: "in the last 24 hours"."""
        if not self.key:
            return f"from {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"
        label = span_named(self.key).label
        return f"in the last {label.removeprefix('1 ')}"


def step_of(length: timedelta) -> int:
    """The smallest step that keeps a chart of this length readable, in seconds."""
    seconds = length.total_seconds()
    return next((step for step in _STEPS_S if seconds / step <= _MOST_POINTS), _STEPS_S[-1])


def _moment(text: str) -> datetime | None:
    try:
        # A "+" in an address arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
