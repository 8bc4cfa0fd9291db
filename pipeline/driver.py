"""Plan, run, commit: one bounded run from options to exit code."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.errors import ExitCode, RunFailedError, UsageError
from pipeline.graph import RunPlan, build
from pipeline.options import NewsbeamOptions
from pipeline.report import Progress, messages_to, print_ledger, quiet_workers
from pipeline.sources import find_files
from transforms.lake.commit import Commit, latest_number, read_commit, recover
from transforms.lake.errors import LakeError
from transforms.lake.history import live_segments
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.lock import locked


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to.

    Attributes:
        commit: the record of its commit.
        exit_code: done, or done with too many rejects.
    """

    commit: Commit
    exit_code: ExitCode


def run(options: PipelineOptions) -> RunResult:
    """Carry out one bounded run over the files that ``--input`` names.

    Raises:
        UsageError: a path is wrong; nothing was started.
        LakeError: the lake is held by another run or is damaged.
        RunFailedError: the pipeline failed; nothing was committed.
    """
    own = options.view_as(NewsbeamOptions)
    layout = Layout(_lake_folder(own.output))
    found = find_files(own.input, own.path_pattern)
    files = tuple(file for file in found if not file.uri.startswith(f"{layout.root}/"))
    if not files:
        raise UsageError(f"--input {own.input}: nothing but the lake itself")
    started_at = datetime.now(UTC)
    with _signals(layout), locked(layout, started_at) as attempt:
        recover(layout)
        number = latest_number(layout) + 1
        staging = Staging(layout.root, f"{commit_name(number)}-a{attempt}")
        staging.make()
        plan = RunPlan(
            lake=layout,
            staging=staging,
            number=number,
            started_at=started_at,
            files=files,
            segments=live_segments(layout),
            headline_window=timedelta(hours=own.headline_window_hours),
            target_file_bytes=own.target_file_mb << 20,
            max_document_bytes=own.max_document_bytes,
            max_items_per_document=own.max_items_per_document,
            language_engine=own.language_engine,
        )
        quiet = contextlib.nullcontext() if own.debug else quiet_workers()
        with quiet, Progress(plan):
            _run_pipeline(plan, options)
        commit = read_commit(layout, number)
    print_ledger(commit, layout)
    rejected = commit.ledger["documents_rejected"] + commit.ledger["items_rejected"]
    over = own.max_rejects is not None and rejected > own.max_rejects
    return RunResult(commit, ExitCode.TOO_MANY_REJECTS if over else ExitCode.DONE)


def _lake_folder(output: str) -> str:
    if "://" in output:
        raise UsageError(f"--output {output}: the lake must be a folder on a local disk")
    folder = Path(output).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output {output}: is a file, not a folder")
    return str(folder)


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


@contextmanager
def _signals(layout: Layout) -> Iterator[None]:
    """End at once and safely on Ctrl-C and SIGTERM.

    Every state on disk is one that the next run recovers from, so there is nothing to tear down;
    a Python pipeline left to itself would hang on its worker threads.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers; the host program then decides about signals.
        yield
        return
    before_run = latest_number(layout)

    def stop(number: int, _: FrameType | None) -> None:
        made = latest_number(layout) > before_run
        what = (
            "its commit was made; the next run finishes it"
            if made
            else "nothing was committed; run it again"
        )
        # Nothing but a system call: the signal may have come in the middle of anything.
        # The progress display hides the cursor; nothing else will show it again.
        cursor = "\x1b[?25h" if os.isatty(messages_to()) else ""
        line = f"{cursor}newsbeam: stopped by {signal.Signals(number).name}: {what}\n"
        os.write(messages_to(), line.encode())
        os._exit(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
