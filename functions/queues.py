"""Every job that is enqueued and every change that is announced: names, ids, time-outs, always on commit. The
jobs themselves are named by path, since the domain does not know the runner."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from uuid import UUID

import redis
from django.db import transaction
from rq import Queue
from rq.serializers import JSONSerializer

from functions.ids import new_id
from functions.installation import config

DEPLOY_JOB = "runner.jobs.deploy.run"
DRAIN_JOB = "runner.jobs.drain.run"
HOUSEKEEPING_JOB = "runner.jobs.housekeeping.run"
IMAGES_JOB = "runner.jobs.images.run"
REBUILD_JOB = "runner.jobs.images.rebuild"
ALARM_JOB = "runner.jobs.alarms.run"
PACKAGE_NAMES_JOB = "runner.jobs.package_names.run"

DEPLOYS = "deploys"
EVENTS = "events"
HOUSEKEEPING = "housekeeping"
IMAGES = "images"
DRAIN_STAYS_S = 10.0  # without work, before it ends
HEARD_S = 5  # after the death of a drain that heard wake-ups, others go unheard for so long
_ENOUGH = b"0"
# One wake-up is left for the drain that hears them, if there is one.
_WAKE = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
redis.call('lpush', KEYS[2], 1)
redis.call('ltrim', KEYS[2], 0, 0)
return 1
"""
TIMEOUTS_S = {DEPLOYS: 1800, EVENTS: 3600, HOUSEKEEPING: 600, IMAGES: 7200}


def prefix() -> str:
    """What the names of this installation's keys and channels start with."""
    return f"functory:{config().instance}:"


def records_stream() -> str:
    """Stream of finished invocations, from the gateway to the recorder."""
    return prefix() + "records"


def events_stream() -> str:
    """Stream of accepted events, from gateway and scheduler to the recorder."""
    return prefix() + "events"


def dead_stream() -> str:
    """Stream of what the recorder could not store, with the reason."""
    return prefix() + "records-dead"


def recorder_hash() -> str:
    """Hash in which the recorder says how far it is: see queries.recorder."""
    return prefix() + "recorder"


def changed_channel() -> str:
    """Channel on which the gateway hears what it must read again."""
    return prefix() + "changed"


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """This process's connection pool."""
    return redis.Redis.from_url(config().redis_address, socket_timeout=10, socket_connect_timeout=5)


def announce_change(function_id: UUID) -> None:
    """Tell the gateway, on commit, that a function, its aliases or its URLs have changed."""
    _on_commit("default", partial(_publish, {"function_id": str(function_id)}))


def announce_project_change(project_id: UUID) -> None:
    """Tell the gateway, on commit, that something has changed for all functions of a project."""
    _on_commit("default", partial(_publish, {"project_id": str(project_id)}))


def announce_key_change(key_id: str) -> None:
    """Tell the gateway, on commit, that an access key has changed."""
    _on_commit("default", partial(_publish, {"key_id": key_id}))


def announce_role_change(project_id: UUID, name: str) -> None:
    """Tell the gateway, on commit, that a role or what it may do has changed."""
    _on_commit("default", partial(_publish, {"role": f"{project_id}/{name.lower()}"}))


def enqueue_deploy(deployment_id: UUID, again: int = 0) -> None:
    """Wake a worker for a deployment, on commit. The row is the truth: a lost wake-up is made good by
    housekeeping, which enqueues a stuck deployment `again` (1, 2, ...)."""
    job_id = f"deploy-{deployment_id}-{again}"
    _on_commit("default", partial(_enqueue, DEPLOYS, DEPLOY_JOB, job_id, [str(deployment_id)]))


def enqueue_images(identifier: str) -> None:
    """Have a worker make the images of a runtime, on commit. In a queue of their own: it takes minutes, and deploys
    of other runtimes need not wait for it."""
    job_id = f"images-{new_id()}"
    _on_commit("default", partial(_enqueue, IMAGES, IMAGES_JOB, job_id, [identifier]))


def enqueue_rebuild() -> None:
    """Have a worker make all images anew, on commit."""
    _on_commit("default", partial(_enqueue, IMAGES, REBUILD_JOB, f"images-{new_id()}", []))


