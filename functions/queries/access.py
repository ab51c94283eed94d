"""Who sees which project, and the one way from a name in an address to an object on behalf of somebody."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Case, QuerySet, When

from functions.errors import ResourceNotFound
from functions.installation import config
from functions.models import Function, Membership, Project, User
from functions.snapshots import Principal
from functions.states import Role


def projects_of(user: User) -> list[Project]:
    """The projects that a person may open, by name."""
    rows = Project.objects.order_by("name", "account")
    return list(rows if user.is_superuser else rows.filter(memberships__user=user))


def project_for(user: User, account: str, address: str = "") -> tuple[Project, Principal]:
    """A project by account number with the person's principal in it; raises ResourceNotFound when it does
    not exist or the person is a stranger to it."""
    project = Project.objects.filter(account=account).first()
    role = _role_in(project, user) if project else None
    if project is None or role is None:
        raise ResourceNotFound("There is no such project, or you are not a member of it.")
    return project, person_principal(user, project, role, address)


def person_principal(user: User, project: Project, role: str, address: str = "") -> Principal:
    """A person acting on the console."""
    return Principal(
        kind="user",
        id=str(user.pk),
        name=user.get_username(),
        project_id=str(project.pk),
        account=project.account,
        role=role,
        address=address,
    )


def function_at(*, project_id: UUID, address: str) -> Function:
    """A live function (drafts included) with project, draft and latest revision joined, by what names it on the
    console. A name alone means the installation's own region, and another where there is none of it. Raises
    ResourceNotFound."""
    name, _, region = address.partition("@")
    rows = live_functions(project_id).select_related("project", "draft", "latest").filter(name=name)
    if region:
        rows = rows.filter(region=region)
    abroad = Case(When(region=config().region, then=0), default=1)
    found = rows.order_by(abroad, "region").first()
    if found is None:
        raise ResourceNotFound(f"Function not found: {address}")
    return found


def live_functions(project_id: UUID) -> QuerySet[Function]:
    """Functions that are not deleted."""
    return Function.objects.filter(project_id=project_id, deleted_at__isnull=True)


def deleted_functions(project_id: UUID) -> QuerySet[Function]:
    """Functions that can still be restored, the latest deleted first."""
    return Function.objects.filter(project_id=project_id, deleted_at__isnull=False).order_by("-deleted_at")


def _role_in(project: Project, user: User) -> str | None:
    if user.is_superuser:
        return Role.ADMINISTRATOR
    return Membership.objects.filter(project=project, user=user).values_list("role", flat=True).first()
