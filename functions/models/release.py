"""Releases: an alias on its way from one version to another. How it goes is functions.release_policy's."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from functions.models.access import Project, User
from functions.models.base import Row
from functions.models.function import Function
from functions.models.version import Alias, Version
from functions.states import ReleaseState


class Release(Row):
    """One release. `steps` are [percent, seconds] each, `step` is the one it stands at; `check_at` is when it is
    looked at next, None once it has ended. `checks` hold the numbers of the last look at both versions. The
    numbers of versions stay when the versions go."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    function = models.ForeignKey(Function, models.CASCADE, related_name="releases")
    alias = models.ForeignKey(Alias, models.CASCADE, related_name="releases")
    old = models.ForeignKey(Version, models.SET_NULL, null=True, related_name="+")
    new = models.ForeignKey(Version, models.SET_NULL, null=True, related_name="+")
    old_number = models.PositiveIntegerField()
    new_number = models.PositiveIntegerField()
    steps = models.JSONField(default=list)
    step = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=ReleaseState.choices, default=ReleaseState.RUNNING)
    reason = models.CharField(max_length=256, blank=True)
    error_points = models.FloatField()
    p95_ratio = models.FloatField()
    least_calls = models.PositiveIntegerField()
    checks = models.JSONField(default=dict)
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField()
    step_ends_at = models.DateTimeField()
    check_at = models.DateTimeField(null=True, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alias"], condition=Q(state=ReleaseState.RUNNING), name="release_running_once"
            )
        ]
        indexes = [models.Index(fields=["function", "-started_at"], name="release_by_function")]
