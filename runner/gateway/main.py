"""Wires the gateway: driver, pool, catalog, journal, listeners, signals. The only module that knows all of
them; decides nothing."""

from __future__ import annotations

import asyncio
import grp
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio
import uvloop

from functions.collector import spare_the_collector
from functions.config import Config
from functions.keys import read_or_create_key
from functions.object_files import ObjectFiles
from functions.queues import changed_channel, events_stream, records_stream
from functions.signing import Claim
from functions.snapshots import FunctionSnapshot, Principal
from runner.gateway.announcements import Announcements
from runner.gateway.authorize import Authority, Authorizer
from runner.gateway.catalog import Catalog, Source
from runner.gateway.dispatcher import Dispatcher
from runner.gateway.engine import Engine, Upkeep
from runner.gateway.engine_api import Images
from runner.gateway.environment import environment_of, pool_key
from runner.gateway.events import EventQueue
from runner.gateway.exchange import Exchange
from runner.gateway.fleet import Fleet
from runner.gateway.hook_api import HookApi
from runner.gateway.inside import Identities, Inside, InsideListener, InsideRoutes
from runner.gateway.internal import InternalApi
from runner.gateway.invoke_api import InvokeApi
from runner.gateway.journal import Journal
from runner.gateway.lanes import Sandbox
from runner.gateway.listener import Listener, tls_context
from runner.gateway.machine import Machine
from runner.gateway.own import Own
from runner.gateway.provisions import Provisions
from runner.gateway.refusals import Refusals, note_unread
from runner.gateway.relay import Relay
from runner.gateway.renewal import Renewal
from runner.gateway.room import Room, limit_of, read_machine_memory
from runner.gateway.routes import Parts, Routes
from runner.gateway.shipper import RecordStream, Shipper
from runner.gateway.starts import Starter
from runner.gateway.stream_api import StreamApi
from runner.gateway.supply_room import SupplyRoom
from runner.gateway.tail import Tail
from runner.gateway.unverified import Unverified
from runner.gateway.url_api import UrlApi
from runner.gateway.wire import Limits
from runner.sandbox.driver import Driver, DriverError
from runner.sandbox.factory import SandboxFactory
from runner.sandbox.pool import Pool
from runner.sandbox.sandbox import Sandbox as RealSandbox
from runner.sandbox.spec import PoolKey
from runner.sandbox.supply import Policy

GRACE_S = 30.0
SWEEP_S = 5.0
SUPPLY_S = 60.0
CANCEL_AGAIN_S = 0.5
GROUP = "functory"
log = logging.getLogger("functory.gateway")


