"""The history of known items: read by key, written once a commit.

A keys file holds one row an item that its commit created or changed; the row of the latest commit
counts. The files are derived from the tables (:mod:`transforms.lake.rebuild`) and the commits.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from schemas.ledger import DataFile
from schemas.parquet import KNOWN_ITEMS
from transforms.identity.sightings import Keys, rows_with_keys
from transforms.lake.commit import read_commits
from transforms.lake.files import content_name, write_whole
from transforms.lake.layout import KEYS_SUFFIX, Layout, Staging

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
ROWS_PER_BATCH = 16_384
_KEY_COLUMNS = ("aliases", "url_keys", "headline_keys")


def keys_files(layout: Layout) -> list[str]:
    """Paths of all keys files, oldest commit first, relative to the lake."""
    return [
        file.path
        for commit in read_commits(layout)
        for file in commit.files
        if file.table == "keys"
    ]


def read_known(path: Path, keys: Keys) -> pa.Table:
    """The rows of a keys file that have one of the keys.

    Only the key columns are looked at for the others.

    Args:
        path: the file.
        keys: sorted, without repeats.
    """
    with pa.memory_map(str(path)) as source:
        columns = [KNOWN_ITEMS.get_field_index(name) for name in _KEY_COLUMNS]
        options = pa.ipc.IpcReadOptions(included_fields=columns)
        hit = rows_with_keys(
            pa.ipc.open_file(source, options=options).read_all(), keys, _KEY_COLUMNS
        )
        if not hit.any():
            return KNOWN_ITEMS.empty_table()
        return pa.ipc.open_file(source).read_all().filter(pa.array(hit))


def read_all_known(layout: Layout) -> pa.Table:
    """All rows of all keys files, oldest commit first."""
    tables = []
    for path in keys_files(layout):
        with pa.memory_map(str(layout.absolute(path))) as source:
            tables.append(pa.ipc.open_file(source).read_all())
    return pa.concat_tables(tables) if tables else KNOWN_ITEMS.empty_table()


def write_known(staging: Staging, commit: str, known: pa.Table) -> DataFile | None:
    """Write a run's keys file to staging; None when there is nothing to say."""
    if not known.num_rows:
        return None
    order = pc.sort_indices(known, [("item_id", "ascending")])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, KNOWN_ITEMS, options=_OPTIONS) as writer:
        for start in range(0, len(order), ROWS_PER_BATCH):
            # Batch by batch, so that no second copy of the whole is ever held.
            writer.write_table(known.take(order.slice(start, ROWS_PER_BATCH)).combine_chunks())
    content = sink.getvalue()
    name = content_name(content)
    staged = f"files/{name}{KEYS_SUFFIX}"
    write_whole(staging.folder / staged, content)
    return DataFile(
        table="keys",
        date=None,
        path=f"_newsbeam/keys/{commit}-{name[:16]}{KEYS_SUFFIX}",
        staged=staged,
        rows=known.num_rows,
        bytes=len(content),
        xxh128=name,
    )
