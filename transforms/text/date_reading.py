"""From a string that a publisher wrote to a moment, or to the reason why there is none.

:func:`read_date` knows the forms that feeds use and nothing else: every character of the string has
to be explained by the form, no field is ever filled in from the clock, and a string with more than
one reading is refused rather than guessed. What it reads, in this order:

* ISO 8601 and its profiles W3CDTF and RFC 3339, by :meth:`datetime.datetime.fromisoformat` where
  that applies; basic form, week dates, ordinal dates, ``24:00`` and second 60 by :data:`_ISO`.
* RFC 822, 2822 and 5322, comments and obsolete zones included, and RFC 850.
* Digits alone: ``YYYYMMDD``, ``YYYYMMDDHHMM[SS]``, and Unix time in seconds (9 or 10 digits, also
  with a fraction), milliseconds (13) or microseconds (16). ``0`` is the epoch; a negative number
  of 9 to 11 digits is seconds before it, for that is how some libraries write "no date".
* A date with a named month, in the languages of ``data/date_names.tsv``, in the orders day month
  year, month day year, year month day, month year; a weekday is ignored, right or wrong.
* A date in figures. With the year first it is year, month, day. Otherwise all orders are tried:
  one date is the answer, several are ambiguous. Parted by full stops the day comes before the
  month, as in every locale of Unicode CLDR that writes full stops with the year last.

Time zones come from ``data/zones.tsv``. An unknown name of three to five capitals is taken as UTC
and marked as assumed, which is RFC 5322's rule (section 4.3); so is a time with no zone.

``dateutil.parser`` is not used. It fills in what is missing from a default, which is today: of 47
fragments such as ``may``, ``10 am`` and ``12:30`` that are no dates it reads 40. Parsing twice
with two defaults exposes most of that, but ``03/04/2020`` and ``1.2.3`` remain dates to it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from transforms.text.date_text import AmbiguousError, Clock, complete_year, find_date
from transforms.text.date_words import ASSUMED, Zone, read_zone, words

LONGEST = 128
"""Characters of the longest string that is looked at; a date needs far fewer."""

CACHED_READINGS = 8192
"""Readings that are remembered: the same strings come back in every poll of a feed."""


@dataclass(frozen=True, slots=True)
class DateReading:
    """What one string says, or why it says nothing."""

    value: datetime | None
    """The moment in UTC; None when the string was refused."""
    precision: str | None = None
    """Smallest unit the string gives, from :data:`schemas.tables.DATE_PRECISIONS`."""
    zone: str = "none"
    """One of :data:`schemas.tables.DATE_ZONES`."""
    day: date | None = None
    """The calendar day as written, before the offset was applied."""
    refusal: str | None = None
    """``unreadable`` or ``ambiguous``; None when there is a value."""


_UNREADABLE = DateReading(None, refusal="unreadable")
_AMBIGUOUS = DateReading(None, refusal="ambiguous")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)

# Each pattern is tried with fullmatch, on figures 0-9 only.
_PLAIN_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:[0-5]\d)?", re.ASCII
)
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)|-?W(\d\d)-?(\d)|-(\d{3}))"
    r"(?:(\s*T\s*|\s+|_)(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(?![\d:])(.*))?",
    re.ASCII | re.IGNORECASE,
)
_XSD_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?", re.ASCII)
_UNIX = re.compile(r"0|\d{9,10}(?:\.\d{1,9})?|-\d{9,11}|\d{13}|\d{16}", re.ASCII)
_PLAIN_RFC = re.compile(
    r"(?:([A-Za-z]{3,9}),?\s*)?(\d{1,2})[ -]([A-Za-z]{3,9})[ -](\d{4}|\d\d) +"
    r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))? *([A-Za-z]{0,5} ?(?:[+-]\d\d:?\d\d)?)",
    re.ASCII,
)

_RFC_9557_SUFFIX = re.compile(r"(.*[\dZz])\[!?[\w+\-/]+\]", re.ASCII)


def read_date(raw: str) -> DateReading:
    """Read a date as a publisher wrote it; never raises, never looks at the clock.

    Args:
        raw: the string, white space around it allowed.

    Returns:
        The moment in UTC with precision and zone, or the reason for refusing it. A date without a
        time of day is midnight UTC, and an offset on it means nothing.
    """
    return _read_cached(raw) if len(raw) <= LONGEST else _UNREADABLE


@lru_cache(maxsize=CACHED_READINGS)
def _read_cached(raw: str) -> DateReading:
    try:
        return _read(raw.strip())
    except AmbiguousError:
        return _AMBIGUOUS
    except (ValueError, OverflowError):
        # A field out of its range: 30 February, 25:00, the year 0 or 10000.
        return _UNREADABLE


def _read(text: str) -> DateReading:
    match = _PLAIN_ISO.fullmatch(text)
    # 24:00 and second 60 are rare and fromisoformat refuses them: the general form reads them.
    if match and text[11:13] != "24" and text[17:19] != "60":
        moment = datetime.fromisoformat(text)
        zone = "given" if match[2] else "assumed"
        precision = "second" if match[1] else "minute"
        return DateReading(_utc(moment), precision, zone, moment.date())
    match = _PLAIN_RFC.fullmatch(text)
    if match:
        reading = _read_rfc(match)
        if reading:
            return reading
    reading = _read_figures(text)
    if reading:
        return reading
    found = find_date(text)
    if found.precision != "day":
        first = datetime(found.day.year, found.day.month, 1, tzinfo=UTC)
        return DateReading(first, found.precision, "none", found.day)
    return _reading(found.day, found.clock, found.zone)


def _utc(moment: datetime) -> datetime:
    """Convert to UTC; a naive moment is UTC already.

    The year 1 with an offset east of Greenwich lies before the first moment Python knows. It is
    how some libraries write "no date", so it is kept as that first moment for the caller to name.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        if moment.year == 1:
            return _FIRST_MOMENT
        raise