def enqueue_alarm(change_id: UUID) -> None:
    """Have a worker tell an alarm's webhook of a change, on commit."""
    _on_commit("default", partial(_enqueue, HOUSEKEEPING, ALARM_JOB, f"alarm-{change_id}", [str(change_id)]))


def enqueue_drain() -> None:
    """Wake the drain that runs, or else a worker, for due events; one waiting wake-up is enough for all of them."""
    woken = connection().eval(_WAKE, 2, prefix() + "drain-hears", prefix() + "drain-wakes")
    if not woken:
        enqueue_another_drain()


def enqueue_another_drain() -> None:
    """Wake a worker though a drain runs: it has as much as it can hold. With workers for events alone, a drain stays
    for a while when it has nothing to do."""
    if connection().set(_waiting_drain(), 1, nx=True, ex=30):
        stay_s = DRAIN_STAYS_S if config().workers > 1 else 0.0
        _enqueue(EVENTS, DRAIN_JOB, f"drain-{new_id()}", [stay_s])


def hear_wakes(owner: str) -> bool:
    """Be the drain that wake-ups go to from now on; False when another one is."""
    return bool(connection().set(prefix() + "drain-hears", owner, nx=True, ex=HEARD_S))


def await_wake(owner: str, seconds: float) -> bool:
    """Wait so long for a wake-up, blocking, and go on hearing; whether there was one."""
    client, key = connection(), prefix() + "drain-hears"
    if client.get(key) == owner.encode():
        client.expire(key, HEARD_S)
    popped = client.blpop([prefix() + "drain-wakes"], timeout=seconds)
    return popped is not None and popped[1] != _ENOUGH


def stop_hearing_wakes(owner: str) -> None:
    """Let wake-ups go to a worker again, and end the wait that this drain is in."""
    client, key = connection(), prefix() + "drain-hears"
    if client.get(key) == owner.encode():
        client.delete(key)
        client.lpush(prefix() + "drain-wakes", _ENOUGH)


def left_wake() -> bool:
    """Whether a wake-up had come that the drain which stopped hearing has not heard."""
    return connection().lpop(prefix() + "drain-wakes") == b"1"


def drain_started() -> None:
    """A drain calls this before it looks for events, so that a later wake-up counts again."""
    connection().delete(_waiting_drain())


def hold_sources(owner: str, seconds: int) -> bool:
    """Be the one that polls sources for so long, or for longer; whether nobody else is."""
    client, key = connection(), prefix() + "sources"
    if client.set(key, owner, nx=True, ex=seconds):
        return True
    return client.get(key) == owner.encode() and bool(client.expire(key, seconds))


def release_sources(owner: str) -> None:
    """Let another poll sources."""
    client, key = connection(), prefix() + "sources"
    if client.get(key) == owner.encode():
        client.delete(key)


def enqueue_housekeeping(name: str) -> None:
    """Wake a worker for one kind of housekeeping."""
    _enqueue(HOUSEKEEPING, HOUSEKEEPING_JOB, f"housekeeping-{name}-{new_id()}", [name])


def enqueue_package_names() -> None:
    """Wake a worker to fetch the names of packages; more often than every ten minutes nobody is."""
    if connection().set(f"{prefix()}package-names", 1, nx=True, ex=600):
        _enqueue(HOUSEKEEPING, PACKAGE_NAMES_JOB, f"package-names-{new_id()}", [])


def waiting(queue_name: str) -> int:
    """How many jobs wait in a queue."""
    return int(Queue(queue_name, connection=connection(), serializer=JSONSerializer).count)


def _on_commit(using: str, action: Callable[[], None]) -> None:
    def act() -> None:  # Django names a failed hook by its __qualname__, which a partial has not
        action()

    # robust: the change is made; that Redis is down must not turn it into an error.
    transaction.on_commit(act, using=using, robust=True)


def _publish(message: dict[str, str]) -> None:
    connection().publish(changed_channel(), json.dumps(message))


def _enqueue(queue_name: str, function: str, job_id: str, arguments: Sequence[str | float]) -> None:
    queue = Queue(queue_name, connection=connection(), serializer=JSONSerializer)
    queue.enqueue_call(
        function,
        args=list(arguments),
        job_id=job_id,
        timeout=TIMEOUTS_S[queue_name],
        result_ttl=0,
        failure_ttl=86_400,
    )


def _waiting_drain() -> str:
    return prefix() + "drain-waiting"
