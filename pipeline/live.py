"""What a person sees of a local stream: a table on a terminal, else a line a round.

All of it goes to standard error.
"""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Literal, Protocol, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.health import Health
from pipeline.report import messages_to

LogFormat = Literal["text", "json"]
Level = Literal["info", "warning", "error"]

ROUNDS_SHOWN = 10

ITEM_COUNTS = {
    "items_new": "new",
    "items_revised": "revised",
    "items_unchanged": "unchanged",
    "items_duplicate": "duplicate",
    "items_rejected": "rejected",
}
"""Counts of a round and the words for them; together they are all items that were read."""


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What one round of a stream came to."""

    round: int
    """1, 2, 3 … since the process began."""
    commit: int | None
    """Number of its commit; None when there was nothing to read or it failed."""
    started_at: datetime
    """Aware, UTC."""
    seconds: float
    """How long it took."""
    files: int = 0
    """Files it read."""
    feeds: int = 0
    """Feeds it asked."""
    documents: int = 0
    """Documents it read: files, and answers of feeds."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """The names of :data:`ITEM_COUNTS`, and ``documents_rejected``."""
    polls: Mapping[str, int] = field(default_factory=dict)
    """Number of feeds by :class:`schemas.feeds.PollOutcome`."""
    gaps: int = 0
    """Feeds of which items may have been missed since the poll before."""
    waiting_files: int = 0
    """Files that are ready and left to the next round."""
    waiting_feeds: int = 0
    """Feeds that are due and left to the next round."""
    lag_seconds: float = 0.0
    """See :class:`pipeline.health.Health`."""
    next_at: datetime | None = None
    """When the next round begins; None when this was the last."""
    error: str | None = None
    """Why it failed; None when it did not."""


class Display(Protocol):
    """Where a stream tells what it does."""

    def doing(self, health: Health) -> None:
        """Show what it is doing now; logs say nothing of it."""

    def round_done(self, report: RoundReport, health: Health) -> None:
        """Tell of a round that has ended."""

    def message(self, text: str, level: Level = "info") -> None:
        """Tell one line."""

    def close(self) -> None:
        """End, and leave the terminal as it was."""


def make_display(
    log_format: LogFormat,
    terminal: bool,
    stream: TextIO | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Display:
    """Choose how to tell.

    Args:
        log_format: ``json`` gives one JSON object a line, on a terminal too.
        terminal: standard error is one.
        stream: where to write; the default is standard error.
        clock: gives the time of a message, aware, UTC.
    """
    if log_format == "json":
        return JsonDisplay(clock, stream)
    if terminal:
        return TableDisplay(stream)
    return LineDisplay(stream)


class LineDisplay:
    """One line a round, for logs."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def doing(self, health: Health) -> None:
        """Say nothing."""

    def round_done(self, report: RoundReport, health: Health) -> None:
        """Write the round's line."""
        self.message(round_line(report))

    def message(self, text: str, level: Level = "info") -> None:
        """Write one line; what is no information says so."""
        label = "" if level == "info" else f"{level}: "
        _write(self._stream, f"newsbeam: {label}{one_line(text)}")

    def close(self) -> None:
        """Do nothing."""


