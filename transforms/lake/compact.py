"""Small files of a table and day, merged into few.

A loop that commits every minute leaves a file a minute in each table, and readers pay for each one.
A compaction is a commit like any other: its files hold the rows of the files it removes, no row is
changed, and ``run_id`` still says which run wrote it.

Which files are merged is decided in size tiers, four times as large each. :func:`choose` merges
once enough files of one tier have come together, so a row is rewritten about once a tier and a day
keeps some files a tier. :func:`choose_all` leaves as few files as it can.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.ledger import DataFile, LedgerRow
from schemas.parquet import table_schema
from transforms.lake.commit import (
    COMPACTION,
    Commit,
    empty_trash,
    make_commit,
    publish,
    read_commit,
    read_commits,
)
from transforms.lake.errors import DamagedLakeError, LedgerMismatchError
from transforms.lake.files import content_name
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.live import Partition, Partitions
from transforms.lake.tables import write_table

TARGET_BYTES = 64 << 20
"""How large a merged file may become, before compression."""

FAN_IN = 8
"""How many files of one tier are merged: fewer rewrite rows more often, more leave more files."""

_SMALL = 1 << 20

SizeOf = Callable[[DataFile], int]
"""Bytes of a file's pages before compression."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Files that are to become one.

    Attributes:
        table: their table.
        day: their partition.
        files: two or more, in the order of their paths.
    """

    table: str
    day: date
    files: tuple[DataFile, ...]


def choose(
    files: Mapping[Partition, Sequence[DataFile]],
    target_bytes: int,
    size_of: SizeOf,
    fan_in: int = FAN_IN,
) -> list[Merge]:
    """Choose what is worth merging now.

    In a partition the largest tier that has ``fan_in`` files is merged, and with it all smaller
    files: that costs little and spares them the tiers between. A file of half the target or more
    is left alone for good.

    Args:
        files: the live files by table and day.
        target_bytes: how large a merged file may become, before compression.
        size_of: tells how large a file is before compression; asked of candidates only.
        fan_in: how many files of one tier make a merge.
    """
    merges: list[Merge] = []
    for place, of_day in sorted(files.items()):
        if len(of_day) < fan_in:
            continue
        tiers: dict[int, list[DataFile]] = defaultdict(list)
        for file in of_day:
            tiers[tier(file.bytes)].append(file)
        for number in sorted(tiers, reverse=True):
            if len(tiers[number]) < fan_in:
                continue
            small = [file for file in tiers[number] if size_of(file) < target_bytes / 2]
            if len(small) >= fan_in:
                small += (
                    file
                    for smaller in sorted(tiers)
                    if smaller < number
                    for file in tiers[smaller]
                    if size_of(file) < target_bytes / 2
                )
                merges += _packed(place, small, target_bytes, size_of)
                break
    return merges


def tier(size: int) -> int:
    """The tier of a file of so many stored bytes: 4 to the power of it is at most its size."""
    return max(size.bit_length() - 1, 0) // 2


def choose_all(
    files: Mapping[Partition, Sequence[DataFile]], target_bytes: int, size_of: SizeOf
) -> list[Merge]:
    """Choose the merges that leave as few files as the target allows; arguments as above."""
    return [
        merge
        for place, of_day in sorted(files.items())
        if len(of_day) > 1
        for merge in _packed(place, of_day, target_bytes, size_of)
    ]


def _packed(
    place: Partition, files: Sequence[DataFile], target_bytes: int, size_of: SizeOf
) -> Iterator[Merge]:
    """Pack files first fit, the largest first: no two of the packs would fit into one."""
    packs: list[list[DataFile]] = []
    room: list[int] = []
    for file in sorted(files, key=lambda file: (-size_of(file), file.path)):
        size = size_of(file)
        fitting = next((n for n, left in enumerate(room) if size <= left), None)
        if fitting is None:
            packs.append([file])
            room.append(target_bytes - size)
        else:
            packs[fitting].append(file)
            room[fitting] -= size
    for pack in packs:
        if len(pack) > 1:
            yield Merge(*place, tuple(sorted(pack, key=lambda file: file.path)))


def compact_lake(
    layout: Layout,
    number: int,
    attempt: int,
    started_at: datetime,
    target_bytes: int = TARGET_BYTES,
    *,
    everything: bool = False,
    fan_in: int = FAN_IN,
    partitions: Partitions | None = None,
) -> Commit | None:
    """Merge small files and commit it; only for the holder of the lock, after :func:`recover`.

    A merge holds its rows in memory: three to four times ``target_bytes``. The folders that were
    exchanged stay in the trash until the call after the next commit, or :func:`recover`.

    Args:
        layout: the lake, with one commit or more.
        number: the number that the commit is to have: one more than the latest.
        attempt: what :func:`transforms.lake.lock.locked` gave; names the staging folder.
        started_at: now, UTC; written to the record, used for nothing else.
        target_bytes: how large a merged file may become, before compression.
        everything: leave as few files as possible; else merge what :func:`choose` finds worth it.
        fan_in: for :func:`choose`.
        partitions: what is live after commit ``number - 1``; read from the records when not given.
            The commit is added to it.

    Returns:
        The commit; None when there was nothing to do.

    Raises:
        DamagedLakeError: a file is not what its commit says.
        LedgerMismatchError: rows were lost or doubled on the way; nothing was committed.
        CommitConflictError: another writer made a commit meanwhile; there is none of this one.
        ValueError: ``partitions`` tells of another commit than the latest.
    """
    live = Partitions(read_commits(layout)) if partitions is None else partitions
    if live.number != number - 1:
        raise ValueError(f"what is live is known of commit {live.number}, not of {number - 1}")
    empty_trash(layout)
    files = {place: list(of_day.values()) for place, of_day in live.files.items() if of_day}
    size_of = _Sizes(layout, live.sizes)
    merges = (
        choose_all(files, target_bytes, size_of)
        if everything
        else choose(files, target_bytes, size_of, fan_in)
    )
    if not merges:
        return None
    staging = Staging(layout.root, f"{commit_name(number)}-a{attempt}")
    staging.make()
    written = tuple(_merged(layout, staging, commit_name(number), merge) for merge in merges)
    before = read_commit(layout, number - 1)
    commit = Commit(
        number=number,
        kind=COMPACTION,
        staging=staging.name,
        started_at=started_at.isoformat(),
        files=tuple(sorted(written, key=lambda file: file.path)),
        removed=tuple(sorted(file.path for merge in merges for file in merge.files)),
        history=before.history,
        feeds=before.feeds,
        documents=(),
        ledger=dict.fromkeys(LEDGER_NUMBERS, 0),
        sources={},
    )
    make_commit(layout, commit)
    publish(layout, number)
    live.add(commit)
    return commit


LEDGER_NUMBERS = tuple(
    field.name
    for field in fields(LedgerRow)
    if field.name not in ("run_id", "source", "started_at")
)
"""Columns of the ledger that count; all zero in a compaction's record."""


