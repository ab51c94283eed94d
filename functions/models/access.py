"""People, projects and keys: who may do what, and what was done. Rules live in services.people and keys."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from functions.ids import new_id
from functions.models.base import Row
from functions.states import Role


class User(AbstractUser):
    """A person who logs in. Rights come from memberships; `is_superuser` administers the installation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    must_change_password = models.BooleanField(default=False)
    tour_closed_at = models.DateTimeField(null=True, blank=True)


class Project(Row):
    """An AWS account's worth of functions: everything is keyed by its 12-digit account number."""

    account = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    concurrency_limit = models.PositiveIntegerField(default=1000)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(account__regex=r"^\d{12}$"), name="project_account_12_digits")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(Row):
    """A person's role in a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="membership_once")]


class AccessKey(Row):
    """A key pair in AWS's form. The secret must be recoverable to verify signatures: it is encrypted."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="access_keys")
    user = models.ForeignKey(User, models.CASCADE, related_name="access_keys")
    key_id = models.CharField(max_length=20, unique=True)
    secret = models.BinaryField()
    description = models.CharField(max_length=256, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class AuditEntry(Row):
    """One change: who, what, on what, from where, before and after (never with secrets). Append-only."""

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="audit_entries")
    at = models.DateTimeField(auto_now_add=True)
    principal_kind = models.CharField(max_length=8)
    principal_id = models.CharField(max_length=64)
    principal_name = models.CharField(max_length=150)
    address = models.CharField(max_length=45, blank=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=256, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-at"], name="audit_by_project")]
