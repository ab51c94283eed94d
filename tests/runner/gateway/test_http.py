"""The server protocol against real sockets: what is answered, in which order, and what is refused."""

import asyncio
import re

import pytest

from runner.gateway.wire import Limits

GET = b"GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


class Echo:
    """Answers with method, path and body; /hold waits to be released by the test."""

    def __init__(self):
        self.held = []
        self.seen = []
        self.arrived = asyncio.Event()

    least_body = 0

    def body_limit(self, request):
        return 100

    def handle(self, exchange):
        request = exchange.request
        self.seen.append(request)
        if request.path == "/hold":
            self.held.append(exchange)
            self.arrived.set()
            return
        if request.path == "/stream":
            exchange.begin(200, [])
            exchange.write(b"one")
            exchange.write(b"two")
            exchange.finish()
            return
        answer = f"{request.method} {request.path} {request.body.decode()};"
        exchange.respond(200, [("x-test", "1")], answer.encode())

    def refuse(self, exchange, status, code, message):
        exchange.respond(status, [], code.encode())


def run(serving, body, limits=None):
    async def main():
        echo = Echo()
        async with serving(echo, limits) as (port, listener):
            return await asyncio.wait_for(body(port, echo, listener), 20)

    return asyncio.run(main())


def statuses(answer):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


def test_keep_alive_then_close(serving, talk):
    async def body(port, echo, _):
        return await talk(port, GET, LAST)

    answer = run(serving, body)
    assert statuses(answer) == [200, 200]
    assert b"GET /a ;" in answer
    assert answer.count(b"connection: close") == 1
    assert b"\r\ndate: " in answer


def test_pipelined_requests_are_answered_in_order(serving, talk):
    async def body(port, echo, _):
        requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(50))
        return await talk(port, requests + LAST)

    answer = run(serving, body)
    assert [int(number) for number in re.findall(rb"GET /(\d+) ;", answer)] == list(range(50))


def test_a_slow_answer_holds_the_ones_behind_it(serving, talk):
    async def body(port, echo, _):
        client = asyncio.create_task(talk(port, GET.replace(b"/a?b=1", b"/hold") + GET + LAST))
        await echo.arrived.wait()
        assert [request.path for request in echo.seen] == ["/hold"]
        echo.held[0].respond(201, [], b"held")
        return await client

    assert statuses(run(serving, body)) == [201, 200, 200]


@pytest.mark.parametrize(
    "piece",
    [
        b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Forged: 1\r\n\r\n",
    ],
)
def test_bodies_whole_and_in_pieces(serving, talk, piece):
    async def body(port, echo, _):
        whole = await talk(port, piece)
        bytewise = await talk(port, *[piece[i : i + 1] for i in range(len(piece))])
        assert "x-forged" not in echo.seen[0].headers
        return whole, bytewise

    whole, bytewise = run(serving, body)
    assert b"POST /p hello;" in whole
    assert b"POST /p hello;" in bytewise


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: 1\r\nHost: h\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused_and_closed(serving, talk, request_bytes):
    async def body(port, echo, _):
        answer = await talk(port, request_bytes)
        assert echo.seen == []
        return answer

    assert statuses(run(serving, body)) == [400]


def test_a_malformed_request_behind_a_good_one_waits_its_turn(serving, talk):
    async def body(port, echo, _):
        return await talk(port, GET + b"nonsense\r\n\r\n")

    assert statuses(run(serving, body)) == [200, 400]


def test_headers_have_a_limit(serving, talk):
    async def body(port, echo, _):
        small = await talk(
            port, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nA: ", b"x" * 500, b"\r\n\r\n"
        )
        large = await talk(port, b"GET / HTTP/1.1\r\nHost: h\r\nA: ", b"x" * 5000)
        return small, large

    small, large = run(serving, body, Limits(header_bytes=2000))
    assert statuses(small) == [200]
    assert statuses(large) == [431]


def test_a_body_over_the_limit_is_read_and_refused(serving, talk):
    async def body(port, echo, _):
        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
        return await talk(port, head % 100 + b"x" * 100 + head % 101 + b"x" * 101 + LAST)

    assert statuses(run(serving, body)) == [200, 413, 200]


