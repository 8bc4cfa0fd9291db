"""The local stream under a steady drop of files, killed on the way.

``python benchmarks/stream_trial.py --seconds 300 --rate 20 --kills 40`` drops files by rename into
a folder that ``newsbeam run --every`` watches, kills the stream with SIGKILL at random moments and
starts it again. Afterwards every file's article must be in the lake once, ``newsbeam check`` must
be clean, and no file may be left. Printed are the time from a file's drop until its row can be
read from the tables, and the memory of the longest-lived process.
"""

import argparse
import itertools
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

_WORDS = """
harbour ferry council library bridge school river market storm museum hospital train garden budget
festival bakery orchestra lighthouse tunnel vineyard stadium glacier workshop airport forest theatre
""".split()
PATIENCE_SECONDS = 300


class Drop:
    """Drops numbered files at a steady rate, under names that are whole when they appear."""

    def __init__(self, folder: Path, rate: float) -> None:
        self._folder = folder
        self._rate = rate
        self.dropped: dict[str, float] = {}
        self.done = threading.Event()

    def run(self, seconds: float) -> None:
        """Drop for so long."""
        started = time.monotonic()
        for number in itertools.count():
            due = started + number / self._rate
            if due > started + seconds:
                break
            time.sleep(max(due - time.monotonic(), 0))
            name = f"file-{number:06d}"
            hidden = self._folder / f".{name}.tmp"
            hidden.write_text(_document(number, name), encoding="utf-8")
            self.dropped[name] = time.time()
            hidden.rename(self._folder / f"{name}.json")
        self.done.set()


def _document(number: int, name: str) -> str:
    rng = random.Random(number)
    title = " ".join(rng.choice(_WORDS) for _ in range(7))
    body = ". ".join(" ".join(rng.choice(_WORDS) for _ in range(14)) for _ in range(12))
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Drop",
            "feed_url": "https://drop.example/feed.json",
            "items": [
                {
                    "id": name,
                    "url": f"https://drop.example/{name}",
                    "title": f"{title} {number}",
                    "content_text": f"{body}. {number}",
                    "date_published": datetime.now(UTC).isoformat(),
                }
            ],
        }
    )


class Reader:
    """Looks for new files in the tables and notes when each row can first be read."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._seen: set[Path] = set()
        self.found: dict[str, float] = {}
        self.ends = threading.Event()

    def run(self) -> None:
        """Look until told to end, and once more then."""
        while not self.ends.wait(0.05):
            self.look()
        self.look()

    def look(self) -> None:
        """Read what is new."""
        for path in sorted(set(self._lake.glob("articles/date=*/*.parquet")) - self._seen):
            try:
                guids = pq.read_table(path, columns=["guid"], partitioning=None).column(0)
            except FileNotFoundError:
                continue  # It was merged into another one meanwhile.
            now = time.time()
            self._seen.add(path)
            for guid in guids.to_pylist():
                self.found.setdefault(guid, now)


class Stream:
    """``newsbeam run --every`` in a process of its own, started again when it is killed."""

    def __init__(self, drop: Path, lake: Path, every: str, log: Path) -> None:
        self._command = [
            *(sys.executable, "-m", "pipeline", "run", "--input", str(drop), "--done", "delete"),
            *("--settle_seconds", "0", "--output", str(lake), "--every", every),
            *("--language_engine", "fast"),
        ]
        self._log = log
        self.memory: list[list[int]] = []
        self.start()

    def start(self) -> None:
        """Start it."""
        self.memory.append([])
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log, stdout=log)

    def kill(self) -> None:
        """SIGKILL, and start again."""
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        self.start()

    def end(self) -> int:
        """SIGTERM; gives the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)

    def sample(self) -> None:
        """Note the resident memory."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return
        for line in status.splitlines():
            if line.startswith("VmRSS"):
                self.memory[-1].append(int(line.split()[1]) >> 10)


def trial(given: argparse.Namespace, work: Path) -> int:
    """One trial; gives the number of faults."""
    folder, lake, log = work / "drop", work / "lake", work / "stream.log"
    folder.mkdir()
    drop, reader = Drop(folder, given.rate), Reader(lake)
    stream = Stream(folder, lake, given.every, log)
    threads = [
        threading.Thread(target=drop.run, args=(given.seconds,)),
        threading.Thread(target=reader.run),
    ]
    for thread in threads:
        thread.start()
    rng = random.Random(given.seed)
    kills = sorted(rng.uniform(3, given.seconds) for _ in range(given.kills))
    started = time.monotonic()
    patience = started + given.seconds + PATIENCE_SECONDS
    while time.monotonic() < patience:
        if kills and time.monotonic() - started >= kills[0]:
            kills.pop(0)
            stream.kill()
        stream.sample()
        if drop.done.is_set() and len(reader.found) >= len(drop.dropped) and not kills:
            break
        time.sleep(0.2)
    code = stream.end()
    reader.ends.set()
    for thread in threads:
        thread.join()
    return _report(given, drop, reader, stream, lake, folder, code)


def _report(
    given: argparse.Namespace,
    drop: Drop,
    reader: Reader,
    stream: Stream,
    lake: Path,
    folder: Path,
    code: int,
) -> int:
    stored = Counter[str]()
    for path in lake.glob("articles/date=*/*.parquet"):
        table = pq.read_table(path, columns=["guid"], partitioning=None)
        stored.update(table.column(0).to_pylist())
    lost = drop.dropped.keys() - stored.keys()
    doubled = [guid for guid, number in stored.items() if number > 1]
    left = [path.name for path in folder.rglob("*") if path.is_file()]
    checked = subprocess.run(
        [sys.executable, "-m", "pipeline", "check", str(lake)], capture_output=True, text=True
    )
    waits = np.array([reader.found[g] - t for g, t in drop.dropped.items() if g in reader.found])
    commits = len(list((lake / "_newsbeam" / "commits").iterdir()))
    files = [len(list(day.iterdir())) for day in (lake / "articles").iterdir()]
    print(f"{len(drop.dropped)} files in {given.seconds:.0f} s, rounds of {given.every}")
    print(f"{given.kills} kills, {commits} commits, {max(files)} files a day at most")
    print(f"{len(lost)} lost, {len(doubled)} doubled, {len(left)} left over; exit code {code}")
    print(checked.stdout.strip().splitlines()[-1])
    if len(waits):
        half, most = np.percentile(waits, [50, 99])
        print(f"from drop to row: p50 {half:.2f} s, p99 {most:.2f} s, longest {waits.max():.2f} s")
    memory = max(stream.memory, key=len)
    quarter = max(len(memory) // 4, 1)
    parts = [memory[start : start + quarter] for start in range(0, len(memory), quarter)][:4]
    told = ", ".join(f"{np.median(part):.0f}" for part in parts if part)
    print(f"MiB of the longest-lived process, by quarters of its life: {told}")
    return len(lost) + len(doubled) + len(left) + abs(code) + checked.returncode


def main() -> int:
    """Run the trial; 1 when something was lost, doubled or left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--rate", type=float, default=20, help="files a second")
    parser.add_argument("--every", default="5s", help="length of a round")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 1 if trial(given, Path(folder)) else 0


if __name__ == "__main__":
    sys.exit(main())
