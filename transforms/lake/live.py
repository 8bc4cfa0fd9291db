"""Which files of the tables count: those that commits name and no later commit has replaced.

After a compaction one file holds rows of many runs. What is true of a run is therefore looked up by
a row's ``run_id``, never by the commit that wrote the file.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.ledger import DataFile
from transforms.lake.commit import COMPACTION, Commit
from transforms.lake.layout import TABLE_FOLDERS, Layout, commit_name

ATTEMPTS = 3
"""How often a reader looks anew when a compaction takes files away under its eyes."""

Partition = tuple[str, date]
"""(table, day)"""

Found = TypeVar("Found")


def live_files(
    commits: Iterable[Commit], tables: Sequence[str] = TABLE_FOLDERS
) -> list[tuple[Commit, DataFile]]:
    """The files of tables that are live after the last of some commits.

    Args:
        commits: all commits up to it, in order.
        tables: which tables.

    Returns:
        (the commit that wrote it, the file), in the order of commits and paths.
    """
    there: dict[str, tuple[Commit, DataFile]] = {}
    for commit in commits:
        for path in commit.removed:
            there.pop(path, None)
        there.update((file.path, (commit, file)) for file in commit.files if file.table in tables)
    return list(there.values())


class Partitions:
    """The live files by table and day, kept up to date commit by commit.

    A loop that makes a commit every minute shall not read all records every minute.

    Args:
        commits: all commits so far, in order.

    Attributes:
        number: the latest commit that is known of.
        files: live files by their paths, by table and day; a day may have none left.
        sizes: bytes before compression of those live files of which they were asked for.
    """

    def __init__(self, commits: Iterable[Commit]) -> None:
        self.number = 0
        self.files: dict[Partition, dict[str, DataFile]] = {}
        self.sizes: dict[str, int] = {}
        self._places: dict[str, Partition] = {}
        for commit in commits:
            self.add(commit)

    def add(self, commit: Commit) -> None:
        """Take in the next commit.

        Raises:
            ValueError: it is not the next one.
        """
        if commit.number != self.number + 1:
            raise ValueError(f"commit {commit.number} does not follow commit {self.number}")
        self.number = commit.number
        for path in commit.removed:
            self.files[self._places.pop(path)].pop(path)
            self.sizes.pop(path, None)
        for file in commit.files:
            if file.table in TABLE_FOLDERS and file.date is not None:
                place = file.table, file.date
                self._places[file.path] = place
                self.files.setdefault(place, {})[file.path] = file


def again_when_gone(read: Callable[[], Found]) -> Found:
    """Read, and look anew when a file has gone that was there a moment ago.

    Raises:
        FileNotFoundError: it is still so after :data:`ATTEMPTS` attempts.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return read()
        except FileNotFoundError:
            continue
    return read()


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows of one run.

    Attributes:
        run_id: the run.
        file: where they lie; it may hold rows of other runs too.
        rows: all of the file's rows that are the run's.
    """

    run_id: str
    file: DataFile
    rows: pa.Table


def rows_by_run(
    layout: Layout,
    commits: Sequence[Commit],
    tables: Sequence[str],
    columns: Sequence[str] | None = None,
) -> Iterator[RunRows]:
    """All rows of live files, run by run.

    A file is read once, when the first of its runs is due, and let go after its last.

    Args:
        layout: the lake.
        commits: all its commits, in order.
        tables: which tables.
        columns: which columns, ``run_id`` among them; all when not given.
    """
    due: dict[str, list[DataFile]] = defaultdict(list)
    for commit, file in live_files(commits, tables):
        due[_first_run(layout, commit, file)].append(file)
    waiting: dict[str, list[RunRows]] = defaultdict(list)
    for run in sorted({*due, *_run_ids(commits)}):
        for file in due.pop(run, ()):
            path = layout.absolute(file.path)
            rows = pq.read_table(path, columns=columns, partitioning=None)
            for of_run in _parted(file, rows):
                waiting[of_run.run_id].append(of_run)
        yield from waiting.pop(run, ())
    for run in sorted(waiting):
        yield from waiting[run]


def _first_run(layout: Layout, commit: Commit, file: DataFile) -> str:
    if commit.kind != COMPACTION:
        return commit_name(commit.number)
    column = pq.read_table(layout.absolute(file.path), columns=["run_id"], partitioning=None)
    return str(pc.min(column.column(0)).as_py())


def _run_ids(commits: Iterable[Commit]) -> set[str]:
    return {commit_name(commit.number) for commit in commits}


def _parted(file: DataFile, rows: pa.Table) -> Iterator[RunRows]:
    """The rows of each run, their order kept."""
    runs = rows.column("run_id")
    names = sorted(pc.unique(runs).to_pylist())
    if len(names) == 1:
        yield RunRows(names[0], file, rows)
        return
    rows = rows.sort_by("run_id")
    counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(runs).to_pylist()}
    start = 0
    for name in names:
        yield RunRows(name, file, rows.slice(start, counts[name]))
        start += counts[name]
