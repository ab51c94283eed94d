"""What IAM's lists and tags look like: markers, IsTruncated, tags as pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from console.api.call import Call
from functions.errors import InvalidParameterValue
from functions.naming import check_tags
from functions.queries.pages import keyset_page

Row = TypeVar("Row", bound=Model)
_PAGE = 100  # what IAM gives when nobody says MaxItems


def page_of(call: Call, rows: QuerySet[Row], order: str) -> tuple[list[Row], dict[str, Any]]:
    """A page of rows, and the members that say whether there are more; raises InvalidParameterValue."""
    size = int(call.get("MaxItems", _PAGE))
    page = keyset_page(rows, order=[order, "id"], marker=call.get("Marker", ""), size=size)
    more = {"IsTruncated": bool(page.next_marker), "Marker": page.next_marker or None}
    return page.items, more


def slice_of(call: Call, found: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Any]]:
    """The same of a short list that is no query; its marker is a position."""
    marker, size = call.get("Marker", "0"), int(call.get("MaxItems", _PAGE))
    if not marker.isdecimal():
        raise InvalidParameterValue("The page marker is not valid.")
    start = int(marker)
    ended = start + size >= len(found)
    return found[start : start + size], {
        "IsTruncated": not ended,
        "Marker": None if ended else str(start + size),
    }


def tags_of(call: Call) -> dict[str, str]:
    """The tags of a request; raises InvalidParameterValue beyond AWS's limits."""
    return check_tags({tag["Key"]: tag["Value"] for tag in call.get("Tags", [])})


def tags_shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As IAM lists them."""
    return [{"Key": name, "Value": value} for name, value in tags.items()]
