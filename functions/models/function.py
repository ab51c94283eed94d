"""A function and the draft that people edit. What runs is never the draft but a revision (see version)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from functions.installation import config
from functions.models.access import Project, User
from functions.models.base import Row
from functions.models.configuration import Configuration
from functions.states import RecursiveLoop


class Function(Row):
    """A named function. `latest` is what $LATEST means; null until the first deploy (a draft). Deleting sets
    `deleted_at`: the name is free at once, the rest is restorable for seven days. `runtime_updates` keeps, by
    qualifier, what PutRuntimeManagementConfig was given."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="functions")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    tags = models.JSONField(default=dict, blank=True)
    latest = models.ForeignKey(
        "functions.Revision", models.SET_NULL, null=True, blank=True, related_name="latest_of"
    )
    reserved_concurrency = models.PositiveIntegerField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    next_version = models.PositiveIntegerField(default=1)
    recursive_loop = models.CharField(
        max_length=9, choices=RecursiveLoop.choices, default=RecursiveLoop.TERMINATE
    )
    runtime_updates = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "region", "name"],
                condition=Q(deleted_at__isnull=True),
                name="function_name_once_while_live",
            )
        ]
        indexes = [
            models.Index(fields=["project", "name"], name="function_by_name"),
            models.Index(fields=["project", "-changed_at", "-id"], name="function_by_change"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Whether nothing has been deployed yet."""
        return self.latest_id is None

    @property
    def address(self) -> str:
        """What names it on the console: its name, and its region where that is not the installation's own."""
        return self.name if self.region == config().region else f"{self.name}@{self.region}"

    @property
    def is_abroad(self) -> bool:
        """Whether it is in another region than the installation's own."""
        return self.region != config().region

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.project.account}:function:{self.name}"


class Draft(Configuration):
    """What editor and wizard show: configuration and files, saved but not running. `token` changes
    with each save, so that the second of two editors is told. `wizard_step` is 0 once it was deployed;
    `trigger` is the wizard's choice ({"kind": "none"|"function_url"|"schedule", ...}). A zip that is
    too large for the editor is the draft's `package`; it then has no files. `starter` is the key of the
    starter that its code began as."""

    function = models.OneToOneField(Function, models.CASCADE, primary_key=True, related_name="draft")
    token = models.UUIDField(editable=False)
    trigger = models.JSONField(default=dict, blank=True)
    package = models.ForeignKey(
        "functions.Artifact", models.PROTECT, null=True, blank=True, related_name="drafts"
    )
    starter = models.CharField(max_length=40, blank=True, default="")
    wizard_step = models.PositiveSmallIntegerField(default=1)
    saved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(auto_now=True)
    deployed_token = models.UUIDField(null=True, editable=False)

    class Meta(Configuration.Meta):
        abstract = False

    @property
    def is_deployed(self) -> bool:
        """Whether what runs is what is saved here."""
        return self.deployed_token == self.token


class DraftFile(Row):
    """One file of a draft. Binary files (from a zip) are kept as they are; the editor shows text ones."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    path = models.CharField(max_length=512)
    content = models.BinaryField()
    executable = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "path"], name="draft_file_path_once")]
        ordering = ["path"]


class TestEvent(Row):
    """A saved event for the Test page: everybody's in the project, or its `owner`'s alone."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="test_events")
    name = models.CharField(max_length=64)
    payload = models.TextField()
    owner = models.ForeignKey(
        "functions.User", models.CASCADE, null=True, blank=True, related_name="test_events"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["function", "name"], condition=Q(owner=None), name="test_event_name_once"
            ),
            models.UniqueConstraint(fields=["function", "owner", "name"], name="test_event_own_name_once"),
        ]
        ordering = ["name"]
