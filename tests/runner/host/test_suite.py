"""How the suite's phases are counted and judged."""

import re

import pytest

from tests.support.phases import NO_TESTS, REPOSITORY, Lane, Phase, Run, count, run_lanes
from tests.support.suite import BROWSER, ENGINE, LATER, SUITES, main


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
    run = Run()
    for code in codes:
        run.note(code, {})
    run.note(0, {"passed": passed})
    assert run.verdict() == status


def test_an_unknown_suite_is_refused(capsys):
    assert main(["everything"]) == 2
    assert "browser" in capsys.readouterr().out


def test_lanes_go_beside_one_another_and_are_shown_one_after_another(tmp_path, capsys):
    """The first lane's test waits for a file that the second lane's test makes."""
    met = tmp_path / "met"
    (tmp_path / "test_waits.py").write_text(
        "import pathlib, time\n"
        "def test_it():\n"
        "    until = time.monotonic() + 30\n"
        f"    while not pathlib.Path({str(met)!r}).exists():\n"
        "        assert time.monotonic() < until\n"
        "        time.sleep(0.05)\n"
    )
    (tmp_path / "test_makes.py").write_text(
        f"import pathlib\ndef test_it():\n    pathlib.Path({str(met)!r}).touch()\n"
        "def test_other():\n    assert False\n"
    )
    alone = ("-p", "no:cacheprovider", "--confcutdir", str(tmp_path), "-c", "/dev/null")
    lanes = [[Phase(name, (*alone, str(tmp_path / f"test_{name}.py")))] for name in ("waits", "makes")]
    run = run_lanes(lanes, [])
    shown = capsys.readouterr().out
    assert run.counts == {"passed": 2, "failed": 1, "skipped": 0}
    assert run.verdict() == 1
    assert shown.index("── waits: exit status 0") < shown.index("── makes ──")


def test_a_stopped_run_begins_no_other_phase():
    run = Run()
    run.stop(lambda child: child.kill())
    lane = Lane(run, [Phase("late", ("--version",))], [])
    lane.start()
    lane.show()
    assert run.codes == []


def test_a_browser_never_shares_a_process_with_other_tests():
    marks = [phase.words[-1] for lane in SUITES["all"] for phase in lane if "browser" in phase.words[-1]]
    assert [mark for mark in marks if "not browser" not in mark and "not (" not in mark] == [
        "browser and not on_demand"
    ]


def test_every_test_that_shares_the_machine_lies_where_its_phase_looks():
    marked = re.compile(r"\bmark\.(browser|docker|slow|postgres)\b")
    searched = {*ENGINE.folders, *BROWSER.folders, *LATER}
    strays = [
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "tests").rglob("*.py")
        if path.name.startswith(("test_", "conftest"))
        and marked.search(path.read_text())
        and not str(path.relative_to(REPOSITORY)).startswith(tuple(searched))
    ]
    assert strays == []


def test_paths_that_are_named_take_the_place_of_the_folders():
    assert BROWSER.arguments([])[-1] == "tests/browser"
    assert "tests/browser" not in BROWSER.arguments(["tests/runner"])


def test_what_one_suite_leaves_out_is_another_suites():
    words = [word for lanes in SUITES.values() for lane in lanes for phase in lane for word in phase.words]
    left_out = {word.partition("=")[2] for word in words if word.startswith(("--ignore=", "--deselect="))}
    assert len(left_out) > 10
    assert left_out <= set(words)
