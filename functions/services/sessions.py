"""Short-lived keys of those who take a role on (sts:AssumeRole): made for whom the role admits, removed when over."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from functions.entitlements import context_of
from functions.errors import AccessDenied, Validation
from functions.installation import config, region_of, vault
from functions.models import IamRole, IamSession, Project, User
from functions.permissions import Asking, admits
from functions.policies import names_of
from functions.policy_documents import read_trust
from functions.services.guard import record, require
from functions.services.keys import new_key_id, new_secret
from functions.snapshots import Principal
from functions.states import Role
from functions.tokens import token_hash

ACTION = "sts:AssumeRole"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html, role chaining.
LONGEST_CHAINED_S = 3600
KEPT_AFTER = timedelta(days=1)  # so that it is told as expired, and not as unknown
_ROLE_ARN = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/(?P<path>[!-~]*/)?(?P<name>[\w+=,.@-]{1,64})"
)


@transaction.atomic
def take_on_role(
    *,
    acting: Principal,
    project: Project,
    role_arn: str,
    name: str,
    duration_s: int = 3600,
    external_id: str = "",
) -> tuple[IamSession, str, str]:
    """A key for a role of the project: the session, its secret and its token, which are never told again. A role
    that exists must trust the caller; one that does not is taken on as it is where roles need not exist. Raises
    AccessDenied and Validation."""
    require(acting, Role.VIEWER, project.pk)
    found = _ROLE_ARN.fullmatch(role_arn)
    if found is None:
        raise Validation(f"{role_arn[:200]} is invalid")
    role = (
        IamRole.objects.select_related("project").filter(project=project, name__iexact=found["name"]).first()
    )
    ours = found["account"] == project.account
    # Who acts as a role must not leave its policies behind by taking on one that has none.
    nameless = not config().strict_roles and not acting.role_name
    if not ours or not (_trusts(role, acting, external_id) if role else nameless):
        raise AccessDenied(
            f"User: {acting.arn} is not authorized to perform: {ACTION} on resource: {role_arn}"
        )
    _check_duration(acting, role, duration_s)
    secret, token = new_secret(), secrets.token_urlsafe(192)
    session = IamSession.objects.create(
        project=project,
        user=_person_behind(acting),
        rank=acting.role,
        role=role,
        role_name=role.name if role else found["name"],
        name=name,
        key_id=new_key_id("ASIA"),
        secret=vault().seal(secret),
        token_hash=token_hash(token),
        expires_at=timezone.now() + timedelta(seconds=duration_s),
    )
    told = {"key": session.key_id, "until": session.expires_at.isoformat()}
    record(
        acting, "role.assume", session, project_id=project.pk, name=f"{session.role_name}/{name}", after=told
    )
    return session, secret, token


def discard_sessions() -> int:
    """Remove those that have been over for a day; how many there were."""
    return IamSession.objects.filter(expires_at__lt=timezone.now() - KEPT_AFTER).delete()[0]


def _trusts(role: IamRole, acting: Principal, external_id: str) -> bool:
    context = context_of(acting, region_of(acting), timezone.now())
    if external_id:
        context["sts:externalid"] = external_id
    # The account itself is named to leave the decision to its people's own rights: all of them may ask.
    names = names_of(acting, same_account=False)
    return admits(read_trust(role.trust), names, Asking(ACTION, role.arn, context))


def _check_duration(acting: Principal, role: IamRole | None, duration_s: int) -> None:
    if acting.role_name and duration_s > LONGEST_CHAINED_S:
        raise Validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if role is not None and duration_s > role.max_session_s:
        raise Validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _person_behind(acting: Principal) -> User | None:
    """Whose rights bound the session; None for a function's role."""
    if acting.kind == "session":
        return IamSession.objects.select_related("user").get(key_id=acting.id).user
    return User.objects.get(pk=acting.id) if acting.kind == "user" else None
