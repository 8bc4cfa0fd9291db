"""What a body says, in a few bytes: enough to tell whether two bodies agree.

A body is folded to its words: case-folded, parted by anything that is neither letter, mark nor
digit. In scripts without spaces every character is a word. Four things are kept: a hash of all
words, a hash of the lead (the first twelve), their number, and a bottom-k sketch of the word
3-shingles, from which the Jaccard index of two bodies is estimated (A. Broder, "On the resemblance
and containment of documents", 1997).

These values are stored, so they must be the same on every machine and in every year: no builtin
``hash``, fixed byte order, and a table of separators written out below instead of the Unicode
database of the interpreter. Any change is a new :data:`SKETCH_VERSION`.

The signature for near-duplicates among *all* bodies (MinHash, banded) will stand beside the sketch:
the sketch only compares two bodies that something else has brought together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from schemas.records import Hash64

SKETCH_VERSION = 1
"""Version of all four values; sketches of different versions must not be compared."""

SKETCH_SIZE = 16
"""Shingle hashes a sketch holds at most."""

MIN_JACCARD = 0.5
"""Estimated Jaccard index from which bodies agree."""

_SHINGLE = 3
_LEAD_WORDS = 12
_MIN_LEAD_WORDS = 6
_UNSPACED_PER_WORD = 3
"""Characters of a script without spaces that weigh as much as a word in the lead: twelve Chinese
characters may be the dateline alone."""
_MIN_CONTAINED = 0.5

_SEPARATORS = (
    (0x00, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0xA9), (0xAB, 0xB4), (0xB6, 0xB9),
    (0xBB, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x2B9, 0x2DF), (0x37E, 0x37E), (0x387, 0x387),
    (0x55A, 0x55F), (0x589, 0x58F), (0x5BE, 0x5BE), (0x5C0, 0x5C0), (0x5C3, 0x5C3),
    (0x5C6, 0x5C6), (0x5F3, 0x5F4), (0x600, 0x60F), (0x61B, 0x61F), (0x66A, 0x66D),
    (0x6D4, 0x6D4), (0x700, 0x70D), (0x964, 0x965), (0x970, 0x970), (0xE3F, 0xE3F),
    (0xE4F, 0xE4F), (0xE5A, 0xE5B), (0xF01, 0xF14), (0x104A, 0x104F), (0x1360, 0x1368),
    (0x166D, 0x166E), (0x1680, 0x1680), (0x17D4, 0x17DB), (0x1800, 0x180A), (0x2000, 0x206F),
    (0x207A, 0x207E), (0x208A, 0x208E), (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F), (0x3000, 0x3004), (0x3008, 0x3020), (0x3030, 0x3030), (0x303D, 0x303F),
    (0x30A0, 0x30A0), (0x30FB, 0x30FB), (0xA4FE, 0xA4FF), (0xD800, 0xF8FF), (0xFD3E, 0xFD3F),
    (0xFE00, 0xFE1F), (0xFE30, 0xFE6F), (0xFEFF, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65), (0xFFE0, 0xFFFF),
)  # fmt: skip
"""Code points that part words: Unicode blocks of punctuation and symbols, and the punctuation
inside letter blocks."""
_UNSPACED = (
    (0xE01, 0xE3A), (0xE40, 0xE4E), (0xE81, 0xECE), (0x1000, 0x103F), (0x1050, 0x109F),
    (0x1780, 0x17D3), (0x3005, 0x3007), (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA),
    (0x30FC, 0x30FF), (0x3105, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9D),
)  # fmt: skip
"""Thai, Lao, Burmese, Khmer, kana, bopomofo and Han: every character a word."""

_SEPARATOR, _LETTER, _WORD = 0, 1, 2

_FIRST_PLANE = 0x10000

_Array = npt.NDArray[Any]


def _classes() -> _Array:
    table = np.full(_FIRST_PLANE + 3, _LETTER, np.uint8)
    for first, last in _SEPARATORS:
        table[first : last + 1] = _SEPARATOR
    for first, last in _UNSPACED:
        table[first : last + 1] = _WORD
    # Three places behind the first plane stand for what lies beyond it; see _class_of.
    table[_FIRST_PLANE:] = _SEPARATOR, _LETTER, _WORD
    return table


_CLASSES = _classes()

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


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is known of a body once it is put away.

    Attributes:
        body_hash: XXH3-64 of the folded words.
        lead_hash: XXH3-64 of the first twelve of them (of a script without spaces, 36
            characters); 0 when there are fewer than six (18).
        words: their number.
        sketch: the 16 smallest distinct 32-bit hashes of word 3-shingles (fewer when there are
            fewer shingles), ascending, each little endian.
    """

    body_hash: Hash64
    lead_hash: Hash64
    words: int
    sketch: bytes


