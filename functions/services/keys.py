"""Access keys in AWS's form: made, shown once, revoked."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from functions.errors import ResourceConflict, ResourceNotFound
from functions.installation import vault
from functions.models import AccessKey, IamSession, Project, User
from functions.naming import plain_text
from functions.queues import announce_key_change
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET_ALPHABET = string.ascii_letters + string.digits + "+/"
MOST_KEYS = 20


@transaction.atomic
def create_access_key(
    *,
    acting: Principal,
    project: Project,
    user: User,
    description: str = "",
    expires_at: datetime | None = None,
) -> tuple[AccessKey, str]:
    """A key for a member and its secret, which is never shown again. People make keys for themselves;
    administrators for others."""
    require(acting, Role.DEVELOPER if acting.id == str(user.pk) else Role.ADMINISTRATOR, project.pk)
    if not user.is_superuser and not user.memberships.filter(project=project).exists():
        raise ResourceNotFound(f"{user} is not a member of this project.")
    if AccessKey.objects.filter(project=project, user=user, revoked_at=None).count() >= MOST_KEYS:
        raise ResourceConflict(f"{user} has {MOST_KEYS} keys already: revoke one first.")
    secret = new_secret()
    key = AccessKey.objects.create(
        project=project,
        user=user,
        key_id=new_key_id("AKIA"),
        secret=vault().seal(secret),
        description=plain_text(description),
        expires_at=expires_at,
    )
    record(acting, "key.create", key, project_id=project.pk, name=key.key_id)
    announce_key_change(key.key_id)
    return key, secret


@transaction.atomic
def revoke_access_key(*, acting: Principal, key: AccessKey) -> None:
    """Stop a key from working, at once and for good."""
    require(acting, Role.DEVELOPER if acting.id == str(key.user_id) else Role.ADMINISTRATOR, key.project_id)
    if key.revoked_at is None:
        _revoke(key)
        record(acting, "key.revoke", key, project_id=key.project_id, name=key.key_id)


def revoke_all(*, user: User, project_id: UUID) -> None:
    """Revoke all keys of somebody who leaves a project; called inside the service that removes them."""
    for key in AccessKey.objects.filter(user=user, project_id=project_id, revoked_at=None):
        _revoke(key)
    _announce_sessions(user, project_id)


def announce_all(*, user: User, project_id: UUID) -> None:
    """Have the gateway read somebody's keys again: what their owner may do has changed."""
    for key in AccessKey.objects.filter(user=user, project_id=project_id, revoked_at=None):
        announce_key_change(key.key_id)
    _announce_sessions(user, project_id)


def new_key_id(prefix: str) -> str:
    """A fresh id as AWS has them: AKIA for a key that stays, ASIA for one that ends by itself."""
    return prefix + "".join(secrets.choice(_ID_ALPHABET) for _ in range(16))


def new_secret() -> str:
    """A fresh secret of 40 characters, as AWS has them."""
    return "".join(secrets.choice(_SECRET_ALPHABET) for _ in range(40))


def _announce_sessions(user: User, project_id: UUID) -> None:
    """What somebody took on as a role goes by their own rights: it is read again too."""
    for key_id in IamSession.objects.filter(user=user, project_id=project_id).values_list(
        "key_id", flat=True
    ):
        announce_key_change(key_id)


def _revoke(key: AccessKey) -> None:
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    announce_key_change(key.key_id)


def note_uses(uses: Mapping[str, datetime]) -> None:
    """When keys were last used, told by the gateway now and then. Not a change by anybody: no audit entry."""
    with transaction.atomic():
        for key_id, at in uses.items():
            older = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at)
            AccessKey.objects.filter(older, key_id=key_id).update(last_used_at=at)
