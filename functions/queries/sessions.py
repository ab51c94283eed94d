"""The keys of those who took a role on, as signatures are verified with them."""

from __future__ import annotations

from functions.installation import vault
from functions.models import IamSession, Membership
from functions.queries.snapshots import access_key
from functions.snapshots import KeySnapshot, Principal
from functions.states import Role

_PREFIX = "ASIA"


def key_by_id(key_id: str) -> KeySnapshot | None:
    """An access key, or that of a session: its letters say which."""
    return session_key(key_id) if key_id.startswith(_PREFIX) else access_key(key_id)


def session_key(key_id: str) -> KeySnapshot | None:
    """A session's key, also one that is over, so that its user is told so; None when there is none, or when the
    person behind it may not do anything any more."""
    session = IamSession.objects.select_related("project", "user").filter(key_id=key_id).first()
    rank = _rank_of(session) if session else None
    if session is None or rank is None:
        return None
    return KeySnapshot(
        key_id=key_id,
        secret=vault().unseal(session.secret),
        principal=Principal(
            kind="session",
            id=key_id,
            name=f"{session.role_name}/{session.name}",
            project_id=str(session.project_id),
            account=session.project.account,
            role=rank,
        ),
        expires_us=int(session.expires_at.timestamp() * 1_000_000),
        token_hash=session.token_hash,
        needs_role=session.role_id is not None,
    )


def _rank_of(session: IamSession) -> Role | None:
    """The lower one of what it was made with and what the person behind it may now."""
    made_with, user = Role(session.rank), session.user
    if user is None or (user.is_superuser and user.is_active):
        return made_with
    rows = Membership.objects.filter(project=session.project, user=user, user__is_active=True)
    now = rows.values_list("role", flat=True).first()
    return min((made_with, Role(now)), key=lambda role: role.rank) if now else None
