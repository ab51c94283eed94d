"""What runs: revisions (immutable code and configuration), versions, aliases, and how they came to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from functions.models.access import Project, User
from functions.models.base import Row
from functions.models.configuration import Configuration
from functions.models.function import Function
from functions.models.secret import Secret
from functions.states import DEPLOYMENT_ENDED, DeploymentState

# An update by the API is seen as under way for so long at least: programs that were written for AWS count on it.
SEEN_FOR = timedelta(milliseconds=800)


class Artifact(models.Model):
    """Code by its content: a zip kept exactly as it came, by its SHA-256 (hex), and its unpacked tree on disk; or
    a container image by its digest, which lies in the engine. `image` is empty for a zip, see
    functions.container_images.settings_of."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    unpacked_size = models.PositiveBigIntegerField()
    image = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)


class DependencyTree(models.Model):
    """Installed dependencies, by the hash of all that they depend on (runtime, image, manifests, indexes)."""

    key = models.CharField(max_length=64, primary_key=True)
    runtime = models.CharField(max_length=32)
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(auto_now_add=True)


class Revision(Configuration, Row):
    """An immutable pair of code and configuration."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="revisions")
    artifact = models.ForeignKey(Artifact, models.PROTECT, related_name="revisions")
    dependencies = models.ForeignKey(
        DependencyTree, models.PROTECT, null=True, blank=True, related_name="revisions"
    )
    secrets = models.ManyToManyField(Secret, related_name="revisions")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Configuration.Meta):
        abstract = False


class Version(Row):
    """A published number for a revision: 1, 2, 3 and so on, never used again."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="versions")
    description = models.CharField(max_length=256, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "number"], name="version_number_once")]
        ordering = ["-number"]


class Alias(Row):
    """A name that points at one version, or at two with a weight for the second. No version means $LATEST,
    which may not be split (CreateAlias)."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=128)
    version = models.ForeignKey(Version, models.PROTECT, null=True, blank=True, related_name="aliases")
    second_version = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="canary_aliases"
    )
    second_weight = models.FloatField(default=0)
    description = models.CharField(max_length=256, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["function", "name"], name="alias_name_once"),
            models.CheckConstraint(
                condition=Q(second_weight__gte=0, second_weight__lte=1), name="alias_weight_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(second_version__isnull=True) | Q(version__isnull=False),
                name="alias_split_needs_version",
            ),
        ]
        ordering = ["name"]


class Deployment(Row):
    """One attempt to bring code live: its state, its steps with times, and why it failed. A console deploy
    publishes a version and moves alias `live` (`publish`); the API's updates move $LATEST only; a `trial` makes a
    draft's revision ready to be called by its id, and moves nothing. `release_steps` are [percent, seconds] each:
    with any, `live` goes to the new version in these steps."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="deployments")
    function = models.ForeignKey(Function, models.CASCADE, related_name="deployments")
    state = models.CharField(max_length=12, choices=DeploymentState.choices, default=DeploymentState.QUEUED)
    publish = models.BooleanField(default=True)
    trial = models.BooleanField(default=False)
    install_dependencies = models.BooleanField(default=True)
    draft_token = models.UUIDField(null=True)
    release_steps = models.JSONField(default=list)
    revision = models.ForeignKey(Revision, models.SET_NULL, null=True, related_name="deployments")
    version = models.ForeignKey(Version, models.SET_NULL, null=True, related_name="deployments")
    description = models.CharField(max_length=256, blank=True)
    steps = models.JSONField(default=list)
    log = models.TextField(blank=True)
    error_type = models.CharField(max_length=128, blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["function", "-created_at"], name="deployment_by_function"),
            models.Index(fields=["project", "-created_at", "-id"], name="deployment_by_project"),
            models.Index(fields=["project", "-ended_at"], name="deployment_by_end"),
            models.Index(fields=["state", "function"], name="deployment_by_state"),
        ]

    def is_seen(self, now: datetime) -> bool:
        """Whether AWS's API shows it as under way: until it has ended, and an update by the API for a moment
        more, since it may be live before its caller has read the answer."""
        by_api = self.draft_token is None and not self.trial
        return self.state not in DEPLOYMENT_ENDED or (by_api and now < self.created_at + SEEN_FOR)
