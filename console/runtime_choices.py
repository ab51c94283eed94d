"""The runtimes as a person chooses among them: how long each is supported, and whether its image is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from functions import image_states
from functions.image_states import ImageReport, ImageState
from functions.runtimes import IMAGE, RUNTIMES, Runtime, Stage


@dataclass(frozen=True, slots=True)
class RuntimeChoice:
    """One row of the table with what holds today; `until` is the first day on which it counts as old."""

    row: Runtime
    stage: Stage
    until: date | None
    report: ImageReport

    @property
    def is_absent(self) -> bool:
        """Whether an image has to be made, or is being made, before a function of it can run."""
        return self.report.state is not ImageState.READY and not self.row.eager


def choices(today: date) -> list[RuntimeChoice]:
    """Those of each language together, languages and versions in the table's order, deprecated ones last; and that
    the code may be a container image."""
    told = image_states.reports()
    languages = list(dict.fromkeys(row.language for row in RUNTIMES.values()))
    found = [_choice(row, today, told.get(row.identifier, image_states.ABSENT)) for row in RUNTIMES.values()]
    ordered = sorted(
        found, key=lambda each: (each.stage is Stage.DEPRECATED, languages.index(each.row.language))
    )
    return [*ordered, _choice(IMAGE, today, ImageReport(ImageState.READY))]


def _choice(row: Runtime, today: date, report: ImageReport) -> RuntimeChoice:
    days = [day for day in (row.deprecated, row.ends) if day is not None]
    return RuntimeChoice(row, row.stage(today), min(days, default=None), report)


def under_way(identifier: str) -> ImageReport | None:
    """The report of a runtime whose image is being made or could not be; None when there is nothing to tell."""
    row = RUNTIMES.get(identifier)
    report = image_states.reports().get(identifier)
    if row is None or report is None or row.eager:
        return None
    return report if report.is_under_way or report.state is ImageState.FAILED else None
