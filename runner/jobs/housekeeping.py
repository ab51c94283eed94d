"""The job that keeps the installation tidy, one kind at a time, in small steps that never make a call or a page
wait. Which kinds there are and how often they run stands in runner.scheduler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from functions import image_states, queues
from functions.artifacts import Store
from functions.image_states import ImageReport
from functions.installation import store
from functions.limits import UNDO_DELETE_DAYS
from functions.models import Deployment, Function
from functions.queries.layers import joined_layers
from functions.services import code, deploys, log_chunks, queue_messages, retention
from functions.services.functions import purge_function
from functions.services.layers import forget_layers
from functions.states import DEPLOYMENT_ENDED, DeploymentState
from runner.build.container import BuilderDown, remove
from runner.build.container import orphans as builders
from runner.build.main import engine
from runner.build.workspaces import is_building, sweep, sweep_caches
from runner.jobs import images
from runner.jobs.buckets import tidy_buckets
from runner.jobs.log_groups import expire_log_groups
from runner.jobs.sessions import discard_sessions
from runner.jobs.turns import is_anybodys_turn

UNTOUCHED_FOR = timedelta(seconds=20)
WAITING_FOR = timedelta(minutes=2)
log = logging.getLogger("functory.housekeeping")


def run(name: str) -> None:
    """One round of one kind; raises KeyError for a kind that there is not."""
    KINDS[name]()


def take_up_deployments() -> None:
    """Enqueue deployments again that nobody works on: their worker died, or their wake-up was lost."""
    now = timezone.now()
    begun = Q(created_at__lt=now - UNTOUCHED_FOR) & ~Q(state=DeploymentState.QUEUED)
    forgotten = Q(created_at__lt=now - WAITING_FOR, state=DeploymentState.QUEUED)
    # While others wait in line, one that is queued may wait among them.
    lost = begun if queues.waiting(queues.DEPLOYS) else begun | forgotten
    told = image_states.reports()
    rows = Deployment.objects.exclude(state__in=DEPLOYMENT_ENDED).filter(lost)
    for deployment in rows.select_related("revision"):
        if _waits_for_images(deployment, told):
            continue
        if not is_anybodys_turn(settings.FUNCTORY, deployment.pk):
            log.warning("deployment %s is taken up again", deployment.pk)
            queues.enqueue_deploy(deployment.pk, again=_minutes_since(deployment.created_at, now))


def expire_telemetry() -> None:
    """Remove what is older than the installation keeps."""
    removed = retention.expire(days=settings.FUNCTORY.retention_days, now=timezone.now())
    if removed:
        log.info("removed %d rows of old telemetry", removed)


def prepare_log_search() -> None:
    """Note what the logs of the last minutes can hold, so that searches need not read them."""
    log_chunks.make_chunks(now=timezone.now())


def purge_deleted_functions() -> None:
    """Remove functions for good whose time to be restored is over, and what they left in the telemetry."""
    over = timezone.now() - timedelta(days=UNDO_DELETE_DAYS)
    for function in Function.objects.filter(deleted_at__lt=over)[:20]:
        if retention.forget_function(function.pk):
            purge_function(function=function)
            log.info("function %s is gone for good", function.pk)


def discard_code() -> None:
    """Remove packages and dependencies that nothing refers to any more, and what broken work left on disk."""
    kept: Store = store()
    now = timezone.now()
    deploys.discard_trials(now=now)
    forget_layers()
    kept.discard_layers(joined_layers())
    for sha256 in code.discard_artifacts(now=now):
        kept.discard(sha256)
    for key in code.discard_dependencies(now=now):
        kept.discard_dependencies(key)
    sweep(kept, now)
    sweep_caches(kept, now)


def remove_builders() -> None:
    """Remove builder containers that outlived their worker."""
    try:
        with engine(settings.FUNCTORY) as client:
            for container_id, key in builders(client, settings.FUNCTORY.instance):
                if not is_building(store(), key):
                    log.warning("builder %s was left behind", container_id[:12])
                    remove(client, container_id)
    except BuilderDown as error:
        log.warning("%s", error)


def discard_messages() -> None:
    """Remove messages that nobody has received for as long as their queue keeps them."""
    removed = queue_messages.discard_old(now=timezone.now())
    if removed:
        log.info("removed %d messages past their retention", removed)


KINDS: Mapping[str, Callable[[], None]] = {
    "deployments": take_up_deployments,
    "logs": prepare_log_search,
    "retention": expire_telemetry,
    "deleted": purge_deleted_functions,
    "artifacts": discard_code,
    "builders": remove_builders,
    "images": images.tidy,
    "sessions": discard_sessions,
    "log_groups": expire_log_groups,
    "queues": discard_messages,
    "buckets": tidy_buckets,
}


def _waits_for_images(deployment: Deployment, told: Mapping[str, ImageReport]) -> bool:
    """Whoever makes them wakes it."""
    report = told.get(deployment.revision.runtime) if deployment.revision else None
    return deployment.state == DeploymentState.BUILDING and report is not None and report.is_under_way


def _minutes_since(then: datetime, now: datetime) -> int:
    return int((now - then).total_seconds() // 60) + 1
