"""Runs over feeds of a server on loopback, for tests: a lake, its feed list and its clock."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from clocks import FakeClock
from loopback import Loopback, Request, answer

from benchmarks.lakes import rows_of
from pipeline.driver import run
from pipeline.options import parse_options
from schemas.feeds import FeedState
from transforms.lake.feeds import read_feed_states
from transforms.lake.layout import Layout

NONE = answer(404)


def feed(*numbers: int, head: str = "", text: str = "") -> bytes:
    entries = "".join(
        f"<item><guid>ship-{n}</guid><title>The ship number {n} is in again</title>"
        f"<description>It carries salt for the northern yards. {text}</description></item>"
        for n in numbers
    )
    return (
        f"<rss version='2.0'><channel><title>Quay</title><link>http://quay.example/</link>{head}"
        f"{entries}</channel></rss>"
    ).encode()


class Lake:
    """A lake, a feed list, and a clock."""

    def __init__(self, tmp_path: Path, text: str, *extra: str) -> None:
        self.path = tmp_path / "lake"
        self.list = tmp_path / "feeds.toml"
        self.list.write_text(text)
        self.clock = FakeClock()
        self._extra = extra
        self.layout = Layout(str(self.path))

    def poll(self, *extra: str) -> list[dict[str, Any]]:
        """One run; gives the rows of its polls, by address."""
        options = parse_options(
            [
                *("--feeds", str(self.list), "--output", str(self.path), "--allow_private_hosts"),
                *("--language_engine=fast", "--fetch_seconds=5", *self._extra, *extra),
            ]
        )
        commit = run(options, self.clock).commit
        if commit is None:
            return []
        name = f"{commit.number:08d}"
        return [row for row in self.polls() if row["run_id"] == name]

    def polls(self) -> list[dict[str, Any]]:
        files = sorted(self.path.glob("polls/date=*/*.parquet"))
        rows = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
        return sorted(rows, key=lambda row: (row["run_id"], row["feed_url"]))

    def later(self, **time: float) -> None:
        self.clock.sleep(timedelta(**time).total_seconds())

    def guids(self) -> list[str]:
        return sorted(row["guid"] for row in rows_of(self.path, "articles"))

    def states(self) -> dict[str, FeedState]:
        return read_feed_states(self.layout)[0]


def listed(*urls: str, **more: str) -> str:
    settings = "".join(f"{name} = {value}\n" for name, value in more.items())
    return "".join(f'[[feeds]]\nurl = "{url}"\n{settings}' for url in urls)


def paths(requests: list[Request]) -> list[str]:
    return [request.path for request in requests]


def sent(request: Request) -> tuple[str | None, str | None]:
    return request.header("If-None-Match"), request.header("If-Modified-Since")


def poll_world(world: Loopback, listed: str, lake: Path, clock: FakeClock, delay: float) -> None:
    """One run over the feeds of a list that are due; the server is its proxy."""
    path = lake.parent / "feeds.txt"
    path.write_text(listed)
    run(
        parse_options(
            [
                *("--feeds", str(path), "--output", str(lake), "--proxy", world.url),
                *("--host_delay_seconds", str(delay), "--fetch_seconds", "0.6"),
                *("--max_document_bytes", str(1 << 20), "--language_engine", "fast"),
            ]
        ),
        clock,
    )
