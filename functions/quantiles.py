"""Quantiles over many stored sketches at once. Reads functions.packed_sketch and DDSketch's protobuf (Masson, Rim,
Lee 2019) into one table of counts, much faster than making and merging a sketch object for each. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ddsketch.pb import ddsketch_pb2

from functions.packed_sketch import COUNT_BITS, PackedSketch, counts_in, unpack


class MergedSketch:
    """The sum of serialised sketches that share one accuracy. Values are in the sketches' own unit."""

    def __init__(self) -> None:
        self._bins: defaultdict[int, float] = defaultdict(float)
        # Dense ones are added up as one long number with a count in each COUNT_BITS, from bin `_lowest` on. No count
        # reaches `_bound`, so that none carries over into the next.
        self._lowest = self._counts = self._bound = 0
        self._zeros = 0.0
        self._gamma = 0.0

    def add(self, sketch: bytes) -> None:
        """Merge one serialised sketch (no bytes: an empty one); raises ValueError on another accuracy."""
        if not sketch:
            return
        packed = unpack(sketch)
        if packed is None:
            self._add_proto(ddsketch_pb2.DDSketch.FromString(sketch))
            return
        self._agree(packed.gamma)
        self._zeros += packed.zeros
        if packed.dense:
            self._add_dense(packed)
            return
        bins = self._bins
        for index, count in packed.bins().items():
            bins[index] += count

    def _add_proto(self, proto: ddsketch_pb2.DDSketch) -> None:
        self._agree(proto.mapping.gamma)
        self._zeros += proto.zeroCount
        store = proto.positiveValues
        for index, count in enumerate(store.contiguousBinCounts, store.contiguousBinIndexOffset):
            if count:
                self._bins[index] += count
        counts = store.binCounts
        for sparse in counts:
            self._bins[sparse] += counts[sparse]

    def _agree(self, gamma: float) -> None:
        if self._gamma != gamma and self._gamma and not math.isclose(self._gamma, gamma):
            raise ValueError("Sketches of different accuracy cannot be merged.")
        self._gamma = gamma

    def _add_dense(self, packed: PackedSketch) -> None:
        if self._bound + packed.bound > 1 << COUNT_BITS:
            self._spill()
        counts = int.from_bytes(packed.numbers, "little")
        if not self._counts:
            self._lowest = packed.lowest
        above = packed.lowest - self._lowest
        if above < 0:
            self._counts <<= COUNT_BITS * -above
            self._lowest = packed.lowest
        self._counts += counts << COUNT_BITS * max(0, above)
        self._bound += packed.bound

    def _dense_counts(self) -> Sequence[int]:
        """What the long number holds, from bin `_lowest` on."""
        numbers = -(-self._counts.bit_length() // COUNT_BITS)
        return counts_in(self._counts.to_bytes(numbers * COUNT_BITS // 8, "little"))

    def _spill(self) -> None:
        """Move the long number's counts to the table."""
        for index, count in enumerate(self._dense_counts(), self._lowest):
            if count:
                self._bins[index] += count
        self._counts = self._bound = 0

    @property
    def count(self) -> float:
        """How many values were added."""
        return self._zeros + sum(self._bins.values()) + sum(self._dense_counts())

    def quantiles(self, wanted: Sequence[float]) -> list[float | None]:
        """The value at each quantile (0 to 1), None while nothing was added."""
        if self._bins:
            self._spill()
            indexes: Sequence[int] = sorted(self._bins)
            up_to = list(accumulate(map(self._bins.__getitem__, indexes)))
        else:
            up_to = list(accumulate(self._dense_counts()))
            indexes = range(self._lowest, self._lowest + len(up_to))
        total = self._zeros + (up_to[-1] if up_to else 0)
        if not total:
            return [None] * len(wanted)
        return [self._at(rank * (total - 1) - self._zeros, indexes, up_to) for rank in wanted]

    def _at(self, rank: float, indexes: Sequence[int], up_to: Sequence[float]) -> float:
        """The value of a rank among those that are not zero; `up_to` counts the values up to each bin."""
        if rank < 0 or not up_to:
            return 0.0
        return self._value(indexes[min(bisect_right(up_to, rank), len(up_to) - 1)])

    def _value(self, index: int) -> float:
        """The middle of a bin, as LogarithmicMapping.value computes it."""
        return float(self._gamma**index * 2.0 / (1.0 + self._gamma))


def quantiles_of(sketches: Iterable[bytes], wanted: Sequence[float]) -> list[float | None]:
    """The quantiles of all values in some sketches together."""
    merged = MergedSketch()
    for sketch in sketches:
        merged.add(sketch)
    return merged.quantiles(wanted)
