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


def _staged(table: str, record: type) -> pa.Schema:
    """The subset of a table's columns that a staged record carries."""
    wanted = record.__dataclass_fields__
    return pa.schema([field for field in table_schema(table) if field.name in wanted])


STAGED_ARTICLES = _staged("articles", Article)
"""What is written to staging for each :class:`schemas.records.Article`."""

STAGED_REJECTS = _staged("rejects", Reject)
"""What is written to staging for each :class:`schemas.records.Reject`."""
