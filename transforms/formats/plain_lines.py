"""Lines and paragraphs of text that has no markup.

A paragraph is a line, or several where the writer's program broke it at a fixed width. Which of the
two it is, the text itself tells: see :func:`unwrap`.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028]")
_SPACE = re.compile(r"\s+")
_MARKUP_START = re.compile(
    r"\s{0,64}(?:[<{]|\[\s{0,64}[\[{\"\]]|[\w.$]{1,40}\(\s{0,8}[\[{])"  # the last one: JSONP
)
_TAG = re.compile(
    r"<(?:\?xml|!doctype|/?(?:html|head|body|div|p|span|br|a|script|table|rss|rdf:rdf|feed|channel|"
    r"item|entry|newsitem|nitf|urlset)\b)",
    re.IGNORECASE,
)
_MAGIC = ("%PDF-", "%!PS", "GIF8", "PK\x03\x04", ")]}'")

_STRAIGHT = str.maketrans("’‘“”", "''\"\"")
_WIDEST_WRAP = 120
_SENTENCE_ENDS = (".", "!", "?", ":", ";", "…", '"', "”", "»", ")", "'", "’", "。")


def tidy_lines(text: str) -> list[str]:
    """Split into lines, white space inside each (tabs, no-break spaces) made single spaces.

    Args:
        text: any text.

    Returns:
        The lines without leading and trailing space; an empty string stands for an empty line.
    """
    text = text.replace("\u2029", "\n\n")
    return [_SPACE.sub(" ", line).strip() for line in _LINE_END.split(text)]


def looks_like_markup(text: str) -> bool:
    """Tell whether a text is HTML, XML, JSON or a document format, which no plain room may own.

    Args:
        text: the document, decoded.
    """
    head = text[:4096]
    if _MARKUP_START.match(head) or head.lstrip().startswith(_MAGIC):
        return True
    # Two tags, since a text about web pages may well name one.
    return len(_TAG.findall(head)) > 1


def line_key(line: str) -> str:
    """Reduce a line to what makes two copies of a headline the same.

    Args:
        line: a tidy line.

    Returns:
        The line without case, quotation marks' shape and final punctuation.
    """
    line = line.translate(_STRAIGHT).casefold()
    return line.strip(" .:;-–—")


def unwrap(lines: Sequence[str], stands_alone: Callable[[str], bool]) -> list[str]:
    """Join lines that were broken at a fixed width.

    A line is the rest of the one before it when it begins in lower case, or when the text is
    wrapped and its first word would not have fitted there. A text is wrapped when no line is wider
    than a screen and such breaks inside sentences are seen.

    Args:
        lines: tidy lines, empty ones between paragraphs.
        stands_alone: tells a line that is never part of another (a cue, a label, a header).

    Returns:
        The lines, each nonempty one a paragraph; empty ones stay where they were.
    """
    width = max(map(len, lines), default=0)
    copies = Counter(line_key(line) for line in lines if line)
    repeated = {key for key, count in copies.items() if count > 1}

    def apart(line: str) -> bool:
        return not line or stands_alone(line) or line_key(line) in repeated

    free = [not apart(line) for line in lines]
    # A text all in lower case says nothing by it.
    has_case = any(line[:1].isupper() for line in lines)
    lower = [has_case and _begins_lower(line) for line in lines]
    full = [False] + [
        len(before) + 1 + len(line.split(" ", 1)[0]) > width for before, line in pairwise(lines)
    ]
    breaks = sum(
        (3 if lower[at] else 1)
        for at in range(1, len(lines))
        if free[at] and free[at - 1] and full[at] and not lines[at - 1].endswith(_SENTENCE_ENDS)
    )
    wrapped = width <= _WIDEST_WRAP and breaks >= 3

    joined: list[list[str]] = []
    for at, line in enumerate(lines):
        inside = at > 0 and free[at] and free[at - 1]
        if inside and ((wrapped and full[at]) or (lower[at] and lines[at - 1][-1] not in ":.!?")):
            joined[-1].append(line)
        else:
            joined.append([line])
    return [" ".join(parts) for parts in joined]


def _begins_lower(line: str) -> bool:
    word = line.split(" ", 1)[0]
    return word[:1].islower() and not any(letter.isupper() for letter in word)  # not "iPhone"


def is_headline(line: str) -> bool:
    """Tell whether a line on its own reads as a headline rather than as a sentence of the text.

    Args:
        line: a tidy line, not empty.

    Returns:
        True when it has at most 25 words and 180 characters, begins like a headline and does not
        end as a sentence or a clause does; an abbreviation (``in the U.S.``) may end it.
    """
    if len(line) > 180 or len(line.split()) > 25 or not any(map(str.isalpha, line)):
        return False
    if line[-1] in ",;:-" or line.endswith("。"):
        return False
    if line[-1] == "." and not line.endswith("...") and not re.search(r"\b[A-Z]\.[A-Z]\.$", line):
        return False
    first = next(letter for letter in line if letter.isalnum())
    return not _begins_lower(line[line.index(first) :])
