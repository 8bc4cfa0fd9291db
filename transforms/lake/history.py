"""The history of known items: a few segments, asked by key, merged as they grow.

Each commit that has something to remember writes one segment and names all that are live after it,
so a run reads the latest record only. Before it is written, a segment takes in the youngest old
ones as long as they are no larger than itself; their number stays logarithmic in the number
of known items, and so does the work per item. The history is derived: it can be made again from
the tables (:mod:`transforms.lake.rebuild`) and the commits.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.ledger import DataFile
from schemas.parquet import KNOWN_ITEMS
from transforms.identity.columns import Keys, each_once
from transforms.lake.commit import latest_number, read_commit
from transforms.lake.files import content_name, write_whole
from transforms.lake.layout import Layout, Staging
from transforms.lake.segment import Part, segment_at, write_segment

MOST_ROWS = 1 << 20
"""Rows of the largest segment that is merged: no run shall pay for rewriting the whole history."""

_FOUND_SUFFIX = ".known"
_SEGMENT = b"segment"


def live_segments(layout: Layout) -> tuple[str, ...]:
    """Paths of the live segments' rows, the oldest first, relative to the lake."""
    number = latest_number(layout)
    return read_commit(layout, number).history if number else ()


def find_known(
    layout: Layout, staging: Staging, segments: Sequence[str], keys: Keys, shard: int
) -> Iterator[str]:
    """Put down where known items have one of the keys, a file a segment.

    Their rows are numbered only: an item has keys in most shards, and is to be read once.

    Args:
        layout: the lake.
        staging: where to.
        segments: which segments to ask, the oldest first.
        keys: sorted.
        shard: the group the keys are of; part of the name.

    Returns:
        Names of the files; they sort by the age of the segments.
    """
    wanted = each_once(keys)
    for number, path in enumerate(segments):
        rows = segment_at(layout, path).rows_with(wanted)
        if len(rows):
            sink = pa.BufferOutputStream()
            schema = pa.schema([("row", pa.int64())], metadata={_SEGMENT: path})
            with pa.ipc.new_file(sink, schema) as writer:
                writer.write_table(pa.table([rows], schema=schema))
            content = sink.getvalue()
            name = f"{number:08d}-{shard:02d}-{content_name(content)}{_FOUND_SUFFIX}"
            write_whole(staging.claims / name, content, sync=False)
            yield name


def read_found(staging: Staging, names: Sequence[str]) -> pa.Table:
    """The known items that were found by :func:`find_known`, the oldest segment first."""
    rows: dict[str, list[npt.NDArray[np.int64]]] = {}
    for name in sorted(names):
        with pa.OSFile(str(staging.claims / name)) as source:
            found = pa.ipc.open_file(source).read_all()
        path = found.schema.metadata[_SEGMENT].decode()
        rows.setdefault(path, []).append(found.column("row").to_numpy())
    layout = Layout(staging.root)
    tables = [segment_at(layout, path).take(each_once(*parts)) for path, parts in rows.items()]
    return pa.concat_tables(tables) if tables else KNOWN_ITEMS.empty_table()


def read_all_known(layout: Layout) -> pa.Table:
    """All rows of all live segments, the oldest first."""
    tables = [segment_at(layout, path).read_all() for path in live_segments(layout)]
    return pa.concat_tables(tables) if tables else KNOWN_ITEMS.empty_table()


def write_history(
    layout: Layout, staging: Staging, commit: str, segments: Sequence[str], parts: Sequence[Part]
) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
    """Write what a run adds to the history, together with the segments it takes in.

    Args:
        layout: the lake.
        staging: where to.
        commit: the run's commit number, eight digits.
        segments: the live segments, the oldest first.
        parts: what the run adds.

    Returns:
        The files written, and the segments that are live once they are committed.
    """
    kept = list(segments)
    old: list[Part] = []
    size = sum(part.order().num_rows for part in parts)
    if not size:
        return (), tuple(segments)
    while kept:
        segment = segment_at(layout, kept[-1])
        rows = segment.count()
        if rows > size or rows + size > MOST_ROWS:
            break
        kept.pop()
        old.insert(0, segment)
        size += rows
    files = write_segment(staging, commit, [*old, *parts])
    return files, (*kept, files[0].path)
