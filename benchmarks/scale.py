"""How the cost of a run follows its new items and not the age of the lake.

    python -m benchmarks.scale history [--keys 10000000] [--items 1000]
    python -m benchmarks.scale hot [--items 100000]
    python -m benchmarks.scale age [--commits 300]

Everything between normalising and publishing, in this process and without Beam: staging, keys, history,
judge, segments. ``history`` writes a history of so many keys and then judges items against none of it,
a tenth of it and all of it. ``hot`` gives one headline to all items. ``age`` makes commit after commit.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.judgement import Sighting, Status
from schemas.parquet import KNOWN_ITEMS
from transforms.identity.columns import known_table, sightings_table
from transforms.identity.keys import content_hash, item_keys, key_of_hex, short_hash
from transforms.identity.known import bare_row
from transforms.identity.shards import LOOKUPS, keys_in, repeated, shards_of
from transforms.identity.sightings import version_key
from transforms.identity.verdicts import Judgement, PlainRows, judge_all
from transforms.lake.commit import Commit, make_commit, publish
from transforms.lake.history import find_known, live_segments, read_found, write_history
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.segment import TablePart, segment_at, write_segment
from transforms.text.fingerprint import fingerprint

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = timedelta(hours=72)
KEYS_AN_ITEM = 20
ROWS_A_SEGMENT = 1 << 20
FILE_ROWS = 16_384


def sighting(number: int, *, headline: str, body: str, source: str) -> Sighting:
    """An invented item as the judge sees it."""
    url = f"https://{source}.example/news/{number}"
    content = content_hash(headline, None, body, START)
    keys = item_keys(
        scope=source, guid=str(number), url=url, headline=headline, body=body, content=content
    )
    text = fingerprint(body)
    assert text is not None
    return Sighting(
        size=1000,
        is_reject=False,
        source=source,
        site=keys.site,
        item_id=bytes.fromhex(keys.item_id),
        guid_key=keys.guid_key,
        link_key=keys.link_key,
        text_key=keys.text_key,
        number_key=keys.number_key,
        disowned=(),
        url_key=keys.url_key,
        global_guid=keys.global_guid,
        headline_key=keys.headline_key,
        bands=text.bands,
        url_number=keys.url_number,
        headline_words=keys.headline_words,
        content=key_of_hex(content),
        version=version_key(short_hash(headline), 0, short_hash(body)),
        headline_hash=short_hash(headline),
        summary_hash=0,
        body_hash=short_hash(body),
        published_at=START,
        text_hash=text.body_hash,
        lead_hash=text.lead_hash,
        words=text.words,
        sketch=text.sketch,
        fetched_at=START + timedelta(seconds=number),
        fetched_known=True,
        day=START.date(),
        document=number // 50,
        address=0,
        position=number % 50,
    )


def body_of(number: int) -> str:
    """Sixty words that no other number has."""
    return " ".join(f"w{number}x{place}" for place in range(60))


def distinct_items(numbers: range) -> Iterator[Sighting]:
    """Items that have nothing in common."""
    for number in numbers:
        headline = f"Harbour {number} opens gate {number * 31} on day {number * 17}"
        yield sighting(number, headline=headline, body=body_of(number), source=f"s{number % 97}")


class Run:
    """One run's part between normalising and publishing, over sightings at hand."""

    def __init__(self, layout: Layout, number: int, sightings: Iterator[Sighting]) -> None:
        self._layout = layout
        self._number = number
        self._staging = Staging(layout.root, f"{commit_name(number)}-a1")
        self._staging.make()
        self._files: dict[str, Path] = {}
        part: list[Sighting] = []
        for one in sightings:
            part.append(one)
            if len(part) == FILE_ROWS:
                self._stage(part)
                part = []
        if part:
            self._stage(part)

    def _stage(self, part: Sequence[Sighting]) -> None:
        table = sightings_table(part, [(0, row) for row in range(len(part))])
        name = f"{len(self._files):06d}"
        path = self._staging.claims / name
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        self._files[name] = path

    def _read(self, name: str) -> pa.Table:
        with pa.memory_map(str(self._files[name])) as source:
            return pa.ipc.open_file(source).read_all()

    def judge(self) -> Judgement:
        """Group keys, ask the history, judge."""
        groups: dict[int, list[bytes]] = {}
        for name in self._files:
            for shard, keys in shards_of(self._read(name)):
                groups.setdefault(shard, []).append(keys)
        segments = live_segments(self._layout)
        names: list[str] = []
        meet: list[Any] = [np.empty(0, np.uint64)]
        for shard in sorted(groups):
            keys = keys_in(groups.pop(shard))
            names += find_known(self._layout, self._staging, segments, keys, shard)
            if shard != LOOKUPS:
                meet.append(repeated(keys))
        known = read_found(self._staging, names)
        return judge_all(
            list(self._files), self._read, known, np.unique(np.concatenate(meet)), WINDOW
        )

    def commit(self, judgement: Judgement) -> int:
        """Write the history and commit it; returns the bytes written."""
        plain = [
            PlainRows(partial(self._read, name), places) for name, places in judgement.plain.items()
        ]
        name = commit_name(self._number)
        parts = [*plain, TablePart(known_table(judgement.changed))]
        files, history = write_history(
            self._layout, self._staging, name, live_segments(self._layout), parts
        )
        record = Commit(
            self._number, self._staging.name, START.isoformat(), files, history, (), {}, {}
        )
        make_commit(self._layout, record)
        publish(self._layout, self._number)
        return sum(file.bytes for file in files)


