"""The units of systemd in examples/scheduling: read, verified, and their commands executed.

ExecStart is executed as it stands, its specifiers put in as folders below a temporary one.
"""

import json
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from loopback import Loopback, answer
from runs import data_files, problems_of
from schedules import (
    BIN,
    EXAMPLES,
    INSTALLED,
    NEWS,
    SUBPROCESS,
    UNIT_KEYS,
    at_loopback,
    feed_list,
    held,
    read_unit,
)

from benchmarks.lakes import rows_of

UNITS = ("newsbeam.service", "newsbeam.timer", "newsbeam-stream.service")
ANALYZE = shutil.which("systemd-analyze")


class Service:
    """A service of the examples, its specifiers put in as folders below one."""

    def __init__(self, name: str, below: Path) -> None:
        self.keys = read_unit(name)["Service"]
        self.specifiers = {"%E": below / "etc", "%S": below / "lib", "%t": below / "run"}
        self.lake = below / "lib" / "newsbeam" / "lake"
        self.drop = below / "lib" / "newsbeam" / "drop"
        self.feeds = below / "etc" / "newsbeam" / "feeds.toml"
        for key, where in (("StateDirectory", "%S"), ("RuntimeDirectory", "%t")):
            for folder in self.keys.get(key, "").split():
                (self.specifiers[where] / folder).mkdir(parents=True)

    def command(self) -> list[str]:
        program, *words = shlex.split(self._filled(self.keys["ExecStart"]))
        assert program == f"{INSTALLED}/newsbeam"
        return [str(BIN / "newsbeam"), *words]

    def environment(self) -> dict[str, str]:
        """What systemd gives a service, and the lines of its environment file."""
        given = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "USER": self.keys["User"]}
        optional = Path(self._filled(self.keys["EnvironmentFile"]).removeprefix("-"))
        if optional.exists():
            given.update(line.split("=", 1) for line in optional.read_text().splitlines())
        return given

    def _filled(self, text: str) -> str:
        for specifier, folder in self.specifiers.items():
            text = text.replace(specifier, str(folder))
        assert "%" not in text
        return text


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_units(tmp_path):
    for name in UNITS:
        text = (EXAMPLES / name).read_text().replace(INSTALLED, str(BIN))
        (tmp_path / name).write_text(text)
    verify = [str(ANALYZE), "verify", "--man=no", *(f"./{name}" for name in UNITS)]
    done = subprocess.run(verify, cwd=tmp_path, **SUBPROCESS)
    # An unknown key is a warning, with exit code 0.
    assert [line for line in done.stderr.splitlines() if "newsbeam" in line] == []
    assert done.returncode == 0
    when = read_unit("newsbeam.timer")["Timer"]["OnCalendar"]
    calendar = subprocess.run([str(ANALYZE), "calendar", when], **SUBPROCESS)
    assert "*-*-* *:00/10:00" in calendar.stdout


def test_the_units_are_of_one_mind():
    run, stream = (read_unit(name)["Service"] for name in (UNITS[0], UNITS[2]))
    hardening = UNIT_KEYS["Service"].split("Nice ")[1].split()
    assert {key: run[key] for key in hardening} == {key: stream[key] for key in hardening}
    assert read_unit(UNITS[2])["Unit"]["Conflicts"].split() == ["newsbeam.timer", UNITS[0]]


def test_the_oneshot_asks_feeds_that_are_due_and_takes_a_held_lake_for_success(tmp_path):
    service = Service("newsbeam.service", tmp_path)
    body = (NEWS / "coastal_times.rss.xml").read_bytes()
    secrets = tmp_path / "etc" / "newsbeam" / "secrets.env"

    def execute() -> tuple[int, str]:
        done = subprocess.run(
            at_loopback(service.command()), env=service.environment(), **SUBPROCESS
        )
        return done.returncode, done.stderr

    with Loopback({"/feed": answer(200, body=body)}) as server:
        feed_list(service.feeds, f"{server.url}/feed")
        secrets.write_text("NEWS_TOKEN=opensesame\n")
        assert execute()[0] == 0
        files = data_files(service.lake)
        assert execute()[0] == 0
    (asked,) = (request for request in server.requests if request.path == "/feed")
    assert asked.header("authorization") == "Bearer opensesame"
    assert len(rows_of(service.lake, "articles")) == 4
    assert data_files(service.lake) == files
    assert problems_of(service.lake) == ()
    with held(service.lake):
        code, line = execute()
    assert "the lake is being written by" in line
    assert str(code) in service.keys["SuccessExitStatus"].split()
    service.feeds.unlink()
    code, _ = execute()
    assert code == 2
    assert str(code) not in service.keys["SuccessExitStatus"].split()


def drop(files: Mapping[str, str], folder: Path) -> None:
    """Rename files in, as docs/local_stream.md asks for."""
    for name, new in files.items():
        shutil.copyfile(NEWS / name, folder / f".{new}")
        (folder / f".{new}").rename(folder / new)


def test_the_stream_ends_by_sigterm_after_the_commit_of_its_round(tmp_path):
    service = Service("newsbeam-stream.service", tmp_path)
    asked, go_on = threading.Event(), threading.Event()

    def slow(exchange):
        asked.set()
        go_on.wait()
        answer(200, body=(NEWS / "mountain_post.atom.xml").read_bytes())(exchange)

    quick = answer(200, body=(NEWS / "city_desk.feed.json").read_bytes())
    command = at_loopback(service.command(), "--every=1s", "--settle_seconds=0")
    with Loopback({"/quick": quick, "/slow": slow}) as server:
        feed_list(service.feeds, f"{server.url}/quick", token="PATH")
        with subprocess.Popen(
            command, env=service.environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            too_long = threading.Timer(120, process.kill)
            too_long.start()
            assert "commit 1, 0 files, 1 feed, 3 items: 3 new" in process.stderr.readline()
            drop({"coastal_times.rss.xml": "a.xml"}, service.drop)
            assert "commit 2, 1 file, 0 feeds, 5 items" in process.stderr.readline()
            feed_list(service.feeds, f"{server.url}/quick", f"{server.url}/slow", token="PATH")
            assert asked.wait(60)
            process.send_signal(signal.SIGTERM)
            # The line about the list comes first.
            while "ending after this round's commit" not in (line := process.stderr.readline()):
                assert line
            go_on.set()
            rest = process.stderr.read()
            assert process.wait() == 0
            too_long.cancel()
    assert "commit 3, 0 files, 1 feed, 3 items" in rest
    health = json.loads((tmp_path / "run" / "newsbeam" / "health.json").read_text())
    assert (health["state"], health["last_commit"]) == ("stopped", 3)
    assert [path.name for path in (service.drop / "_done").iterdir()] == ["a.xml"]
    assert len(rows_of(service.lake, "articles")) == 9
    assert problems_of(service.lake) == ()


def test_the_stream_is_not_started_again_for_what_waiting_does_not_mend(tmp_path):
    service = Service("newsbeam-stream.service", tmp_path)
    feed_list(service.feeds, "https://coastal-times.example/feed.xml")
    with held(service.lake):
        done = subprocess.run(service.command(), env=service.environment(), **SUBPROCESS)
    assert done.returncode == 4
    assert service.keys["RestartPreventExitStatus"].split() == ["2", "4"]
    assert "--every=60s" in service.command()
    assert service.keys["Restart"] == "on-failure"
    assert service.keys["KillMode"] == "mixed"
