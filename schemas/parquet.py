"""The Arrow and Parquet schemas, made from the written-out columns of :mod:`schemas.tables`."""

from functools import cache

import pyarrow as pa

from schemas.records import Article, Reject
from schemas.tables import (
    DATE_CANDIDATE_TYPE,
    QUOTE_TYPE,
    SCHEMA_VERSION,
    TABLE_MEANINGS,
    TABLES,
    TOPIC_TYPE,
    Column,
)

_TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.string()

_ARROW_TYPES = {
    "VARCHAR": _TEXT,
    "VARCHAR[]": pa.list_(_TEXT),
    "BLOB": pa.binary(),
    "BOOLEAN": pa.bool_(),
    "FLOAT": pa.float32(),
    "UTINYINT": pa.uint8(),
    "USMALLINT": pa.uint16(),
    "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(),
    "TIMESTAMP WITH TIME ZONE": _TIME,
    QUOTE_TYPE + "[]": pa.list_(
        pa.struct([("speaker", _TEXT), ("role", _TEXT), ("language", _TEXT), ("text", _TEXT)])
    ),
    DATE_CANDIDATE_TYPE + "[]": pa.list_(
        pa.struct([("origin", _TEXT), ("raw", _TEXT), ("value", _TIME), ("reason", _TEXT)])
    ),
    TOPIC_TYPE + "[]": pa.list_(
        pa.struct(
            [
                ("id", _TEXT),
                ("name", _TEXT),
                ("score", pa.float32()),
                ("level", pa.uint8()),
                ("origin", _TEXT),
                ("evidence", pa.list_(_TEXT)),
            ]
        )
    ),
}


def _field(column: Column) -> pa.Field:
    return pa.field(
        column.name,
        _ARROW_TYPES[column.type],
        nullable=column.nullable,
        metadata={"description": column.description},
    )


@cache
def table_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table, descriptions in the field metadata.

    Args:
        table: a name in :data:`schemas.tables.TABLES`.
    """
    return pa.schema(
        [_field(column) for column in TABLES[table]],
        metadata={
            "newsbeam.table": table,
            "newsbeam.schema_version": str(SCHEMA_VERSION),
            "description": TABLE_MEANINGS[table],
        },
    )


def _staged(table: str, record: type[Article] | type[Reject]) -> pa.Schema:
    """The subset of a table's columns that a staged record carries."""
    wanted = record.__dataclass_fields__
    return pa.schema([field for field in table_schema(table) if field.name in wanted])


STAGED_ARTICLES = _staged("articles", Article)
"""What is written to staging for each :class:`schemas.records.Article`."""

STAGED_REJECTS = _staged("rejects", Reject)
"""What is written to staging for each :class:`schemas.records.Reject`."""


def _described(*columns: tuple[str, pa.DataType, bool, str]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(name, kind, nullable=nullable, metadata={"description": description})
            for name, kind, nullable, description in columns
        ]
    )


_ID = pa.binary(16)
_KEY = pa.uint64()

_CONTENT = (
    ("content", _KEY, False, "content_hash as a key"),
    ("version", _KEY, False, "hash of headline, summary and body: content without its date"),
    ("headline_hash", _KEY, False, "hash of the headline as stored"),
    ("summary_hash", _KEY, False, "hash of the summary"),
    ("body_hash", _KEY, False, "hash of the body"),
    ("published_at", _TIME, True, "as in articles"),
)

_FINGERPRINT = (
    ("text_hash", _KEY, False, "hash of the body's folded words; 0 without a body"),
    ("lead_hash", _KEY, False, "hash of its first words; 0 when it is too short"),
    ("words", pa.uint32(), False, "folded words; 0 without a body"),
    ("sketch", pa.binary(), False, "what two bodies are compared by; see text/fingerprint.py"),
)

SIGHTINGS = _described(
    ("batch", pa.uint32(), False, "record batch in the claim file"),
    ("row", pa.uint32(), False, "row in the batch"),
    ("size", pa.uint32(), False, "approximate bytes of the row, for cutting files"),
    ("is_reject", pa.bool_(), False, "the row is a reject"),
    ("source", pa.string(), False, "as in articles"),
    ("site", _KEY, False, "hash of the host of its address, else of its source"),
    ("item_id", _ID, False, "as in articles; the reject_id of a reject"),
    ("guid_key", _KEY, True, "unites: the guid within its source"),
    ("link_key", _KEY, True, "unites: the canonical address within its source"),
    ("text_key", _KEY, True, "unites when neither of the others does: headline and text"),
    ("number_key", _KEY, True, "unites where something agrees: that number within its source"),
    ("disowned", pa.list_(_KEY), False, "guid and link keys that its document gives to others too"),
    ("url_key", _KEY, True, "points: the address, whatever the source"),
    ("global_guid", _KEY, True, "points: a guid that no other publisher can have made up"),
    ("headline_key", _KEY, True, "points: the folded headline"),
    ("bands", pa.list_(_KEY), False, "point: shingles of the body that a copy would share"),
    ("url_number", _KEY, True, "the article's number in its address"),
    ("headline_words", pa.binary(), False, "sorted 32-bit hashes of the headline's words"),
    *_CONTENT,
    *_FINGERPRINT,
    ("fetched_at", _TIME, False, "as in articles"),
    ("fetched_known", pa.bool_(), False, "fetched_at is more than a file's modification time"),
    ("day", pa.date32(), False, "the row's own partition"),
    ("document", _KEY, False, "hash of the document's bytes and source; orders equal times"),
    ("address", _KEY, False, "hash of the document's address; orders equal bytes"),
    ("position", pa.int32(), False, "place in the document; -1 for a whole document"),
)
"""What is known of a staged row while duplicates are judged. It lies beside the claim file whose
rows it tells of; what crosses a shuffle is the file's name and hashes out of these columns."""

