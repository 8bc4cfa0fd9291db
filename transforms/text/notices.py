"""Notices: what a publisher says about a text of its own, that it is corrected or withdrawn.

Only the forms of data/notices.tsv count, and only where a desk puts them: at the ends of a
headline, at the head or at the foot of a text. Words such as `kill`, `withdrawn` and `correction`
are everyday words of news; a notice missed is better than a story about a correction taken for one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from transforms.text.tables import read_table

Kind = Literal["correction", "withdrawal"]

_KINDS: tuple[Kind, ...] = ("withdrawal", "correction")

_DASHES = "-\u2010-\u2015\u2212"
_EDGE = 600
"""Characters of the first paragraph from its head, and of the last from its foot, that are read."""

# What may stand between a note's mark and its colon: `Correction (3 May):`, `Correction, May 3:`
_DATED = r"(?:[\s,(]+(?=[^:\n]{0,40}\d)[^:\n]{1,40})?"
_LEAD_IN = r"^[\s*•_\[(–—-]*"
_OPENING = rf"(?:{_LEAD_IN}|(?<=[.!?:;)\]*–—-])\s+[\[(]?|[\[(*]\s*)"

_PIECES = re.compile(r"\{[^}]*\}|\s*…\s*|\s+|[^\s{}…]+")
_GAP = r"(?!\w)[^\n]{0,200}?(?<!\w)"

_STATUSES: dict[str, Kind | None] = {
    "usable": None,
    "withhold": "withdrawal",
    "withheld": "withdrawal",
    "cancel": "withdrawal",
    "canceled": "withdrawal",
    "cancelled": "withdrawal",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A publisher's word on an item of its own.

    Attributes:
        kind: ``correction``: this version corrects an earlier one; ``withdrawal``: the item is not
            to be used any more.
        mark: the words found, as written, without what closes them.
    """

    kind: Kind
    mark: str


def find_notice(headline: str | None, body: str | None) -> Notice | None:
    """Return the notice an item carries, or None.

    A withdrawal counts before a correction, and the headline before the body.

    Args:
        headline: plain text on one line.
        body: plain text, paragraphs parted by a blank line.
    """
    title = unicodedata.normalize("NFKC", headline) if headline else ""
    edges = _edges(body) if body else ()
    for kind in _KINDS:
        found = _search(_in_headline(kind), (title,)) or _search(_in_body(kind), edges)
        if found:
            return Notice(kind, found)
    return None


def notice_of_status(status: str | None) -> Notice | None:
    """Return the notice that a publishing status stands for, or None.

    Known are the words of NewsML 1, NewsML-G2 and ninjs (IPTC NewsCodes "Publishing Status"):
    usable, withheld and canceled, however they are spelt; a withheld item counts as withdrawn.

    Args:
        status: the word, with or without the scheme in front of it (``stat:canceled``, an address).
    """
    word = re.split(r"[:/#]", status.strip())[-1] if status else ""
    kind = _STATUSES.get(word.casefold())
    return Notice(kind, word) if kind else None


def _search(pattern: re.Pattern[str], texts: Iterable[str]) -> str | None:
    """The words of the first match: those of whichever group took part."""
    for text in texts:
        if match := pattern.search(text):
            return " ".join(next(filter(None, match.groups())).split())
    return None


def _edges(body: str) -> tuple[str, ...]:
    """The head of the first paragraph and the foot of the last."""
    text = body.strip()
    first = text.partition("\n\n")[0][:_EDGE]
    last = text.rpartition("\n\n")[2]
    # A foot that was cut begins with a mark of its own: its first word begins no paragraph.
    foot = last if len(last) <= _EDGE else "…" + last[-_EDGE:]
    return tuple(unicodedata.normalize("NFKC", edge) for edge in dict.fromkeys((first, foot)))


@cache
def _in_headline(kind: Kind) -> re.Pattern[str]:
    """What marks a headline: one pattern of all marks of the kind."""
    marks = "|".join(re.escape(row[0]) for row in read_table("headline_prefixes.tsv"))
    before = rf"^\s*(?:(?:{marks})\s*\d{{0,2}}\s*[:{_DASHES}]\s*)*"
    heads = _heads(_marks(kind, "head"))
    bracketed = _any_of(_marks(kind, "bracket"))
    whole = _any_of(_marks(kind, "headline"))
    bracket = rf"[(\[【〔]\s*({bracketed})\s*[)\]】〕]"
    return re.compile(rf"{before}(?:{heads})|^\s*{bracket}|{bracket}\s*$|^\W*({whole})(?!\w)")


@cache
def _in_body(kind: Kind) -> re.Pattern[str]:
    """What marks the head or the foot of a text."""
    notes = _heads(_marks(kind, "note"), _DATED)
    sentences = _any_of(_marks(kind, "sentence"))
    return re.compile(rf"{_LEAD_IN}(?:{notes})|{_OPENING}({sentences})(?!\w)")


def _heads(marks: list[tuple[str, str]], between: str = "") -> str:
    """Marks with what closes them: a colon, or behind capitals a dash with a text behind it."""
    alternatives = []
    for case, mark in marks:
        alternatives.append(rf"({_words(case, mark)}){between}\s*:")
        alternatives.append(rf"({_words('capitals', mark)}){between}\s*[{_DASHES}]\s*(?=\w)")
    return "|".join(alternatives)


def _any_of(marks: list[tuple[str, str]]) -> str:
    return "|".join(_words(*mark) for mark in marks) or "(?!)"


def _marks(kind: Kind, place: str) -> list[tuple[str, str]]:
    """(case, mark) of a kind and place, longer marks first."""
    rows = read_table("notices.tsv")
    found = [(row[2], row[3]) for row in rows if row[:2] == [kind, place]]
    return sorted(found, key=lambda mark: -len(mark[1]))


def _words(case: str, mark: str) -> str:
    """A mark of the table as a pattern."""
    words = "".join(map(_piece, _PIECES.findall(mark)))
    return f"(?i:{words})" if case == "any" else f"(?:{words})"


def _piece(piece: str) -> str:
    if piece.strip() == "…":
        return _GAP
    if piece.isspace():
        return r"\s+"
    if piece[0] == "{":
        return f"(?:{'|'.join(map(_words_of, piece[1:-1].split('|')))})"
    return _words_of(piece)


def _words_of(text: str) -> str:
    # The text has gone through NFKC when it is matched, and so must the mark.
    return r"\s+".join(map(re.escape, unicodedata.normalize("NFKC", text).split()))
