"""Folders whose files are replaced while they are read, and by writers that are killed."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from transforms.lake import swap
from transforms.lake.swap import exchange, replace_files


class Killed(Exception):
    """The writer ends here."""


def die_before_call(patched, number):
    """Let so many calls that change the disk pass, then raise."""
    left = [number]

    def dying(call):
        def wrapper(*args, **kwargs):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return call(*args, **kwargs)

        return wrapper

    for owner, names in ((Path, ("replace", "unlink", "rename")), (os, ("link", "mkdir", "chmod"))):
        for name in names:
            patched.setattr(owner, name, dying(getattr(owner, name)))
    patched.setattr(swap, "exchange", dying(swap.exchange))


def no_exchange(one, other):
    raise OSError(errno.EINVAL, "this file system does not exchange folders")


@pytest.fixture(params=["exchange", "one by one"])
def way(request, monkeypatch):
    """Both ways of replacing files."""
    if request.param == "one by one":
        monkeypatch.setattr(swap, "exchange", no_exchange)
    return request.param


@pytest.fixture
def folders(tmp_path):
    """A folder with files a, b and c; a workshop with the file that is to replace a and b."""
    folder, workshop = tmp_path / "table" / "date=2026-03-01", tmp_path / "workshop"
    folder.mkdir(parents=True)
    workshop.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    (workshop / "staged").write_text("ab")
    return folder, workshop


def replace(folder, workshop):
    replace_files(folder, {"ab": workshop / "staged"}, {"a", "b"}, workshop)


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_two_folders_change_places(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    exchange(tmp_path / "one", tmp_path / "other")
    assert (tmp_path / "one" / "other").exists()
    assert (tmp_path / "other" / "one").exists()


def test_what_cannot_change_places_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        exchange(tmp_path / "nowhere", tmp_path)


def test_files_are_replaced_and_others_stay(folders, way):
    folder, workshop = folders
    stays = (folder / "c").stat().st_ino
    replace(folder, workshop)
    assert content(folder) == {"ab": "ab", "c": "c"}
    assert (folder / "c").stat().st_ino == stays


def test_what_is_done_is_not_done_again(folders, way):
    folder, workshop = folders
    replace(folder, workshop)
    new = folder.stat().st_ino
    shutil.rmtree(workshop)
    replace(folder, workshop)
    assert content(folder) == {"ab": "ab", "c": "c"}
    assert folder.stat().st_ino == new


def test_the_folder_keeps_its_mode(folders):
    folder, workshop = folders
    folder.chmod(0o2750)
    replace(folder, workshop)
    assert folder.stat().st_mode & 0o7777 == 0o2750


def test_a_reader_that_has_opened_the_folder_lists_all_of_it(folders):
    folder, workshop = folders
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        replace(folder, workshop)
        assert sorted(os.listdir(opened)) == ["a", "b", "c"]
    finally:
        os.close(opened)


def test_killed_at_any_call_and_done_again_the_files_are_replaced(folders, way, monkeypatch):
    folder, workshop = folders
    before, after = content(folder), {"ab": "ab", "c": "c"}
    seen = []
    points = 0
    while True:
        for kept in (folder, workshop):
            shutil.rmtree(kept)
            kept.mkdir()
        for name, text in before.items():
            (folder / name).write_text(text)
        (workshop / "staged").write_text("ab")
        done = True
        with monkeypatch.context() as patched:
            die_before_call(patched, points)
            try:
                replace(folder, workshop)
            except Killed:
                done = False
        seen.append(content(folder))
        replace(folder, workshop)
        assert content(folder) == after, f"killed before call {points}"
        if done:
            break
        points += 1
    assert points >= 4
    if way == "exchange":
        assert all(state in (before, after) for state in seen)


@pytest.mark.parametrize("number", sorted(swap.CANNOT))
def test_where_folders_are_not_exchanged_files_are_replaced_one_by_one(
    folders, monkeypatch, number
):
    def refused(one, other):
        raise OSError(number, os.strerror(number))

    folder, workshop = folders
    monkeypatch.setattr(swap, "exchange", refused)
    replace(folder, workshop)
    assert content(folder) == {"ab": "ab", "c": "c"}


def test_another_failure_is_no_reason_to_go_on(folders, monkeypatch):
    def full(one, other):
        raise OSError(errno.ENOSPC, "no space")

    folder, workshop = folders
    monkeypatch.setattr(swap, "exchange", full)
    with pytest.raises(OSError, match="no space"):
        replace(folder, workshop)
    assert content(folder) == {"a": "a", "b": "b", "c": "c"}


def test_a_folder_that_holds_a_folder_keeps_it(folders):
    folder, workshop = folders
    (folder / "notes").mkdir()
    (folder / "notes" / "mine").write_text("mine")
    replace(folder, workshop)
    assert (folder / "notes" / "mine").read_text() == "mine"
    assert not (folder / "a").exists()


def test_a_folder_that_is_a_link_stays_one(folders, tmp_path):
    folder, workshop = folders
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    replace(folder, workshop)
    assert folder.is_symlink()
    assert content(folder) == {"ab": "ab", "c": "c"}


def test_a_writer_whose_workshop_was_taken_away_changes_nothing(folders, way):
    folder, workshop = folders
    shutil.rmtree(workshop)
    with pytest.raises(FileNotFoundError):
        replace(folder, workshop)
    assert content(folder) == {"a": "a", "b": "b", "c": "c"}


def test_a_file_that_is_in_place_already_need_not_be_staged(folders, way):
    """A writer that was cut short had linked it, and its staged name is gone."""
    folder, workshop = folders
    (workshop / "staged").rename(folder / "ab")
    replace(folder, workshop)
    assert content(folder) == {"ab": "ab", "c": "c"}
