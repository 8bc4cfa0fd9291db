"""Segments of the history against a plain dictionary, and how they are merged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.judgement import KnownItem, Status
from transforms.identity.columns import CAPPED, EXACT, known_from, known_table, latest_of_each
from transforms.identity.known import bare_row
from transforms.identity.memory import MOST_BEARERS
from transforms.lake.commit import Commit, make_commit, publish, recover
from transforms.lake.history import (
    find_known,
    live_segments,
    read_all_known,
    read_found,
    write_history,
)
from transforms.lake.layout import INDEX_SUFFIX, Layout, Staging
from transforms.lake.segment import ROWS_PER_BATCH, SHARDS, Segment, TablePart

START = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = [n << 60 | n * 7919 for n in range(SHARDS)]
"""One key a shard."""


class Lake:
    """A lake that holds nothing but a history."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(str(root))
        self.layout.machinery.mkdir(parents=True)
        self.number = 0

    def stage(self, items: list[KnownItem]) -> tuple[Staging, Commit]:
        """A run that adds items to the history, up to its commit."""
        self.number += 1
        staging = Staging(self.layout.root, f"{self.number:08d}-a1")
        staging.make()
        files, segments = write_history(
            self.layout,
            staging,
            f"{self.number:08d}",
            live_segments(self.layout),
            [TablePart(known_table(items))],
        )
        commit = Commit(self.number, staging.name, START.isoformat(), files, segments, (), {}, {})
        return staging, commit

    def add(self, items: list[KnownItem]) -> Commit:
        """A whole run."""
        _, commit = self.stage(items)
        make_commit(self.layout, commit)
        publish(self.layout, self.number)
        return commit

    def find(self, keys: list[int]) -> list[KnownItem]:
        """What a later run reads for some keys, the latest row of each item."""
        staging = Staging(self.layout.root, "later")
        if not staging.folder.is_dir():
            staging.make()
        wanted = np.array(sorted(keys), np.uint64)
        names = list(find_known(self.layout, staging, live_segments(self.layout), wanted, 0))
        return sorted(
            known_from(latest_of_each(read_found(staging, names))), key=lambda item: item.item_id
        )


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def item(number: int, status: Status = Status.ARTICLE, **keys: tuple[int, ...]) -> KnownItem:
    """An item first seen at its number's minute."""
    row = bare_row(bytes([1] * 12) + number.to_bytes(4, "big"), status, 0, START)
    return replace(row, first_seen_at=START + timedelta(minutes=number), **{"aliases": (), **keys})


KEY_COLUMNS = (*EXACT, *CAPPED)
ADDITIONS = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 11), st.sampled_from(KEY_COLUMNS), st.sampled_from(KEYS), st.booleans()
        ),
        max_size=6,
    ),
    min_size=1,
    max_size=6,
)


@given(additions=ADDITIONS, wanted=st.sets(st.sampled_from(KEYS)))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_item_is_found_by_every_key_it_ever_had(additions, wanted, tmp_path_factory):
    """Items get keys run by run and become articles; the latest row of each is what is found."""
    lake = Lake(tmp_path_factory.mktemp("history") / "lake")
    known: dict[int, KnownItem] = {}
    for addition in additions:
        changed = set()
        for number, column, key, is_article in addition:
            before = known.get(number, item(number, Status.DUPLICATE))
            was = before.status is Status.ARTICLE
            known[number] = replace(
                before,
                status=Status.ARTICLE if is_article or was else Status.DUPLICATE,
                revision=before.revision + 1,
                **{column: tuple(dict.fromkeys((*getattr(before, column), key)))},
            )
            changed.add(number)
        lake.add([known[number] for number in changed])

    def has_one(row: KnownItem) -> bool:
        columns = KEY_COLUMNS if row.status is Status.ARTICLE else ("aliases", "disowned")
        return any(wanted & set(getattr(row, column)) for column in columns)

    due = sorted((row for row in known.values() if has_one(row)), key=lambda row: row.item_id)
    assert lake.find(list(wanted)) == due
    assert sorted(known_from(latest_of_each(read_all_known(lake.layout))), key=id_of) == sorted(
        known.values(), key=id_of
    )
    for path in live_segments(lake.layout):
        assert Segment(lake.layout.absolute(path)).index_is_due()