def test_a_chunked_body_over_the_limit_is_refused(serving, talk):
    async def body(port, echo, _):
        head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        return await talk(
            port, head + b"50\r\n" + b"x" * 80 + b"\r\n50\r\n" + b"x" * 80 + b"\r\n0\r\n\r\n" + LAST
        )

    assert statuses(run(serving, body)) == [413, 200]


def test_an_endless_body_is_cut(serving, talk):
    async def body(port, echo, _):
        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"
        return await talk(port, head, b"x" * 60000)

    assert statuses(run(serving, body, Limits(discarded_bytes=50000))) == [413]


def test_expect_continue(serving, talk):
    async def body(port, echo, _):
        head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\n"
        head += b"Content-Length: %d\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head % 2)
        assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")
        writer.write(b"ok")
        good = await reader.read()
        writer.close()
        return good, await talk(port, head % 101)

    good, large = run(serving, body)
    assert b"POST / ok;" in good
    assert statuses(large) == [413]


def test_streamed_answers_and_head_and_http_1_0(serving, talk):
    async def body(port, echo, _):
        chunked = await talk(port, b"GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        old = await talk(port, b"GET /stream HTTP/1.0\r\n\r\n")
        head = await talk(port, b"HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return chunked, old, head

    chunked, old, head = run(serving, body)
    assert chunked.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    assert old.endswith(b"\r\n\r\nonetwo")
    assert b"transfer-encoding" not in old
    assert b"content-length: 9\r\n" in head
    assert head.endswith(b"\r\n\r\n")


def test_an_upgrade_offer_is_ignored(serving, talk):
    async def body(port, echo, _):
        offer = b"GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
        return await talk(port, offer, LAST)

    assert statuses(run(serving, body)) == [200, 200]


def test_a_half_closed_client_gets_its_answer(serving, talk):
    async def body(port, echo, _):
        client = asyncio.create_task(talk(port, GET.replace(b"/a?b=1", b"/hold"), eof=True))
        await echo.arrived.wait()
        await asyncio.sleep(0)
        echo.held[0].respond(200, [], b"late")
        return await client

    assert run(serving, body).endswith(b"late")


def test_a_client_that_leaves_is_told_to_the_handler(serving):
    async def body(port, echo, _):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"/a?b=1", b"/hold"))
        await echo.arrived.wait()
        gone = asyncio.Event()
        echo.held[0].on_gone = gone.set
        echo.held[0].begin(200, [])
        writer.transport.abort()
        await gone.wait()
        assert not echo.held[0].write(b"nobody")
        echo.held[0].finish()

    run(serving, body)


def test_slow_clients_are_cut_and_busy_ones_are_not(serving):
    async def body(port, echo, listener):
        slow_reader, slow = await asyncio.open_connection("127.0.0.1", port)
        slow.write(b"GET / HTT")
        busy_reader, busy = await asyncio.open_connection("127.0.0.1", port)
        busy.write(GET.replace(b"/a?b=1", b"/hold"))
        await echo.arrived.wait()
        listener.expire(asyncio.get_running_loop().time() + 1000)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await slow_reader.readexactly(1)
        echo.held[0].respond(200, [], b"")
        assert (await busy_reader.readline()).startswith(b"HTTP/1.1 200")
        slow.close()
        busy.close()

    run(serving, body)


def test_connections_have_a_limit(serving, talk):
    async def body(port, echo, listener):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readline()
        with pytest.raises(ConnectionError):
            assert await talk(port, GET) == b""
            raise ConnectionError
        writer.close()

    run(serving, body, Limits(connections=1))


def test_stopping_lets_the_running_request_end(serving, talk):
    async def body(port, echo, listener):
        client = asyncio.create_task(talk(port, GET.replace(b"/a?b=1", b"/hold")))
        await echo.arrived.wait()
        stopping = asyncio.create_task(listener.stop(10))
        await asyncio.sleep(0)
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        echo.held[0].respond(200, [], b"bye")
        await stopping
        return await client

    answer = run(serving, body)
    assert answer.endswith(b"bye")
    assert b"connection: close" in answer
