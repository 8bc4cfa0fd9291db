"""All sightings of a run at once: who needs the judge, and what becomes of everyone.

A sighting none of whose keys occurs twice in the run or once in the history is new, and that is
decided for all such rows together, file by file and column by column: they never become objects.
Nor do those that :mod:`transforms.identity.settled` tells to be known and unchanged. Only the
others are visited one by one.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.judgement import KnownItem, Outcome, Status, Verdict
from schemas.parquet import KNOWN_ITEMS, VERDICTS
from transforms.identity.columns import (
    CAPPED,
    EXACT,
    UNITING,
    Keys,
    each_once,
    ids_of,
    known_from,
    known_keys,
    latest_of_each,
    meeting_keys,
    rows_with_keys,
    sightings_from,
)
from transforms.identity.judge import Judge
from transforms.identity.known import document_row
from transforms.identity.settled import Settled

_ROWS_AT_ONCE = 1 << 14

_TABLE_OF = {
    Outcome.NEW: "articles",
    Outcome.REVISED: "articles",
    Outcome.DUPLICATE: "duplicates",
    Outcome.REJECTED: "rejects",
}

Counts = Counter[tuple[str, Outcome, bool]]
"""Rows by (source, outcome, whether the row stands for a whole document)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a run's sightings.

    Attributes:
        verdicts: where each row that is to be stored goes; the schema is
            :data:`schemas.parquet.VERDICTS` with the row's ``size`` and own ``item_id``.
        plain: for each claim the places of its rows that met no one.
        changed: the known items that the judge made or changed, and the documents that were read
            for the first time.
        documents: keys of those documents, sorted.
        counts: how many rows came to which outcome.
    """

    verdicts: pa.Table
    plain: dict[str, npt.NDArray[np.int64]]
    changed: list[KnownItem]
    documents: tuple[int, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Rows that met no one as a part of a segment; they are read when they are asked for.

    Attributes:
        read: gives the sightings of the claim file.
        places: which of its rows.
    """

    read: Callable[[], pa.Table]
    places: npt.NDArray[np.int64]

    def order(self) -> pa.Table:
        """Ids and times: what the rows are sorted by."""
        rows = self.read().select(["item_id", "fetched_at"]).take(pa.array(self.places))
        return rows.rename_columns(["item_id", "first_seen_at"])

    def take(self, rows: npt.NDArray[np.int64]) -> pa.Table:
        """Some of the rows as known items."""
        return plain_known(self.read().take(pa.array(self.places[rows])))


def judge_all(
    claims: Sequence[str],
    read: Callable[[str], pa.Table],
    history: pa.Table,
    repeated: Keys,
    headline_window: timedelta,
) -> Judgement:
    """Judge a whole run.

    Args:
        claims: names of all claim files of the run, in any order.
        read: gives the sightings of one.
        history: known items that share a key with them, the oldest segment first.
        repeated: keys that occur more than once in the run; sorted, without repeats.
        headline_window: see :class:`~transforms.identity.judge.Judge`.
    """
    history = latest_of_each(history)
    live = each_once(repeated, *known_keys(history))
    settled = Settled(history)

    plain: dict[str, npt.NDArray[np.int64]] = {}
    met: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}
    verdicts: list[pa.Table] = []
    counts: Counts = Counter()
    first_reads: dict[int, datetime] = {}
    for claim in sorted(set(claims)):
        sightings = read(claim)
        contested = rows_with_keys(sightings, live)
        plain[claim] = np.flatnonzero(~contested)
        rows = sightings.take(pa.array(plain[claim]))
        verdicts.append(_plain_verdicts(claim, rows))
        _count_plain(rows, counts)
        _note_documents(sightings, first_reads)
        if contested.any():
            places = np.flatnonzero(contested)
            met[claim] = places, settled.owners_of(sightings.take(pa.array(places)))

    disputed: list[pa.Table] = []
    for claim, (places, owners) in met.items():
        sightings = read(claim)
        unchanged = settled.are_settled(owners)
        _count_unchanged(sightings.take(pa.array(places[unchanged])), counts)
        if not unchanged.all():
            rows = sightings.take(pa.array(places[~unchanged]))
            disputed.append(_with_claim(rows, claim))
    is_document = pc.equal(history.column("status"), Status.DOCUMENT.value)
    before = set(history.filter(is_document).column("content").to_pylist())
    documents = [document_row(key, first_reads[key]) for key in sorted(first_reads.keys() - before)]
    judge = Judge(known_from(_that_they_can_meet(history, disputed)), headline_window, live)
    for document in documents:
        judge.note_document(document.content, document.fetched_at)
    if disputed:
        verdicts.append(_visit(judge, _in_visit_order(disputed), counts))
    return Judgement(
        verdicts=pa.concat_tables(verdicts) if verdicts else _NO_VERDICTS,
        plain=plain,
        changed=[*judge.changed(), *documents],
        documents=tuple(document.content for document in documents),
        counts=counts,
    )


