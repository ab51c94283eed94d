"""What of events and answers is kept with a call: within the size, and without the fields that must not be."""

from __future__ import annotations

import asyncio

from functions import limits
from functions.records import decode_records
from runner.gateway.report import kept_text
from tests.runner.gateway.boxes import World, ended, snapshot


def test_whole_without_fields_to_leave_out():
    assert kept_text(b'{"a": 1}') == '{"a": 1}'
    assert kept_text(b"no json") == "no json"
    assert kept_text(b"x" * (limits.CAPTURED_PAYLOAD + 1)) is None


def test_without_the_fields_or_not_at_all():
    assert kept_text(b'{"pin": 1, "n": 2}', ("pin",)) == '{"pin": "[redacted]", "n": 2}'
    assert kept_text(b"no json", ("pin",)) is None
    assert kept_text(b"", ("pin",)) == ""


def test_the_function_gets_all_and_the_record_does_not(tmp_path):
    got = []

    def answer(call):
        got.append(call.payload)
        return ended(response=b'{"pin": 1}')

    async def main():
        world = World(tmp_path, answer=answer)
        finished = await world.submit(
            snapshot(event_capture="all", redact=("pin",)), payload=b'{"pin": 4711}'
        )
        assert finished.response == b'{"pin": 1}'
        assert finished.record.payload == '{"pin": "[redacted]"}'
        assert finished.record.response == '{"pin": "[redacted]"}'
        world.journal.flush()
        assert decode_records(world.journal.read().data)[0].payload == '{"pin": "[redacted]"}'
        await world.close()

    asyncio.run(main())
    assert got == [b'{"pin": 4711}']
