"""EventBridge: events put, rules and their targets. Each project has one bus, `default`."""

from __future__ import annotations

import json
from typing import Any

from console.api.call import Call
from console.api.operations.log_groups import make_token, read_token
from functions.errors import FunctoryError, NotImplementedHere, Validation
from functions.event_patterns import read_event_pattern
from functions.models import EventRule, EventTarget
from functions.queries.event_rules import rule_named
from functions.services import event_rules as services
from functions.services.event_bus import is_default_bus, put_events

Output = dict[str, Any]
_PAGE = 100


def put_events_on_bus(call: Call) -> Output:
    """PutEvents: each entry is told whether it was taken."""
    call.refuse_given("EndpointId")
    entries = call["Entries"]
    found = put_events(acting=call.principal, project=call.project, entries=entries, trace=call.trace)
    shown = [
        {
            "EventId": one.event_id or None,
            "ErrorCode": one.error_code or None,
            "ErrorMessage": one.error_message or None,
        }
        for one in found
    ]
    return {"FailedEntryCount": sum(bool(one.error_code) for one in found), "Entries": shown}


def put_rule(call: Call) -> Output:
    """A rule by pattern, by expression, or by both; in place of the one of its name."""
    _check_bus(call)
    state = call.get("State", "ENABLED")
    if state not in {"ENABLED", "DISABLED"}:
        raise NotImplementedHere(f"State {state} is not implemented by Functory.")
    rule = services.put_rule(
        acting=call.principal,
        project=call.project,
        name=call["Name"],
        pattern=call.get("EventPattern", ""),
        expression=call.get("ScheduleExpression", ""),
        enabled=state == "ENABLED",
        description=call.get("Description", ""),
        tags={tag["Key"]: tag["Value"] for tag in call.get("Tags", [])},
    )
    return {"RuleArn": rule.arn}


def describe_rule(call: Call) -> Output:
    """A rule by name."""
    rule = _rule(call, "Name")
    return _shown(rule) | {"CreatedBy": call.project.account}


def list_rules(call: Call) -> Output:
    """Rules by name."""
    _check_bus(call)
    rows = EventRule.objects.filter(project=call.project, region=call.region)
    rows = rows.filter(name__startswith=call.get("NamePrefix", ""))
    names = sorted(rows.values_list("name", flat=True))
    page, token = _page(call, names)
    found = {rule.name: rule for rule in rows.filter(name__in=page).select_related("project")}
    return {"Rules": [_shown(found[name]) for name in page if name in found], "NextToken": token}


def delete_rule(call: Call) -> Output:
    """A rule without targets; one that is not there is no error, as in AWS."""
    _check_bus(call)
    try:
        rule = _rule(call, "Name")
    except FunctoryError:
        return {}
    services.delete_rule(acting=call.principal, rule=rule)
    return {}


def enable_rule(call: Call) -> Output:
    """It tells its targets again."""
    services.set_enabled(acting=call.principal, rule=_rule(call, "Name"), enabled=True)
    return {}


def disable_rule(call: Call) -> Output:
    """It tells nobody for now."""
    services.set_enabled(acting=call.principal, rule=_rule(call, "Name"), enabled=False)
    return {}


def put_targets(call: Call) -> Output:
    """Functions that the rule tells; each is told whether it was taken."""
    failed = services.put_targets(acting=call.principal, rule=_rule(call, "Rule"), targets=call["Targets"])
    shown = [
        {"TargetId": target_id, "ErrorCode": error.code, "ErrorMessage": error.message}
        for target_id, error in failed
    ]
    return {"FailedEntryCount": len(shown), "FailedEntries": shown}


def remove_targets(call: Call) -> Output:
    """Take targets off."""
    missing = services.remove_targets(acting=call.principal, rule=_rule(call, "Rule"), ids=call["Ids"])
    shown = [
        {
            "TargetId": target_id,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule {call['Rule']} does not have a target with id {target_id}.",
        }
        for target_id in missing
    ]
    return {"FailedEntryCount": len(shown), "FailedEntries": shown}


def list_targets_by_rule(call: Call) -> Output:
    """Whom a rule tells."""
    targets = list(_rule(call, "Rule").targets.order_by("target_id"))
    page, token = _page(call, targets)
    return {"Targets": [_target_shown(target) for target in page], "NextToken": token}


def list_rule_names_by_target(call: Call) -> Output:
    """The rules that tell a function."""
    _check_bus(call)
    rows = EventTarget.objects.filter(
        rule__project=call.project, rule__region=call.region, arn=call["TargetArn"]
    )
    page, token = _page(call, sorted(set(rows.values_list("rule__name", flat=True))))
    return {"RuleNames": page, "NextToken": token}


def try_event_pattern(call: Call) -> Output:
    """Whether an event is meant by a pattern."""
    meant = read_event_pattern(call["EventPattern"])
    try:
        event = json.loads(call["Event"])
    except (ValueError, RecursionError):
        raise Validation("Parameter Event is not valid. Reason: it is not valid JSON") from None
    return {"Result": meant(event)}


def _rule(call: Call, member: str) -> EventRule:
    _check_bus(call)
    return rule_named(call.project, call.region, call[member])


def _check_bus(call: Call) -> None:
    if not is_default_bus(call.get("EventBusName", "")):
        raise NotImplementedHere("Functory has one event bus for each project: default.")


def _page(call: Call, found: list[Any]) -> tuple[list[Any], str | None]:
    text = read_token(call.get("NextToken", ""))
    if text and not text.isdecimal():
        raise Validation("The specified NextToken is invalid.")
    first = int(text or 0)
    last = first + call.get("Limit", _PAGE)
    return found[first:last], make_token(str(last)) if last < len(found) else None


def _shown(rule: EventRule) -> Output:
    return {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.pattern or None,
        "ScheduleExpression": rule.expression or None,
        "State": "ENABLED" if rule.enabled else "DISABLED",
        "Description": rule.description or None,
        "EventBusName": "default",
    }


def _target_shown(target: EventTarget) -> Output:
    return {"Id": target.target_id, "Arn": target.arn, **target.settings}
