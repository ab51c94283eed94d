"""How a release is chosen, and what the Versions tab shows of one that is under way and of those that have ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from console.forms import Form
from functions.models import Function, Release
from functions.release_policy import AT_ONCE, CUSTOM, PLANS, Step, Steps, plan_words, steps_of
from functions.states import ReleaseState

ENDED_SHOWN = 10
FIRST = {"version": "", "plan": "", "percent": "10", "minutes": "5"}
TONES = {
    ReleaseState.RUNNING: "soon",
    ReleaseState.PROMOTED: "good",
    ReleaseState.ROLLED_BACK: "bad",
    ReleaseState.ABORTED: "off",
    ReleaseState.SUPERSEDED: "off",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One version of a release: its share (a fraction) and what it did; `p95_us` is None while nothing ran."""

    number: int
    share: float
    calls: int
    error_rate: float
    p95_us: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A release in words and numbers."""

    release: Release
    plan: str
    tone: str
    share: int
    sides: tuple[Side, ...]
    finding: str
    judged: str


def typed_steps(post: QueryDict) -> Steps:
    """The plan that was chosen, all at once where none was; raises InvalidParameterValue with the field."""
    return steps_of(post.get("plan", "") or AT_ONCE, _number(post, "percent"), _number(post, "minutes"))


def plans() -> list[tuple[str, str]]:
    """What there is to choose from."""
    named = [(name, title) for name, (title, _) in PLANS.items()]
    return [(AT_ONCE, "All at once"), *named, (CUSTOM, "A canary of your own")]


def release_context(function: Function, form: Form | None = None) -> dict[str, Any]:
    """What the Versions tab prints of releases; `form` is one that was refused."""
    rows = Release.objects.filter(function=function).select_related("started_by")
    ended = rows.exclude(state=ReleaseState.RUNNING).order_by("-started_at")
    return {
        "running": running_release(function),
        "ended": [shown(release) for release in ended[:ENDED_SHOWN]],
        "plans": plans(),
        "release_form": form or Form(dict(FIRST)),
    }


def running_release(function: Function) -> Shown | None:
    """The one that is under way."""
    rows = Release.objects.filter(function=function, state=ReleaseState.RUNNING)
    release = rows.select_related("started_by").first()
    return shown(release) if release else None


def shown(release: Release) -> Shown:
    """A release as pages show it."""
    percent = release.steps[release.step][0]
    judged = release.checks.get("judgement", "")
    return Shown(
        release=release,
        plan=plan_words([Step(*step) for step in release.steps]),
        tone=TONES[ReleaseState(release.state)],
        share=percent,
        sides=(
            _side(release, "old", release.old_number, 1 - percent / 100),
            _side(release, "new", release.new_number, percent / 100),
        ),
        finding=release.checks.get("reason", "Looked at in a few seconds"),
        judged=judged,
    )


def _side(release: Release, name: str, number: int, share: float) -> Side:
    found = release.checks.get(name, {})
    calls, errors = found.get("calls", 0), found.get("errors", 0)
    return Side(number, share, calls, errors / calls if calls else 0.0, found.get("p95_us"))


def _number(post: QueryDict, name: str) -> int:
    text = post.get(name, "").strip()
    return int(text) if text.isdecimal() and len(text) < 7 else 0
