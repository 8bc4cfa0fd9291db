"""Which files of the input folders a round takes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drop import (
    UNFINISHED_SUFFIXES,
    Finished,
    Taken,
    base_of,
    inputs_of,
    look,
    ready_files,
)
from pipeline.errors import UsageError
from pipeline.sources import find_files
from schemas.records import InputFile, PathFacts

SETTLE = timedelta(seconds=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 5, 1, tzinfo=UTC)
PLENTY = 1 << 40


def dropped(path: Path, text: str = "x", modified: datetime = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    nanoseconds = (modified - EPOCH) // timedelta(microseconds=1) * 1000
    os.utime(path, ns=(nanoseconds, nanoseconds))
    return path


def arrived(*paths: Path) -> datetime:
    """When the last of the files was changed or moved in."""
    times = [max(facts.st_mtime_ns, facts.st_ctime_ns) for facts in map(os.stat, paths)]
    return EPOCH + timedelta(microseconds=max(times) // 1000)


def take(
    found: tuple[InputFile, ...],
    now: datetime,
    finished: Finished | None = None,
    most_files: int = 1000,
    most_bytes: int = PLENTY,
) -> Taken:
    done = Finished() if finished is None else finished
    return ready_files(found, now, SETTLE, done, most_files, most_bytes)


def names(files: tuple[InputFile, ...]) -> list[str]:
    return [Path(file.uri).name for file in files]


@pytest.fixture
def tree(tmp_path) -> Path:
    for name in (
        "a.xml",
        "a.xml.meta.json",
        "deep/er/b.xml",
        "deep/_c.xml",
        "deep/.d.xml",
        "_done/a.xml",
        ".git/e.xml",
        "orphan.xml.meta.json",
        "odd name,with comma.xml",
    ):
        dropped(tmp_path / name)
    os.symlink(tmp_path / "a.xml", tmp_path / "link.xml")
    os.symlink(tmp_path / "deep", tmp_path / "linked")
    os.symlink(tmp_path / "nothing", tmp_path / "dangling.xml")
    os.symlink(tmp_path / "circle.xml", tmp_path / "circle.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    return tmp_path


def test_a_look_finds_what_a_bounded_run_finds(tree):
    for paths in (f"{tree}", f"{tree}/deep,{tree}/a.xml", f"{tree}/a*", f"{tree}/deep/"):
        assert look(paths) == find_files(paths)
    assert names(look(str(tree))) == ["a.xml", "b.xml", "link.xml", "odd name,with comma.xml"]
    assert look(str(tree))[0].sidecar == f"{tree}/a.xml.meta.json"


def test_a_path_with_a_comma_is_one_path(tree):
    path = f"{tree}/odd name,with comma.xml"
    assert look(path) == find_files(path)


def test_a_glob_finds_nothing_that_was_put_away(tree):
    dropped(tree / "_rejected/deep/bad.xml")
    found = look(f"{tree}/**/*.xml")
    assert names(found) == ["a.xml", "b.xml", "link.xml", "b.xml", "odd name,with comma.xml"]


def test_nothing_found_is_normal(tmp_path):
    for path in ("", "/not-there-yet.xml", "/*.xml", "/not-there-yet/"):
        assert look(f"{tmp_path}{path}") == ()
    assert take((), LONG_AGO) == Taken((), 0, 0)


@pytest.mark.parametrize("path", ["/typo/drop", "/typo/*.xml", "/typo/**/*.xml"])
def test_a_missing_parent_is_wrong_usage(tmp_path, path):
    with pytest.raises(UsageError, match=f"there is no folder {tmp_path}/typo"):
        look(f"{tmp_path}{path}")


@pytest.mark.parametrize("paths", ["-", "store://bucket/drop", "/tmp,store://bucket/*"])
def test_what_cannot_be_looked_at_again_is_wrong_usage(paths):
    with pytest.raises(UsageError):
        look(paths)


def test_a_pattern_reads_paths_and_may_match_none(tree):
    first, *_ = look(str(tree), "/(?P<source>[a-z]+)[.]xml$")
    assert first.in_path == PathFacts(source="a")
    assert {file.in_path for file in look(str(tree), "(?P<source>nobody)")} == {PathFacts()}
    with pytest.raises(UsageError, match="unknown group"):
        look(str(tree), "(?P<who>a)")


def make_too_deep(folder: Path) -> None:
    """Folders in each other until the innermost has a path longer than the system takes."""
    name, parent = "x" * 250, os.open(folder, os.O_RDONLY)
    for _ in range(17):
        os.mkdir(name, dir_fd=parent)
        inner = os.open(name, os.O_RDONLY, dir_fd=parent)
        os.close(parent)
        parent = inner
    os.close(parent)


def test_a_folder_that_cannot_be_listed_is_told(tree):
    make_too_deep(tree / "deep")
    with pytest.raises(OSError, match="File name too long"):
        look(str(tree))
    told: list[OSError] = []
    assert look(str(tree), on_error=told.append) == find_files(str(tree))
    assert [type(error.filename) for error in told] == [str]


def test_inputs_and_the_folders_they_lie_in(tree):
    inputs = inputs_of(f"{tree}/deep,{tree}/a.xml,{tree}/*/er/**/*.xml,{tree}/new.xml")
    assert [base_of(path) for path in inputs] == [tree / "deep", tree, tree, tree]


def test_a_file_is_taken_once_it_was_left_alone(tmp_path):
    path = dropped(tmp_path / "a.xml")
    found, since = look(str(tmp_path)), arrived(path)
    almost = since + SETTLE - timedelta(microseconds=1)
    assert take(found, almost) == Taken((), 0, 1)
    assert take(found, since + SETTLE) == Taken(found, 0, 0)


def test_moving_in_counts_as_a_change_however_old_the_content(tmp_path):
    path = dropped(tmp_path / "a.xml")
    assert path.stat().st_mtime < LONG_AGO.timestamp() + 1
    assert take(look(str(tmp_path)), LONG_AGO + timedelta(days=365)).files == ()


def test_a_change_after_the_look_holds_a_file_back(tmp_path):
    path = dropped(tmp_path / "a.xml")
    found = look(str(tmp_path))
    dropped(path, "more")
    assert take(found, arrived(path) + SETTLE) == Taken((), 0, 1)


def test_a_file_that_vanishes_after_the_look_is_passed_over(tmp_path):
    path, other = dropped(tmp_path / "a.xml"), dropped(tmp_path / "b.xml")
    found, now = look(str(tmp_path)), arrived(path, other) + SETTLE
    path.unlink()
    assert take(found, now) == Taken(found[1:], 0, 0)


def test_a_time_in_the_future_counts_from_when_it_was_first_seen(tmp_path):
    ahead = datetime(2100, 1, 1, tzinfo=UTC)
    path = dropped(tmp_path / "a.xml", modified=ahead)
    found, finished, first = look(str(tmp_path)), Finished(), ahead - timedelta(days=9999)
    assert take(found, first, finished) == Taken((), 0, 1)
    assert take(found, first + SETTLE / 2, finished) == Taken((), 0, 1)
    assert take(found, first + SETTLE, finished) == Taken(found, 0, 0)
    dropped(path, "more", ahead)
    assert take(look(str(tmp_path)), first + SETTLE, finished) == Taken((), 0, 1)


def test_a_sidecar_in_work_holds_its_file_back(tmp_path):
    path, sidecar = dropped(tmp_path / "a.xml"), dropped(tmp_path / "a.xml.meta.json", "{}")
    found, now = look(str(tmp_path)), arrived(path, sidecar) + SETTLE
    assert take(found, now) == Taken(found, 0, 0)
    later = now + timedelta(hours=1)
    dropped(sidecar, "{ }", later)
    assert take(found, now) == Taken((), 0, 1)
    assert take(found, later + SETTLE) == Taken(found, 0, 0)
    sidecar.unlink()
    assert take(found, later + SETTLE) == Taken((), 0, 1)


@pytest.mark.parametrize("suffix", UNFINISHED_SUFFIXES)
def test_names_of_what_is_not_whole_are_passed_over(tmp_path, suffix):
    paths = [
        dropped(tmp_path / f"a.xml{suffix}"),
        dropped(tmp_path / f"b{suffix.upper()}"),
        dropped(tmp_path / "whole.xml"),
    ]
    taken = take(look(str(tmp_path)), arrived(*paths) + SETTLE)
    assert (names(taken.files), taken.waiting, taken.writing) == (["whole.xml"], 0, 0)


def test_a_flood_becomes_several_rounds_the_oldest_first(tmp_path):
    paths = [
        dropped(tmp_path / name, "x" * size, LONG_AGO + timedelta(hours=hour))
        for name, size, hour in (("d", 5, 0), ("c", 5, 1), ("a", 5, 2), ("b", 5, 2), ("e", 99, 3))
    ]
    found, now, finished = look(str(tmp_path)), arrived(*paths) + SETTLE, Finished()
    rounds = []
    while (taken := take(found, now, finished, 3, 10)).files:
        rounds.append((names(taken.files), taken.waiting))
        finished.add(taken.files)
    assert rounds == [(["d", "c"], 3), (["a", "b"], 1), (["e"], 0)]
    assert names(take(found, now, most_files=3).files) == ["d", "c", "a"]


def test_what_waits_longest_is_told(tmp_path):
    first, second = dropped(tmp_path / "a"), dropped(tmp_path / "b")
    now = arrived(first, second) + SETTLE
    found = look(str(tmp_path))
    assert take(found, now, most_files=1) == Taken(found[:1], 1, 0, arrived(second))


def test_finished_files_are_not_taken_again_until_they_change(tmp_path):
    path, other = dropped(tmp_path / "a.xml"), dropped(tmp_path / "b.xml")
    found, now, finished = look(str(tmp_path)), arrived(path, other) + SETTLE, Finished()
    finished.add(found)
    assert take(found, now, finished) == Taken((), 0, 0)
    dropped(path, "y", LONG_AGO + timedelta(microseconds=1))
    changed = look(str(tmp_path))
    assert take(changed, arrived(path) + SETTLE, finished) == Taken(changed[:1], 0, 0)


def test_finished_files_that_are_gone_are_forgotten():
    files = [InputFile(f"/drop/{number}", number, LONG_AGO) for number in range(5)]
    finished = Finished()
    finished.add(files)
    finished.add(files)
    assert len(finished) == 5
    assert finished.unfinished(files[:2]) == []
    assert len(finished) == 2
    assert finished.unfinished(files) == files[2:]


ANY_FILES = st.lists(
    st.builds(
        InputFile,
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
        | st.just("/drop/\udcff.xml"),
        st.integers(0, 2**40),
        st.timedeltas(timedelta(days=-20_000), timedelta(days=80_000)).map(lambda t: EPOCH + t),
    ),
    unique=True,
)


@given(ANY_FILES, ANY_FILES)
def test_finished_is_a_set_of_files(done, others):
    finished = Finished()
    finished.add(done)
    assert finished.unfinished([*done, *others]) == [file for file in others if file not in done]
