"""Budgets: what a project or a function may cost in a month. What follows from one is services.budgets'."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from functions.models.access import Project, User
from functions.models.base import Row
from functions.models.function import Function


class Budget(Row):
    """So much a UTC month, in 1e-12 USD at the list price, for a whole project or one function. `is_hard`: calls are
    refused once it is used up. The rest is about `month` (its first day) as it was last looked at: what was spent,
    the share in per cent that was announced, since when calls are refused, and who let them through again."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="budgets")
    function = models.ForeignKey(Function, models.CASCADE, null=True, blank=True, related_name="budgets")
    amount_pico = models.PositiveBigIntegerField()
    is_hard = models.BooleanField(default=False)
    month = models.DateField(null=True)
    spent_pico = models.PositiveBigIntegerField(default=0)
    announced = models.PositiveSmallIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(function=None), name="budget_of_project_once"
            ),
            models.UniqueConstraint(fields=["function"], name="budget_of_function_once"),
            models.CheckConstraint(condition=Q(amount_pico__gt=0), name="budget_above_zero"),
        ]

    @property
    def subject(self) -> str:
        """Whose it is, in words."""
        return self.function.name if self.function else "the whole project"

    @property
    def is_stopping(self) -> bool:
        """Whether calls are refused because of it."""
        return self.stopped_at is not None and self.lifted_at is None

    @property
    def share(self) -> float:
        """Spent of the amount, a fraction."""
        return self.spent_pico / self.amount_pico
