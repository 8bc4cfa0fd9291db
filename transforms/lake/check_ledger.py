"""Does the ledger add up, and do the commit records say what the hashed ``runs`` rows say?"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from schemas.ledger import LedgerRow
from transforms.lake.commit import Commit
from transforms.lake.layout import Layout, commit_name

_NUMBERS = [
    field.name
    for field in fields(LedgerRow)
    if field.name not in ("run_id", "source", "started_at")
]


def ledger_problems(layout: Layout, commits: list[Commit]) -> Iterator[str]:
    """What does not add up in the ledgers: in records, in ``runs`` rows, or between the two."""
    for commit in commits:
        rows = Counter[str]()
        for file in commit.files:
            rows[file.table] += file.rows
        ledger = commit.ledger
        read = ledger["documents_parsed"] + ledger["documents_rejected"]
        if ledger["documents_read"] != read:
            yield f"commit {commit.number}: documents read are not parsed + rejected"
        kinds = ("new", "revised", "unchanged", "duplicate", "rejected")
        if ledger["items_read"] != sum(ledger[f"items_{kind}"] for kind in kinds):
            yield f"commit {commit.number}: items read are not {' + '.join(kinds)}"
        due = {
            "articles": ledger["items_new"] + ledger["items_revised"],
            "duplicates": ledger["items_duplicate"],
            "rejects": ledger["items_rejected"]
            + ledger["documents_rejected"]
            - ledger["rejects_repeated"],
            "runs": 1 + len(commit.sources),
        }
        for table, number in due.items():
            if rows[table] != number:
                yield (
                    f"commit {commit.number}: its ledger has {number} rows of {table}, "
                    f"its files {rows[table]}"
                )
        yield from _record_problems(layout, commit)


def _record_problems(layout: Layout, commit: Commit) -> Iterator[str]:
    """A record is plain text that anybody can edit; its ``runs`` rows are hashed."""
    rows: dict[str | None, dict[str, Any]] = {}
    for file in commit.files:
        if file.table == "runs":
            table = pq.read_table(layout.absolute(file.path), partitioning=None)
            rows |= {row["source"]: row for row in table.to_pylist()}
    told: dict[str | None, dict[str, int]] = {None: commit.ledger}
    told.update(commit.sources)
    for source in sorted(rows.keys() ^ told.keys(), key=str):
        yield f"commit {commit.number}: its record and its runs rows disagree about {source}"
    for source in rows.keys() & told.keys():
        row = {name: rows[source][name] for name in _NUMBERS}
        if row != told[source]:
            yield f"commit {commit.number}: record and runs row differ for {source or 'the run'}"
        if rows[source]["started_at"] != datetime.fromisoformat(commit.started_at):
            yield f"commit {commit.number}: its record and its runs rows differ in started_at"
            break
        if rows[source]["run_id"] != commit_name(commit.number):
            yield f"commit {commit.number}: its runs rows are those of run {rows[source]['run_id']}"
            break
