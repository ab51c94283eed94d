"""Layers: published, shared with other accounts, deleted, and checked before a function uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from functions.errors import (
    AccessDenied,
    InvalidParameterValue,
    PreconditionFailed,
)
from functions.ids import new_id
from functions.installation import region_of
from functions.limits import UNPACKED
from functions.models import Artifact, Draft, LayerVersion, Project, Revision
from functions.naming import plain_text
from functions.policies import (
    GET_LAYER,
    allows,
    names_of,
    read_statement,
    with_statement,
    without_statement,
)
from functions.queries.layers import layer_versions, packed
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

_NAME = re.compile(r"[a-zA-Z0-9-_]{1,140}")
MOST_LAYERS = 5  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@transaction.atomic
def publish_layer_version(
    *,
    acting: Principal,
    project: Project,
    name: str,
    artifact: Artifact,
    description: str = "",
    license_info: str = "",
    runtimes: Sequence[str] = (),
    architectures: Sequence[str] = (),
) -> LayerVersion:
    """The next version of a layer, from a package that was taken in (deploys.take_in)."""
    require(acting, Role.DEVELOPER, project.pk)
    Project.objects.select_for_update().get(pk=project.pk)  # numbers are given one after the other
    same = LayerVersion.objects.filter(project=project, region=region_of(acting), name=name)
    number = (same.aggregate(highest=Max("number"))["highest"] or 0) + 1
    version = LayerVersion.objects.create(
        project=project,
        region=region_of(acting),
        name=name,
        number=number,
        artifact=artifact,
        description=plain_text(description),
        license_info=plain_text(license_info, 512),
        runtimes=packed(runtimes),
        architectures=packed(architectures),
        created_by_id=acting.user_id,
    )
    record(acting, "layer.publish", version, project_id=project.pk)
    return version


@transaction.atomic
def delete_layer_version(*, acting: Principal, version: LayerVersion) -> None:
    """No function can take it from now on; those that have it keep it."""
    require(acting, Role.DEVELOPER, version.project_id)
    version.deleted_at = timezone.now()
    version.save(update_fields=["deleted_at"])
    record(acting, "layer.delete", version, project_id=version.project_id)


@transaction.atomic
def add_layer_permission(
    *, acting: Principal, version: LayerVersion, statement: Mapping[str, Any], revision_id: str = ""
) -> LayerVersion:
    """Let another account use the version; raises ResourceConflict for a Sid in use, PreconditionFailed and
    PolicyLengthExceeded."""
    require(acting, Role.DEVELOPER, version.project_id)
    held = _held(version, revision_id)
    held.statements = with_statement(held.statements, statement)
    _save_policy(held, acting, "layer.share", after=dict(statement))
    return held


@transaction.atomic
def remove_layer_permission(
    *, acting: Principal, version: LayerVersion, sid: str, revision_id: str = ""
) -> None:
    """Take a statement off; functions that use the version keep it."""
    require(acting, Role.DEVELOPER, version.project_id)
    held = _held(version, revision_id)
    held.statements = without_statement(held.statements, sid)
    _save_policy(held, acting, "layer.unshare", before={"Sid": sid})


def may_use(acting: Principal, version: LayerVersion) -> None:
    """Raises AccessDenied for a layer of another account that is not shared with the caller."""
    if acting.project_id == str(version.project_id):
        return
    statements = [read_statement(statement) for statement in version.statements]
    if not allows(statements, names_of(acting, same_account=False), GET_LAYER, {}):
        raise AccessDenied(
            f"User: {acting.arn} is not authorized to perform: {GET_LAYER} on resource: {version.arn} because no "
            f"resource-based policy allows the {GET_LAYER} action"
        )


def check_layer_name(text: str) -> str:
    """The name itself if a layer may have it; raises InvalidParameterValue with field `name`."""
    if not _NAME.fullmatch(text):
        raise InvalidParameterValue(
            "A name has 1 to 140 letters, digits, hyphens and underscores.", field="name"
        )
    return text


def check_layers(*, acting: Principal, arns: Sequence[str], current: Sequence[str] = ()) -> list[str]:
    """The ARNs themselves, if a function may have these layers; `current` ones it keeps, whatever became of them.
    Raises InvalidParameterValue or AccessDenied."""
    if len(arns) > MOST_LAYERS:
        raise InvalidParameterValue(f"Cannot reference more than {MOST_LAYERS} layers.", field="layers")
    layers = [arn.rpartition(":")[0] for arn in arns]
    for place, layer in enumerate(layers):
        if layer in layers[:place]:
            raise InvalidParameterValue(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{arns[layers.index(layer)]} and {arns[place]} are versions of the same layer.",
                field="layers",
            )
    found = layer_versions(arns)
    for arn in arns:
        version = found.get(arn)
        if arn in current and version is not None:
            continue
        if version is None or version.deleted_at is not None:
            raise InvalidParameterValue(f"Layer version {arn} does not exist.", field="layers")
        may_use(acting, version)
    return list(arns)


def check_size(arns: Sequence[str], code: int) -> None:
    """Raises InvalidParameterValue when code and layers have more than 250 MB together; `code` is unpacked bytes."""
    size = code + sum(version.artifact.unpacked_size for version in layer_versions(arns).values())
    if arns and size > UNPACKED:
        raise InvalidParameterValue(
            "Function code combined with layers exceeds the maximum allowed size of "
            f"{UNPACKED} bytes. The actual size is {size} bytes."
        )


def forget_layers() -> int:
    """Remove deleted versions that nothing uses any more; returns how many."""
    used: set[str] = set()
    for model in (Revision, Draft):
        for arns in model.objects.exclude(layers=[]).values_list("layers", flat=True).iterator():
            used |= set(arns)
    gone = 0
    for version in LayerVersion.objects.exclude(deleted_at=None).select_related("project"):
        newer = LayerVersion.objects.filter(
            project=version.project, region=version.region, name=version.name, number__gt=version.number
        )
        # The highest stays, so that its number is not given again.
        if version.arn not in used and newer.exists():
            version.delete()
            gone += 1
    return gone


def _held(version: LayerVersion, revision_id: str) -> LayerVersion:
    held = LayerVersion.objects.select_for_update(of=("self",)).select_related("project").get(pk=version.pk)
    if revision_id and revision_id != str(held.policy_revision):
        raise PreconditionFailed(
            "The Revision Id provided does not match the latest Revision Id. Call the GetLayerVersionPolicy API to "
            "retrieve the latest Revision Id"
        )
    return held


def _save_policy(held: LayerVersion, acting: Principal, action: str, **pictures: Mapping[str, Any]) -> None:
    held.policy_revision = new_id()
    held.save(update_fields=["statements", "policy_revision"])
    record(acting, action, held, project_id=held.project_id, name=str(held), **pictures)
