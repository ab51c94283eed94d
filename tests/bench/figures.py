"""What was measured, as values: rows of one table with what each should reach, and their JSON form. Measures
nothing and prints nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

FLOOR, FUNCTORY = "floor", "Functory"


@dataclass(frozen=True)
class Bar:
    """What a row should reach. `most` and `least` are of the ratio, `most_value` and `least_value` of the figure
    itself. Where several are given one is enough."""

    most: float | None = None
    least: float | None = None
    most_value: float | None = None
    least_value: float | None = None

    def met(self, value: float, ratio: float | None) -> bool | None:
        """Whether it is reached; None without a bar."""
        answers = [
            self.most is not None and ratio is not None and ratio <= self.most,
            self.least is not None and ratio is not None and ratio >= self.least,
            self.most_value is not None and value <= self.most_value,
            self.least_value is not None and value >= self.least_value,
        ]
        return any(answers) if any(one is not None for one in asdict(self).values()) else None

    def words(self, unit: str) -> str:
        """For the table."""
        found = [
            f"≤ {self.most:g}x" if self.most is not None else "",
            f"≥ {self.least:g}x" if self.least is not None else "",
            f"≤ {self.most_value:,g} {unit}" if self.most_value is not None else "",
            f"≥ {self.least_value:,g} {unit}" if self.least_value is not None else "",
        ]
        return " or ".join(word for word in found if word)


@dataclass(frozen=True)
class Row:
    """One line: figures of each round by system. `against` is what the ratio is taken to; rounds are paired, since a
    shared machine drifts and neighbours in time do not."""

    case: str
    setting: str
    unit: str
    values: dict[str, list[float]]
    bar: Bar = field(default_factory=Bar)
    subject: str = FUNCTORY
    against: str = FLOOR
    note: str = ""

    def middle(self, system: str) -> float | None:
        """The median of a system's rounds."""
        found = self.values.get(system)
        return median(found) if found else None

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios; of the medians where rounds are not pairs."""
        ours, theirs = self.values.get(self.subject, []), self.values.get(self.against, [])
        if not ours or not theirs or not all(theirs):
            return None
        if len(ours) == len(theirs):
            return median(a / b for a, b in zip(ours, theirs, strict=True))
        return median(ours) / median(theirs)

    @property
    def met(self) -> bool | None:
        """Whether its bar is reached."""
        value = self.middle(self.subject)
        return None if value is None else self.bar.met(value, self.ratio)

    @property
    def key(self) -> tuple[str, str, str]:
        """By which two results are compared."""
        return (self.case, self.setting, self.unit)


@dataclass
class Result:
    """One run: where, with what, and what came out."""

    rig: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """As JSON, with ratios and verdicts for readers that do not compute."""
        rows = [{**asdict(row), "ratio": row.ratio, "met": row.met} for row in self.rows]
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"rig": self.rig, "rows": rows, "notes": self.notes}
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> Result:
    """A result that was written; raises OSError, ValueError or KeyError for another file."""
    document = json.loads(path.read_text())
    rows = []
    for one in document["rows"]:
        kept = {name: value for name, value in one.items() if name not in {"ratio", "met"}}
        rows.append(Row(**{**kept, "bar": Bar(**kept["bar"])}))
    return Result(document["rig"], rows, document["notes"])
