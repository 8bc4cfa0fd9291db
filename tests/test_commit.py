"""The commit cycle on a real disk: what a killed or left-over run may leave behind."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from schemas.ledger import DataFile
from transforms.lake.commit import (
    Commit,
    commit_numbers,
    latest_number,
    make_commit,
    publish,
    read_commit,
    recover,
)
from transforms.lake.errors import CommitConflictError, DamagedLakeError, LakeLockedError
from transforms.lake.layout import Layout, Staging
from transforms.lake.lock import locked

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path):
    lake = Layout(str(tmp_path / "lake"))
    lake.machinery.mkdir(parents=True)
    return lake


def staged_run(layout, number=1, attempt=1, text="rows"):
    """A run that has written one file and is about to commit."""
    staging = Staging(layout.root, f"{number:08d}-a{attempt}")
    staging.make()
    (staging.files / "one.staged").write_text(text)
    file = DataFile(
        table="articles",
        date=date(2026, 3, 1),
        path=f"articles/date=2026-03-01/{number:08d}-{text}.parquet",
        staged="files/one.staged",
        rows=1,
        bytes=len(text),
        xxh128="0" * 32,
    )
    commit = Commit(number, staging.name, NOW.isoformat(), (file,), (), (), {"items_read": 1}, {})
    return staging, commit


def test_a_record_reads_back_as_it_was_written(layout):
    _, commit = staged_run(layout)
    make_commit(layout, commit)
    assert read_commit(layout, 1) == commit


def test_publishing_moves_the_files_and_takes_staging_away(layout):
    staging, commit = staged_run(layout)
    make_commit(layout, commit)
    publish(layout, 1)
    publish(layout, 1)
    assert layout.absolute(commit.files[0].path).read_text() == "rows"
    assert not staging.folder.exists()


def test_a_run_killed_before_its_commit_leaves_nothing(layout):
    staging, _ = staged_run(layout)
    recover(layout)
    assert not staging.folder.exists()
    assert commit_numbers(layout) == []
    assert not layout.trash.exists()


def test_a_run_killed_after_its_commit_is_rolled_forward(layout):
    staging, commit = staged_run(layout)
    make_commit(layout, commit)
    recover(layout)
    assert layout.absolute(commit.files[0].path).read_text() == "rows"
    assert not staging.folder.exists()


def test_a_run_killed_while_publishing_is_rolled_forward(layout):
    staging, commit = staged_run(layout)
    second = replace(commit.files[0], path="rejects/date=2026-03-01/b.parquet", staged="files/b")
    (staging.folder / "files" / "b").write_text("b")
    commit = replace(commit, files=(*commit.files, second))
    make_commit(layout, commit)
    target = layout.absolute(second.path)
    target.parent.mkdir(parents=True)
    (staging.folder / "files" / "b").rename(target)
    recover(layout)
    assert [layout.absolute(file.path).exists() for file in commit.files] == [True, True]


def test_committing_twice_is_one_commit(layout):
    _, commit = staged_run(layout)
    make_commit(layout, commit)
    make_commit(layout, commit)
    publish(layout, 1)
    make_commit(layout, commit)
    assert commit_numbers(layout) == [1]


def test_of_two_runs_with_one_number_only_one_commits(layout):
    _, first = staged_run(layout, attempt=1, text="first")
    _, second = staged_run(layout, attempt=2, text="second")
    make_commit(layout, first)
    with pytest.raises(CommitConflictError, match="made by another run"):
        make_commit(layout, second)
    assert read_commit(layout, 1) == first


def test_a_run_declared_dead_cannot_commit(layout):
    _, commit = staged_run(layout)
    recover(layout)
    with pytest.raises(CommitConflictError, match="taken away"):
        make_commit(layout, commit)
    assert latest_number(layout) == 0


def test_a_commit_made_while_its_staging_was_set_aside_stands(layout):
    """A left-over worker links its record in the moment in which the next run clears up."""
    staging, commit = staged_run(layout)
    make_commit(layout, commit)
    layout.trash.mkdir()
    staging.folder.rename(layout.trash / staging.name)
    recover(layout)
    assert layout.absolute(commit.files[0].path).read_text() == "rows"


def test_a_file_that_is_nowhere_is_named(layout):
    staging, commit = staged_run(layout)
    make_commit(layout, commit)
    (staging.folder / commit.files[0].staged).unlink()
    with pytest.raises(DamagedLakeError, match=r"articles/date=2026-03-01/.*nowhere"):
        publish(layout, 1)


def test_a_gap_among_the_records_stops_the_next_run(layout):
    _, commit = staged_run(layout, number=2)
    make_commit(layout, commit)
    with pytest.raises(DamagedLakeError, match="commit 1 is missing"):
        recover(layout)


def test_a_damaged_record_is_named(layout):
    layout.commits.mkdir()
    (layout.commits / "00000001.json").write_text("{")
    with pytest.raises(DamagedLakeError, match=r"00000001\.json"):
        read_commit(layout, 1)


def edited_record(layout, **fields):
    """A commit whose record somebody has edited."""
    _, commit = staged_run(layout)
    make_commit(layout, commit)
    path = layout.commits / "00000001.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize("version", [{"record_version": 1}, {"schema_version": 0}])
def test_a_lake_of_another_version_is_refused_with_one_line(layout, version):
    edited_record(layout, **version)
    with pytest.raises(DamagedLakeError, match="another version of newsbeam") as refused:
        recover(layout)
    assert "\n" not in str(refused.value)
    assert "make it again from its input" in str(refused.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "1"},
        {"number": True},
        {"staging": 7},
        {"files": [{"path": "articles/a.parquet"}]},
        {"history": ["../../elsewhere/keys.arrow"]},
        {"history": [7]},
        {"documents": None},
        {"ledger": {"items_read": -1}},
        {"ledger": {"items_read": 1.5}},
        {"ledger": []},
        {"sources": {"s": {"items_read": "1"}}},
    ],
    ids=str,
)
def test_a_record_with_a_field_of_another_kind_is_damaged(layout, fields):
    edited_record(layout, **fields)
    with pytest.raises(DamagedLakeError, match=r"00000001\.json: not a commit record"):
        recover(layout)


@pytest.mark.parametrize("name", ["../commits", "..", "", "{}", "00000001-a1/.."])
def test_no_record_makes_recovery_take_away_anything_but_staging(layout, tmp_path, name):
    precious = tmp_path / "precious"
    precious.mkdir()
    edited_record(layout, staging=name.format(precious))
    with pytest.raises(DamagedLakeError, match="is no staging"):
        recover(layout)
    assert precious.is_dir()
    assert layout.commits.is_dir()
    assert (layout.staging / "00000001-a1" / "files" / "one.staged").exists()


def test_no_record_moves_a_file_from_outside_into_the_lake(layout):
    _, commit = staged_run(layout)
    (file,) = commit.files
    elsewhere = layout.machinery / "precious"
    elsewhere.write_text("rows")
    commit = replace(commit, files=(replace(file, staged="../../precious"),))
    make_commit(layout, commit)
    with pytest.raises(DamagedLakeError, match="leads out of the lake"):
        publish(layout, 1)
    assert elsewhere.exists()


def test_the_second_writer_is_told_who_holds_the_lake(layout):
    who = r"process \d+ on .* since 2026"
    with locked(layout, NOW), pytest.raises(LakeLockedError, match=who), locked(layout, NOW):
        pass


def test_a_dead_holders_lock_is_taken_over_with_another_attempt(layout):
    with locked(layout, NOW) as first:
        pass
    layout.lock.write_text('{"pid": 1, "attempt": 41')
    with locked(layout, NOW) as second:
        pass
    with locked(layout, NOW) as third:
        pass
    assert (first, second, third) == (1, 1, 2)
