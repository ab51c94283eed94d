"""What crosses process borders comes back as it was, and nonsense is refused."""

import msgspec
import pytest

from functions.records import (
    AcceptedEvent,
    InvocationRecord,
    as_builtins,
    decode_event,
    decode_records,
    encode,
)
from functions.states import Outcome, TriggerKind

RECORD = InvocationRecord(
    request_id="r", project_id="p", function_id="f", function_name="hello", outcome=Outcome.TIMEOUT, log="ü\n"
)


def test_records_come_back():
    assert decode_records(encode([RECORD, RECORD])) == [RECORD, RECORD]
    assert as_builtins(RECORD)["outcome"] == "timeout"
    assert "billed_ms" not in as_builtins(RECORD)


def test_events_come_back():
    event = AcceptedEvent(
        event_id="e",
        project_id="p",
        function_id="f",
        qualifier="",
        trigger=TriggerKind.API,
        accepted_us=1,
        payload="{}",
    )
    assert decode_event(encode(event)) == event


@pytest.mark.parametrize("text", [b"", b"{}", b'[{"request_id": 1}]', b'[{"outcome": "unheard of"}]'])
def test_nonsense_is_refused(text):
    with pytest.raises(msgspec.MsgspecError):
        decode_records(text)
