"""The words of a headline in a few bytes: enough to tell whether two headlines tell of one thing.

A headline that was changed keeps most of its words: `Plane crashes near the lake` becomes `Pilot
dies after plane crashes near the lake`. Each word of the folded headline is kept as 32 bits of
XXH3; in scripts without spaces every two characters are a word. The lowest bit says whether there
is a digit in the word: headlines that name other numbers tell of other things.
"""

import re

import numpy as np
import xxhash

from transforms.text.words import UNSPACED

MOST_WORDS = 32
"""Words of a headline that are kept; of a longer one those with the smallest hashes."""

_RUNS = re.compile(f"[{UNSPACED}]+|[^{UNSPACED} ]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def headline_words(folded: str | None) -> bytes:
    """Return the sorted distinct hashes of a headline's words, each four bytes, little endian.

    Args:
        folded: what :func:`transforms.text.headline.headline_key` gave.
    """
    if not folded:
        return b""
    hashes = sorted({_hash(word) for word in _words(folded)})[:MOST_WORDS]
    return np.array(hashes, "<u4").tobytes()


def headline_overlap(a: bytes, b: bytes) -> float:
    """Share of the shorter headline's words that are in the longer; 0 when a headline is missing.

    Args:
        a: what :func:`headline_words` gave for one headline.
        b: the same for the other.
    """
    ours, theirs = _read(a), _read(b)
    return len(ours & theirs) / min(len(ours), len(theirs)) if ours and theirs else 0.0


def same_numbers(a: bytes, b: bytes) -> bool:
    """Say whether two headlines name the same numbers, or both name none.

    Args:
        a: what :func:`headline_words` gave for one headline.
        b: the same for the other.
    """
    return not any(word & 1 for word in _read(a) ^ _read(b))


def _words(folded: str) -> list[str]:
    words = []
    for run in _RUNS.findall(folded):
        if _UNSPACED.match(run) and len(run) > 1:
            words += [run[place : place + 2] for place in range(len(run) - 1)]
        else:
            words.append(run)
    return words


def _hash(word: str) -> int:
    has_digit = any(map(str.isdigit, word))
    return xxhash.xxh3_64_intdigest(word.encode()) & 0xFFFFFFFE | has_digit


def _read(words: bytes) -> set[int]:
    return set(np.frombuffer(words, "<u4").tolist())
