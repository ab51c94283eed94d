"""What happened: asynchronous events with their attempts, and finished invocations with log and payload.
Telemetry: refers to functions and versions by id and name only, so that history outlives them."""

from __future__ import annotations

from django.db import models

from functions.ids import new_id
from functions.models.base import TelemetryRow
from functions.states import EventState, InvocationType, Outcome, TriggerKind


class Event(TelemetryRow):
    """An accepted asynchronous event. `due_at` is when it may next be tried; a claim sets `lease_until`.
    Its id is the request id that the caller was given, and that every attempt carries."""

    id = models.UUIDField(primary_key=True)
    project_id = models.UUIDField()
    function_id = models.UUIDField()
    qualifier = models.CharField(max_length=128, blank=True)
    trigger = models.CharField(max_length=24, choices=TriggerKind.choices)
    trigger_id = models.CharField(max_length=64, blank=True)
    payload = models.TextField()
    client_context = models.TextField(blank=True)
    trace_id = models.CharField(max_length=128, blank=True)
    state = models.CharField(max_length=12, choices=EventState.choices, default=EventState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    function_errors = models.PositiveSmallIntegerField(default=0)
    accepted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    last_outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"], name="event_due"),
            models.Index(fields=["project_id", "state", "-accepted_at"], name="event_by_project"),
            models.Index(fields=["function_id", "state", "-accepted_at"], name="event_by_function"),
        ]


class Attempt(TelemetryRow):
    """One try of an event, closed by the gateway's own record: (event, number) is its identity."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    started_at = models.DateTimeField()
    invocation_id = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="attempt_once")]


class Invocation(TelemetryRow):
    """One finished attempt to run a function. Durations in microseconds, memory in bytes, cost in 1e-12 USD.
    `request_id` repeats over the attempts of one event; `id` is unique and sorts by time."""

    id = models.UUIDField(primary_key=True)
    request_id = models.UUIDField(db_index=True)
    project_id = models.UUIDField()
    function_id = models.UUIDField()
    function_name = models.CharField(max_length=64)
    revision_id = models.UUIDField(null=True)
    version = models.CharField(max_length=16, blank=True)
    alias = models.CharField(max_length=128, blank=True)
    trigger = models.CharField(max_length=24, choices=TriggerKind.choices)
    trigger_id = models.CharField(max_length=64, blank=True)
    invocation_type = models.CharField(max_length=16, choices=InvocationType.choices)
    event_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    accepted_at = models.DateTimeField()
    started_at = models.DateTimeField()
    duration_us = models.PositiveBigIntegerField(default=0)
    init_us = models.PositiveBigIntegerField(default=0)
    cold = models.BooleanField(default=False)
    billed_ms = models.PositiveIntegerField(default=0)
    memory_mb = models.PositiveIntegerField(default=0)
    memory_used = models.PositiveBigIntegerField(default=0)
    cost_pico = models.PositiveBigIntegerField(default=0)
    price_id = models.CharField(max_length=32, blank=True)
    error_type = models.CharField(max_length=256, blank=True)
    error_message = models.TextField(blank=True)
    stack = models.JSONField(default=list)
    sandbox_id = models.CharField(max_length=64, blank=True)
    trace_id = models.CharField(max_length=128, blank=True)
    payload_bytes = models.PositiveIntegerField(default=0)
    response_bytes = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["function_id", "-started_at"], name="invocation_by_function"),
            models.Index(fields=["project_id", "-started_at"], name="invocation_by_project"),
            models.Index(fields=["function_id", "outcome", "-started_at"], name="invocation_by_outcome"),
        ]


class InvocationLog(TelemetryRow):
    """The log of one invocation, complete, START to REPORT."""

    invocation = models.OneToOneField(Invocation, models.CASCADE, primary_key=True, related_name="log")
    project_id = models.UUIDField()
    function_id = models.UUIDField()
    at = models.DateTimeField()
    text = models.TextField()
    truncated = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["function_id", "-at"], name="log_by_function"),
            models.Index(fields=["project_id", "-at"], name="log_by_project"),
        ]


class LogChunk(TelemetryRow):
    """What some thousand logs of a project that follow each other in time can hold (functions.log_grams): those
    with `at` in [start, end). A search reads their texts only if this does not rule it out."""

    id = models.UUIDField(primary_key=True, default=new_id)
    project_id = models.UUIDField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    logs = models.PositiveIntegerField()
    grams = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["project_id", "-start"], name="log_chunk_by_project")]


class InvocationPayload(TelemetryRow):
    """Event and response of an invocation, kept as the function's event capture says."""

    invocation = models.OneToOneField(Invocation, models.CASCADE, primary_key=True, related_name="payload")
    event = models.TextField(null=True)
    response = models.TextField(null=True)
