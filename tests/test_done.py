"""What becomes of dropped files after the commit: nothing is lost, whenever it is cut short."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.done import MOST_PROBLEMS, DoneReport, _first_false, finish_files
from pipeline.drop import look
from pipeline.sources import find_files
from schemas.records import InputFile

ROOT = Path(__file__).resolve().parent.parent
KILLED = 9
CUT_POINTS = ("rename", "unlink", "link", "mkdir", "fsync")


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, the hidden ones too, and what is in it."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def finish(folder: Path, how: str, refused: set[str] | None = None) -> DoneReport:
    """Finish what is found in a folder."""
    return finish_files(look(str(folder)), refused or set(), how, [str(folder)])


@pytest.fixture
def drop(tmp_path) -> Path:
    folder = tmp_path / "drop"
    put(folder / "a.xml", "A")
    put(folder / "a.xml.meta.json", "{A}")
    put(folder / "deep/er/b.xml.gz", "B")
    put(folder / "bad.xml", "BAD")
    put(folder / "bad.xml.meta.json", "{BAD}")
    return folder


def test_kept_files_stay(drop):
    before = contents(drop)
    assert finish(drop, "keep") == DoneReport(kept=3)
    assert contents(drop) == before


def test_moved_files_keep_their_paths_and_sidecars(drop):
    assert finish(drop, "move", {f"{drop}/bad.xml"}) == DoneReport(moved=3)
    assert contents(drop) == {
        "_done/a.xml": "A",
        "_done/a.xml.meta.json": "{A}",
        "_done/deep/er/b.xml.gz": "B",
        "_rejected/bad.xml": "BAD",
        "_rejected/bad.xml.meta.json": "{BAD}",
    }
    assert look(str(drop)) == look(f"{drop}/**/*") == ()


def test_a_refused_file_is_never_deleted(drop):
    assert finish(drop, "delete", {f"{drop}/bad.xml"}) == DoneReport(moved=1, deleted=2)
    assert contents(drop) == {
        "_rejected/bad.xml": "BAD",
        "_rejected/bad.xml.meta.json": "{BAD}",
    }


def test_a_refused_name_that_is_no_utf8_is_known_by_its_address(tmp_path):
    path = os.fsencode(tmp_path) + b"/odd-\xff.xml"
    Path(os.fsdecode(path)).write_text("x")
    assert finish(tmp_path, "delete", {f"{tmp_path}/odd-\\xff.xml"}) == DoneReport(moved=1)
    assert os.listdir(os.fsencode(tmp_path / "_rejected")) == [b"odd-\xff.xml"]


def test_inputs_that_lie_in_each_other(drop):
    put(drop / "deep/named.xml", "N")
    inputs = [f"{drop}/**/*.xml", f"{drop}/deep/er", f"{drop}/deep/named.xml"]
    assert finish_files(look(inputs), set(), "move", inputs) == DoneReport(moved=4)
    assert contents(drop) == {
        "_done/a.xml": "A",
        "_done/a.xml.meta.json": "{A}",
        "_done/bad.xml": "BAD",
        "_done/bad.xml.meta.json": "{BAD}",
        "deep/_done/named.xml": "N",
        "deep/er/_done/b.xml.gz": "B",
    }


def test_what_was_put_away_before_stays_there(drop):
    put(drop / "_rejected/deep/bad.xml", "BAD")
    globbed = find_files(f"{drop}/**/*.xml")
    assert not any("_rejected" in file.uri for file in globbed)
    found = (*globbed, *find_files(f"{drop}/_rejected/deep"))
    report = finish_files(found, set(), "delete", [f"{drop}/**/*.xml"])
    assert report == DoneReport(deleted=2, kept=1)
    assert contents(drop / "_rejected") == {"deep/bad.xml": "BAD"}


def test_a_file_that_changed_is_left(drop):
    files = look(str(drop))
    os.utime(drop / "a.xml", ns=(1000, 1000))
    put(drop / "deep/er/b.xml.gz", "longer")
    for how in ("move", "delete"):
        report = finish_files(files[:1] + files[2:], set(), how, [str(drop)])
        assert report == DoneReport(left=2)
    assert contents(drop)["a.xml"] == "A"
    assert contents(drop)["deep/er/b.xml.gz"] == "longer"


def test_what_is_gone_is_fine(drop):
    files = look(str(drop))
    for how in ("move", "delete"):
        finish_files(files, set(), how, [str(drop)])
        assert finish_files(files, set(), how, [str(drop)]) == DoneReport()


def test_names_that_are_taken_get_numbers(drop):
    for text in ("one", "two", "three", "three", "one"):
        put(drop / "a.xml", text)
        put(drop / "a.xml.meta.json", "{A}")
        assert finish_files(look(f"{drop}/a.xml"), set(), "move", [str(drop)]).moved == 1
    assert contents(drop / "_done") == {
        "a.1.xml": "two",
        "a.1.xml.meta.json": "{A}",
        "a.2.xml": "three",
        "a.2.xml.meta.json": "{A}",
        "a.xml": "one",
        "a.xml.meta.json": "{A}",
    }


def test_the_same_bytes_with_another_sidecar_are_another_file(drop):
    for sidecar in ("{}", "{ }"):
        put(drop / "a.xml", "A")
        put(drop / "a.xml.meta.json", sidecar)
        finish_files(look(f"{drop}/a.xml"), set(), "move", [str(drop)])
    assert contents(drop / "_done") == {
        "a.1.xml": "A",
        "a.1.xml.meta.json": "{ }",
        "a.xml": "A",
        "a.xml.meta.json": "{}",
    }


@given(st.integers(0, 5000))
def test_the_first_free_number_is_found_in_few_looks(number):
    looks: list[int] = []

    def is_taken(candidate: int) -> bool:
        looks.append(candidate)
        return candidate < number

    assert _first_false(is_taken) == number
    assert len(looks) <= 2 * number.bit_length() + 2


def test_a_link_stays_and_is_told(drop):
    os.symlink("a.xml", drop / "link.xml")
    for how in ("move", "delete"):
        report = finish_files(look(f"{drop}/link.xml"), set(), how, [str(drop)])
        told = f"{drop}/link.xml: not put away: a link stays where it is"
        assert report == DoneReport(kept=1, problems=(told,))
    assert os.readlink(drop / "link.xml") == "a.xml"


def test_what_cannot_be_done_is_told_and_the_rest_is_done(drop):
    put(drop / "_rejected", "a file in the way")
    report = finish(drop, "delete", {f"{drop}/bad.xml"})
    told = f"{drop}/bad.xml: not put away: Not a directory"
    assert report in (
        DoneReport(deleted=2, kept=1, problems=(told,)),
        DoneReport(deleted=2, kept=1, problems=(told.replace("Not a directory", "File exists"),)),
    )
    assert contents(drop)["bad.xml"] == "BAD"


def test_many_problems_are_told_in_few_lines(tmp_path):
    put(tmp_path / "_done", "a file in the way")
    for number in range(MOST_PROBLEMS + 5):
        put(tmp_path / f"{number:02}.xml", "x")
    report = finish(tmp_path, "move")
    assert (report.kept, len(report.problems)) == (MOST_PROBLEMS + 5, MOST_PROBLEMS)
    assert report.problems[-1] == "6 more files were not put away"


def between(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Have somebody else act just before the first call of a system call."""
    call, acts = getattr(os, name), [act]

    def acted(*args: object, **more: object) -> object:
        if acts:
            acts.pop()()
        return call(*args, **more)

    monkeypatch.setattr(os, name, acted)