class _Sizes:
    """Sizes of files before compression, from their footers, each read once."""

    def __init__(self, layout: Layout, known: dict[str, int]) -> None:
        self._layout = layout
        self._known = known

    def __call__(self, file: DataFile) -> int:
        if file.path not in self._known:
            path = self._layout.absolute(file.path)
            try:
                footer = pq.read_metadata(path)
            except (pa.ArrowInvalid, FileNotFoundError) as error:
                raise _damaged(self._layout, file) from error
            groups = range(footer.num_row_groups)
            self._known[file.path] = sum(footer.row_group(n).total_byte_size for n in groups)
        return self._known[file.path]


def _damaged(layout: Layout, file: DataFile) -> DamagedLakeError:
    return DamagedLakeError(
        f"{layout.absolute(file.path)}: damaged or missing, so it cannot be merged; "
        "newsbeam check tells more; nothing was committed"
    )


def _merged(layout: Layout, staging: Staging, commit: str, merge: Merge) -> DataFile:
    """Write one file with the rows of several, and see that it has as many."""
    rows = pa.concat_tables(_read(layout, file) for file in merge.files)
    file = write_table(staging, commit, merge.table, merge.day, rows)
    _check_rows(staging, file, merge.files)
    return file


def _read(layout: Layout, file: DataFile) -> pa.Table:
    """The rows of a file, which is what its commit says: damage must not get a new hash."""
    path = layout.absolute(file.path)
    schema = table_schema(file.table)
    if not path.is_file():
        raise _damaged(layout, file)
    content = path.read_bytes()
    if content_name(content) != file.xxh128:
        raise _damaged(layout, file)
    # Not read_table, no threads: for a small file they cost half as much again.
    with pq.ParquetFile(pa.BufferReader(content)) as parquet:
        rows = parquet.read(use_threads=len(content) > _SMALL)
    if not rows.schema.equals(schema) or rows.num_rows != file.rows:
        raise _damaged(layout, file)
    return pa.Table.from_arrays(rows.columns, schema=schema)


def _check_rows(staging: Staging, file: DataFile, replaced: Collection[DataFile]) -> None:
    there = pq.read_metadata(staging.folder / file.staged).num_rows
    due = sum(old.rows for old in replaced)
    if not there == due == file.rows:
        raise LedgerMismatchError(
            f"{file.path}: {due:,} rows were to be merged and {there:,} are there; "
            "nothing was committed"
        )


@dataclass(frozen=True, slots=True)
class TableFiles:
    """How the rows of a table lie in files.

    Attributes:
        table: its name.
        dates: days that have files.
        files: how many they are.
        rows: their rows.
        bytes: their bytes as stored.
        most_files: files of the day that has most.
        fullest: the days with the most files, (day, files), that one first.
    """

    table: str
    dates: int
    files: int
    rows: int
    bytes: int
    most_files: int
    fullest: tuple[tuple[date, int], ...]

    @property
    def mean_files(self) -> float:
        """Files a day."""
        return self.files / self.dates

    @property
    def mean_bytes(self) -> float:
        """Bytes a file, as stored."""
        return self.bytes / self.files


def file_statistics(partitions: Partitions, fullest: int = 3) -> list[TableFiles]:
    """How many files there are, table by table; a table without any is left out.

    Args:
        partitions: what is live.
        fullest: how many days to name of each table.
    """
    tables: dict[str, list[tuple[date, Collection[DataFile]]]] = defaultdict(list)
    for (table, day), files in sorted(partitions.files.items()):
        if files:
            tables[table].append((day, files.values()))
    return [_statistics(table, days, fullest) for table, days in tables.items()]


def _statistics(
    table: str, days: Sequence[tuple[date, Collection[DataFile]]], fullest: int
) -> TableFiles:
    most = sorted(((day, len(files)) for day, files in days), key=lambda pair: (-pair[1], pair[0]))
    every = [file for _, files in days for file in files]
    return TableFiles(
        table=table,
        dates=len(days),
        files=len(every),
        rows=sum(file.rows for file in every),
        bytes=sum(file.bytes for file in every),
        most_files=most[0][1],
        fullest=tuple(most[:fullest]),
    )
