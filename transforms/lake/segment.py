"""A segment of the history: known items in order of seniority, and two indexes into them.

The rows are one Arrow file, the indexes another beside it, both never changed. An index is sorted
keys and the rows they stand in, cut into :data:`SHARDS` record batches by the keys' first bits, and
not compressed: a lookup is a binary search on a memory map and touches a few pages, however long
the index is.

*Exact* lookups give every row of a key. *Capped* ones give the last :data:`MOST_BEARERS` rows of a
key only, which are the latest articles that bear it, for rows are in order of seniority. So a
headline that a hundred thousand articles bear costs no more than one. The cap is exact although an
item may have rows in several segments: the keys of an item only grow, so each newer row of it has
the key too, and no segment that holds the latest row of one of the latest bearers has more of them
in front of it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.ledger import DataFile
from schemas.parquet import KNOWN_ITEMS
from transforms.identity.columns import CAPPED, EXACT, Keys, each_once, ids_of, index_entries
from transforms.identity.memory import MOST_BEARERS
from transforms.lake.files import adopt, content_name, file_hash
from transforms.lake.layout import INDEX_SUFFIX, KEYS_SUFFIX, Layout, Staging

SHARDS = 16
"""Record batches of an index; each holds the keys that begin with four bits of their own."""

ROWS_PER_BATCH = 512
"""Rows that must be unpacked to read one."""

INDEX = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("row", pa.uint32(), nullable=False),
    ]
)

_ROWS_AT_ONCE = 1 << 15
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_Rows = npt.NDArray[np.int64]


class Part(Protocol):
    """Rows that go into a segment, not necessarily in memory."""

    def order(self) -> pa.Table:
        """The columns ``item_id`` and ``first_seen_at`` of all rows."""

    def take(self, rows: _Rows) -> pa.Table:
        """Some of the rows as known items, in the order given."""


@dataclass(frozen=True, slots=True)
class TablePart:
    """Known items in memory."""

    table: pa.Table

    def order(self) -> pa.Table:
        """See :class:`Part`."""
        return self.table.select(["item_id", "first_seen_at"])

    def take(self, rows: _Rows) -> pa.Table:
        """See :class:`Part`."""
        return self.table.take(pa.array(rows))


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment on disk.

    Attributes:
        path: of its rows, in the lake.
    """

    path: Path

    def count(self) -> int:
        """How many rows it has; every batch but the last is full, so none else is unpacked."""
        reader = _opened(str(self.path))
        last: int = reader.num_record_batches - 1
        return last * ROWS_PER_BATCH + int(reader.get_batch(last).num_rows)

    def order(self) -> pa.Table:
        """See :class:`Part`."""
        names = ["item_id", "first_seen_at"]
        columns = [KNOWN_ITEMS.get_field_index(name) for name in names]
        options = pa.ipc.IpcReadOptions(included_fields=columns)
        with pa.memory_map(str(self.path)) as source:
            return pa.ipc.open_file(source, options=options).read_all().select(names)

    def take(self, rows: _Rows) -> pa.Table:
        """See :class:`Part`; only the batches that hold one of the rows are unpacked."""
        if not len(rows):
            return KNOWN_ITEMS.empty_table()
        numbers = rows // ROWS_PER_BATCH
        order = np.argsort(numbers, kind="stable")
        ends = np.flatnonzero(np.diff(numbers[order])) + 1
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        reader = _opened(str(self.path))
        batches = [
            reader.get_batch(int(rows[some[0]] // ROWS_PER_BATCH)).take(
                pa.array(rows[some] % ROWS_PER_BATCH)
            )
            for some in np.split(order, ends)
        ]
        table = pa.Table.from_batches(batches)
        is_in_order = bool((order[1:] > order[:-1]).all())
        return table if is_in_order else table.combine_chunks().take(pa.array(back))

    def find(self, keys: Keys) -> pa.Table:
        """Known items that have one of the keys.

        Args:
            keys: sorted, without repeats.
        """
        return self.take(self.rows_with(keys))

    def rows_with(self, keys: Keys) -> _Rows:
        """The rows in which one of the keys stands, in order.

        Args:
            keys: sorted, without repeats.
        """
        # Mapped for this lookup only: the pages it touches must not add up over a long history.
        index = pa.ipc.open_file(pa.memory_map(str(self.path.with_suffix(INDEX_SUFFIX))))
        found = [
            _lookup(index.get_batch(SHARDS * capped + shard), some, capped=bool(capped))
            for shard, some in _by_shard(keys)
            for capped in (0, 1)
        ]
        del index
        return each_once(*found) if found else np.empty(0, np.int64)

    def read_all(self) -> pa.Table:
        """All rows."""
        with pa.memory_map(str(self.path)) as source:
            return pa.ipc.open_file(source).read_all()

    def index_is_due(self) -> bool:
        """Say whether the indexes are those that the rows call for."""
        with pa.memory_map(str(self.path.with_suffix(INDEX_SUFFIX))) as source:
            reader = pa.ipc.open_file(source)
            stored = [reader.get_batch(number) for number in range(reader.num_record_batches)]
            rows = self.read_all()
            due = [
                batch
                for columns in (EXACT, CAPPED)
                for batch in _sorted_shards([index_entries(rows, columns)])
            ]
            return stored == due


def write_segment(staging: Staging, commit: str, parts: Sequence[Part]) -> tuple[DataFile, ...]:
    """Write a segment to staging, batch by batch.

    Args:
        staging: where to.
        commit: the run's commit number, eight digits.
        parts: what goes into it, the oldest first: the last row of an item counts.

    Returns:
        The files of its rows and of its indexes; none when there are no rows.
    """
    part_of, row_of = _seniority(parts)
    if not len(part_of):
        return ()
    entries: tuple[list[tuple[Keys, npt.NDArray[np.uint32]]], ...] = ([], [])
    rows_path = staging.files / f"rows-{os.getpid()}{KEYS_SUFFIX}.tmp"
    with (
        pa.OSFile(str(rows_path), "wb") as sink,
        pa.ipc.new_file(sink, KNOWN_ITEMS, options=_OPTIONS) as writer,
    ):
        for start in range(0, len(part_of), _ROWS_AT_ONCE):
            end = start + _ROWS_AT_ONCE
            table = _gather(parts, part_of[start:end], row_of[start:end])
            for columns, found in zip((EXACT, CAPPED), entries, strict=True):
                keys, rows = index_entries(table, columns)
                found.append((keys, rows + np.uint32(start)))
            for batch in table.to_batches(ROWS_PER_BATCH):
                writer.write_batch(batch)
    index_path = staging.files / f"rows-{os.getpid()}{INDEX_SUFFIX}.tmp"
    with pa.OSFile(str(index_path), "wb") as sink, pa.ipc.new_file(sink, INDEX) as writer:
        for found in entries:
            for batch in _sorted_shards(found):
                writer.write_batch(batch)
    name = content_name(f"{file_hash(rows_path)} {file_hash(index_path)}".encode())[:16]
    path = f"_newsbeam/keys/{commit}-{name}"
    entries_count = sum(len(keys) for found in entries for keys, _ in found)
    return (
        _adopted(rows_path, staging, "keys", f"{path}{KEYS_SUFFIX}", len(part_of)),
        _adopted(index_path, staging, "index", f"{path}{INDEX_SUFFIX}", entries_count),
    )


@lru_cache(maxsize=64)
def _opened(path: str) -> pa.ipc.RecordBatchFileReader:
    """A file of rows; it never changes. Read, not mapped: what is unpacked need not be held too."""
    return pa.ipc.open_file(pa.OSFile(path))


def segment_at(layout: Layout, path: str) -> Segment:
    """The segment whose rows lie at a path relative to the lake."""
    return Segment(layout.absolute(path))


def _seniority(parts: Sequence[Part]) -> tuple[_Rows, _Rows]:
    """The last row of every item, in order of seniority: its part and its place there."""
    orders = [part.order() for part in parts]
    sizes = [order.num_rows for order in orders]
    part_of = np.repeat(np.arange(len(parts)), sizes)
    row_of = np.concatenate([np.arange(size) for size in sizes] or [np.empty(0, np.int64)])
    if not len(part_of):
        return part_of, row_of
    ids = np.concatenate([ids_of(order.column("item_id")) for order in orders])
    seen = np.concatenate(
        [order.column("first_seen_at").cast(pa.int64()).to_numpy() for order in orders]
    )
    by_id = np.lexsort((row_of, part_of, ids[:, 1], ids[:, 0]))
    is_last = np.ones(len(by_id), dtype=bool)
    is_last[:-1] = (ids[by_id[1:]] != ids[by_id[:-1]]).any(axis=1)
    kept = by_id[is_last]
    # Already by id: a stable sort by time leaves equals in the order of their ids.
    kept = kept[np.argsort(seen[kept], kind="stable")]
    return part_of[kept], row_of[kept]


def _gather(parts: Sequence[Part], part_of: _Rows, row_of: _Rows) -> pa.Table:
    """Rows of several parts in the order given."""
    places = [np.flatnonzero(part_of == number) for number in range(len(parts))]
    tables = [
        part.take(row_of[there]) for part, there in zip(parts, places, strict=True) if len(there)
    ]
    back = np.empty(len(part_of), np.int64)
    back[np.concatenate(places)] = np.arange(len(part_of))
    return pa.concat_tables(tables).combine_chunks().take(pa.array(back)).combine_chunks()


def _sorted_shards(
    found: Iterable[tuple[Keys, npt.NDArray[np.uint32]]],
) -> Iterator[pa.RecordBatch]:
    """Index entries by key and row, a batch a shard.

    One shard is gathered at a time: the entries of a large segment are never there twice.
    """
    parts = list(found)
    for shard in range(SHARDS):
        inside = [_shard_of(keys) == shard for keys, _ in parts]
        pairs = list(zip(parts, inside, strict=True))
        keys = np.concatenate([part[0][there] for part, there in pairs])
        rows = np.concatenate([part[1][there] for part, there in pairs])
        # Rows come in order already, and a stable sort keeps them so.
        order = np.argsort(keys, kind="stable")
        yield pa.RecordBatch.from_arrays(
            [pa.array(keys[order]), pa.array(rows[order])], schema=INDEX
        )


def _shard_of(keys: Keys) -> Keys:
    return keys >> np.uint64(60)


def _by_shard(keys: Keys) -> Iterator[tuple[int, Keys]]:
    bounds = np.searchsorted(_shard_of(keys), np.arange(SHARDS + 1, dtype=np.uint64))
    for shard in range(SHARDS):
        some = keys[bounds[shard] : bounds[shard + 1]]
        if len(some):
            yield shard, some


def _lookup(index: pa.RecordBatch, wanted: Keys, *, capped: bool) -> _Rows:
    """Rows in which one of the keys stands, as a copy that keeps no memory map."""
    keys = index.column("key").to_numpy()
    left = np.searchsorted(keys, wanted, side="left")
    right = np.searchsorted(keys, wanted, side="right")
    if capped:
        left = np.maximum(left, right - MOST_BEARERS)
    lengths = right - left
    starts = np.repeat(left - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    places = starts + np.arange(lengths.sum())
    rows: _Rows = index.column("row").to_numpy()[places].astype(np.int64)
    return rows


def _adopted(temporary: Path, staging: Staging, table: str, path: str, rows: int) -> DataFile:
    staged, content_hash, size = adopt(temporary)
    return DataFile(
        table=table,
        date=None,
        path=path,
        staged=str(staged.relative_to(staging.folder)),
        rows=rows,
        bytes=size,
        xxh128=content_hash,
    )
