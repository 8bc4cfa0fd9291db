"""Plan, run, commit: one bounded run from options to exit code."""

from dataclasses import dataclass
from datetime import datetime

from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.done import finish_files
from pipeline.drop import inputs_of
from pipeline.errors import ExitCode, UsageError
from pipeline.followed_list import read_list
from pipeline.options import NewsbeamOptions
from pipeline.report import print_ledger, say
from pipeline.rounds import (
    Work,
    carry_out,
    due_feeds,
    lake_of,
    next_staging,
    outside,
)
from pipeline.signals import ending_at_once
from pipeline.sources import find_files
from schemas.records import InputFile
from transforms.feeds.clock import Clock, SystemClock
from transforms.lake.commit import Commit, recover
from transforms.lake.feeds import read_feed_states
from transforms.lake.layout import Layout
from transforms.lake.lock import locked

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to.

    Attributes:
        commit: the record of its commit; None when there was nothing to do.
        exit_code: done, or done with too many rejects.
    """

    commit: Commit | None
    exit_code: ExitCode


def run(options: PipelineOptions, clock: Clock = _CLOCK) -> RunResult:
    """Carry out one bounded run over the files that ``--input`` names and the feeds that are due.

    Raises:
        UsageError: a path is wrong; nothing was started.
        LakeError: the lake is held by another run or is damaged.
        RunFailedError: the pipeline failed; nothing was committed.
    """
    own = options.view_as(NewsbeamOptions)
    layout = lake_of(own.output)
    files = _files(own, layout)
    inputs = inputs_of(own.input) if own.input and own.done != "keep" else ()
    feeds = read_list(own.feeds).feeds if own.feeds else ()
    with ending_at_once(layout), locked(layout, clock.now()) as attempt:
        recover(layout)
        states = read_feed_states(layout)
        polls = due_feeds(feeds, states, options, clock.now())
        if not files and not polls.requests:
            say(_nothing_to_do(own, len(feeds), polls.next_due))
            return RunResult(None, ExitCode.DONE)
        work = Work(files, polls.requests)
        staging = next_staging(layout, attempt)
        staging.make()
        commit = carry_out(work, staging, options, clock)
        dropped = [file for file in files if not file.uri.startswith(f"{layout.root}/")]
        put_away = finish_files(dropped, frozenset(commit.refused), own.done, inputs)
        for problem in put_away.problems:
            say(problem)
    print_ledger(commit, layout)
    rejected = commit.ledger["documents_rejected"] + commit.ledger["items_rejected"]
    over = own.max_rejects is not None and rejected > own.max_rejects
    return RunResult(commit, ExitCode.TOO_MANY_REJECTS if over else ExitCode.DONE)


def _files(own: NewsbeamOptions, layout: Layout) -> tuple[InputFile, ...]:
    if not own.input:
        return ()
    found = find_files(own.input, own.path_pattern)
    files = outside(layout, found, own.input.split(","))
    if found and not files:
        raise UsageError(f"--input {own.input}: nothing but the lake itself")
    return files


def _nothing_to_do(own: NewsbeamOptions, feeds: int, next_due: datetime | None) -> str:
    told = [f"no file in {own.input}"] if own.input else []
    if own.feeds:
        at = f"; the next at {next_due:%Y-%m-%d %H:%M:%S} UTC" if next_due else ""
        told.append(f"none of {feeds:,} feeds is due{at}")
    return "nothing to do: " + ", ".join(told)
