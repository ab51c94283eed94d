"""How a process that serves for long collects garbage. Knows nothing of what it serves."""

from __future__ import annotations

import gc

COLLECT_AT = (20_000, 20, 50)  # objects made; younger collections before an older one


def spare_the_collector() -> None:
    """What was imported lives for ever, and a call leaves few cycles: look for those rarely, and not among the old.
    A collection of everything takes 100 ms and more in the middle of a call."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)
