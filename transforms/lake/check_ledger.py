"""Does the ledger add up, and do the commit records say what the hashed ``runs`` rows say?"""

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import fields
from datetime import datetime

import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.ledger import LedgerRow
from transforms.lake.commit import COMPACTION, RUN, Commit
from transforms.lake.layout import Layout, commit_name
from transforms.lake.live import live_files

_NUMBERS = [
    field.name
    for field in fields(LedgerRow)
    if field.name not in ("run_id", "source", "started_at")
]


def ledger_problems(layout: Layout, commits: list[Commit]) -> Iterator[str]:
    """What does not add up in the ledgers: in records, in ``runs`` rows, or between the two."""
    runs = {commit_name(commit.number): commit for commit in commits if commit.kind == RUN}
    rows = yield from _count_rows(layout, commits, runs)
    for run, commit in runs.items():
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
            if rows[table, run] != number:
                yield (
                    f"commit {commit.number}: its ledger has {number} rows of {table}, "
                    f"its files {rows[table, run]}"
                )
    yield from _record_problems(layout, commits, runs)


def _count_rows(
    layout: Layout, commits: list[Commit], runs: dict[str, Commit]
) -> Generator[str, None, Counter[tuple[str, str]]]:
    """Rows by table and run, wherever they lie; and what is wrong with their ``run_id``."""
    rows = Counter[tuple[str, str]]()
    for commit, file in live_files(commits):
        path = layout.absolute(file.path)
        column = pq.read_table(path, columns=["run_id"], partitioning=None).column(0)
        found = {pair["values"]: pair["counts"] for pair in pc.value_counts(column).to_pylist()}
        known = runs if commit.kind == COMPACTION else (commit_name(commit.number),)
        for run in sorted(found.keys() - set(known)):
            yield f"{path}: has rows of run {run}, which no run can have left there"
        rows.update({(file.table, run): number for run, number in found.items()})
    return rows


def _record_problems(
    layout: Layout, commits: list[Commit], runs: dict[str, Commit]
) -> Iterator[str]:
    """A record is plain text that anybody can edit; its ``runs`` rows are hashed."""
    missing = {(run, source) for run, commit in runs.items() for source in (None, *commit.sources)}
    other_times: set[str] = set()
    for _, file in live_files(commits, ("runs",)):
        table = pq.read_table(layout.absolute(file.path), partitioning=None)
        for row in table.to_pylist():
            source, run = row["source"], row["run_id"]
            if run not in runs:
                continue  # It has been told of already.
            commit = runs[run]
            if (run, source) not in missing:
                yield _disagreement(commit, source)
                continue
            missing.remove((run, source))
            told = commit.ledger if source is None else commit.sources[source]
            if {name: row[name] for name in _NUMBERS} != told:
                yield (
                    f"commit {commit.number}: record and runs row differ for {source or 'the run'}"
                )
            if row["started_at"] != datetime.fromisoformat(commit.started_at):
                other_times.add(run)
    for run, source in sorted(missing, key=str):
        yield _disagreement(runs[run], source)
    for run in sorted(other_times):
        number = runs[run].number
        yield f"commit {number}: its record and its runs rows differ in started_at"


def _disagreement(commit: Commit, source: str | None) -> str:
    return f"commit {commit.number}: its record and its runs rows disagree about {source}"
