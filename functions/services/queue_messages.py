"""Messages on their way through a queue: sent, received (hidden from others for a while), deleted, made visible
again, and moved to the dead-letter queue when they have been received too often. Who receives is not known here: a
program through the API and the worker that calls functions do the same."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from functions.errors import FunctoryError
from functions.ids import new_id
from functions.message_queues import (
    DEDUPLICATION_S,
    DELAY_S,
    VISIBILITY_S,
    check_body,
    check_message_attributes,
    check_token,
    deduplication_key,
    read_handle,
    size_of,
)
from functions.models import MessageQueue, QueueDeduplication, QueueMessage
from functions.queries.message_queues import dead_letter_queue, is_watched
from functions.queue_errors import InvalidQueueParameter, MessageNotInflight, MissingQueueParameter
from functions.queues import enqueue_drain

UNSEEN_AGAIN = timedelta(seconds=2)
_ROUNDS = 20  # of looking at messages that turn out to be dead or too old


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to be sent; `attributes` in AWS's shape, `delay_s` None for the queue's own."""

    body: str
    delay_s: int | None = None
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    group_id: str = ""
    deduplication_id: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What it is known by from then on."""

    message_id: UUID
    number: int


def check_sending(queue: MessageQueue, message: Sending) -> None:
    """Raises what is wrong with a message, in AWS's words."""
    check_body(message.body)
    check_message_attributes(message.attributes)
    if size_of(message.body, message.attributes) > queue.largest_bytes:
        raise InvalidQueueParameter(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.largest_bytes} bytes."
        )
    if message.delay_s is not None and message.delay_s not in DELAY_S:
        raise InvalidQueueParameter(
            f"Value {message.delay_s} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and "
            "<= 900."
        )
    if message.group_id:
        check_token("MessageGroupId", message.group_id)
    if queue.fifo:
        _check_fifo(queue, message)
    elif message.deduplication_id:
        raise InvalidQueueParameter(
            "The request includes a parameter that is not valid for this queue type: MessageDeduplicationId"
        )


def send(*, queue: MessageQueue, messages: Sequence[Sending], sender: str = "") -> list[Sent]:
    """Take messages that were checked, all or none of them; what a FIFO queue has had within five minutes is not
    taken again. Wakes a worker on commit if a function is called for them."""
    now = timezone.now()
    with transaction.atomic(using="telemetry"):
        if queue.fifo:
            _one_at_a_time(queue.pk)
            sent = [_send_once(queue, message, sender, now) for message in messages]
        else:
            rows = [_row(queue, message, sender, now) for message in messages]
            sent = [Sent(row.message_id, row.number) for row in QueueMessage.objects.bulk_create(rows)]
        if is_watched(queue.pk):
            transaction.on_commit(enqueue_drain, using="telemetry", robust=True)
    return sent


def receive(
    *, queue: MessageQueue, limit: int, hidden_s: float, now: datetime, most_bytes: int | None = None
) -> list[QueueMessage]:
    """Up to `limit` messages, hidden from others for so long; the longest visible first, or by groups in order. On
    the way the dead are moved to the dead-letter queue, and those past their retention removed."""
    if not _visible(queue, now).exists():  # a look first: it takes no lock
        return []
    dead_letters = dead_letter_queue(queue)
    with transaction.atomic(using="telemetry"):
        if queue.fifo:
            _one_at_a_time(queue.pk)
        chosen: list[int] = []
        for _ in range(_ROUNDS):
            looked_at = _candidates(queue, now, limit)
            chosen = _living(queue, dead_letters, looked_at, now)
            if chosen or not looked_at:
                break
        numbers = _within(chosen, most_bytes)
        rows = QueueMessage.objects.filter(pk__in=numbers)
        rows.update(
            receives=F("receives") + 1,
            receipt=secrets.token_hex(16),
            visible_at=now + timedelta(seconds=hidden_s),
            first_received_at=Coalesce("first_received_at", Value(now)),
        )
        return list(rows.order_by("number"))


def delete(*, queue: MessageQueue, handles: Sequence[str]) -> None:
    """What is dealt with is gone; a handle that is not the latest of its message does nothing, as in AWS. Raises
    ReceiptHandleIsInvalid."""
    for message_id, receipt in [read_handle(handle) for handle in handles]:
        QueueMessage.objects.filter(queue_id=queue.pk, message_id=message_id, receipt=receipt).delete()


