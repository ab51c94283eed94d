"""The lean client: many at once on kept connections, and what is told of a server that is away, hangs up or is
silent."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest

from runner.unix_http import Broken, NotSent, UnixHttp


@contextlib.asynccontextmanager
async def serving(answer):
    """A server whose every connection is given to `answer(reader, writer)`; yields its socket and connections."""
    with tempfile.TemporaryDirectory() as directory:
        socket, connections = Path(directory) / "s.sock", []

        async def handle(reader, writer):
            connections.append(writer)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await answer(reader, writer)
            writer.close()

        server = await asyncio.start_unix_server(handle, socket)
        yield socket, connections
        server.close()


async def echo(reader, writer, more=b""):
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        writer.write(b"HTTP/1.1 201 Created\r\nX-Tag: A\r\ncontent-length: %d\r\n%b\r\n" % (length, more))
        for start in range(0, length, 100_000):
            writer.write(body[start : start + 100_000])
            await writer.drain()
        if more:
            return


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario, 20))


def test_many_at_once_share_a_bounded_number_of_connections():
    async def scenario():
        async with serving(echo) as (socket, connections):
            client = UnixHttp(socket, 4)
            bodies = [b"x" * number for number in range(50)]
            replies = await asyncio.gather(*(client.post("/a", body, {"b": "c"}, 10) for body in bodies))
            assert [reply.body for reply in replies] == bodies
            assert (replies[0].status, replies[0].headers["x-tag"]) == (201, "A")
            assert len(connections) <= 4
            client.close()

    run(scenario())


def test_a_large_body_comes_whole():
    async def scenario():
        async with serving(echo) as (socket, _):
            client = UnixHttp(socket, 1)
            assert (await client.post("/", b"y" * 6_000_000, {}, 10)).body == b"y" * 6_000_000
            client.close()

    run(scenario())


def test_a_connection_that_the_server_ends_is_not_used_again():
    async def scenario():
        async def once(reader, writer):
            await echo(reader, writer, b"connection: close\r\n")

        async with serving(once) as (socket, connections):
            client = UnixHttp(socket, 1)
            for _ in range(3):
                assert (await client.post("/", b"1", {}, 10)).status == 201
            assert len(connections) == 3
            client.close()

    run(scenario())


def test_a_server_that_is_away_was_sent_nothing():
    async def scenario():
        with pytest.raises(NotSent):
            await UnixHttp(Path("/nowhere/s.sock"), 1).post("/", b"", {}, 10)

    run(scenario())


def test_a_server_that_hangs_up_or_talks_nonsense_breaks_the_request():
    async def scenario():
        async def hang_up(reader, writer):
            await reader.readuntil(b"\r\n\r\n")

        async def nonsense(reader, writer):
            writer.write(b"what?\r\n\r\n")
            await reader.read()

        for answer in (hang_up, nonsense):
            async with serving(answer) as (socket, _):
                with pytest.raises(Broken):
                    await UnixHttp(socket, 1).post("/", b"", {}, 10)

    run(scenario())


def test_a_silent_server_is_left_after_the_time_and_its_connection_with_it():
    async def scenario():
        async def silent(reader, writer):
            await reader.read()

        async with serving(silent) as (socket, connections):
            client = UnixHttp(socket, 1)
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    await client.post("/", b"", {}, 0.02)
            assert len(connections) == 2

    run(scenario())
