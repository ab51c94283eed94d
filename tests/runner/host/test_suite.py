"""How the suite's phases are counted and judged."""

import pytest

from tests.support.suite import NO_TESTS, SUITES, count, main, verdict


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("===== 5 passed in 3.37s =====", {"passed": 5}),
        ("= 2 failed, 1478 passed, 218 warnings in 319.30s (0:05:19) =", {"failed": 2, "passed": 1478}),
        ("= 1 failed, 2 passed, 3 errors, 1 skipped in 1.00s =", {"failed": 4, "passed": 2, "skipped": 1}),
        ("\x1b[32m=== \x1b[1m1 passed\x1b[0m in 0.10s ===\x1b[0m", {"passed": 1}),
        ("==== 5 deselected in 0.11s ====", {}),
        ("test_a.py ..... [100%]", None),
        ("FAILED tests/test_x.py - 1 failed in 2s", None),
    ],
)
def test_pytests_closing_line_is_counted(line, found):
    assert count(line) == found


@pytest.mark.parametrize(
    ("codes", "passed", "status"),
    [
        ([0, 0], 9, 0),
        ([0, NO_TESTS], 9, 0),
        ([0, 1], 9, 1),
        ([2, 1], 9, 2),
        ([0, -9], 9, 1),
        ([NO_TESTS, NO_TESTS], 0, NO_TESTS),
    ],
)
def test_a_phase_without_tests_is_no_failure_but_a_run_without_any_is(codes, passed, status):
    assert verdict(codes, passed) == status


def test_an_unknown_suite_is_refused(capsys):
    assert main(["everything"]) == 2
    assert "browser" in capsys.readouterr().out


def test_a_browser_never_shares_a_process_with_other_tests():
    marks = [phase.words[-1] for phase in SUITES["all"] if "browser" in phase.words[-1]]
    assert [mark for mark in marks if "not browser" not in mark and "not (" not in mark] == [
        "browser and not on_demand"
    ]
