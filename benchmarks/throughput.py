"""Articles a second, CPU and peak memory of ``newsbeam run`` beside a plain script.

``python -m benchmarks.throughput FEEDS --entries 50000`` makes a corpus from a folder of captured
feeds, then runs both in turn over the same files and prints a line each and the ratios. Memory is
the largest sum of the resident sizes of all processes of a run, looked at five times a second, so
pages that processes share count more than once.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import write_corpus

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """What a run took."""

    seconds: float
    cpu: float
    peak: int


def _processes() -> dict[int, int]:
    """Parent of each process."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    return parents


def _family(root: int) -> set[int]:
    parents = _processes()
    family = {root}
    while grown := {p for p, parent in parents.items() if parent in family} - family:
        family |= grown
    return family


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / _TICKS


def measure(command: list[str]) -> Measured:
    """Run a command and its children to the end."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak, cpu = 0, dict[int, float]()
    while process.poll() is None:
        family = _family(process.pid)
        peak = max(peak, sum(map(_resident, family)))
        cpu.update({pid: max(cpu.get(pid, 0.0), _cpu(pid)) for pid in family})
        time.sleep(0.2)
    if process.returncode:
        sys.exit(f"{command} failed: {process.stderr.read().decode() if process.stderr else ''}")
    return Measured(time.monotonic() - started, sum(cpu.values()), peak)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feeds", type=Path, help="folder of captured feeds")
    parser.add_argument("--entries", type=int, default=50_000)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--skip", nargs="*", default=[], help="names of runs to leave out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        size = write_corpus(options.feeds, corpus, options.entries)
        print(f"{options.entries:,} entries, {size / 2**20:,.0f} MiB of RSS", flush=True)
        lake = ["--input", str(corpus), "--output"]
        newsbeam = [sys.executable, "-m", "pipeline", "run", *lake]
        plain = [sys.executable, "-m", "benchmarks.plain_script", str(corpus)]
        cores = [f"--direct_num_workers={options.cores}", "--direct_running_mode=multi_processing"]
        runs = {
            "newsbeam": [*newsbeam, f"{folder}/one"],
            "plain": [*plain, f"{folder}/plain-one"],
            "newsbeam-fast": [*newsbeam, f"{folder}/fast", "--language_engine=fast"],
            "newsbeam-cores": [*newsbeam, f"{folder}/many", *cores],
            "plain-cores": [*plain, f"{folder}/plain-many", "--processes", str(options.cores)],
        }
        results = {}
        for name, command in runs.items():
            if name in options.skip:
                continue
            results[name] = found = measure(command)
            print(
                f"{name:<16}{options.entries / found.seconds:8,.0f} articles/s"
                f"{found.seconds:8.1f} s {found.cpu:8.1f} CPU s {found.peak / 2**20:8,.0f} MiB",
                flush=True,
            )
        for ours, theirs in (("newsbeam", "plain"), ("newsbeam-cores", "plain-cores")):
            if ours in results and theirs in results:
                a, b = results[ours], results[theirs]
                print(
                    f"{ours} / {theirs}: time {a.seconds / b.seconds:.2f}, "
                    f"CPU {a.cpu / b.cpu:.2f}, memory {a.peak / b.peak:.2f}"
                )


if __name__ == "__main__":
    main()
