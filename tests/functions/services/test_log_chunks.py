"""Chunks of logs: made of settled logs without a gap, given up for late ones, and never in a search's way."""

from datetime import timedelta
from uuid import UUID

import pytest

from functions.log_query import parse
from functions.models import InvocationLog, LogChunk
from functions.queries import log_windows, logs
from functions.queries.log_windows import LogRange
from functions.services import log_chunks, retention
from functions.services.log_chunks import make_chunks
from functions.services.records import store
from tests.support.rows import make_project
from tests.support.seed import NOW, Seed
from tests.support.telemetry import make_record

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
LATER = NOW + timedelta(hours=1)
WORDS = ("apple", "banana", "cherry", "damson", "elder", "fig", "grape")


@pytest.fixture
def seed(monkeypatch):
    """A project with 14 logs, one a minute, in chunks of two; every search asks chunks."""
    monkeypatch.setattr(log_chunks, "LOGS", 2)
    monkeypatch.setattr(log_windows, "_FEW", 0)
    made = Seed(project_id=make_project().pk)
    for minute, word in enumerate(WORDS * 2):
        made.invocation(at=NOW + timedelta(minutes=minute), log=f"a {word} fell")
    return made


def chunks(seed):
    rows = LogChunk.objects.filter(project_id=seed.project_id).order_by("start")
    return [(row.start, row.end, row.logs) for row in rows]


def found(seed, text, **kwargs):
    chosen = LogRange(seed.project_id, NOW - timedelta(days=1), LATER, **kwargs)
    page = logs.logs(chosen=chosen, query=parse(text))
    assert page.searched_back_to is None
    return [row.text.split()[1] for row in page.items]


def test_chunks_follow_each_other_without_a_gap(seed):
    assert make_chunks(now=LATER) == 6  # the newest two are not followed by another yet
    made = chunks(seed)
    assert [number for _, _, number in made] == [2] * 6
    assert [end for _, end, _ in made[:-1]] == [start for start, _, _ in made[1:]]
    assert made[0][0] == NOW
    assert make_chunks(now=LATER) == 0


def test_young_logs_are_left_alone(seed):
    assert make_chunks(now=NOW + timedelta(minutes=10)) == 0
    assert make_chunks(now=NOW + log_chunks.SETTLED_AFTER + timedelta(minutes=5)) == 2


def test_logs_of_one_instant_are_in_one_chunk(seed):
    for _ in range(3):
        seed.invocation(at=NOW, log="a kiwi fell")
    make_chunks(now=LATER)
    assert chunks(seed)[0] == (NOW, NOW + timedelta(minutes=1), 4)


@pytest.mark.parametrize(
    "text", ["apple", "FIG", "a", "an", "fell", "-apple", "level:error", "nothing", "cherry fell"]
)
def test_a_search_finds_the_same_with_chunks_as_without(seed, text):
    before = found(seed, text)
    assert make_chunks(now=LATER) == 6
    assert found(seed, text) == before
    assert found(seed, text, function_id=seed.function_id) == before
    assert found(seed, text, function_id=UUID(int=9)) == []


def test_a_search_reads_only_what_can_match(seed, monkeypatch):
    monkeypatch.setattr(logs, "STRETCH", 7)  # half of the logs
    make_chunks(now=LATER)
    assert found(seed, "apple") == ["apple", "apple"]


def test_a_search_that_reads_too_much_says_how_far_it_got_and_goes_on(seed, monkeypatch):
    make_chunks(now=LATER)
    monkeypatch.setattr(log_windows, "_MOST_STRETCHES", 3)
    chosen = LogRange(seed.project_id, NOW - timedelta(days=1), LATER)
    seen, marker, pages = [], "", 0
    while True:
        page = logs.logs(chosen=chosen, query=parse("fell"), marker=marker)
        seen += [row.text.split()[1] for row in page.items]
        marker, pages = page.next_marker, pages + 1
        if not marker:
            break
        assert page.searched_back_to is not None
    assert (seen, pages) == (list(reversed(WORDS * 2)), 3)


def test_a_histogram_asks_chunks_too(seed):
    make_chunks(now=LATER)
    moments, back_to = logs.moments(chosen=LogRange(seed.project_id, NOW, LATER), query=parse("apple"))
    assert [at for at, _ in moments] == [NOW + timedelta(minutes=7), NOW]
    assert back_to is None


def test_a_late_log_takes_its_chunk_away_and_is_found(seed):
    make_chunks(now=LATER)
    at = NOW + timedelta(minutes=3)
    record = make_record(
        project_id=str(seed.project_id), started_us=int(at.timestamp() * 1_000_000), log="a mango fell"
    )
    store([record])
    assert len(chunks(seed)) == 5
    assert found(seed, "mango") == ["mango"]
    assert make_chunks(now=LATER) > 0
    assert found(seed, "mango") == ["mango"]
    starts = [start for start, _, _ in chunks(seed)]
    assert len(starts) == len(set(starts))


def test_a_log_that_came_while_its_chunk_was_made_is_noticed(seed):
    make_chunks(now=LATER)
    row = LogChunk.objects.order_by("start").first()
    seed.invocation(at=row.start + timedelta(seconds=1), log="a mango fell")
    assert found(seed, "mango") == []
    make_chunks(now=LATER)
    assert found(seed, "mango") == ["mango"]


def test_chunks_go_with_their_logs(seed):
    make_chunks(now=LATER)
    oldest = LogChunk.objects.order_by("start").first()
    LogChunk.objects.filter(pk=oldest.pk).update(id=retention.first_id(NOW - timedelta(days=40)))
    retention.expire(days=30, now=NOW)
    assert LogChunk.objects.count() == 5
    assert InvocationLog.objects.count() == 14
