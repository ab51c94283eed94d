"""What the gateway knows of functions, URLs and keys, in memory. A miss costs one thread hop to the queries;
a change is announced over Redis. The only place of the gateway that may reach the ORM (through `Source`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from functions.errors import FunctoryError, ResourceNotFound, ServiceUnavailable
from functions.records import Refused
from functions.snapshots import (
    FunctionSnapshot,
    HookSnapshot,
    KeySnapshot,
    Provision,
    RoleSnapshot,
    Route,
    UrlSnapshot,
)
from runner.gateway.lanes import LaneKey, lane_key

log = logging.getLogger("functory.catalog")
THREADS = 4
MOST_ENTRIES = 50_000
MOST_NOT_FOUND = 10_000
NEGATIVE_S = 2.0
UNKNOWN: LaneKey = ("", "", "")  # among what a function may run: nothing may be concluded
UNSUBSCRIBED_S = 5.0  # how long an entry is believed while announcements cannot be heard

Then = Callable[[Any], None]


class Source(Protocol):
    """The queries, called in threads; they raise FunctoryError."""

    def route(self, *, account: str, region: str, name: str, qualifier: str) -> Route:
        """A function by name."""
        ...

    def route_by_id(self, *, function_id: UUID, qualifier: str) -> Route:
        """A function by id."""
        ...

    def url_by_id(self, url_id: str) -> UrlSnapshot | None:
        """A function URL."""
        ...

    def hook_by_id(self, hook_id: str) -> HookSnapshot | None:
        """A webhook."""
        ...

    def access_key(self, key_id: str) -> KeySnapshot | None:
        """An access key."""
        ...

    def revision_snapshot(self, *, revision_id: UUID) -> FunctionSnapshot:
        """A revision that may not be live yet."""
        ...

    def role_snapshot(self, *, project_id: str, name: str) -> RoleSnapshot:
        """What an IAM role may do."""
        ...

    def kinds(self) -> list[tuple[str, str]]:
        """Runtime and network of every deployed function, each pair once."""
        ...

    def provisions(self) -> list[Provision]:
        """Which versions and aliases have sandboxes kept ready."""
        ...

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """When keys were last used."""
        ...

    def store_refusals(self, refused: Sequence[Refused]) -> None:
        """Requests that were refused."""
        ...


class Entry:
    """A value, or the refusal that stands for it, with the time on the loop's clock when it was read."""

    __slots__ = ("function_id", "read_at", "value")

    def __init__(self, value: Any, function_id: str, read_at: float) -> None:
        self.value = value
        self.function_id = function_id
        self.read_at = read_at


