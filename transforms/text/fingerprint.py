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
from transforms.text.sketch import SKETCH_SIZE, Part, Sketch, overlap, pack, unpack

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
_NEARLY_CONTAINED = 0.9

_BAND_SHINGLE = 5
_UNSPACED_BAND_SHINGLE = 12
_MIN_BAND_WORDS = 30
_HEAD = 128
"""Shingles at the head of a body that half of the bands are taken from: a cut leaves the head."""
_MIN_BAND_LETTERS = 20
"""Letters of a shingle that makes a band: `at the end of the` is in every other text."""

_SHORT = 60
"""Words under which one other number makes another story."""

_LEAST_TELLING = 8
"""Shingles of the shorter body that must be comparable: what is lifted from a text more than eight
times as long is not told from a quotation."""
_LEAST_CONTAINED = 0.5
_DOUBT = 0.5
"""The fewer shingles are comparable, the more of them must be shared: this much, divided by the
root of their number, on top of the half."""
_BRIEF = 100
_BRIEF_CONTAINED = 0.9
"""Under so many words, so much must be contained: the lines that a publisher puts under every text
may be three quarters of a brief one."""
_LEAST_TOGETHER = 1.0
"""Containment and half the Jaccard index together. Two reports of one affair on two days may have
three fifths of the shorter in common, and then the longer has much of its own."""
_LEAST_IN_HALF = 0.15
"""Share of what is shared that must stand in a half of a body."""
_LEAST_NUMBERS = ((100, 1.0), (200, 0.6), (1 << 62, 0.2))
"""By the words of the shorter body, the share of its numbers that must be in the longer."""
_MANY_WORDS = 200
_WORDS_PER_NUMBER = 20
_MOST_COUNTED = 300
"""From 200 words, numbers count only where there is one to twenty words: such are tables, not
reports. Sketches hold no more than 15 numbers, so more than 300 words say no more."""

_LEAST_NAMES = 0.9
_FEW_WORDS = 200
"""The same of its names, below so many words: appeals, appointments and death notices may hold no
number at all."""
_MOST_NAMED = 300
"""Words up to which a body's names are kept."""
_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я](?<=[\w,;]\s.)\w+")
"""A capitalised word that begins no sentence. The capital is asked for first: it is rare, and the
search then skips to the next one."""

_NOTHING = np.empty(0, np.uint64)
_BAND_SPREAD = np.uint64(0x9FB21C651E98DF25)
_NO_BAND = (1 << 64) - 1

_Array = npt.NDArray[Any]

