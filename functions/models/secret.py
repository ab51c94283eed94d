"""Named secrets of a project. What they are for is functions.secret_references'."""

from __future__ import annotations

from django.db import models

from functions.models.access import Project, User
from functions.models.base import Row


class Secret(Row):
    """A value that functions get without anybody reading it in a setting. `value` is sealed by the vault;
    `edition` counts its values, from 1."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=512)
    description = models.CharField(max_length=2048, blank=True)
    value = models.BinaryField()
    edition = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="secret_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
