"""Archived polls served again over HTTP, in their order: the lake must be that of a file run.

    python -m benchmarks.repoll_served POLLS [--most N]

POLLS has one folder a feed; a poll's name is when it was fetched, ``2026-03-01T061500p1300.xml``. A
server on loopback gives each feed's document of a moment, with an ETag of its bytes and 304 where
they are the same; a run with its clock at that moment asks the feeds that were polled then. After
the last one, articles, duplicates and rejects must equal those of one ``newsbeam run
--path_pattern`` over the files, column by column, but for the run and the address a row came from.
Exit code 1 when they do not.
"""

import argparse
import hashlib
import logging
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, wait
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

from benchmarks.lakes import contents_of
from pipeline.cli import main as newsbeam
from pipeline.driver import run
from pipeline.options import parse_options
from transforms.formats.dropped import read_path_time
from transforms.lake.commit import read_commits
from transforms.lake.layout import Layout

PATTERN = r"/(?P<source>[^/]+)/(?P<fetched_at>[^/]+)\.xml$"
DIFFER = ("document_uri", "feed_url", "reject_id", "detail")
"""Columns that say where a row came from."""


@dataclass(frozen=True, slots=True)
class StoppedClock:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        """Always the same."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Return at once."""

    def wait(self, futures: Iterable[Future[Any]], seconds: float | None) -> None:
        """Wait for all."""
        wait(list(futures))


class Shelf:
    """What the server gives now."""

    def __init__(self) -> None:
        self.documents: Mapping[str, bytes] = {}
        self.answers: Counter[int] = Counter()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        content = self.documents.get(handler.path.strip("/"))
        tag = f'"{hashlib.sha256(content or b"").hexdigest()}"'
        if content is None:
            status, content = 404, b""
        elif handler.headers["If-None-Match"] == tag:
            status, content = 304, b""
        else:
            status = 200
        self.answers[status] += 1
        handler.send_response(status)
        handler.send_header("ETag", tag)
        if status != 304:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


def serve(shelf: Shelf) -> ThreadingHTTPServer:
    """A server on loopback that gives what is on the shelf."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shelf.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def poll_moments(folder: Path) -> list[tuple[datetime, dict[str, Path]]]:
    """The moments at which feeds were polled, and each feed's file of that moment."""
    moments: dict[datetime, dict[str, Path]] = {}
    for path in sorted(folder.glob("*/*.xml")):
        moments.setdefault(read_path_time(path.stem), {})[path.parent.name] = path
    return sorted(moments.items())


def run_served(
    moments: Iterable[tuple[datetime, dict[str, Path]]], lake: Path, work: Path
) -> Shelf:
    """A run for each moment, over HTTP; gives what the server answered."""
    shelf = Shelf()
    server = serve(shelf)
    listed = work / "feeds.toml"
    for moment, files in moments:
        shelf.documents = {feed: path.read_bytes() for feed, path in files.items()}
        listed.write_text(
            "".join(
                f'[[feeds]]\nurl = "http://127.0.0.1:{server.server_port}/{feed}"\n'
                f'name = "{feed}"\ninterval = "1s"\n'
                for feed in files
            )
        )
        options = parse_options(
            [
                *("--feeds", str(listed), "--output", str(lake), "--allow_private_hosts"),
                *("--host_delay_seconds=0", "--robots=ignore", "--min_poll_interval=1s"),
                *("--poll_interval=1s", "--language_engine=fast"),
            ]
        )
        with redirect_stdout(StringIO()):
            run(options, StoppedClock(moment))
    server.shutdown()
    server.server_close()
    return shelf


def differences(served: Path, filed: Path) -> list[str]:
    """Where two lakes differ, a line each."""
    found = []
    one, other = contents_of(served), contents_of(filed)
    for table in one:
        rows = [sorted(map(_comparable, lake[table])) for lake in (one, other)]
        missing = Counter(rows[1]) - Counter(rows[0])
        more = Counter(rows[0]) - Counter(rows[1])
        found += [f"{table}: only from files: {row[:300]}" for row in missing]
        found += [f"{table}: only over HTTP: {row[:300]}" for row in more]
    return found


def _comparable(row: dict[str, Any]) -> str:
    return repr({name: value for name, value in row.items() if name not in DIFFER})


def main() -> int:
    """Serve, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("polls", type=Path)
    parser.add_argument("--most", type=int, help="only the first N moments")
    given = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    moments = poll_moments(given.polls)[: given.most]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shelf = run_served(moments, work / "served", work)
        names = work / "names.txt"
        paths = [str(path) for _, files in moments for path in files.values()]
        names.write_text("\n".join(paths))
        sys.stdin = names.open()
        newsbeam(
            [
                *("run", "--input", "-", "--path_pattern", PATTERN, "--language_engine=fast"),
                *("--output", str(work / "filed")),
            ]
        )
        found = differences(work / "served", work / "filed")
        commits = len(list(read_commits(Layout(str(work / "served")))))
        whole = newsbeam(["check", str(work / "served")])
    print(f"{len(moments)} moments, {len(paths)} polls, {commits} commits; server: {shelf.answers}")
    print(f"{len(found)} rows differ")
    print("\n".join(found[:10]))
    return 1 if found or whole else 0


if __name__ == "__main__":
    sys.exit(main())
