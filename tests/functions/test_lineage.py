"""How often a chain of calls has come through a function."""

from functions.lineage import MOST_CALLS, extended

TRACE = "Root=1-6b0c2c49-9ee572850b7a67b3480953d7;Parent=fafbe47320f16dc5;Sampled=0"


def test_a_chain_counts_each_function_and_keeps_the_trace():
    trace, first = extended(TRACE, "a")
    trace, other = extended(trace, "b")
    trace, second = extended(trace, "a")
    assert (first, other, second) == (1, 1, 2)
    assert trace.startswith(f"{TRACE};Lineage=1:")
    assert trace.count("Lineage") == 1


def test_a_loop_of_three_is_counted_past_the_limit_and_the_header_stays_short():
    trace, calls = TRACE, 0
    for _ in range(MOST_CALLS + 1):
        for name in ("a", "b", "c"):
            trace, calls = extended(trace, name)
    assert calls == MOST_CALLS + 1
    assert len(trace) <= 128


def test_what_is_no_lineage_counts_as_none():
    for trace in ("", "Lineage=", f"{TRACE};Lineage=1:|x:y|::", f"{TRACE};Lineage=2:a"):
        assert extended(trace, "a")[1] == 1
