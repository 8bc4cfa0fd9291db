"""The folded headline: what stays the same when two desks set one headline.

The key folds what typography does (case, width, ligatures, quotation marks, dashes, white space)
and drops the marks with which wires number their versions, and the name of the site or programme
behind a bar. It strips no accents, translates no letters and stems nothing: `año` and `ano`,
`schon` and `schön` are different words, and identity never guesses. Nor does it join numbers: `3.5`
stays apart from `35`.
"""

import re
import unicodedata
from functools import cache

from transforms.text.tables import read_table
from transforms.text.words import UNSPACED

_ROUNDS = 8

_MIN_WORDS = 3
_MIN_UNSPACED = 8
_LONGEST_NAME = 4
_SHORTEST_STORY = 5
_UNSPACED = re.compile(f"[{UNSPACED}]")

_FIGURE_MARK = re.compile(r"(?<=\d)[.,](?=\d)")
_DASHES = "-\u2010-\u2015\u2212"


@cache
def _prefix() -> re.Pattern[str]:
    """The marks of data/headline_prefixes.tsv, each with what must close it."""
    numbers = {"no": "", "may": r"(?:\s*\d{1,2}\.?)?", "must": r"\s*\d{1,2}"}
    alternatives = []
    for mark, number, ends, _source in read_table("headline_prefixes.tsv"):
        # The headline has gone through NFKC when it is matched, and so must the mark.
        words = r"\s+".join(map(re.escape, unicodedata.normalize("NFKC", mark).split()))
        words += numbers[number]
        if ends in ("colon", "both"):
            alternatives.append(rf"(?i:{words})\s*:")
        if ends in ("dash", "both"):
            alternatives.append(rf"{words}\s*[{_DASHES}]")
    # Version numbers of some desks stand before the mark: `2. ROUNDUP: …`
    return re.compile(rf"\s*(?:\d{{1,2}}\.\s+(?=ROUNDUP))?(?:{'|'.join(alternatives)})\s*")


def _without_prefixes(headline: str) -> str:
    """The headline behind its marks; as it was when nothing stands behind them."""
    pattern = _prefix()
    rest = headline
    while match := pattern.match(rest):
        rest = rest[match.end() :]
    return rest if any(map(str.isalnum, rest)) else headline


def _without_suffix(headline: str) -> str:
    """The headline before ``| name of the site or programme``, when it is one without that.

    A suffix with a number in it tells one edition from the next, and stays.
    """
    rest, bar, suffix = headline.rpartition(" | ")
    is_name = bar and len(suffix.split()) <= _LONGEST_NAME and not any(map(str.isdigit, suffix))
    return rest if is_name and len(rest.split()) >= _SHORTEST_STORY else headline


class _Folding(dict[int, str]):
    """What `str.translate` does to each character, worked out once a character."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] in "LNM":
            # Arabic tatweel and the variation selectors only change how a word looks.
            looks = code == 0x640 or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
            folded = "" if looks else character
        elif category == "Co":
            folded = character
        elif category in ("Cf", "Cc", "Cs", "Cn") and not character.isspace():
            folded = ""
        elif character in "'’‘ʼ`´.·":
            # Inside a word: `don't` and `dont`, `U.S.` and `US`.
            folded = ""
        else:
            folded = " "
        self[code] = folded
        return folded


_FOLDING = _Folding()


def headline_key(headline: str | None) -> str | None:
    """Return the folded headline, or None when nothing is left of it.

    Two headlines with one key are the same words in the same order. The key is a fixed point:
    the key of a key is the key.

    Args:
        headline: plain text on one line.
    """
    if not headline:
        return None
    key = _without_suffix(_without_prefixes(unicodedata.normalize("NFKC", headline)))
    # Folding can bring a letter and its mark together, and composing can make a letter with
    # another fold: until nothing changes, which is nearly always the second round.
    for _ in range(_ROUNDS):
        before = key
        key = unicodedata.normalize("NFKC", key.casefold())
        key = _fold(key)
        if key == before:
            break
    return key or None


def _fold(text: str) -> str:
    # Points and commas between digits are kept: `1.5 billion` is not `15 billion`.
    parts = []
    start = 0
    for match in _FIGURE_MARK.finditer(text):
        parts.append(text[start : match.start()].translate(_FOLDING))
        parts.append(match[0])
        start = match.end()
    parts.append(text[start:].translate(_FOLDING))
    return " ".join("".join(parts).split())


def is_distinctive(key: str) -> bool:
    """Say whether a headline key is long enough to be evidence by itself.

    True for three words or more, or for eight characters or more of a script that writes no
    spaces. `Morning briefing` and `今日头条` head other texts every day.

    Args:
        key: what :func:`headline_key` gave.
    """
    if key.count(" ") >= _MIN_WORDS - 1:
        return True
    if key.isascii() or len(key) < _MIN_UNSPACED:
        return False
    return sum(1 for _ in _UNSPACED.finditer(key)) >= _MIN_UNSPACED