def _that_they_can_meet(history: pa.Table, disputed: list[pa.Table]) -> pa.Table:
    """The rows of the history that the judge needs: those with a key of the rows it is shown."""
    status = history.column("status").to_numpy()
    needed = (status == Status.DOCUMENT.value) | (status == Status.SOURCE.value)
    if disputed:
        keys = each_once(*map(meeting_keys, disputed))
        needed |= rows_with_keys(history, keys, (*EXACT, *CAPPED))
    return history.filter(pa.array(needed))


def _with_claim(rows: pa.Table, claim: str) -> pa.Table:
    return rows.append_column("claim", pa.array([claim] * rows.num_rows, pa.string()))


def _note_documents(sightings: pa.Table, first_reads: dict[int, datetime]) -> None:
    """When each document was first fetched."""
    rows = sightings.filter(pc.invert(sightings.column("is_reject")))
    first = rows.group_by("document").aggregate([("fetched_at", "min")])
    for key, fetched_at in zip(
        first.column("document").to_pylist(),
        first.column("fetched_at_min").to_pylist(),
        strict=True,
    ):
        first_reads[key] = min(fetched_at, first_reads.get(key, fetched_at))


def _in_visit_order(parts: list[pa.Table]) -> deque[pa.Table]:
    """Rows in the order of :func:`transforms.identity.judge.visit_order`, some thousand at a time.

    The parts are let go, and so can be each piece once it is judged: what is remembered grows as
    fast as they do.
    """
    rows = pa.concat_tables(parts)
    parts.clear()
    ids = ids_of(rows.column("item_id"))
    published = rows.column("published_at").cast(pa.int64())
    order = np.lexsort(
        (
            rows.column("address").to_numpy(),
            _ranks(rows.column("source")),
            rows.column("position").to_numpy(),
            rows.column("document").to_numpy(),
            rows.column("content").to_numpy(),
            ids[:, 1],
            ids[:, 0],
            published.fill_null(np.iinfo(np.int64).max).to_numpy(),
            rows.column("fetched_at").cast(pa.int64()).to_numpy(),
        )
    )
    pieces = np.split(order, range(_ROWS_AT_ONCE, len(order), _ROWS_AT_ONCE))
    return deque(rows.take(pa.array(piece)).combine_chunks() for piece in pieces)


