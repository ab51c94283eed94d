"""Live tail: rings, listeners, tickets and the stream of events."""

import asyncio
import json

import pytest

from functions.errors import AccessDenied
from functions.records import InvocationRecord
from functions.states import Outcome
from functions.tokens import make_ticket
from runner.client import Health
from runner.gateway import own as own_module
from runner.gateway.invocation import Finished
from runner.gateway.own import Nonces, Own
from runner.gateway.tail import Tail
from tests.runner.gateway.boxes import FUNCTION, snapshot, until
from tests.runner.gateway.doors import Doors, error

KEY = b"k" * 32
CONSOLE = "http://127.0.0.1:8000"


def finished(request_id, output="", outcome=Outcome.SUCCESS, sandbox_id="box1"):
    record = InvocationRecord(
        request_id=request_id, project_id="p", function_id=FUNCTION, function_name="hello", version="1",
        sandbox_id=sandbox_id, outcome=outcome,
    )  # fmt: skip
    log = (
        f"START RequestId: {request_id} Version: 1\n{output}END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\t\n"
    )
    return Finished(record, b"", log)


def listening(tail, function_id=FUNCTION, project="p"):
    heard = []
    return heard, tail.listen(project, function_id, lambda piece: heard.append(piece.text))


def test_a_listener_hears_lines_as_they_are_written_and_the_end():
    tail = Tail()
    heard, stop = listening(tail)
    tail.wrote("box1", "r1", snapshot(), b"one\ntw")
    assert heard == ["START RequestId: r1 Version: 1\n", "one\n"]
    tail.wrote("box1", "r1", snapshot(), b"o\n")
    tail.wrote("box1", "r1", snapshot(), b"rest")
    tail.finished(finished("r1", "one\ntwo\nrest\n"))
    assert heard[2] == "two\n"
    assert heard[3] == "rest\nEND RequestId: r1\nREPORT RequestId: r1\t\n"
    stop()
    tail.finished(finished("r2"))
    assert len(heard) == 4


def test_a_silent_call_and_a_timed_out_one():
    tail = Tail()
    heard, _ = listening(tail)
    tail.finished(finished("r1", "quick\n"))
    assert heard == [finished("r1", "quick\n").log]
    tail.wrote("box1", "r2", snapshot(), b"a\n")
    tail.finished(finished("r2", "a\n2026 r2 Task timed out after 3.00 seconds\n\n", Outcome.TIMEOUT))
    assert heard[-1].startswith("2026 r2 Task timed out after 3.00 seconds\n\nEND")


def test_projects_do_not_hear_each_other():
    tail = Tail()
    all_of_it, _ = listening(tail, "")
    others, _ = listening(tail, "", "q")
    other_function, _ = listening(tail, "other")
    tail.finished(finished("r1"))
    assert (len(all_of_it), others, other_function) == (1, [], [])


def test_the_ring_gives_the_last_two_hundred_lines():
    tail = Tail()
    for number in range(100):
        tail.finished(finished(f"r{number}", "line\n"))
    lines = "".join(piece.text for piece in tail.recent(FUNCTION)).splitlines()
    assert len(lines) == 200
    assert lines[-1].startswith("REPORT RequestId: r99")
    assert tail.recent("other") == []


def test_a_line_without_end_is_passed_on_when_it_is_long():
    tail = Tail()
    heard, _ = listening(tail)
    tail.wrote("box1", "r1", snapshot(), b"x" * 5000)
    tail.wrote("box1", "r1", snapshot(), b"x" * 5000)
    assert [len(text) for text in heard[1:]] == [10_000]


def test_a_nonce_is_used_once():
    nonces = Nonces()
    nonces.use("a", 0)
    nonces.use("b", 0)
    with pytest.raises(AccessDenied):
        nonces.use("a", 59)
    with pytest.raises(AccessDenied):
        nonces.use("", 0)


@pytest.fixture
def run(tmp_path):
    def runner(body, engine="ok"):
        async def main():
            doors = Doors(tmp_path)
            health = Health(ok=engine == "ok", engine=engine, sandboxes=0, journal_backlog=0, version="1")
            tail = Tail()
            own = Own(tail, KEY, CONSOLE, lambda: health)
            doors.parts["own"] = own.handle
            await doors.open()
            try:
                await asyncio.wait_for(body(doors, tail, own), 30)
            finally:
                own.close()
                await doors.close()

        asyncio.run(main())

    return runner


def ticket(**claims):
    return make_ticket(KEY, {"project": "p", "function": FUNCTION, **claims})


async def watch(doors, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", doors.port, limit=2**20)
    writer.write(f"GET /_functory/tail?ticket={text} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    head = await reader.readuntil(b": open\n\n")
    return reader, writer, head


def test_a_browser_with_a_ticket_sees_the_past_and_the_present(run):
    async def body(doors, tail, own):
        tail.finished(finished("r1", "past\n"))
        reader, writer, head = await watch(doors, ticket())
        assert b"content-type: text/event-stream" in head
        assert f"access-control-allow-origin: {CONSOLE}".encode() in head
        message = json.loads((await reader.readuntil(b"\n\n")).partition(b"data: ")[2])
        assert (message["function"], message["request_id"]) == ("hello", "r1")
        assert "past\n" in message["text"]
        await reader.readline()
        tail.wrote("box1", "r2", snapshot(), b"present\n")
        data = await reader.readuntil(b'present\\n"}\n\n')
        assert b"START RequestId: r2" in data
        writer.close()
        await until(lambda: not own._streams)

    run(body)


def test_tickets_are_checked(run):
    async def body(doors, tail, own):
        good = ticket()
        _, writer, _ = await watch(doors, good)
        for bad in (good, "nonsense", "", make_ticket(b"other", {}), make_ticket(KEY, {}, -1)):
            answer = await doors.request("GET", f"/_functory/tail?ticket={bad}")
            assert error(answer)[:2] == (403, "AccessDeniedException")
        writer.close()

    run(body)


def test_a_flood_is_cut_short_and_said(run):
    async def body(doors, tail, own):
        reader, writer, _ = await watch(doors, ticket())
        for number in range(own_module.FLOOD_PIECES + 10):
            tail.wrote("box1", "r1", snapshot(), b"%d\n" % number)
        seen = await reader.readuntil(b"pieces skipped")
        assert b'"498\\n"' in seen
        assert b'"499\\n"' not in seen
        writer.close()

    run(body)


def test_health_for_strangers(run):
    async def body(doors, tail, own):
        status, _, answer = await doors.request("GET", "/_functory/health")
        assert (status, json.loads(answer)) == (200, {"ok": True, "version": "1"})
        assert error(await doors.request("POST", "/_functory/health"))[0] == 404
        assert error(await doors.request("GET", "/_functory/sandboxes"))[0] == 404

    run(body)


def test_health_when_nothing_can_run(run):
    async def body(doors, tail, own):
        status, _, answer = await doors.request("GET", "/_functory/health")
        assert (status, json.loads(answer)["ok"]) == (503, False)

    run(body, engine="the engine does not answer")