class JsonDisplay:
    """One JSON object a line: ``ts``, ``level``, ``event`` and the fields of the event.

    Events are ``round``, with the fields of :class:`RoundReport` and the ``state``, and
    ``message``, with ``text``.
    """

    def __init__(self, clock: Callable[[], datetime], stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream = stream

    def doing(self, health: Health) -> None:
        """Say nothing."""

    def round_done(self, report: RoundReport, health: Health) -> None:
        """Write the round's object."""
        level: Level = "info" if report.error is None else "error"
        self._event(level, "round", {**_fields(report), "state": health.state})

    def message(self, text: str, level: Level = "info") -> None:
        """Write a message's object."""
        self._event(level, "message", {"text": text})

    def close(self) -> None:
        """Do nothing."""

    def _event(self, level: Level, event: str, fields: Mapping[str, object]) -> None:
        line = {"ts": _iso(self._clock()), "level": level, "event": event, **fields}
        _write(self._stream, json.dumps(line))


class TableDisplay:
    """A table on a terminal: the last rounds, sums since start, and what it is waiting for.

    It is erased when closed. Drawn when something is told, not by a clock.

    Args:
        stream: the terminal; the default is standard error, by a descriptor of its own: what
            silences workers during a round does not silence the table.
    """

    def __init__(self, stream: TextIO | None = None, console: Console | None = None) -> None:
        self._own = None if stream or console else _own_stream()
        file = stream or self._own
        self._console = console or Console(file=file, force_terminal=True, highlight=False)
        self._rounds: deque[RoundReport] = deque(maxlen=ROUNDS_SHOWN)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def doing(self, health: Health) -> None:
        """Draw what it is doing now."""
        self._live.update(draw(self._rounds, health), refresh=True)

    def round_done(self, report: RoundReport, health: Health) -> None:
        """Draw the round's row."""
        self._rounds.append(report)
        self.doing(health)

    def message(self, text: str, level: Level = "info") -> None:
        """Write one line above the table; it stays."""
        label = "" if level == "info" else f"{level}: "
        self._console.print(Text(f"newsbeam: {label}{one_line(text)}"), soft_wrap=True)

    def close(self) -> None:
        """Erase the table and show the cursor again."""
        self._live.stop()
        if self._own is not None:
            self._own.close()


def round_line(report: RoundReport) -> str:
    """A round in one line, for people and for grep."""
    took = f"in {report.seconds:.1f} s"
    if report.error is not None:
        text = f"failed {took}: {one_line(report.error)}"
    elif report.commit is None:
        text = f"nothing to commit, {_sources(report)} {took}"
    else:
        items = sum(report.counts.get(name, 0) for name in ITEM_COUNTS)
        parts = [f"{report.counts[name]:,} {word}" for name, word in _counted(report)]
        of_items = f": {', '.join(parts)}" if parts else ""
        text = f"commit {report.commit}, {_sources(report)}, {_number(items, 'item')}{of_items}"
        text = f"{text} {took}"
    return f"round {report.round}: {text}{''.join(f'; {note}' for note in _notes(report))}"


def _sources(report: RoundReport) -> str:
    return f"{_number(report.files, 'file')}, {_number(report.feeds, 'feed')}"


def _counted(report: RoundReport) -> list[tuple[str, str]]:
    return [(name, word) for name, word in ITEM_COUNTS.items() if report.counts.get(name)]


def _notes(report: RoundReport) -> Iterable[str]:
    """What is not as it should be."""
    if rejected := report.counts.get("documents_rejected"):
        yield f"{_number(rejected, 'document')} rejected"
    for outcome in ("failed", "gone", "forbidden", "deferred"):
        if number := report.polls.get(outcome):
            yield f"{_number(number, 'feed')} {outcome}"
    if report.gaps:
        yield _number(report.gaps, "gap")
    waiting = [
        _number(number, noun)
        for number, noun in ((report.waiting_files, "file"), (report.waiting_feeds, "feed"))
        if number
    ]
    if waiting:
        yield f"{' and '.join(waiting)} waiting, lag {report.lag_seconds:,.0f} s"


def draw(rounds: Iterable[RoundReport], health: Health) -> Group:
    """The picture of a stream."""
    # Eighty columns are enough for it, as long as sums stay below ten million.
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0)
    table.title = Text(f"newsbeam → {one_line(health.lake)}")
    table.title_justify = "left"
    heads = ("#", "began", "commit", "docs", *ITEM_COUNTS.values(), "took")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for report in rounds:
        style = "red" if report.error else "dim" if report.commit is None else None
        table.add_row(*_cells(report), style=style)
    table.add_section()
    sums = [f"{health.totals.get(name, 0):,}" for name in ("documents", *ITEM_COUNTS)]
    table.add_row("all", "", "", *sums, "", style="bold")
    status = [Text(f"  {line}", overflow="ellipsis") for line in _status(health)]
    # The cursor stays below the picture, for what a signal has to say.
    return Group(table, *status, Text())


def _cells(report: RoundReport) -> list[str]:
    outcome = "failed" if report.error else "-" if report.commit is None else str(report.commit)
    return [
        str(report.round),
        f"{report.started_at.astimezone(UTC):%H:%M:%S}",
        outcome,
        f"{report.documents:,}",
        *(f"{report.counts.get(name, 0):,}" for name in ITEM_COUNTS),
        f"{report.seconds:.1f} s",
    ]


def _status(health: Health) -> Iterable[str]:
    files, feeds = health.files, health.feeds
    if files.waiting or files.writing:
        yield f"files: {files.waiting:,} waiting, {files.writing:,} being written"
    if feeds.total:
        yield (
            f"feeds: {feeds.total:,} in all, {feeds.due:,} due, {feeds.failing:,} failing, "
            f"{feeds.gone:,} gone, {feeds.forbidden:,} forbidden, {feeds.gaps:,} gaps"
        )
    if health.lag_seconds >= 1:
        yield f"lag: {health.lag_seconds:,.0f} s"
    if health.failed_rounds and health.last_error:
        yield f"{_number(health.failed_rounds, 'round')} failed: {one_line(health.last_error)}"
    if health.next_round_at is not None:
        yield f"{health.state}; next round at {health.next_round_at.astimezone(UTC):%H:%M:%S} UTC"
    else:
        yield f"{health.state}: round {health.round}"


def one_line(text: str) -> str:
    """Text as one line; characters that would steer a terminal or a log are escaped."""
    folded = " ".join(text.split())
    if folded.isprintable():
        return folded
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode()
        for char in folded
    )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _own_stream() -> TextIO:
    return os.fdopen(os.dup(messages_to()), "w", errors="backslashreplace")


def _write(stream: TextIO | None, line: str) -> None:
    print(line, file=stream or sys.stderr, flush=True)


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


def _fields(report: RoundReport) -> dict[str, object]:
    return {of.name: _plain(getattr(report, of.name)) for of in fields(report)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    return round(value, 3) if isinstance(value, float) else value