def change_visibility(*, queue: MessageQueue, handle: str, seconds: int) -> None:
    """Hold a message longer, or not so long; raises MessageNotInflight and InvalidQueueParameter."""
    message_id, receipt = read_handle(handle)
    if seconds not in VISIBILITY_S:
        raise InvalidQueueParameter(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an "
            "integer between 0 and 43200."
        )
    now = timezone.now()
    rows = QueueMessage.objects.filter(queue_id=queue.pk, message_id=message_id, receipt=receipt)
    if rows.filter(visible_at__gt=now).update(visible_at=now + timedelta(seconds=seconds)):
        return
    if rows.exists():
        raise MessageNotInflight("The specified message isn't in flight.")
    raise InvalidQueueParameter(
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available "
        "for visibility timeout change."
    )


def hold(messages: Sequence[QueueMessage], *, seconds: float, now: datetime) -> None:
    """Hide received messages for so long from now on, as long as nobody has received them since."""
    for receipt, numbers in _by_receipt(messages).items():
        rows = QueueMessage.objects.filter(pk__in=numbers, receipt=receipt)
        rows.update(visible_at=now + timedelta(seconds=seconds))


def finish(messages: Sequence[QueueMessage]) -> None:
    """Delete received messages, unless somebody has received them since."""
    for receipt, numbers in _by_receipt(messages).items():
        QueueMessage.objects.filter(pk__in=numbers, receipt=receipt).delete()


def give_back(messages: Sequence[QueueMessage], *, now: datetime, counted: bool) -> None:
    """Make received messages visible again, later with each receive, so that a poison message does not spin. One that
    nobody has seen is as if it had not been received: not `counted`."""
    for message in messages:
        rows = QueueMessage.objects.filter(pk=message.pk, receipt=message.receipt)
        if counted:
            rows.update(receipt="", visible_at=now + back_off(message.receives))
        else:
            rows.update(receipt="", visible_at=now + UNSEEN_AGAIN, receives=F("receives") - 1)


def bury(*, queue: MessageQueue, messages: Sequence[QueueMessage]) -> None:
    """Move messages to the dead-letter queue at once; without one they are gone."""
    dead_letters = dead_letter_queue(queue)
    if dead_letters is None:
        finish(messages)
        return
    with transaction.atomic(using="telemetry"):
        _bury(queue, dead_letters, {message.pk for message in messages}, timezone.now())


def back_off(receives: int) -> timedelta:
    """How long a message that failed is left alone: a second, doubled with each receive, at most half a minute."""
    return timedelta(seconds=min(30, 2 ** min(receives - 1, 5)))


def discard_old(*, now: datetime) -> int:
    """Remove messages past their retention, those of queues that are gone, and what FIFO queues no longer have to
    remember; returns how many messages."""
    removed = 0
    known = {queue.pk: queue for queue in MessageQueue.objects.all()}
    for queue_id in set(QueueMessage.objects.values_list("queue_id", flat=True).distinct()):
        rows = QueueMessage.objects.filter(queue_id=queue_id)
        if queue_id in known:
            rows = rows.filter(sent_at__lt=now - timedelta(seconds=known[queue_id].retention_s))
        removed += rows.delete()[0]
    QueueDeduplication.objects.filter(sent_at__lt=now - timedelta(seconds=DEDUPLICATION_S)).delete()
    return removed


def batch_errors(queue: MessageQueue, messages: Mapping[str, Sending]) -> dict[str, FunctoryError]:
    """What is wrong with some messages of a batch, by entry."""
    wrong = {}
    for entry, message in messages.items():
        try:
            check_sending(queue, message)
        except FunctoryError as error:
            wrong[entry] = error
    return wrong


def _check_fifo(queue: MessageQueue, message: Sending) -> None:
    if not message.group_id:
        raise MissingQueueParameter("The request must contain the parameter MessageGroupId.")
    if message.delay_s is not None:
        raise InvalidQueueParameter(
            f"Value {message.delay_s} for parameter DelaySeconds is invalid. Reason: The request include parameter "
            "that is not valid for this queue type."
        )
    if message.deduplication_id:
        check_token("MessageDeduplicationId", message.deduplication_id)
    elif not queue.content_deduplication:
        raise InvalidQueueParameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )


