"""Small rounds of invented news for tests, and lakes that hold nothing but rejects."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.rounds import add_round, new_lake, origin
from schemas.parquet import table_schema
from schemas.records import FeedItem
from schemas.tables import SCHEMA_VERSION, TABLES
from transforms.lake.commit import Commit, latest_number, make_commit, publish, recover
from transforms.lake.compact import compact_lake
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.tables import write_table

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)


def story(number: int, position: int, day: int = 1) -> FeedItem:
    """An invented item that has nothing in common with one of another number."""
    words = " ".join(f"harbour{number}x{place}" for place in range(40))
    return FeedItem(
        position=position,
        title=f"Harbour {number} opens gate {number * 31} on day {number * 17}",
        guid=str(number),
        link=f"https://coast.example/news/{number}",
        summary=words.capitalize() + ".",
        dates=(("published", f"2026-03-{day:02d}T10:00:00Z"),),
    )


def small_round(layout: Layout) -> Commit:
    """One more round: two new articles on two days, a duplicate and a reject."""
    number = latest_number(layout) + 1
    at = START + timedelta(minutes=number)
    coast = [story(3 * number, 0), story(3 * number + 1, 1, day=2), FeedItem(position=2)]
    copied = [story(3 * number, 0)]
    return add_round(
        layout,
        at,
        [
            (origin("coast", 2 * number, at), coast),
            (origin("other", 2 * number + 1, at + timedelta(seconds=1)), copied),
        ],
    )


def smallest_round(layout: Layout) -> Commit:
    """One more round of two articles and nothing else."""
    number = latest_number(layout) + 1
    at = START + timedelta(minutes=number)
    items = [story(3 * number, 0), story(3 * number + 1, 1)]
    return add_round(layout, at, [(origin("coast", number, at), items)])


def all_rows(lake: Path) -> dict[str, list[str]]:
    """Every column of every row of every table with its partition, in a fixed order."""
    rows: dict[str, list[str]] = {}
    for table in TABLES:
        for path in sorted((lake / table).glob("date=*/*.parquet")):
            for row in pq.read_table(path, partitioning=None).to_pylist():
                rows.setdefault(table, []).append(repr((path.parent.name, row)))
    return {table: sorted(found) for table, found in rows.items()}


def shape(lake: Path) -> dict[str, int]:
    """Number of files by folder."""
    counts: dict[str, int] = {}
    for path in sorted(lake.glob("*/date=*/*.parquet")):
        folder = str(path.parent.relative_to(lake))
        counts[folder] = counts.get(folder, 0) + 1
    return counts


def add_rejects(layout: Layout, numbers: range, rows_per_file: int = 1) -> Commit:
    """A commit with nothing but some rejects of one day, which a reader can count and tell apart.

    There is no history and no ledger; ``check`` would not like it.
    """
    commit = latest_number(layout) + 1
    staging = Staging(layout.root, f"{commit_name(commit)}-a1")
    staging.make()
    files = []
    for start in numbers[::rows_per_file]:
        of_file = range(start, min(start + rows_per_file, numbers.stop))
        rows = pa.Table.from_pylist([_reject(n, commit) for n in of_file], table_schema("rejects"))
        files.append(write_table(staging, commit_name(commit), "rejects", DAY, rows))
    record = Commit(commit, staging.name, START.isoformat(), tuple(files), (), (), {}, {})
    make_commit(layout, record)
    publish(layout, commit)
    return record


def _reject(number: int, commit: int) -> dict[str, object]:
    return {
        "reject_id": f"{number:032x}",
        "stage": "parse",
        "reason": "empty_item",
        "detail": "nothing to read",
        "source": "coast",
        "document_uri": "https://coast.example/feed",
        "document_sha256": None,
        "document_position": number,
        "fetched_at": START,
        "payload": b"",
        "payload_size": 0,
        "run_id": commit_name(commit),
        "schema_version": SCHEMA_VERSION,
    }


def numbers_in(files: list[str]) -> list[int]:
    """Which rejects some files hold."""
    found: list[int] = []
    for path in files:
        ids = pq.read_table(path, columns=["reject_id"], partitioning=None).column(0)
        found += [int(text, 16) for text in ids.to_pylist()]
    return found


def compacted(layout: Layout, attempt: int = 1, **options: Any) -> Commit | None:
    """A compaction as the command and the loop make it."""
    recover(layout)
    options = {"everything": True, **options}
    return compact_lake(layout, latest_number(layout) + 1, attempt, START, **options)


def five_rounds(folder: Path) -> Path:
    """A lake of five small rounds; gives its folder."""
    layout = new_lake(folder / "lake")
    for _ in range(5):
        small_round(layout)
    return Path(layout.root)
