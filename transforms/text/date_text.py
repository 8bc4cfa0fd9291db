"""Dates in words and in figures, found without a fixed form: nothing may be left unexplained.

One time of day is looked for first, then the zone behind it; all that is left has to be a date.
"""

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from transforms.text.date_words import ASSUMED, Zone, find_zone, fold_word, read_zone, words

Clock = tuple[int, int | None, int | None, str | None]
"""Hour, minute, second and the digits of its fraction, as far as the string gives them."""


class Found(NamedTuple):
    """What a string says."""

    day: date
    """The day; the first one of a month or year."""
    precision: str
    """Of the date alone: ``day``, ``month`` or ``year``."""
    clock: Clock | None
    zone: Zone | None


class AmbiguousError(ValueError):
    """A date with more than one reading."""


_WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
_NO_LETTER = r"(?![^\W\d_])"
# Not behind a sign, which would make it an offset.
_NO_FIGURE_BEFORE = r"(?<![\d:.+\-−])"
# Hours and minutes need a colon, or a word that says they are a time: 10.30 alone could be a date.
_TIMES = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"{_NO_FIGURE_BEFORE}(\d{{1,2}}):(\d{{1,2}})(?::(\d{{1,2}})(?:[.,](\d+))?)?(?![\d:])"
        rf"(?:\s*([ap])\.?m\.?{_NO_LETTER})?",
        rf"{_NO_FIGURE_BEFORE}(\d{{1,2}})\.(\d\d)()()\s*(?:([ap])\.?m\.?|uhr\b){_NO_LETTER}",
        r"\b(?:kl|klo|klockan)\b\.?\s*(\d{1,2})\.(\d\d)()()()(?![\d:.])",
        rf"{_NO_FIGURE_BEFORE}(\d{{1,2}})\s?h\s?(\d\d)?()()(){_NO_LETTER}(?!\d)",
        rf"{_NO_FIGURE_BEFORE}(\d{{1,2}})()()()\s*(?:([ap])\.?m\.?){_NO_LETTER}",
    )
)
_TOKEN = re.compile(rf"(\d+)|({_WORD})|[\s,.;/|'’\-–]")
_FIGURES = re.compile(r"(\d+)\s*([./-])\s*(\d+)(?:\s*\2\s*(\d+)\.?)?", re.ASCII)
_IDEOGRAPH_DATE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_IDEOGRAPH_TIME = re.compile(
    r"(\d{1,2})\s*[時时点시]\s*(\d{1,2})\s*[分분](?:\s*(\d{1,2})\s*[秒초])?"
)


def find_date(text: str) -> Found:
    """Read a date, with or without a time of day, in any of the forms of the tables.

    Args:
        text: the string, not longer than a date may be.

    Raises:
        AmbiguousError: it can mean more than one day.
        ValueError: it is no date, or something is left over.
    """
    text, comments = _without_comments(_plain_characters(text))
    clock, zone = None, None
    time = _find_time(text)
    if time:
        clock = (_hour(int(time[1]), time[5]), _int(time[2]), _int(time[3]), time[4] or None)
        zone, end = find_zone(text, time.end())
        if zone is None:  # The word behind the time may still belong to the date.
            zone, end = ASSUMED, time.end()
        if zone == ASSUMED and comments:  # 10:00:00 (EST)
            zone = read_zone(comments) or ASSUMED
        text = text[: time.start()] + " " + text[end:]
    day, precision = _read_day(text)
    if precision != "day" and (clock or comments):
        raise ValueError("a time on no day, or a comment that hides the day")
    return Found(day, precision, clock, zone)


def complete_year(digits: str) -> int:
    """Complete a short year as RFC 5322, section 4.3: 00-49 is 20xx, 50-99 and 3 digits 19xx."""
    value = int(digits)
    if len(digits) == 2:
        return value + (2000 if value < 50 else 1900)
    if len(digits) == 3:
        return value + 1900
    if len(digits) != 4:
        raise ValueError("no such year")
    return value


def _plain_characters(text: str) -> str:
    """Fold full-width and other forms of figures, and write East Asian dates with hyphens."""
    text = unicodedata.normalize("NFKC", text)
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
        text = _IDEOGRAPH_DATE.sub(r"\1-\2-\3 ", text)
        text = _IDEOGRAPH_TIME.sub(lambda m: ":".join(p for p in m.groups() if p) + " ", text)
    return text.strip(" \t\r\n\"'")


