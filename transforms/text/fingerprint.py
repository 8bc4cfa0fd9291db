"""What a body says, in a few bytes: enough to find its near copies and to compare it with them.

A body is folded to its words: case-folded, without web and mail addresses, hashtags and handles,
parted by anything that is neither letter, mark nor digit. In scripts without spaces every character
is a word. Five things are kept: a hash of all words, a hash of the lead (the first twelve), their
number, a sketch (see :mod:`transforms.text.sketch`), and the bands by which near copies meet.

These values are stored, so they must be the same on every machine and in every year: no builtin
``hash``, fixed byte order, and tables of characters written out instead of the Unicode database of
the interpreter. Any change is a new :data:`SKETCH_VERSION`.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from schemas.records import Hash64
from transforms.text.shingles import Words, numbers, shingles, smallest, words_of
from transforms.text.sketch import SKETCH_SIZE, Overlap, overlap, pack, unpack

__all__ = [
    "MIN_JACCARD",
    "MIN_SHARED_BANDS",
    "MOST_BANDS",
    "SKETCH_SIZE",
    "SKETCH_VERSION",
    "Fingerprint",
    "Likeness",
    "agree",
    "alike",
    "fingerprint",
]

SKETCH_VERSION = 2
"""Version of all five values; fingerprints of different versions must not be compared."""

MIN_JACCARD = 0.5
"""Estimated Jaccard index from which bodies agree."""

MOST_BANDS = 16
"""Bands of a body."""

MIN_SHARED_BANDS = 2
"""Bands that two bodies must share to be compared at all."""

_SHINGLE = 3
_UNSPACED_SHINGLE = 5
_LEAD_WORDS = 12
_MIN_LEAD_WORDS = 6
_UNSPACED_PER_WORD = 3
"""Characters of a script without spaces that weigh as much as a word in the lead: twelve Chinese
characters may be the dateline alone."""
_MIN_CONTAINED = 0.5

_BAND_SHINGLE = 5
_UNSPACED_BAND_SHINGLE = 12
_MIN_BAND_WORDS = 30
_HEAD = 128
"""Shingles at the head of a body that half of the bands are taken from: a cut leaves the head."""
_MIN_BAND_LETTERS = 20
"""Letters of a shingle that makes a band: `at the end of the` is in every other text."""

_SHORT = 60
"""Words under which other numbers make another story."""

_BAND_SPREAD = np.uint64(0x9FB21C651E98DF25)

_Array = npt.NDArray[Any]

_ADDRESS = re.compile(
    r"https?://[!-~]+|www\.[!-~]+|[\w.+-]*@[\w.-]+"
    r"|(?<![\w&])#(?=\w*[^\W\d])\w+|(?<![\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}/[!-~]*"
)
_HINTS = ("://", "www.", "@", "#", "/")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is known of a body once it is put away.

    Attributes:
        body_hash: XXH3-64 of the folded words.
        lead_hash: XXH3-64 of the first twelve of them (of a script without spaces, 36
            characters); 0 when there are fewer than six (18).
        words: their number.
        sketch: at most 256 bytes; see :mod:`transforms.text.sketch`.
        bands: at most 16 distinct keys; near copies share :data:`MIN_SHARED_BANDS` of them. None
            of a body of fewer than 30 words (90 characters).
    """

    body_hash: Hash64
    lead_hash: Hash64
    words: int
    sketch: bytes
    bands: tuple[Hash64, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two bodies are that nothing but their bands brought together.

    Attributes:
        score: above 0, up to 1.
        containment: estimated share of the shorter body's shingles that are in the longer.
        jaccard: estimated share of the shingles of either that are in both.
    """

    score: float
    containment: float
    jaccard: float


def fingerprint(body: str | None) -> Fingerprint | None:
    """Return the fingerprint of a body, or None when it holds no word.

    Args:
        body: cleaned plain text.
    """
    if not body:
        return None
    folded = body.casefold()
    if any(hint in folded for hint in _HINTS):
        folded = _ADDRESS.sub(" ", folded)
    words = words_of(folded)
    if words is None:
        return None
    unspaced = words.unspaced
    weight = len(words) * _UNSPACED_PER_WORD - (_UNSPACED_PER_WORD - 1) * int(unspaced.sum())
    mostly_unspaced = 2 * int(unspaced.sum()) > len(words)
    lead = _lead(words, unspaced)
    # A body of fewer words than a shingle is one shingle.
    size = min(_UNSPACED_SHINGLE if mostly_unspaced else _SHINGLE, len(words))
    band_size = _UNSPACED_BAND_SHINGLE if mostly_unspaced else _BAND_SHINGLE
    small, large = shingles(words, (size, band_size))
    has_bands = weight >= _MIN_BAND_WORDS * _UNSPACED_PER_WORD
    return Fingerprint(
        body_hash=_hash(words.letters),
        lead_hash=_hash(words.letters[: words.ends[lead - 1]]) if lead else 0,
        words=len(words),
        sketch=pack(small, numbers(words)),
        bands=_bands(words, large, band_size) if has_bands else (),
    )


def _lead(words: Words, unspaced: _Array) -> int:
    """How many words make the lead; 0 when there are too few."""
    if not unspaced.any():
        return 0 if len(words) < _MIN_LEAD_WORDS else min(len(words), _LEAD_WORDS)
    weights = np.cumsum(np.where(unspaced, 1, _UNSPACED_PER_WORD))
    if weights[-1] < _MIN_LEAD_WORDS * _UNSPACED_PER_WORD:
        return 0
    return min(len(words), int(np.searchsorted(weights, _LEAD_WORDS * _UNSPACED_PER_WORD)) + 1)


def _hash(letters: _Array) -> Hash64:
    return xxhash.xxh3_64_intdigest(letters.astype("<u4", copy=False).tobytes())


def _bands(words: Words, hashes: _Array, size: int) -> tuple[Hash64, ...]:
    if size == _BAND_SHINGLE:
        letters = words.ends[size - 1 :] - words.starts[: len(hashes)]
        telling = letters >= _MIN_BAND_LETTERS
        head, hashes = hashes[:_HEAD][telling[:_HEAD]], hashes[telling]
    else:
        head = hashes[:_HEAD]
    chosen = smallest(head, MOST_BANDS // 2)
    rest = smallest(hashes, MOST_BANDS)
    rest = rest[~np.isin(rest, chosen)][: MOST_BANDS - len(chosen)]
    # The smallest all begin with zeros, and keys are cut into groups by their first bits.
    found: list[int] = (np.append(chosen, rest) * _BAND_SPREAD).tolist()
    return tuple(found)


def agree(a: Fingerprint, b: Fingerprint) -> float | None:
    """Say whether two bodies agree: a score above 0 and up to 1, or None when they differ.

    They agree when their words are the same (1.0); when they begin alike and what can be told of
    the shorter is found in the longer, as of an excerpt (its contained share, 0.5 when nothing can
    be told); and when the Jaccard index estimated from their sketches is at least 0.5 (the
    estimate). A common opening alone is not enough: columns greet their readers with the same
    words every day. Nor do bodies agree of which the shorter has fewer than 60 words and a number
    that is not in the longer.

    Symmetric. Both must be of the current :data:`SKETCH_VERSION`.
    """
    if a.body_hash == b.body_hash:
        return 1.0
    short, long = _by_length(a, b)
    if short.words < _SHORT and not _numbers_within(short, long):
        return None
    found = _shared(short, long)
    scores = [found.jaccard] if found.jaccard >= MIN_JACCARD else []
    if a.lead_hash == b.lead_hash != 0:
        if not found.one:
            scores.append(_MIN_CONTAINED)
        elif found.both >= _MIN_CONTAINED * found.one:
            scores.append(found.both / found.one)
    # Equal sketches of bodies that differ are near to 1, and 1 is kept for the same words.
    return min(max(scores), 0.99) if scores else None


def alike(a: Fingerprint, b: Fingerprint) -> Likeness | None:
    """Say whether two bodies are near copies that only their bands brought together.

    Symmetric. Both must be of the current :data:`SKETCH_VERSION`.
    """
    if a.body_hash == b.body_hash:
        return Likeness(1.0, 1.0, 1.0)
    short, long = _by_length(a, b)
    found = _shared(short, long)
    if found.one < 8 or short.words < 0.15 * long.words:
        return None
    containment = found.both / found.one
    if containment < 0.5 + 0.5 / found.one**0.5:
        return None
    if short.words < 100 and not _numbers_within(short, long):
        return None
    return Likeness(min(containment, 0.99), containment, found.jaccard)


def _by_length(a: Fingerprint, b: Fingerprint) -> tuple[Fingerprint, Fingerprint]:
    return (a, b) if (a.words, a.sketch) <= (b.words, b.sketch) else (b, a)


def _shared(short: Fingerprint, long: Fingerprint) -> Overlap:
    return overlap(unpack(short.sketch).shingles, unpack(long.sketch).shingles)


def _numbers_within(short: Fingerprint, long: Fingerprint) -> bool:
    """Every number of the shorter body that can be looked for is in the longer."""
    found = overlap(unpack(short.sketch).numbers, unpack(long.sketch).numbers)
    return found.both == found.one
