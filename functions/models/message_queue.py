"""Message queues of a project, what lies in them, and the functions that are called for it. Queues and mappings are
control rows, messages are telemetry: they are written as often as events, and a destination's message is stored in
the transaction that ends the event it tells of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from functions.models.access import Project
from functions.models.base import Row, TelemetryRow
from functions.models.function import Function
from functions.models.trigger import Trigger


class MessageQueue(Row):
    """A queue with SQS's attributes, in seconds and bytes. After `max_receives` receives a message goes to
    `dead_letter_arn`, "" for none; `redrive_allow` is AWS's JSON text, "" for its default."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="message_queues")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    fifo = models.BooleanField(default=False)
    visibility_s = models.PositiveIntegerField(default=30)
    delay_s = models.PositiveIntegerField(default=0)
    retention_s = models.PositiveIntegerField(default=345_600)
    largest_bytes = models.PositiveIntegerField(default=1_048_576)
    wait_s = models.PositiveIntegerField(default=0)
    dead_letter_arn = models.CharField(max_length=160, blank=True)
    max_receives = models.PositiveIntegerField(default=0)
    redrive_allow = models.TextField(blank=True)
    content_deduplication = models.BooleanField(default=False)
    deduplication_scope = models.CharField(max_length=16, default="queue")
    throughput_limit = models.CharField(max_length=24, default="perQueue")
    tags = models.JSONField(default=dict, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "region", "name"], name="message_queue_name_once")
        ]

    @property
    def arn(self) -> str:
        """As SQS names it."""
        return f"arn:aws:sqs:{self.region}:{self.project.account}:{self.name}"


class QueueMessage(TelemetryRow):
    """A message until it is deleted. `visible_at` is when it may next be received; `receipt` is the secret of its
    latest receive; `number` orders a queue. `attributes` are AWS's MessageAttributes as its JSON protocol has them,
    `trace` the header of whoever sent it."""

    number = models.BigAutoField(primary_key=True)
    message_id = models.UUIDField(unique=True)
    queue_id = models.UUIDField()
    body = models.TextField()
    size = models.PositiveIntegerField()
    attributes = models.JSONField(default=dict)
    trace = models.CharField(max_length=256, blank=True)
    sender = models.CharField(max_length=128, blank=True)
    group_id = models.CharField(max_length=128, blank=True)
    deduplication_id = models.CharField(max_length=128, blank=True)
    sent_at = models.DateTimeField()
    visible_at = models.DateTimeField()
    first_received_at = models.DateTimeField(null=True)
    receives = models.PositiveIntegerField(default=0)
    receipt = models.CharField(max_length=32, blank=True)
    source_arn = models.CharField(max_length=160, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["queue_id", "visible_at"], name="queue_message_visible"),
            models.Index(fields=["queue_id", "number"], name="queue_message_in_order"),
            models.Index(fields=["queue_id", "sent_at"], name="queue_message_by_age"),
        ]


class QueueDeduplication(TelemetryRow):
    """What a FIFO queue has taken lately, so that the same is not taken again; it outlives the message."""

    queue_id = models.UUIDField()
    key = models.CharField(max_length=64)
    message_id = models.UUIDField()
    number = models.BigIntegerField()
    sent_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue_id", "key"], name="queue_deduplication_once")]


class EventSourceMapping(Trigger):
    """A queue whose messages call a function, up to `batch_size` at once, or what has come in `window_s`. `filters`
    are event patterns; a message that none means is deleted. `result` says how the latest batch went."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="event_source_mappings")
    queue = models.ForeignKey(MessageQueue, models.SET_NULL, null=True, related_name="mappings")
    source_arn = models.CharField(max_length=160)
    batch_size = models.PositiveIntegerField(default=10)
    window_s = models.PositiveIntegerField(default=0)
    reports_failures = models.BooleanField(default=False)
    most_at_once = models.PositiveIntegerField(null=True, blank=True)
    filters = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    result = models.CharField(max_length=300, blank=True)
    worked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "source_arn"], name="mapping_once_per_source"),
            models.CheckConstraint(
                condition=Q(most_at_once=None) | Q(most_at_once__gte=2), name="mapping_at_least_2_at_once"
            ),
        ]
