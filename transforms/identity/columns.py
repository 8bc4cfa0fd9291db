"""Sightings and known items as Arrow tables, and what is computed over all of them at once."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.judgement import KnownItem, Sighting, Status
from schemas.parquet import KNOWN_ITEMS, SIGHTINGS
from transforms.identity.keys import source_key

Keys = npt.NDArray[np.uint64]
_Number = TypeVar("_Number", bound=np.generic)

UNITING = ("guid_key", "link_key", "text_key", "number_key")
"""Columns of sightings that make two rows one item, the most trusted first."""

MEETING = (*UNITING, "disowned", "url_key", "global_guid", "headline_key", "bands")
"""Columns of sightings by which two items can meet."""

EXACT = ("aliases", "disowned", "url_keys", "global_guids")
"""Columns of known items under which every one of them must be found."""

CAPPED = ("headline_keys", "bands")
"""Columns of known items under which the latest articles are enough."""

_OF_ARTICLES = ("url_keys", "global_guids", *CAPPED)
_SIGHTING_FIELDS = tuple(Sighting.__dataclass_fields__)
_KNOWN_FIELDS = tuple(KnownItem.__dataclass_fields__)
_ROWS_AT_ONCE = 4096


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


def sightings_table(sightings: Sequence[Sighting], places: Sequence[tuple[int, int]]) -> pa.Table:
    """The sightings of one claim file.

    Args:
        sightings: in the file's order.
        places: (record batch, row) of each.
    """
    columns: dict[str, Any] = {
        name: [getattr(sighting, name) for sighting in sightings] for name in _SIGHTING_FIELDS
    }
    columns["batch"] = [batch for batch, _ in places]
    columns["row"] = [row for _, row in places]
    return pa.Table.from_pydict(columns, schema=SIGHTINGS)


def sightings_from(table: pa.Table) -> Iterator[Sighting]:
    """The rows of a sightings table as records, some thousand at a time."""
    lists = [_SIGHTING_FIELDS.index(name) for name in ("disowned", "bands")]
    source = _SIGHTING_FIELDS.index("source")
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        part = table.slice(start, _ROWS_AT_ONCE)
        columns = [part.column(name).to_pylist() for name in _SIGHTING_FIELDS]
        for values in zip(*columns, strict=True):
            row = list(values)
            row[source] = sys.intern(row[source])
            for place in lists:
                row[place] = tuple(row[place])
            yield Sighting(*row)


def known_table(items: Iterable[KnownItem]) -> pa.Table:
    """Known items as a table."""
    rows = list(items)
    columns = {name: [getattr(item, name) for item in rows] for name in _KNOWN_FIELDS}
    return pa.Table.from_pydict(columns, schema=KNOWN_ITEMS)


def known_from(table: pa.Table) -> Iterator[KnownItem]:
    """The rows of a known-items table as records, some thousand at a time."""
    lists = [
        place
        for place, name in enumerate(_KNOWN_FIELDS)
        if pa.types.is_list(KNOWN_ITEMS.field(name).type)
    ]
    status, source = _KNOWN_FIELDS.index("status"), _KNOWN_FIELDS.index("source")
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        part = table.slice(start, _ROWS_AT_ONCE)
        columns = [part.column(name).to_pylist() for name in _KNOWN_FIELDS]
        for values in zip(*columns, strict=True):
            row = list(values)
            row[status] = Status(row[status])
            row[source] = sys.intern(row[source])
            for place in lists:
                row[place] = tuple(row[place])
            yield KnownItem(*row)


def latest_of_each(table: pa.Table) -> pa.Table:
    """The last row of each item in a known-items table that is ordered by age.

    Rows of documents and sources share no id with an item: ids begin with their version, theirs
    with 0xff and 0xfe.
    """
    if not table.num_rows:
        return table
    numbered = table.append_column("place", pa.array(np.arange(table.num_rows)))
    last = numbered.group_by("item_id").aggregate([("place", "max")]).column("place_max")
    return table.take(last.sort()) if len(last) < table.num_rows else table


def each_once(*parts: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """The numbers of one or several arrays, sorted and without repeats.

    The same as ``np.unique``, which since numpy 2.3 hashes: it takes a hundred times as long, and
    more memory.
    """
    ordered = np.concatenate(parts)
    ordered.sort()
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def meeting_keys(table: pa.Table) -> Keys:
    """Every key by which a sighting can meet another, with repeats."""
    return np.concatenate([_flat(table.column(name)) for name in MEETING])


def lookup_keys(table: pa.Table) -> Keys:
    """Keys by which only the history is asked: of documents and of sources."""
    sources = table.column("source").unique().to_pylist()
    return each_once(
        _flat(table.column("document")),
        np.array([source_key(source) for source in sources], np.uint64),
    )


def known_keys(table: pa.Table) -> Iterator[Keys]:
    """Every key by which a sighting can meet known items, with repeats, column by column."""
    return (_flat(table.column(name)) for name in (*EXACT, *CAPPED))


def rows_with_keys(
    table: pa.Table, keys: Keys, columns: Sequence[str] = MEETING
) -> npt.NDArray[np.bool_]:
    """Which rows have at least one of the keys in at least one of the columns.

    Args:
        table: the rows.
        keys: sorted, without repeats.
        columns: names of uint64 or list<uint64> columns.
    """
    hit = np.zeros(table.num_rows, dtype=bool)
    for name in columns:
        values, rows = keys_and_rows(table.column(name))
        hit[rows[_is_in(values, keys)]] = True
    return hit


def index_entries(table: pa.Table, columns: Sequence[str]) -> tuple[Keys, npt.NDArray[np.uint32]]:
    """The keys of known items and the rows they stand in.

    An article alone is found by what points: duplicates never chain.

    Args:
        table: known items.
        columns: :data:`EXACT` or :data:`CAPPED`.
    """
    is_article = table.column("status").to_numpy() == Status.ARTICLE.value
    keys, rows = [], []
    for name in columns:
        values, places = keys_and_rows(table.column(name))
        if name in _OF_ARTICLES:
            kept = is_article[places]
            values, places = values[kept], places[kept]
        keys.append(values)
        rows.append(places.astype(np.uint32))
    return np.concatenate(keys), np.concatenate(rows)


def ids_of(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Sixteen-byte ids as two numbers each: sorting by them is sorting by the bytes."""
    chunks = [np.frombuffer(_bytes_of(chunk), ">u8").reshape(-1, 2) for chunk in column.chunks]
    if not chunks:
        return np.empty((0, 2), np.uint64)
    return np.concatenate(chunks).astype(np.uint64)


def _bytes_of(chunk: pa.Array) -> memoryview:
    width = chunk.type.byte_width
    start = chunk.offset * width
    return memoryview(chunk.buffers()[1])[start : start + len(chunk) * width]


def keys_and_rows(column: pa.ChunkedArray) -> tuple[Keys, npt.NDArray[np.int64]]:
    """Every key of a column and the row it stands in."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_list(array.type):
        offsets = array.offsets.to_numpy()
        rows = np.repeat(np.arange(len(array)), np.diff(offsets))
    else:
        rows = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
    return _flat(array), rows


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
