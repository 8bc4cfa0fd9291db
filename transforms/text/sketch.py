"""A body in at most 256 bytes, from which its likeness to another body is estimated.

A sketch holds the smallest hashes of a body's word shingles, of its numbers and of its names
(bottom-k; A. Broder, "On the resemblance and containment of documents", 1997). Below the smaller of
two sketches' largest hashes everything is known of both bodies, so every ratio is counted there.

Bytes: how many numbers there are, 128 more in scripts without spaces; how many names; the numbers
and the names, two bytes each; the shingles, three bytes each. All are the first bits of 64-bit
hashes, ascending and distinct, little endian; the last bit of a shingle is 0 when it stands in the
first half of the body.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]

SKETCH_SIZE = 64
"""Shingle hashes a sketch holds at most."""

MOST_NUMBERS = 15
"""Hashes of numbers a sketch holds at most, and of names."""

_SHINGLE_BYTES = 3
_FACT_BYTES = 2
_UNSPACED = 0x80


@dataclass(frozen=True, slots=True)
class Part:
    """The smallest hashes of something.

    Attributes:
        known: the hashes.
        ordered: the same, ascending.
        reach: the hash up to which nothing is missing.
        first: those of the first half of the body.
    """

    known: frozenset[int]
    ordered: tuple[int, ...]
    reach: int
    first: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sketch:
    """A sketch that has been read.

    Attributes:
        shingles: of the words.
        numbers: of the numbers in the text.
        names: of the names in the text.
        unspaced: most words are characters of a script without spaces.
    """

    shingles: Part
    numbers: Part
    names: Part
    unspaced: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two sketches tell of each other.

    Attributes:
        both: how many hashes are in both bodies.
        one: how many of the first body could have been found in the second.
        other: how many of the second could have been found in the first.
    """

    both: int
    one: int
    other: int

    @property
    def contained(self) -> float:
        """Estimated share of the first body that is in the second; 0 when nothing can be told."""
        return self.both / self.one if self.one else 0.0

    @property
    def jaccard(self) -> float:
        """Estimated share of what is in either body that is in both."""
        either = self.one + self.other - self.both
        return self.both / either if either else 0.0


def pack(shingles: _Array, numbers: _Array, names: _Array, *, unspaced: bool) -> bytes:
    """Make a sketch.

    Args:
        shingles: 64-bit hashes of a body's shingles, in the order of the text.
        numbers: those of its numbers.
        names: those of its names.
        unspaced: most of its words are characters of a script without spaces.
    """
    places = shingles >> np.uint64(40) | np.uint64(1)
    places[: (len(places) + 1) // 2] ^= np.uint64(1)
    places.sort()
    # A shingle that stands in both halves stands in the first.
    others = places[1:][(places[1:] ^ places[:-1]) > np.uint64(1)]
    chosen = np.concatenate((places[:1], others[: SKETCH_SIZE - 1])).astype("<u4")
    packed = chosen.view(np.uint8).reshape(-1, 4)[:, :_SHINGLE_BYTES].tobytes()
    first, second = _facts(numbers), _facts(names)
    flag = _UNSPACED if unspaced else 0
    counts = bytes([flag | len(first) // _FACT_BYTES, len(second) // _FACT_BYTES])
    return counts + first + second + packed


def _facts(hashes: _Array) -> bytes:
    if not len(hashes):
        return b""
    distinct = sorted(set((hashes >> np.uint64(48)).tolist()))
    return np.array(distinct[:MOST_NUMBERS], "<u2").tobytes()


@lru_cache(maxsize=1 << 12)
def unpack(sketch: bytes) -> Sketch:
    """Read a sketch."""
    head, named = (sketch[0], sketch[1]) if sketch else (0, 0)
    names_at = 2 + _FACT_BYTES * (head & ~_UNSPACED)
    shingles_at = names_at + _FACT_BYTES * named
    places = _integers(sketch[shingles_at:], _SHINGLE_BYTES)
    hashes = tuple(place >> 1 for place in places)
    first = frozenset(place >> 1 for place in places if not place & 1)
    return Sketch(
        _part(hashes, 8 * _SHINGLE_BYTES - 1, SKETCH_SIZE, first),
        _part(_integers(sketch[2:names_at], _FACT_BYTES), 8 * _FACT_BYTES, MOST_NUMBERS),
        _part(_integers(sketch[names_at:shingles_at], _FACT_BYTES), 8 * _FACT_BYTES, MOST_NUMBERS),
        bool(head & _UNSPACED),
    )


def _integers(packed: bytes, width: int) -> tuple[int, ...]:
    found = np.zeros((len(packed) // width, 4), np.uint8)
    found[:, :width] = np.frombuffer(packed, np.uint8).reshape(-1, width)
    return tuple(found.view("<u4").ravel().tolist())


def _part(
    ordered: tuple[int, ...], bits: int, most: int, first: frozenset[int] = frozenset()
) -> Part:
    reach = ordered[-1] if len(ordered) == most else 1 << bits
    return Part(frozenset(ordered), ordered, reach, first)


def overlap(one: Part, other: Part) -> Overlap:
    """Count what two bodies share of what can be told of both."""
    both = len(one.known & other.known)
    if one.reach == other.reach:
        return Overlap(both, len(one.ordered), len(other.ordered))
    reach = min(one.reach, other.reach)
    return Overlap(both, bisect_right(one.ordered, reach), bisect_right(other.ordered, reach))
