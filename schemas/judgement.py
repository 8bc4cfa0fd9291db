"""What the judge of duplicates is told, remembers, and says."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from schemas.records import Hash64


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is known of a staged row while duplicates are judged.

    The place of the row (claim, batch, row) is added when it is written; see
    :data:`schemas.parquet.SIGHTINGS` for the meaning of each field.
    """

    size: int
    is_reject: bool
    source: str
    site: Hash64
    item_id: bytes
    guid_key: Hash64 | None
    link_key: Hash64 | None
    text_key: Hash64 | None
    number_key: Hash64 | None
    disowned: tuple[Hash64, ...]
    url_key: Hash64 | None
    global_guid: Hash64 | None
    headline_key: Hash64 | None
    bands: tuple[Hash64, ...]
    url_number: Hash64 | None
    headline_words: bytes
    content: Hash64
    version: Hash64
    headline_hash: Hash64
    summary_hash: Hash64
    body_hash: Hash64
    published_at: datetime | None
    text_hash: Hash64
    lead_hash: Hash64
    words: int
    sketch: bytes
    fetched_at: datetime
    fetched_known: bool
    day: date
    document: Hash64
    address: Hash64
    position: int


class Status(IntEnum):
    """What a known item is in the lake."""

    ARTICLE = 0
    DUPLICATE = 1
    REJECT = 2
    DOCUMENT = 3
    """Not an item: a document whose bytes were read, so that the same bytes are no news."""
    SOURCE = 4
    """Not an item: a source whose guids or links were seen to contradict themselves."""


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An item the lake has stored at least one row of; see :data:`schemas.parquet.KNOWN_ITEMS`."""

    item_id: bytes
    status: Status
    article_id: bytes
    source: str
    site: Hash64
    day: date
    first_seen_at: datetime
    revision: int
    returns: int
    redates: int
    has_guid: bool
    has_link: bool
    contents: tuple[Hash64, ...]
    versions: tuple[Hash64, ...]
    asides: tuple[Hash64, ...]
    aliases: tuple[Hash64, ...]
    disowned: tuple[Hash64, ...]
    url_keys: tuple[Hash64, ...]
    global_guids: tuple[Hash64, ...]
    headline_keys: tuple[Hash64, ...]
    bands: tuple[Hash64, ...]
    url_number: Hash64 | None
    headline_words: bytes
    fetched_at: datetime
    content: Hash64
    version: Hash64
    headline_hash: Hash64
    summary_hash: Hash64
    body_hash: Hash64
    published_at: datetime | None
    text_hash: Hash64
    lead_hash: Hash64
    words: int
    sketch: bytes
    evidence: tuple[int, ...]


class Outcome(StrEnum):
    """The one place in which a row ends; the words of the ledger."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    REPEATED = "repeated"
    """A reject the lake already holds: counted with the rejected, not stored again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of one sighting."""

    outcome: Outcome
    article_id: bytes
    day: date
    first_seen_at: datetime
    revision: int = 0
    changed: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    kind: str | None = None
    score: float = 0.0
    evidence: str | None = None
