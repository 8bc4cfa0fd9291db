"""The local stream: plan, bounded run, commit, again and again in one process.

No local Python runner reads without end and writes as it goes; a round does, and each is a whole
run with a ledger and a commit of its own. The lake is held all the while.
"""

import os
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.done import finish_files
from pipeline.drop import Finished, Taken, inputs_of, look, ready_files
from pipeline.errors import ExitCode, RunFailedError, UsageError
from pipeline.followed_list import FollowedList
from pipeline.health import HealthFile
from pipeline.live import make_display
from pipeline.metrics import MetricsServer
from pipeline.options import NewsbeamOptions
from pipeline.rounds import Work, carry_out, due_feeds, lake_of, next_staging, outside
from pipeline.signals import Stopping
from pipeline.status import Round, Status
from transforms.feeds.clock import Clock, SystemClock
from transforms.lake.commit import Commit, latest_number, read_commit, read_commits, recover
from transforms.lake.compact import compact_lake
from transforms.lake.errors import LakeError
from transforms.lake.feeds import read_feed_states
from transforms.lake.layout import Layout
from transforms.lake.live import Partitions
from transforms.lake.lock import locked

MOST_FAILED_ROUNDS = 5
"""Rounds that may fail in a row before the stream gives up."""

_CLOCK = SystemClock()


def stream(options: PipelineOptions, clock: Clock = _CLOCK) -> ExitCode:
    """Run until told to stop.

    Raises:
        UsageError: a path or the feed list is wrong; nothing was started.
        LakeError: the lake is held by another run or is damaged.
        RunFailedError: several rounds in a row failed.
    """
    own = options.view_as(NewsbeamOptions)
    layout = lake_of(own.output)
    inputs = inputs_of(own.input) if own.input else ()
    look(inputs, own.path_pattern)
    feeds = FollowedList(own.feeds)
    health_file = HealthFile(own.health_file) if own.health_file else None
    metrics = MetricsServer(own.metrics_address) if own.metrics_address else None
    display = make_display(own.log_format, os.isatty(2))
    status = Status(layout.root, clock.now(), display, health_file, metrics)
    stopping = Stopping(layout)
    try:
        with stopping.handling(), locked(layout, clock.now()) as attempt:
            return _Stream(options, layout, attempt, inputs, feeds, status, stopping, clock).run()
    except Exception as error:
        # Whoever watches the health file learns of it too.
        status.stopped(str(error))
        raise
    finally:
        status.close()


