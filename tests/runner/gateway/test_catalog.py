"""The catalog with a source of plain dictionaries: hits, misses, changes, the database away."""

import asyncio
import threading
from pathlib import Path

import pytest
import redis.asyncio

from functions.errors import ResourceNotFound, ServiceUnavailable
from functions.snapshots import FunctionSnapshot, KeySnapshot, Principal, Route, UrlSnapshot
from runner.gateway.announcements import Announcements
from runner.gateway.catalog import Catalog

F = "01890000-0000-7000-8000-000000000001"


def snapshot(revision="r1", version="1", **more):
    values = {
        "project_id": "p", "account": "000000000000", "region": "us-east-1", "function_id": F,
        "name": "hello", "revision_id": revision, "version": version, "runtime": "python3.13",
        "handler": "app.handler", "memory_mb": 128, "timeout_s": 3, "ephemeral_mb": 512,
        "network": "none", "code": Path("/code"), "dependencies": None,
    }  # fmt: skip
    return FunctionSnapshot(**{**values, **more})


class Table:
    """A source that counts how often it is asked; `gate` holds its threads."""

    def __init__(self):
        self.revision = "r1"
        self.names = {"hello"}
        self.urls = {}
        self.keys = {}
        self.asked = 0
        self.error = None
        self.gate = threading.Event()
        self.gate.set()

    def route(self, *, account, region, name, qualifier):
        self.asked += 1
        self.gate.wait(10)
        if self.error:
            raise self.error
        if name not in self.names:
            raise ResourceNotFound(f"Function not found: {name}")
        return Route(qualifier, qualifier, ((snapshot(self.revision), 1.0),))

    def route_by_id(self, *, function_id, qualifier):
        return self.route(account="", region="", name="hello", qualifier=qualifier)

    def url_by_id(self, url_id):
        self.asked += 1
        return self.urls.get(url_id)

    def access_key(self, key_id):
        self.asked += 1
        return self.keys.get(key_id)

    def revision_snapshot(self, *, revision_id):
        return snapshot(str(revision_id))

    def note_uses(self, uses):
        self.uses = uses

    def kinds(self):
        return [("python3.13", "none")]


def run(body):
    async def main():
        table = Table()
        catalog = Catalog(asyncio.get_running_loop(), table)
        catalog.subscribed = True
        try:
            await asyncio.wait_for(body(catalog, table), 20)
        finally:
            catalog.close()

    asyncio.run(main())


async def ask(method, *arguments):
    future = asyncio.get_running_loop().create_future()
    method(*arguments, future.set_result)
    return await future


def by_name(catalog, name="hello", qualifier="live"):
    return ask(catalog.route, "000000000000", "us-east-1", name, qualifier)


def test_a_second_call_is_answered_at_once_from_memory():
    async def body(catalog, table):
        first = await by_name(catalog)
        found = []
        catalog.route("000000000000", "us-east-1", "hello", "live", found.append)
        assert found == [first]
        assert table.asked == 1

    run(body)


def test_calls_that_miss_together_ask_once():
    async def body(catalog, table):
        table.gate.clear()
        several = [asyncio.ensure_future(by_name(catalog)) for _ in range(5)]
        await asyncio.sleep(0)
        table.gate.set()
        assert len({route.choices[0][0].revision_id for route in await asyncio.gather(*several)}) == 1
        assert table.asked == 1

    run(body)


def test_what_is_not_found_is_forgotten_with_any_change():
    async def body(catalog, table):
        assert isinstance(await by_name(catalog, "new"), ResourceNotFound)
        assert isinstance(await by_name(catalog, "new"), ResourceNotFound)
        assert table.asked == 1
        table.names.add("new")
        catalog.function_changed(F)
        assert isinstance(await by_name(catalog, "new"), Route)

    run(body)


def test_a_flood_of_wrong_names_pushes_nothing_out(monkeypatch):
    monkeypatch.setattr("runner.gateway.catalog.MOST_NOT_FOUND", 3)

    async def body(catalog, table):
        await by_name(catalog)
        for number in range(10):
            await by_name(catalog, f"wrong{number}")
        asked = table.asked
        await by_name(catalog)
        assert table.asked == asked

    run(body)


