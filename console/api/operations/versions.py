"""Published versions and aliases."""

from __future__ import annotations

from typing import Any

from console.api import describe
from console.api.call import Call
from console.api.operations.functions import standing_of
from functions.errors import ResourceNotFound, stale_revision, still_pending, update_in_progress
from functions.models import Alias, Function, Version
from functions.queries.pages import keyset_page
from functions.services import versions as services

Output = dict[str, Any]


def publish_version(call: Call) -> Output:
    """Give $LATEST a number."""
    function = call.function()
    if (standing := standing_of(function)).under_way:
        raise update_in_progress(function.arn) if standing.has_code_running else still_pending()
    version = services.publish_version(
        acting=call.principal,
        function=function,
        description=call.get("Description", ""),
        code_sha256=call.get("CodeSha256", ""),
        revision_id=call.get("RevisionId", ""),
    )
    return describe.published(function, services.version_numbered(function, version.number))


def list_versions_by_function(call: Call) -> Output:
    """$LATEST first, then the numbers from 1 on."""
    function = call.function()
    rows = Version.objects.filter(function=function).select_related("revision__artifact")
    page = keyset_page(rows, order=["number"], marker=call.get("Marker", ""), size=call.page_size())
    shown = [describe.published(function, version) for version in page.items]
    if not call.get("Marker"):
        latest = describe.standing_configuration(function, standing_of(function))
        shown.insert(0, latest | {"FunctionArn": f"{function.arn}:$LATEST"})
    return {"Versions": shown, "NextMarker": page.next_marker or None}


def create_alias(call: Call) -> Output:
    """A name for a version."""
    function = call.function()
    alias = services.create_alias(
        acting=call.principal,
        function=function,
        name=call["Name"],
        version=call["FunctionVersion"],
        description=call.get("Description", ""),
        second=_second(call),
    )
    return describe.alias(function, alias)


def get_alias(call: Call) -> Output:
    """One alias."""
    function = call.function()
    return describe.alias(function, _alias(function, call["Name"]))


def list_aliases(call: Call) -> Output:
    """Aliases by name, perhaps only those of one version."""
    function = call.function()
    rows = Alias.objects.filter(function=function).select_related("version", "second_version")
    if wanted := call.get("FunctionVersion"):
        rows = rows.filter(version__number=int(wanted)) if wanted.isdecimal() else rows.filter(version=None)
    page = keyset_page(rows, order=["name", "id"], marker=call.get("Marker", ""), size=call.page_size())
    return {
        "Aliases": [describe.alias(function, row) for row in page.items],
        "NextMarker": page.next_marker or None,
    }


def update_alias(call: Call) -> Output:
    """Point an alias elsewhere or change its split."""
    function = call.function()
    alias = _alias(function, call["Name"])
    expected = call.get("RevisionId", "")
    if expected and expected != describe.alias(function, alias)["RevisionId"]:
        raise stale_revision()
    changed = services.update_alias(
        acting=call.principal,
        alias=alias,
        version=call.get("FunctionVersion"),
        description=call.get("Description"),
        second=_second(call),
        keep_second="RoutingConfig" not in call.parameters,
    )
    return describe.alias(function, changed)


def delete_alias(call: Call) -> Output:
    """Remove an alias; one that is not there is no error, as in AWS."""
    function = call.function()
    found = Alias.objects.filter(function=function, name=call["Name"]).select_related("function").first()
    if found is not None:
        services.delete_alias(acting=call.principal, alias=found)
    return {}


def _alias(function: Function, name: str) -> Alias:
    rows = Alias.objects.filter(function=function, name=name)
    found = rows.select_related("function", "version", "second_version").first()
    if found is None:
        raise ResourceNotFound(f"Cannot find alias arn: {function.arn}:{name}")
    return found


def _second(call: Call) -> tuple[str, float] | None:
    weights = call.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return next(iter(weights.items())) if weights else None