def fingerprint(body: str | None) -> Fingerprint | None:
    """Return the fingerprint of a body, or None when it holds no word.

    Args:
        body: cleaned plain text.
    """
    if not body:
        return None
    codes = np.frombuffer(body.casefold().encode("utf-32-le", "replace"), "<u4")
    classes = _class_of(codes, body.isascii())

    # A word begins at a letter behind a separator, and at and behind every unspaced character.
    kept = classes != _SEPARATOR
    begins = kept.copy()
    begins[1:] &= ~kept[:-1]
    unspaced = None
    if classes.max() == _WORD:
        unspaced = classes == _WORD
        begins[1:] |= kept[1:] & unspaced[:-1]
        begins |= unspaced
    places = np.flatnonzero(kept)
    starts = np.flatnonzero(begins.take(places))
    words = len(starts)
    if not words:
        return None
    letters = codes.take(places)
    letters[starts] |= _BEGINS
    ends = np.append(starts[1:], len(letters))

    lead = _lead(words, None if unspaced is None else unspaced[begins])
    return Fingerprint(
        body_hash=_hash(letters),
        lead_hash=_hash(letters[: ends[lead - 1]]) if lead else 0,
        words=words,
        sketch=_sketch(letters, starts, ends),
    )


def _class_of(codes: _Array, ascii_only: bool) -> _Array:
    if not ascii_only and codes.max() >= _FIRST_PLANE:
        # Han; musical and other notation, emoji, tags; letters of historic and small scripts.
        beyond = codes >= _FIRST_PLANE
        symbol = (
            ((codes >= 0x1CF00) & (codes < 0x1D400))
            | ((codes >= 0x1F000) & (codes < 0x20000))
            | (codes >= 0xE0000)
        )
        kinds = np.where(symbol, _SEPARATOR, np.where(codes >= 0x20000, _WORD, _LETTER))
        codes = np.where(beyond, _FIRST_PLANE + kinds, codes)
    return _CLASSES.take(codes)


def _lead(words: int, unspaced: _Array | None) -> int:
    """How many words make the lead; 0 when there are too few."""
    if unspaced is None:
        return 0 if words < _MIN_LEAD_WORDS else min(words, _LEAD_WORDS)
    weights = np.cumsum(np.where(unspaced, 1, _UNSPACED_PER_WORD))
    if weights[-1] < _MIN_LEAD_WORDS * _UNSPACED_PER_WORD:
        return 0
    return min(words, int(np.searchsorted(weights, _LEAD_WORDS * _UNSPACED_PER_WORD)) + 1)


def _hash(letters: _Array) -> Hash64:
    return xxhash.xxh3_64_intdigest(letters.astype("<u4", copy=False).tobytes())


def _sketch(letters: _Array, starts: _Array, ends: _Array) -> bytes:
    powers, inverses = _POWERS.up_to(len(letters))
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(letters * powers[: len(letters)], out=sums[1:])
    # A body of one or two words is one shingle.
    last = min(_SHINGLE, len(starts)) - 1
    first = starts[: len(starts) - last]
    hashes = (sums.take(ends[last:]) - sums.take(first)) * inverses.take(first)
    # The low bits of a polynomial hash see few letters: spread them, keep the high half.
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xD6E8FEB86659FD93)
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    shingles = (hashes >> np.uint64(32)).astype("<u4")
    shingles.sort()
    different = np.ones(len(shingles), bool)
    different[1:] = shingles[1:] != shingles[:-1]
    return shingles[different][:SKETCH_SIZE].tobytes()


def agree(a: Fingerprint, b: Fingerprint) -> float | None:
    """Say whether two bodies agree: a score above 0 and up to 1, or None when they differ.

    They agree when their words are the same (1.0); when they begin alike and what can be told of
    the shorter is found in the longer, as of an excerpt (its contained share, 0.5 when nothing can
    be told); and when the Jaccard index estimated from their sketches is at least 0.5 (the
    estimate). A common opening alone is not enough: columns greet their readers with the same
    words every day.

    Symmetric. Both must be of the current :data:`SKETCH_VERSION`.
    """
    if a.body_hash == b.body_hash:
        return 1.0
    jaccard = _jaccard(a.sketch, b.sketch)
    scores = [jaccard] if jaccard >= MIN_JACCARD else []
    if a.lead_hash == b.lead_hash != 0:
        short, long = (a, b) if (a.words, a.sketch) <= (b.words, b.sketch) else (b, a)
        contained = _contained(short.sketch, long.sketch)
        if contained is None:
            scores.append(_MIN_CONTAINED)
        elif contained >= _MIN_CONTAINED:
            scores.append(contained)
    # Equal sketches of bodies that differ are near to 1, and 1 is kept for the same words.
    return min(max(scores), 0.99) if scores else None


def _hashes(sketch: bytes) -> list[int]:
    hashes: list[int] = np.frombuffer(sketch, "<u4").tolist()
    return hashes


def _jaccard(a: bytes, b: bytes) -> float:
    """Share of the smallest hashes of both bodies together that are in each."""
    ours, theirs = set(_hashes(a)), set(_hashes(b))
    smallest = sorted(ours | theirs)[:SKETCH_SIZE]
    return sum(h in ours and h in theirs for h in smallest) / len(smallest) if smallest else 0.0


def _contained(short: bytes, long: bytes) -> float | None:
    """Share of the shorter body's shingles found in the longer one; None when none can be told.

    Of the longer body only the smallest hashes are known, so only the shorter one's hashes up to
    the largest of them can be looked for.
    """
    known = _hashes(long)
    reach = known[-1] if len(known) == SKETCH_SIZE else 1 << 32
    tellable = [h for h in _hashes(short) if h <= reach]
    if not tellable:
        return None
    return len(set(tellable) & set(known)) / len(tellable)
