"""Windows of payloads: the last fifty successes of a function, all failures, or all."""

import pytest

from functions.services.records import row_id
from functions.states import EventCapture, Outcome
from runner.recorder.captures import Captures
from tests.support.telemetry import make_record


class Stored:
    """What the database would say."""

    def __init__(self):
        self.rows = {}
        self.asked = []
        self.policies = {}

    def newest(self, function_id):
        self.asked.append(function_id)
        return self.rows.get(function_id, [])

    def policy(self, revision_id):
        return self.policies.get(revision_id, EventCapture.RECENT)


@pytest.fixture
def stored():
    return Stored()


@pytest.fixture
def captures(stored):
    return Captures(stored.newest, stored.policy)


def successes(count, **fields):
    return [make_record(payload="{}", response="1", **fields) for _ in range(count)]


def payloads(choice):
    return [record.payload for record in choice.records]


def test_fifty_successes_stay_and_the_oldest_row_makes_room(captures):
    first = successes(50)
    choice = captures.choose(first)
    assert (payloads(choice), choice.dropped) == (["{}"] * 50, [])
    captures.keep(choice)
    choice = captures.choose(successes(2))
    assert set(choice.dropped) == {row_id(record) for record in first[:2]}


def test_more_than_fifty_in_one_batch_are_never_stored(captures):
    choice = captures.choose(successes(53))
    assert payloads(choice) == [None] * 3 + ["{}"] * 50
    assert [record.response for record in choice.records[:3]] == [None] * 3
    assert choice.dropped == []


def test_failures_are_kept_beside_the_fifty(captures):
    choice = captures.choose(successes(50) + successes(5, outcome=Outcome.TIMEOUT))
    assert payloads(choice) == ["{}"] * 55
    captures.keep(choice)
    assert captures.choose(successes(9, outcome=Outcome.CRASH)).dropped == []


def test_a_function_that_keeps_all_loses_none(captures, stored):
    stored.policies["everything"] = EventCapture.ALL
    choice = captures.choose(successes(60, revision_id="everything"))
    assert payloads(choice) == ["{}"] * 60


def test_each_function_has_a_window_of_its_own(captures):
    captures.keep(captures.choose(successes(50)))
    assert captures.choose(successes(50, function_id="other")).dropped == []


def test_what_was_stored_before_a_restart_counts(captures, stored):
    record = make_record()
    stored.rows[record.function_id] = ["old"] + [f"row{number}" for number in range(49)]
    choice = captures.choose(successes(1))
    assert choice.dropped == ["old"]
    captures.keep(choice)
    captures.choose(successes(1))
    assert stored.asked == [record.function_id]


def test_a_batch_that_is_tried_again_is_decided_the_same_way(captures):
    captures.keep(captures.choose(successes(50)))
    batch = successes(3)
    assert captures.choose(batch).dropped == captures.choose(batch).dropped
    captures.keep(captures.choose(batch))
    assert captures.choose(batch).dropped == []


def test_records_without_payload_take_no_place(captures):
    captures.keep(captures.choose([make_record() for _ in range(60)]))
    assert captures.choose(successes(50)).dropped == []