def _at(day: date, clock: Clock, zone: Zone) -> datetime:
    """Put a time of day on a day: 24:00 and second 60 run over into what follows (ISO 8601)."""
    hour, minute, second, fraction = clock[0], clock[1] or 0, clock[2] or 0, clock[3]
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second or micro)):
        raise ValueError("no such time of day")
    span = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
    return datetime(day.year, day.month, day.day, tzinfo=zone.offset) + span


def _reading(day: date, clock: Clock | None, zone: Zone | None) -> DateReading:
    if clock is None:
        return DateReading(datetime(day.year, day.month, day.day, tzinfo=UTC), "day", "none", day)
    if zone is None:
        return _UNREADABLE
    precision = "second" if clock[2] is not None else "minute" if clock[1] is not None else "hour"
    return DateReading(_utc(_at(day, clock, zone)), precision, zone.certainty, day)


def _read_rfc(match: re.Match[str]) -> DateReading | None:
    weekday, day, month_name, year, hour, minute, second, zone = match.groups()
    months, weekdays, _ = words()
    month = months.get(month_name.lower())
    if month is None or (weekday and weekday.lower() not in weekdays):
        return None
    clock = (int(hour), int(minute), int(second) if second else None, None)
    return _reading(date(complete_year(year), month, int(day)), clock, read_zone(zone))


def _read_figures(text: str) -> DateReading | None:
    """Read the forms without a named month that are the same everywhere; None: none of them."""
    if _UNIX.fullmatch(text):
        whole, _, fraction = text.partition(".")
        scale = {13: 1_000, 16: 1_000_000}.get(len(whole), 1)
        micro = int(whole) * (1_000_000 // scale) + int(fraction[:6].ljust(6, "0"))
        try:
            moment = _EPOCH + timedelta(microseconds=micro)
        except OverflowError:
            return _UNREADABLE
        return DateReading(moment, "second", "given", moment.date())
    if match := _COMPACT.fullmatch(text):
        year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
        second = int(match[6]) if match[6] else None
        return _reading(date(year, month, day), (hour, minute, second, None), ASSUMED)
    if match := _XSD_DATE.fullmatch(text):
        # xsd:date may carry an offset; without a time of day it says nothing about the moment.
        return _reading(date.fromisoformat(match[1]), None, None)
    if match := _RFC_9557_SUFFIX.fullmatch(text):
        # 2020-02-02T10:00+01:00[Europe/Berlin]: RFC 9557 lets the offset decide.
        reading = _read_figures(match[1])
        return reading if reading and reading.zone == "given" else _UNREADABLE
    match = _ISO.fullmatch(text)
    return _read_iso(match) if match else None


def _read_iso(match: re.Match[str]) -> DateReading | None:
    year_text, *fields, separator, hour, minute, second, fraction, zone_text = match.groups()
    month, day, month_basic, day_basic, week, weekday, ordinal = fields
    year = int(year_text)
    if week:
        written = date.fromisocalendar(year, int(week), int(weekday))
    elif ordinal:
        written = date(year, 1, 1) + timedelta(days=int(ordinal) - 1)
        if written.year != year:
            return _UNREADABLE
    else:
        written = date(year, int(month or month_basic), int(day or day_basic))
    if hour is None:
        return _reading(written, None, None)
    if minute is None and "T" not in separator.upper():
        return None  # 2020-02-02 10 PM: only the letter T says that a lone number is an hour
    zone = read_zone(zone_text)
    if zone is None:
        return None
    clock = (int(hour), int(minute) if minute else None, int(second) if second else None, fraction)
    return _reading(written, clock, zone)
