"""Output of slow work shown while it runs: the work goes to a thread, its lines come back in batches to the
thread that may write to the database. Knows neither."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

BATCH_S = 0.3
MOST_LINES = 1_000  # of one batch: a flood is cut, and says so
T = TypeVar("T")
OnLine = Callable[[str], None]


def watched(work: Callable[[OnLine], T], write: Callable[[str], None]) -> T:
    """Run `work` with a function that takes its lines; `write` gets them, a few times a second and all by the
    end, whether the work succeeds or raises."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="work") as pool:
        future = pool.submit(work, lines.put)
        future.add_done_callback(lambda _: lines.put(""))  # wakes the loop below at once
        while not future.done():
            _write_batch(lines, write)
        _write_batch(lines, write)
        return future.result()


def _write_batch(lines: queue.SimpleQueue[str], write: Callable[[str], None]) -> None:
    batch: list[str] = []
    dropped = 0
    try:
        batch.append(lines.get(timeout=BATCH_S))
        while True:
            line = lines.get_nowait()
            if len(batch) < MOST_LINES:
                batch.append(line)
            else:
                dropped += 1
    except queue.Empty:
        pass
    if dropped:
        batch.append(f"... {dropped:,} lines left out ...")
    text = "".join(f"{line}\n" for line in batch if line)
    if text:
        write(text)
