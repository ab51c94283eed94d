"""Sketches as arrays: nothing is lost on the way there and back, and both forms merge with each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import rollups
from functions.dense_sketch import pack, unpack
from functions.quantiles import quantiles_of
from functions.rollups import Sketch

WANTED = (0.0, 0.5, 0.95, 1.0)
durations = st.lists(st.floats(0, 900_000), max_size=40)


def sketch_of(values) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(st.dictionaries(st.integers(-2000, 2000), st.integers(1, 2**32 - 1), min_size=1), st.integers(0, 9))
def test_there_and_back(bins, zeros):
    dense = unpack(pack(bins, zeros, 1.02))
    assert (dense.bins(), dense.zeros, dense.gamma) == (bins, zeros, 1.02)
    assert dense.lowest == min(bins)


def test_what_does_not_fit_is_not_packed():
    assert pack({}, 3, 1.02) is None
    assert pack({1: 2**32}, 0, 1.02) is None
    assert unpack(b"") is None
    assert unpack(sketch_of([1.0]).merged_with(b"")) is None


@pytest.fixture(params=[0, 3, 10**6], ids=["always", "soon", "never"])
def dense_from(request, monkeypatch):
    monkeypatch.setattr(rollups, "_DENSE_FROM", request.param)
    return request.param


@given(first=durations, second=durations, third=durations)
def test_all_forms_merge_to_the_same(first, second, third):
    expected = None
    for limit in (0, 3, 10**6):
        before, rollups._DENSE_FROM = rollups._DENSE_FROM, limit
        try:
            stored = sketch_of(second).merged_with(sketch_of(first).merged_with(b""))
            other = sketch_of(third).merged_with(b"")
        finally:
            rollups._DENSE_FROM = before
        found = quantiles_of([stored, other], WANTED)
        expected = expected or found
        assert found == expected


def test_many_bins_make_an_array(dense_from):
    stored = sketch_of([1.0, 10.0, 100.0, 1000.0]).merged_with(b"")
    assert (unpack(stored) is not None) == (dense_from < 4)
    assert quantiles_of([stored], (1.0,)) == pytest.approx([1000.0], rel=0.02)


def test_a_bin_that_outgrows_its_counter_goes_back_to_the_librarys_form():
    full = pack({5: 2**32 - 1, 9: 7}, 1, rollups._MAPPING.gamma)
    one_more = Sketch(bins=rollups.Counter({5: 1}))
    stored = one_more.merged_with(full)
    assert unpack(stored) is None
    assert quantiles_of([stored, b""], (0.0,)) == [0.0]  # the zero is still there
