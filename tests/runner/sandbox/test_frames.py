"""Frames survive any cutting of the stream, and nonsense is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.sandbox.frames import Decoder, FrameError, frame, invoke_frame


@given(
    st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=300)), max_size=8),
    st.lists(st.integers(1, 50), min_size=1),
)
def test_what_is_sent_is_received_however_it_is_cut(messages, cuts):
    stream = b"".join(frame(kind, body) for kind, body in messages)
    decoder, found, at, turn = Decoder(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        found += decoder.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == messages


def test_an_event_carries_its_header_and_its_payload_untouched():
    ((kind, body),) = Decoder().feed(invoke_frame({"id": "ä"}, b"\x00\xff"))
    size = int.from_bytes(body[:2], "big")
    assert (chr(kind), json.loads(body[2 : 2 + size]), body[2 + size :]) == ("i", {"id": "ä"}, b"\x00\xff")


@pytest.mark.parametrize("length", [0, 17 * 1024 * 1024, 2**32 - 1])
def test_a_length_that_cannot_be_is_refused(length):
    with pytest.raises(FrameError):
        list(Decoder().feed(length.to_bytes(4, "big") + b"S"))
