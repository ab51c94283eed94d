"""Lines of slow work: all of them arrive, in order, and a flood is cut."""

import threading

import pytest

from runner.jobs.live_log import MOST_LINES, watched


def test_lines_arrive_while_the_work_goes_on():
    seen, shown = [], threading.Event()

    def work(on_line):
        on_line("first")
        assert shown.wait(20)
        on_line("second")
        return 7

    def write(text):
        seen.append(text)
        shown.set()

    assert watched(work, write) == 7
    assert seen == ["first\n", "second\n"]


def test_what_was_said_before_a_failure_is_shown():
    seen = []

    def work(on_line):
        on_line("so far")
        raise ValueError("no further")

    with pytest.raises(ValueError, match="no further"):
        watched(work, seen.append)
    assert seen == ["so far\n"]


def test_a_flood_is_cut_and_said_to_be():
    seen, entered = [], threading.Event()

    def work(on_line):
        on_line("go")
        assert entered.wait(20)
        for number in range(MOST_LINES + 5):
            on_line(str(number))

    def write(text):
        if not entered.is_set():
            entered.set()
        seen.append(text)

    watched(work, write)
    lines = "".join(seen).splitlines()
    assert lines[0] == "go"
    assert len(lines) <= MOST_LINES + 10
