"""Secrets for pages and for what runs: names and counts, and values in clear for a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from functions.installation import config, vault
from functions.models import Function, Secret
from functions.secret_references import referenced, resolve

MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class ResolvedEnvironment:
    """Variables in clear. `editions` names the secrets that went in and their editions: with another edition it is
    another environment, and sandboxes that have this one are of the past."""

    variables: dict[str, str]
    editions: str


def listing(project_id: UUID) -> list[Secret]:
    """A project's secrets by name."""
    rows = Secret.objects.filter(project_id=project_id).select_related("changed_by").defer("value")
    return list(rows[:MOST_SHOWN])


def names(project_id: UUID) -> list[str]:
    """Their names, for completion."""
    return list(Secret.objects.filter(project_id=project_id).values_list("name", flat=True)[:MOST_SHOWN])


def arn_of(secret: Secret) -> str:
    """As AWS has it, with six characters at the end that tell it from a later one of the same name."""
    place = f"arn:aws:secretsmanager:{config().region}:{secret.project.account}"
    return f"{place}:secret:{secret.name}-{secret.pk.hex[-6:]}"


def named(project_id: UUID, name_or_arn: str) -> Secret | None:
    """A secret by its name, its ARN, or its ARN without the six characters; None where there is none."""
    rows = Secret.objects.filter(project_id=project_id).select_related("project").defer("value")
    if not name_or_arn.startswith("arn:"):
        return rows.filter(name=name_or_arn).first()
    *place, name = name_or_arn.split(":", 6)
    for found in rows.filter(name__in=(name, name[:-7])):
        if arn_of(found).split(":", 6)[:6] == place and (found.name == name or arn_of(found) == name_or_arn):
            return found
    return None


def functions_using(secret: Secret) -> QuerySet[Function]:
    """The functions that have it in $LATEST or behind an alias, by name."""
    running = Q(latest__secrets=secret) | Q(aliases__version__revision__secrets=secret)
    canaries = Q(aliases__second_version__revision__secrets=secret)
    rows = Function.objects.filter(running | canaries, project=secret.project_id, deleted_at=None)
    return rows.distinct().order_by("name")


def missing(project_id: UUID, wanted: Iterable[str]) -> list[str]:
    """Which of the names are no secrets of the project, sorted."""
    wanted = set(wanted)
    known = Secret.objects.filter(project_id=project_id, name__in=wanted).values_list("name", flat=True)
    return sorted(wanted - set(known)) if wanted else []


def resolved(project_id: UUID, variables: dict[str, str]) -> ResolvedEnvironment:
    """Variables with the secrets' present values; raises UnresolvedSecret. One query, none where nothing refers
    to a secret."""
    wanted = referenced(variables)
    if not wanted:
        return ResolvedEnvironment(variables, "")
    found = list(Secret.objects.filter(project_id=project_id, name__in=wanted).order_by("name"))
    values = {row.name: vault().unseal(row.value) for row in found}
    editions = " ".join(f"{row.pk}.{row.edition}" for row in found)
    return ResolvedEnvironment(resolve(variables, values), editions)
