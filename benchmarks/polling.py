"""What it costs to ask many feeds, beside a loop that only fetches.

``python -m benchmarks.polling --feeds 1000`` starts a server on loopback in a process of its own
that has so many feeds on as many hosts as ``--hosts`` says, each of 25 items, and asks them all in
one round: by ``newsbeam run --feeds``, and by a plain loop of urllib3 over as many threads as
newsbeam has connections, which fetches, keeps nothing and spares no host. Printed are seconds, CPU
seconds of the asking process, and its peak memory. A second round of newsbeam, in which every feed
says 304, is measured too.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ITEMS = 25
CONNECTIONS = 32
_WORDS = "harbour ferry council library bridge school river market storm museum hospital".split()
_START = datetime(2026, 3, 1, tzinfo=UTC)


def document(feed: int) -> bytes:
    """A feed of invented items."""
    items = []
    for number in range(ITEMS):
        words = [
            _WORDS[(feed * 7 + number * 3 + place * place) % len(_WORDS)] for place in range(90)
        ]
        at = format_datetime(_START + timedelta(minutes=number * 17 + feed))
        items.append(
            f"<item><guid isPermaLink='false'>{feed}-{number}</guid><title>{' '.join(words[:8])} "
            f"{feed} {number}</title><link>http://feed{feed}.example/{number}</link>"
            f"<pubDate>{at}</pubDate><description>{' '.join(words)} {number}</description></item>"
        )
    head = f"<title>Feed {feed}</title><link>http://feed{feed}.example/</link>"
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


class _Feeds(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request that a client made of a proxy."""
        name = self.path.rsplit("/", 1)[-1]
        if not name.isdigit():
            self._send(404, b"")
        elif self.headers["If-None-Match"] == f'"{name}"':
            self._send(304, b"", f'"{name}"')
        else:
            self._send(200, document(int(name)), f'"{name}"')

    def _send(self, status: int, body: bytes, tag: str | None = None) -> None:
        self.send_response(status)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve() -> None:
    """Serve until killed; the port is the first line of output."""
    ThreadingHTTPServer.request_queue_size = 1024
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Feeds)
    print(server.server_port, flush=True)
    server.serve_forever()


def fetch_plainly(proxy: str, urls: list[str]) -> None:
    """The plain loop."""
    import urllib3

    pool = urllib3.ProxyManager(proxy, maxsize=CONNECTIONS, retries=False)

    def fetch(url: str) -> int:
        return len(pool.request("GET", url).data)

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        total = sum(threads.map(fetch, urls))
    print(f"{total / 2**20:.1f} MiB")


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run a command; seconds, CPU seconds, peak MiB."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=3000)
    if process.returncode:
        sys.exit(said.decode())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.monotonic() - started
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def alone(command: list[str]) -> tuple[float, float, float]:
    """:func:`measured` in a process of its own, whose children are this command alone."""
    code = "import sys; from benchmarks.polling import measured; print(*measured(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True
    )
    seconds, cpu, memory = map(float, done.stdout.split())
    return seconds, cpu, memory


def main() -> None:
    """Measure one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--delay", default="0", help="--host_delay_seconds")
    given = parser.parse_args()
    code = "from benchmarks.polling import serve; serve()"
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    proxy = f"http://127.0.0.1:{int(server.stdout.readline())}"
    urls = [f"http://h{feed % given.hosts}.example/{feed}" for feed in range(given.feeds)]
    with tempfile.TemporaryDirectory() as folder:
        listed, lake = Path(folder, "feeds.txt"), Path(folder, "lake")
        listed.write_text("\n".join(urls))
        run = [
            *(sys.executable, "-m", "pipeline", "run", "--feeds", str(listed), "--proxy", proxy),
            *("--output", str(lake), "--host_delay_seconds", given.delay),
            *("--language_engine", "fast", "--min_poll_interval", "1s", "--poll_interval", "1s"),
            *("--max_poll_interval", "1s", "--robots", "ignore"),
        ]
        plain = [sys.executable, "-c", _PLAIN, proxy, str(listed)]
        try:
            print(f"{given.feeds:,} feeds on {given.hosts:,} hosts, {ITEMS} items each")
            for name, command in (
                ("plain urllib3 loop", plain),
                ("newsbeam, all new", run),
                ("newsbeam, all 304", run),
                ("plain urllib3 loop again", plain),
            ):
                seconds, cpu, memory = alone(command)
                print(f"{name}: {seconds:.1f} s, {cpu:.1f} CPU s, {memory:.0f} MiB", flush=True)
        finally:
            server.kill()


_PLAIN = """
import sys
from benchmarks.polling import fetch_plainly
fetch_plainly(sys.argv[1], open(sys.argv[2]).read().split())
"""

if __name__ == "__main__":
    main()
