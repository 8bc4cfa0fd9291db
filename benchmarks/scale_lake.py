"""Invented items, and a lake that holds nothing but their history, for the benchmarks of scale."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.judgement import Sighting, Status
from schemas.parquet import KNOWN_ITEMS
from transforms.identity.columns import Keys, each_once, known_table, sightings_table
from transforms.identity.keys import content_hash, item_keys, key_of_hex, short_hash
from transforms.identity.known import bare_row
from transforms.identity.shards import LOOKUPS, keys_in, repeated, shards_of
from transforms.identity.sightings import version_key
from transforms.identity.verdicts import Judgement, PlainRows, judge_all
from transforms.lake.commit import Commit, make_commit, publish
from transforms.lake.history import find_known, live_segments, read_found, write_history
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.segment import Part, TablePart, segment_at, write_segment
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


def mixed_items(count: int) -> Iterator[Sighting]:
    """Items as polls give them.

    Of ten, seven are new, one comes again as it was, one with another text, and one is another
    publisher's copy.
    """
    for number in range(count):
        story = number - 5 if number % 10 in (7, 8, 9) else number
        kind = number % 10
        headline = f"Harbour {story} opens gate {story * 31} on day {story * 17}"
        words = body_of(story) + (" and more was said later" if kind == 8 else "")
        known = story if kind in (7, 8) else number
        one = sighting(known, headline=headline, body=words, source=f"s{known % 97}")
        yield replace(
            one,
            fetched_at=START + timedelta(seconds=number),
            document=number // 50,
            position=number % 50,
        )


def tables_of(sightings: Iterable[Sighting]) -> Iterator[pa.Table]:
    """Sightings as staging puts them down, a table a file."""
    rest = iter(sightings)
    while part := list(islice(rest, FILE_ROWS)):
        yield sightings_table(part, [(0, row) for row in range(len(part))])


def multiplied(tables: Sequence[pa.Table], times: int) -> Iterator[pa.Table]:
    """The same items over and over, each time under other keys and a day later."""
    for number in range(times):
        other = np.uint64(number * 0x9E3779B97F4A7C15 % (1 << 64))
        for table in tables:
            yield _under_other_keys(table, other, number)


def _under_other_keys(table: pa.Table, other: np.uint64, days: int) -> pa.Table:
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        array = column.combine_chunks()
        if name == "item_id":
            ids = np.frombuffer(array.buffers()[1], np.uint64).reshape(-1, 2).copy()
            ids[:, 1] ^= other
            raw = pa.py_buffer(ids.tobytes())
            array = pa.FixedSizeBinaryArray.from_buffers(array.type, len(array), [None, raw])
        elif name == "fetched_at":
            array = pc.add(array, pa.scalar(timedelta(days=days))).cast(array.type)
        elif pa.types.is_list(array.type):
            array = pa.ListArray.from_arrays(array.offsets, _xor(array.values, other))
        elif pa.types.is_uint64(array.type) and name != "site":
            array = _xor(array, other)
        columns.append(array)
    return pa.table(columns, schema=table.schema)


def _xor(keys: pa.Array, other: np.uint64) -> pa.Array:
    values = keys.fill_null(0).to_numpy() ^ other
    return pa.array(values, mask=~keys.is_valid().to_numpy(zero_copy_only=False))


class Run:
    """One run's part between normalising and publishing, over sightings at hand."""

    def __init__(self, layout: Layout, number: int, tables: Iterable[pa.Table]) -> None:
        self._layout = layout
        self._number = number
        self._staging = Staging(layout.root, f"{commit_name(number)}-a1")
        self._staging.make()
        self._files: dict[str, Path] = {}
        for table in tables:
            name = f"{len(self._files):06d}"
            path = self._staging.claims / name
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
            self._files[name] = path

    def _read(self, name: str) -> pa.Table:
        with pa.memory_map(str(self._files[name])) as source:
            return pa.ipc.open_file(source).read_all()

    def group_keys(self) -> tuple[list[str], Keys]:
        """Names of files with the known items found, and the keys that meet in the run."""
        groups: dict[int, list[bytes]] = {}
        for name in self._files:
            for shard, keys in shards_of(self._read(name)):
                groups.setdefault(shard, []).append(keys)
        segments = live_segments(self._layout)
        names: list[str] = []
        meet: list[Keys] = [np.empty(0, np.uint64)]
        for shard in sorted(groups):
            keys = keys_in(groups.pop(shard))
            names += find_known(self._layout, self._staging, segments, keys, shard)
            if shard != LOOKUPS:
                meet.append(repeated(keys))
        return names, each_once(np.concatenate(meet))

    def judge(self, names: Sequence[str], meet: Keys) -> Judgement:
        """Judge all sightings."""
        known = read_found(self._staging, names)
        return judge_all(list(self._files), self._read, known, meet, WINDOW)

    def commit(self, judgement: Judgement) -> int:
        """Write the history and commit it; returns the bytes written."""
        plain = [
            PlainRows(partial(self._read, name), places) for name, places in judgement.plain.items()
        ]
        name = commit_name(self._number)
        parts = [*plain, TablePart(known_table(judgement.changed))]
        judgement.changed.clear()
        files, history = write_history(
            self._layout, self._staging, name, live_segments(self._layout), parts
        )
        record = Commit(
            self._number, self._staging.name, START.isoformat(), files, history, (), {}, {}
        )
        make_commit(self._layout, record)
        publish(self._layout, self._number)
        return sum(file.bytes for file in files)

    def carry_out(self) -> tuple[Judgement, int]:
        """All of it: the judgement and the bytes written."""
        judgement = self.judge(*self.group_keys())
        return judgement, self.commit(judgement)


def new_lake(folder: Path) -> Layout:
    """An empty lake."""
    layout = Layout(str(folder))
    layout.machinery.mkdir(parents=True)
    return layout


def invent_history(layout: Layout, rows: int, known: Sequence[Sighting]) -> None:
    """A commit with a history of so many rows, some of them of items that come again."""
    staging = Staging(layout.root, f"{commit_name(1)}-a1")
    staging.make()
    path = Path(layout.root) / "known"
    path.mkdir()
    own = Run(new_lake(path / "lake"), 1, tables_of(known))
    own.carry_out()
    mine = segment_at(Layout(str(path / "lake")), live_segments(Layout(str(path / "lake")))[0])
    files = []
    for start in range(0, rows, ROWS_A_SEGMENT):
        count = min(ROWS_A_SEGMENT, rows - start)
        part: list[Part] = [TablePart(_invented_rows(start, count))]
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
