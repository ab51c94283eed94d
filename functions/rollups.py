"""Sums of finished invocations: per minute, hour and day with a mergeable sketch of durations, per day and month
for bills. Pure: takes records, gives sums; the recorder stores them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from ddsketch.mapping import LogarithmicMapping
from ddsketch.pb import ddsketch_pb2

from functions.packed_sketch import pack, unpack
from functions.records import InvocationRecord
from functions.states import FUNCTION_FAULTS, NOT_RUN, Outcome

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
RELATIVE_ACCURACY = 0.01
SUMS = (
    "invocations",
    "errors",
    "throttles",
    "platform_failures",
    "cold_starts",
    "duration_us",
    "init_us",
    "billed_ms",
    "cost_pico",
)
PEAKS = ("duration_max_us", "memory_max", "concurrency_max", "event_age_us")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAPPING = LogarithmicMapping(RELATIVE_ACCURACY)


class MinuteKey(NamedTuple):
    """What one row of minutes counts; `minute` is Unix minutes. Sorts, so that rows are locked in one order."""

    function_id: str
    minute: int
    version: str
    alias: str
    trigger: str


class SpanKey(NamedTuple):
    """What one row of spans counts: `start` in Unix seconds, `step_s` long. The subject is a function, or a
    project as a whole."""

    subject_id: str
    step_s: int
    start: int
    version: str = ""
    alias: str = ""
    trigger: str = ""


class DayKey(NamedTuple):
    """What one row of days counts; `day` is days since 1970-01-01, in UTC."""

    function_id: str
    day: int
    price_id: str


class MonthKey(NamedTuple):
    """What one row of months counts; `month` is its first day, in UTC."""

    function_id: str
    month: date
    price_id: str


@dataclass(slots=True)
class Sketch:
    """A DDSketch in the making (Masson, Rim, Lee 2019): how many values fell into which bin. Values are
    durations in milliseconds."""

    bins: Counter[int] = field(default_factory=Counter)
    zeros: int = 0

    def add(self, value: float) -> None:
        """Count one value."""
        if value > _MAPPING.min_possible:
            self.bins[_MAPPING.key(value)] += 1
        else:
            self.zeros += 1

    def add_all(self, other: Sketch) -> None:
        """Count the values of another one."""
        bins = self.bins
        for index, count in other.bins.items():
            bins[index] += count
        self.zeros += other.zeros

    def merged_with(self, stored: bytes) -> bytes:
        """This and a stored sketch (no bytes: an empty one) together, in the form of functions.packed_sketch; in the
        library's where a count has outgrown that."""
        bins, zeros = _stored(bytes(stored))
        for index, count in self.bins.items():
            bins[index] = bins.get(index, 0) + count
        zeros += self.zeros
        return pack(bins, zeros, _MAPPING.gamma) or _proto(bins, zeros)


def _stored(sketch: bytes) -> tuple[dict[int, float], float]:
    """The bins and zeros of a sketch in either form."""
    packed = unpack(sketch)
    if packed is not None:
        return {**packed.bins()}, packed.zeros
    proto = ddsketch_pb2.DDSketch.FromString(sketch)
    store = proto.positiveValues
    bins = Counter(dict(enumerate(store.contiguousBinCounts, store.contiguousBinIndexOffset)))
    bins += Counter(dict(store.binCounts))  # without the empty ones
    return dict(bins), proto.zeroCount


def _proto(bins: Mapping[int, float], zeros: float) -> bytes:
    proto = ddsketch_pb2.DDSketch(zeroCount=zeros)
    proto.mapping.gamma = _MAPPING.gamma
    for index, count in bins.items():
        proto.positiveValues.binCounts[index] = count
    whole: bytes = proto.SerializeToString()
    return whole


