"""Sightings and known items as Arrow tables, and what is computed over all of them at once."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.judgement import KnownItem, Sighting, Status
from schemas.parquet import KNOWN_ITEMS, SIGHTINGS
from schemas.records import Article, Hash64, Reject
from transforms.identity.keys import key_of_hex, keys_of_article, short_hash
from transforms.text.fingerprint import fingerprint

Keys = npt.NDArray[np.uint64]

_ROW_OVERHEAD = 300
"""Bytes a row takes besides its texts, roughly: it only steers where files are cut."""

_SIGHTING_FIELDS = tuple(Sighting.__dataclass_fields__)
_KNOWN_FIELDS = tuple(KnownItem.__dataclass_fields__)


def day_of(published_at: datetime | None, fetched_at: datetime) -> date:
    """The partition of an item's first row: the UTC day it was published, else fetched."""
    return (published_at or fetched_at).date()


def sighting_of_article(article: Article) -> Sighting:
    """What the judge needs to know of an article."""
    keys = keys_of_article(article)
    print_ = fingerprint(article.body)
    return Sighting(
        size=_ROW_OVERHEAD + len(article.body or "") + len(article.summary or ""),
        is_reject=False,
        source=article.source,
        item_id=bytes.fromhex(article.item_id),
        aliases=keys.aliases,
        url_key=keys.url_key,
        headline_key=keys.headline_key,
        content=key_of_hex(article.content_hash),
        headline_hash=short_hash(article.headline),
        summary_hash=short_hash(article.summary),
        body_hash=short_hash(article.body),
        published_at=article.published_at,
        text_hash=print_.body_hash if print_ else 0,
        lead_hash=print_.lead_hash if print_ else 0,
        words=print_.words if print_ else 0,
        sketch=print_.sketch if print_ else b"",
        fetched_at=article.fetched_at,
        day=day_of(article.published_at, article.fetched_at),
        document=document_key(article.document_sha256, article.source),
        address=short_hash(article.document_uri),
        position=article.document_position,
    )


def sighting_of_reject(reject: Reject) -> Sighting:
    """A reject as the judge sees it: its id is its only key."""
    key = key_of_hex(reject.reject_id)
    return Sighting(
        size=_ROW_OVERHEAD + len(reject.payload),
        is_reject=True,
        source=reject.source,
        item_id=bytes.fromhex(reject.reject_id),
        aliases=(key,),
        url_key=None,
        headline_key=None,
        content=key,
        headline_hash=0,
        summary_hash=0,
        body_hash=0,
        published_at=None,
        text_hash=0,
        lead_hash=0,
        words=0,
        sketch=b"",
        fetched_at=reject.fetched_at,
        day=reject.fetched_at.date(),
        document=document_key(reject.document_sha256, reject.source),
        address=short_hash(reject.document_uri),
        position=-1 if reject.document_position is None else reject.document_position,
    )


def document_key(sha256: str | None, source: str) -> Hash64:
    """Key of a document's bytes as its source gave them; 0 when they could not be had."""
    return 0 if sha256 is None else short_hash(f"{sha256} {source}")


def to_ipc(batch: pa.RecordBatch | pa.Table) -> bytes:
    """Arrow's stream format: what crosses a shuffle."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write(batch)
    return bytes(sink.getvalue())


def from_ipc(parts: Iterable[bytes], schema: pa.Schema) -> pa.Table:
    """All rows of several streams, in the order given."""
    tables = [pa.ipc.open_stream(part).read_all() for part in parts]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def sightings_batch(
    sightings: Sequence[Sighting], claim: str, places: Sequence[tuple[int, int]]
) -> pa.RecordBatch:
    """The sightings of one claim file.

    Args:
        sightings: in the file's order.
        claim: the file's name.
        places: (record batch, row) of each.
    """
    columns: dict[str, Any] = {
        name: [getattr(sighting, name) for sighting in sightings] for name in _SIGHTING_FIELDS
    }
    columns["claim"] = [claim] * len(sightings)
    columns["batch"] = [batch for batch, _ in places]
    columns["row"] = [row for _, row in places]
    return pa.RecordBatch.from_pydict(columns, schema=SIGHTINGS)


def sightings_from(table: pa.Table) -> Iterator[Sighting]:
    """The rows of a sightings table as records."""
    columns = [table.column(name).to_pylist() for name in _SIGHTING_FIELDS]
    aliases = _SIGHTING_FIELDS.index("aliases")
    for values in zip(*columns, strict=True):
        row = list(values)
        row[aliases] = tuple(row[aliases])
        yield Sighting(*row)


def known_table(items: Iterable[KnownItem]) -> pa.Table:
    """Known items as a table."""
    rows = list(items)
    columns = {name: [getattr(item, name) for item in rows] for name in _KNOWN_FIELDS}
    return pa.Table.from_pydict(columns, schema=KNOWN_ITEMS)


def known_from(table: pa.Table) -> Iterator[KnownItem]:
    """The rows of a known-items table as records."""
    lists = {"contents", "aliases", "url_keys", "headline_keys"}
    for row in table.to_pylist():
        values: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in row.items()}
        values["status"] = Status(values["status"])
        yield KnownItem(**values)


def latest_of_each(table: pa.Table) -> pa.Table:
    """The last row of each item in a known-items table that is ordered by commit.

    A document row shares no id with an item: ids begin with their version, a document's with 0xff.
    """
    if not table.num_rows:
        return table
    numbered = table.append_column("place", pa.array(np.arange(table.num_rows)))
    last = numbered.group_by("item_id").aggregate([("place", "max")]).column("place_max")
    return table.take(last.sort())


def item_keys_of(table: pa.Table) -> Keys:
    """Every key by which a sighting can meet another, with repeats."""
    return np.concatenate(
        [
            _flat(table.column("aliases")),
            _flat(table.column("url_key")),
            _flat(table.column("headline_key")),
        ]
    )


def history_keys_of(table: pa.Table) -> Keys:
    """Every key by which a sighting can meet the history, without repeats."""
    return np.unique(np.concatenate([item_keys_of(table), _flat(table.column("document"))]))


def known_keys_of(table: pa.Table) -> Keys:
    """Every key of known items, with repeats."""
    names = ("aliases", "url_keys", "headline_keys")
    return np.concatenate([_flat(table.column(name)) for name in names])


def rows_with_keys(table: pa.Table, keys: Keys, columns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which rows have at least one of the keys in at least one of the columns.

    Args:
        table: the rows.
        keys: sorted, without repeats.
        columns: names of uint64 or list<uint64> columns.
    """
    hit = np.zeros(table.num_rows, dtype=bool)
    for name in columns:
        column = table.column(name).combine_chunks()
        if pa.types.is_list(column.type):
            parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
            hit[parents[_is_in(_flat(column), keys)]] = True
        else:
            valid = column.is_valid().to_numpy(zero_copy_only=False)
            hit[valid] |= _is_in(_flat(column), keys)
    return hit


def _is_in(values: Keys, keys: Keys) -> npt.NDArray[np.bool_]:
    if not len(keys):
        return np.zeros(len(values), dtype=bool)
    places = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    found: npt.NDArray[np.bool_] = keys[places] == values
    return found


def _flat(column: pa.Array | pa.ChunkedArray) -> Keys:
    """The values of a key column, lists flattened, NULLs left out."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    flat = array.flatten() if pa.types.is_list(array.type) else array.drop_null()
    values: Keys = flat.to_numpy(zero_copy_only=False).astype(np.uint64, copy=False)
    return values
