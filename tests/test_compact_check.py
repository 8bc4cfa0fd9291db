"""What ``newsbeam check`` finds in a lake whose compactions somebody has changed."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from runs import problems_of
from small_rounds import (
    DAY,
    START,
    all_rows,
    compacted,
    five_rounds,
    small_round,
)

from transforms.lake import check, compact
from transforms.lake.commit import (
    latest_number,
    make_commit,
    read_commit,
    read_commits,
    recover,
)
from transforms.lake.compact import compact_lake
from transforms.lake.errors import CommitConflictError, DamagedLakeError
from transforms.lake.layout import Layout, Staging
from transforms.lake.live import Partitions


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return five_rounds(tmp_path_factory.mktemp("rounds"))


@pytest.fixture
def lake(made, tmp_path):
    return Layout(str(shutil.copytree(made, tmp_path / "lake")))


def edited(layout, number, change):
    path = layout.commits / f"{number:08d}.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_removed_file_that_is_back_is_named(lake):
    old = next(file.path for file in read_commit(lake, 1).files if file.table == "runs")
    kept = lake.absolute(old).read_bytes()
    compacted(lake)
    lake.absolute(old).write_bytes(kept)
    (problem,) = problems_of(Path(lake.root))
    assert problem == f"{lake.absolute(old)}: commit 6 has removed this file, yet it is there"


def test_a_file_that_was_not_live_cannot_be_removed(lake):
    compacted(lake)
    path = "rejects/date=2026-03-01/00000003-0123456789abcdef.parquet"
    edited(lake, 6, lambda document: document["removed"].append(path))
    found = problems_of(Path(lake.root))
    assert found == (f"{lake.absolute(path)}: removed by commit 6, before which it was not live",)


def test_a_compaction_that_does_not_add_up_is_named(lake):
    compacted(lake)
    small_round(lake)
    taken = next(file.path for file in read_commit(lake, 7).files if file.table == "rejects")

    def one_more(document):
        document["removed"].append(taken)

    edited(lake, 6, one_more)
    assert any("before which it was not live" in line for line in problems_of(Path(lake.root)))

    def one_less(document):
        document["removed"].remove(taken)
        first = next(path for path in document["removed"] if path.startswith("rejects"))
        document["removed"].remove(first)

    edited(lake, 6, one_less)
    found = problems_of(Path(lake.root))
    assert any("it removes 4 rows of rejects of 2026-03-01 and adds 5" in line for line in found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda record: record["ledger"].update(items_read=1), "tells of a run"),
        (lambda record: record["documents"].append("0" * 16), "tells of a run"),
        (lambda record: record["history"].clear(), "changes the history"),
    ],
    ids=["ledger", "documents", "history"],
)
def test_a_compaction_that_did_something_else_is_named(lake, change, told):
    compacted(lake)
    edited(lake, 6, change)
    found = problems_of(Path(lake.root))
    assert any(line.startswith("commit 6: ") and told in line for line in found), found


@pytest.mark.parametrize(
    "path",
    [
        "_newsbeam/commits/00000001.json",
        "_newsbeam/commits/x/00000001.json",
        "articles/00000001.parquet",
        "raw/date=2026-03-01/a.warc.gz",
        "articles/../../precious",
    ],
)
def test_no_record_makes_recovery_replace_any_folder_but_a_days(lake, path):
    compacted(lake)
    edited(lake, 6, lambda document: document["removed"].append(path))
    with pytest.raises(DamagedLakeError, match="not a commit record"):
        recover(lake)


def test_a_run_removes_nothing(lake):
    edited(lake, 5, lambda record: record["removed"].append(record["files"][-1]["path"]))
    with pytest.raises(DamagedLakeError, match="is not to be removed"):
        recover(lake)


def test_rows_of_a_run_that_lie_in_another_runs_file_are_named(lake):
    one = next(f for f in read_commit(lake, 2).files if f.table == "rejects")
    path = lake.absolute(one.path)
    rows = pq.read_table(path, partitioning=None)
    place = rows.schema.get_field_index("run_id")
    strange = rows.set_column(place, rows.schema.field(place), [["00000004"] * rows.num_rows])
    staging = Staging(lake.root, "00000009-a1")
    staging.make()
    made = compact.write_table(staging, "00000002", "rejects", DAY, strange)
    os.replace(staging.folder / made.staged, path)

    def agree(record):
        for file in record["files"]:
            if file["path"] == one.path:
                file["bytes"], file["xxh128"] = made.bytes, made.xxh128

    edited(lake, 2, agree)
    found = problems_of(Path(lake.root))
    assert any("has rows of run 00000004, which no run can have left there" in p for p in found)
    assert any("commit 2: its ledger has 1 rows of rejects, its files 0" in p for p in found)


def test_a_compaction_that_loses_the_race_for_its_number_leaves_the_lake_alone(lake):
    """Another writer has made the commit while files were merged."""
    due = all_rows(Path(lake.root))
    staging = Staging(lake.root, "00000006-a9")
    staging.make()
    make_commit(lake, replace(read_commit(lake, 5), number=6, staging=staging.name, files=()))
    with pytest.raises(CommitConflictError, match="made by another run"):
        compact_lake(
            lake, 6, 1, START, everything=True, partitions=Partitions(list(read_commits(lake))[:5])
        )
    assert all_rows(Path(lake.root)) == due


def test_a_lake_that_is_compacted_while_it_is_checked_is_whole(lake, monkeypatch):
    """The files that were listed at the beginning have gone when they are to be read."""
    calls = []
    hashed = check.file_hash

    def busy(path):
        if not calls:
            compacted(lake)
        calls.append(path)
        return hashed(path)

    monkeypatch.setattr(check, "file_hash", busy)
    assert problems_of(Path(lake.root)) == ()
    assert latest_number(lake) == 6
