"""The local stream: rounds, what becomes of files, signals, faults on the way."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import Loopback, answer
from runs import problems_of

from benchmarks.lakes import contents_of, rows_of
from benchmarks.synthetic import write_polls
from pipeline import loop as loop_module
from pipeline.cli import main
from transforms.lake import finish
from transforms.lake.commit import read_commits
from transforms.lake.layout import Layout

NEWS = Path(__file__).parent.parent / "examples" / "news"
PATIENCE = 60.0
FEED = (
    "<rss version='2.0'><channel><title>Quay</title><link>http://quay.example/</link>{}"
    "</channel></rss>"
)


def items(*numbers: int) -> bytes:
    entry = "<item><guid>{0}</guid><title>Ship number {0} comes in</title></item>"
    return FEED.format("".join(entry.format(number) for number in numbers)).encode()


def until(holds: Callable[[], object]) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def stream(*arguments: object) -> int:
    """``newsbeam run --every`` in this process, for a number of rounds."""
    fast = ("--settle_seconds", "0", "--language_engine", "fast")
    return main(["run", *map(str, arguments), *fast])


def commits_of(lake: Path) -> int:
    return sum(commit.kind == "run" for commit in read_commits(Layout(str(lake))))


def test_rounds_leave_what_one_run_leaves(tmp_path):
    drop = tmp_path / "drop"
    write_polls(drop, polls=5, feeds=2, items=6, seed=3)
    main(["run", "--input", str(drop), "--output", str(tmp_path / "once")])
    lake = tmp_path / "lake"
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--round_files", 4)
    assert stream(*arguments, "--rounds", 3) == 0
    assert commits_of(lake) == 3
    assert contents_of(lake) == contents_of(tmp_path / "once")
    assert problems_of(lake) == ()


@pytest.mark.parametrize("how", ["move", "delete"])
def test_files_are_put_away_after_the_commit(tmp_path, how):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    shutil.copytree(NEWS, drop)
    (drop / "half.xml.part").write_text("<rss>")
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--done", how)
    assert stream(*arguments, "--rounds", 1) == 0
    left = {str(path.relative_to(drop)) for path in drop.rglob("*") if path.is_file()}
    good = {path.name for path in NEWS.iterdir()} - {"broken.rss.xml"}
    moved = {f"_done/{name}" for name in good} if how == "move" else set()
    assert left == {"half.xml.part", "_rejected/broken.rss.xml", *moved}
    assert len(rows_of(lake, "rejects")) == 1
    assert problems_of(lake) == ()


def test_kept_files_are_read_once_and_changed_ones_again(tmp_path, monkeypatch):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    take_in = loop_module._Stream._take_in

    def and_then(self, taken, commit):
        take_in(self, taken, commit)
        next(rounds)()

    monkeypatch.setattr(loop_module._Stream, "_take_in", and_then)
    rounds = iter([lambda: (drop / "a.xml").write_bytes(items(1, 2)), lambda: None])
    assert stream("--input", drop, "--output", lake, "--every", "1s", "--rounds", 3) == 0
    assert commits_of(lake) == 2
    assert sorted(row["guid"] for row in rows_of(lake, "articles")) == ["1", "2"]


def test_feeds_and_files_in_one_round(tmp_path, capfd):
    drop, lake, listed = tmp_path / "drop", tmp_path / "lake", tmp_path / "feeds.toml"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    with Loopback({"/quay": answer(200, body=items(2, 3)), "/robots.txt": answer(404)}) as server:
        listed.write_text(f'[[feeds]]\nurl = "{server.url}/quay"\nname = "quay"\n')
        arguments = ("--input", drop, "--feeds", listed, "--output", lake, "--every", "1s")
        health = ("--health_file", tmp_path / "health.json", "--log_format", "json")
        assert stream(*arguments, *health, "--rounds", 2, "--allow_private_hosts") == 0
        assert [request.path for request in server.requests] == ["/robots.txt", "/quay"]
    assert sorted(row["guid"] for row in rows_of(lake, "articles")) == ["1", "2", "3"]
    assert [(p["source"], p["outcome"], p["items"]) for p in rows_of(lake, "polls")] == [
        ("quay", "fetched", 2)
    ]
    health = json.loads((tmp_path / "health.json").read_text())
    assert (health["state"], health["round"], health["last_commit"]) == ("stopped", 2, 1)
    assert health["totals"]["items_new"] == 3
    assert health["feeds"]["total"] == 1
    (told,) = [
        line for line in map(json.loads, capfd.readouterr().err.splitlines()) if "commit" in line
    ]
    assert (told["files"], told["feeds"], told["commit"]) == (1, 1, 1)
    assert problems_of(lake) == ()


def test_a_feed_list_that_changes_is_read_again(tmp_path, monkeypatch, capfd):
    lake, listed = tmp_path / "lake", tmp_path / "feeds.txt"
    routes = {f"/{n}": answer(200, body=items(n)) for n in (1, 2)}
    with Loopback(routes) as server:
        listed.write_text(f"{server.url}/1\n")
        lists = iter([f"{server.url}/1\n{server.url}/2\n", "no address\n", f"{server.url}/1\n"])
        show = loop_module.Status.ended

        def and_then(self, *facts):
            show(self, *facts)
            listed.write_text(next(lists))

        monkeypatch.setattr(loop_module.Status, "ended", and_then)
        arguments = ("--feeds", listed, "--output", lake, "--every", "1s", "--rounds", 3)
        robots = ("--robots", "ignore", "--host_delay_seconds", 0)
        assert stream(*arguments, *robots, "--allow_private_hosts") == 0
        assert [request.path for request in server.requests] == ["/1", "/2"]
    told = capfd.readouterr().err
    assert "read again, 2 feeds" in told
    assert "the list as it was goes on" in told


def test_a_round_that_fails_is_tried_again(tmp_path, monkeypatch, capfd):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    faults = iter([OSError(28, "No space left on device")])
    real = loop_module.carry_out

    def fails_once(work, staging, *rest, **more):
        for fault in faults:
            raise loop_module.RunFailedError(str(fault))
        return real(work, staging, *rest, **more)

    monkeypatch.setattr(loop_module, "carry_out", fails_once)
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--done", "move")
    assert stream(*arguments, "--rounds", 2) == 0
    assert "No space left" in capfd.readouterr().err
    assert not (drop / "a.xml").exists()
    assert len(rows_of(lake, "articles")) == 1
    assert problems_of(lake) == ()


def test_what_cannot_be_cleared_up_at_once_is_cleared_up_later(tmp_path, monkeypatch, capfd):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    faults = {"carry_out": iter([True]), "recover": iter([False, True])}

    def failing(name):
        real = getattr(loop_module, name)

        def call(*arguments, **more):
            if next(faults[name], False):
                raise OSError(28, "No space left on device")
            return real(*arguments, **more)

        return call

    for name in faults:
        monkeypatch.setattr(loop_module, name, failing(name))
    assert stream("--input", drop, "--output", lake, "--every", "1s", "--rounds", 3) == 0
    told = capfd.readouterr().err
    assert told.count("No space left on device") >= 1
    assert len(rows_of(lake, "articles")) == 1
    assert problems_of(lake) == ()


def test_rounds_that_go_on_failing_end_the_stream(tmp_path, monkeypatch, capfd):
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))

    def fails(*_, **__):
        raise loop_module.RunFailedError("it is broken")

    monkeypatch.setattr(loop_module, "carry_out", fails)
    monkeypatch.setattr(loop_module, "MOST_FAILED_ROUNDS", 2)
    assert stream("--input", drop, "--output", tmp_path / "lake", "--every", "1s") == 1
    assert "2 rounds in a row failed: it is broken" in capfd.readouterr().err
    assert (drop / "a.xml").exists()


def test_small_files_are_merged_between_rounds(tmp_path):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    for number in range(9):
        (drop / f"{number}.xml").write_bytes(items(number))
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--round_files", 1)
    assert stream(*arguments, "--rounds", 9) == 0
    assert commits_of(lake) == 9
    assert len(list(lake.glob("articles/*/*.parquet"))) < 9
    assert len(rows_of(lake, "articles")) == 9
    assert problems_of(lake) == ()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--every", "0s"], "must be between"),
        (["--every", "60s", "--input", "-"], "looks again each round"),
        (["--every", "60s", "--input", "gone/drop"], "gone"),
        (["--rounds", "3", "--input", "x"], "--rounds has no effect without --every"),
        (["--every", "60s", "--input", ".", "--max_rejects", "3"], "--max_rejects is for a run"),
        (["--every", "60s", "--input", ".", "--settle_seconds", "nan"], "--settle_seconds must"),
        (["--input", ".", "--proxy", "socks5://x"], "--proxy must be"),
        (["--input", ".", "--contact", "Łukasz"], "use ASCII"),
        (["--input", ".", "--host_delay_seconds", "inf"], "--host_delay_seconds must"),
        (["--every", "60s", "--feeds", "gone.toml"], "gone.toml"),
        (["--every", "60s", "--input", ".", "--health_file", "gone/h.json"], "health file"),
        (["--every", "60s", "--input", ".", "--metrics_address", "nonsense"], "metrics"),
        (
            [
                *("--every", "60s", "--input", "."),
                *("--direct_running_mode", "multi_processing", "--direct_num_workers", "2"),
            ],
            "--every runs in one process",
        ),
    ],
)
def test_wrong_usage_is_code_2_and_one_line(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--output", "lake", *arguments]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


class Running:
    """A stream in a process of its own."""

    def __init__(self, tmp_path: Path, *extra: str) -> None:
        self.drop, self.lake = tmp_path / "drop", tmp_path / "lake"
        self.drop.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pipeline", "run", "--input", self.drop),
                *("--output", self.lake, "--every", "1s", "--settle_seconds", "0"),
                *("--done", "move", "--language_engine", "fast", *extra),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )

    def put(self, name: str, content: bytes) -> None:
        (self.drop / f".{name}").write_bytes(content)
        (self.drop / f".{name}").rename(self.drop / name)

    def ends(self) -> tuple[int, str]:
        _, told = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_ends_it_after_the_commit(tmp_path, number):
    running = Running(tmp_path)
    running.put("a.xml", items(1))
    # The round is at work: its staging is there.
    until(lambda: list(running.lake.glob("_newsbeam/staging/*")) or commits_of(running.lake))
    running.process.send_signal(number)
    code, told = running.ends()
    assert code == 0
    assert "ending after this round's commit" in told
    assert len(rows_of(running.lake, "articles")) == 1
    assert (running.drop / "_done" / "a.xml").exists()
    assert problems_of(running.lake) == ()


def test_the_second_signal_ends_it_at_once_and_safely(tmp_path):
    running = Running(tmp_path)
    running.put("a.xml", items(*range(3000)))
    until(lambda: list(running.lake.glob("_newsbeam/staging/*")))
    running.process.send_signal(signal.SIGTERM)
    # Two that come together count as one, so it is sent until it has its effect.
    until(lambda: running.process.poll() is not None or running.process.send_signal(15))
    code, _ = running.ends()
    assert code == 143
    again = Running(tmp_path, "--rounds", "1")
    assert again.ends()[0] == 0
    assert len(rows_of(again.lake, "articles")) == 3000
    assert problems_of(again.lake) == ()


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), RuntimeError("odd")])
def test_a_commit_that_was_made_counts_whatever_comes_after_it(tmp_path, monkeypatch, capfd, fault):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    faults = iter([fault])
    publish = finish.publish

    def fails_once(*arguments):
        for one in faults:
            raise one
        publish(*arguments)

    monkeypatch.setattr(finish, "publish", fails_once)
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--done", "move")
    assert stream(*arguments, "--rounds", 1) == 0
    assert "round 1: commit 1, 1 file" in capfd.readouterr().err
    assert (drop / "_done" / "a.xml").exists()
    assert len(rows_of(lake, "articles")) == 1
    assert problems_of(lake) == ()


def test_a_full_disk_while_files_are_merged_costs_nothing(tmp_path, monkeypatch, capfd):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    for number in range(2):
        (drop / f"{number}.xml").write_bytes(items(number))

    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loop_module, "compact_lake", fails)
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--round_files", 1)
    assert stream(*arguments, "--rounds", 2) == 0
    assert "small files were not merged" in capfd.readouterr().err
    assert len(rows_of(lake, "articles")) == 2
    assert problems_of(lake) == ()


def test_a_lake_that_is_taken_away_is_not_made_again(tmp_path, monkeypatch, capfd):
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    take = loop_module._Stream._take

    def and_remove(self, now):
        shutil.rmtree(lake)
        return take(self, now)

    monkeypatch.setattr(loop_module._Stream, "_take", and_remove)
    health = tmp_path / "health.json"
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--health_file", health)
    assert stream(*arguments) == 1
    assert "the lake was taken away" in capfd.readouterr().err
    assert "taken away" in json.loads(health.read_text())["last_error"]
    assert not lake.exists()
    assert (drop / "a.xml").exists()


def test_a_health_file_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch, capfd):
    drop, lake, folder = tmp_path / "drop", tmp_path / "lake", tmp_path / "health"
    drop.mkdir()
    folder.mkdir()
    (drop / "a.xml").write_bytes(items(1))
    take = loop_module._Stream._take

    def and_remove(self, now):
        shutil.rmtree(folder)
        return take(self, now)

    monkeypatch.setattr(loop_module._Stream, "_take", and_remove)
    arguments = ("--input", drop, "--output", lake, "--every", "1s", "--rounds", 1)
    assert stream(*arguments, "--health_file", folder / "h.json") == 0
    assert capfd.readouterr().err.count("h.json") == 1
    assert len(rows_of(lake, "articles")) == 1


def test_the_archive_of_the_lake_is_never_put_away(tmp_path):
    work = tmp_path / "work"
    lake = work / "lake"
    (work / "drop").mkdir(parents=True)
    (work / "drop" / "a.xml").write_bytes(items(1))
    raw = lake / "raw" / "date=2026-03-01" / "b.xml"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(items(2))
    arguments = ("--output", lake, "--every", "1s", "--rounds", 1, "--done", "delete")
    assert stream("--input", work, *arguments) == 0
    assert raw.exists()
    assert [row["guid"] for row in rows_of(lake, "articles")] == ["1"]
    assert stream("--input", lake / "raw", *arguments) == 0
    assert raw.exists()
    assert sorted(row["guid"] for row in rows_of(lake, "articles")) == ["1", "2"]
