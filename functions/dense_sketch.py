"""A sketch of many bins as an array of counts: half the size of the library's form, and read ten times as fast by
pages that merge thousands. Pure."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

# A zero first: no protobuf message begins with one. Then the lowest bin, the zeros and gamma.
_HEAD = struct.Struct("<Bxxxidd")
_TYPE = "I"
_MOST = 2**32


@dataclass(frozen=True, slots=True)
class DenseSketch:
    """How many values fell into each bin from `lowest` on, and how many were zero. `gamma` is the ratio of two
    bins' bounds (Masson, Rim, Lee 2019)."""

    lowest: int
    counts: array[int]
    zeros: float
    gamma: float

    def bins(self) -> dict[int, int]:
        """The bins that hold something."""
        return {index: count for index, count in enumerate(self.counts, self.lowest) if count}


def pack(bins: Mapping[int, float], zeros: float, gamma: float) -> bytes | None:
    """Bins as bytes; None without any, or with more in one than a counter takes."""
    if not bins or max(bins.values()) >= _MOST:
        return None
    lowest = min(bins)
    counts = array(_TYPE, bytes(array(_TYPE).itemsize * (max(bins) - lowest + 1)))
    for index, count in bins.items():
        counts[index - lowest] = int(count)
    return _HEAD.pack(0, lowest, zeros, gamma) + counts.tobytes()


def unpack(stored: bytes) -> DenseSketch | None:
    """The sketch in such bytes; None for another form."""
    if not stored or stored[0]:
        return None
    _, lowest, zeros, gamma = _HEAD.unpack_from(stored)
    counts = array(_TYPE)
    counts.frombytes(stored[_HEAD.size :])
    return DenseSketch(lowest, counts, zeros, gamma)
