"""Which three-letter sequences some texts hold, as a bit map of 8 kB: whether a word can be in one of them is
answered without reading them. Pure; says "no" only when it is so."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

BITS = 1 << 16
_LENGTH = 3


def signature(texts: Iterable[str]) -> bytes:
    """The bit map of some texts; letters count as one whatever their case."""
    grams: set[str] = set()
    for text in texts:
        grams |= _grams(text)
    bits = bytearray(BITS // 8)
    for place in _places(grams):
        bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def places_of(term: str) -> frozenset[int]:
    """The bits that are set wherever a text holds `term`; none for terms of one or two letters, or without a
    sequence of ASCII, since databases differ in what is one letter in two cases beyond it."""
    return frozenset(_places(_grams(term)))


def may_hold(signature: bytes, places: Iterable[int]) -> bool:
    """Whether all those bits are set."""
    return all(signature[place >> 3] >> (place & 7) & 1 for place in places)


def _grams(text: str) -> set[str]:
    text = text.lower()
    return {text[at : at + _LENGTH] for at in range(len(text) - _LENGTH + 1)}


def _places(grams: Iterable[str]) -> Iterable[int]:
    return (zlib.crc32(gram.encode()) % BITS for gram in grams if gram.isascii())
