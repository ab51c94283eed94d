"""Which version a call goes to: an alias may split between two by weight. Pure, given a random number."""

from __future__ import annotations

from functions.snapshots import FunctionSnapshot, Route


def choose(route: Route, draw: float) -> FunctionSnapshot:
    """The snapshot for `draw`, uniform in [0, 1); weights add up to 1."""
    passed = 0.0
    for snapshot, weight in route.choices:
        passed += weight
        if draw < passed:
            return snapshot
    return route.choices[-1][0]