@dataclass(slots=True)
class MinuteSums:
    """Sums and peaks of one minute, or of a longer stretch. `invocations` counts what ran; `event_age_us` is
    the longest that an asynchronous event waited for its attempt. Units as in MetricMinute and MetricSpan."""

    project_id: str
    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    platform_failures: int = 0
    cold_starts: int = 0
    duration_us: int = 0
    duration_max_us: int = 0
    init_us: int = 0
    billed_ms: int = 0
    cost_pico: int = 0
    memory_max: int = 0
    concurrency_max: int = 0
    event_age_us: int = 0
    mb_ms: int = 0
    sketch: Sketch = field(default_factory=Sketch)

    def add_all(self, other: MinuteSums) -> None:
        """Count another stretch in."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in PEAKS:
            setattr(self, name, max(getattr(self, name), getattr(other, name)))
        self.mb_ms += other.mb_ms
        self.sketch.add_all(other.sketch)

    def add(self, record: InvocationRecord) -> None:
        """Count one record."""
        self.concurrency_max = max(self.concurrency_max, record.concurrency)
        if record.outcome in NOT_RUN:
            throttled = record.outcome == Outcome.THROTTLED
            self.throttles += throttled
            self.platform_failures += not throttled
            return
        self.invocations += 1
        self.errors += record.outcome in FUNCTION_FAULTS
        self.cold_starts += record.cold
        self.duration_us += record.duration_us
        self.duration_max_us = max(self.duration_max_us, record.duration_us)
        self.init_us += record.init_us
        self.billed_ms += record.billed_ms
        self.mb_ms += record.memory_mb * record.billed_ms
        self.cost_pico += record.cost_pico
        self.memory_max = max(self.memory_max, record.memory_used)
        if record.event_id:
            self.event_age_us = max(self.event_age_us, record.started_us - record.accepted_us)
        if record.duration_us:  # none where the code failed to start: its handler did not run
            self.sketch.add(record.duration_us / 1000)


@dataclass(slots=True)
class DaySums:
    """What one function used in a day; what did not run is not charged."""

    project_id: str
    function_name: str
    requests: int = 0
    mb_ms: int = 0
    cost_pico: int = 0


@dataclass(slots=True)
class MonthSums(DaySums):
    """The same of a month, with what lists are ranked by; `last_us` in Unix microseconds."""

    errors: int = 0
    throttles: int = 0
    cold_starts: int = 0
    last_us: int = 0

    def add(self, record: InvocationRecord) -> None:
        """Count one record."""
        if record.outcome in NOT_RUN:
            self.throttles += record.outcome == Outcome.THROTTLED
            return
        self.requests += 1
        self.mb_ms += record.memory_mb * record.billed_ms
        self.cost_pico += record.cost_pico
        self.errors += record.outcome in FUNCTION_FAULTS
        self.cold_starts += record.cold
        self.last_us = max(self.last_us, at_us(record))


def at_us(record: InvocationRecord) -> int:
    """The moment that a record counts for: when it began, or was refused. Unix microseconds."""
    return record.started_us or record.accepted_us


def minutes(records: Iterable[InvocationRecord]) -> dict[MinuteKey, MinuteSums]:
    """Sums by minute, function, version, alias and trigger."""
    found: dict[MinuteKey, MinuteSums] = {}
    for record in records:
        minute = at_us(record) // MINUTE_US
        key = MinuteKey(record.function_id, minute, record.version, record.alias, record.trigger.value)
        sums = found.get(key)
        if sums is None:
            sums = found[key] = MinuteSums(record.project_id)
        sums.add(record)
    return found


def spans(found: Mapping[MinuteKey, MinuteSums]) -> dict[SpanKey, MinuteSums]:
    """The sums of some minutes in each of the longer and wider stretches that they belong to."""
    wider: dict[SpanKey, MinuteSums] = {}
    for key, sums in found.items():
        for span in _spans_of(key, sums.project_id):
            into = wider.get(span)
            if into is None:
                into = wider[span] = MinuteSums(sums.project_id)
            into.add_all(sums)
    return wider


def _spans_of(key: MinuteKey, project_id: str) -> Iterator[SpanKey]:
    second = key.minute * MINUTE_S
    hour, day = second // HOUR_S * HOUR_S, second // DAY_S * DAY_S
    yield SpanKey(key.function_id, HOUR_S, hour, key.version, key.alias, key.trigger)
    yield SpanKey(key.function_id, DAY_S, day)
    yield SpanKey(project_id, MINUTE_S, second)
    yield SpanKey(project_id, HOUR_S, hour)
    yield SpanKey(project_id, DAY_S, day)


def days(records: Iterable[InvocationRecord]) -> dict[DayKey, DaySums]:
    """Sums by UTC day, function and price, of what ran."""
    found: dict[DayKey, DaySums] = {}
    for record in records:
        if record.outcome in NOT_RUN:
            continue
        key = DayKey(record.function_id, at_us(record) // DAY_US, record.price_id)
        sums = found.get(key)
        if sums is None:
            sums = found[key] = DaySums(record.project_id, record.function_name)
        sums.requests += 1
        sums.mb_ms += record.memory_mb * record.billed_ms
        sums.cost_pico += record.cost_pico
    return found


def months(records: Iterable[InvocationRecord]) -> dict[MonthKey, MonthSums]:
    """Sums by UTC month, function and price; of what did not run only how often it was throttled."""
    found: dict[MonthKey, MonthSums] = {}
    firsts: dict[int, date] = {}
    for record in records:
        day = at_us(record) // DAY_US
        first = firsts.get(day)
        if first is None:
            first = firsts[day] = (_EPOCH + timedelta(days=day)).date().replace(day=1)
        key = MonthKey(record.function_id, first, record.price_id)
        sums = found.get(key)
        if sums is None:
            sums = found[key] = MonthSums(record.project_id, record.function_name)
        sums.add(record)
    return found


def minute_start(key: MinuteKey) -> datetime:
    """The beginning of a row's minute."""
    return _EPOCH + timedelta(minutes=key.minute)


def day_of(key: DayKey) -> date:
    """The date of a row's day."""
    return (_EPOCH + timedelta(days=key.day)).date()
