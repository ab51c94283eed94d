"""Triggers of every kind as rows of one table: what calls which function, when it last did, and whether it works."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from console.addresses import hook_address, url_address
from console.queue_rows import queue_name
from functions.models import Bucket, EventSourceMapping, EventTarget, Function, FunctionUrl, Schedule, Webhook
from functions.naming import parse_reference
from functions.queries.triggers import BUCKETS, QUEUES, RULES, SCHEDULES, URLS, WEBHOOKS, Kind
from functions.states import LATEST, HookProvider, UrlAuth


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """One trigger. `tone` and `state` are words for partials/state_badge.html; `detail` says when or for what it
    calls, `trouble` why it does not."""

    name: str
    function: str
    qualifier: str
    tone: str
    state: str
    detail: str = ""
    address: str = ""
    last: datetime | None = None
    following: datetime | None = None
    trouble: str = ""


def trigger_rows(kind: Kind, found: Iterable[Any]) -> list[TriggerRow]:
    """The rows of a page; a bucket has one for each function that it tells."""
    make: dict[str, Callable[[Any], list[TriggerRow]]] = {
        URLS.key: _of_url,
        SCHEDULES.key: _of_schedule,
        WEBHOOKS.key: _of_webhook,
        QUEUES.key: _of_queue,
        RULES.key: _of_rule,
        BUCKETS.key: _of_bucket,
    }
    return [row for one in found for row in make[kind.key](one)]


def _of_url(url: FunctionUrl) -> list[TriggerRow]:
    address = url_address(settings.FUNCTORY, url.url_id)
    detail = "Anyone who knows it" if url.auth == UrlAuth.NONE else "Signed requests"
    tone, state = _standing(url.function, url.enabled, "Answers")
    return [TriggerRow(address, url.function.name, _plain(url.qualifier), tone, state, detail, address)]


def _of_schedule(schedule: Schedule) -> list[TriggerRow]:
    function = schedule.function
    tone, state = _standing(function, schedule.enabled, "Active")
    return [
        TriggerRow(
            name=schedule.name,
            function=function.name,
            qualifier=_plain(schedule.qualifier),
            tone=tone,
            state=state,
            detail=f"{schedule.expression}, {schedule.timezone}",
            last=schedule.last_fired_at,
            following=None if function.paused_at else schedule.due_at,
        )
    ]


def _of_webhook(hook: Webhook) -> list[TriggerRow]:
    tone, state = _standing(hook.function, hook.enabled, "Active")
    address = hook_address(settings.FUNCTORY, hook.hook_id)
    sender = HookProvider(hook.provider).label
    return [
        TriggerRow(hook.name, hook.function.name, _plain(hook.qualifier), tone, state, f"{sender}, {address}")
    ]


def _of_queue(mapping: EventSourceMapping) -> list[TriggerRow]:
    tone, state = _standing(mapping.function, mapping.enabled, "Active")
    trouble = mapping.result if mapping.result.startswith("PROBLEM") else ""
    if mapping.queue is None:
        tone, state, trouble = (
            "bad",
            "Queue deleted",
            "Make a queue of this name again, or delete the trigger.",
        )
    elif trouble and tone == "good":
        tone, state = "bad", "Failing"
    return [
        TriggerRow(
            name=queue_name(mapping),
            function=mapping.function.name,
            qualifier=_plain(mapping.qualifier),
            tone=tone,
            state=state,
            detail=f"Up to {mapping.batch_size:,} messages a call",
            last=mapping.worked_at,
            trouble=trouble,
        )
    ]


def _of_rule(target: EventTarget) -> list[TriggerRow]:
    name, qualifier = _target(target.arn)
    tone, state = ("good", "Active") if target.rule.enabled else ("soon", "Disabled")
    return [TriggerRow(target.rule.name, name, qualifier, tone, state, target.rule.pattern)]


def _of_bucket(bucket: Bucket) -> list[TriggerRow]:
    told = bucket.notifications.get("LambdaFunctionConfigurations", [])
    return [
        TriggerRow(bucket.name, name, qualifier, "good", "Active", ", ".join(one["Events"]))
        for one in told
        for name, qualifier in [_target(one["LambdaFunctionArn"])]
    ]


def _standing(function: Function, enabled: bool, words: str) -> tuple[str, str]:
    if not enabled:
        return "soon", "Paused"
    if function.paused_at:
        return "soon", "Function paused"
    return "good", words


def _target(arn: str) -> tuple[str, str]:
    found = parse_reference(arn)
    return found.name, _plain(found.qualifier)


def _plain(qualifier: str) -> str:
    return qualifier or LATEST
