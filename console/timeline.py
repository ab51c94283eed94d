"""The timeline bar of one invocation: queued, sandbox, init, handler. Pure; shares are fractions of 1."""

from __future__ import annotations

from dataclasses import dataclass

# A part that took time at all must stay visible beside one that took a thousand times longer.
_SMALLEST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an invocation: `key` names its colour, `start` and `share` are fractions of the bar."""

    key: str
    label: str
    explanation: str
    duration_us: int
    start: float
    share: float

    @property
    def x(self) -> float:
        """Where it begins in a picture 1,000 wide."""
        return round(self.start * 1000, 1)

    @property
    def width(self) -> float:
        """How wide it is in that picture."""
        return round(self.share * 1000, 1)


_WORDS = {
    "queued": ("Queued", "Waiting for a free execution environment, and being handed over."),
    "sandbox": ("Cold start", "Binding code, environment and limits to a fresh execution environment."),
    "init": ("Init", "Importing the code: everything outside the handler, once per environment."),
    "handler": ("Handler", "The handler itself: what Lambda calls Duration."),
}


def segments(
    *, accepted_us: int, started_us: int, duration_us: int, init_us: int, cold: bool
) -> list[Segment]:
    """The parts of an invocation in order, empty ones left out. `started_us` is when the handler began, so a
    cold start's binding and init lie between acceptance and it. All in microseconds."""
    before = max(0, started_us - accepted_us)
    init = min(init_us, before) if cold else 0
    parts = [
        ("sandbox" if cold else "queued", before - init),
        ("init", init),
        ("handler", duration_us),
    ]
    return _lay_out([(key, took) for key, took in parts if took > 0])


def _lay_out(parts: list[tuple[str, int]]) -> list[Segment]:
    total = sum(took for _, took in parts)
    raw = [max(took / total, _SMALLEST_SHARE) for _, took in parts]
    scale = sum(raw)
    laid: list[Segment] = []
    start = 0.0
    for (key, took), share in zip(parts, raw, strict=True):
        label, explanation = _WORDS[key]
        laid.append(Segment(key, label, explanation, took, start, share / scale))
        start += share / scale
    return laid
