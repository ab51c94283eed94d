"""Reading sketches directly gives what DDSketch itself gives after a merge."""

import pytest
from ddsketch import DDSketch
from ddsketch.pb.proto import DDSketchProto
from hypothesis import given
from hypothesis import strategies as st

from functions.quantiles import MergedSketch, quantiles_of

WANTED = (0.0, 0.5, 0.95, 0.99, 1.0)


def sketch_of(values, accuracy=0.01):
    sketch = DDSketch(relative_accuracy=accuracy)
    for value in values:
        sketch.add(value)
    return sketch


def serialised(sketch):
    return DDSketchProto.to_proto(sketch).SerializeToString()


@given(
    st.lists(
        st.lists(st.one_of(st.just(0.0), st.floats(0.001, 900_000)), min_size=1, max_size=30),
        min_size=1,
        max_size=4,
    )
)
def test_the_same_quantiles_as_merged_sketches(groups):
    whole = DDSketch(relative_accuracy=0.01)
    for group in groups:
        whole.merge(sketch_of(group))
    ours = quantiles_of([serialised(sketch_of(group)) for group in groups], WANTED)
    assert ours == pytest.approx([whole.get_quantile_value(rank) for rank in WANTED], rel=1e-6)


def test_nothing_has_no_quantiles():
    assert quantiles_of([b"", b""], WANTED) == [None] * 5


def test_sketches_of_another_accuracy_are_refused():
    merged = MergedSketch()
    merged.add(serialised(sketch_of([1.0])))
    with pytest.raises(ValueError, match="accuracy"):
        merged.add(serialised(sketch_of([1.0], accuracy=0.05)))
