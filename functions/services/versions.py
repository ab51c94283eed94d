"""Revisions, published versions and aliases: what $LATEST means, what a number means, what `live` points at."""

from __future__ import annotations

import base64
from typing import Any

from django.db import IntegrityError, transaction

from functions.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound, stale_revision
from functions.models import Alias, Function, FunctionUrl, Revision, Schedule, Version, Webhook
from functions.naming import check_alias_name, is_latest, plain_text
from functions.queues import announce_change
from functions.services.event_configs import drop_event_config
from functions.services.guard import record, require
from functions.services.policies import drop_policy
from functions.services.provisions import drop_provision
from functions.services.release_ends import supersede
from functions.snapshots import Principal
from functions.states import LIVE_ALIAS, Role


@transaction.atomic
def publish_version(
    *,
    acting: Principal,
    function: Function,
    description: str = "",
    code_sha256: str = "",
    revision_id: str = "",
) -> Version:
    """Give $LATEST the next number. When it has one already (nothing has changed since), that version is
    given back, as in AWS. Raises PreconditionFailed when it is not the revision expected, InvalidParameterValue
    when it is not the code (`code_sha256` is base64)."""
    require(acting, Role.DEVELOPER, function.project_id)
    # "self": PostgreSQL locks no row that a join may miss.
    rows = Function.objects.select_for_update(of=("self",)).select_related("latest")
    locked = rows.get(pk=function.pk)
    if locked.latest is None:
        raise ResourceConflict("The function has no code yet: deploy it first.")
    _check_expected(locked.latest, code_sha256, revision_id)
    newest = Version.objects.filter(function=function).order_by("-number").first()
    if newest is not None and newest.revision_id == locked.latest.pk:
        return newest
    version = next_version(locked, locked.latest, acting, description)
    record(
        acting, "version.publish", function, project_id=function.project_id, after={"version": version.number}
    )
    return version


def next_version(locked: Function, revision: Revision, acting: Principal, description: str) -> Version:
    """The next number for a revision; the caller holds the function's row and records the change."""
    version = Version.objects.create(
        function=locked,
        number=locked.next_version,
        revision=revision,
        description=plain_text(description),
        created_by_id=acting.user_id or revision.created_by_id,
    )
    locked.next_version += 1
    locked.save(update_fields=["next_version", "changed_at"])
    return version


@transaction.atomic
def delete_version(*, acting: Principal, function: Function, number: int) -> None:
    """Remove a published version; raises ResourceConflict while an alias points at it."""
    require(acting, Role.DEVELOPER, function.project_id)
    version = version_numbered(function, number)
    if (
        Alias.objects.filter(version=version).exists()
        or Alias.objects.filter(second_version=version).exists()
    ):
        raise ResourceConflict(f"Version {number} is used by an alias: point the alias elsewhere first.")
    if _has_trigger(function, str(number)):
        raise ResourceConflict(f"Version {number} is used by a trigger: remove the trigger first.")
    record(acting, "version.delete", function, project_id=function.project_id, before={"version": number})
    drop_policy(function, str(number))
    drop_event_config(function, str(number))
    drop_provision(function, str(number))
    version.deployments.update(version=None)
    version.delete()
    announce_change(function.pk)


@transaction.atomic
def create_alias(
    *,
    acting: Principal,
    function: Function,
    name: str,
    version: str,
    description: str = "",
    second: tuple[str, float] | None = None,
) -> Alias:
    """A name for a version (or $LATEST), perhaps with a second one and its weight."""
    require(acting, Role.DEVELOPER, function.project_id)
    alias = Alias(function=function, name=check_alias_name(name), description=plain_text(description))
    _point(alias, function, version, second)
    try:
        with transaction.atomic():
            alias.save(force_insert=True)
    except IntegrityError:
        raise ResourceConflict(f"Alias already exists: {function.arn}:{name}", field="name") from None
    record(acting, "alias.create", function, project_id=function.project_id, after=alias_picture(alias))
    announce_change(function.pk)
    return alias


