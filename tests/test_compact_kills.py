"""Compactions that are killed, outlived by their workers, or read meanwhile."""

import glob
import shutil
import threading
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import problems_of
from small_rounds import (
    add_rejects,
    all_rows,
    compacted,
    five_rounds,
    numbers_in,
    shape,
    small_round,
    smallest_round,
)
from test_swap import Killed, die_before_call, no_exchange

from benchmarks.rounds import new_lake
from transforms.lake import swap
from transforms.lake.commit import (
    latest_number,
    publish,
    read_commit,
    read_commits,
    recover,
)
from transforms.lake.errors import DamagedLakeError
from transforms.lake.layout import Layout, Staging
from transforms.lake.live import live_files


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return five_rounds(tmp_path_factory.mktemp("rounds"))


@pytest.fixture
def lake(made, tmp_path):
    return Layout(str(shutil.copytree(made, tmp_path / "lake")))


@pytest.mark.parametrize("way", ["exchange", "one by one"])
def test_killed_at_any_call_the_next_run_finishes_the_compaction(tmp_path, monkeypatch, way):
    """Killed before each call that changes the disk, from the first file on."""
    layout = new_lake(tmp_path / "lake")
    root = Path(layout.root)
    for _ in range(2):
        smallest_round(layout)
    made = Path(shutil.copytree(root, tmp_path / "made"))
    due = all_rows(made)
    if way == "one by one":
        monkeypatch.setattr(swap, "exchange", no_exchange)
    points, states = 0, Counter()
    while True:
        shutil.rmtree(root)
        shutil.copytree(made, root)
        done = True
        with monkeypatch.context() as patched:
            die_before_call(patched, points)
            try:
                compacted(layout)
            except Killed:
                done = False
        states[latest_number(layout)] += 1
        recover(layout)
        assert all_rows(root) == due, f"killed before call {points}"
        files = {2: 2, 3: 1}[latest_number(layout)]
        assert set(shape(root).values()) == {files}, f"killed before call {points}"
        assert list(layout.staging.iterdir()) == []
        assert problems_of(root) == (), f"killed before call {points}"
        if done:
            break
        points += 1
    assert min(states[2], states[3]) > 5, states


def test_a_worker_of_an_earlier_run_brings_no_removed_file_back(lake):
    """It fell asleep while publishing; its run was published by the next, and then compacted."""
    due = all_rows(Path(lake.root))
    compacted(lake)
    small = read_commit(lake, 2)
    Staging(lake.root, small.staging).folder.mkdir()
    publish(lake, 2)
    assert all_rows(Path(lake.root)) == due
    recover(lake)
    assert problems_of(Path(lake.root)) == ()


def test_a_file_that_no_later_commit_removed_is_still_missed(lake):
    compacted(lake)
    (commit, file) = next(iter(live_files(read_commits(lake))))
    lake.absolute(file.path).unlink()
    Staging(lake.root, commit.staging).folder.mkdir()
    with pytest.raises(DamagedLakeError, match="nowhere to be found"):
        publish(lake, commit.number)


def test_a_compaction_that_was_outlived_by_its_worker_changes_nothing_more(lake, monkeypatch):
    """The worker stands before the exchange while others finish its commit and make two more."""
    stands, goes_on = threading.Event(), threading.Event()
    exchange = swap.exchange

    def slow(one, other):
        if threading.current_thread() is worker:
            stands.set()
            goes_on.wait()
        exchange(one, other)

    ended = []

    def work():
        try:
            compacted(lake)
        except FileNotFoundError as error:
            ended.append(error)

    worker = threading.Thread(target=work)
    monkeypatch.setattr(swap, "exchange", slow)
    worker.start()
    stands.wait()
    recover(lake)
    small_round(lake)
    compacted(lake)
    small_round(lake)
    due = all_rows(Path(lake.root))
    goes_on.set()
    worker.join()
    assert len(ended) == 1
    assert all_rows(Path(lake.root)) == due
    assert problems_of(Path(lake.root)) == ()


STEPS = st.lists(
    st.sampled_from(["round", "round", "round", "tiers", "all", "recover"]), min_size=3, max_size=8
)


@given(steps=STEPS)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_rounds_and_compactions_in_any_order_leave_the_rows_of_the_rounds(steps, tmp_path_factory):
    layout = new_lake(tmp_path_factory.mktemp("steps") / "lake")
    root = Path(layout.root)
    small_round(layout)
    for step in steps:
        before = all_rows(root)
        if step == "round":
            small_round(layout)
            after = all_rows(root)
            assert all(Counter(rows) <= Counter(after[table]) for table, rows in before.items())
        elif step == "recover":
            recover(layout)
            assert all_rows(root) == before
        else:
            compacted(layout, everything=step == "all", fan_in=2)
            assert all_rows(root) == before
    rounds = 1 + steps.count("round")
    counts = {"articles": 2, "duplicates": 1, "rejects": 1, "runs": 3}
    assert {t: len(rows) for t, rows in all_rows(root).items()} == {
        table: count * rounds for table, count in counts.items()
    }
    assert problems_of(root) == ()


def test_a_reader_sees_each_row_once_or_is_told_that_a_file_is_gone(tmp_path):
    """It lists the files, opens them one by one, and lists again when one has gone."""
    layout = new_lake(tmp_path / "lake")
    add_rejects(layout, range(3))
    ends = threading.Event()
    answers, wrong = Counter(), []
    pattern = f"{layout.root}/rejects/date=*/*.parquet"

    def read():
        connection = duckdb.connect()
        while not ends.is_set():
            least = published[0]
            files = sorted(glob.glob(pattern))
            try:
                if answers.total() % 2:
                    found = numbers_in(files)
                else:
                    ids = connection.execute("SELECT reject_id FROM read_parquet(?)", [files])
                    found = [int(text, 16) for (text,) in ids.fetchall()]
            except (FileNotFoundError, duckdb.IOException):
                answers["gone"] += 1
                continue
            answers["exact"] += 1
            if sorted(found) != list(range(len(found))) or len(found) < least:
                wrong.append((least, sorted(found)))

    published = [3]
    reader = threading.Thread(target=read)
    reader.start()
    compactions = 0
    try:
        while compactions < 60 or answers["exact"] < 60:
            start = published[0]
            add_rejects(layout, range(start, start + 1))
            published[0] = start + 1
            if start % 40 == 0:
                compacted(layout)
            compactions += compacted(layout, everything=False, fan_in=2) is not None
    finally:
        ends.set()
        reader.join()
    assert wrong == []
    assert answers["exact"] >= 60
