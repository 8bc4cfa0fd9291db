"""The health file: whole at any moment, and the same bytes for the same state."""

import json
import os
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.health import STATES, FeedsHealth, FilesHealth, Health, HealthFile, to_json

BEGAN = datetime(2026, 3, 9, 11, 58, tzinfo=UTC)
COMMITTED = datetime(2026, 3, 9, 13, 0, 1, 250_999, tzinfo=timezone(timedelta(hours=1)))
START = Health(state="running", pid=4711, started_at=BEGAN, lake="/data/lake")
BUSY = Health(
    state="failing",
    pid=4711,
    started_at=BEGAN,
    lake="/data/sjö",
    round=12,
    last_commit=34,
    last_commit_at=COMMITTED,
    failed_rounds=2,
    last_error="the disk is full",
    next_round_at=BEGAN + timedelta(minutes=3),
    lag_seconds=61.23456,
    files=FilesHealth(waiting=1200, writing=3),
    feeds=FeedsHealth(total=3000, due=12, failing=41, gone=7, forbidden=2, gaps=5),
    totals={"items_new": 118, "documents": 20},
)


def test_a_state_as_it_is_written(tmp_path):
    file = HealthFile(tmp_path / "health.json")
    file.write(BUSY)
    assert file.path.read_text() == (
        """{
 "version": 1,
 "state": "failing",
 "pid": 4711,
 "started_at": "2026-03-09T11:58:00.000+00:00",
 "lake": "/data/sj\\u00f6",
 "round": 12,
 "last_commit": 34,
 "last_commit_at": "2026-03-09T12:00:01.250+00:00",
 "failed_rounds": 2,
 "last_error": "the disk is full",
 "next_round_at": "2026-03-09T12:01:00.000+00:00",
 "lag_seconds": 61.235,
 "files": {
  "waiting": 1200,
  "writing": 3
 },
 "feeds": {
  "total": 3000,
  "due": 12,
  "failing": 41,
  "gone": 7,
  "forbidden": 2,
  "gaps": 5
 },
 "totals": {
  "documents": 20,
  "items_new": 118
 }
}
"""
    )
    assert os.listdir(tmp_path) == ["health.json"]


def test_what_is_not_known_yet_is_null_or_0():
    assert json.loads(to_json(START)) == {
        "version": 1,
        "state": "running",
        "pid": 4711,
        "started_at": "2026-03-09T11:58:00.000+00:00",
        "lake": "/data/lake",
        "round": 0,
        "last_commit": None,
        "last_commit_at": None,
        "failed_rounds": 0,
        "last_error": None,
        "next_round_at": None,
        "lag_seconds": 0.0,
        "files": {"waiting": 0, "writing": 0},
        "feeds": {"total": 0, "due": 0, "failing": 0, "gone": 0, "forbidden": 0, "gaps": 0},
        "totals": {},
    }


def test_totals_may_be_any_mapping_and_any_text_can_be_written():
    state = Health("waiting", 1, BEGAN, "/\udcff", totals=Counter(b=2, a=1), last_error="\udcff")
    document = json.loads(to_json(state))
    assert document["totals"] == {"a": 1, "b": 2}
    assert (document["lake"], document["last_error"]) == ("/\udcff", "\udcff")


def test_every_state_is_explained():
    from typing import get_args

    from pipeline.health import State

    assert set(STATES) == set(get_args(State))


def test_a_reader_never_sees_half_of_it(tmp_path):
    file = HealthFile(tmp_path / "health.json")
    file.write(START)
    whole = {to_json(START), to_json(BUSY)}
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(file.path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        file.write((START, BUSY)[number % 2])
    stop.set()
    reader.join()
    assert seen <= whole


def test_a_path_that_cannot_be_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        HealthFile(tmp_path / "not-there" / "health.json")
    with pytest.raises(UsageError, match="is a folder"):
        HealthFile(tmp_path)


def test_a_path_below_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert HealthFile("~/health.json").path == Path(tmp_path, "health.json")


def test_a_disk_that_refuses_is_an_error(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    file = HealthFile(folder / "health.json")
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        file.write(START)
