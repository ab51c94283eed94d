"""What the Test page shows: the event to begin with, and what came of a run, ready to print."""

from __future__ import annotations

import json
from typing import Any

from console import log_lines, outcomes, stack_frames
from functions import pricing
from functions.models import Function, TestEvent
from functions.records import InvocationRecord
from functions.runtimes import runtime
from functions.starters import has_starter, starter, starters
from functions.states import Outcome

FIRST_EVENT = '{\n  "name": "Ada"\n}'


def first_event(function: Function, saved: list[TestEvent]) -> str:
    """What the editor holds before anything was saved: the event of the starter that the code began as, or of
    one that suits the trigger."""
    if saved:
        return saved[0].payload
    if has_starter(function.draft.runtime, function.draft.starter):
        return starter(function.draft.runtime, function.draft.starter).event
    if function.urls.exists() or function.draft.trigger.get("kind") == "function_url":
        found = [each for each in starters(function.draft.runtime) if each.trigger == "function_url"]
        return found[0].event if found else FIRST_EVENT
    return FIRST_EVENT


def result_context(function: Function, record: InvocationRecord) -> dict[str, Any]:
    """What templates/functions/result.html prints."""
    price = pricing.LIST_PRICE
    found = stack_frames.frames(record.stack)
    latest = function.latest
    return {
        "function": function,
        "record": record,
        "failed": record.outcome != Outcome.SUCCESS,
        "tone": outcomes.tone(record.outcome),
        "explanation": outcomes.explain(
            outcome=record.outcome,
            error_type=record.error_type,
            error_message=record.error_message,
            timeout_s=latest.timeout_s if latest else 0,
            memory_mb=record.memory_mb,
            cold=record.cold,
        ),
        "frames": found,
        "origin": stack_frames.innermost(found, language=runtime(function.draft.runtime).language),
        "response": pretty(record.response),
        "lines": log_lines.parse(record.log),
        "million_pico": pricing.cost_per_million_pico(price, record.memory_mb, record.billed_ms),
        "memory_share": record.memory_used / (record.memory_mb * 1024 * 1024) if record.memory_mb else 0,
    }


def pretty(text: str | None) -> str:
    """JSON indented, anything else as it is."""
    if text is None:
        return ""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
