"""Runs one command to its end, with signals passed on."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Sequence

from runner.host.errors import HostError


def run_with_signals(command: Sequence[str]) -> int:
    """Run it; returns its exit status, as a shell says it (128 + signal). Raises HostError without it."""
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        raise HostError(f"{command[0]} cannot be run: {error.strerror}") from error
    with forwarding(child):
        status = child.wait()
    return status if status >= 0 else 128 - status


@contextlib.contextmanager
def forwarding(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ctrl-C reaches the child from the terminal itself; SIGTERM and SIGHUP are passed on."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda number, _: child.send_signal(number)) for number in numbers
    }
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
