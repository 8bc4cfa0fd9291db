"""The date ladder: from the dates an entry gives to the one that is published, and why.

The candidates are tried in the order of trust of :data:`schemas.tables.PUBLISHED_ORIGINS`, those of
one origin in the document's order; the first that can be read and is plausible wins. Everything
else that was considered is kept beside it with the reason why it did not win. Nothing here looks at
the clock: what lies in the future is judged by the time of the fetch.

Reading a string is the work of :mod:`transforms.text.date_reading`.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from schemas.records import DateCandidate, PublishedDate
from schemas.tables import PUBLISHED_ORIGINS
from transforms.text.date_reading import DateReading, read_date

__all__ = ["DateReading", "choose_published", "read_date"]

FIRST_YEAR = 1900
"""Dates before it are not a publisher's: the year 0001 is what an empty value becomes."""

FUTURE_ALLOWED = timedelta(days=1)
"""How far a date may lie ahead of the fetch: local time sold as UTC, and clocks that run fast."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUST = {origin: rank for rank, origin in enumerate(o for o in PUBLISHED_ORIGINS if o != "none")}


def choose_published(
    dates: Sequence[tuple[str, str]],
    text_dates: Sequence[tuple[str, str]],
    fetched_at: datetime,
) -> PublishedDate:
    """Choose an entry's published date and give the account of it.

    Blank strings are no dates and leave no trace. A loser that repeats the winner's moment, or an
    origin and string already listed, is left out: it adds nothing. Dates in the text never win;
    one that names another day than the winner becomes a candidate of origin ``text``. The day of
    the winner is compared both as written and in UTC, and only as far as its precision goes.

    Args:
        dates: (origin, string as written) in the document's order; see ``FeedItem.dates``.
        text_dates: (string as written, ISO date it must mean); see ``FeedItem.text_dates``.
        fetched_at: when the document was fetched, an aware time.

    Returns:
        The choice. ``updated_at`` is the latest plausible date of origin ``updated``, whoever won.

    Raises:
        ValueError: an origin that is not in ``PUBLISHED_ORIGINS``, which is a parser's defect.
    """
    winner: tuple[str, str, DateReading] | None = None
    rejected: list[DateCandidate] = []
    updates: list[datetime] = []
    refused = False
    for origin, raw in _most_trusted_first(dates):
        reading = read_date(raw)
        reason = _why_refused(reading, fetched_at)
        if reason is None and origin == "updated" and reading.value:
            updates.append(reading.value)
        if reason:
            refused = True
        elif winner is None:
            winner = (origin, raw, reading)
            continue
        elif reading.value == winner[2].value:
            continue
        rejected.append(DateCandidate(origin, raw, reading.value, reason or "less_trusted"))
    updated_at = max(updates, default=None)
    refused_flag = ("date_refused",) if refused else ()
    if winner is None:
        flags = ("undated", *refused_flag)
        return PublishedDate(None, None, "none", None, "none", tuple(rejected), updated_at, flags)

    origin, raw, reading = winner
    contradictions = _contradictions(text_dates, reading)
    flags = (
        *(("date_conflict",) if contradictions else ()),
        *(("date_from_updated",) if origin == "updated" else ()),
        *refused_flag,
    )
    return PublishedDate(
        reading.value,
        raw,
        origin,
        reading.precision,
        reading.zone,
        (*rejected, *contradictions),
        updated_at,
        flags,
    )


def _most_trusted_first(dates: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    for origin, _ in dates:
        if origin not in _TRUST:
            raise ValueError(f"{origin!r} is no origin of a date")
    given = dict.fromkeys((origin, raw) for origin, raw in dates if raw.strip())
    return sorted(given, key=lambda pair: _TRUST[pair[0]])


def _why_refused(reading: DateReading, fetched_at: datetime) -> str | None:
    """Name the rule of :data:`schemas.tables.DATE_REFUSALS` that a reading breaks."""
    if reading.value is None:
        return reading.refusal
    if reading.value.year < FIRST_YEAR:
        return "year_out_of_range"
    if reading.value == _EPOCH:
        return "epoch"
    if reading.value > fetched_at + FUTURE_ALLOWED:
        return "future"
    return None


def _contradictions(
    text_dates: Sequence[tuple[str, str]], winner: DateReading
) -> tuple[DateCandidate, ...]:
    # Day 10, month 7 or year 4: as many characters of an ISO date as the winner vouches for.
    length = {"year": 4, "month": 7}.get(winner.precision or "", 10)
    days = {_iso(day, length) for day in (winner.day, winner.value and winner.value.date()) if day}
    found = []
    for raw, meaning in dict.fromkeys(text_dates):
        value = read_date(meaning).value
        if value and _iso(value.date(), length) in days:
            # A text that names the day of publication may well name other days too.
            return ()
        if value:
            found.append(DateCandidate("text", raw, value, "contradicts"))
    return tuple(found)


def _iso(day: date, length: int) -> str:
    return day.isoformat()[:length]
