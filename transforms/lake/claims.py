"""Claims: normalised rows put down until it is known what becomes of them.

A claim file holds the rows of one flush, sorted by day and id and cut into small record batches,
so that whoever writes one day's file decompresses little else. Its name is the hash of its bytes:
a bundle that a runner repeats writes the same file again. Beside it lie the sightings of its rows,
not compressed, so that a column of them can be read without the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.judgement import Sighting
from schemas.parquet import STAGED_ARTICLES, STAGED_REJECTS
from schemas.records import Article, Reject
from transforms.identity.columns import sightings_table
from transforms.lake.files import content_name, write_whole
from transforms.lake.layout import CLAIM_SUFFIX, SIGHTINGS_SUFFIX, Staging

ROWS_PER_BATCH = 256

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_NESTED = ("quotes", "date_candidates")


def write_claim(staging: Staging, rows: Iterable[tuple[Article | Reject, Sighting]]) -> str:
    """Write one claim file and the sightings of its rows.

    Args:
        staging: where to.
        rows: records of one kind with their sightings; at least one.

    Returns:
        The name of the claim file.
    """
    ordered = sorted(rows, key=lambda row: (row[1].day, row[1].item_id, row[1].position))
    records = [record for record, _ in ordered]
    schema = STAGED_ARTICLES if isinstance(records[0], Article) else STAGED_REJECTS
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema, options=_OPTIONS) as writer:
        for start in range(0, len(records), ROWS_PER_BATCH):
            writer.write_batch(_batch(records[start : start + ROWS_PER_BATCH], schema))
    content = sink.getvalue()
    places = [divmod(place, ROWS_PER_BATCH) for place in range(len(records))]
    seen = _as_file(sightings_table([sighting for _, sighting in ordered], places))
    # The same rows may be seen otherwise, fetched under another name: both make the name.
    name = content_name(f"{content_name(content)} {content_name(seen)}".encode()) + CLAIM_SUFFIX
    write_whole(staging.claims / name, content, sync=False)
    write_whole(staging.claims / f"{name}{SIGHTINGS_SUFFIX}", seen, sync=False)
    return name


def read_sightings(staging: Staging, claim: str) -> pa.Table:
    """The sightings of a claim file, on a memory map: a column that is not read costs nothing.

    Args:
        staging: where it is.
        claim: the name of the claim file.
    """
    with pa.memory_map(str(staging.claims / f"{claim}{SIGHTINGS_SUFFIX}")) as source:
        return pa.ipc.open_file(source).read_all()


def _as_file(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _batch(records: Sequence[Article | Reject], schema: pa.Schema) -> pa.RecordBatch:
    columns: dict[str, Any] = {
        name: [getattr(record, name) for record in records] for name in schema.names
    }
    for name in _NESTED:
        if name in columns:
            columns[name] = [[asdict(part) for part in parts] for parts in columns[name]]
    return pa.RecordBatch.from_pydict(columns, schema=schema)


def read_claims(staging: Staging, claims: pa.Table) -> pa.Table:
    """Read rows back.

    Args:
        staging: where the claim files are.
        claims: columns claim, batch and row; at least one row, all of one kind.

    Returns:
        The rows in the order of ``claims``.
    """
    wanted = claims.select(["claim", "batch", "row"]).append_column(
        "place", pa.array(np.arange(claims.num_rows))
    )
    wanted = wanted.sort_by([("claim", "ascending"), ("batch", "ascending"), ("row", "ascending")])
    parts: list[pa.RecordBatch] = []
    for claim, of_file in _runs(wanted, "claim"):
        with pa.memory_map(str(staging.claims / claim)) as source:
            reader = pa.ipc.open_file(source)
            parts += [
                reader.get_batch(batch).take(of_batch.column("row").combine_chunks())
                for batch, of_batch in _runs(of_file, "batch")
            ]
    places = wanted.column("place").to_numpy()
    back = np.empty_like(places)
    back[places] = np.arange(len(places))
    return pa.Table.from_batches(parts).take(pa.array(back))


def _runs(table: pa.Table, column: str) -> Iterable[tuple[Any, pa.Table]]:
    """Slices of a sorted table in which the column has one value."""
    values = table.column(column).to_pylist()
    start = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or values[place] != values[start]:
            yield values[start], table.slice(start, place - start)
            start = place