def _ranks(texts: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """For each text its place among all different ones; most occur many times."""
    encoded = texts.combine_chunks().dictionary_encode()
    place_of = np.argsort(np.array(encoded.dictionary.to_pylist(), dtype=object))
    ranks = np.empty_like(place_of)
    ranks[place_of] = np.arange(len(place_of))
    found: npt.NDArray[np.int64] = ranks[encoded.indices.to_numpy()]
    return found


def _visit(judge: Judge, pieces: deque[pa.Table], counts: Counts) -> pa.Table:
    """The verdicts of those rows that are to be stored."""
    found = []
    while pieces:
        found.append(_judged(judge, pieces.popleft(), counts))
    return pa.concat_tables(found)


def _judged(judge: Judge, disputed: pa.Table, counts: Counts) -> pa.Table:
    stored: list[int] = []
    kept: list[Verdict] = []
    for place, sighting in enumerate(sightings_from(disputed)):
        verdict = judge.judge(sighting)
        counts[sighting.source, verdict.outcome, sighting.position < 0] += 1
        if verdict.outcome in _TABLE_OF:
            stored.append(place)
            kept.append(verdict)
    where = ("claim", "batch", "row")
    rows = disputed.select([*where, "size", "item_id"]).take(pa.array(stored, type=pa.int64()))
    columns: dict[str, Any] = {name: rows.column(name) for name in where}
    columns["table"] = [_TABLE_OF[verdict.outcome] for verdict in kept]
    for name in Verdict.__dataclass_fields__:
        if name != "outcome":
            columns[name] = pa.array(
                [getattr(verdict, name) for verdict in kept], type=VERDICTS.field(name).type
            )
    return _with_size(pa.table(columns, schema=VERDICTS), rows)


def _constant(value: Any, count: int, kind: pa.DataType) -> pa.Array:
    return pa.array([value] * count, type=kind)


def _plain_verdicts(claim: str, plain: pa.Table) -> pa.Table:
    """New articles and new rejects: everything follows from the row itself."""
    count = plain.num_rows
    columns: dict[str, Any] = {name: plain.column(name) for name in ("batch", "row", "day")}
    columns |= {
        "claim": _constant(claim, count, pa.string()),
        "table": pc.if_else(plain.column("is_reject"), "rejects", "articles"),
        "article_id": plain.column("item_id"),
        "revision": _constant(1, count, pa.uint32()),
        "first_seen_at": plain.column("fetched_at"),
        "changed": _constant([], count, pa.list_(pa.string())),
        "flags": _constant([], count, pa.list_(pa.string())),
        "kind": pa.nulls(count, pa.string()),
        "score": _constant(0.0, count, pa.float32()),
        "evidence": pa.nulls(count, pa.string()),
    }
    ordered = {name: columns[name] for name in VERDICTS.names}
    return _with_size(pa.table(ordered, schema=VERDICTS), plain)


def _with_size(verdicts: pa.Table, rows: pa.Table) -> pa.Table:
    return verdicts.append_column("size", rows.column("size")).append_column(
        "item_id", rows.column("item_id")
    )


_NO_VERDICTS = (
    VERDICTS.append(pa.field("size", pa.uint32()))
    .append(KNOWN_ITEMS.field("item_id"))
    .empty_table()
)


def plain_known(plain: pa.Table) -> pa.Table:
    """History rows of sightings that met no one, column by column.

    The same as :func:`transforms.identity.known.first_known` makes of each.
    """
    count = plain.num_rows
    is_reject = plain.column("is_reject")
    no_keys = _constant([], count, pa.list_(pa.uint64()))
    columns = {name: plain.column(name) for name in KNOWN_ITEMS.names if name in plain.column_names}
    columns |= {
        "status": pc.if_else(
            is_reject,
            pa.scalar(Status.REJECT.value, pa.uint8()),
            pa.scalar(Status.ARTICLE.value, pa.uint8()),
        ),
        "article_id": plain.column("item_id"),
        "first_seen_at": plain.column("fetched_at"),
        "revision": pc.if_else(is_reject, pa.scalar(0, pa.uint32()), pa.scalar(1, pa.uint32())),
        "returns": _constant(0, count, pa.uint32()),
        "redates": _constant(0, count, pa.uint32()),
        "has_guid": plain.column("guid_key").is_valid(),
        "has_link": plain.column("link_key").is_valid(),
        "contents": _lists(plain, "content"),
        "versions": _lists(plain, "version"),
        "asides": no_keys,
        "aliases": _lists(plain, *UNITING),
        "url_keys": _lists(plain, "url_key"),
        "global_guids": _lists(plain, "global_guid"),
        "headline_keys": _lists(plain, "headline_key"),
        "evidence": _constant([], count, pa.list_(pa.uint32())),
    }
    return pa.table({name: columns[name] for name in KNOWN_ITEMS.names}, schema=KNOWN_ITEMS)


def _lists(table: pa.Table, *names: str) -> pa.Array:
    """The values of some columns, row by row as a list; NULLs are left out."""
    columns = [table.column(name).combine_chunks() for name in names]
    present = np.stack(
        [column.is_valid().to_numpy(zero_copy_only=False) for column in columns], axis=1
    )
    values = np.stack(
        [column.fill_null(0).to_numpy(zero_copy_only=False) for column in columns], axis=1
    )
    offsets: npt.NDArray[np.int32] = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(
        np.int32
    )
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values[present], pa.uint64()))


def _count_unchanged(rows: pa.Table, counts: Counts) -> None:
    for source, number in Counter(rows.column("source").to_pylist()).items():
        counts[source, Outcome.UNCHANGED, False] += number


def _count_plain(plain: pa.Table, counts: Counts) -> None:
    whole = pc.less(plain.column("position"), 0)
    who: Iterator[tuple[str, bool, bool]] = zip(
        plain.column("source").to_pylist(),
        whole.to_pylist(),
        plain.column("is_reject").to_pylist(),
        strict=True,
    )
    for (source, is_document, is_reject), number in Counter(who).items():
        counts[source, Outcome.REJECTED if is_reject else Outcome.NEW, is_document] += number
