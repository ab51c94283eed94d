"""The record that a destination gets."""

import json
from datetime import UTC, datetime

from functions.destinations import AGE_EXCEEDED, RETRIES_EXHAUSTED, SUCCESS, Answered, destination_record

ARN = "arn:aws:lambda:us-east-1:000000000001:function:hello:$LATEST"


def told(condition, answered, payload='{"n": 1}', attempts=1):
    return json.loads(
        destination_record(
            event_id="e",
            function_arn=ARN,
            condition=condition,
            attempts=attempts,
            payload=payload,
            at=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
            answered=answered,
        )
    )


def test_a_success_is_told_as_aws_does():
    assert told(SUCCESS, Answered("3", False, '"done"')) == {
        "version": "1.0",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "requestContext": {
            "requestId": "e",
            "functionArn": ARN,
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "3"},
        "responsePayload": "done",
    }


def test_a_failure_says_that_it_was_one():
    record = told(RETRIES_EXHAUSTED, Answered("$LATEST", True, '{"errorType": "E"}'), attempts=3)
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == {"errorType": "E"}


def test_what_never_ran_has_no_response():
    record = told(AGE_EXCEEDED, None)
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert not {"responseContext", "responsePayload"} & set(record)


def test_an_answer_that_is_not_kept_is_left_out_and_text_stays_text():
    assert "responsePayload" not in told(SUCCESS, Answered("1", False, None))
    assert told(SUCCESS, Answered("1", False, "plain"), payload="")["requestPayload"] is None
    assert told(SUCCESS, Answered("1", False, "plain"))["responsePayload"] == "plain"
