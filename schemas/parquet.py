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
    ("headline_hash", _KEY, False, "hash of the headline as stored"),
    ("summary_hash", _KEY, False, "hash of the summary"),
    ("body_hash", _KEY, False, "hash of the body"),
    ("published_at", _TIME, True, "as in articles"),
)

_FINGERPRINT = (
    ("text_hash", _KEY, False, "hash of the body's folded words; 0 without a body"),
    ("lead_hash", _KEY, False, "hash of its first words; 0 when it is too short"),
    ("words", pa.uint32(), False, "folded words; 0 without a body"),
    ("sketch", pa.binary(), False, "bottom-k sketch of its word shingles"),
)

SIGHTINGS = _described(
    ("claim", pa.string(), False, "name of the claim file that holds the row"),
    ("batch", pa.uint32(), False, "record batch in the claim file"),
    ("row", pa.uint32(), False, "row in the batch"),
    ("size", pa.uint32(), False, "approximate bytes of the row, for cutting files"),
    ("is_reject", pa.bool_(), False, "the row is a reject"),
    ("source", pa.string(), False, "as in articles"),
    ("item_id", _ID, False, "as in articles; the reject_id of a reject"),
    ("aliases", pa.list_(_KEY), False, "keys that unite"),
    ("url_key", _KEY, True, "key of the address, whatever the source"),
    ("headline_key", _KEY, True, "key of the folded headline"),
    *_CONTENT,
    *_FINGERPRINT,
    ("fetched_at", _TIME, False, "as in articles"),
    ("day", pa.date32(), False, "the row's own partition"),
    ("document", _KEY, False, "first bits of the document's hash; orders equal times"),
    ("address", _KEY, False, "hash of the document's address; orders equal bytes"),
    ("position", pa.int32(), False, "place in the document; -1 for a whole document"),
)
"""What is known of a staged row while duplicates are judged: all that crosses a shuffle."""

KNOWN_ITEMS = _described(
    ("item_id", _ID, False, "id of the item's first sighting"),
    ("status", pa.uint8(), False, "0 article, 1 duplicate, 2 reject, 3 document"),
    ("article_id", _ID, False, "its own id when an article, else the article it repeats"),
    ("source", pa.string(), False, "as in articles"),
    ("day", pa.date32(), False, "partition of its rows"),
    ("first_seen_at", _TIME, False, "as in articles"),
    ("revision", pa.uint32(), False, "latest stored revision; 0 when not an article"),
    ("returns", pa.uint32(), False, "how often it went back to an older text"),
    ("contents", pa.list_(_KEY), False, "every content stored for it, in order"),
    ("aliases", pa.list_(_KEY), False, "keys that unite, of all its rows"),
    ("url_keys", pa.list_(_KEY), False, "keys of its addresses"),
    ("headline_keys", pa.list_(_KEY), False, "keys of its headlines"),
    ("fetched_at", _TIME, False, "when its latest row was fetched"),
    *_CONTENT,
    *_FINGERPRINT,
)
"""A row of the history: all that a later verdict on this item can need."""

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
    ("flapping", pa.bool_(), False, "the flag of that name is to be set"),
    ("kind", pa.string(), True, "as in duplicates"),
    ("score", pa.float32(), False, "as in duplicates"),
    ("evidence", pa.string(), True, "as in duplicates"),
)
"""What becomes of a staged row."""
