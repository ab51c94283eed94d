"""Who else may call a function: the statements that AddPermission has put on it or on one of its qualifiers."""

from __future__ import annotations

from django.db import models

from functions.ids import new_id
from functions.models.base import Row
from functions.models.function import Function


class FunctionPolicy(Row):
    """The policy of one qualifier ("" is the unqualified function). `statements` are AWS's documents without their
    Resource, which follows from the function's name; `revision` changes with every change."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="policies")
    qualifier = models.CharField(max_length=128, blank=True, default="")
    statements = models.JSONField(default=list)
    revision = models.UUIDField(default=new_id, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "qualifier"], name="policy_once_per_qualifier")
        ]
