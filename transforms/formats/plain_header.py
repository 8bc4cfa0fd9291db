"""Header lines of texts and scripts: the date line, labelled fields, the reporter's line."""

import re
from dataclasses import dataclass

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?"

_DAY = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?!\d)"
    r"|\d{8}(?!\d)"
    rf"|(?:{WEEKDAY},? )?\d{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?{MONTH}(?:, ?|[ -])\d{{4}}(?!\d)"
    rf"|(?:{WEEKDAY},? )?{MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}(?!\d))"
)
_TIME = (
    r"(?:(?:T|,? (?:at )?|, ?| - )\d{1,2}[:.]\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[ap]\.?m\b\.?)?"
    r"(?: ?(?:Z\b|(?:UTC|GMT)(?:[+-]\d{1,2})?\b|[+-]\d{2}:?\d{2}\b|[A-Z]{1,3}[SD]?T\b))?)"
)
_DATE_LINE = re.compile(
    rf"(?P<word>date\b ?[:=-]? ?)?(?P<date>{_DAY}{_TIME}?)(?P<rest>.*)", re.IGNORECASE
)
_DATE_LABEL = re.compile(r"date ?: ?(?P<date>.{1,40})$", re.IGNORECASE)
_DATE_AT_END = re.compile(rf"{_DAY}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DateLine:
    """A header line that gives a date."""

    date: str
    """As written, with its time."""
    rest: str
    """What follows on the line, without the separator: an editorial region, as a rule."""
    labelled: bool
    """The line says that it is a date."""


def date_line(line: str) -> DateLine | None:
    """Read a header line such as ``date 2020-01-02 Global`` or ``DATE: 22/12/2019 14:30 GMT``.

    Args:
        line: a tidy line.

    Returns:
        Its parts; None when the line does not begin with a date. The date is not interpreted.
    """
    if line[:1] == "(" and line[-1:] == ")":
        line = line[1:-1]  # AP's archive puts the date in brackets
    found = _DATE_LINE.match(line)
    if found:
        rest = found["rest"]
        if rest and rest[0].isalnum():  # 2019-12-22nd, 20191222x: not a date
            return None
        return DateLine(found["date"], rest.strip(" ,;:|-–—"), bool(found["word"]))
    found = _DATE_LABEL.match(line)
    return DateLine(found["date"].strip(), "", True) if found and found["date"].strip() else None


def date_at_end(line: str) -> str | None:
    """Give the full date a line ends with (``Mexico City - 22 April 2010``), as written.

    Args:
        line: a tidy line.
    """
    found = _DATE_AT_END.search(line[-60:])
    return found.group() if found else None


# Fields by the label that scripts and texts give them. An empty name: technical notes for the
# broadcaster, no part of the story.
_FIELDS = {
    "headline": "title",
    "title": "title",
    "region": "region",
    "byline": "byline",
    "reporter": "byline",
    "author": "byline",
    "dateline": "dateline",
    "teaser": "summary",
    "summary": "summary",
    "intro": "summary",
    "lead-in": "summary",
    "slug": "",
    "length": "",
    "duration": "",
    "first run": "",
    "restrictions": "",
    "type": "",
    "source": "",
    "story number": "",
    "story no": "",
    "audio": "",
    "aspect ratio": "",
    "language": "",
    "edit no": "",
    "embargoes": "",
    "broadcast": "",
    "digital": "",
}
_LABEL = re.compile(
    "(" + "|".join(sorted(_FIELDS, key=len, reverse=True)) + r")\.? ?: ?(.*)", re.IGNORECASE
)


def labelled_field(line: str) -> tuple[str, str] | None:
    """Read a header line ``LABEL: value``.

    Args:
        line: a tidy line.

    Returns:
        The field of the record it fills (empty for a technical note) and the value; None when the
        line has no label that is known.
    """
    found = _LABEL.match(line)
    return (_FIELDS[found[1].lower()], found[2]) if found else None


_CAPITAL = "[A-ZÀ-ÖØ-ÞĀ-Ž]"
# A full stop stands behind an initial or a title; behind a longer word a sentence has ended.
_WORD = (
    rf"(?:(?:{_CAPITAL}\.){{1,3}}|(?:St|Dr|Jr|Sr)\.|(?:{_CAPITAL}|[dO]['’])[\w'’-]{{1,30}}"
    r"|de|da|di|del|der|van|von|bin|al|el|la|le)"
)
_NAME = rf"{_WORD}(?: {_WORD}){{1,4}}"
_NAMES = rf"(?P<names>{_NAME}(?:(?:, | and | AND | & ){_NAME}){{0,3}})"
_BYLINES = (
    re.compile(
        rf"(?:\(?(?i:reporting|reported|report|story|produced|written) (?i:by) |(?i:by) )"
        rf"{_NAMES}(?:[,;.)]|$)(?P<after>[^\n]{{0,120}})$"
    ),
    re.compile(rf"\((?i:production|producers?|editing): {_NAMES}(?P<after>[^\n]{{0,120}})\)$"),
    re.compile(
        rf"{_NAMES},? (?i:reports?|reporting|has more|has the (?:story|details|report|latest)|"
        rf"has this report|with (?:more|the story|the details|this report))"
        rf"(?P<after>(?i: from | in | for | on )[^\n.]{{1,60}})?\.?$"
    ),
)
# What stands before "reports." in a sentence that is no byline.
_NO_NAMES = """
    the a an after before in on at of with new more these those local media police state weak
    annual according no all some his her their its we they it news earlier
"""
_NOT_NAMES = frozenset(_NO_NAMES.split())


def reporter_line(line: str) -> tuple[str, ...] | None:
    """Read the line that names the reporter: ``Jane Roe reports.``, ``By Jane Roe``.

    Args:
        line: a tidy line, or one sentence.

    Returns:
        The names; None when the line is no byline. A name has two words at least.
    """
    if len(line) > 200:
        return None
    for pattern in _BYLINES:
        found = pattern.match(line)
        if found:
            names = re.split(r", | and | AND | & ", found["names"])
            words = [word.casefold() for name in names for word in name.split()]
            if not _NOT_NAMES.intersection(words):
                return tuple(name.strip(" .,") for name in names)
    return None


_LAST_SENTENCE = re.compile(r"(?:(?<=[.!?])(?<!\s[A-Z]\.)|(?<=[.!?][\"”’])) (?=\S)")


def split_reporter(paragraph: str) -> tuple[str, str] | None:
    """Part a byline from the end of the teaser it was run into.

    Args:
        paragraph: ``The ferry left. Jane Roe reports.``

    Returns:
        The paragraph without the byline, and the byline; None when it does not end with one.
    """
    tail = paragraph[-160:]
    for cut in reversed(list(_LAST_SENTENCE.finditer(tail))):
        if reporter_line(tail[cut.end() :]):
            at = len(paragraph) - len(tail)
            return paragraph[: at + cut.start()], tail[cut.end() :]
    return None
