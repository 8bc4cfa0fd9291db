"""All sightings of a run at once: who needs the judge, and what becomes of everyone.

A sighting none of whose keys occurs twice in the run or once in the history is new, and that is
decided for all such rows together; only the others are visited one by one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.judgement import KnownItem, Outcome, Sighting, Status, Verdict
from schemas.parquet import KNOWN_ITEMS, VERDICTS
from transforms.identity.judge import Judge, visit_order
from transforms.identity.sightings import (
    Keys,
    known_from,
    known_keys_of,
    known_table,
    latest_of_each,
    rows_with_keys,
    sightings_from,
)

_TABLE_OF = {
    Outcome.NEW: "articles",
    Outcome.REVISED: "articles",
    Outcome.DUPLICATE: "duplicates",
    Outcome.REJECTED: "rejects",
}
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)

Counts = Counter[tuple[str, Outcome, bool]]
"""Rows by (source, outcome, whether the row stands for a whole document)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a run's sightings.

    Attributes:
        verdicts: where each row that is to be stored goes; the schema is
            :data:`schemas.parquet.VERDICTS` with the row's ``size`` and own ``item_id``.
        known: the history rows that this run adds or replaces.
        documents: keys of documents read for the first time, sorted.
        counts: how many rows came to which outcome.
    """

    verdicts: pa.Table
    known: pa.Table
    documents: tuple[int, ...]
    counts: Counts


def judge_all(
    sightings: pa.Table, history: pa.Table, repeated: Keys, headline_window: timedelta
) -> Judgement:
    """Judge a whole run.

    Args:
        sightings: all rows of the run, in any order.
        history: known items that share a key with them, oldest commit first.
        repeated: keys that occur more than once in the run; sorted, without repeats.
        headline_window: see :class:`~transforms.identity.judge.Judge`.
    """
    history = latest_of_each(history)
    is_document = pc.equal(history.column("status"), Status.DOCUMENT.value)
    items = history.filter(pc.invert(is_document))
    contested_keys = np.unique(np.concatenate([repeated, known_keys_of(items)]))
    contested = rows_with_keys(sightings, contested_keys, ("aliases", "url_key", "headline_key"))
    judge = Judge(known_from(history), headline_window)
    documents = _new_documents(sightings, history.filter(is_document))
    for document in documents:
        judge.note_document(document.content, document.fetched_at)
    disputed = sightings.filter(pa.array(contested))
    judged = _visit(judge, disputed)
    plain = sightings.filter(pa.array(~contested))
    return Judgement(
        verdicts=pa.concat_tables([_plain_verdicts(plain), _judged_verdicts(disputed, judged)]),
        known=pa.concat_tables(
            [_plain_known(plain), known_table(judge.changed()), known_table(documents)]
        ),
        documents=tuple(document.content for document in documents),
        counts=_counts(plain, disputed, judged),
    )


def _visit(judge: Judge, disputed: pa.Table) -> list[Verdict]:
    """Verdicts in the table's order, reached in visit order."""
    sightings: list[Sighting] = list(sightings_from(disputed))
    verdicts: dict[int, Verdict] = {}
    for place in sorted(range(len(sightings)), key=lambda i: visit_order(sightings[i])):
        verdicts[place] = judge.judge(sightings[place])
    return [verdicts[place] for place in range(len(sightings))]


def _new_documents(sightings: pa.Table, known: pa.Table) -> list[KnownItem]:
    """History rows for documents whose bytes were not read before."""
    rows = sightings.filter(pc.invert(sightings.column("is_reject")))
    first = rows.group_by("document").aggregate([("fetched_at", "min")]).sort_by("document")
    before = set(known.column("content").to_pylist())
    pairs = zip(
        first.column("document").to_pylist(),
        first.column("fetched_at_min").to_pylist(),
        strict=True,
    )
    return [document_row(key, fetched_at) for key, fetched_at in pairs if key not in before]


def document_row(key: int, fetched_at: datetime) -> KnownItem:
    """The history row of a document that was read: only its key means anything."""
    return KnownItem(
        item_id=b"\xff" + key.to_bytes(15, "big"),
        status=Status.DOCUMENT,
        article_id=bytes(16),
        source="",
        day=fetched_at.date(),
        first_seen_at=fetched_at,
        revision=0,
        returns=0,
        contents=(),
        aliases=(key,),
        url_keys=(),
        headline_keys=(),
        fetched_at=fetched_at,
        content=key,
        headline_hash=0,
        summary_hash=0,
        body_hash=0,
        published_at=None,
        text_hash=0,
        lead_hash=0,
        words=0,
        sketch=b"",
    )


