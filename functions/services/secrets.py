"""Secrets made, changed, revealed and deleted. Functions that run get a new value with the next sandbox, which is
made for the next call."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from functions.errors import InvalidParameterValue, ResourceConflict
from functions.installation import vault
from functions.models import Project, Revision, Secret
from functions.naming import plain_text
from functions.queries.secrets import functions_using, missing
from functions.queues import announce_change
from functions.secret_references import NAME, referenced
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
LARGEST = 65_536
MOST_SECRETS = 1000


@transaction.atomic
def create_secret(
    *, acting: Principal, project: Project, name: str, value: str, description: str = ""
) -> Secret:
    """A secret of the project; raises InvalidParameterValue with the field, and ResourceConflict when there is one
    of that name."""
    require(acting, Role.DEVELOPER, project.pk)
    if not NAME.fullmatch(name):
        raise InvalidParameterValue(
            "A name has 1 to 512 letters, digits and the characters / _ + = . @ -", field="name"
        )
    Project.objects.select_for_update().only("pk").get(
        pk=project.pk
    )  # so that two of a name cannot come at once
    if Secret.objects.filter(project=project, name=name).exists():
        raise ResourceConflict(f"There is a secret {name} already: change its value instead.", field="name")
    if Secret.objects.filter(project=project).count() >= MOST_SECRETS:
        raise ResourceConflict(f"The project has {MOST_SECRETS} secrets already: delete one first.")
    secret = Secret.objects.create(
        project=project,
        name=name,
        description=plain_text(description),
        value=_sealed(value),
        changed_by_id=acting.user_id,
    )
    record(acting, "secret.create", secret, project_id=project.pk)
    return secret


@transaction.atomic
def put_value(*, acting: Principal, secret: Secret, value: str) -> Secret:
    """Another value. Calls that begin from now on have it; those under way end with the one they have."""
    require(acting, Role.DEVELOPER, secret.project_id)
    locked = Secret.objects.select_for_update(of=("self",)).get(pk=secret.pk)
    locked.value = _sealed(value)
    locked.edition += 1
    locked.changed_at = timezone.now()
    locked.changed_by_id = acting.user_id
    locked.save()
    record(acting, "secret.change", locked, project_id=locked.project_id, after={"edition": locked.edition})
    _announce(locked)
    return locked


@transaction.atomic
def describe(*, acting: Principal, secret: Secret, description: str) -> Secret:
    """Another description."""
    require(acting, Role.DEVELOPER, secret.project_id)
    before, secret.description = secret.description, plain_text(description)
    secret.save(update_fields=["description"])

    record(
        acting,
        "secret.describe",
        secret,
        project_id=secret.project_id,
        before={"description": before},
        after={"description": secret.description},
    )
    return secret


@transaction.atomic
def reveal(*, acting: Principal, secret: Secret) -> str:
    """The value in clear; who asked is audited. A function is let by its role's policies, people by theirs."""
    require(acting, Role.DEVELOPER if acting.kind == "role" else Role.OPERATOR, secret.project_id)
    record(acting, "secret.reveal", secret, project_id=secret.project_id, after={"edition": secret.edition})
    return vault().unseal(Secret.objects.get(pk=secret.pk).value)


@transaction.atomic
def delete_secret(*, acting: Principal, secret: Secret, typed_name: str) -> None:
    """Gone for good; raises ResourceConflict while a function that runs has it."""
    require(acting, Role.DEVELOPER, secret.project_id)
    if typed_name != secret.name:
        raise InvalidParameterValue("Type the secret's name to delete it.", field="typed_name")
    using = [function.name for function in functions_using(secret)[:4]]
    if using:
        more = " and others" if len(using) > 3 else ""
        raise ResourceConflict(
            f"{', '.join(using[:3])}{more} would fail without it. Take the reference out of their environment and "
            "deploy, then delete it.",
            field="typed_name",
        )
    record(acting, "secret.delete", secret, project_id=secret.project_id)
    secret.delete()


def check_references(project_id: UUID, variables: Mapping[str, str]) -> set[str]:
    """The names of the secrets that variables refer to; raises InvalidParameterValue with field `environment` for
    one that does not exist."""
    wanted = referenced(variables)
    unknown = missing(project_id, wanted)
    if unknown:
        raise InvalidParameterValue(
            f"There is no secret {unknown[0]} in this project. Create it under Settings, Secrets.",
            field="environment",
        )
    return wanted


def bind(revision: Revision) -> None:
    """Note which secrets a new revision has; raises InvalidParameterValue as check_references."""
    project_id = revision.function.project_id
    wanted = check_references(project_id, vault().unseal_environment(revision.environment))
    if wanted:
        revision.secrets.set(Secret.objects.filter(project_id=project_id, name__in=wanted))


def _sealed(value: str) -> bytes:
    if not value:
        raise InvalidParameterValue("A secret has a value.", field="value")
    if len(value.encode()) > LARGEST:
        raise InvalidParameterValue(f"A value has at most {LARGEST:,} bytes.", field="value")
    return vault().seal(value)


def _announce(secret: Secret) -> None:
    """Also for functions where only an older version has it: those may be called by number."""
    functions = Revision.objects.filter(secrets=secret, function__deleted_at=None)
    for function_id in functions.values_list("function", flat=True).distinct():
        announce_change(function_id)
