"""A deployment's steps in words, with how long each took. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from functions.models import Deployment
from functions.states import DEPLOYMENT_ENDED, DeploymentState

_STEPS = (
    (DeploymentState.QUEUED, "Waiting for a worker"),
    (DeploymentState.SAVING, "Saving code"),
    (DeploymentState.BUILDING, "Installing dependencies"),
    (DeploymentState.STARTING, "First start in a sandbox"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line: `state` is done, running, failed, waiting or skipped; `took_us` microseconds."""

    label: str
    state: str
    took_us: int | None = None


def steps(deployment: Deployment, now: datetime) -> list[Step]:
    """All steps, those not reached yet too."""
    reached = {str(entry["state"]): datetime.fromisoformat(entry["at"]) for entry in deployment.steps}
    moments = sorted(reached.values())
    lines = [_line(deployment, state, label, reached, moments, now) for state, label in _STEPS]
    return [*lines, _last(deployment)]


def took_us(deployment: Deployment, now: datetime) -> int:
    """From request to end, or until now."""
    return _us(deployment.created_at, deployment.ended_at or now)


def _line(
    deployment: Deployment,
    state: DeploymentState,
    label: str,
    reached: dict[str, datetime],
    moments: list[datetime],
    now: datetime,
) -> Step:
    began = reached.get(state)
    if began is None:
        passed = reached.keys() - {DeploymentState.FAILED, DeploymentState.SUPERSEDED}
        later = any(_place(name) > _place(state) for name in passed)
        if not later:
            return Step(label, "waiting")
        nothing = "No dependencies to install" if state == DeploymentState.BUILDING else label
        return Step(nothing, "skipped")
    following = next((moment for moment in moments if moment > began), None)
    if following is None and deployment.state not in DEPLOYMENT_ENDED:
        return Step(label, "running", _us(began, now))
    took = _us(began, following or deployment.ended_at or now)
    broke = deployment.state == DeploymentState.FAILED and began == max(
        moment for name, moment in reached.items() if name not in DEPLOYMENT_ENDED
    )
    return Step(label, "failed" if broke else "done", took)


def _last(deployment: Deployment) -> Step:
    if deployment.state == DeploymentState.SUCCEEDED:
        number = deployment.version.number if deployment.version else None
        return Step(f"Live: version {number} serves all calls" if number else "Live", "done")
    if deployment.state == DeploymentState.SUPERSEDED:
        return Step("A newer deploy went live first", "skipped")
    return Step("Live", "waiting")


def _place(name: str) -> int:
    order = list(DeploymentState)
    return order.index(DeploymentState(name))


def _us(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1_000_000))
