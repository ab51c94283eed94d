"""Provisioned concurrency: how many sandboxes of a version or an alias are kept ready, whether called or not."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from functions.models.base import Row
from functions.models.function import Function


class ProvisionedConcurrency(Row):
    """AWS's ProvisionedConcurrencyConfig of one qualifier, which is a number or an alias. What is ready now only the
    gateway knows."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="provisions")
    qualifier = models.CharField(max_length=128)
    requested = models.PositiveIntegerField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="provision_once_per_qualifier"),
            models.CheckConstraint(condition=Q(requested__gte=1), name="provision_at_least_1"),
        ]