def _constant(value: Any, count: int, kind: pa.DataType) -> pa.Array:
    return pa.array([value] * count, type=kind)


def _plain_verdicts(plain: pa.Table) -> pa.Table:
    """New articles and new rejects: everything follows from the row itself."""
    count = plain.num_rows
    columns = {name: plain.column(name) for name in ("claim", "batch", "row", "day")}
    columns |= {
        "table": pc.if_else(plain.column("is_reject"), "rejects", "articles"),
        "article_id": plain.column("item_id"),
        "revision": _constant(1, count, pa.uint32()),
        "first_seen_at": plain.column("fetched_at"),
        "changed": _constant([], count, pa.list_(pa.string())),
        "flapping": _constant(False, count, pa.bool_()),
        "kind": pa.nulls(count, pa.string()),
        "score": _constant(0.0, count, pa.float32()),
        "evidence": pa.nulls(count, pa.string()),
    }
    return _with_size(pa.table(columns, schema=VERDICTS), plain)


def _judged_verdicts(disputed: pa.Table, verdicts: list[Verdict]) -> pa.Table:
    """The stored ones among the judged rows."""
    stored = [place for place, verdict in enumerate(verdicts) if verdict.outcome in _TABLE_OF]
    rows = disputed.take(pa.array(stored, type=pa.int64()))
    kept = [verdicts[place] for place in stored]
    columns: dict[str, Any] = {name: rows.column(name) for name in ("claim", "batch", "row")}
    columns["table"] = [_TABLE_OF[verdict.outcome] for verdict in kept]
    for name in Verdict.__dataclass_fields__:
        if name != "outcome":
            columns[name] = pa.array(
                [getattr(verdict, name) for verdict in kept], type=VERDICTS.field(name).type
            )
    return _with_size(pa.table(columns, schema=VERDICTS), rows)


def _with_size(verdicts: pa.Table, rows: pa.Table) -> pa.Table:
    return verdicts.append_column("size", rows.column("size")).append_column(
        "item_id", rows.column("item_id")
    )


def _plain_known(plain: pa.Table) -> pa.Table:
    """History rows of items that met no one: made column by column."""
    count = plain.num_rows
    status = pc.if_else(
        plain.column("is_reject"),
        pa.scalar(Status.REJECT.value, pa.uint8()),
        pa.scalar(Status.ARTICLE.value, pa.uint8()),
    )
    columns = {name: plain.column(name) for name in KNOWN_ITEMS.names if name in plain.column_names}
    columns |= {
        "status": status,
        "article_id": plain.column("item_id"),
        "first_seen_at": plain.column("fetched_at"),
        "revision": pc.if_else(
            plain.column("is_reject"), pa.scalar(0, pa.uint32()), pa.scalar(1, pa.uint32())
        ),
        "returns": _constant(0, count, pa.uint32()),
        "contents": _lists(plain.column("content")),
        "url_keys": _lists(plain.column("url_key")),
        "headline_keys": _lists(plain.column("headline_key")),
    }
    return pa.table(columns, schema=KNOWN_ITEMS)


def _lists(column: pa.ChunkedArray) -> pa.Array:
    """Each value as a list of one, each NULL as an empty list."""
    array = column.combine_chunks()
    present = array.is_valid().to_numpy(zero_copy_only=False)
    offsets: npt.NDArray[np.int32] = np.concatenate([[0], np.cumsum(present)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), array.drop_null())


def _counts(plain: pa.Table, disputed: pa.Table, verdicts: list[Verdict]) -> Counts:
    counts: Counts = Counter()
    for source, is_document, is_reject in _who(plain):
        counts[source, Outcome.REJECTED if is_reject else Outcome.NEW, is_document] += 1
    for (source, is_document, _), verdict in zip(_who(disputed), verdicts, strict=True):
        counts[source, verdict.outcome, is_document] += 1
    return counts


def _who(table: pa.Table) -> Iterator[tuple[str, bool, bool]]:
    whole = pc.less(table.column("position"), 0)
    return zip(
        table.column("source").to_pylist(),
        whole.to_pylist(),
        table.column("is_reject").to_pylist(),
        strict=True,
    )
