"""Quantiles over many stored sketches at once. Reads functions.packed_sketch and DDSketch's protobuf (Masson, Rim,
Lee 2019) into one table of counts, much faster than making and merging a sketch object for each. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

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

    def _spill(self) -> None:
        """Move the long number's counts to the table."""
        numbers = self._counts.to_bytes(
            -(-self._counts.bit_length() // COUNT_BITS) * COUNT_BITS // 8, "little"
        )
        for index, count in enumerate(counts_in(numbers), self._lowest):
            if count:
                self._bins[index] += count
        self._counts = self._bound = 0

    @property
    def count(self) -> float:
        """How many values were added."""
        self._spill()
        return self._zeros + sum(self._bins.values())

    def quantiles(self, wanted: Sequence[float]) -> list[float | None]:
        """The value at each quantile (0 to 1, ascending), None while nothing was added."""
        total = self.count
        if not total:
            return [None] * len(wanted)
        ordered = sorted(self._bins.items())
        return [self._at(rank * (total - 1), ordered) for rank in wanted]

    def _at(self, rank: float, ordered: Sequence[tuple[int, float]]) -> float:
        seen = self._zeros
        if rank < seen:
            return 0.0
        for index, count in ordered:
            seen += count
            if seen > rank:
                return self._value(index)
        return self._value(ordered[-1][0])

    def _value(self, index: int) -> float:
        """The middle of a bin, as LogarithmicMapping.value computes it."""
        return float(self._gamma**index * 2.0 / (1.0 + self._gamma))


def quantiles_of(sketches: Iterable[bytes], wanted: Sequence[float]) -> list[float | None]:
    """The quantiles of all values in some sketches together."""
    merged = MergedSketch()
    for sketch in sketches:
        merged.add(sketch)
    return merged.quantiles(wanted)
