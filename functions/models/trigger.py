"""What calls a function by itself: function URLs and schedules. Each binds to a qualifier."""

from __future__ import annotations

from django.db import models

from functions.models.access import User
from functions.models.base import Row
from functions.models.function import Function
from functions.states import LIVE_ALIAS, InvokeMode, UrlAuth


class Trigger(Row):
    """Abstract: `qualifier` is an alias name, a version number, or "" for $LATEST."""

    qualifier = models.CharField(max_length=128, blank=True, default=LIVE_ALIAS)
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class FunctionUrl(Trigger):
    """An HTTP address of a function: one per qualifier, as in Lambda. `cors` is AWS's Cors shape or null."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="urls")
    url_id = models.CharField(max_length=32, unique=True)
    auth = models.CharField(max_length=8, choices=UrlAuth.choices, default=UrlAuth.NONE)
    invoke_mode = models.CharField(max_length=16, choices=InvokeMode.choices, default=InvokeMode.BUFFERED)
    cors = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="url_once_per_qualifier")
        ]


class Schedule(Trigger):
    """A `rate()` or `cron()` expression in a time zone. `due_at` is the next firing, claimed by conditional
    UPDATE; null while disabled or when no firing is left. `payload` is the event's JSON text."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=64)
    expression = models.CharField(max_length=256)
    timezone = models.CharField(max_length=64, default="UTC")
    payload = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    last_fired_at = models.DateTimeField(null=True, blank=True)
    last_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "name"], name="schedule_name_once")]
