"""What a test can run: the draft, what is live, any alias or version. Reads rows; runs nothing."""

from __future__ import annotations

from dataclasses import dataclass

from functions.models import Alias, Function, Version
from functions.states import DRAFT, LATEST, LIVE_ALIAS

MOST_VERSIONS = 20


@dataclass(frozen=True, slots=True)
class Target:
    """One choice: `value` is a qualifier, or "draft"."""

    value: str
    label: str


def targets(function: Function, *, editing: bool = False) -> list[Target]:
    """What callers get first, then the draft where it differs, then everything else by name. While `editing` the
    draft comes first: it may differ in a moment."""
    aliases = list(Alias.objects.filter(function=function).select_related("version").order_by("name"))
    live = [Target(alias.name, _alias_words(alias)) for alias in aliases if alias.name == LIVE_ALIAS]
    draft = [] if function.draft.is_deployed else [Target(DRAFT, "Draft, not deployed")]
    latest = [Target(LATEST, "$LATEST")] if function.latest_id else []
    others = [Target(alias.name, _alias_words(alias)) for alias in aliases if alias.name != LIVE_ALIAS]
    rows = Version.objects.filter(function=function).order_by("-number")
    numbers = rows.values_list("number", flat=True)[:MOST_VERSIONS]
    if editing:
        draft, live = [], [Target(DRAFT, "Draft"), *live]
    return [*live, *draft, *latest, *others, *(Target(str(one), f"Version {one}") for one in numbers)]


def chosen(function: Function, asked: str) -> str:
    """The target that was asked for if there is such a one, else what callers get."""
    known = [target.value for target in targets(function)]
    return asked if asked in known else next((one for one in known if one != DRAFT), DRAFT)


def _alias_words(alias: Alias) -> str:
    where = f", version {alias.version.number}" if alias.version else ""
    return f"{alias.name}{where}"
