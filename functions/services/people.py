"""People and projects: the first administrator, members and their roles, passwords."""

from __future__ import annotations

import logging
import secrets
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from functions.errors import AccessDenied, InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import Membership, Project, User
from functions.services.guard import record, require, system_principal
from functions.services.keys import announce_all, revoke_all
from functions.snapshots import Principal
from functions.states import Role

logger = logging.getLogger(__name__)

DEFAULT_ACCOUNT = "000000000001"
FIRST_ADMINISTRATOR = "admin"


def default_project() -> Project:
    """The project that every installation has."""
    project, _ = Project.objects.get_or_create(account=DEFAULT_ACCOUNT, defaults={"name": "Default"})
    return project


@transaction.atomic
def ensure_first_administrator() -> tuple[str, str] | None:
    """On an installation without people: the administrator's name and one-time password, which must be
    changed at the first log-in. None when somebody exists already."""
    project = default_project()
    if User.objects.exists():
        return None
    password = one_time_password()
    user = User.objects.create_user(
        FIRST_ADMINISTRATOR, password=password, is_superuser=True, is_staff=True, must_change_password=True
    )
    Membership.objects.create(project=project, user=user, role=Role.ADMINISTRATOR)
    record(system_principal(), "people.first-administrator", user, project_id=project.pk)
    return user.get_username(), password


@transaction.atomic
def reset_administrator_password(*, username: str = FIRST_ADMINISTRATOR) -> str:
    """A new one-time password for somebody who is locked out (from the command line only)."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise ResourceNotFound(f"There is no user {username}.")
    password = one_time_password()
    user.set_password(password)
    user.must_change_password = True
    user.is_active = True
    user.save()
    record(system_principal(), "people.reset-password", user, project_id=None)
    return password


@transaction.atomic
def create_member(*, acting: Principal, project: Project, username: str, role: Role) -> tuple[User, str]:
    """A new person in a project, and the one-time password to hand over; raises ResourceConflict when the
    name is taken."""
    require(acting, Role.ADMINISTRATOR, project.pk)
    username = check_username(username)
    password = one_time_password()
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, password=password, must_change_password=True)
    except IntegrityError:
        raise ResourceConflict(f"The name {username} is taken.", field="username") from None
    Membership.objects.create(project=project, user=user, role=role)
    record(acting, "people.create", user, project_id=project.pk, after={"role": role})
    return user, password


@transaction.atomic
def set_role(*, acting: Principal, membership: Membership, role: Role) -> None:
    """Change what a member may do; the last administrator keeps the role."""
    require(acting, Role.ADMINISTRATOR, membership.project_id)
    if role != Role.ADMINISTRATOR:
        _keep_an_administrator(membership)
    before = membership.role
    membership.role = role
    membership.save(update_fields=["role"])
    record(
        acting,
        "people.set-role",
        membership.user,
        project_id=membership.project_id,
        before={"role": before},
        after={"role": role},
    )
    announce_all(user=membership.user, project_id=membership.project_id)


@transaction.atomic
def remove_member(*, acting: Principal, membership: Membership) -> None:
    """Take somebody out of a project; their access keys in it stop working."""
    require(acting, Role.ADMINISTRATOR, membership.project_id)
    _keep_an_administrator(membership)
    record(
        acting,
        "people.remove",
        membership.user,
        project_id=membership.project_id,
        before={"role": membership.role},
    )
    revoke_all(user=membership.user, project_id=membership.project_id)
    membership.delete()


@transaction.atomic
def change_password(*, acting: Principal, user: User, password: str) -> None:
    """A person's own new password; raises InvalidParameterValue with all that is wrong with it, AccessDenied
    for somebody else's."""
    if acting.id != str(user.pk):
        raise AccessDenied("A password is changed by its owner.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidParameterValue(" ".join(error.messages), field="password") from None
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(acting, "people.change-password", user, project_id=None)


def note_log_in(*, acting: Principal, user: User) -> None:
    """In the audit log of the person's first project. A database that takes nothing keeps nobody out: whoever
    comes may be about to mend it."""
    project_id = UUID(acting.project_id) if acting.project_id else None
    try:
        with transaction.atomic():
            record(acting, "people.log-in", user, project_id=project_id)
    except DatabaseError as error:
        logger.warning("the log-in of %s from %s is not in the audit log: %s", user, acting.address, error)


def close_tour(*, user: User) -> None:
    """Show this person the tour no more. No entry in the audit log: it changes nothing but what they see."""
    User.objects.filter(pk=user.pk, tour_closed_at=None).update(tour_closed_at=timezone.now())


def check_username(text: str) -> str:
    """The name itself if a person may have it; raises InvalidParameterValue with field `username`."""
    text = text.strip()
    try:
        User.username_validator(text)
    except ValidationError:
        message = "A name has letters, digits and @ . + - _ only."
        raise InvalidParameterValue(message, field="username") from None
    if not 1 <= len(text) <= 64:
        raise InvalidParameterValue("A name has 1 to 64 characters.", field="username")
    return text


def one_time_password() -> str:
    """A password of 96 bits that can be typed: four groups of letters and digits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def _keep_an_administrator(membership: Membership) -> None:
    # Locked: two administrators who demote each other at the same moment may not both succeed.
    rows = Membership.objects.select_for_update().filter(project=membership.project_id)
    administrators = {row.pk for row in rows if row.role == Role.ADMINISTRATOR}
    if administrators == {membership.pk}:
        raise ResourceConflict("A project keeps at least one administrator.")