class Catalog:
    """Answers at once from memory, or later from a thread: `then` gets the value, or a FunctoryError.
    `on_retain` hears which revisions of a changed function are still reachable."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: Source) -> None:
        self._loop = loop
        self._source = source
        self._threads = ThreadPoolExecutor(THREADS, "catalog")
        self._entries: dict[Hashable, Entry] = {}
        # Apart, so that a flood of wrong names cannot push out what is right.
        self._not_found: dict[Hashable, Entry] = {}
        self._asking: dict[Hashable, list[Then]] = {}
        self._used: dict[str, set[str]] = {}
        self._generation = 0
        self.subscribed = False
        self.on_retain: Callable[[str, set[LaneKey]], None] = lambda _function_id, _live: None

    # --- reading ---

    def route(self, account: str, region: str, name: str, qualifier: str, then: Then) -> None:
        """A function by name, as the API names it."""
        key = ("route", account, region, name, qualifier)
        if not self._answer(key, then):
            read = partial(self._source.route, account=account, region=region, name=name, qualifier=qualifier)
            self._ask(key, read, then)

    def route_by_id(self, function_id: str, qualifier: str, then: Then) -> None:
        """A function by id, as triggers name it."""
        key = ("id", function_id, qualifier)
        if not self._answer(key, then):
            self._ask(key, partial(self._read_by_id, function_id, qualifier), then)

    def url(self, url_id: str, then: Then) -> None:
        """A function URL; None when there is none."""
        key = ("url", url_id)
        if not self._answer(key, then):
            self._ask(key, partial(self._source.url_by_id, url_id), then)

    def hook(self, hook_id: str, then: Then) -> None:
        """A webhook; None when there is none."""
        key = ("hook", hook_id)
        if not self._answer(key, then):
            self._ask(key, partial(self._source.hook_by_id, hook_id), then)

    def key(self, key_id: str, then: Then) -> None:
        """An access key; None when it does not work."""
        key = ("key", key_id)
        if not self._answer(key, then):
            self._ask(key, partial(self._source.access_key, key_id), then)

    def role(self, project_id: str, name: str, then: Then) -> None:
        """What an IAM role may do; also that there is no such role is kept, since nearly all callers have none."""
        key = ("role", project_id, name.lower())
        if not self._answer(key, then):
            read = partial(self._source.role_snapshot, project_id=project_id, name=name)
            self._ask(key, read, then)

    def known_route(self, account: str, region: str, name: str, qualifier: str) -> Route | None:
        """A function by name if that is in memory: the way of nearly every call, without callbacks."""
        route = self._known(("route", account, region, name, qualifier))
        return route if isinstance(route, Route) else None

    def known_key(self, key_id: str) -> KeySnapshot | None:
        """An access key if it is in memory."""
        key = self._known(("key", key_id))
        return key if isinstance(key, KeySnapshot) else None

    def _known(self, key: Hashable) -> Any:
        entry = self._entries.get(key)
        if entry is None or not (self.subscribed or self._loop.time() - entry.read_at < UNSUBSCRIBED_S):
            return None
        return entry.value

    async def revision(self, revision_id: UUID) -> FunctionSnapshot:
        """A revision for its first start; never cached. Raises FunctoryError."""
        read = partial(self._source.revision_snapshot, revision_id=revision_id)
        return await self._loop.run_in_executor(self._threads, in_thread, read)

    async def kinds(self) -> list[tuple[str, str]]:
        """Runtime and network of every deployed function."""
        return await self._loop.run_in_executor(self._threads, in_thread, self._source.kinds)

    async def provisions(self) -> list[Provision]:
        """Which versions and aliases have sandboxes kept ready."""
        return await self._loop.run_in_executor(self._threads, in_thread, self._source.provisions)

    @property
    def generation(self) -> int:
        """Changes with every announcement of a change."""
        return self._generation

    async def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Write down when keys were last used."""
        note = partial(self._source.note_uses, uses)
        await self._loop.run_in_executor(self._threads, in_thread, note)

    async def store_refusals(self, refused: Sequence[Refused]) -> None:
        """Write down what was refused."""
        store = partial(self._source.store_refusals, refused)
        await self._loop.run_in_executor(self._threads, in_thread, store)

    def _read_by_id(self, function_id: str, qualifier: str) -> Route:
        try:
            identifier = UUID(function_id)
        except ValueError:
            raise ResourceNotFound(f"Function not found: {function_id[:64]}") from None
        return self._source.route_by_id(function_id=identifier, qualifier=qualifier)

    def _answer(self, key: Hashable, then: Then) -> bool:
        entry = self._entries.get(key)
        if entry is not None:
            fresh = self.subscribed or self._loop.time() - entry.read_at < UNSUBSCRIBED_S
        else:
            entry = self._not_found.get(key)
            if entry is None:
                return False
            fresh = self._loop.time() - entry.read_at < NEGATIVE_S
        if fresh:
            then(entry.value)
        return fresh

    # --- a miss ---

    def _ask(self, key: Hashable, read: Callable[[], Any], then: Then) -> None:
        waiting = self._asking.get(key)
        if waiting is not None:
            waiting.append(then)
            return
        self._asking[key] = [then]
        future = self._loop.run_in_executor(self._threads, in_thread, read)
        future.add_done_callback(partial(self._told, key, self._generation))

    def _told(self, key: Hashable, generation: int, future: asyncio.Future[Any]) -> None:
        error = future.exception()
        value: Any
        if error is None:
            value = future.result()
        elif isinstance(error, FunctoryError):
            value = error
        else:
            log.error("the catalog could not be read", exc_info=error)
            value = ServiceUnavailable(f"The database does not answer: {error}")
        # A change announced in the meantime may not be in what was read: do not keep it.
        if generation == self._generation and not isinstance(value, ServiceUnavailable):
            self._store(key, value)
        for then in self._asking.pop(key, ()):
            then(value)

    def _store(self, key: Hashable, value: Any) -> None:
        found = not (value is None or isinstance(value, FunctoryError))
        entries, most = (self._entries, MOST_ENTRIES) if found else (self._not_found, MOST_NOT_FOUND)
        if len(entries) >= most:
            entries.clear()
        function_id = ""
        if isinstance(value, Route):
            function_id = value.choices[0][0].function_id
            self._used.setdefault(function_id, set()).add(value.qualifier)
        elif isinstance(value, UrlSnapshot | HookSnapshot):
            function_id = value.function_id
        entry = Entry(value, function_id, self._loop.time())
        for each in (key, *names_of(value)):
            entries[each] = entry
            (self._not_found if found else self._entries).pop(each, None)

    # --- changes ---

    def function_changed(self, function_id: str) -> None:
        """Forget a function, and everything that was not found (its name may exist now); then learn which of
        its revisions are still reachable."""
        self._generation += 1
        self._not_found.clear()
        for key in [key for key, entry in self._entries.items() if entry.function_id == function_id]:
            del self._entries[key]
        self._review(function_id)

    def key_changed(self, key_id: str) -> None:
        """Forget an access key."""
        self._generation += 1
        self._entries.pop(("key", key_id), None)
        self._not_found.pop(("key", key_id), None)

    def role_changed(self, role: str) -> None:
        """Forget a role: `<project id>/<name in lower case>`."""
        self._generation += 1
        self._entries.pop(("role", *role.split("/", 1)), None)

    def forget_all(self) -> None:
        """Announcements may have been missed: forget everything, review what runs."""
        self._generation += 1
        self._entries.clear()
        self._not_found.clear()
        for function_id in list(self._used):
            self._review(function_id)

    def _review(self, function_id: str) -> None:
        qualifiers = self._used.pop(function_id, set())
        if not qualifiers:
            self.on_retain(function_id, set())
            # It was just deployed or changed, and is likely to be called: its first call need not wait for this.
            self.route_by_id(function_id, "", lambda _route: None)
            return
        live: set[LaneKey] = set()
        left = set(qualifiers)

        def learned(qualifier: str, value: Any) -> None:
            left.discard(qualifier)
            if isinstance(value, Route):
                live.update(lane_key(snapshot) for snapshot, _ in value.choices)
            elif isinstance(value, ServiceUnavailable):
                live.add(UNKNOWN)  # the database is away
                self._used.setdefault(function_id, set()).update(qualifiers)
            if not left and UNKNOWN not in live:
                self.on_retain(function_id, live)

        for qualifier in qualifiers:
            self.route_by_id(function_id, qualifier, partial(learned, qualifier))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def names_of(value: Any) -> tuple[Hashable, ...]:
    """By what else a route may be asked for: who calls by name finds what was read by id."""
    if not isinstance(value, Route):
        return ()
    snapshot = value.choices[0][0]
    return (("route", snapshot.account, snapshot.region, snapshot.name, value.qualifier),)


def in_thread(read: Callable[[], Any]) -> Any:
    """Run a query on a catalog thread; a connection that the database closed is replaced."""
    from django.db import close_old_connections

    close_old_connections()
    try:
        return read()
    finally:
        close_old_connections()
