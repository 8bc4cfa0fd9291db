"""The words of a body as numbers, and hashes of all stretches of a few of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.text.word_classes import DIGIT, SEPARATOR, WORD, classes_of

_Array = npt.NDArray[Any]

# A polynomial hash modulo 2**64: with the running sum of code * base**place, the hash of any
# stretch of the text is one difference, shifted to the front by the inverse of the base's power.
# A word's first letter is marked, so that `ab c` and `a bc` differ.
_BEGINS = np.uint32(1 << 24)
_BASE = 0x9E3779B97F4A7C15
_BLOCK = 1 << 12


class _Powers:
    """Powers of the base and of its inverse, as many as the longest body so far needed."""

    def __init__(self) -> None:
        self._tables = self._make(_BLOCK)

    @staticmethod
    def _make(length: int) -> tuple[_Array, _Array]:
        tables = []
        for base in (_BASE, pow(_BASE, -1, 1 << 64)):
            table = np.empty(length, np.uint64)
            table[0] = 1
            done = 1
            while done < length:
                step = np.uint64(pow(base, done, 1 << 64))
                more = min(done, length - done)
                table[done : done + more] = table[:more] * step
                done += more
            tables.append(table)
        return tables[0], tables[1]

    def up_to(self, length: int) -> tuple[_Array, _Array]:
        if len(self._tables[0]) < length:
            self._tables = self._make(-(-length // _BLOCK) * _BLOCK)
        return self._tables


_POWERS = _Powers()


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A body without what parts its words.

    Attributes:
        letters: code points of its letters and digits, the first one of each word marked.
        starts: where in the letters each word begins.
        ends: where it ends.
        classes: class of each letter.
        unspaced: which words are characters of scripts without spaces; None when none is.
    """

    letters: _Array
    starts: _Array
    ends: _Array
    classes: _Array
    unspaced: _Array | None

    def __len__(self) -> int:
        return len(self.starts)


def words_of(folded: str) -> Words | None:
    """The words of a case-folded text; None when there are none."""
    codes = np.frombuffer(folded.encode("utf-32-le", "replace"), "<u4")
    classes = classes_of(codes, folded.isascii())
    # A word begins at a letter behind a separator, and at and behind every unspaced character.
    kept = classes != SEPARATOR
    begins = kept.copy()
    begins[1:] &= ~kept[:-1]
    has_unspaced = len(classes) and classes.max() == WORD
    if has_unspaced:
        unspaced = classes == WORD
        begins[1:] |= kept[1:] & unspaced[:-1]
        begins |= unspaced
    places = kept.nonzero()[0]
    if not len(places):
        return None
    starts = begins.take(places).nonzero()[0]
    letters, classes = codes.take(places), classes.take(places)
    letters[starts] |= _BEGINS
    ends = np.empty_like(starts)
    ends[:-1], ends[-1] = starts[1:], len(letters)
    return Words(
        letters, starts, ends, classes, classes.take(starts) == WORD if has_unspaced else None
    )


def shingles(words: Words, sizes: tuple[int, ...]) -> list[_Array]:
    """Hashes of all stretches of so many words, in the order of the text, for each of the sizes."""
    letters, starts, ends = words.letters, words.starts, words.ends
    powers, inverses = _POWERS.up_to(len(letters))
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(letters * powers[: len(letters)], out=sums[1:])
    before, after, back = sums.take(starts), sums.take(ends), inverses.take(starts)
    found = []
    for size in sizes:
        count = max(0, len(starts) - size + 1)
        hashes = (after[size - 1 :] - before[:count]) * back[:count]
        found.append(_spread(hashes))
    return found


def numbers(words: Words) -> _Array:
    """Hashes of the numbers in a text, in its order.

    A number is the digits of all words that begin with one and have no other word between them:
    ``10,000``, ``10 000`` and ``10000`` are the same, ``2-1`` and ``1-2`` are not.
    """
    places = (words.classes == DIGIT).nonzero()[0]
    if not len(places):
        return np.empty(0, np.uint64)
    owner = np.searchsorted(words.starts, places, "right") - 1
    counted = words.classes.take(words.starts.take(owner)) == DIGIT
    if not counted.all():
        places, owner = places[counted], owner[counted]
        if not len(places):
            return np.empty(0, np.uint64)
    begins = np.ones(len(owner), bool)
    begins[1:] = owner[1:] - owner[:-1] > 1
    first = begins.nonzero()[0]
    powers, inverses = _POWERS.up_to(len(places))
    codes = words.letters.take(places) & ~_BEGINS
    totals = np.add.reduceat(codes * powers[: len(places)], first) * inverses.take(first)
    return _spread(totals)


def _spread(hashes: _Array) -> _Array:
    # The low bits of a polynomial hash see few letters.
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xD6E8FEB86659FD93)
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    return hashes


def smallest(hashes: _Array, most: int) -> list[int]:
    """The smallest distinct hashes, ascending."""
    ordered = np.sort(hashes)
    found = dict.fromkeys(ordered[: 2 * most].tolist())
    if len(found) < most:
        found = dict.fromkeys(ordered.tolist())
    return list(found)[:most]
