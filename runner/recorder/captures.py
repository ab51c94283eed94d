"""Which payloads stay: of failures all, of successes the last fifty per function, or all where its revision says
so. Keeps in memory which rows hold them, so that nothing has to be searched for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from functions.limits import CAPTURED_SUCCESSES
from functions.records import InvocationRecord
from functions.services.records import row_id
from functions.states import EventCapture, Outcome

FUNCTIONS_REMEMBERED = 5_000
Window = OrderedDict[str, None]


@dataclass(frozen=True, slots=True)
class Choice:
    """Records as they are to be stored, the rows whose payloads they replace, and the windows afterwards."""

    records: list[InvocationRecord]
    dropped: list[str]
    windows: dict[str, Window]


class Captures:
    """The windows of the functions seen last. `newest` finds the rows of a function that was not seen yet,
    oldest first; `policy` gives the event capture of a revision."""

    def __init__(self, newest: Callable[[str], Sequence[str]], policy: Callable[[str], str]) -> None:
        self._newest = newest
        self._policy = policy
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def choose(self, records: Sequence[InvocationRecord]) -> Choice:
        """Decide for a batch; nothing changes until `keep` is called, so that it can be tried again."""
        windows: dict[str, Window] = {}
        own = {row_id(record) for record in records if self._is_in_window(record)}
        pushed_out: set[str] = set()
        for record in records:
            row = row_id(record)
            if row not in own:
                continue
            window = windows.get(record.function_id)
            if window is None:
                window = windows[record.function_id] = self._window(record.function_id).copy()
            window[row] = None
            while len(window) > CAPTURED_SUCCESSES:
                pushed_out.add(window.popitem(last=False)[0])
        stored = [_bare(record) if row_id(record) in pushed_out else record for record in records]
        return Choice(stored, sorted(pushed_out - own), windows)

    def keep(self, choice: Choice) -> None:
        """The batch is stored."""
        for function_id, window in choice.windows.items():
            self._windows[function_id] = window
            self._windows.move_to_end(function_id)
        while len(self._windows) > FUNCTIONS_REMEMBERED:
            self._windows.popitem(last=False)

    def _is_in_window(self, record: InvocationRecord) -> bool:
        if record.payload is None and record.response is None:
            return False
        return record.outcome == Outcome.SUCCESS and self._policy(record.revision_id) == EventCapture.RECENT

    def _window(self, function_id: str) -> Window:
        known = self._windows.get(function_id)
        return known if known is not None else Window.fromkeys(self._newest(function_id))


def _bare(record: InvocationRecord) -> InvocationRecord:
    return msgspec.structs.replace(record, payload=None, response=None)
