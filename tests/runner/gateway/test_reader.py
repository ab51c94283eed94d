"""The reader alone: however the bytes are cut the requests are the same, and no bytes at all break it."""

import errno
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.gateway.exchange import Exchange
from runner.gateway.reader import RequestReader
from runner.gateway.spool import Spool
from runner.gateway.wire import Limits

LIMITS = Limits(header_bytes=4000, discarded_bytes=5000)
GOOD = (
    b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nCookie: b=2\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
    b"POST http://h/abs HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n"
    b"POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\n"
    + b"x"
    * 300
    + b"GET /last HTTP/1.0\r\n\r\n"
    b"GET /never HTTP/1.1\r\nHost: h\r\n\r\n"
)


class Owner:
    def __init__(self):
        self.requests = []
        self.spooled = []

    def exchange_for(self, request):
        return Exchange(None, request)

    def body_limit(self, request):
        return 200

    def awaits_head(self):
        return

    def awaits_body(self, exchange, patience_s):
        return True

    def complete(self, exchange):
        request = exchange.request
        refused = exchange.refusal[0] if exchange.refusal else None
        self.requests.append(
            (request.method, request.path, request.query, request.body, refused, request.headers)
        )
        self.spooled.append(request.spooled)


def read(pieces, limits=LIMITS):
    owner = Owner()
    reader = RequestReader(owner, limits)
    for piece in pieces:
        reader.feed(piece)
    return owner.requests, reader


def test_what_is_read():
    requests, reader = read([GOOD])
    assert [request[:5] for request in requests] == [
        ("GET", "/a", "b=c", b"", None),
        ("POST", "/abs", "", b"hello", None),
        ("PUT", "/c", "", b"abc", None),
        ("POST", "/large", "", b"", 413),
        ("GET", "/last", "", b"", None),
    ]
    assert requests[0][5] == {"host": "h", "cookie": "a=1; b=2", "x-a": "1,2"}
    assert "x-late" not in requests[2][5]
    assert reader.closed


@given(st.lists(st.integers(0, len(GOOD)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_cuts_do_not_matter(cuts):
    edges = [0, *sorted(cuts), len(GOOD)]
    pieces = [GOOD[start:end] for start, end in pairwise(edges)]
    assert read(pieces)[0] == read([GOOD])[0]


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(GOOD.split(b"\r\n"))), max_size=20))
@settings(max_examples=300, deadline=None)
def test_nothing_breaks_it(pieces):
    requests, reader = read([piece + b"\r\n" for piece in pieces])
    assert all(request[4] != 400 for request in requests[:-1])
    if requests and requests[-1][4] == 400:
        assert reader.closed


SPOOLED = (
    b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 150\r\n\r\n"
    + b"b"
    * 150
    + b"PUT /c HTTP/1.1\r\nHost: h\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    b"PUT /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfa\r\n" + b"d" * 250 + b"\r\n0\r\n\r\n"
    b"PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
)


def spooling(folder, **more):
    return Limits(
        header_bytes=4000,
        discarded_bytes=5000,
        held_bytes=100,
        unspooled_bytes=150,
        spool_folder=folder,
        **more,
    )


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_is_too_large_to_be_held_lies_in_a_file(tmp_path, size):
    owner = Owner()
    reader = RequestReader(owner, spooling(tmp_path / "spool"))
    for start in range(0, len(SPOOLED), size):
        reader.feed(SPOOLED[start : start + size])
    assert [(request[1], request[3], request[4]) for request in owner.requests] == [
        ("/a", b"hello", None),
        ("/b", b"", None),
        ("/c", b"", None),  # how long it gets was not known
        ("/d", b"", 413),
        ("/e", b"", None),
    ]
    assert [one and one[:] for one in owner.spooled] == [None, b"b" * 150, b"abcde", None, None]
    assert list((tmp_path / "spool").iterdir()) == []  # nothing has a name that could be left


def test_a_full_disk_is_said_and_the_connection_goes_on(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "append", full)
    owner = Owner()
    RequestReader(owner, spooling(tmp_path)).feed(SPOOLED)
    assert [request[4] for request in owner.requests] == [None, 503, 503, 413, None]
    nowhere = Owner()
    (tmp_path / "file").write_bytes(b"")
    RequestReader(nowhere, spooling(tmp_path / "file" / "spool")).feed(SPOOLED)
    assert [request[4] for request in nowhere.requests] == [None, 503, 503, 413, None]
