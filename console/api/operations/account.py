"""Tags, reserved concurrency, the account's settings, and settings that have one fixed answer here."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from console.api.call import Call
from functions.errors import InvalidParameterValue, ResourceNotFound
from functions.limits import UNPACKED, ZIP
from functions.models import Artifact, EventSourceMapping, Function
from functions.naming import parse_reference
from functions.queries.access import live_functions
from functions.queries.event_sources import mapping_with_id, mappings_of
from functions.services import functions as services
from functions.services.event_sources import set_mapping_tags

Output = dict[str, Any]
_MAPPING = ":event-source-mapping:"
_UNQUALIFIED = (
    "Aliases and versions do not support this operation. Please specify either a function name or an unqualified "
    "function ARN."
)
_TOTAL_CODE = 75 * 1024**3  # AWS's default quota for functions and layers


def list_tags(call: Call) -> Output:
    """The tags of a function or an event source mapping."""
    return {"Tags": _tagged(call).tags}


def tag_resource(call: Call) -> Output:
    """Add or change tags."""
    tagged = _tagged(call)
    _set_tags(call, tagged, {**tagged.tags, **call["Tags"]})
    return {}


def untag_resource(call: Call) -> Output:
    """Remove tags; missing ones are no error."""
    tagged = _tagged(call)
    _set_tags(
        call, tagged, {name: value for name, value in tagged.tags.items() if name not in call["TagKeys"]}
    )
    return {}


def put_function_concurrency(call: Call) -> Output:
    """Reserve concurrency."""
    if call.reference().qualifier:
        raise InvalidParameterValue(f"This operation is permitted on Lambda functions only. {_UNQUALIFIED}")
    limit = call["ReservedConcurrentExecutions"]
    services.set_reserved_concurrency(acting=call.principal, function=call.function(), limit=limit)
    return {"ReservedConcurrentExecutions": limit}


def get_function_concurrency(call: Call) -> Output:
    """Reserved concurrency, if any."""
    return {"ReservedConcurrentExecutions": call.function().reserved_concurrency}


def delete_function_concurrency(call: Call) -> Output:
    """Lift the reservation."""
    services.set_reserved_concurrency(acting=call.principal, function=call.function(), limit=None)
    return {}


def get_account_settings(call: Call) -> Output:
    """Limits and usage."""
    functions = live_functions(call.project.pk)
    limit = call.project.concurrency_limit
    reserved = functions.aggregate(total=Sum("reserved_concurrency"))["total"] or 0
    code = Artifact.objects.filter(revisions__function__project=call.project).distinct()
    return {
        "AccountLimit": {
            "TotalCodeSize": _TOTAL_CODE,
            "CodeSizeUnzipped": UNPACKED,
            "CodeSizeZipped": ZIP,
            "ConcurrentExecutions": limit,
            "UnreservedConcurrentExecutions": limit - reserved,
        },
        "AccountUsage": {
            "TotalCodeSize": sum(code.values_list("size", flat=True)),
            "FunctionCount": functions.exclude(latest=None).count(),
        },
    }


def get_function_code_signing_config(call: Call) -> Output:
    """No function has one."""
    call.function()
    return {}


def _tagged(call: Call) -> Function | EventSourceMapping:
    named = call["Resource"]
    if not named.startswith("arn:"):
        raise InvalidParameterValue(f"{named[:200]} is not an ARN.")
    if _MAPPING in named:
        mappings = mappings_of(call.project.pk, call.region)
        return mapping_with_id(mappings, named.partition(_MAPPING)[2])
    reference = parse_reference(named)
    if (reference.account, reference.region) != (call.project.account, call.region):
        raise ResourceNotFound(f"Function not found: {named}")
    if reference.qualifier:
        raise InvalidParameterValue(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    return call.function_by(reference)


def _set_tags(call: Call, tagged: Function | EventSourceMapping, tags: dict[str, str]) -> None:
    if isinstance(tagged, Function):
        services.set_tags(acting=call.principal, function=tagged, tags=tags)
    else:
        set_mapping_tags(acting=call.principal, mapping=tagged, tags=tags)
