"""Quantiles over many stored sketches at once. Reads DDSketch's protobuf (Masson, Rim, Lee 2019) into one
table of counts, much faster than making and merging a sketch object for each. Pure."""

from __future__ import annotations

import math
import operator
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ddsketch.pb import ddsketch_pb2

from functions.dense_sketch import unpack


class MergedSketch:
    """The sum of serialised sketches that share one accuracy. Values are in the sketches' own unit."""

    def __init__(self) -> None:
        self._bins: defaultdict[int, float] = defaultdict(float)
        self._lowest = 0
        self._counts: list[int] = []  # of the dense ones, from `_lowest` on
        self._zeros = 0.0
        self._gamma = 0.0

    def add(self, sketch: bytes) -> None:
        """Merge one serialised sketch (no bytes: an empty one); raises ValueError on another accuracy."""
        if not sketch:
            return
        dense = unpack(sketch)
        if dense is not None:
            self._agree(dense.gamma)
            self._zeros += dense.zeros
            self._add_counts(dense.lowest, dense.counts)
            return
        proto = ddsketch_pb2.DDSketch.FromString(sketch)
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
        if self._gamma and not math.isclose(self._gamma, gamma):
            raise ValueError("Sketches of different accuracy cannot be merged.")
        self._gamma = gamma

    def _add_counts(self, lowest: int, counts: array[int]) -> None:
        if not self._counts:
            self._lowest, self._counts = lowest, counts.tolist()
            return
        if lowest < self._lowest:
            self._counts[:0] = [0] * (self._lowest - lowest)
            self._lowest = lowest
        first = lowest - self._lowest
        end = first + len(counts)
        self._counts += [0] * (end - len(self._counts))
        self._counts[first:end] = map(operator.add, self._counts[first:end], counts)

    def _whole(self) -> dict[int, float]:
        whole = dict(self._bins)
        for index, count in enumerate(self._counts, self._lowest):
            if count:
                whole[index] = whole.get(index, 0) + count
        return whole

    @property
    def count(self) -> float:
        """How many values the sketches hold."""
        return self._zeros + sum(self._bins.values()) + sum(self._counts)

    def quantiles(self, wanted: Sequence[float]) -> list[float | None]:
        """The value at each quantile (0 to 1, ascending), None while nothing was added."""
        total = self.count
        if not total:
            return [None] * len(wanted)
        ordered = sorted(self._whole().items())
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
