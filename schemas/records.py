"""The records that travel through the pipeline, field by field.

All are frozen. Every time is an aware :class:`datetime.datetime` in UTC with microseconds. Ids and
hashes are described in :mod:`transforms.identity.keys`. The columns that an analyst reads are
described in :mod:`schemas.tables`; a test holds :class:`Article` and that list together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.reasons import Reason, Stage

Hash64 = int
"""An unsigned 64-bit hash."""


@dataclass(frozen=True, slots=True)
class PathFacts:
    """What ``--path_pattern`` found in a file's path, as it stands there; a sidecar knows better.

    All None when there is no pattern or the path does not match it.
    """

    fetched_at: str | None = None
    """When the bytes were fetched; :func:`transforms.formats.dropped.read_path_time` reads it."""
    source: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file the plan found, before anyone opened it."""

    uri: str
    """Absolute path, or URL of an object store."""
    size: int
    """Bytes, as listed."""
    modified_at: datetime
    """When the file was last written, as listed."""
    sidecar: str | None = None
    """The ``<name>.meta.json`` beside it, when there is one."""
    in_path: PathFacts = PathFacts()
    record_at: int | None = None
    """Where in a WARC file the one record begins that is meant; None: the whole file."""
    feed: str | None = None
    """Key of the feed whose poll brought it; None when it was not polled in this run."""


@dataclass(frozen=True, slots=True)
class RawDocument:
    """The bytes of one file or one HTTP answer, untouched."""

    uri: str
    """Where the bytes came from: an absolute path or a URL."""
    content: bytes
    """Exactly as stored, compression included."""
    fetched_at: datetime
    """When the bytes were fetched; the file's modification time when nobody says better."""
    media_type: str | None = None
    """The Content-Type header, parameters included, when there was one."""
    url: str | None = None
    """The address the bytes were fetched from (a feed's URL), when known."""
    source: str | None = None
    """The configured name of the source, when there is one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """HTTP response headers that were kept, names in lower case."""
    fetched_known: bool = False
    """A sidecar, the file's path or the fetch itself gave ``fetched_at``."""
    language: str | None = None
    """Language tag of items that declare none, by the feed list."""
    topics: tuple[str, ...] = ()
    """Ids of topics that the feed list gives to all items."""
    feed: str | None = None
    """Key of the feed whose poll brought it; None when it was not polled in this run."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words a document attributes to a person."""

    speaker: str | None
    """As written: ``MIKE POMPEO``."""
    role: str | None
    """What the speaker is, as written: ``U.S. SECRETARY OF STATE``."""
    language: str | None
    """The language spoken, as written: ``English``."""
    text: str
    """The words, without the quotation marks; paragraphs parted by a blank line."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One entry as its publisher wrote it: nothing repaired, nothing decided.

    Text fields hold the document's own characters; ``*_html`` says whether they are markup.
    """

    position: int
    """0-based place in the document, rejected entries counted."""
    title: str | None = None
    title_html: bool = False
    """The title may hold markup or entities and is to be read as HTML."""
    title_repeats: int = 1
    """How often the document repeats the headline for this item (broadcast scripts do)."""
    guid: str | None = None
    """RSS ``guid``, Atom ``id``, JSON Feed ``id``, a wire's item id."""
    guid_trusted: bool = True
    """False when the same document gives this guid to entries that are plainly different."""
    link: str | None = None
    """Absolute address of the article, as given (relative ones are resolved by the parser)."""
    link_trusted: bool = True
    """False when the same document gives this link to entries with different guids or titles."""
    summary: str | None = None
    summary_html: bool = True
    content: str | None = None
    content_html: bool = True
    base_url: str | None = None
    """What relative addresses inside the content are relative to."""
    authors: tuple[str, ...] = ()
    byline: str | None = None
    """The line that names the reporter, as written: ``David Doyle reports.``"""
    dateline: str | None = None
    """Place and date at the head of the text, as written: ``NUR-SULTAN, Feb 2 (Reuters)``."""
    region: str | None = None
    """Editorial region, as written: ``Global``."""
    quotes: tuple[Quote, ...] = ()
    dates: tuple[tuple[str, str], ...] = ()
    """(origin, string as written) in the document's order; origins are those of
    :data:`schemas.tables.PUBLISHED_ORIGINS`."""
    text_dates: tuple[tuple[str, str], ...] = ()
    """Dates found inside the text: (string as written, ISO date it must mean). They never win;
    they can contradict."""
    language: str | None = None
    """Declared language tag of the entry, else of the document."""
    categories: tuple[str, ...] = ()
    """The publisher's own labels, in order."""
    flags: tuple[str, ...] = ()
    """What the parser noticed, from :data:`schemas.tables.FLAGS`."""
    raw: str = ""
    """The entry's own bytes as text where the format has them apart; kept when it is rejected."""


