"""From what the polls of a run brought to what is remembered of its feeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.feeds import FeedReading, FeedRequest, FeedState, Poll
from transforms.feeds.schedule import PollFacts, PollLimits, next_state


@dataclass(frozen=True, slots=True)
class Advanced:
    """A feed that was due, after its poll."""

    state: FeedState
    """What is remembered of it from now on."""
    poll: Poll
    facts: PollFacts
    items: int | None
    """Items of the document; None when there was none that could be read."""


def advance(
    requests: Iterable[FeedRequest],
    polls: Iterable[Poll],
    readings: Iterable[FeedReading],
    limits: PollLimits,
    started_at: datetime,
) -> Sequence[Advanced]:
    """What is remembered of each feed after a run, in the order of their keys.

    A feed whose document was fetched and not read counts as a poll that failed. A request without a
    poll has no result here; the ledger sees that one is missing.

    Args:
        requests: the feeds that were due.
        polls: what became of them.
        readings: what parsing said of those that could be read.
        limits: how often feeds may be asked.
        started_at: when the run was started, for polls that made no request.
    """
    asked = {request.settings.key: request for request in requests}
    read = {reading.key: reading for reading in readings}
    result = []
    for poll in sorted(polls, key=lambda poll: poll.key):
        reading = read.get(poll.key)
        state, facts = next_state(asked[poll.key], poll, reading, limits, started_at)
        items = len(reading.items) if reading is not None else None
        result.append(Advanced(state, poll, facts, items))
    return result
