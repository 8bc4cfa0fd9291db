"""A body in at most 256 bytes, from which its likeness to another body is estimated.

A sketch holds the smallest hashes of a body's word shingles and those of its numbers (bottom-k;
A. Broder, "On the resemblance and containment of documents", 1997). Below the smaller of two
sketches' largest hashes everything is known of both bodies, so every ratio is counted there.

Bytes: how many numbers there are; the numbers, two bytes each; the shingles, three bytes each. All
are the first bits of 64-bit hashes, ascending and distinct, little endian.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.text.shingles import smallest

_Array = npt.NDArray[Any]

SKETCH_SIZE = 64
"""Shingle hashes a sketch holds at most."""

MOST_NUMBERS = 30
"""Hashes of numbers a sketch holds at most."""

_SHINGLE_BYTES = 3
_NUMBER_BYTES = 2


@dataclass(frozen=True, slots=True)
class Part:
    """The smallest hashes of something.

    Attributes:
        known: the hashes.
        ordered: the same, ascending.
        reach: the hash up to which nothing is missing.
    """

    known: frozenset[int]
    ordered: tuple[int, ...]
    reach: int


@dataclass(frozen=True, slots=True)
class Sketch:
    """A sketch that has been read."""

    shingles: Part
    numbers: Part


def pack(shingles: _Array, numbers: _Array) -> bytes:
    """Make a sketch.

    Args:
        shingles: 64-bit hashes of a body's shingles.
        numbers: those of its numbers.
    """
    short = smallest(numbers >> np.uint64(48), MOST_NUMBERS).astype("<u2")
    long = smallest(shingles >> np.uint64(40), SKETCH_SIZE).astype("<u4")
    packed = long.view(np.uint8).reshape(-1, 4)[:, :_SHINGLE_BYTES]
    return bytes([len(short)]) + short.tobytes() + packed.tobytes()


@lru_cache(maxsize=1 << 12)
def unpack(sketch: bytes) -> Sketch:
    """Read a sketch."""
    shingles_at = 1 + _NUMBER_BYTES * (sketch[0] if sketch else 0)
    return Sketch(
        _part(sketch[shingles_at:], _SHINGLE_BYTES, SKETCH_SIZE),
        _part(sketch[1:shingles_at], _NUMBER_BYTES, MOST_NUMBERS),
    )


def _part(packed: bytes, width: int, most: int) -> Part:
    ordered = tuple(
        int.from_bytes(packed[at : at + width], "little") for at in range(0, len(packed), width)
    )
    reach = ordered[-1] if len(ordered) == most else 1 << (8 * width)
    return Part(frozenset(ordered), ordered, reach)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two sketches tell of each other.

    Attributes:
        both: hashes that are in both bodies.
        one: hashes of the first body that could have been found in the second.
        other: hashes of the second that could have been found in the first.
    """

    both: int
    one: int
    other: int

    @property
    def jaccard(self) -> float:
        """Estimated share of what is in either body that is in both."""
        either = self.one + self.other - self.both
        return self.both / either if either else 0.0


def overlap(one: Part, other: Part) -> Overlap:
    """Count what two bodies share of what can be told of both."""
    both = len(one.known & other.known)
    if one.reach == other.reach:
        return Overlap(both, len(one.ordered), len(other.ordered))
    reach = min(one.reach, other.reach)
    return Overlap(both, bisect_right(one.ordered, reach), bisect_right(other.ordered, reach))
