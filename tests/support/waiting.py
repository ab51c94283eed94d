"""Waiting for a condition that another process or the kernel brings about."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], limit_s: float = 20.0) -> None:
    """Poll until the condition holds; fails the test when it never does."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.01)
