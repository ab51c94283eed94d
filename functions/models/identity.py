"""IAM: roles with their policies, and the short-lived keys of those who took a role on. What policies mean is
functions.permissions'."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from functions.models.access import Project, User
from functions.models.base import Row
from functions.states import Role


class IamRole(Row):
    """A role of a project. `trust` is its trust policy as it was given; names differ in more than case."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="iam_roles")
    name = models.CharField(max_length=64)
    path = models.CharField(max_length=512, default="/")
    description = models.CharField(max_length=1000, blank=True)
    trust = models.TextField()
    max_session_s = models.PositiveIntegerField(default=3600)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", Lower("name"), name="iam_role_name_once")]

    @property
    def arn(self) -> str:
        """Its ARN, path included."""
        return f"arn:aws:iam::{self.project.account}:role{self.path}{self.name}"


class IamRolePolicy(Row):
    """An inline policy: a document under a name, part of one role."""

    role = models.ForeignKey(IamRole, models.CASCADE, related_name="policies")
    name = models.CharField(max_length=128)
    document = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "name"], name="iam_role_policy_once")]


class IamPolicy(Row):
    """A managed policy of a project. It has one version; AWS's own policies are no rows."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="iam_policies")
    name = models.CharField(max_length=128)
    path = models.CharField(max_length=512, default="/")
    description = models.CharField(max_length=1000, blank=True)
    document = models.TextField()
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", Lower("name"), name="iam_policy_name_once")]

    @property
    def arn(self) -> str:
        """Its ARN, path included."""
        return f"arn:aws:iam::{self.project.account}:policy{self.path}{self.name}"


class IamAttachment(Row):
    """A managed policy on a role: one of the project's (`policy`), or AWS's own by its name."""

    role = models.ForeignKey(IamRole, models.CASCADE, related_name="attachments")
    policy = models.ForeignKey(IamPolicy, models.PROTECT, null=True, related_name="attachments")
    aws_policy = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["role", "policy"], name="iam_attachment_once"),
            models.UniqueConstraint(
                fields=["role", "aws_policy"], condition=~Q(aws_policy=""), name="iam_aws_attachment_once"
            ),
        ]


class IamSession(Row):
    """The short-lived key of somebody who took a role on. It does no more than `rank`, nor than `user` may, who did
    so in the first place (null for a function). With its `role` it ends; null where there was none of that name, so
    that only these restrict it. Of the session token only its hash is kept."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="iam_sessions")
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="iam_sessions")
    rank = models.CharField(max_length=16, choices=Role.choices)
    role = models.ForeignKey(IamRole, models.CASCADE, null=True, related_name="sessions")
    role_name = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    key_id = models.CharField(max_length=20, unique=True)
    secret = models.BinaryField()
    token_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
