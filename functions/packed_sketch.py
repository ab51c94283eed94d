"""A sketch as numbers one after the other: of many bins the counts from the lowest on, of few the bins with their
counts. Half the size of the library's form, and read ten times as fast by pages that merge thousands. Pure."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

# A zero first: no protobuf message begins with one. Then which form, in how many bits the largest count fits (0 in
# rows of before: nobody counted), the lowest bin, the zeros and gamma.
_HEAD = struct.Struct("<BBHidd")
_COUNT, _BIN = "I", "i"
COUNT_BITS = 32
_DENSE_FROM = 60  # bins
_DENSE, _SPARSE = 0, 1


@dataclass(slots=True)
class PackedSketch:
    """How many values fell into each bin, and how many were zero. `gamma` is the ratio of two bins' bounds (Masson,
    Rim, Lee 2019). Of a dense one `numbers` are the counts from bin `lowest` on, of COUNT_BITS each; of a sparse one
    as many bins as counts. No count reaches `bound`."""

    dense: bool
    lowest: int
    numbers: bytes
    bound: int
    zeros: float
    gamma: float

    def bins(self) -> dict[int, int]:
        """The bins that hold something."""
        if self.dense:
            return {index: count for index, count in enumerate(counts_in(self.numbers), self.lowest) if count}
        half = len(self.numbers) // 2
        indexes = array(_BIN)
        indexes.frombytes(self.numbers[:half])
        return dict(zip(indexes, counts_in(self.numbers[half:]), strict=True))


def pack(bins: Mapping[int, float], zeros: float, gamma: float) -> bytes | None:
    """Bins as bytes; None with more in one than a counter takes."""
    most, lowest = int(max(bins.values(), default=0)), min(bins, default=0)
    if most >= 1 << COUNT_BITS:
        return None
    dense = len(bins) > _DENSE_FROM
    head = _HEAD.pack(0, _DENSE if dense else _SPARSE, most.bit_length(), lowest, zeros, gamma)
    if not dense:
        return head + array(_BIN, bins).tobytes() + array(_COUNT, map(int, bins.values())).tobytes()
    counts = array(_COUNT, bytes(COUNT_BITS // 8 * (max(bins) - lowest + 1)))
    for index, count in bins.items():
        counts[index - lowest] = int(count)
    return head + counts.tobytes()


def unpack(stored: bytes) -> PackedSketch | None:
    """The sketch in such bytes; None for another form."""
    if not stored or stored[0]:
        return None
    _, form, bits, lowest, zeros, gamma = _HEAD.unpack_from(stored)
    numbers = stored[_HEAD.size :]
    bound = 1 << bits if bits else max(counts_in(numbers), default=0) + 1
    return PackedSketch(form == _DENSE, lowest, numbers, bound, zeros, gamma)


def counts_in(numbers: bytes) -> array[int]:
    """The counts that stand in some bytes."""
    counts = array(_COUNT)
    counts.frombytes(numbers)
    return counts