def _without_comments(text: str) -> tuple[str, str]:
    """Take out RFC 5322 comments: in parentheses, nested, a backslash before any character."""
    if "(" not in text:
        return text, ""
    kept: list[str] = []
    inside: list[str] = []
    depth = position = 0
    while position < len(text):
        character = text[position]
        if depth and character == "\\":
            position += 1
        elif character == "(":
            depth += 1
            kept.append(" ")  # a comment parts words
        elif character == ")" and depth:
            depth -= 1
        else:
            (inside if depth else kept).append(character)
        position += 1
    if depth:
        raise ValueError("unclosed comment")
    return "".join(kept), "".join(inside).strip()


def _find_time(text: str) -> re.Match[str] | None:
    for pattern in _TIMES:
        found = list(pattern.finditer(text))
        if len(found) > 1:
            raise ValueError("two times of day")
        if found:
            return found[0]
    return None


def _int(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _hour(hour: int, half: str | None) -> int:
    """Apply a.m. or p.m.; 13:00 PM and 0:30 AM have one reading and are taken."""
    if not half:
        return hour
    if half in "pP":
        if hour == 0 or hour > 23:
            raise ValueError("no such hour p.m.")
        return hour if hour >= 12 else hour + 12
    if hour > 12:
        raise ValueError("no such hour a.m.")
    return hour % 12


def _read_day(text: str) -> tuple[date, str]:
    """Read what is left of the string as day, month or year; return also which of them."""
    months, weekdays, fillers = words()
    tokens = list(_TOKEN.finditer(text))
    if sum(len(token[0]) for token in tokens) != len(text):
        raise ValueError("characters that stand in no date")
    named = [fold_word(token[2]) if token[2] else "" for token in tokens]
    places = [place for place, word in enumerate(named) if word in months]
    if len(places) > 1 and named[places[0]] in weekdays:
        del places[0]  # "Mar, 3 mar 2020": the word names a weekday too, and a month follows
    for place, word in enumerate(named):
        if word and place not in places and word not in weekdays and word not in fillers:
            raise ValueError("a word that stands in no date")
    if len(places) == 1:
        numbers = [token[1] for token in tokens if token[1]]
        before = sum(bool(token[1]) for token in tokens[: places[0]])
        return _read_named_month(months[named[places[0]]], numbers, before)
    if places:
        raise ValueError("two months")
    return _read_day_in_figures("".join(" " if t[2] else t[0] for t in tokens).strip(" ,.;\t\r\n"))


def _read_named_month(month: int, numbers: list[str], before: int) -> tuple[date, str]:
    """Read the numbers around a month's name, ``before`` of which stand before it."""
    sizes = [len(number) for number in numbers]
    if sizes == [4]:
        return date(int(numbers[0]), month, 1), "month"
    if len(sizes) == 2:
        first, second = numbers
        if before == 1 and sizes[0] <= 2 and 2 <= sizes[1] <= 4:
            return date(complete_year(second), month, int(first)), "day"
        if before == 1 and sizes[0] == 4 and sizes[1] <= 2:
            return date(int(first), month, int(second)), "day"
        # A year of two digits would have two readings here.
        if before == 0 and sizes[0] <= 2 and sizes[1] == 4:
            return date(int(second), month, int(first)), "day"
    raise ValueError("no day, month and year")


def _read_day_in_figures(text: str) -> tuple[date, str]:
    if len(text) == 4 and text.isdecimal():
        return date(int(text), 1, 1), "year"
    match = _FIGURES.fullmatch(text)
    if not match:
        raise ValueError("no date in figures")
    first, separator, second, third = match.groups()
    if third is None:
        if (len(first), len(second)) == (4, 2):
            return date(int(first), int(second), 1), "month"
        if len(first) <= 2 and len(second) == 4:
            return date(int(second), int(first), 1), "month"
        raise ValueError("no month and year")
    orders = [(first, second, third)]  # year, month, day
    if len(first) <= 2:
        orders = [(third, second, first)]
        if separator != ".":  # with full stops the day comes before the month (Unicode CLDR)
            orders.append((third, first, second))
        if len(third) == 2:
            orders.append((first, second, third))
    readings = {day for order in orders if (day := _day_or_none(*order))}
    if not readings and separator == "." and (american := _day_or_none(third, first, second)):
        readings = {american}  # 10.30.2020: no day comes first here
    if len(readings) > 1:
        raise AmbiguousError(text)
    if not readings:
        raise ValueError("no such day")
    return readings.pop(), "day"


def _day_or_none(year: str, month: str, day: str) -> date | None:
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        return None
    try:
        return date(complete_year(year), int(month), int(day))
    except ValueError:
        return None
