"""How a stream is, told to whoever asks: the terminal or the log, the health file, the metrics."""

import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.drop import Taken
from pipeline.health import FeedsHealth, FilesHealth, Health, HealthFile
from pipeline.live import Display, RoundReport
from pipeline.metrics import MetricsServer
from pipeline.rounds import Work
from schemas.feeds import FeedSettings, FeedState, PollOutcome
from transforms.feeds.plan import PollPlan
from transforms.lake.commit import Commit


@dataclass(frozen=True, slots=True)
class Round:
    """A round at work.

    Attributes:
        number: 1, 2, 3 …
        started_at: UTC.
        work: what it does.
        taken: files it takes and leaves.
        polls: feeds it asks and leaves.
    """

    number: int
    started_at: datetime
    work: Work
    taken: Taken
    polls: PollPlan


class Status:
    """What a stream does and did.

    Args:
        lake: absolute path.
        started_at: UTC.
        display: what a person sees.
        health_file: kept up to date, if any.
        metrics: kept up to date, if any.
    """

    def __init__(
        self,
        lake: str,
        started_at: datetime,
        display: Display,
        health_file: HealthFile | None,
        metrics: MetricsServer | None,
    ) -> None:
        self.health = Health("waiting", os.getpid(), started_at, lake)
        self.display = display
        self._health_file = health_file
        self._metrics = metrics
        self._totals: Counter[str] = Counter()
        self._gaps = 0
        self._is_stopping = False
        self._is_over = False
        self._is_told = False
        # A signal is told of in a thread of its own.
        self._lock = threading.RLock()

    def close(self) -> None:
        """End all that tells."""
        self.display.close()
        if self._metrics is not None:
            self._metrics.close()

    def begins(
        self, at_work: Round, feeds: Sequence[FeedSettings], states: Mapping[str, FeedState]
    ) -> None:
        """A round begins."""
        due = len(at_work.polls.requests) + at_work.polls.waiting
        self._show(
            state="running",
            round=at_work.number,
            next_round_at=None,
            lag_seconds=_lag(at_work),
            files=FilesHealth(at_work.taken.waiting, at_work.taken.writing),
            feeds=self._feeds(feeds, states, due),
        )

    def _feeds(
        self, feeds: Sequence[FeedSettings], states: Mapping[str, FeedState], due: int
    ) -> FeedsHealth:
        known = [states[feed.key] for feed in feeds if feed.key in states]
        return FeedsHealth(
            total=len(feeds),
            due=due,
            failing=sum(state.failures > 0 for state in known),
            gone=sum(state.gone for state in known),
            forbidden=sum(state.outcome == PollOutcome.FORBIDDEN for state in known),
            gaps=self._gaps,
        )

    def committed(
        self,
        commit: Commit,
        at: datetime,
        at_work: Round,
        feeds: Sequence[FeedSettings],
        states: Mapping[str, FeedState],
    ) -> None:
        """The round at work made its commit, and this is what is now known of the feeds."""
        ledger = commit.ledger
        self._gaps += ledger["gaps"]
        counted = (name for name in ledger if name.startswith("items_"))
        for name in ("documents_rejected", *counted):
            self._totals[name] += ledger[name]
        self._totals["documents"] += ledger["documents_read"]
        self._show(
            last_commit=commit.number,
            last_commit_at=at,
            totals=dict(self._totals),
            feeds=self._feeds(feeds, states, at_work.polls.waiting),
        )

    def ended(
        self,
        at_work: Round,
        commit: Commit | None,
        error: str | None,
        seconds: float,
        next_at: datetime | None,
    ) -> None:
        """The round at work has ended.

        Args:
            at_work: the round.
            commit: what it came to; None when there was nothing to do, or it failed.
            error: why it failed.
            seconds: how long it took.
            next_at: when the next begins.
        """
        if error is None:
            self._show(state="waiting", failed_rounds=0, next_round_at=next_at)
        else:
            failed = self.health.failed_rounds + 1
            self._show(
                state="failing", failed_rounds=failed, last_error=error, next_round_at=next_at
            )
        report = _report(at_work, commit, error, seconds, next_at, self.health.lag_seconds)
        if commit is not None or error is not None:
            self.display.round_done(report, self.health)
        if self._metrics is not None:
            self._metrics.update(self.health, report)

    def stops(self) -> None:
        """The stream was told to stop."""
        with self._lock:
            if not self._is_over:
                self._is_stopping = True
                self._show(state="stopping")
                self.display.message(
                    "ending after this round's commit; a second signal ends at once"
                )

    def stopped(self, error: str | None = None) -> None:
        """The stream has ended, in good order or by an error."""
        with self._lock:
            self._is_over, self._is_stopping = True, False
            if error is None:
                self._show(state="stopped", next_round_at=None)
            else:
                self._show(state="failing", next_round_at=None, last_error=error)

    def _show(self, **changes: object) -> None:
        with self._lock:
            if self._is_stopping and "state" in changes:
                changes["state"] = "stopping"
            self.health = replace(self.health, **changes)  # type: ignore[arg-type]
            self.display.doing(self.health)
            if self._health_file is not None:
                self._write(self._health_file)
            if self._metrics is not None:
                self._metrics.update(self.health)

    def _write(self, health_file: HealthFile) -> None:
        try:
            health_file.write(self.health)
        except OSError as error:
            # Whoever looks at it sees that it grows old; the stream goes on.
            if not self._is_told:
                self._is_told = True
                self.display.message(f"{health_file.path}: {error.strerror or error}", "warning")
        else:
            self._is_told = False


def _report(
    at_work: Round,
    commit: Commit | None,
    error: str | None,
    seconds: float,
    next_at: datetime | None,
    lag_seconds: float,
) -> RoundReport:
    ledger = commit.ledger if commit is not None else {}
    names = [name for name in ledger if name.startswith("items_") and name != "items_read"]
    outcomes = {str(one): ledger.get(f"feeds_{one}", 0) for one in PollOutcome}
    return RoundReport(
        round=at_work.number,
        commit=commit.number if commit is not None else None,
        started_at=at_work.started_at,
        seconds=seconds,
        files=len(at_work.work.files),
        feeds=len(at_work.work.requests),
        documents=ledger.get("documents_read", 0),
        counts={name: ledger[name] for name in (*names, "documents_rejected") if ledger},
        polls={name: number for name, number in outcomes.items() if number},
        gaps=ledger.get("gaps", 0),
        waiting_files=at_work.taken.waiting,
        waiting_feeds=at_work.polls.waiting,
        lag_seconds=lag_seconds,
        next_at=next_at,
        error=error,
    )


def _lag(at_work: Round) -> float:
    due = (request.state.next_due for request in at_work.polls.requests)
    times = [time for time in (*due, at_work.taken.waiting_since) if time is not None]
    return max(((at_work.started_at - time).total_seconds() for time in times), default=0.0)