def id_of(row: KnownItem) -> bytes:
    return row.item_id


def test_of_a_headline_that_many_bear_the_latest_are_found(lake):
    """Over several segments, with an old bearer that was changed since."""
    many = [item(n, headline_keys=(KEYS[3],)) for n in range(3 * MOST_BEARERS)]
    lake.add(many)
    lake.add([replace(many[-1], revision=2)])
    latest = [*many[-MOST_BEARERS:-1], replace(many[-1], revision=2)]
    found = lake.find([KEYS[3]])
    assert found[-MOST_BEARERS:] == latest
    assert len(found) <= MOST_BEARERS * len(live_segments(lake.layout))


def test_under_an_alias_all_are_found(lake):
    many = [item(n, aliases=(KEYS[3],)) for n in range(3 * MOST_BEARERS)]
    lake.add(many)
    assert lake.find([KEYS[3]]) == many


def test_rows_lie_in_order_of_seniority_and_the_latest_counts(lake):
    lake.add([item(n) for n in (5, 1, 3)])
    lake.add([replace(item(3), revision=9), item(2), item(5)])
    (path,) = live_segments(lake.layout)
    rows = list(known_from(Segment(lake.layout.absolute(path)).read_all()))
    assert rows == [item(1), item(2), replace(item(3), revision=9), item(5)]


def test_the_number_of_segments_grows_as_a_logarithm(lake):
    for number in range(200):
        lake.add([item(number, aliases=(KEYS[number % SHARDS],))])
    assert len(live_segments(lake.layout)) <= 9
    assert read_all_known(lake.layout).num_rows == 200
    on_disk = {path.stem for path in lake.layout.keys.iterdir()}
    assert on_disk == {Path(path).stem for path in live_segments(lake.layout)}


@pytest.mark.parametrize("count", [1, ROWS_PER_BATCH - 1, ROWS_PER_BATCH, 2 * ROWS_PER_BATCH + 1])
def test_a_segment_knows_how_many_rows_it_has(lake, count):
    lake.add([item(n) for n in range(count)])
    (path,) = live_segments(lake.layout)
    assert Segment(lake.layout.absolute(path)).count() == count


def test_the_same_rows_give_the_same_files(tmp_path):
    rows = [item(n, aliases=(KEYS[n],), bands=(KEYS[-n],)) for n in range(9)]
    commits = [Lake(tmp_path / name).add(rows[::step]) for name, step in (("a", 1), ("b", -1))]
    assert commits[0].files == commits[1].files


def test_a_run_that_adds_nothing_leaves_the_history_as_it_is(lake):
    first = lake.add([item(1)])
    assert lake.add([]).history == first.history


def test_killed_before_the_old_segments_are_gone_the_next_run_takes_them_away(lake):
    old = lake.add([item(1)])
    staging, commit = lake.stage([item(2)])
    make_commit(lake.layout, commit)
    for file in commit.files:
        (staging.folder / file.staged).rename(lake.layout.absolute(file.path))
    assert lake.layout.absolute(old.history[0]).exists()
    recover(lake.layout)
    assert live_segments(lake.layout) == commit.history
    assert not lake.layout.absolute(old.history[0]).exists()
    assert [row.revision for row in lake.find([])] == []
    assert read_all_known(lake.layout).num_rows == 2


def test_an_index_of_other_rows_is_noticed(lake):
    lake.add([item(1, aliases=(KEYS[1],))])
    (path,) = live_segments(lake.layout)
    other = Lake(Path(lake.layout.root).parent / "other")
    other.add([item(1, aliases=(KEYS[2],))])
    (other_path,) = live_segments(other.layout)
    segment = Segment(lake.layout.absolute(path))
    assert segment.index_is_due()
    wrong = other.layout.absolute(other_path).with_suffix(INDEX_SUFFIX)
    segment.path.with_suffix(INDEX_SUFFIX).write_bytes(wrong.read_bytes())
    assert not segment.index_is_due()
