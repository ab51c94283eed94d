"""Log groups and streams as CloudWatch Logs has them, and the events that programs put there. What functions print
is no event here: it is the log of their invocations."""

from __future__ import annotations

from django.db import models

from functions.models.base import TelemetryRow


class LogGroup(TelemetryRow):
    """A group that somebody made, or that says something of a function's own: how long its logs are kept
    (`retention_days`, null for as long as the installation keeps them), and that all before `cleared_at` is gone.
    `dropped` is set while a function's group is deleted and nothing has been logged since."""

    id = models.BigAutoField(primary_key=True)
    project_id = models.UUIDField()
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=512)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    dropped = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project_id", "region", "name"], name="log_group_name_once")
        ]


class LogStream(TelemetryRow):
    """A stream that a program made in a group. Times of events are Unix milliseconds, null while there are none."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(LogGroup, models.CASCADE, related_name="streams")
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField(auto_now_add=True)
    first_ms = models.BigIntegerField(null=True, blank=True)
    last_ms = models.BigIntegerField(null=True, blank=True)
    put_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="log_stream_name_once")]


class LogEvent(TelemetryRow):
    """One event that a program put into a stream."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(LogGroup, models.CASCADE, related_name="events")
    stream = models.ForeignKey(LogStream, models.CASCADE, related_name="events")
    at_ms = models.BigIntegerField()
    put_at = models.DateTimeField()
    message = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["group", "at_ms", "id"], name="log_event_by_group"),
            models.Index(fields=["stream", "at_ms", "id"], name="log_event_by_stream"),
        ]