class Gateway:
    """One gateway on one loop: made, started, stopped."""

    def __init__(
        self, config: Config, driver: Driver, upkeep: Upkeep, source: Source, images: Images | None = None
    ) -> None:
        loop = asyncio.get_running_loop()
        self.config = config
        self._driver = driver
        self._tasks: list[asyncio.Task[None]] = []
        key = read_or_create_key(config.keys / "relay")
        self._redis = redis.asyncio.Redis.from_url(config.redis_address, socket_timeout=10)
        # Of its own: a subscription waits for ever, other commands must not.
        self._hearing = redis.asyncio.Redis.from_url(config.redis_address, health_check_interval=15)

        self.tail = Tail()
        self._identities = Identities(self._role)
        spooling = Limits(spool_folder=config.objects)
        self._inside = InsideListener(
            InsideRoutes(self._identities, self._invoke_inside, self._stream_inside, self._pass_on_inside),
            spooling,
        )
        inside = Inside(self._identities, self._inside)
        self._factory = SandboxFactory(driver, self._wrote, inside.open)
        self.engine = Engine(driver, upkeep, self._engine_is_well)
        self.pool: Pool[Sandbox] = Pool(self._make, Policy(config.prewarm, config.prewarm_most))
        self.journal = Journal(config.home / "journal", loop)
        redis_home = None if config.redis_url else config.home
        self.shipper = Shipper(self.journal, RecordStream(self._redis, records_stream()).send, redis_home)
        starter = Starter(self.pool, pool_key, partial(furnished, inside))
        memory_mb = limit_of(config.sandbox_memory_mb, read_machine_memory()[0])
        self.fleet = Fleet(loop, starter, Room(memory_mb))
        self.pool.memory = SupplyRoom(self.fleet)
        self.dispatcher = Dispatcher(loop, self.fleet, self.journal)
        self.dispatcher.on_finished = self.tail.finished
        self.catalog = Catalog(loop, source)
        self.catalog.on_retain = self.fleet.retain
        self.announcements = Announcements(self._hearing, changed_channel(), self.catalog, redis_home)
        self.events = EventQueue(self._redis, events_stream(), redis_home)
        machine = self._machine()
        self._authorizer = Unverified(self.catalog) if config.unverified else Authorizer(self.catalog)
        objects = ObjectFiles(config.objects)
        self._relay = Relay(self._authorizer, config.web_socket, key, objects)
        # Of their own, so that functions in a loop do not keep people from the control plane.
        self._relay_from_inside = Relay(self._authorizer, config.web_socket, key, objects, most_at_once=8)
        self._own = Own(self.tail, key, config.console_public_url, machine.health)
        self.refusals = Refusals(self.catalog.store_refusals)
        self._invoke_from_inside, self._stream_from_inside = self._invokers(self._identities)
        self.public = Listener(Routes(self._parts(), config.base_domain), spooling)
        self.internal = Listener(
            InternalApi(
                catalog=self.catalog,
                dispatcher=self.dispatcher,
                fleet=self.fleet,
                events=self.events,
                health=machine.health,
                sandboxes=machine.sandboxes,
                images=images,
                read_back=driver.read_back,
            )
        )
        self.port = 0

    def _machine(self) -> Machine:
        """What is said of all this."""
        return Machine(
            home=self.config.home,
            fleet=self.fleet,
            pool=self.pool,
            journal=self.journal,
            engine=lambda: self.engine.trouble or self.pool.trouble,
            troubles=self._troubles,
            isolation=lambda: self.engine.isolation,
        )

    def _invokers(self, authority: Authority) -> tuple[InvokeApi, StreamApi]:
        """Invoke and its streaming twin, for callers whom that authority knows."""
        return (
            InvokeApi(authority, self.catalog, self.dispatcher, self.events, self.refusals),
            StreamApi(authority, self.catalog, self.dispatcher, self.refusals),
        )

    def _parts(self) -> Parts:
        """What answers on the public address."""
        invoke, stream = self._invokers(self._authorizer)
        urls = UrlApi(self._authorizer, self.catalog, self.dispatcher, self.refusals, self.config)
        hooks = HookApi(
            self.catalog,
            self.dispatcher,
            self.events,
            self.refusals,
            urlsplit(self.config.gateway_public_url).netloc,
        )
        return Parts(
            invoke=invoke.handle,
            stream=stream.handle,
            relay=self._relay.handle,
            url=urls.handle,
            hook=hooks.handle,
            own=self._own.handle,
            unread=partial(note_unread, self.refusals, self.catalog),
        )

    async def start(self) -> None:
        """Clean up what an earlier run left, then listen."""
        await self.engine.recover()
        for work in (
            self.engine.run(),
            self.shipper.run(),
            self.events.run(),
            self.announcements.run(),
            self.refusals.run(),
            Provisions(self.catalog, self.fleet).run(),
            Renewal(self._driver.outdated, self.fleet, self.pool).run(),
            self._sweep(),
            self._learn_supply(),
        ):
            self._spawn(work)
        await self.internal.listen_unix(self.config.gateway_socket, group_id())
        tls = tls_context(self.config.tls_cert, self.config.tls_key)
        self.port = await self.public.listen_tcp(self.config.gateway, tls)
        log.info("listening on %s://%s", "https" if tls else "http", self.config.gateway)

    async def stop(self) -> None:
        """Stop accepting, let calls end, end the sandboxes, ship the journal."""
        self._own.close()
        listeners = (self.public, self.internal, self._inside)
        closing = [asyncio.create_task(one.stop(GRACE_S)) for one in listeners]
        await self.dispatcher.stop(GRACE_S)
        self.journal.flush()
        await asyncio.gather(*closing)
        await end_tasks(self._tasks)
        await self._note_uses()
        await self.refusals.flush()
        await self.pool.close()
        await self._relay.close()
        await self._relay_from_inside.close()
        await self.shipper.drain(5.0)
        self.journal.close()
        self.catalog.close()
        try:
            await self._driver.close()
        except DriverError as error:
            log.warning("%s; the next start removes them", error)
        await self._redis.aclose()
        await self._hearing.aclose()
        self.config.gateway_socket.unlink(missing_ok=True)

    # The sandboxes' door is made before the parts behind it, which run sandboxes themselves.

    def _invoke_inside(self, exchange: Exchange) -> None:
        self._invoke_from_inside.handle(exchange)

    def _stream_inside(self, exchange: Exchange) -> None:
        self._stream_from_inside.handle(exchange)

    def _pass_on_inside(self, exchange: Exchange, principal: Principal, claim: Claim) -> None:
        self._relay_from_inside.pass_on(exchange, principal, claim)

    def _role(self, project_id: str, name: str, then: Callable[[Any], None]) -> None:
        self.catalog.role(project_id, name, then)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_complain)
        self._tasks.append(task)

    async def _make(self, key: PoolKey) -> Sandbox:
        if self.engine.trouble:
            raise DriverError(self.engine.trouble)
        sandbox = await self._factory.make(key)
        sandbox.on_lost = lambda _reason: self.pool.lost(sandbox)  # until it is a function's
        return sandbox

    def _wrote(self, sandbox: RealSandbox, data: bytes) -> None:
        placement = self.fleet.by_id.get(sandbox.id)
        if sandbox.call is not None and placement is not None:
            self.tail.wrote(sandbox.id, sandbox.call.request_id, placement.lane.snapshot, data)

    def _engine_is_well(self) -> None:
        self.pool.wake()

    def _troubles(self) -> str:
        found = (self.announcements.trouble, self.events.trouble, self.shipper.trouble, self.journal.trouble)
        return " ".join(dict.fromkeys(trouble for trouble in found if trouble))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.fleet.sweep()
            self.pool.trim()
            self.pool.refill()

    async def _learn_supply(self) -> None:
        """Which kinds deployed functions need; the database may be away for a while."""
        while True:
            try:
                kinds = await self.catalog.kinds()
                self.pool.keep({PoolKey(runtime, network) for runtime, network in kinds})
            except Exception:
                log.exception("the supply could not be learned")
            await asyncio.sleep(SUPPLY_S)
            await self._note_uses()

    async def _note_uses(self) -> None:
        uses = self._authorizer.uses()
        try:
            if uses:
                await self.catalog.note_uses(uses)
        except Exception:
            log.exception("the last use of %d keys could not be written down", len(uses))


async def end_tasks(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: one cancellation may get lost. Before Python 3.12 asyncio.wait_for, which redis
    uses as well, ignores one that comes in the same turn of the loop as what it waits for."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a part of the gateway has ended", exc_info=task.exception())


def furnished(inside: Inside, snapshot: FunctionSnapshot, sandbox_id: str) -> dict[str, str]:
    """The environment of a function in that sandbox."""
    return {**inside.environment(sandbox_id, snapshot), **environment_of(snapshot, sandbox_id)}


def group_id() -> int | None:
    """The group that web and worker are in, where the installation has one."""
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    from runner.gateway.docker import DockerEngine, EngineImages
    from runner.gateway.source import Believing, Queries

    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    driver = DockerEngine(config)
    source = Believing() if config.unverified else Queries()
    gateway = Gateway(config, driver, driver.upkeep, source, EngineImages(config.docker_socket))
    await gateway.start()
    spare_the_collector()
    await stopping.wait()
    log.info("stopping")
    await gateway.stop()


def run(config: Config) -> None:
    """The process."""
    uvloop.run(serve(config))
