"""The day a script means by ``Sunday (February 2)``.

Agencies write the weekday and, for the newsroom, the date behind it. Both together fix the year:
the one nearest to the header's date in which that day falls on that weekday. A date without a
weekday proves nothing and is left alone.
"""

import re
from collections.abc import Iterable
from datetime import date

from transforms.formats.plain_header import MONTH, MONTHS, WEEKDAY

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_MENTION = re.compile(
    rf"\b(?P<weekday>{WEEKDAY})(?P<open> ?\(|,? )"
    rf"(?:(?P<month>{MONTH}) (?P<day>{_DAY})|(?P<day2>{_DAY}) (?P<month2>{MONTH}))\b"
    r"(?:,? (?P<year>\d{4})\b)?\)?",
    re.IGNORECASE,
)
# The same weekday comes back after five years at the earliest (six or eleven as a rule).
_REACH = 3

_ISO = re.compile(r"(\d{4})[-/.]?(\d{2}|\d(?=[-/.]))[-/.]?(\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")
_NAMED = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -](?:of )?)?(?P<month>{MONTH}),?[ -]"
    r"(?:(?P<day2>\d{1,2})(?:st|nd|rd|th)?,? )?(?P<year>\d{4})",
    re.IGNORECASE,
)


def days_named(paragraphs: Iterable[str], header: str | None) -> tuple[tuple[str, str], ...]:
    """Find the days a text names so exactly that there is one reading.

    Args:
        paragraphs: narrative, no quotes (people speak of other days).
        header: the header's date as written.

    Returns:
        (as written, ISO date), each once, in the text's order.
    """
    anchors = _readings(header or "")
    found: dict[str, str] = {}
    for paragraph in paragraphs:
        for mention in _MENTION.finditer(paragraph):
            written = mention.group()
            if written.endswith(")") and "(" not in mention["open"]:
                written = written[:-1]
            days = {_resolve(mention, anchor) for anchor in anchors or (None,)}
            day = days.pop()
            if day is not None and not days:
                found.setdefault(written, day.isoformat())
    return tuple(found.items())


def _resolve(mention: re.Match[str], anchor: date | None) -> date | None:
    weekday = _WEEKDAYS.index(mention["weekday"][:3].lower())
    month = MONTHS[(mention["month"] or mention["month2"]).rstrip(".").lower()]
    day = int(re.sub(r"\D", "", mention["day"] or mention["day2"]))
    if mention["year"]:
        known = _date(int(mention["year"]), month, day)
        return known if known and known.weekday() == weekday else None
    if anchor is None:
        return None
    candidates = [
        candidate
        for year in range(anchor.year - _REACH, anchor.year + _REACH + 1)
        if (candidate := _date(year, month, day)) and candidate.weekday() == weekday
    ]
    return min(candidates, key=lambda one: abs(one - anchor), default=None)


def _readings(written: str) -> tuple[date, ...]:
    """Every day a header's date can mean: two for 03/04/2020."""
    if found := _ISO.match(written):
        year, month, day = map(int, found.groups())
        return tuple(filter(None, (_date(year, month, day),)))
    if found := _NUMERIC.match(written):
        first, second, year = map(int, found.groups())
        both = {_date(year, first, second), _date(year, second, first)} - {None}
        return tuple(sorted(filter(None, both)))
    if (found := _NAMED.search(written)) and (number := found["day"] or found["day2"]):
        month = MONTHS[found["month"].rstrip(".").lower()]
        return tuple(filter(None, (_date(int(found["year"]), month, int(number)),)))
    return ()


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
