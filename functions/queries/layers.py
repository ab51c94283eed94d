"""Layer versions: by ARN, by name, and the newest of each name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from functions.errors import InvalidParameterValue
from functions.installation import store
from functions.models import Draft, Function, LayerVersion, Revision

MOST_SHOWN = 200
_REFERENCE = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,140})(?::(?P<number>\d{1,9}))?"
)


@dataclass(frozen=True, slots=True)
class LayerReference:
    """What a caller named: region and account are "" where it gave a name alone, number is 0 without one."""

    name: str
    region: str = ""
    account: str = ""
    number: int = 0


def parse_layer(text: str) -> LayerReference:
    """A layer's name or ARN, or a version's ARN; raises InvalidParameterValue."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise InvalidParameterValue(f"Invalid layer name or ARN: {text[:200]}")
    return LayerReference(
        found["name"], found["region"] or "", found["account"] or "", int(found["number"] or 0)
    )


def layer_versions(arns: Sequence[str]) -> dict[str, LayerVersion]:
    """Those that there are, the deleted among them, by ARN."""
    if not arns:
        return {}
    wanted = Q()
    for reference in map(parse_layer, arns):
        wanted |= Q(
            project__account=reference.account,
            region=reference.region,
            name=reference.name,
            number=reference.number,
        )
    rows = LayerVersion.objects.filter(wanted).select_related("project", "artifact")
    return {row.arn: row for row in rows}


def artifacts_of(arns: Sequence[str]) -> list[str]:
    """The packages of layers, in the layers' order; one that is gone for good is left out."""
    found = layer_versions(arns)
    return [found[arn].artifact_id for arn in arns if arn in found]


def live_versions(
    project_id: UUID, *, region: str, runtime: str = "", architecture: str = ""
) -> QuerySet[LayerVersion]:
    """Versions that are not deleted, perhaps only those that say they fit."""
    rows = LayerVersion.objects.filter(project_id=project_id, region=region, deleted_at=None)
    if runtime:
        rows = rows.filter(runtimes__contains=f",{runtime},")
    if architecture:
        rows = rows.filter(architectures__contains=f",{architecture},")
    return rows.select_related("project", "artifact")


def newest(rows: QuerySet[LayerVersion]) -> QuerySet[LayerVersion]:
    """Of each name the highest number among these."""
    same = rows.filter(name=OuterRef("name")).order_by("-number").values("id")[:1]
    return rows.filter(id=Subquery(same))


def words(text: str) -> list[str]:
    """`,a,b,` as a list."""
    return [word for word in text.split(",") if word]


def packed(values: Iterable[str]) -> str:
    """A list as `,a,b,`; "" for none."""
    joined = ",".join(values)
    return f",{joined}," if joined else ""


def joined_layers() -> set[Path]:
    """Where the layers of every revision and draft lie joined, or would."""
    combinations = {
        tuple(arns)
        for model in (Revision, Draft)
        for arns in model.objects.exclude(layers=[]).values_list("layers", flat=True).iterator()
    }
    found = (artifacts_of(arns) for arns in combinations)
    return {store().layers(packages) for packages in found if packages}


@dataclass(frozen=True, slots=True)
class LayerLine:
    """A version on a page, and the functions that have it in $LATEST, by name."""

    version: LayerVersion
    functions: tuple[str, ...]


def layer_list(project_id: UUID, *, region: str) -> list[LayerLine]:
    """The newest version of each of a project's layers, by name; `functions` have any version of it."""
    used = _used_by(project_id)
    lines = []
    for version in newest(live_versions(project_id, region=region)).order_by("name")[:MOST_SHOWN]:
        prefix = f"{version.layer_arn}:"
        names = {name for arn, names in used.items() if arn.startswith(prefix) for name in names}
        lines.append(LayerLine(version, tuple(sorted(names))))
    return lines


def versions_of(project_id: UUID, *, region: str, name: str) -> list[LayerLine]:
    """The versions of one layer that are not deleted, newest first."""
    used = _used_by(project_id)
    rows = (
        live_versions(project_id, region=region)
        .filter(name=name)
        .select_related("project", "artifact", "created_by")
    )
    return [
        LayerLine(row, tuple(sorted(used.get(row.arn, ())))) for row in rows.order_by("-number")[:MOST_SHOWN]
    ]


def _used_by(project_id: UUID) -> dict[str, list[str]]:
    """Names of live functions by the ARN of a layer version that they run with."""
    rows = Function.objects.filter(project_id=project_id, deleted_at=None).exclude(latest=None)
    found: dict[str, list[str]] = {}
    for name, arns in rows.exclude(latest__layers=[]).values_list("name", "latest__layers"):
        for arn in arns:
            found.setdefault(arn, []).append(name)
    return found
