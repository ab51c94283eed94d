"""Layers: archives that functions share, by project, name and number."""

from __future__ import annotations

from django.db import models

from functions.ids import new_id
from functions.models.access import Project, User
from functions.models.base import Row
from functions.models.version import Artifact


class LayerVersion(Row):
    """One published version of a layer; immutable but for its policy. A deleted one stays for the functions that use
    it, and its number is never used again. `runtimes` and `architectures` are what it says that it fits, as
    `,python3.13,nodejs24.x,`, so that both databases find one in them; `statements` as in FunctionPolicy."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="layer_versions")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=140)
    number = models.PositiveIntegerField()
    artifact = models.ForeignKey(Artifact, models.PROTECT, related_name="layer_versions")
    description = models.CharField(max_length=256, blank=True)
    license_info = models.CharField(max_length=512, blank=True)
    runtimes = models.CharField(max_length=512, blank=True)
    architectures = models.CharField(max_length=32, blank=True)
    statements = models.JSONField(default=list)
    policy_revision = models.UUIDField(default=new_id, editable=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "region", "name", "number"], name="layer_version_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}:{self.number}"

    @property
    def layer_arn(self) -> str:
        """The layer's ARN, without a number."""
        return f"arn:aws:lambda:{self.region}:{self.project.account}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """This version's ARN."""
        return f"{self.layer_arn}:{self.number}"
