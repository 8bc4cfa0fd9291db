"""Segments are replaced while runs are killed, outlived by their workers, and started again."""

import shutil
from dataclasses import replace

import pytest
from test_segment import KEYS, Lake, item

from transforms.identity.columns import known_from, latest_of_each
from transforms.lake.commit import keys_paths, make_commit, publish, recover
from transforms.lake.history import live_segments, read_all_known


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def known(lake):
    """What the history says, item by item."""
    rows = latest_of_each(read_all_known(lake.layout))
    return sorted(known_from(rows), key=lambda row: row.item_id)


def on_disk(lake):
    return {str(path.relative_to(lake.layout.root)) for path in lake.layout.keys.iterdir()}


class Killed(Exception):
    """The run ends here."""


def test_killed_at_any_file_system_call_the_next_run_finds_one_whole_history(lake, monkeypatch):
    """A run that merges two segments is killed before each call that changes the disk."""
    old = [item(n, aliases=(KEYS[n],)) for n in range(3)]
    lake.add(old)
    lake.add([item(3, aliases=(KEYS[3],))])
    due = [replace(old[0], revision=7), *old[1:], item(3, aliases=(KEYS[3],)), item(4)]
    assert len(live_segments(lake.layout)) == 2
    staging, commit = lake.stage([replace(old[0], revision=7), item(4)])
    make_commit(lake.layout, commit)
    copy = staging.folder.parents[2].with_name("copy")
    shutil.copytree(lake.layout.root, copy)

    points = 0
    while True:
        shutil.rmtree(lake.layout.root)
        shutil.copytree(copy, lake.layout.root)
        with monkeypatch.context() as patched:
            _die_before_call(patched, points)
            try:
                publish(lake.layout, commit.number)
            except Killed:
                done = False
            else:
                done = True
        recover(lake.layout)
        assert known(lake) == due, f"killed before call {points}"
        assert on_disk(lake) == keys_paths(live_segments(lake.layout)), f"call {points}"
        assert not staging.folder.exists()
        if done:
            break
        points += 1
    assert points >= 6


def _die_before_call(patched, number):
    """Let so many calls that change the disk pass, then raise."""
    from pathlib import Path

    left = [number]

    def dying(call):
        def wrapper(*args, **kwargs):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return call(*args, **kwargs)

        return wrapper

    for name in ("replace", "unlink", "rename"):
        patched.setattr(Path, name, dying(getattr(Path, name)))


def test_a_worker_that_outlived_its_run_takes_no_later_segment_away(lake):
    """It fell asleep while publishing, and the next run has published meanwhile."""
    first = [item(n) for n in range(8)]
    lake.add(first)
    lake.add([item(9)])
    (lake.layout.staging / "00000001-a1").mkdir(parents=True)
    publish(lake.layout, 1)
    assert known(lake) == [*first, item(9)]
    assert on_disk(lake) == keys_paths(live_segments(lake.layout))
