"""The end of a run: the ledger is checked, the commit made, its files moved into the tables."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from schemas.ledger import DocumentCount, LedgerRow, RunSummary, Written
from transforms.lake.commit import Commit, latest_number, make_commit, publish, read_commit
from transforms.lake.errors import LedgerMismatchError
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.ledger import reconcile
from transforms.lake.tables import ledger_table, write_table


def finish_run(
    staging: Staging,
    number: int,
    started_at: datetime,
    documents_planned: int,
    written: Sequence[Written],
    summary: RunSummary,
    counts: Sequence[DocumentCount],
) -> int:
    """Commit a run; safe to repeat.

    Args:
        staging: the run's staging folder.
        number: the number its commit is to have.
        started_at: when it was started, UTC.
        documents_planned: how many documents it was to read.
        written: the files of rows.
        summary: what the judge decided.
        counts: what was read.

    Returns:
        The commit's number.

    Raises:
        LedgerMismatchError: something was lost or doubled; there is no commit.
        CommitConflictError: another run made a commit meanwhile; there is none of this one.
    """
    layout = Layout(staging.root)
    if _already_made(layout, staging, number):
        publish(layout, number)
        return number
    for one in written:
        _check_footer(staging, one)
    files = [one.file for one in written]
    run_id = commit_name(number)
    rows = reconcile(
        run_id,
        started_at,
        documents_planned,
        counts,
        summary.counts,
        (count for one in written for count in one.counts),
    )
    files.append(write_table(staging, run_id, "runs", started_at.date(), ledger_table(rows)))
    files += summary.files
    make_commit(
        layout,
        Commit(
            number=number,
            staging=staging.name,
            started_at=started_at.isoformat(),
            files=tuple(sorted(files, key=lambda file: file.path)),
            history=summary.segments,
            documents=tuple(f"{key:016x}" for key in summary.documents),
            ledger=_numbers(rows[0]),
            sources={str(row.source): _numbers(row) for row in rows[1:]},
        ),
    )
    publish(layout, number)
    return number


def _already_made(layout: Layout, staging: Staging, number: int) -> bool:
    return latest_number(layout) >= number and read_commit(layout, number).staging == staging.name


def _check_footer(staging: Staging, written: Written) -> None:
    """The file itself says how many rows it has; the one who wrote it may be wrong."""
    there = pq.read_metadata(staging.folder / written.file.staged).num_rows
    counted = sum(number for *_, number in written.counts)
    if not there == counted == written.file.rows:
        raise LedgerMismatchError(
            f"{written.file.path}: {counted} rows were to be written and {there} are there; "
            "nothing was committed"
        )


def _numbers(row: LedgerRow) -> dict[str, Any]:
    left_out = ("run_id", "source", "started_at")
    return {name: value for name, value in asdict(row).items() if name not in left_out}
