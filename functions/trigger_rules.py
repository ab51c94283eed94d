"""What a trigger may be: the wizard's choice, schedules, CORS, who may call. Pure but for the clock.
Raises InvalidParameterValue with the field that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from functions.errors import InvalidParameterValue
from functions.expressions import Rate, next_firings, parse_expression, zone_of
from functions.limits import EVENT_PAYLOAD
from functions.naming import check_title
from functions.states import InvokeMode, UrlAuth

NO_TRIGGER = "none"
URL_TRIGGER = "function_url"
SCHEDULE_TRIGGER = "schedule"
_CORS_MEMBERS = frozenset(
    {"AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge"}
)


def check_choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    """The wizard's trigger choice with what belongs to its kind; raises InvalidParameterValue."""
    kind = choice.get("kind", NO_TRIGGER)
    if kind == URL_TRIGGER:
        return {"kind": kind, "auth": check_auth(choice.get("auth", UrlAuth.NONE))}
    if kind == SCHEDULE_TRIGGER:
        check_schedule(choice.get("expression", ""), choice.get("timezone", "UTC"), choice.get("payload", ""))
        names = ("expression", "timezone", "payload")
        return {"kind": kind, **{name: choice[name] for name in names if name in choice}}
    if kind == NO_TRIGGER:
        return {"kind": kind}
    raise InvalidParameterValue("Choose no trigger, a function URL or a schedule.", field="kind")


def check_schedule(expression: str, timezone_name: str, payload: str) -> list[datetime]:
    """The next five firings (UTC) of a schedule that may be saved; raises InvalidParameterValue with the
    field that is wrong."""
    parsed = parse_expression(expression)
    zone = zone_of(timezone_name)
    firings = next_firings(parsed, zone, timezone.now(), 5)
    if not firings:
        raise InvalidParameterValue("This never fires again.", field="expression")
    if isinstance(parsed, Rate) and parsed.period < timedelta(minutes=1):
        raise InvalidParameterValue("The shortest rate is one minute.", field="expression")
    if payload:
        _check_payload(payload)
    return firings


def check_cors(cors: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """AWS's Cors shape, or None for none; raises InvalidParameterValue with field `cors`."""
    if not cors:
        return None
    unknown = cors.keys() - _CORS_MEMBERS
    if unknown:
        raise InvalidParameterValue(f"CORS has no {', '.join(sorted(unknown))}.", field="cors")
    if cors.get("AllowCredentials") and "*" in cors.get("AllowOrigins", []):
        raise InvalidParameterValue(
            "AllowOrigins may not be * when AllowCredentials is true: browsers refuse it.", field="cors"
        )
    return dict(cors)


def check_schedule_name(text: str) -> str:
    """The name itself; raises InvalidParameterValue with field `name`."""
    return check_title(text, "A schedule's name")


def check_auth(value: str) -> str:
    """The value itself, if it is a UrlAuth; raises InvalidParameterValue with field `auth`."""
    if value not in UrlAuth.values:
        raise InvalidParameterValue(f"{value!r} is not NONE or AWS_IAM.", field="auth")
    return value


def check_invoke_mode(value: str) -> str:
    """The value itself, if it is an InvokeMode; raises InvalidParameterValue with field `invoke_mode`."""
    if value not in InvokeMode.values:
        raise InvalidParameterValue(f"{value!r} is not BUFFERED or RESPONSE_STREAM.", field="invoke_mode")
    return value


def _check_payload(payload: str) -> None:
    try:
        if len(payload.encode()) > EVENT_PAYLOAD:
            raise InvalidParameterValue("The input has at most 1 MB.", field="payload")
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidParameterValue(f"The input is not JSON: {error}", field="payload") from None