def test_a_change_is_seen_and_old_revisions_are_let_go():
    async def body(catalog, table):
        told = asyncio.Queue()
        catalog.on_retain = lambda function_id, live: told.put_nowait((function_id, live))
        await by_name(catalog)
        table.revision = "r2"
        catalog.function_changed(F)
        assert await told.get() == (F, {("r2", "1", "")})
        assert (await by_name(catalog)).choices[0][0].revision_id == "r2"
        table.names.clear()
        catalog.function_changed(F)
        assert await told.get() == (F, set())

    run(body)


def test_what_was_read_before_a_change_is_not_kept():
    async def body(catalog, table):
        table.gate.clear()
        early = asyncio.ensure_future(by_name(catalog))
        while not table.asked:
            await asyncio.sleep(0)
        catalog.function_changed(F)
        table.revision = "r2"
        table.gate.set()
        await early
        assert (await by_name(catalog)).choices[0][0].revision_id == "r2"
        assert table.asked == 3  # by the early caller, ahead of anybody, and by the late one

    run(body)


def test_what_was_deployed_is_read_before_anybody_calls_it():
    async def body(catalog, table):
        catalog.function_changed(F)
        while not catalog._entries:
            await asyncio.sleep(0)
        found = []
        catalog.route("000000000000", "us-east-1", "hello", "", found.append)
        assert found[0].choices[0][0].revision_id == "r1"
        assert table.asked == 1
        catalog.function_changed(F)
        assert not catalog._entries

    run(body)


def test_a_database_that_is_away_is_said_and_concludes_nothing():
    async def body(catalog, table):
        told = []
        await by_name(catalog)
        catalog.on_retain = lambda *arguments: told.append(arguments)
        table.error = OSError("connection refused")
        catalog.function_changed(F)
        answer = await by_name(catalog)
        assert isinstance(answer, ServiceUnavailable)
        assert "connection refused" in answer.message
        table.error = None
        assert isinstance(await by_name(catalog), Route)
        assert told == []

    run(body)


def test_without_announcements_entries_are_believed_for_seconds_only():
    async def body(catalog, table):
        catalog.subscribed = False
        await by_name(catalog)
        await by_name(catalog)
        assert table.asked == 1
        for entry in catalog._entries.values():
            entry.read_at -= 100
        await by_name(catalog)
        assert table.asked == 2

    run(body)


def test_urls_and_keys():
    async def body(catalog, table):
        table.urls["u"] = UrlSnapshot("u", "t", F, "live", "NONE", "BUFFERED", None, True)
        table.keys["K"] = KeySnapshot("K", "s", Principal("user", "1", "ada", "p", "000000000000", "viewer"))
        assert (await ask(catalog.url, "u")).trigger_id == "t"
        assert await ask(catalog.url, "other") is None
        assert (await ask(catalog.key, "K")).secret == "s"
        assert await ask(catalog.key, "other") is None
        del table.keys["K"], table.urls["u"]
        catalog.key_changed("K")
        catalog.function_changed(F)
        assert await ask(catalog.key, "K") is None
        assert await ask(catalog.url, "u") is None

    run(body)


def test_an_id_that_is_none_is_not_found():
    async def body(catalog, table):
        assert isinstance(await ask(catalog.route_by_id, "nonsense", ""), ResourceNotFound)
        assert isinstance(await ask(catalog.route_by_id, F, ""), Route)

    run(body)


@pytest.mark.redis
def test_announcements_are_heard(redis_url):
    async def body(catalog, table):
        client = redis.asyncio.Redis.from_url(redis_url)
        catalog.subscribed = False
        announcements = Announcements(client, "changed", catalog)
        listening = asyncio.create_task(announcements.run())
        while not catalog.subscribed:
            await asyncio.sleep(0.01)
        assert announcements.trouble == ""
        await by_name(catalog)
        told = asyncio.Queue()
        catalog.on_retain = lambda function_id, live: told.put_nowait(function_id)
        await client.publish("changed", f'{{"function_id": "{F}"}}')
        assert await told.get() == F
        await client.publish("changed", "nonsense")
        assert await told.get() == F
        listening.cancel()
        await client.aclose()

    run(body)
