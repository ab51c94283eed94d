"""Quantiles over many stored sketches at once. Reads DDSketch's protobuf (Masson, Rim, Lee 2019) into one
table of counts, much faster than making and merging a sketch object for each. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ddsketch.pb import ddsketch_pb2


class MergedSketch:
    """The sum of serialised sketches that share one accuracy. Values are in the sketches' own unit."""

    def __init__(self) -> None:
        self._bins: defaultdict[int, float] = defaultdict(float)
        self._zeros = 0.0
        self._gamma = 0.0

    def add(self, sketch: bytes) -> None:
        """Merge one serialised sketch (no bytes: an empty one); raises ValueError on another accuracy."""
        if not sketch:
            return
        proto = ddsketch_pb2.DDSketch.FromString(bytes(sketch))
        if self._gamma and not math.isclose(self._gamma, proto.mapping.gamma):
            raise ValueError("Sketches of different accuracy cannot be merged.")
        self._gamma = proto.mapping.gamma
        self._zeros += proto.zeroCount
        store = proto.positiveValues
        for index, count in enumerate(store.contiguousBinCounts, store.contiguousBinIndexOffset):
            if count:
                self._bins[index] += count
        for sparse, count in store.binCounts.items():
            self._bins[sparse] += count

    @property
    def count(self) -> float:
        """How many values the sketches hold."""
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
