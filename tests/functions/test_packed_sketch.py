"""Sketches as numbers: nothing is lost on the way there and back, and all forms merge with each other."""

from hypothesis import given
from hypothesis import strategies as st

from functions import packed_sketch
from functions.packed_sketch import pack, unpack
from functions.quantiles import MergedSketch, quantiles_of
from functions.rollups import _MAPPING, Sketch, _proto

WANTED = (0.0, 0.5, 0.95, 1.0)
LARGEST = 2**32 - 1
durations = st.lists(st.floats(0, 900_000), max_size=40)
bins_of_any = st.dictionaries(st.integers(-2000, 2000), st.integers(1, LARGEST))


def sketch_of(values) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


def in_form(sketch: Sketch, form: str) -> bytes:
    """A sketch as one that has more bins, fewer, or as the library writes it."""
    if form == "proto":
        return _proto(sketch.bins, sketch.zeros)
    before, packed_sketch._DENSE_FROM = packed_sketch._DENSE_FROM, 0 if form == "dense" else 10**6
    try:
        return sketch.merged_with(b"")
    finally:
        packed_sketch._DENSE_FROM = before


@given(bins_of_any, st.integers(0, 9))
def test_there_and_back(bins, zeros):
    found = unpack(pack(bins, zeros, 1.02))
    assert (found.bins(), found.zeros, found.gamma) == (bins, zeros, 1.02)
    assert found.dense == (len(bins) > packed_sketch._DENSE_FROM)
    assert max(bins.values(), default=0) < found.bound


def test_what_does_not_fit_is_not_packed():
    assert pack({1: 2**32}, 0, 1.02) is None
    assert unpack(b"") is None
    assert unpack(in_form(sketch_of([1.0]), "proto")) is None


@given(first=durations, second=durations, third=durations)
def test_all_forms_merge_to_the_same(first, second, third):
    expected = quantiles_of([sketch_of([*first, *second, *third]).merged_with(b"")], WANTED)
    for form in ("dense", "sparse", "proto"):
        stored = sketch_of(second).merged_with(in_form(sketch_of(first), form))
        for other in ("dense", "sparse", "proto"):
            assert quantiles_of([stored, in_form(sketch_of(third), other)], WANTED) == expected


def test_many_bins_make_an_array():
    few, many = sketch_of([1.0]), sketch_of([1.5**power for power in range(70)])
    assert [unpack(one.merged_with(b"")).dense for one in (few, many)] == [False, True]


def test_counts_do_not_spill_into_their_neighbours():
    full = pack(dict.fromkeys(range(100), LARGEST), 0, _MAPPING.gamma)
    low = pack(dict.fromkeys(range(-50, 50), LARGEST), 0, _MAPPING.gamma)
    assert quantiles_of([full, low, full], (0.0, 1.0)) == quantiles_of(
        [pack(dict.fromkeys(range(-50, 100), 1), 0, _MAPPING.gamma)], (0.0, 1.0)
    )
    merged = MergedSketch()
    for sketch in (full, low, full):
        merged.add(sketch)
    assert merged.count == 300 * LARGEST


def test_rows_of_before_did_not_say_how_large_their_counts_are():
    now = pack(dict.fromkeys(range(100), 7), 3, 1.02)
    before = now[:2] + b"\0\0" + now[4:]
    assert unpack(before).bins() == unpack(now).bins()
    assert unpack(before).bound == unpack(now).bound == 8


def test_a_bin_that_outgrows_its_counter_goes_back_to_the_librarys_form():
    full = pack({5: LARGEST, 9: 7}, 1, _MAPPING.gamma)
    one_more = Sketch()
    one_more.bins[5] = 1
    stored = one_more.merged_with(full)
    assert unpack(stored) is None
    assert quantiles_of([stored, b""], (0.0,)) == [0.0]  # the zero is still there
