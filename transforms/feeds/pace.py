"""How often a feed is asked when its operator has not said so: the pace it seems to have.

- It starts at :attr:`PollLimits.default_interval`.
- An answer without any item of the one before (a gap: something may have been missed), or with
  more new items than old ones, halves the interval.
- Else the interval moves towards the one at which a poll brings three new items, or a fifth of the
  feed where it is shorter than fifteen: four fifths of it are left for an hour in which five times
  as much happens. One step is at most x 0.7 or x 1.3.
- The longest interval is half of what the feed holds at the busiest pace that was seen, which
  fades by half in a week: it keeps a night or a weekend from slowing down a busy feed.
- Past the default it grows only up to a tenth of the time that the feed has been silent, the share
  of an answer's age that RFC 9111, section 4.2.2, names as a typical guess at how long it stays
  good.
- It never shrinks for want of news, so the pace of a slow feed is kept after its weekly item.

Steps and shares are our own; tests/test_polling_for_a_month.py shows what they do to rhythms of
several kinds.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from schemas.feeds import FeedState

_GROW = 1.3
_SHRINK = 0.7
_HALVE = 0.5
_FEW = 3
_FEW_OF = 5
_SHARE_OF_SILENCE = 0.1
_SHARE_OF_FEED = 0.5
_FADE = 7 * 86_400.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class PollLimits:
    """What bounds every feed of a run, in seconds."""

    min_interval: float = 300.0
    """No feed is asked again before, whoever asks for it."""
    default_interval: float = 1800.0
    """Between the first two requests."""
    max_interval: float = 86_400.0
    """The longest that the pace, ``ttl`` or Cache-Control can put a feed off."""
    error_interval: float = 600.0
    """After the first failure; doubled with each further one."""
    max_error_interval: float = 86_400.0
    """After many failures."""
    max_hold: float = 86_400.0
    """The longest that Retry-After can put a feed off."""
    probe_interval: float = 86_400.0
    """How long a server's word that nothing has changed is taken without a look."""
    distrust_seconds: float = 30 * 86_400.0
    """How long validators that were seen to lie are not sent."""


DEFAULT_LIMITS = PollLimits()


def busiest_pace(
    before: float, since: datetime | None, when: datetime, new: int, limits: PollLimits
) -> float:
    """Return new items an hour at the busiest, faded.

    Args:
        before: the same after the last answer.
        since: the last answer; None before the first.
        when: this answer.
        new: items that are new in it.
        limits: of the run.
    """
    if since is None:
        return 0.0
    passed = max((when - since).total_seconds(), 0.0)
    # One item tells no pace. What is published in one go would seem the faster the more often it
    # is asked for, and be asked for the more often.
    pace = max(new - 1, 0) / max(passed, limits.default_interval) * _HOUR
    return max(before * math.exp2(-passed / _FADE), pace)


def next_interval(
    state: FeedState, when: datetime, new: int, items: int, busiest: float, limits: PollLimits
) -> float:
    """Return seconds between polls after an answer, within the limits.

    Args:
        state: what was known before the answer.
        when: the answer.
        new: items that are new in it; 0 for a 304.
        items: all that the feed holds.
        busiest: see :func:`busiest_pace`.
        limits: of the run.
    """
    if state.answered_at is None or state.interval <= 0:
        return _within(limits.default_interval, limits)
    interval = _paced(_within(state.interval, limits), state, when, new, items, limits)
    if busiest and items:
        interval = min(interval, _SHARE_OF_FEED * items / busiest * _HOUR)
    return _within(interval, limits)


def _paced(
    interval: float, state: FeedState, when: datetime, new: int, items: int, limits: PollLimits
) -> float:
    if 2 * new > items:
        return interval * _HALVE
    few = min(_FEW, items / _FEW_OF)
    if new > few:
        return interval * max(few / new, _SHRINK)
    grown = interval * (min(few / new, _GROW) if new else _GROW)
    if state.changed_at is not None:
        silent = (when - state.changed_at).total_seconds()
        grown = min(grown, max(limits.default_interval, silent * _SHARE_OF_SILENCE))
    return max(interval, grown)


def _within(interval: float, limits: PollLimits) -> float:
    return max(min(interval, limits.max_interval), limits.min_interval)