def new_lake(folder: Path) -> Layout:
    """An empty lake."""
    layout = Layout(str(folder))
    layout.machinery.mkdir(parents=True)
    return layout


def memory() -> str:
    """The most memory this process has held."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB"


def history(keys: int, items: int) -> None:
    """Judge items against nothing, a tenth and all of a history."""
    print("| keys in the history | rows | segments | seconds | new | unchanged | peak RSS |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for share in (0.0, 0.1, 1.0):
        with tempfile.TemporaryDirectory() as folder:
            layout = new_lake(Path(folder) / "lake")
            rows = int(keys * share) // KEYS_AN_ITEM
            if rows:
                _invent_history(layout, rows, list(distinct_items(range(items // 2))))
            entries = sum(file.rows for file in _last_files(layout) if file.table == "index")
            run = Run(layout, 2 if rows else 1, distinct_items(range(items)))
            segments = len(live_segments(layout))
            start = time.perf_counter()
            judgement = run.judge()
            run.commit(judgement)
            seconds = time.perf_counter() - start
            totals: dict[str, int] = {}
            for (_, outcome, _), number in judgement.counts.items():
                totals[outcome.value] = totals.get(outcome.value, 0) + number
            print(
                f"| {entries:,} | {rows:,} | {segments} | {seconds:.2f} | {totals.get('new', 0):,} "
                f"| {totals.get('unchanged', 0):,} | {memory()} |",
                flush=True,
            )


def _last_files(layout: Layout) -> Sequence[Any]:
    from transforms.lake.commit import latest_number, read_commit

    number = latest_number(layout)
    return read_commit(layout, number).files if number else ()


def _invent_history(layout: Layout, rows: int, known: Sequence[Sighting]) -> None:
    """A commit with a history of so many rows, some of them of items that come again."""
    staging = Staging(layout.root, f"{commit_name(1)}-a1")
    staging.make()
    path = Path(layout.root) / "known"
    path.mkdir()
    own = Run(new_lake(path / "lake"), 1, iter(known))
    own.commit(own.judge())
    mine = segment_at(Layout(str(path / "lake")), live_segments(Layout(str(path / "lake")))[0])
    files = []
    for start in range(0, rows, ROWS_A_SEGMENT):
        count = min(ROWS_A_SEGMENT, rows - start)
        part: list[Any] = [TablePart(_invented_rows(start, count))]
        if not start:
            part.append(mine)
        files += write_segment(staging, commit_name(1), part)
    paths = tuple(file.path for file in files if file.table == "keys")
    make_commit(
        layout,
        Commit(1, staging.name, START.isoformat(), tuple(files), paths, (), {}, {}),
    )
    publish(layout, 1)


def _invented_rows(start: int, count: int) -> pa.Table:
    """History rows that share no key with anything, column by column."""
    rng = np.random.default_rng(start)
    model = known_table([bare_row(bytes(16), Status.ARTICLE, 0, START)])
    columns = {name: pa.concat_arrays([model.column(name).chunk(0)]) for name in KNOWN_ITEMS.names}

    def lists(each: int) -> pa.Array:
        offsets = np.arange(0, count * each + 1, each, dtype=np.int32)
        return pa.ListArray.from_arrays(offsets, rng.integers(1, 1 << 63, count * each, np.uint64))

    ids = rng.integers(0, 1 << 63, (count, 2), np.uint64)
    ids[:, 0] = (ids[:, 0] & np.uint64((1 << 56) - 1)) | np.uint64(2 << 56)
    raw = pa.py_buffer(ids.astype(">u8").tobytes())
    full = {name: pa.array([values[0].as_py()], values.type) for name, values in columns.items()}
    wide = {
        name: pa.concat_arrays([values]).take(pa.array(np.zeros(count, np.int64)))
        for name, values in full.items()
    }
    wide["item_id"] = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), count, [None, raw])
    wide["article_id"] = wide["item_id"]
    wide["aliases"], wide["bands"] = lists(3), lists(KEYS_AN_ITEM - 5)
    wide["url_keys"], wide["headline_keys"] = lists(1), lists(1)
    wide["contents"], wide["versions"] = lists(1), lists(1)
    wide["sketch"] = pa.array([rng.bytes(192)] * count, pa.binary())
    return pa.table({name: wide[name] for name in KNOWN_ITEMS.names}, schema=KNOWN_ITEMS)


def hot(items: int) -> None:
    """One headline on everything: differing texts, then one text."""
    print("| items with one headline | texts | seconds | items/s | peak RSS |")
    print("|--:|---|--:|--:|--:|")
    headline = "Morning briefing from all the harbours of the coast"
    for kind in ("differ", "equal"):
        for count in (items // 4, items // 2, items):
            with tempfile.TemporaryDirectory() as folder:
                run = Run(
                    new_lake(Path(folder) / "lake"),
                    1,
                    (
                        sighting(
                            n,
                            headline=headline,
                            body=body_of(n if kind == "differ" else 0),
                            source=f"s{n % 9973}",
                        )
                        for n in range(count)
                    ),
                )
                start = time.perf_counter()
                run.commit(run.judge())
                seconds = time.perf_counter() - start
            print(
                f"| {count:,} | {kind} | {seconds:.1f} | {count / seconds:,.0f} | {memory()} |",
                flush=True,
            )


def age(commits: int) -> None:
    """Commit after commit of twenty new items."""
    each = 20
    with tempfile.TemporaryDirectory() as folder:
        layout = new_lake(Path(folder) / "lake")
        seconds, written = [], 0
        for number in range(1, commits + 1):
            run = Run(layout, number, distinct_items(range(each * number, each * (number + 1))))
            start = time.perf_counter()
            written += run.commit(run.judge())
            seconds.append(time.perf_counter() - start)
        tenth = max(1, commits // 10)
        kept = sum(path.stat().st_size for path in layout.keys.iterdir())
        print(f"{commits} commits of {each} items: {len(live_segments(layout))} segments,")
        print(f"  first tenth {np.mean(seconds[:tenth]) * 1000:.0f} ms a commit,")
        print(f"  last tenth  {np.mean(seconds[-tenth:]) * 1000:.0f} ms a commit,")
        print(f"  {written / kept:.1f} bytes written for each that is kept")


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("which", choices=("history", "hot", "age"))
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--items", type=int)
    parser.add_argument("--commits", type=int, default=300)
    given = parser.parse_args()
    if given.which == "history":
        history(given.keys, given.items or 1000)
    elif given.which == "hot":
        hot(given.items or 100_000)
    else:
        age(given.commits)


if __name__ == "__main__":
    sys.exit(main())
