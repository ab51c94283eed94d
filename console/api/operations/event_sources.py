"""Event source mappings: queues whose messages call a function."""

from __future__ import annotations

from typing import Any

from console.api.call import Call
from functions.errors import InvalidParameterValue, Unsupported
from functions.models import EventSourceMapping
from functions.naming import parse_reference
from functions.queries.event_sources import function_arn, mapping_arn, mapping_with_id, mappings_of
from functions.queries.pages import keyset_page
from functions.services import event_sources as services

Output = dict[str, Any]
_REPORTS = "ReportBatchItemFailures"
_TAKEN = frozenset(
    {
        "UUID",
        "EventSourceArn",
        "FunctionName",
        "Enabled",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FilterCriteria",
        "ScalingConfig",
        "FunctionResponseTypes",
        "Tags",
    }
)


def create_event_source_mapping(call: Call) -> Output:
    """Call a function for a queue's messages."""
    if not call.get("EventSourceArn"):
        raise InvalidParameterValue("The event source arn is required.")
    mapping = services.create_mapping(
        acting=call.principal,
        function=call.function(),
        source_arn=call["EventSourceArn"],
        tags=call.get("Tags"),
        qualifier=call.reference().qualifier,
        **_values(call),
    )
    return _described(mapping, "Creating")


def get_event_source_mapping(call: Call) -> Output:
    """One."""
    return _described(_mapping(call))


def list_event_source_mappings(call: Call) -> Output:
    """All, or those of a queue or a function."""
    rows = mappings_of(call.project.pk, call.region)
    if call.get("EventSourceArn"):
        rows = rows.filter(source_arn=call["EventSourceArn"])
    if call.get("FunctionName"):
        named = parse_reference(call["FunctionName"])
        rows = rows.filter(function__name=named.name)
        rows = rows.filter(qualifier=named.qualifier) if named.qualifier else rows
    page = keyset_page(rows, order=["id"], marker=call.get("Marker", ""), size=call.page_size(100))
    return {
        "EventSourceMappings": [_described(mapping) for mapping in page.items],
        "NextMarker": page.next_marker or None,
    }


def update_event_source_mapping(call: Call) -> Output:
    """Change some of it."""
    mapping, values = _mapping(call), _values(call)
    if "FunctionName" in call.parameters:
        values |= {"function": call.function(), "qualifier": call.reference().qualifier}
    services.update_mapping(acting=call.principal, mapping=mapping, **values)
    return _described(mapping, "Updating")


def delete_event_source_mapping(call: Call) -> Output:
    """Call the function no more."""
    mapping = _mapping(call)
    services.delete_mapping(acting=call.principal, mapping=mapping)
    return _described(mapping, "Deleting")


def _mapping(call: Call) -> EventSourceMapping:
    return mapping_with_id(mappings_of(call.project.pk, call.region), call["UUID"])


def _values(call: Call) -> dict[str, Any]:
    """The fields that a call sets; raises Unsupported for settings of other kinds of sources."""
    for name, value in call.parameters.items():
        if name not in _TAKEN and value not in ({}, [], ""):
            raise Unsupported(f"{name} is not supported by Functory yet: leave it out.")
    plain = {
        "Enabled": "enabled",
        "BatchSize": "batch_size",
        "MaximumBatchingWindowInSeconds": "window_s",
    }
    values = {field: call[name] for name, field in plain.items() if name in call.parameters}
    if "FilterCriteria" in call.parameters:
        filters = call["FilterCriteria"].get("Filters", [])
        values["filters"] = [one["Pattern"] for one in filters if one.get("Pattern")]
    if "ScalingConfig" in call.parameters:
        values["most_at_once"] = call["ScalingConfig"].get("MaximumConcurrency")
    if "FunctionResponseTypes" in call.parameters:
        values["reports_failures"] = _REPORTS in call["FunctionResponseTypes"]
    return values


def _described(mapping: EventSourceMapping, state: str = "") -> Output:
    filters = [{"Pattern": pattern} for pattern in mapping.filters]
    most = mapping.most_at_once
    return {
        "UUID": str(mapping.pk),
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.window_s,
        "EventSourceArn": mapping.source_arn,
        "FunctionArn": function_arn(mapping),
        "LastModified": mapping.changed_at,
        "LastProcessingResult": mapping.result or None,
        "State": state or ("Enabled" if mapping.enabled else "Disabled"),
        "StateTransitionReason": "USER_INITIATED",
        "FunctionResponseTypes": [_REPORTS] if mapping.reports_failures else [],
        "FilterCriteria": {"Filters": filters} if filters else None,
        "ScalingConfig": {"MaximumConcurrency": most} if most else None,
        "EventSourceMappingArn": mapping_arn(mapping),
    }
