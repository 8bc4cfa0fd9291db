"""One round: what is to be done, and doing it. A bounded run is one; a local stream is many."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.errors import RunFailedError, UsageError
from pipeline.feed_options import poll_settings
from pipeline.graph import RunPlan, build
from pipeline.options import NewsbeamOptions
from pipeline.report import Progress, quiet_workers
from schemas.feeds import FeedRequest, FeedSettings, FeedState, HostState
from schemas.records import InputFile
from transforms.feeds.clock import Clock
from transforms.feeds.plan import PollPlan, plan_polls
from transforms.lake.commit import Commit, latest_number, read_commit
from transforms.lake.errors import LakeError
from transforms.lake.feeds import live_feeds
from transforms.lake.history import live_segments
from transforms.lake.layout import RAW, Layout, Staging, commit_name

MOST_FEEDS = 100_000
"""Feeds of one round."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a round is to do.

    Attributes:
        files: the files to read.
        requests: the feeds to ask.
    """

    files: Sequence[InputFile] = ()
    requests: Sequence[FeedRequest] = ()


def lake_of(output: str) -> Layout:
    """The lake that ``--output`` names; it need not be there.

    Raises:
        UsageError: it cannot be one.
    """
    if "://" in output:
        raise UsageError(f"--output {output}: the lake must be a folder on a local disk")
    folder = Path(output).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output {output}: is a file, not a folder")
    return Layout(str(folder))


def outside(
    layout: Layout, files: Sequence[InputFile], inputs: Sequence[str]
) -> tuple[InputFile, ...]:
    """The files that are not the lake's own.

    What it keeps of fetched documents may be read, if an input says so and does not only happen to
    lie above the lake.
    """
    root = f"{layout.root}/"
    raw = f"{root}{RAW}"
    # A list on standard input names its files one by one.
    is_meant = list(inputs) == ["-"] or any(
        str(Path(path).expanduser().absolute()).startswith(raw) for path in inputs
    )
    return tuple(
        file
        for file in files
        if not file.uri.startswith(root) or (is_meant and file.uri.startswith(f"{raw}/"))
    )


def due_feeds(
    feeds: Sequence[FeedSettings],
    states: tuple[Mapping[str, FeedState], Mapping[str, HostState]],
    options: PipelineOptions,
    now: datetime,
) -> PollPlan:
    """Choose the feeds of a round."""
    own = options.view_as(NewsbeamOptions)
    settings = poll_settings(own)
    return plan_polls(
        feeds,
        *states,
        now,
        delay=settings.delay,
        seconds=settings.seconds,
        most=MOST_FEEDS,
        limits=settings.schedule,
    )


def next_staging(layout: Layout, attempt: int) -> Staging:
    """The staging folder of the next run."""
    return Staging(layout.root, f"{commit_name(latest_number(layout) + 1)}-a{attempt}")


def carry_out(
    work: Work,
    staging: Staging,
    options: PipelineOptions,
    clock: Clock,
    *,
    show: bool = True,
) -> Commit:
    """Read, judge, write and commit; only for the holder of the lock, after recovery.

    Args:
        work: what to do.
        staging: :func:`next_staging`, made.
        options: of the command.
        clock: tells the time.
        show: whether progress is shown.

    Raises:
        RunFailedError: the pipeline failed; nothing was committed.
        LakeError: the lake is damaged, or another run made the commit.
    """
    own = options.view_as(NewsbeamOptions)
    layout = Layout(staging.root)
    plan = RunPlan(
        lake=layout,
        staging=staging,
        number=latest_number(layout) + 1,
        started_at=clock.now(),
        files=tuple(work.files),
        requests=tuple(work.requests),
        poll=poll_settings(own),
        clock=clock,
        feeds=live_feeds(layout),
        segments=live_segments(layout),
        headline_window=timedelta(hours=own.headline_window_hours),
        target_file_bytes=own.target_file_mb << 20,
        max_document_bytes=own.max_document_bytes,
        max_items_per_document=own.max_items_per_document,
        language_engine=own.language_engine,
    )
    quiet = contextlib.nullcontext() if own.debug else quiet_workers()
    progress = Progress(plan) if show else contextlib.nullcontext()
    with quiet, progress:
        _run_pipeline(plan, options)
    return read_commit(layout, plan.number)


def _run_pipeline(plan: RunPlan, options: PipelineOptions) -> None:
    """Run the graph; whatever goes wrong inside it is one error with one line."""
    try:
        root = beam.Pipeline(options=options)
        build(root, plan)
        root.run().wait_until_finish()
    except (LakeError, UsageError):
        raise
    except Exception as error:
        raise RunFailedError(_last_line(error)) from error


def _last_line(error: BaseException) -> str:
    """The line that says what went wrong, out of a worker's traceback in a runner's message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if "Error: " in line]
    line = (named or lines or [repr(error)])[-1]
    if "Error: " in line:
        name, text = line.split("Error: ", 1)
        if name.startswith("transforms."):
            return text.split(" [while running", 1)[0]
    return line
