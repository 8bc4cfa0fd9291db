"""A whole ``newsbeam run`` over any number of invented items: seconds and peak memory.

``python -m benchmarks.scale_run --items 1000000`` writes the items of :mod:`benchmarks.bulk` as
feed files, runs newsbeam over them twice into one lake, and prints a line for each run. All items
of the second are known. Memory is the largest sum of the resident sizes of all processes of a run.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.bulk import write_feeds
from benchmarks.throughput import measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_run")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument(
        "--feeds", type=Path, help="folder of the files; written when it is missing"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        feeds = given.feeds or Path(folder) / "feeds"
        if not feeds.is_dir():
            write_feeds(feeds, given.items)
        command = [sys.executable, "-m", "pipeline", "run", "--language_engine=fast"]
        command += ["--input", str(feeds), "--output", f"{folder}/lake"]
        print("| run | items | seconds | CPU s | items/CPU s | peak RSS |", flush=True)
        print("|--:|--:|--:|--:|--:|--:|", flush=True)
        for number in range(1, given.runs + 1):
            found = measure(command)
            print(
                f"| {number} | {given.items:,} | {found.seconds:,.0f} | {found.cpu:,.0f} "
                f"| {given.items / found.cpu:,.0f} | {found.peak / 2**20:,.0f} MiB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
