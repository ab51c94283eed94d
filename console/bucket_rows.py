"""A bucket as people browse it: folders and files below a prefix, the way back up, and who is told of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.models import Bucket
from functions.naming import parse_reference
from functions.object_notifications import rules_of
from functions.queries.access import live_functions
from functions.queries.objects import Listed

DELIMITER = "/"


@dataclass(frozen=True, slots=True)
class Crumb:
    """A folder on the way to the one that is shown."""

    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Told:
    """A function that is told of changes, and of which; `is_there` unless it was deleted."""

    function: str
    events: str
    filters: str
    is_there: bool


def crumbs(prefix: str) -> list[Crumb]:
    """The folders of a prefix, the outermost first; what stands behind the last delimiter is no folder."""
    parts = prefix.split(DELIMITER)[:-1]
    return [
        Crumb(part or DELIMITER, DELIMITER.join([*parts[:at], part, ""])) for at, part in enumerate(parts)
    ]


def rows_of(page: Listed, prefix: str) -> dict[str, Any]:
    """Folders as (name, prefix) and files as (name, object) of a page below a prefix."""
    start = len(prefix.rpartition(DELIMITER)[0]) + 1 if DELIMITER in prefix else 0
    return {
        "folders": [(one[start:], one) for one in page.prefixes],
        "files": [(row.name[start:] or row.name, row) for row in page.objects],
        "next_marker": page.last.hex() if page.more else "",
    }


def name_of(key: str) -> str:
    """What stands behind the last delimiter of a key, or all of it."""
    return key.rpartition(DELIMITER)[2] or key


def told_of(bucket: Bucket) -> list[Told]:
    """Who is told of what changes in it."""
    found = bucket.notifications.get("LambdaFunctionConfigurations", [])
    names = [parse_reference(one["LambdaFunctionArn"]).name for one in found]
    rows = live_functions(bucket.project_id).filter(region=bucket.region, name__in=names)
    there = set(rows.values_list("name", flat=True))
    return [
        Told(
            name,
            ", ".join(event.removeprefix("s3:") for event in one["Events"]),
            ", ".join(f"{rule} {value}" for rule, value in rules_of(one)),
            name in there,
        )
        for name, one in zip(names, found, strict=True)
    ]
