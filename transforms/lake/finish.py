"""The end of a run: the ledger is checked, the commit made, its files moved into the tables."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from schemas.feeds import FeedRequest, HostState
from schemas.ledger import Counted, DataFile, LedgerRow, RunSummary, Written
from transforms.feeds.advance import Advanced, advance
from transforms.feeds.hosts import merged
from transforms.feeds.schedule import DEFAULT_LIMITS, PollLimits
from transforms.formats.document import as_address
from transforms.lake.commit import Commit, latest_number, make_commit, publish, read_commit
from transforms.lake.errors import LedgerMismatchError
from transforms.lake.feeds import read_feed_states, write_feed_states
from transforms.lake.layout import RAW, Layout, Staging, commit_name
from transforms.lake.ledger import Planned, reconcile
from transforms.lake.tables import ledger_table, polls_table, write_table


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of a run has to know of its beginning.

    Attributes:
        staging: the run's staging folder.
        number: the number its commit is to have.
        started_at: when the run was started, UTC.
        files: how many files it was to read.
        requests: the feeds it was to ask.
        feeds: the live files with what is remembered of feeds, relative to the lake.
        limits: how often feeds may be asked.
    """

    staging: Staging
    number: int
    started_at: datetime
    files: int
    requests: tuple[FeedRequest, ...] = ()
    feeds: tuple[str, ...] = ()
    limits: PollLimits = DEFAULT_LIMITS


def finish_run(ending: Ending, counted: Counted, summary: RunSummary) -> int:
    """Commit a run; safe to repeat.

    Args:
        ending: what the run was to do.
        counted: what it did and wrote.
        summary: what the judge decided.

    Returns:
        The commit's number.

    Raises:
        LedgerMismatchError: something was lost or doubled; there is no commit.
        CommitConflictError: another run made a commit meanwhile; there is none of this one.
    """
    staging, number = ending.staging, ending.number
    layout = Layout(staging.root)
    if _already_made(layout, staging, number):
        publish(layout, number)
        return number
    for one in counted.written:
        _check_footer(staging, one)
    run_id = commit_name(number)
    advanced = advance(
        ending.requests, counted.polls, counted.readings, ending.limits, ending.started_at
    )
    gaps = sum(one.facts.gap_since is not None for one in advanced)
    planned = Planned(run_id, ending.started_at, ending.files, len(ending.requests))
    rows = reconcile(planned, counted, summary.counts, gaps)
    day = ending.started_at.date()
    files = [*(one.file for one in counted.written), *summary.files]
    files.append(write_table(staging, run_id, "runs", day, ledger_table(rows)))
    feeds = ending.feeds
    if advanced:
        files.append(write_table(staging, run_id, "polls", day, polls_table(run_id, advanced)))
        states = _remembered(layout, ending, advanced, counted.hosts)
        files += states
        feeds = tuple(file.path for file in states)
    make_commit(
        layout,
        Commit(
            number=number,
            staging=staging.name,
            started_at=ending.started_at.isoformat(),
            files=tuple(sorted(files, key=lambda file: file.path)),
            history=summary.segments,
            documents=tuple(f"{key:016x}" for key in summary.documents),
            ledger=_numbers(rows[0]),
            sources={str(row.source): _numbers(row) for row in rows[1:]},
            feeds=feeds,
            refused=tuple(sorted(as_address(uri) for uri in _refused(counted))),
        ),
    )
    publish(layout, number)
    return number


def _refused(counted: Counted) -> set[str]:
    return {one.refused for one in counted.documents if one.refused is not None}


def _remembered(
    layout: Layout, ending: Ending, advanced: Sequence[Advanced], hosts: Iterable[HostState]
) -> tuple[DataFile, DataFile]:
    known, known_hosts = read_feed_states(layout, ending.feeds)
    known |= {one.state.key: one.state for one in advanced}
    for host in hosts:
        other = known_hosts.get(host.host)
        known_hosts[host.host] = merged(host, other) if other is not None else host
    return write_feed_states(ending.staging, commit_name(ending.number), known, known_hosts)


def _already_made(layout: Layout, staging: Staging, number: int) -> bool:
    return latest_number(layout) >= number and read_commit(layout, number).staging == staging.name


def _check_footer(staging: Staging, written: Written) -> None:
    """The file itself says how many rows it has; the one who wrote it may be wrong."""
    if written.file.table == RAW:
        return
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
