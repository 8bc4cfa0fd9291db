"""What a person sees of a run: progress while it works, the ledger when it is done.

All of it goes to standard error but the ledger, which is the command's answer.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipeline.graph import RunPlan
from schemas.feeds import PollOutcome
from schemas.tables import TABLE_MEANINGS
from transforms.lake.commit import Commit
from transforms.lake.layout import Layout

LOOK_EVERY_SECONDS = 0.5
MOST_SOURCES_SHOWN = 20
WIDTH_WITHOUT_TERMINAL = 120

_COLUMNS = {
    "documents_read": "docs",
    "documents_rejected": "bad docs",
    "items_read": "read",
    "items_new": "new",
    "items_revised": "revised",
    "items_unchanged": "unchanged",
    "items_duplicate": "duplicate",
    "items_rejected": "rejected",
}


def say(text: str) -> None:
    """One line on standard error."""
    print(f"newsbeam: {text}", file=sys.stderr)


def messages_to() -> int:
    """The file descriptor that reaches the person at the terminal."""
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError):
        return 2


@contextmanager
def quiet_workers() -> Iterator[None]:
    """Keep the logs of worker processes off the terminal.

    Beam gives them no log level and no log file; what they inherit is file descriptor 2. This
    process goes on writing to where that led.
    """
    before = sys.stderr
    with os.fdopen(os.dup(2), "w", buffering=1) as messages, open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        sys.stderr = messages
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(messages.fileno(), 2)


class Progress:
    """Shows how far a run is, by what it has written to staging.

    Looking at the disk works alike for every runner that writes to it, in this process or not.

    Args:
        plan: the run.
    """

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._done = threading.Event()
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._state())
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> Self:
        """Start showing."""
        files, feeds = len(self._plan.files), len(self._plan.requests)
        parts = [f"reading {_number(files, 'file')}"] if files or not feeds else []
        parts += [f"asking {_number(feeds, 'feed')}"] if feeds else []
        say(f"run {self._plan.number}: {' and '.join(parts)} into {self._plan.lake.root}")
        self._bar.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing."""
        self._done.set()
        self._thread.join()
        self._bar.stop()

    def _watch(self) -> None:
        while not self._done.wait(LOOK_EVERY_SECONDS):
            self._bar.update(self._task, description=self._state())

    def _state(self) -> str:
        written, written_bytes = _weigh(self._plan.staging.files)
        if written:
            return f"writing: {written:,} files, {written_bytes / 2**20:,.1f} MiB"
        claims, claim_bytes = _weigh(self._plan.staging.claims)
        if claims:
            return f"reading: {claim_bytes / 2**20:,.1f} MiB of rows staged"
        answers, answer_bytes = _weigh(self._plan.staging.raw)
        if answers:
            return f"asking feeds: {answer_bytes / 2**20:,.1f} MiB of answers"
        return "reading"


def _weigh(folder: Path) -> tuple[int, int]:
    """Number and total size of the files in a folder that others write to and delete from."""
    number = size = 0
    try:
        for path in folder.iterdir():
            size += path.stat().st_size
            number += 1
    except FileNotFoundError:
        pass
    return number, size


def print_ledger(commit: Commit, layout: Layout) -> None:
    """Print the run's ledger, the largest sources first, and where the rows lie."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_WITHOUT_TERMINAL)
    table = Table(title=f"Ledger of run {commit.number}", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("source", overflow="ellipsis", no_wrap=True, max_width=36)
    for name in _COLUMNS.values():
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    largest = sorted(commit.sources.items(), key=lambda row: (-row[1]["items_read"], row[0]))
    for source, counts in largest[:MOST_SOURCES_SHOWN]:
        table.add_row(Text(source), *_cells(counts))
    if len(largest) > MOST_SOURCES_SHOWN:
        rest = [counts for _, counts in largest[MOST_SOURCES_SHOWN:]]
        sums = {name: sum(counts[name] for counts in rest) for name in _COLUMNS}
        table.add_row(f"{len(rest)} more", *_cells(sums))
    table.add_section()
    table.add_row("all", *_cells(commit.ledger), style="bold")
    console.print(table)
    if commit.ledger["feeds_due"]:
        console.print(_polls(commit.ledger), soft_wrap=True, markup=False)
    for name in TABLE_MEANINGS:
        files = [file for file in commit.files if file.table == name]
        if files:
            rows = sum(file.rows for file in files)
            console.print(
                f"{name}: {_number(rows, 'row')} in {_number(len(files), 'file')} under "
                f"{layout.root}/{name}",
                soft_wrap=True,
                markup=False,
            )


def _polls(ledger: dict[str, int]) -> str:
    outcomes = {outcome: ledger[f"feeds_{outcome}"] for outcome in PollOutcome}
    told = [
        f"{number:,} {str(one).replace('_', ' ')}" for one, number in outcomes.items() if number
    ]
    if ledger["gaps"]:
        told.append(f"{_number(ledger['gaps'], 'gap')}, see gap_since in polls")
    return f"{_number(ledger['feeds_due'], 'feed')} due: {', '.join(told)}"


def _cells(counts: dict[str, int]) -> list[str]:
    return [f"{counts[name]:,}" for name in _COLUMNS]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
