"""What people do to a queue's messages by hand: send one, delete one, and move dead letters back to where they came
from. Programs send and receive by functions.services.queue_messages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from functions.errors import ResourceNotFound
from functions.models import MessageQueue, QueueMessage
from functions.queries.message_queues import is_watched, queue_by_arn
from functions.queues import enqueue_drain
from functions.services import queue_messages
from functions.services.guard import record, require
from functions.services.queue_messages import Sending, Sent
from functions.snapshots import Principal
from functions.states import Role

MOVED_AT_ONCE = 1000
MOST_MOVED = 10_000


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many dead letters went back, how many of the rest could go (`left`), and how many have nowhere to go."""

    moved: int
    left: int
    homeless: int


def send_one(*, acting: Principal, queue: MessageQueue, message: Sending) -> Sent:
    """Send a message; raises what queue_messages.check_sending does."""
    require(acting, Role.DEVELOPER, queue.project_id)
    queue_messages.check_sending(queue, message)
    [sent] = queue_messages.send(queue=queue, messages=[message], sender=acting.name)
    _note(acting, "queue.send", queue, {"message": str(sent.message_id)})
    return sent


def delete_one(*, acting: Principal, queue: MessageQueue, message_id: UUID) -> None:
    """Delete a message, also one that somebody holds; raises ResourceNotFound."""
    require(acting, Role.DEVELOPER, queue.project_id)
    found, _ = QueueMessage.objects.filter(queue_id=queue.pk, message_id=message_id).delete()
    if not found:
        raise ResourceNotFound(
            "The message is not in the queue any more: it was received and deleted, or moved."
        )
    _note(acting, "queue.message.delete", queue, {"message": str(message_id)})


def redrive(*, acting: Principal, queue: MessageQueue) -> Redriven:
    """Move dead letters back to the queues that they come from, in their order, as new messages; those that somebody
    holds stay, and those that were sent here or whose queue is gone. At most MOST_MOVED, in steps of MOVED_AT_ONCE,
    so that no other writer waits for long."""
    require(acting, Role.DEVELOPER, queue.project_id)
    rows = QueueMessage.objects.filter(queue_id=queue.pk)
    moved = 0
    arns = list(rows.order_by().values_list("source_arn", flat=True).distinct())
    homes = {arn: queue_by_arn(queue.project_id, queue.project.account, arn) for arn in arns if arn}
    for arn, home in homes.items():
        while home is not None and moved < MOST_MOVED:
            step = _move(queue, home, arn)
            moved += step
            if step < MOVED_AT_ONCE:
                break
    reachable = [arn for arn, home in homes.items() if home is not None]
    left = rows.filter(source_arn__in=reachable).count()
    _note(acting, "queue.redrive", queue, {"moved": moved})
    return Redriven(moved, left, rows.exclude(source_arn__in=reachable).count())


def _move(queue: MessageQueue, home: MessageQueue, arn: str) -> int:
    now = timezone.now()
    with transaction.atomic(using="telemetry"):
        rows = QueueMessage.objects.filter(queue_id=queue.pk, source_arn=arn, visible_at__lte=now)
        numbers = list(rows.order_by("number").values_list("number", flat=True)[:MOVED_AT_ONCE])
        # As AWS has it: the time that it may stay begins anew.
        moved = rows.filter(number__in=numbers).update(
            queue_id=home.pk,
            receives=0,
            receipt="",
            first_received_at=None,
            sent_at=now,
            visible_at=now,
            source_arn="",
        )
        if moved and is_watched(home.pk):
            transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return moved


def _note(acting: Principal, action: str, queue: MessageQueue, after: dict[str, object]) -> None:
    with transaction.atomic():
        record(acting, action, queue, project_id=queue.project_id, name=queue.name, after=after)
