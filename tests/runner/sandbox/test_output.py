"""A request's output ends at its marker, wherever the pieces are cut, and a flood is bounded."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.sandbox.output import Output

MARKER = b"\x00secret-request\x00"


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    for descriptor in (reading, writing):
        os.close(descriptor)


def test_output_is_taken_up_to_the_marker_and_the_rest_is_the_next_requests(pipe):
    output = Output(pipe[0])
    output.expect(b"secret-", "request")
    os.write(pipe[1], b"mine\n" + MARKER + b"later\n")
    assert output.take() == (b"mine\n", False)
    os.write(pipe[1], MARKER)
    assert output.take() == (b"later\n", False)


def test_without_a_marker_all_there_is_is_taken(pipe):
    output = Output(pipe[0])
    output.expect(b"secret-", "request")
    os.write(pipe[1], b"said before it died" + MARKER[:5])
    assert output.take() == (b"said before it died" + MARKER[:5], False)


def test_a_flood_is_cut_and_told(pipe):
    output = Output(pipe[0], limit=10)
    os.write(pipe[1], b"0123456789abc")
    assert output.take() == (b"0123456789", True)
    os.write(pipe[1], b"ok")
    assert output.take() == (b"ok", False)


def test_what_is_written_is_seen_as_it_comes(pipe):
    output, seen = Output(pipe[0]), []
    output.on_chunk = seen.append
    output.expect(b"secret-", "request")
    os.write(pipe[1], b"one" + MARKER)
    output.take()
    assert b"".join(seen) == b"one"


@given(st.binary(max_size=60), st.binary(max_size=60), st.lists(st.integers(1, 7), min_size=1))
def test_the_marker_is_found_across_any_cut(before, after, cuts):
    """Fed directly: the cuts of a pipe cannot be chosen."""
    if MARKER in before:
        return
    output = Output(-1)
    output.expect(b"secret-", "request")
    stream, at, turn = before + MARKER + after, 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        output._feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    log, truncated = output.take()
    assert (log, truncated) == (before, False)
    assert output.take()[0] in {after, after.split(MARKER)[0]}
