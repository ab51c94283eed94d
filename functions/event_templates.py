"""Events in the shapes that AWS's services send, to try a function with before anything is connected to it. Each is
a file in functions/event_templates: a title, AWS's page, and the event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "event_templates"


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """One shape: `source` is the page of AWS's that shows it, `event` JSON text."""

    key: str
    title: str
    source: str
    event: str


@cache
def event_templates() -> tuple[EventTemplate, ...]:
    """All of them, in the order of their files' names."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.json")))


def _read(path: Path) -> EventTemplate:
    told = json.loads(path.read_text())
    return EventTemplate(
        key=path.stem.partition("-")[2],
        title=told["title"],
        source=told["source"],
        event=json.dumps(told["event"], indent=2, ensure_ascii=False),
    )