@transaction.atomic
def update_alias(
    *,
    acting: Principal,
    alias: Alias,
    version: str | None = None,
    description: str | None = None,
    second: tuple[str, float] | None = None,
    keep_second: bool = True,
) -> Alias:
    """Point an alias elsewhere or change its split; what is left out stays. Moving to one version ends the
    split unless `keep_second`."""
    require(acting, Role.DEVELOPER, alias.function.project_id)
    # As it stands now: a deploy may have moved it since the caller read it.
    alias.refresh_from_db(from_queryset=Alias.objects.select_for_update())
    before = alias_picture(alias)
    if version is not None or second is not None or not keep_second:
        supersede(alias, f"{acting.name} pointed the alias elsewhere")
    if second is None and keep_second and alias.second_version is not None:
        second = (str(alias.second_version.number), alias.second_weight)
    if version is not None or second is not None or not keep_second:
        current = str(alias.version.number) if alias.version else "$LATEST"
        _point(alias, alias.function, version or current, second)
    if description is not None:
        alias.description = plain_text(description)
    alias.save()
    record(
        acting,
        "alias.update",
        alias.function,
        project_id=alias.function.project_id,
        before=before,
        after=alias_picture(alias),
    )
    announce_change(alias.function_id)
    return alias


@transaction.atomic
def delete_alias(*, acting: Principal, alias: Alias) -> None:
    """Remove an alias; raises ResourceConflict while a URL or schedule calls through it."""
    require(acting, Role.DEVELOPER, alias.function.project_id)
    if _has_trigger(alias.function, alias.name):
        raise ResourceConflict(f"Alias {alias.name} is used by a trigger: remove the trigger first.")
    record(
        acting,
        "alias.delete",
        alias.function,
        project_id=alias.function.project_id,
        before=alias_picture(alias),
    )
    drop_policy(alias.function, alias.name)
    drop_event_config(alias.function, alias.name)
    drop_provision(alias.function, alias.name)
    alias.delete()
    announce_change(alias.function_id)


@transaction.atomic
def roll_back(*, acting: Principal, function: Function, number: int) -> Alias:
    """Let `live` serve an earlier (or later) version, whole and at once."""
    version_numbered(function, number)
    alias = Alias.objects.filter(function=function, name=LIVE_ALIAS).first()
    if alias is None:
        return create_alias(acting=acting, function=function, name=LIVE_ALIAS, version=str(number))
    return update_alias(acting=acting, alias=alias, version=str(number), keep_second=False)


def version_numbered(function: Function, number: int) -> Version:
    """A published version with its revision; raises ResourceNotFound."""
    found = Version.objects.filter(function=function, number=number).select_related("revision").first()
    if found is None:
        raise ResourceNotFound(f"Function not found: {function.arn}:{number}")
    return found


def alias_picture(alias: Alias) -> dict[str, Any]:
    """An alias as the audit log shows it."""
    return {
        "alias": alias.name,
        "version": alias.version.number if alias.version else "$LATEST",
        "second_version": alias.second_version.number if alias.second_version else None,
        "second_weight": alias.second_weight,
    }


def _has_trigger(function: Function, qualifier: str) -> bool:
    bound = {"function": function, "qualifier": qualifier}
    return any(kind.objects.filter(**bound).exists() for kind in (FunctionUrl, Schedule, Webhook))


def _point(alias: Alias, function: Function, version: str, second: tuple[str, float] | None) -> None:
    alias.version = None if is_latest(version) else version_numbered(function, _number(version))
    alias.second_version, alias.second_weight = None, 0.0
    if second is None:
        return
    if alias.version is None or is_latest(second[0]):
        raise InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version")
    if not 0 <= second[1] <= 1:
        raise InvalidParameterValue("A weight is a number from 0 to 1.", field="weight")
    alias.second_version = version_numbered(function, _number(second[0]))
    if alias.second_version == alias.version:
        raise InvalidParameterValue("An alias splits between two different versions.", field="weight")
    alias.second_weight = second[1]


def _number(version: str) -> int:
    if not version.isdecimal():
        raise InvalidParameterValue(f"{version!r} is not a version number.", field="version")
    return int(version)


def _check_expected(revision: Revision, code_sha256: str, revision_id: str) -> None:
    digest = revision.artifact_id
    current = digest if revision.is_image else base64.b64encode(bytes.fromhex(digest)).decode()
    if code_sha256 and code_sha256 != current:
        raise InvalidParameterValue(
            f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST ({current}). Please try "
            "again with the CodeSHA256 in $LATEST."
        )
    if revision_id and revision_id != str(revision.pk):
        raise stale_revision()