class _Stream:
    """A stream at work; the lake is held."""

    def __init__(
        self,
        options: PipelineOptions,
        layout: Layout,
        attempt: int,
        inputs: Sequence[str],
        feeds: FollowedList,
        status: Status,
        stopping: Stopping,
        clock: Clock,
    ) -> None:
        self._options = options
        self._own = options.view_as(NewsbeamOptions)
        self._layout = layout
        self._attempt = attempt
        self._inputs = inputs
        self._list = feeds
        self._status = status
        self._stopping = stopping
        self._clock = clock
        self._finished = Finished()
        self._lock = layout.lock
        self._inode = self._lock.stat().st_ino
        self._partitions = Partitions(())
        self._start_anew()

    def _start_anew(self, at_work: Round | None = None) -> Commit | None:
        """Bring the lake into the state of its last commit, and learn what that is.

        Args:
            at_work: a round that seemed to fail.

        Returns:
            Its commit, if it was made all the same.
        """
        before = self._partitions.number if at_work is not None else 0
        recover(self._layout)
        made = latest_number(self._layout)
        commit = read_commit(self._layout, made) if made else None
        if at_work is not None and commit is not None and made == before + 1:
            self._take_in(at_work, commit)
            return commit
        self._states = read_feed_states(self._layout)
        self._partitions = Partitions(read_commits(self._layout))
        return None

    def _refuse_another_lake(self) -> None:
        """Raises when the folder that is locked is no longer where the lake is."""
        if not self._lock.exists() or self._lock.stat().st_ino != self._inode:
            raise LakeError(f"{self._layout.root}: the lake was taken away while it was written to")

    def run(self) -> ExitCode:
        """Round after round."""
        threading.Thread(target=self._announce, name="stopping", daemon=True).start()
        number = 0
        while not self._stopping.asked.is_set():
            number += 1
            pause = self._round(number)
            if self._own.rounds is not None and number >= self._own.rounds:
                break
            if pause > 0:
                self._stopping.asked.wait(pause)
        self._status.stopped()
        return ExitCode.FAILED if self._status.health.failed_rounds else ExitCode.DONE

    def _announce(self) -> None:
        # In a thread: what a signal interrupts may be the display itself, at work.
        self._stopping.asked.wait()
        self._status.stops()

    def _round(self, number: int) -> float:
        """One round; gives the seconds until the next."""
        started, now = time.monotonic(), self._clock.now()
        if told := self._list.refresh():
            self._status.display.message(told)
        error = None
        try:
            taken = self._take(now)
        except (OSError, UsageError) as problem:
            # A disk that is away for a moment is no reason to end.
            taken, error = Taken((), 0, 0), str(problem)
            self._status.display.message(error, "warning")
        polls = due_feeds(self._list.feeds, self._states, self._options, now)
        at_work = Round(number, now, Work(taken.files, polls.requests), taken, polls)
        self._status.begins(at_work, self._list.feeds, self._states[0])
        commit = None
        if taken.files or polls.requests:
            try:
                self._refuse_another_lake()
                commit = self._carry_out(at_work.work)
                self._take_in(at_work, commit)
                error = None
            except (RunFailedError, OSError) as problem:
                error = str(problem)
        if error is not None and commit is None:
            try:
                commit = self._start_anew(at_work)
                error = None if commit is not None else error
            except OSError as problem:
                # What is left of the round is in the way of the next one, which comes here again.
                error = str(problem)
        seconds = time.monotonic() - started
        # What waits beyond a round's size is taken at once, but not after a failure.
        is_flooded = taken.waiting > 0 and error is None
        pause = 0.0 if is_flooded else max(self._own.every - seconds, 0.0)
        next_at = self._clock.now() + timedelta(seconds=pause)
        self._status.ended(at_work, commit, error, seconds, next_at)
        if self._status.health.failed_rounds >= MOST_FAILED_ROUNDS:
            raise RunFailedError(f"{MOST_FAILED_ROUNDS} rounds in a row failed: {error}")
        return pause

    def _take(self, now: datetime) -> Taken:
        if not self._inputs:
            return Taken((), 0, 0)
        found = look(self._inputs, self._own.path_pattern, self._tell)
        return ready_files(
            outside(self._layout, found, self._inputs),
            now,
            timedelta(seconds=self._own.settle_seconds),
            self._finished,
            self._own.round_files,
            self._own.round_mb << 20,
        )

    def _tell(self, error: OSError) -> None:
        self._status.display.message(f"{error.filename}: {error.strerror or error}", "warning")

    def _carry_out(self, work: Work) -> Commit:
        staging = next_staging(self._layout, self._attempt)
        staging.make()
        try:
            self._stopping.watch(staging)
            return carry_out(work, staging, self._options, self._clock, show=False)
        finally:
            self._stopping.watch(None)

    def _take_in(self, at_work: Round, commit: Commit) -> None:
        """After a commit: put files away, remember, merge small files."""
        files = at_work.taken.files
        self._finished.add(files)
        root = f"{self._layout.root}/"
        dropped = [file for file in files if not file.uri.startswith(root)]
        refused = frozenset(commit.refused)
        put_away = finish_files(dropped, refused, self._own.done, self._inputs)
        for problem in put_away.problems:
            self._status.display.message(problem, "warning")
        if commit.feeds:
            self._states = read_feed_states(self._layout, commit.feeds)
        self._partitions.add(commit)
        now = self._clock.now()
        self._status.committed(commit, now, at_work, self._list.feeds, self._states[0])
        if not self._own.no_compaction:
            self._compact()

    def _compact(self) -> None:
        try:
            compact_lake(
                self._layout,
                latest_number(self._layout) + 1,
                self._attempt,
                self._clock.now(),
                self._own.target_file_mb << 20,
                partitions=self._partitions,
            )
        except OSError as error:
            # The rows are in the lake already; a full disk is told of and tried again.
            self._status.display.message(f"small files were not merged: {error}", "warning")
            self._start_anew()
