"""The limits as rows of a page: what, how much, and a note. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from console.templatetags.units import size
from functions import limits


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One row of the table."""

    what: str
    limit: str
    note: str = ""


def rows() -> list[LimitRow]:
    """Every limit that a person meets."""
    return [
        LimitRow(
            "Memory of a function", _span(limits.MEMORY_MB, "MB"), "CPU grows with it: 1,769 MB are one vCPU"
        ),
        LimitRow("Time-out of a function", _span(limits.TIMEOUT_S, "s"), "15 minutes at most"),
        LimitRow(
            "Temporary storage (/tmp) of a function",
            _span(limits.EPHEMERAL_MB, "MB"),
            "Kept while its sandbox lives",
        ),
        LimitRow("Environment variables", size(limits.ENVIRONMENT), "All names and values together"),
        LimitRow("Event and answer, synchronous", size(limits.SYNC_PAYLOAD), "Each"),
        LimitRow("Event, asynchronous", size(limits.EVENT_PAYLOAD)),
        LimitRow("Streamed answer", size(limits.STREAMED_RESPONSE)),
        LimitRow("Code as a zip", size(limits.ZIP), "Uploaded through the console or the API"),
        LimitRow("Code unpacked", size(limits.UNPACKED), f"At most {limits.ZIP_ENTRIES:,} entries"),
        LimitRow("Log of one call", size(limits.LOG_BYTES), "What comes after is read and dropped"),
        LimitRow("Event kept with its call", size(limits.CAPTURED_PAYLOAD), "Larger ones are not kept"),
        LimitRow("Init", f"{limits.INIT_TIMEOUT_S:.0f} s", "Everything outside the handler"),
        LimitRow(
            "Age of an asynchronous event",
            f"{limits.EVENT_MAX_AGE_S // 3600} hours",
            "Then it is a dead letter",
        ),
        LimitRow("Restoring a deleted function", f"{limits.UNDO_DELETE_DAYS} days"),
    ]


def _span(values: range, unit: str) -> str:
    return f"{values[0]:,} to {values[-1]:,} {unit}"
