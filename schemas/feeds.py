"""What is known of feeds: as they are configured, what a request brought, what is remembered.

Nothing here holds a secret in the clear but :class:`Secret`, which does not print itself. Addresses
are *public* unless a name says otherwise: see :func:`transforms.http.secrets.public_url`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.records import FeedSchedule, Hash64


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that must not be seen: it prints as ``***``."""

    text: str = field(repr=False)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One feed of a feed list, as its operator wants it."""

    key: str
    """What its state is kept under: 16 hex digits, a hash of the address as written."""
    url: str
    """Its address for people, logs and rows: no credentials; ``${NAME}`` stands as written."""
    address: Secret
    """Its address as written, with credentials; ``${NAME}`` is a variable of the environment, put
    in where the request is made."""
    name: str | None = None
    """The name of the source; None: found from the feed itself."""
    interval: float | None = None
    """Seconds between two polls that the operator wants; None: adapted to the feed."""
    language: str | None = None
    """Language tag of items that declare none."""
    topics: tuple[str, ...] = ()
    """Ids of topics that every article of the feed is about."""
    headers: tuple[tuple[str, Secret], ...] = ()
    """Extra request headers, ``${NAME}`` as in the address. Sent to the feed's own host only."""
    robots: bool | None = None
    """Whether robots.txt is obeyed for it; None: as the run says."""
    conditional: bool = True
    """Whether ETag and Last-Modified may be used."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between runs; it advances with the commit only."""

    key: str
    url: str
    """As configured, public."""
    moved_to: str | None = None
    """Where permanent redirects have led; asked instead of the configured address."""
    etag: str | None = None
    """As the server gave it, opaque."""
    last_modified: str | None = None
    """As the server gave it, opaque: a date is never made of it."""
    distrusted_at: datetime | None = None
    """When its validators were seen to lie; they are not sent for a while."""
    next_due: datetime | None = None
    """The earliest time of the next request."""
    interval: float = 0.0
    """Seconds between polls, as adapted so far; 0 before the first answer."""
    asked_at: datetime | None = None
    """The last request."""
    answered_at: datetime | None = None
    """The last answer that was a feed, or said that it had not changed."""
    changed_at: datetime | None = None
    """The last answer that had an item the one before did not have."""
    probed_at: datetime | None = None
    """The last answer to a request without validators."""
    status: int | None = None
    """HTTP status of the last answer; None when there was none."""
    outcome: str = ""
    """The last :class:`PollOutcome`; empty before the first."""
    detail: str = ""
    """What went wrong last, one line; empty when nothing did."""
    failures: int = 0
    """Polls in a row without a good answer."""
    gone: bool = False
    """The server said 410: it is not asked again."""
    items: tuple[Hash64, ...] = ()
    """Keys of the items of the last answer, sorted."""
    contents: Hash64 | None = None
    """Hash of all that the items of the last answer say."""
    schedule: FeedSchedule = field(default_factory=FeedSchedule)
    """How often the last answer that was a feed said that it is worth asking; a 304 says it no
    second time."""
    busiest: float = 0.0
    """New items an hour between two answers, at the busiest; it fades by half in a week."""


@dataclass(frozen=True, slots=True)
class HostState:
    """What is remembered of a host between runs."""

    host: str
    """Name and port as in the address, lower case: ``news.example:8080``; the port only when it is
    not the scheme's own."""
    asked_at: datetime | None = None
    """The last request to it."""
    hold_until: datetime | None = None
    """It asked for no requests before (Retry-After of a 429 or 503)."""
    robots: bytes | None = None
    """Its robots.txt; None when there is none or it was not asked for."""
    robots_status: int | None = None
    """HTTP status of robots.txt; None when it was not asked for or could not be had."""
    robots_at: datetime | None = None
    """When robots.txt was asked for."""


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """A feed that is to be asked, and what is known of it."""

    settings: FeedSettings
    state: FeedState
    host: HostState


class PollOutcome(StrEnum):
    """The one place in which a feed that was due ends."""

    FETCHED = "fetched"
    NOT_MODIFIED = "not_modified"
    FAILED = "failed"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    DEFERRED = "deferred"


POLL_OUTCOMES = {
    PollOutcome.FETCHED: "the server gave a document; it was read like any other",
    PollOutcome.NOT_MODIFIED: "the server said that nothing has changed (304)",
    PollOutcome.FAILED: "no usable answer; detail says why. It is asked again, later each time",
    PollOutcome.GONE: "the server said that the feed is gone for good (410); it is not asked again",
    PollOutcome.FORBIDDEN: "robots.txt forbids it; no request was made",
    PollOutcome.DEFERRED: "no request was made: the host asked to wait, or the run was stopped; "
    "it stays due",
}


@dataclass(frozen=True, slots=True)
class Poll:
    """What became of one feed that was due."""

    key: str
    url: str
    """The address that was asked, public, after remembered redirects."""
    source: str | None
    """The configured name."""
    outcome: PollOutcome
    asked_at: datetime | None = None
    """The first request; None when none was made."""
    answered_at: datetime | None = None
    """When the answer was complete; it is the document's fetch time."""
    status: int | None = None
    detail: str = ""
    """What went wrong, one line for a person; empty when nothing did."""
    requests: int = 0
    """Requests made for it, redirects counted, robots.txt not."""
    bytes: int = 0
    """Bytes of the body as they came over the wire."""
    conditional: bool = False
    """Validators were sent."""
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    """Where nothing but permanent redirects led, public; None otherwise, and when the address has a
    secret."""
    fresh_until: datetime | None = None
    """Until when the server says that the answer is good (Cache-Control, Expires)."""
    retry_at: datetime | None = None
    """When the server asked to be asked again (Retry-After)."""


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What parsing said of a feed that was polled, for its next poll."""

    key: str
    items: tuple[Hash64, ...]
    """Keys of its items, sorted."""
    contents: Hash64
    """Hash of all that its items say, whatever their order."""
    schedule: FeedSchedule
    readable: bool = True
    """False: the document was rejected as a whole."""
