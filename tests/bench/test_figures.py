"""The benchmark's arithmetic: ratios of pairs, bars, JSON and the comparison of two runs; and that the generator
counts what it sends."""

import uvloop

from tests.bench import table
from tests.bench.figures import FLOOR, FUNCTORY, Bar, Result, Row, read
from tests.bench.load import Job, measure
from tests.bench.null import null_server
from tests.bench.signed import Signer, events, plain


def row(ours, floor, **more):
    return Row("warm", "1 connection", "ms", {FUNCTORY: ours, FLOOR: floor}, **more)


def test_the_ratio_is_of_neighbours_in_time():
    assert row([2.0, 30.0, 4.0], [1.0, 10.0, 4.0]).ratio == 2.0
    assert row([2.0], [1.0, 3.0, 4.0]).ratio == 2 / 3
    assert row([2.0], []).ratio is None
    assert row([2.0], [0.0]).ratio is None


def test_a_bar_is_met_or_missed_and_one_of_two_is_enough():
    assert row([1.4], [1.0], bar=Bar(most=1.5)).met is True
    assert row([1.6], [1.0], bar=Bar(most=1.5)).met is False
    assert row([0.9], [0.1], bar=Bar(most=2, most_value=1)).met is True
    assert row([1.1], [0.1], bar=Bar(most=2, most_value=1)).met is False
    assert row([80.0], [100.0], bar=Bar(least=0.75)).met is True
    assert row([70.0], [100.0], bar=Bar(least=0.75)).met is False
    assert row([1.0], [1.0]).met is None


def test_a_result_is_read_as_it_was_written(tmp_path):
    result = Result({"date": "today"}, [row([1.0], [2.0], bar=Bar(most=1.5))], ["a note"])
    result.write(tmp_path / "deep" / "one.json")
    assert read(tmp_path / "deep" / "one.json") == result


def test_the_table_says_what_was_missed():
    text = table.text(Result({"date": "today"}, [row([3.0], [1.0], bar=Bar(most=1.5))]))
    assert "3.00x" in text
    assert "≤ 1.5x" in text
    assert "**missed**" in text
    assert "0 of 1 reached" in text


def test_two_results_are_compared_row_by_row():
    before = Result({}, [row([2.0], [1.0])])
    after = Result({}, [row([3.0], [1.0]), Row("new", "", "ms", {FUNCTORY: [1.0]})])
    text = table.compared(before, after)
    assert "+50 %" in text
    assert "new" not in text


def test_every_request_differs_and_is_signed():
    requests = Signer("http://127.0.0.1:9000", "AKIA", "secret").invokes("hello", events(3))
    assert len(set(requests)) == 3
    assert all(b"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/" in one for one in requests)


def test_the_generator_counts_every_answer():
    with null_server() as port:
        found = uvloop.run(measure(Job(port, plain("/", events()), 4, 0.2, 0.1)))
    assert found.answered["200"] > 100
    assert found.failed == 0
    assert 0 < found.p50_ms <= found.p99_ms <= found.most_ms
