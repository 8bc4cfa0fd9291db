"""What compaction costs and what it is good for, over rounds as a local stream leaves them.

``python benchmarks/compaction.py --rounds 1440`` takes a few minutes. Every round adds one file to
each of four tables and three days, with some rows each. They are written like a run's, but without
a run: no ledger and no history. One lake is compacted at the end, as ``newsbeam compact`` does it;
one after every round, as the loop does it. Meanwhile a
reader counts the articles of one day and says what it met.
"""

import argparse
import glob
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rounds import new_lake, origin
from schemas.ledger import DataFile
from schemas.parquet import table_schema
from schemas.records import Article, FeedItem
from schemas.tables import SCHEMA_VERSION
from transforms.lake.commit import (
    Commit,
    latest_number,
    make_commit,
    publish,
    read_commits,
    recover,
)
from transforms.lake.compact import TARGET_BYTES, compact_lake
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.live import Partitions
from transforms.lake.tables import write_table
from transforms.text.article import normalize

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = tuple((START + timedelta(days=n)).date() for n in range(3))
ROWS = {"articles": 4, "duplicates": 2, "rejects": 1, "runs": 3}
READER = """
import glob, os, sys, duckdb
pattern, way, ends = sys.argv[1:4]
connection = duckdb.connect()
seen = {"exact": 0, "gone": 0, "wrong": 0}
while not os.path.exists(ends):
    files = sorted(glob.glob(pattern)) if way == "list" else pattern
    try:
        rows, ids, most = connection.execute(
            "SELECT count(*), count(DISTINCT article_id), max(revision) FROM read_parquet(?)",
            [files]).fetchone()
    except duckdb.IOException:
        seen["gone"] += 1
        continue
    seen["exact" if rows == ids == most else "wrong"] += 1
print(way, seen)
"""


def article_row(number: int, run: str, source: str = "coast") -> dict[str, object]:
    """An invented row; its revision says how many rows its day has when it is the last."""
    mixed = ((number * 150 + place) * 2654435761 % 2**32 for place in range(150))
    words = " ".join(f"w{value % 20011}" for value in mixed)
    item = FeedItem(position=0, title=f"Harbour {number} opens", guid=str(number), summary=words)
    article = normalize(item, origin(source, number, START))
    assert isinstance(article, Article)
    values = {name: getattr(article, name) for name in Article.__dataclass_fields__}
    return values | {
        "article_id": f"{number:032x}",
        "revision": number + 1,
        "first_seen_at": START,
        "changed": [],
        "language": "en",
        "language_confidence": 1.0,
        "topics": [],
        "topic_ids": [],
        "main_topic": None,
        "run_id": run,
        "schema_version": SCHEMA_VERSION,
    }


def model(table: str) -> pa.Table:
    """One row of a table: that of an article where it is alike, zeros and nothing elsewhere."""
    schema = table_schema(table)
    known = article_row(1, "00000001")
    row = {}
    for field in schema:
        blank = [] if pa.types.is_list(field.type) else _BLANKS.get(str(field.type), 0)
        row[field.name] = known.get(field.name, None if field.nullable else blank)
    return pa.Table.from_pylist([row], schema=schema)


_BLANKS = {"string": "", "binary": b"", "timestamp[us, tz=UTC]": START, "bool": False}


def add_round(layout: Layout, models: dict[str, pa.Table], place: int) -> Commit:
    """A commit with a file for each table and day; the place counts rounds from 0."""
    number = latest_number(layout) + 1
    name = commit_name(number)
    staging = Staging(layout.root, f"{name}-a1")
    staging.make()
    files: list[DataFile] = []
    for table, count in ROWS.items():
        for day in DAYS:
            if table == "articles":
                first = place * count
                values = [article_row(first + n, name, f"s{day}") for n in range(count)]
                rows = pa.Table.from_pylist(values, table_schema(table))
            else:
                rows = pa.concat_tables([models[table]] * count)
                for column, text in (("run_id", name), ("source", f"s{day}")):
                    index = rows.schema.get_field_index(column)
                    field = rows.schema.field(index)
                    rows = rows.set_column(index, field, pa.array([text] * count))
            files.append(write_table(staging, name, table, day, rows))
    record = Commit(number, staging.name, START.isoformat(), tuple(files), (), (), {}, {})
    make_commit(layout, record)
    publish(layout, number)
    return record


def counting(layout: Layout) -> float:
    """Milliseconds that DuckDB takes to count articles by source, the median of seven."""
    connection = duckdb.connect()
    query = (
        "SELECT source, count(*), max(fetched_at) FROM "
        f"read_parquet('{layout.root}/articles/date=*/*.parquet') GROUP BY source"
    )
    times = []
    for _ in range(7):
        started = time.perf_counter()
        connection.execute(query).fetchall()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def state(layout: Layout) -> str:
    """Files, their bytes, and how long they take to be counted."""
    paths = glob.glob(f"{layout.root}/*/date=*/*.parquet")
    size = sum(Path(path).stat().st_size for path in paths)
    most = max(Counter(str(Path(path).parent) for path in paths).values())
    return (
        f"{len(paths):,} files, {most:,} in the fullest folder, {size / 2**20:.1f} MiB, "
        f"{size / len(paths) / 1024:.1f} KiB a file, count {counting(layout):.1f} ms"
    )


def main() -> int:
    """Run both lakes and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=1440)
    parser.add_argument("--read", choices=("glob", "list"), default="list")
    options = parser.parse_args()
    models = {table: model(table) for table in ROWS if table != "articles"}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        whole, tiered = new_lake(root / "whole"), new_lake(root / "tiered")
        started = time.perf_counter()
        for place in range(options.rounds):
            add_round(whole, models, place)
        print(f"{options.rounds} rounds without compaction: {time.perf_counter() - started:.1f} s")
        print(f"  before: {state(whole)}")
        started = time.perf_counter()
        commit = compact_lake(whole, options.rounds + 1, 1, START, TARGET_BYTES, everything=True)
        assert commit is not None
        seconds = time.perf_counter() - started
        print(f"  all at once: {seconds:.1f} s for {len(commit.removed):,} files")
        recover(whole)
        print(f"  after: {state(whole)}")
        shutil.rmtree(whole.root)

        ends = root / "ends"
        pattern = f"{tiered.root}/articles/date={DAYS[0]}/*.parquet"
        add_round(tiered, models, 0)
        reader = subprocess.Popen([sys.executable, "-c", READER, pattern, options.read, str(ends)])
        live = Partitions(read_commits(tiered))
        times: list[float] = []
        written = added = 0
        for place in range(1, options.rounds):
            commit = add_round(tiered, models, place)
            added += sum(file.bytes for file in commit.files)
            live.add(commit)
            started = time.perf_counter()
            recover(tiered)
            merged = compact_lake(
                tiered, latest_number(tiered) + 1, 1, START, TARGET_BYTES, partitions=live
            )
            if merged:
                times.append(time.perf_counter() - started)
                written += sum(file.bytes for file in merged.files)
        ends.touch()
        reader.wait()
        recover(tiered)
        print(f"{options.rounds} rounds compacted one by one: {len(times)} compactions")
        print(
            f"  {sum(times):.1f} s in all, {1000 * statistics.median(times):.0f} ms the median, "
            f"{1000 * max(times):.0f} ms the longest"
        )
        print(
            f"  {added / 2**20:.1f} MiB came in, {written / 2**20:.1f} MiB were written again: "
            f"{written / added:.2f} times as much"
        )
        print(f"  after: {state(tiered)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