KNOWN_ITEMS = _described(
    ("item_id", _ID, False, "id of the item's first sighting"),
    ("status", pa.uint8(), False, "0 article, 1 duplicate, 2 reject, 3 document, 4 source"),
    ("article_id", _ID, False, "its own id when an article, else the article it repeats"),
    ("source", pa.string(), False, "as in articles"),
    ("site", _KEY, False, "hash of the host of its address, else of its source"),
    ("day", pa.date32(), False, "partition of its rows"),
    ("first_seen_at", _TIME, False, "as in articles"),
    ("revision", pa.uint32(), False, "latest stored revision; 0 when not an article"),
    ("returns", pa.uint32(), False, "how often it went back to an older text"),
    ("redates", pa.uint32(), False, "how often nothing but its date changed"),
    ("has_guid", pa.bool_(), False, "a row of it had a guid"),
    ("has_link", pa.bool_(), False, "a row of it had an address"),
    ("contents", pa.list_(_KEY), False, "every content stored for it, in order"),
    ("versions", pa.list_(_KEY), False, "the same without dates"),
    ("asides", pa.list_(_KEY), False, "contents of items that joined it to another; no versions"),
    ("aliases", pa.list_(_KEY), False, "keys that unite, of all its rows"),
    ("disowned", pa.list_(_KEY), False, "keys seen on it and on others, so no keys any more"),
    ("url_keys", pa.list_(_KEY), False, "keys of its addresses"),
    ("global_guids", pa.list_(_KEY), False, "keys of its global guids"),
    ("headline_keys", pa.list_(_KEY), False, "keys of its headlines"),
    ("bands", pa.list_(_KEY), False, "bands of its texts"),
    ("url_number", _KEY, True, "the number in the address of its latest row"),
    ("headline_words", pa.binary(), False, "hashes of the words of its latest headline"),
    ("fetched_at", _TIME, False, "when its latest row was fetched"),
    *_CONTENT,
    *_FINGERPRINT,
    ("evidence", pa.list_(pa.uint32()), False, "of a source: what was seen of its keys"),
)
"""A row of the history: all that a later verdict on this item can need.

The keys of an item only grow: a row that is found by a key of an older row of the item has that key
too. The index of the history (:mod:`transforms.lake.history`) rests on it.
"""

VERDICTS = _described(
    ("claim", pa.string(), False, "as in the sighting"),
    ("batch", pa.uint32(), False, "as in the sighting"),
    ("row", pa.uint32(), False, "as in the sighting"),
    ("table", pa.string(), False, "where the row goes"),
    ("day", pa.date32(), False, "which partition it goes to"),
    ("article_id", _ID, False, "its article, or the article it repeats"),
    ("revision", pa.uint32(), False, "as in articles"),
    ("first_seen_at", _TIME, False, "as in articles"),
    ("changed", pa.list_(pa.string()), False, "as in articles"),
    ("flags", pa.list_(pa.string()), False, "flags to be set on the stored row"),
    ("kind", pa.string(), True, "as in duplicates"),
    ("score", pa.float32(), False, "as in duplicates"),
    ("evidence", pa.string(), True, "as in duplicates"),
)
"""What becomes of a staged row."""

_SCHEDULE = pa.struct(
    [
        ("ttl_seconds", pa.int64()),
        ("skip_hours", pa.list_(pa.uint8())),
        ("skip_days", pa.list_(pa.uint8())),
    ]
)

FEED_STATES = _described(
    ("key", _TEXT, False, "hash of the feed's address as configured"),
    ("url", _TEXT, False, "its address as configured, credentials hidden"),
    ("moved_to", _TEXT, True, "where permanent redirects have led"),
    ("etag", _TEXT, True, "validator, as the server gave it"),
    ("last_modified", _TEXT, True, "validator, as the server gave it"),
    ("distrusted_at", _TIME, True, "when its validators were seen to lie"),
    ("next_due", _TIME, True, "the earliest next request"),
    ("interval", pa.float64(), False, "seconds between polls, as adapted so far"),
    ("asked_at", _TIME, True, "the last request"),
    ("answered_at", _TIME, True, "the last good answer"),
    ("changed_at", _TIME, True, "the last answer with an item that the one before had not"),
    ("probed_at", _TIME, True, "the last answer to a request without validators"),
    ("status", pa.int64(), True, "HTTP status of the last answer"),
    ("outcome", _TEXT, False, "of the last poll"),
    ("detail", _TEXT, False, "what went wrong last; empty when nothing did"),
    ("failures", pa.int64(), False, "polls in a row without a good answer"),
    ("gone", pa.bool_(), False, "the server said 410"),
    ("items", pa.list_(_KEY), False, "keys of the items of the last answer"),
    ("contents", _KEY, True, "hash of all that they say"),
    ("schedule", _SCHEDULE, False, "how often the feed says that it is worth asking"),
    ("busiest", pa.float64(), False, "new items an hour at its busiest, fading"),
)
"""A row of what is remembered of feeds; see :class:`schemas.feeds.FeedState`."""

HOST_STATES = _described(
    ("host", _TEXT, False, "name and port as in the address"),
    ("asked_at", _TIME, True, "the last request"),
    ("hold_until", _TIME, True, "it asked for no requests before"),
    ("robots", pa.binary(), True, "its robots.txt"),
    ("robots_status", pa.int64(), True, "HTTP status of robots.txt"),
    ("robots_at", _TIME, True, "when robots.txt was asked for"),
)
"""A row of what is remembered of hosts; see :class:`schemas.feeds.HostState`."""