def _row(queue: MessageQueue, message: Sending, sender: str, now: datetime) -> QueueMessage:
    delay_s = queue.delay_s if message.delay_s is None else message.delay_s
    return QueueMessage(
        message_id=new_id(),
        queue_id=queue.pk,
        body=message.body,
        size=size_of(message.body, message.attributes),
        attributes=dict(message.attributes),
        trace=message.trace[:256],
        sender=sender[:128],
        group_id=message.group_id,
        deduplication_id=message.deduplication_id,
        sent_at=now,
        visible_at=now + timedelta(seconds=delay_s),
    )


def _send_once(queue: MessageQueue, message: Sending, sender: str, now: datetime) -> Sent:
    group = message.group_id if queue.deduplication_scope == "messageGroup" else ""
    key = deduplication_key(message.body, message.deduplication_id, group)
    rows = QueueDeduplication.objects.filter(queue_id=queue.pk, key=key)
    known = rows.filter(sent_at__gt=now - timedelta(seconds=DEDUPLICATION_S)).first()
    if known is not None:
        return Sent(known.message_id, known.number)
    row = _row(queue, message, sender, now)
    row.save(force_insert=True)
    seen = {"message_id": row.message_id, "number": row.number, "sent_at": now}
    QueueDeduplication.objects.update_or_create(queue_id=queue.pk, key=key, defaults=seen)
    return Sent(row.message_id, row.number)


def _one_at_a_time(queue_id: UUID) -> None:
    """Senders and receivers of a FIFO queue come one after the other, or its order would not hold. SQLite's writers
    do anyway."""
    connection = connections["telemetry"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [queue_id.int % 2**63])


def _visible(queue: MessageQueue, now: datetime) -> QuerySet[QueueMessage]:
    return QueueMessage.objects.filter(queue_id=queue.pk, visible_at__lte=now)


def _candidates(queue: MessageQueue, now: datetime, limit: int) -> list[QueueMessage]:
    """Those that come next, locked, without their bodies."""
    rows = _visible(queue, now).only("number", "receives", "sent_at")
    if queue.fifo:
        hidden = QueueMessage.objects.filter(queue_id=queue.pk, visible_at__gt=now, receives__gt=0)
        blocked = list(hidden.values_list("group_id", flat=True).distinct())
        return list(rows.exclude(group_id__in=blocked).order_by("number")[:limit])
    can_skip = connections["telemetry"].features.has_select_for_update_skip_locked
    locked = rows.select_for_update(skip_locked=can_skip)
    return list(locked.order_by("visible_at", "number")[:limit])


def _living(
    queue: MessageQueue, dead_letters: MessageQueue | None, rows: Sequence[QueueMessage], now: datetime
) -> list[int]:
    """The numbers of those to be received: others are moved to the dead-letter queue or have become too old."""
    born_after = now - timedelta(seconds=queue.retention_s)
    old = {row.number for row in rows if row.sent_at < born_after}
    dead = {
        row.number
        for row in rows
        if dead_letters is not None and row.receives >= queue.max_receives and row.number not in old
    }
    if old:
        QueueMessage.objects.filter(pk__in=old).delete()
    if dead and dead_letters is not None:
        _bury(queue, dead_letters, dead, now)
    return [row.number for row in rows if row.number not in old | dead]


def _bury(queue: MessageQueue, dead_letters: MessageQueue, numbers: set[int], now: datetime) -> None:
    QueueMessage.objects.filter(pk__in=numbers).update(
        queue_id=dead_letters.pk,
        receives=0,
        receipt="",
        first_received_at=None,
        visible_at=now,
        source_arn=queue.arn,
    )
    if is_watched(dead_letters.pk):
        transaction.on_commit(enqueue_drain, using="telemetry", robust=True)


def _within(numbers: Sequence[int], most_bytes: int | None) -> list[int]:
    """As many of them, in their order, as are not too large together; at least one."""
    if most_bytes is None or len(numbers) < 2:
        return list(numbers)
    sizes = dict(QueueMessage.objects.filter(pk__in=numbers).values_list("number", "size"))
    total = 0
    kept: list[int] = []
    for number in numbers:
        total += sizes[number]
        if kept and total > most_bytes:
            break
        kept.append(number)
    return kept


def _by_receipt(messages: Sequence[QueueMessage]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        found.setdefault(message.receipt, []).append(message.pk)
    return found