def replacing(path: Path, text: str) -> Callable[[], object]:
    def replace() -> None:
        os.replace(put(path.with_name(".new"), text), path)

    return replace


@pytest.mark.parametrize("how", ["move", "delete"])
def test_a_file_replaced_at_the_last_moment_is_put_back(monkeypatch, tmp_path, how):
    path = put(tmp_path / "latest.xml", "read")
    files = look(str(tmp_path))
    between(monkeypatch, "rename", replacing(path, "never read"))
    assert finish_files(files, set(), how, [str(tmp_path)]) == DoneReport(left=1)
    assert contents(tmp_path) == {"latest.xml": "never read"}


@pytest.mark.parametrize("how", ["move", "delete"])
def test_putting_back_does_not_write_over_one_newer_still(monkeypatch, tmp_path, how):
    path = put(tmp_path / "latest.xml", "read")
    files = look(str(tmp_path))
    between(monkeypatch, "rename", replacing(path, "never read"))
    between(monkeypatch, "link", replacing(path, "newer still"))
    assert finish_files(files, set(), how, [str(tmp_path)]) == DoneReport(left=1)
    assert contents(tmp_path) == {"latest.1.xml": "never read", "latest.xml": "newer still"}


@pytest.fixture
def other_disk(tmp_path):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_moving_to_another_disk(drop, other_disk):
    (drop / "_done").symlink_to(other_disk)
    modified = (drop / "a.xml").stat().st_mtime_ns
    assert finish(drop, "move") == DoneReport(moved=3)
    assert contents(other_disk) == {
        "a.xml": "A",
        "a.xml.meta.json": "{A}",
        "bad.xml": "BAD",
        "bad.xml.meta.json": "{BAD}",
        "deep/er/b.xml.gz": "B",
    }
    assert (other_disk / "a.xml").stat().st_mtime_ns == modified
    assert look(str(drop)) == ()


