"""What the answer of a function means for the messages of its batch. Pure.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from functions.records import InvocationRecord
from functions.states import NOT_RUN, Outcome


def failed_messages(
    record: InvocationRecord, message_ids: Collection[str], *, reports: bool
) -> frozenset[str]:
    """The ids of those that come again. Without ReportBatchItemFailures (`reports`) a batch succeeds or fails as a
    whole; an answer that is no report, or names what was not in the batch, fails the whole batch."""
    everything = frozenset(message_ids)
    if record.outcome != Outcome.SUCCESS:
        return everything
    if not reports:
        return frozenset()
    try:
        answer = json.loads(record.response or "null")
    except (ValueError, RecursionError):
        return everything
    return _reported(answer, everything)


def has_run(record: InvocationRecord) -> bool:
    """Whether the function has seen the batch: otherwise it does not count as received."""
    return record.outcome not in NOT_RUN


def result_of(record: InvocationRecord, failed: Collection[str]) -> str:
    """In words for the mapping."""
    if record.outcome != Outcome.SUCCESS:
        return f"PROBLEM: Function call failed: {record.error_message or Outcome(record.outcome).label}"
    return f"PROBLEM: Messages that failed: {len(failed)}" if failed else "OK"


def _reported(answer: Any, everything: frozenset[str]) -> frozenset[str]:
    if answer is None or answer == {}:
        return frozenset()
    failures = answer.get("batchItemFailures", []) if isinstance(answer, dict) else False
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    named = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    known = frozenset(one for one in named if isinstance(one, str) and one in everything)
    return known if len(known) == len(set(map(str, named))) else everything
