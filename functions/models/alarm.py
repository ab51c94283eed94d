"""Alarms and what became of them. What they watch is functions.alarm_policy's."""

from __future__ import annotations

from django.db import models

from functions.alarm_policy import Condition
from functions.models.access import Project, User
from functions.models.base import Row
from functions.models.function import Function
from functions.states import AlarmState, Comparison, NoticeStyle


class Alarm(Row):
    """A condition on a metric of a project, or of one function. `webhook` is the address that hears of changes,
    sealed, since it may hold a token; b"" for none. `check_at` is when it is looked at next."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="alarms")
    function = models.ForeignKey(Function, models.CASCADE, null=True, blank=True, related_name="alarms")
    name = models.CharField(max_length=255)
    metric = models.CharField(max_length=24)
    comparison = models.CharField(max_length=40, choices=Comparison.choices)
    threshold = models.FloatField()
    period_s = models.PositiveIntegerField(default=300)
    periods = models.PositiveSmallIntegerField(default=1)
    datapoints = models.PositiveSmallIntegerField(default=1)
    webhook = models.BinaryField(default=b"")
    style = models.CharField(max_length=8, choices=NoticeStyle.choices, default=NoticeStyle.JSON)
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=20, choices=AlarmState.choices, default=AlarmState.INSUFFICIENT)
    reason = models.CharField(max_length=256, blank=True)
    state_since = models.DateTimeField(auto_now_add=True)
    check_at = models.DateTimeField(null=True, db_index=True)
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="alarm_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """What it watches."""
        return self.function.name if self.function else "the whole project"

    @property
    def condition(self) -> Condition:
        """When it rings."""
        return Condition(
            self.metric,
            Comparison(self.comparison),
            self.threshold,
            self.period_s,
            self.periods,
            self.datapoints,
        )


class AlarmChange(Row):
    """A change of state, or a test (`is_test`). `told_at` is when the webhook took it, `trouble` why it did not."""

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    before = models.CharField(max_length=20, choices=AlarmState.choices)
    after = models.CharField(max_length=20, choices=AlarmState.choices)
    reason = models.CharField(max_length=256, blank=True)
    is_test = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=256, blank=True)

    class Meta:
        indexes = [models.Index(fields=["alarm", "-at"], name="alarm_change_by_alarm")]
