"""A bar chart as rectangles, stacked by series, for a picture that needs no script. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

WIDTH, HEIGHT = 1000, 240
_GAP = 0.2
_MOST_SERIES = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle in units of the picture: `column` is the position on the axis, `series` whose it is,
    `tone` the number of its colour."""

    column: int
    series: str
    value: float
    tone: int
    x: float
    y: float
    width: float
    height: float

    @property
    def place(self) -> SafeString:
        """Where it is, as attributes of an element: a month has two hundred, and Django formats numbers slowly."""
        return SafeString(f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"')


@dataclass(frozen=True, slots=True)
class Stack:
    """A whole picture: bars, the series in order of their sum with their tones, and the highest stack."""

    bars: list[Bar]
    series: list[tuple[str, int, float]]
    highest: float


def stacked(
    columns: int, values: Mapping[tuple[int, str], float], *, width: float = WIDTH, height: float = HEIGHT
) -> Stack:
    """Bars for (column, series) → value. The largest seven series have a colour each, the rest share one."""
    ranked = _ranked(values)
    tones = {name: min(place, _MOST_SERIES) for place, (name, _) in enumerate(ranked)}
    sums = [sum(values.get((column, name), 0) for name, _ in ranked) for column in range(columns)]
    highest = max(sums, default=0)
    bars: list[Bar] = []
    for column in range(columns):
        filled = 0.0
        for name, _ in ranked:
            value = values.get((column, name), 0)
            if value <= 0:
                continue
            tall = value / highest * height
            step = width / columns
            filled += tall
            bars.append(
                Bar(
                    column,
                    name,
                    value,
                    tones[name],
                    round(step * (column + _GAP / 2), 2),
                    round(height - filled, 2),
                    round(step * (1 - _GAP), 2),
                    round(tall, 2),
                )
            )
    return Stack(bars, [(name, tones[name], total) for name, total in ranked], highest)


def _ranked(values: Mapping[tuple[int, str], float]) -> Sequence[tuple[str, float]]:
    totals: dict[str, float] = {}
    for (_, name), value in values.items():
        totals[name] = totals.get(name, 0) + value
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))
