"""Small files merged: no row is lost, doubled or changed, whatever happens meanwhile."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from runs import problems_of
from small_rounds import (
    START,
    all_rows,
    compacted,
    five_rounds,
    shape,
    small_round,
)

from pipeline.compact_command import compact as compact_command
from pipeline.errors import ExitCode, UsageError
from schemas.parquet import table_schema
from transforms.lake import compact
from transforms.lake.commit import (
    latest_number,
    read_commit,
    read_commits,
    recover,
)
from transforms.lake.compact import compact_lake, file_statistics
from transforms.lake.errors import DamagedLakeError, LakeLockedError, LedgerMismatchError
from transforms.lake.explain import explain
from transforms.lake.layout import Layout, Staging
from transforms.lake.live import Partitions, live_files
from transforms.lake.lock import locked
from transforms.lake.sources import source_facts
from transforms.lake.tables import _ORDER


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return five_rounds(tmp_path_factory.mktemp("rounds"))


@pytest.fixture
def lake(made, tmp_path):
    return Layout(str(shutil.copytree(made, tmp_path / "lake")))


def test_each_day_of_each_table_becomes_one_file_and_no_row_changes(lake):
    root = Path(lake.root)
    before = all_rows(root)
    assert set(shape(root).values()) == {5}
    commit = compacted(lake)
    assert all_rows(root) == before
    assert set(shape(root).values()) == {1}
    assert len(commit.removed) == 5 * len(commit.files)
    assert problems_of(root) == ()


def test_the_record_tells_of_no_run(lake):
    before = read_commit(lake, 5)
    commit = compacted(lake)
    assert read_commit(lake, 6) == commit
    assert (commit.kind, commit.history, commit.feeds) == (
        "compaction",
        before.history,
        before.feeds,
    )
    assert commit.ledger.keys() == before.ledger.keys()
    assert not any(commit.ledger.values())
    assert (commit.sources, commit.documents, commit.refused) == ({}, (), ())


def test_a_merged_file_is_written_as_a_run_writes_one(lake):
    old = {file.table: file for file in read_commit(lake, 1).files}
    written = {t: pq.ParquetFile(lake.absolute(f.path)) for t, f in old.items() if f.date}
    for file in compacted(lake).files:
        parquet, like = pq.ParquetFile(lake.absolute(file.path)), written[file.table]
        assert parquet.schema_arrow.equals(table_schema(file.table))
        assert parquet.schema_arrow.equals(like.schema_arrow, check_metadata=True)
        assert parquet.schema_arrow.metadata[b"newsbeam.table"] == file.table.encode()
        one, other = parquet.metadata.row_group(0), like.metadata.row_group(0)
        for place in range(one.num_columns):
            assert one.column(place).compression == other.column(place).compression
        rows = parquet.read()
        order = [(name, "ascending") for name in _ORDER[file.table]]
        assert rows.equals(rows.sort_by(order))


def test_the_same_lake_becomes_the_same_files(lake, tmp_path):
    other = Layout(str(shutil.copytree(lake.root, tmp_path / "other")))
    assert compacted(lake).files == compacted(other, attempt=7).files


def test_where_there_is_nothing_to_merge_there_is_no_commit(lake):
    compacted(lake)
    assert compacted(lake) is None
    assert compacted(lake, everything=False) is None
    assert latest_number(lake) == 6
    assert list(lake.staging.iterdir()) == []


def test_the_space_of_the_old_files_is_freed_by_the_next_run(lake):
    compacted(lake)
    assert len(list(lake.trash.rglob("*.parquet"))) > 20
    recover(lake)
    assert not lake.trash.exists()
    assert problems_of(Path(lake.root)) == ()


def test_a_loop_frees_the_space_with_its_next_round(lake):
    compacted(lake)
    small_round(lake)
    assert len(list(lake.trash.iterdir())) == 1
    assert compact_lake(lake, 8, 1, START) is None
    assert list(lake.trash.iterdir()) == []
    assert problems_of(Path(lake.root)) == ()


def test_rounds_go_on_after_a_compaction_and_files_of_both_are_merged_again(lake):
    root = Path(lake.root)
    compacted(lake)
    small_round(lake)
    small_round(lake)
    before = all_rows(root)
    assert set(shape(root).values()) == {3}
    assert problems_of(root) == ()
    compacted(lake)
    assert (all_rows(root), set(shape(root).values())) == (before, {1})
    assert problems_of(root) == ()


def test_what_is_told_of_items_and_sources_is_the_same_afterwards(lake):
    ids = [file for _, file in live_files(read_commits(lake), ("articles",))]
    column = pq.read_table(lake.absolute(ids[0].path), columns=["article_id"]).column(0)
    asked = column[0].as_py()

    def told():
        (facts,) = explain(lake, asked).articles
        row = {key: value for key, value in facts.latest.items() if key != "file"}
        copies = [{**copy, "file": None} for copy in facts.duplicates]
        return row, copies, source_facts(lake)

    before = told()
    assert before[0]["run_started_at"] == read_commit(lake, 1).started_at
    compacted(lake)
    assert told() == before


def test_statistics_count_files_by_table_and_day(lake):
    def counted():
        found = file_statistics(Partitions(read_commits(lake)))
        return {one.table: (one.dates, one.files, one.rows, one.most_files) for one in found}

    assert counted() == {
        "articles": (2, 10, 10, 5),
        "duplicates": (1, 5, 5, 5),
        "rejects": (1, 5, 5, 5),
        "runs": (1, 5, 15, 5),
    }
    compacted(lake)
    assert counted() == {
        "articles": (2, 2, 10, 1),
        "duplicates": (1, 1, 5, 1),
        "rejects": (1, 1, 5, 1),
        "runs": (1, 1, 15, 1),
    }


def test_partitions_that_are_kept_up_to_date_are_those_of_the_records(lake):
    kept = Partitions(read_commits(lake))
    compacted(lake, partitions=kept)
    kept.add(small_round(lake))
    read = Partitions(read_commits(lake))
    assert {k: v for k, v in kept.files.items() if v} == {k: v for k, v in read.files.items() if v}
    with pytest.raises(ValueError, match="does not follow"):
        kept.add(read_commit(lake, 3))


def test_partitions_of_an_earlier_commit_are_refused(lake):
    kept = Partitions(read_commits(lake))
    small_round(lake)
    with pytest.raises(ValueError, match="known of commit 5, not of 6"):
        compacted(lake, partitions=kept)
    assert latest_number(lake) == 6


def test_a_damaged_file_is_not_given_a_new_hash(lake):
    file = next(f for f in read_commit(lake, 3).files if f.table == "articles")
    path = lake.absolute(file.path)
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedLakeError, match=f"{path.name}: damaged or missing"):
        compacted(lake)
    assert latest_number(lake) == 5


@pytest.mark.parametrize("options", [{"everything": True}, {"everything": False, "fan_in": 5}])
def test_a_missing_file_is_named(lake, options):
    file = next(f for f in read_commit(lake, 3).files if f.table == "articles")
    lake.absolute(file.path).unlink()
    with pytest.raises(DamagedLakeError, match="damaged or missing"):
        compacted(lake, **options)
    assert latest_number(lake) == 5


def test_a_lost_row_is_no_commit(lake, monkeypatch):
    write = compact.write_table

    def forgetful(staging, commit, table, day, rows):
        return write(staging, commit, table, day, rows.slice(1) if table == "runs" else rows)

    monkeypatch.setattr(compact, "write_table", forgetful)
    with pytest.raises(LedgerMismatchError, match="15 rows were to be merged and 14 are there"):
        compacted(lake)
    assert latest_number(lake) == 5


# The command


def test_the_command_tells_what_it_did_and_then_that_there_is_nothing_to_do(lake, capsys):
    assert compact_command([lake.root]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    told = [line.split() for line in lines[1:]]
    assert [words[:4] for words in told[:4]] == [
        ["articles", "10", "10", "2"],
        ["duplicates", "5", "5", "1"],
        ["rejects", "5", "5", "1"],
        ["runs", "15", "5", "1"],
    ]
    assert told[0][-4:] == ["2026-03-01", "(5),", "2026-03-02", "(5)"]
    assert lines[-1].startswith("commit 6: 25 files merged into 5, 35 rows")
    assert problems_of(Path(lake.root)) == ()
    assert compact_command([lake.root]) == ExitCode.DONE
    assert capsys.readouterr().out == f"{lake.root}: nothing to merge\n"
    assert latest_number(lake) == 6


def test_the_target_size_is_kept(lake):
    small = read_commit(lake, 1).files
    articles = next(lake.absolute(file.path) for file in small if file.table == "articles")
    groups = pq.read_metadata(articles)
    size = groups.row_group(0).total_byte_size
    compacted(lake, target_bytes=2 * size + 100)
    sizes = [
        pq.read_metadata(lake.absolute(file.path)).row_group(0).total_byte_size
        for _, file in live_files(read_commits(lake), ("articles",))
    ]
    assert max(sizes) <= 2 * size + 100
    assert len(sizes) == 6


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "LAKE"),
        (["nowhere"], "not a lake"),
        (["{lake}", "--target_file_mb", "0"], "must be at least 1"),
        (["{lake}", "--target_file_mb", "much"], "invalid int"),
    ],
)
def test_wrong_usage_starts_nothing(lake, arguments, told):
    with pytest.raises(UsageError, match=told):
        compact_command([argument.format(lake=lake.root) for argument in arguments])
    assert latest_number(lake) == 5


def test_a_lake_that_is_being_written_is_left_alone(lake):
    with locked(lake, START), pytest.raises(LakeLockedError):
        compact_command([lake.root])
    assert latest_number(lake) == 5


def test_a_run_that_was_killed_is_finished_first(lake):
    """Its commit was made and its files were not moved yet."""
    root = Path(lake.root)
    compacted(lake)
    small_round(lake)
    due = all_rows(root)
    commit = read_commit(lake, 7)
    staging = Staging(lake.root, commit.staging)
    staging.make()
    for file in commit.files:
        lake.absolute(file.path).rename(staging.folder / file.staged)
    assert compact_command([lake.root]) == ExitCode.DONE
    assert all_rows(root) == due
    assert problems_of(root) == ()
