"""CreateFunction, GetFunction, ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from console.api import describe
from console.api.call import Call
from console.api.image_code import check_settings, code_of, image_location, rehearsed
from console.api.settings_map import check_unsupported, settings_from
from functions.errors import InvalidParameterValue, ResourceNotFound
from functions.installation import relay_key
from functions.models import Alias, Function, Revision, Version
from functions.naming import is_latest, parse_reference
from functions.queries.access import live_functions
from functions.queries.pages import keyset_page, marker_of, read_marker
from functions.queries.standing import Standing, standings
from functions.runtimes import IMAGE
from functions.services import deploys, versions
from functions.services import functions as function_services
from functions.services import layers as layer_services
from functions.tokens import make_ticket

Output = dict[str, Any]
_DOWNLOAD_S = 600


def create_function(call: Call) -> Output:
    """Make a function and its first revision; Active once a worker has unpacked it."""
    check_unsupported(call.parameters)
    name = parse_reference(call["FunctionName"]).name
    check_unsupported(call["Code"])
    is_image = call.get("PackageType") == "Image"
    check_settings(call.parameters, is_image=is_image)
    code = code_of(call, call["Code"], is_image=is_image)
    if not is_image and ("Runtime" not in call.parameters or "Handler" not in call.parameters):
        raise InvalidParameterValue(
            "Runtime and Handler are mandatory parameters for functions created with .zip."
        )
    chosen = settings_from(call.parameters) | _layers(call)
    if is_image:
        chosen |= {"runtime": IMAGE.identifier, "handler": ""}
    with transaction.atomic():
        function = function_services.create_draft(
            acting=call.principal,
            project=call.project,
            name=name,
            description=call.get("Description", ""),
            tags=call.get("Tags"),
            runtime_id=chosen["runtime"],
        )
        deploys.request_update(
            acting=call.principal,
            function=function,
            package=code.package,
            image=code.image,
            settings=chosen,
            publish=bool(call.get("Publish")),
        )
    return _current(function) | ({"Version": "1"} if call.get("Publish") else {})


def get_function(call: Call) -> Output:
    """Configuration, a link to the code, tags and reserved concurrency."""
    reference = call.reference()
    function = call.function_by(reference)
    shown, revision = _found(function, reference.qualifier)
    zipped = {"RepositoryType": "S3", "Location": _download_link(function, revision)}
    answer: Output = {
        "Configuration": shown,
        "Code": image_location(revision) if revision.is_image else zipped,
        "Tags": function.tags or None,
    }
    if function.reserved_concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return answer


def get_function_configuration(call: Call) -> Output:
    """Configuration of $LATEST, a version or an alias."""
    reference = call.reference()
    return configuration_of(call.function_by(reference), reference.qualifier)


def list_functions(call: Call) -> Output:
    """Pages of functions by name; with FunctionVersion=ALL their versions too, each an item of its own."""
    rows = live_functions(call.project.pk).filter(region=call.region)
    rows = rows.exclude(latest=None, deployments=None).select_related("project")
    if call.get("FunctionVersion") == "ALL":
        return _list_versions(call, rows.distinct())
    page = keyset_page(
        rows.distinct(), order=["name", "id"], marker=call.get("Marker", ""), size=call.page_size()
    )
    return {"Functions": _standing(page.items), "NextMarker": page.next_marker or None}


def _standing(functions: Sequence[Function]) -> list[Output]:
    found = standings(functions)
    return [describe.standing_configuration(function, found[function.pk]) for function in functions]


def _list_versions(call: Call, functions: QuerySet[Function]) -> Output:
    """By name, $LATEST (0 in the marker) before the numbers."""
    size, marker = call.page_size(), call.get("Marker", "")
    name, number = read_marker(marker, 2) if marker else ("", -1)
    if not isinstance(name, str) or not isinstance(number, int):
        raise InvalidParameterValue("The page marker is not valid.")
    latest = list(functions.filter(name__gt=name).order_by("name")[: size + 1])
    numbered = Version.objects.filter(
        function__project=call.project, function__region=call.region, function__deleted_at=None
    )
    # Bounded on both sides, so that the index on names is all that is read.
    numbered = numbered.filter(function__name__gte=name)
    if len(latest) > size:
        numbered = numbered.filter(function__name__lte=latest[-1].name)
    numbered = numbered.filter(Q(function__name__gt=name) | Q(function__name=name, number__gt=number))
    rows = numbered.select_related("function__project", "revision__artifact")
    found: list[tuple[str, int, Function | Version]] = [(row.name, 0, row) for row in latest]
    found += [
        (row.function.name, row.number, row) for row in rows.order_by("function__name", "number")[: size + 1]
    ]
    found.sort(key=lambda item: item[:2])
    items = found[:size]
    shown = iter(_standing([row for _, _, row in items if isinstance(row, Function)]))
    return {
        "Functions": [
            describe.published(row.function, row) if isinstance(row, Version) else next(shown)
            for _, _, row in items
        ],
        "NextMarker": marker_of(items[-1][:2]) if len(found) > size else None,
    }


def update_function_code(call: Call) -> Output:
    """New code for $LATEST; DryRun checks it only."""
    function = call.function()
    check_unsupported(call.parameters)
    code = code_of(call, call.parameters, is_image=standing_of(function).revision.is_image)
    asked = {
        "acting": call.principal,
        "function": function,
        "package": code.package,
        "image": code.image,
        "revision_id": call.get("RevisionId", ""),
    }
    if call.get("DryRun"):
        return _current(function) | rehearsed(deploys.rehearse_update(**asked), code)
    publish = bool(call.get("Publish"))
    deploys.request_update(**asked, publish=publish)
    return _current(function) | (_next_version(function) if publish else {})


def update_function_configuration(call: Call) -> Output:
    """New settings for $LATEST; what is left out stays."""
    function = call.function()
    check_unsupported(call.parameters)
    check_settings(call.parameters, is_image=standing_of(function).revision.is_image)
    latest = function.latest
    chosen = settings_from(call.parameters, latest.aws_settings if latest else {})
    deploys.request_update(
        acting=call.principal,
        function=function,
        settings=chosen | _layers(call, latest.layers if latest else ()),
        revision_id=call.get("RevisionId", ""),
    )
    return _current(function)


def delete_function(call: Call) -> Output:
    """The function, or one version when a number is given."""
    reference = call.reference()
    function = call.function_by(reference)
    if not reference.qualifier:
        function_services.delete_function(acting=call.principal, function=function)
    elif reference.qualifier.isdecimal():
        versions.delete_version(acting=call.principal, function=function, number=int(reference.qualifier))
    else:
        raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
    return {"StatusCode": 204}


def standing_of(function: Function) -> Standing:
    """How a function stands now; raises ResourceNotFound for one that was never deployed."""
    found = standings([function]).get(function.pk)
    if found is None:
        raise ResourceNotFound(f"Function not found: {function.arn}")
    return found


def _current(function: Function) -> Output:
    return describe.standing_configuration(function, standing_of(function))


def configuration_of(function: Function, qualifier: str) -> Output:
    """FunctionConfiguration of $LATEST, a version or an alias; raises ResourceNotFound."""
    return _found(function, qualifier)[0]


def _found(function: Function, qualifier: str) -> tuple[Output, Revision]:
    arn = f"{function.arn}:{qualifier}" if qualifier else ""
    version = None if is_latest(qualifier) else _version(function, qualifier)
    if version is not None:
        return describe.published(function, version, arn=arn), version.revision
    standing = standing_of(function)
    shown = describe.standing_configuration(function, standing)
    return shown | ({"FunctionArn": arn} if arn else {}), standing.revision


def _version(function: Function, qualifier: str) -> Version | None:
    """The version of a number or an alias; None for an alias of $LATEST."""
    if qualifier.isdecimal():
        return versions.version_numbered(function, int(qualifier))
    rows = Alias.objects.filter(function=function, name=qualifier)
    alias = rows.select_related("version__revision__artifact").first()
    if alias is None:
        raise ResourceNotFound(f"Function not found: {function.arn}:{qualifier}")
    return alias.version


def _next_version(function: Function) -> Output:
    """The number that an update under way will publish: it is the only one that may."""
    number = Function.objects.values_list("next_version", flat=True).get(pk=function.pk)
    return {"Version": str(number), "FunctionArn": f"{function.arn}:{number}"}


def _layers(call: Call, current: Sequence[str] = ()) -> Output:
    """The layers that are asked for, if any are, as a setting."""
    if "Layers" not in call.parameters:
        return {}
    arns = layer_services.check_layers(acting=call.principal, arns=call["Layers"], current=current)
    return {"layers": arns}


def _download_link(function: Function, revision: Revision) -> str:
    claims = {"code": str(revision.pk), "function": str(function.pk)}
    return f"{settings.FUNCTORY.console_public_url}/code/{make_ticket(relay_key(), claims, _DOWNLOAD_S)}"
