"""How asynchronous events of a qualifier are treated: how often and how long, and who hears of their end."""

from __future__ import annotations

from django.db import models

from functions.models.base import Row
from functions.models.function import Function


class EventInvokeConfig(Row):
    """AWS's EventInvokeConfig of one qualifier ("" is $LATEST); null means AWS's default. Destinations are ARNs of
    functions of the same project, "" for none."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="event_configs")
    qualifier = models.CharField(max_length=128, blank=True, default="")
    retries = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age_s = models.PositiveIntegerField(null=True, blank=True)
    on_success = models.CharField(max_length=350, blank=True, default="")
    on_failure = models.CharField(max_length=350, blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="event_config_once_per_qualifier")
        ]
