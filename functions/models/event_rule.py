"""Rules of a project's event bus, and whom they tell: functions, when an event is meant, or at set times."""

from __future__ import annotations

from django.db import models

from functions.models.access import Project
from functions.models.base import Row
from functions.models.trigger import Schedule


class EventRule(Row):
    """A rule: `pattern` is EventBridge's JSON text, `expression` when it fires by itself; it has at least one."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="event_rules")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=512, blank=True)
    pattern = models.TextField(blank=True)
    expression = models.CharField(max_length=256, blank=True)
    enabled = models.BooleanField(default=True)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "region", "name"], name="event_rule_name_once")
        ]

    @property
    def arn(self) -> str:
        """On the default bus, which is the only one."""
        return f"arn:aws:events:{self.region}:{self.project.account}:rule/{self.name}"


class EventTarget(Row):
    """A function that a rule tells. `settings` are AWS's members of the target (Input, InputPath, InputTransformer,
    RoleArn). Where the rule has an expression, `schedule` fires it: who removes the schedule removes the target."""

    rule = models.ForeignKey(EventRule, models.CASCADE, related_name="targets")
    target_id = models.CharField(max_length=64)
    arn = models.CharField(max_length=1600)
    settings = models.JSONField(default=dict, blank=True)
    schedule = models.OneToOneField(Schedule, models.CASCADE, null=True, related_name="event_target")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "target_id"], name="event_target_once_per_rule")
        ]
