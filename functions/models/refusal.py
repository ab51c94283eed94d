"""Requests that were refused before they became anything: the caller was known, what was asked for was not
possible. They are no invocations: nothing ran, nothing is counted or charged."""

from __future__ import annotations

from django.db import models

from functions.models.base import TelemetryRow


class Refusal(TelemetryRow):
    """One refused request; its id is the request id that the caller was given, and sorts by time. `more` counts
    further refusals of that second that were not kept one by one."""

    id = models.UUIDField(primary_key=True)
    project_id = models.UUIDField()
    function_name = models.CharField(max_length=170, blank=True)
    operation = models.CharField(max_length=64)
    error_type = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    message = models.CharField(max_length=1024)
    caller = models.CharField(max_length=128, blank=True)
    address = models.CharField(max_length=45, blank=True)
    payload_bytes = models.PositiveBigIntegerField(default=0)
    more = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["project_id", "-id"], name="refusal_by_project"),
            models.Index(fields=["project_id", "function_name", "-id"], name="refusal_by_function"),
        ]
