"""From claimed rows and verdicts to finished Parquet files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.judgement import Outcome
from schemas.ledger import DataFile, LedgerRow, OutcomeCount, Written
from schemas.parquet import table_schema
from schemas.records import Topic
from schemas.tables import SCHEMA_VERSION
from transforms.feeds.advance import Advanced
from transforms.lake.claims import read_claims
from transforms.lake.files import content_name, write_whole
from transforms.lake.layout import DATA_SUFFIX, Staging, partition

ROWS_PER_GROUP = 16_384
"""Rows of a Parquet row group: so few that statistics on source or time skip most of a day."""

_REPEATING = [
    "source",
    "source_origin",
    "feed_url",
    "body_origin",
    "region",
    "published_origin",
    "published_precision",
    "published_zone",
    "language",
    "language_declared",
    "main_topic",
    "topic_ids.list.element",
    "categories.list.element",
    "feed_topics.list.element",
    "flags.list.element",
    "format",
    "document_uri",
    "document_sha256",
    "run_id",
    "stage",
    "reason",
    "kind",
    "outcome",
]
"""Columns a dictionary pays for."""

_ORDER = {
    "articles": ("published_at", "article_id", "revision"),
    "duplicates": ("published_at", "item_id", "fetched_at", "document_uri", "document_position"),
    "rejects": ("document_uri", "document_position", "reject_id"),
    "runs": ("run_id", "source"),
    "polls": ("run_id", "feed_url"),
}

Describe = Callable[
    [str | None, str | None, Sequence[str]], tuple[str | None, float | None, Sequence[Topic]]
]
"""(headline, body, topics of the feed) -> (language, its confidence, topics)."""


def write_group(
    staging: Staging, commit: str, verdicts: pa.Table, describe: Describe
) -> Iterator[Written]:
    """Write the files of one group of rows, one a day.

    Args:
        staging: where the claims are and the files go.
        commit: the run's commit number, eight digits.
        verdicts: rows of one table, sorted by day.
        describe: finds language and topics; asked for articles only.
    """
    rows = read_claims(staging, verdicts)
    table = verdicts.column("table")[0].as_py()
    days = verdicts.column("day")
    full = _FINISH[table](rows, verdicts, describe)
    full["run_id"] = pa.repeat(pa.scalar(commit), rows.num_rows)
    full["schema_version"] = pa.repeat(pa.scalar(SCHEMA_VERSION, pa.uint16()), rows.num_rows)
    schema = table_schema(table)
    finished = pa.table({name: full[name] for name in schema.names}, schema=schema)
    for day in pc.unique(days).to_pylist():
        of_day = finished.filter(pc.equal(days, pa.scalar(day, pa.date32())))
        yield Written(write_table(staging, commit, table, day, of_day), _count(table, of_day))


def write_table(staging: Staging, commit: str, table: str, day: date, rows: pa.Table) -> DataFile:
    """Write one Parquet file to staging, sorted as the table is."""
    rows = rows.sort_by([(name, "ascending") for name in _ORDER[table]])
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        compression="zstd",
        row_group_size=ROWS_PER_GROUP,
        use_dictionary=[name for name in _REPEATING if name.split(".")[0] in rows.column_names],
        write_page_index=True,
        store_schema=True,
    )
    content = sink.getvalue()
    name = content_name(content)
    staged = f"files/{name}{DATA_SUFFIX}.staged"
    write_whole(staging.folder / staged, content)
    return DataFile(
        table=table,
        date=day,
        path=f"{table}/{partition(day)}/{commit}-{name[:16]}{DATA_SUFFIX}",
        staged=staged,
        rows=rows.num_rows,
        bytes=len(content),
        xxh128=name,
    )


def ledger_table(rows: Sequence[LedgerRow]) -> pa.Table:
    """The ledger as a ``runs`` table."""
    values = [asdict(row) | {"schema_version": SCHEMA_VERSION} for row in rows]
    return pa.Table.from_pylist(values, schema=table_schema("runs"))


def polls_table(run_id: str, polls: Iterable[Advanced]) -> pa.Table:
    """What became of the feeds that were due, as a ``polls`` table."""
    return pa.Table.from_pylist([_poll(run_id, one) for one in polls], schema=table_schema("polls"))


def _poll(run_id: str, one: Advanced) -> dict[str, Any]:
    poll = one.poll
    return {
        "run_id": run_id,
        "feed_url": one.state.url,
        "asked_url": poll.url,
        "source": poll.source,
        "outcome": str(poll.outcome),
        "asked_at": poll.asked_at,
        "answered_at": poll.answered_at,
        "status": poll.status,
        "detail": poll.detail or None,
        "requests": poll.requests,
        "bytes": poll.bytes,
        "conditional": poll.conditional,
        "items": one.items,
        "items_fresh": one.facts.new_items,
        "gap_since": one.facts.gap_since,
        "validators_distrusted": one.facts.distrusted,
        "next_due": one.facts.next_due,
        "schema_version": SCHEMA_VERSION,
    }


def _hex(ids: pa.ChunkedArray) -> list[str]:
    return [value.hex() for value in ids.to_pylist()]


def _columns(rows: pa.Table) -> dict[str, Any]:
    return {name: rows.column(name) for name in rows.column_names}


def _articles(rows: pa.Table, verdicts: pa.Table, describe: Describe) -> dict[str, Any]:
    full = _columns(rows)
    texts = [rows.column(name).to_pylist() for name in ("headline", "body", "feed_topics")]
    described = [describe(*text) for text in zip(*texts, strict=True)]
    topics = [found for _, _, found in described]
    full["language"] = [language for language, _, _ in described]
    full["language_confidence"] = [confidence for _, confidence, _ in described]
    full["topics"] = [[asdict(topic) for topic in found] for found in topics]
    full["topic_ids"] = [[topic.id for topic in found] for found in topics]
    full["main_topic"] = [
        next((topic.name for topic in found if topic.level == 1), None) for found in topics
    ]
    full["article_id"] = _hex(verdicts.column("article_id"))
    for name in ("revision", "first_seen_at", "changed"):
        full[name] = verdicts.column(name)
    raised = verdicts.column("flags").to_pylist()
    if any(raised):
        own = rows.column("flags").to_pylist()
        full["flags"] = [sorted({*a, *b}) for a, b in zip(own, raised, strict=True)]
    return full


def _duplicates(rows: pa.Table, verdicts: pa.Table, _: Describe) -> dict[str, Any]:
    full = _columns(rows)
    full["kept_article_id"] = _hex(verdicts.column("article_id"))
    for name in ("kind", "score", "evidence", "first_seen_at"):
        full[name] = verdicts.column(name)
    return full


def _rejects(rows: pa.Table, _: pa.Table, __: Describe) -> dict[str, Any]:
    return _columns(rows)


_FINISH: dict[str, Callable[[pa.Table, pa.Table, Describe], dict[str, Any]]] = {
    "articles": _articles,
    "duplicates": _duplicates,
    "rejects": _rejects,
}


def _count(table: str, rows: pa.Table) -> tuple[OutcomeCount, ...]:
    sources = rows.column("source").to_pylist()
    if table == "articles":
        outcomes = [
            Outcome.NEW if revision == 1 else Outcome.REVISED
            for revision in rows.column("revision").to_pylist()
        ]
        whole = [False] * len(sources)
    elif table == "duplicates":
        outcomes = [Outcome.DUPLICATE] * len(sources)
        whole = [False] * len(sources)
    else:
        outcomes = [Outcome.REJECTED] * len(sources)
        whole = [place is None for place in rows.column("document_position").to_pylist()]
    counts = Counter(zip(sources, outcomes, whole, strict=True))
    return tuple((*key, number) for key, number in sorted(counts.items()))