_ADDRESSES = (
    ("://", re.compile(r"https?://[!-~]+")),
    ("www.", re.compile(r"www\.[!-~]+")),
    ("@", re.compile(r"(?<![a-z0-9_.+-])[a-z0-9_.+-]{0,64}@[a-z0-9_.-]+")),
    ("#", re.compile(r"(?<![\w&])#(?=\w*[^\W\d])\w+")),
    ("com/", re.compile(r"(?<![a-z0-9.-])[a-z0-9.-]{1,253}\.com/[!-~]*")),
)
"""What an address, handle or hashtag looks like, each with a sign that spares the search: texts of
different stories share them, and shorteners give copies different ones. Repeats are bounded: a run
of letters as long as the text must not be walked from each of them."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is known of a body once it is put away.

    Attributes:
        body_hash: XXH3-64 of the folded words.
        lead_hash: XXH3-64 of the first twelve of them (of a script without spaces, 36
            characters); 0 when there are fewer than six (18).
        words: their number.
        sketch: at most 256 bytes; see :mod:`transforms.text.sketch`. The one part in which capitals
            show: they are how names are known.
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
    for sign, address in _ADDRESSES:
        if sign in folded:
            folded = address.sub(" ", folded)
    words = words_of(folded)
    if words is None:
        return None
    unspaced = words.unspaced
    characters = 0 if unspaced is None else int(unspaced.sum())
    weight = len(words) * _UNSPACED_PER_WORD - (_UNSPACED_PER_WORD - 1) * characters
    mostly_unspaced = 2 * characters > len(words)
    lead = _lead(words, unspaced)
    # A body of fewer words than a shingle is one shingle.
    size = min(_UNSPACED_SHINGLE if mostly_unspaced else _SHINGLE, len(words))
    band_size = _UNSPACED_BAND_SHINGLE if mostly_unspaced else _BAND_SHINGLE
    small, large = shingles(words, (size, band_size))
    names = _names(body) if len(words) <= _MOST_NAMED else _NOTHING
    has_bands = weight >= _MIN_BAND_WORDS * _UNSPACED_PER_WORD
    return Fingerprint(
        body_hash=_hash(words.letters),
        lead_hash=_hash(words.letters[: words.ends[lead - 1]]) if lead else 0,
        words=len(words),
        sketch=pack(small, numbers(words), names, unspaced=mostly_unspaced),
        bands=_bands(words, large, band_size) if has_bands else (),
    )


def _lead(words: Words, unspaced: _Array | None) -> int:
    """How many words make the lead; 0 when there are too few."""
    if unspaced is None:
        return 0 if len(words) < _MIN_LEAD_WORDS else min(len(words), _LEAD_WORDS)
    weights = np.cumsum(np.where(unspaced, 1, _UNSPACED_PER_WORD))
    if weights[-1] < _MIN_LEAD_WORDS * _UNSPACED_PER_WORD:
        return 0
    return min(len(words), int(np.searchsorted(weights, _LEAD_WORDS * _UNSPACED_PER_WORD)) + 1)


def _names(body: str) -> _Array:
    found = " ".join(set(_NAME.findall(body))).casefold().encode("utf-8", "replace").split()
    return np.array([xxhash.xxh3_64_intdigest(name) for name in found], np.uint64)


def _hash(letters: _Array) -> Hash64:
    return xxhash.xxh3_64_intdigest(letters.astype("<u4", copy=False).tobytes())


def _bands(words: Words, hashes: _Array, size: int) -> tuple[Hash64, ...]:
    if size == _BAND_SHINGLE:
        letters = words.ends[size - 1 :] - words.starts[: len(hashes)]
        hashes[letters < _MIN_BAND_LETTERS] = _NO_BAND
    chosen = dict.fromkeys(smallest(hashes[:_HEAD], MOST_BANDS // 2))
    for one in smallest(hashes, MOST_BANDS):
        if len(chosen) < MOST_BANDS:
            chosen[one] = None
    # The smallest all begin with zeros, and keys are cut into groups by their first bits.
    chosen.pop(_NO_BAND, None)
    return tuple((np.array(list(chosen), np.uint64) * _BAND_SPREAD).tolist())


def agree(a: Fingerprint, b: Fingerprint) -> float | None:
    """Say whether two bodies agree: a score above 0 and up to 1, or None when they differ.

    They agree when their words are the same (1.0); when they begin alike and what can be told of
    the shorter is found in the longer, as of an excerpt (its contained share, 0.5 when nothing can
    be told); when nearly all of the shorter, 0.9, is in the longer and not at its foot alone, as
    behind a dateline; and when the Jaccard index estimated from their sketches is at least 0.5 (the
    estimate). A common opening alone is not enough: columns greet their readers with the same
    words every day. Nor do bodies agree of which the shorter has fewer than 60 words and a number
    that is not in the longer.

    Symmetric. Both must be of the current :data:`SKETCH_VERSION`.
    """
    if a.body_hash == b.body_hash:
        return 1.0
    short, long = _by_length(a, b)
    ours, theirs = unpack(short.sketch), unpack(long.sketch)
    if _weight(short, ours) < _SHORT:
        numbers_shared = overlap(ours.numbers, theirs.numbers)
        if numbers_shared.both < numbers_shared.one:
            return None
    found = overlap(ours.shingles, theirs.shingles)
    scores = [found.jaccard] if found.jaccard >= MIN_JACCARD else []
    if a.lead_hash == b.lead_hash != 0:
        if not found.one:
            scores.append(_MIN_CONTAINED)
        elif found.contained >= _MIN_CONTAINED:
            scores.append(found.contained)
    elif (
        found.one >= _LEAST_TELLING
        and found.contained >= _NEARLY_CONTAINED
        and not _stands_apart(ours.shingles, theirs.shingles, found.both)
    ):
        scores.append(found.contained)
    # Equal sketches of bodies that differ are near to 1, and 1 is kept for the same words.
    return min(max(scores), 0.99) if scores else None


def alike(a: Fingerprint, b: Fingerprint) -> Likeness | None:
    """Say whether two bodies are near copies that only their bands brought together.

    Most of the shorter must be in the longer, nearly all of a brief one, and in both of its halves;
    its numbers as well when it is short or full of them, and its names when both are short. Short
    ones with neither are like none: nothing could tell them from other reports of their form. The
    score is the containment, at most 0.99 unless all words are the same.

    Symmetric. Both must be of the current :data:`SKETCH_VERSION`.
    """
    if a.body_hash == b.body_hash:
        return Likeness(1.0, 1.0, 1.0)
    short, long = _by_length(a, b)
    ours, theirs = unpack(short.sketch), unpack(long.sketch)
    found = overlap(ours.shingles, theirs.shingles)
    containment, jaccard = found.contained, found.jaccard
    words = _weight(short, ours)
    if (
        found.one < _LEAST_TELLING
        or containment < _least_contained(words, found.one)
        or containment + jaccard / 2 < _LEAST_TOGETHER
        or _stands_apart(ours.shingles, theirs.shingles, found.both)
        or _other_numbers(words, ours.numbers, theirs.numbers)
        or (
            short.words < _FEW_WORDS
            and long.words <= _MOST_NAMED
            and (_other_names(ours.names, theirs.names) or _tells_nothing(ours))
        )
    ):
        return None
    return Likeness(min(containment, 0.99), containment, jaccard)


def _least_contained(words: int, tellable: int) -> float:
    return _BRIEF_CONTAINED if words < _BRIEF else _LEAST_CONTAINED + _DOUBT / tellable**0.5


def _stands_apart(short: Part, long: Part, both: int) -> bool:
    """What two bodies share is a foot or a greeting.

    What is left of a story when it is cut or gets another lead stands in both halves of the
    shorter and in the first half of the longer.
    """
    shared = short.known & long.known
    first = len(shared & short.first)
    least = _LEAST_IN_HALF * both
    return first < least or both - first < least or len(shared & long.first) < least


def _tells_nothing(short: Sketch) -> bool:
    """Neither a number nor a name could tell it from another report of its form."""
    return not short.numbers.ordered and not short.names.ordered


def _other_numbers(words: int, short: Part, long: Part) -> bool:
    found = overlap(short, long)
    if words >= _MANY_WORDS and len(short.ordered) * _WORDS_PER_NUMBER < min(words, _MOST_COUNTED):
        return False
    least = next(share for limit, share in _LEAST_NUMBERS if words < limit)
    return found.both < least * found.one


def _other_names(short: Part, long: Part) -> bool:
    found = overlap(short, long)
    return found.both < _LEAST_NAMES * found.one


def _by_length(a: Fingerprint, b: Fingerprint) -> tuple[Fingerprint, Fingerprint]:
    return (a, b) if (a.words, a.sketch) <= (b.words, b.sketch) else (b, a)


def _weight(print_: Fingerprint, sketch: Sketch) -> int:
    """How many words a body is worth."""
    return print_.words // _UNSPACED_PER_WORD if sketch.unspaced else print_.words