@dataclass(frozen=True, slots=True)
class FeedSchedule:
    """How often a feed says that it is worth asking."""

    ttl_seconds: int | None = None
    """RSS ``ttl``, or the period of the syndication module (``sy:updatePeriod`` by
    ``sy:updateFrequency``); the longer of the two."""
    skip_hours: tuple[int, ...] = ()
    """RSS ``skipHours``: hours of the day, UTC, 0 to 23."""
    skip_days: tuple[int, ...] = ()
    """RSS ``skipDays``: days of the week, Monday is 0."""


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """What a document says about itself as a whole."""

    self_url: str | None = None
    """The feed's own address (atom:link rel=self, feed_url, …)."""
    site_url: str | None = None
    """The address of the site the feed belongs to."""
    title: str | None = None
    language: str | None = None
    schedule: FeedSchedule = FeedSchedule()
    """How often it says that it is worth asking."""


@dataclass(frozen=True, slots=True)
class ItemReject:
    """An entry a parser had to refuse while it could read its neighbours."""

    position: int
    reason: Reason
    detail: str
    payload: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a format's parser returns for one document."""

    format: str
    """``rss20``, ``atom10``, ``jsonfeed11``, ``transcript``, ``text`` …"""
    info: FeedInfo
    items: tuple[FeedItem, ...]
    rejects: tuple[ItemReject, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item comes from: the same for all items of one document."""

    document_uri: str
    document_sha256: str
    format: str
    fetched_at: datetime
    source: str
    """Configured name, else the feed's own canonical URL, else the publisher's host, else the
    folder."""
    source_origin: str
    """How the source got its name, from :data:`schemas.tables.SOURCE_ORIGINS`."""
    feed_url: str | None
    fetched_known: bool = False
    """``fetched_at`` is more than the file's modification time."""
    language: str | None = None
    """As in :class:`RawDocument`."""
    topics: tuple[str, ...] = ()
    """As in :class:`RawDocument`."""


@dataclass(frozen=True, slots=True)
class DateCandidate:
    """A date that was considered for ``published_at`` and did not win."""

    origin: str
    raw: str
    value: datetime | None
    """What it reads as, in UTC; None when it cannot be read."""
    reason: str
    """Why it did not win, from :data:`schemas.tables.DATE_REFUSALS`."""


@dataclass(frozen=True, slots=True)
class PublishedDate:
    """The answer of the date ladder; see :mod:`transforms.text.dates`."""

    published_at: datetime | None
    raw: str | None
    origin: str
    precision: str | None
    zone: str
    rejected: tuple[DateCandidate, ...] = ()
    updated_at: datetime | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic tag and why it was given."""

    id: str
    """``medtop:11000000``"""
    name: str
    """The vocabulary's English label."""
    score: float
    """Share of the text's evidence, 0 to 1."""
    level: int
    """Depth in the vocabulary, 1 = top."""
    origin: str
    """``text`` or ``feed``."""
    evidence: tuple[str, ...]
    """The words (or the publisher's code) that caused it, most telling first."""


@dataclass(frozen=True, slots=True)
class Article:
    """A normalised item, as staged: all that is known before duplicates are judged.

    Field meanings are those of the ``articles`` columns in :mod:`schemas.tables`.
    """

    item_id: str
    source: str
    source_origin: str
    feed_url: str | None
    guid: str | None
    url: str | None
    headline: str | None
    headline_repeats: int
    summary: str | None
    body: str | None
    body_origin: str
    word_count: int
    authors: tuple[str, ...]
    byline: str | None
    dateline: str | None
    region: str | None
    quotes: tuple[Quote, ...]
    published_at: datetime | None
    published_raw: str | None
    published_origin: str
    published_precision: str | None
    published_zone: str
    date_candidates: tuple[DateCandidate, ...]
    updated_at: datetime | None
    fetched_at: datetime
    language_declared: str | None
    categories: tuple[str, ...]
    feed_topics: tuple[str, ...]
    content_hash: str
    flags: tuple[str, ...]
    format: str
    document_uri: str
    document_sha256: str
    document_position: int


@dataclass(frozen=True, slots=True)
class Reject:
    """A document or an item that was refused, with what is needed to try again."""

    reject_id: str
    stage: Stage
    reason: Reason
    detail: str
    """One line for a person: what is wrong and where."""
    source: str
    document_uri: str
    document_sha256: str | None
    """None when the bytes could not be had."""
    document_position: int | None
    """Place of the item; None when the whole document was refused."""
    fetched_at: datetime
    payload: bytes
    """The refused bytes, cut at :data:`schemas.tables.PAYLOAD_LIMIT`."""
    payload_size: int
    """Length before the cut."""

    def kept_payload(self, limit: int) -> "Reject":
        """The same reject with its payload cut at ``limit`` bytes."""
        return self if len(self.payload) <= limit else replace(self, payload=self.payload[:limit])