def test_a_file_replaced_while_it_is_copied_is_left(monkeypatch, drop, other_disk):
    (drop / "_done").symlink_to(other_disk)
    files = look(f"{drop}/a.xml")
    between(monkeypatch, "fsync", replacing(drop / "a.xml", "never read"))
    assert finish_files(files, set(), "move", [str(drop)]) == DoneReport(left=1)
    assert (drop / "a.xml").read_text() == "never read"
    assert contents(other_disk) == {}


@pytest.mark.parametrize("disks", ["one disk", "two disks"])
def test_killed_anywhere_and_repeated_it_is_as_if_never_killed(tmp_path, request, disks):
    there = str(request.getfixturevalue("other_disk")) if disks == "two disks" else ""
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path), there],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(int(calls) > 12 for calls in done.stdout.split())


def main(folder: Path, how: str, there: str) -> None:
    """Kill at each system call that changes the disk; print how many there were."""
    files, refused = prepare(folder / "whole", there and f"{there}/whole")
    finish_files(files, refused, how, [str(folder / "whole")])
    expected = contents_of_all(folder / "whole")
    calls = 0
    while True:
        drop = folder / str(calls)
        files, refused = prepare(drop, there and f"{there}/{calls}")
        child = os.fork()
        if child == 0:
            cut_off_after(calls)
            finish_files(files, refused, how, [str(drop)])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        for _ in range(2):
            report = finish_files(files, refused, how, [str(drop)])
            assert report.problems == (), (calls, report)
        assert contents_of_all(drop) == expected, (calls, contents_of_all(drop), expected)
        if os.waitstatus_to_exitcode(status) != KILLED:
            break
        calls += 1
    print(calls)


def prepare(drop: Path, there: str) -> tuple[tuple[InputFile, ...], set[str]]:
    """A folder with a file of each kind, and the plan of a round that has read them."""
    put(drop / "a.xml", "A")
    put(drop / "a.xml.meta.json", "{A}")
    put(drop / "deep/b.xml", "B")
    put(drop / "bad.xml", "BAD")
    put(drop / "bad.xml.meta.json", "{BAD}")
    put(drop / "changes.xml", "C")
    put(drop / "same.xml", "S")
    put(drop / "same.xml.meta.json", "{S}")
    put(drop / "taken.xml", "T")
    put(drop / "taken.xml.meta.json", "{T}")
    if there:
        Path(there).mkdir(parents=True)
        for name in ("_done", "_rejected"):
            (Path(there) / name).mkdir()
            (drop / name).symlink_to(Path(there) / name)
    put(drop / "_done/same.xml", "S")
    put(drop / "_done/taken.xml", "other")
    files = look(str(drop))
    put(drop / "changes.xml", "changed")
    return files, {f"{drop}/bad.xml"}


def contents_of_all(drop: Path) -> dict[str, dict[str, str]]:
    return {name: contents(drop / name) for name in ("", "_done", "_rejected", "deep")}


def cut_off_after(calls: int) -> None:
    """End this process, as kill -9 does, instead of a later call."""
    left = [calls]

    def guarded(call: Callable[..., object]) -> Callable[..., object]:
        def made(*args: object, **more: object) -> object:
            if left[0] == 0:
                os._exit(KILLED)
            left[0] -= 1
            return call(*args, **more)

        return made

    for name in CUT_POINTS:
        setattr(os, name, guarded(getattr(os, name)))


def test_planned_times_are_microseconds(tmp_path):
    path = put(tmp_path / "a.xml", "A")
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    (file,) = look(str(tmp_path))
    assert file.modified_at == datetime(2023, 11, 14, 22, 13, 20, 123456, UTC)
    assert finish(tmp_path, "move") == DoneReport(moved=1)


if __name__ == "__main__":
    for how in ("move", "delete"):
        main(Path(sys.argv[1], how), how, sys.argv[2] and f"{sys.argv[2]}/{how}")
