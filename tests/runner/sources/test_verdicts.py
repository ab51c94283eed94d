"""What a function's answer means for the messages of its batch."""

import pytest

from functions.states import Outcome
from runner.sources.verdicts import failed_messages, has_run, result_of
from tests.support.telemetry import make_record

IDS = ["a", "b"]


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        (None, ""),
        ("null", ""),
        ("{}", ""),
        ('{"batchItemFailures": []}', ""),
        ('{"batchItemFailures": null}', ""),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}]}', "b"),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}', "b"),
        ('{"batchItemFailures": [{"itemIdentifier": "x"}]}', "ab"),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', "ab"),
        ('{"batchItemFailures": [{"id": "a"}]}', "ab"),
        ('{"batchItemFailures": ["a"]}', "ab"),
        ('{"batchItemFailures": 1}', "ab"),
        ('"no"', "ab"),
        ("{", "ab"),
    ],
)
def test_a_report_of_failures(response, failed):
    record = make_record(outcome=Outcome.SUCCESS, response=response)
    assert failed_messages(record, IDS, reports=True) == frozenset(failed)
    assert failed_messages(record, IDS, reports=False) == frozenset()


@pytest.mark.parametrize("outcome", [Outcome.FUNCTION_ERROR, Outcome.TIMEOUT, Outcome.CRASH])
def test_a_call_that_fails_fails_the_batch(outcome):
    record = make_record(outcome=outcome, response='{"batchItemFailures": []}', error_message="no")
    assert failed_messages(record, IDS, reports=True) == frozenset("ab")
    assert has_run(record)
    assert result_of(record, IDS) == "PROBLEM: Function call failed: no"


def test_what_the_function_has_not_seen_has_not_run():
    assert not has_run(make_record(outcome=Outcome.PLATFORM))
    good = make_record(outcome=Outcome.SUCCESS)
    assert (result_of(good, []), result_of(good, ["a"])) == ("OK", "PROBLEM: Messages that failed: 1")
