"""Hours and days at which a feed says that nothing is to be expected.

RSS 2.0 (https://www.rssboard.org/rss-specification) gives the hours of ``skipHours`` in GMT; of the
days of ``skipDays`` it names no zone, and they are read the same way.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

_HOURS = frozenset(range(24))
_DAYS = frozenset(range(7))
_HOUR = timedelta(hours=1)


def next_allowed(moment: datetime, hours: Collection[int], days: Collection[int]) -> datetime:
    """Return the moment itself, or the start of the next hour that is not to be skipped.

    Args:
        moment: aware.
        hours: of the day in UTC, 0 to 23; all of them together are ignored.
        days: of the week, Monday is 0; all of them together are ignored.

    Returns:
        Aware UTC.
    """
    skipped_hours = _HOURS.intersection(hours)
    skipped_days = _DAYS.intersection(days)
    if skipped_hours == _HOURS:
        skipped_hours = frozenset()
    if skipped_days == _DAYS:
        skipped_days = frozenset()
    found = moment.astimezone(UTC)
    while found.hour in skipped_hours or found.weekday() in skipped_days:
        found = found.replace(minute=0, second=0, microsecond=0) + _HOUR
    return found
