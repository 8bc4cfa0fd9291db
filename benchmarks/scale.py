"""How the cost of a run follows its new items and not the age of the lake.

    python -m benchmarks.scale items [--items 1000000]
    python -m benchmarks.scale history [--keys 10000000] [--items 1000]
    python -m benchmarks.scale hot [--items 100000]
    python -m benchmarks.scale age [--commits 300]

Everything between normalising and publishing, in this process and without Beam: sightings, keys,
history, judge, segments. ``items`` is one run over so many items, phase by phase. ``history``
writes a history of so many keys and then judges items against none of it, a tenth of it and all of
it. ``hot`` gives one headline to all items. ``age`` makes commit after commit.

Time is CPU seconds of the process, so other work on the machine does not count. The peak is the
kernel's resident high-water mark of the phase, pages of memory maps included.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.scale_lake import (
    KEYS_AN_ITEM,
    Run,
    body_of,
    distinct_items,
    invent_history,
    mixed_items,
    multiplied,
    new_lake,
    sighting,
    tables_of,
)
from schemas.ledger import DataFile
from transforms.identity.verdicts import Judgement
from transforms.lake.commit import latest_number, read_commit
from transforms.lake.history import live_segments
from transforms.lake.layout import Layout

INVENTED = 100_000
"""Items that are invented one by one; more are these under other keys."""

_T = TypeVar("_T")


def memory() -> str:
    """The most memory this process has held since :func:`forget_peak`."""
    status = Path("/proc/self/status").read_text()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return f"{int(peak) / 1024:,.0f} MiB"


def forget_peak() -> None:
    """Begin a new measurement of the most memory held."""
    Path("/proc/self/clear_refs").write_text("5")


def outcomes(judgement: Judgement) -> Counter[str]:
    """How many items came to which outcome."""
    totals = Counter[str]()
    for (_, outcome, _), number in judgement.counts.items():
        totals[outcome.value] += number
    return totals


def items(count: int) -> None:
    """One run into an empty lake, phase by phase."""
    print("| phase | CPU s | peak RSS |")
    print("|---|--:|--:|")

    def measured(phase: str, work: Callable[[], _T]) -> _T:
        forget_peak()
        start = time.process_time()
        result = work()
        print(f"| {phase} | {time.process_time() - start:.1f} | {memory()} |", flush=True)
        return result

    with tempfile.TemporaryDirectory() as folder:
        layout = new_lake(Path(folder) / "lake")
        some = min(count, INVENTED)
        base = list(tables_of(mixed_items(some)))
        run = measured("write sightings", lambda: Run(layout, 1, multiplied(base, count // some)))
        names, meet = measured("group keys", run.group_keys)
        judgement = measured("judge", lambda: run.judge(names, meet))
        written = measured("write history", lambda: run.commit(judgement))
    totals = ", ".join(f"{number:,} {name}" for name, number in sorted(outcomes(judgement).items()))
    print(f"{count:,} items: {totals}; {written / (1 << 20):,.0f} MiB of history")


def history(keys: int, count: int) -> None:
    """Judge items against nothing, a tenth and all of a history, each in a process of its own."""
    print("| keys in the history | rows | segments | CPU s | new | unchanged | peak RSS |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for share in (0.0, 0.1, 1.0):
        with tempfile.TemporaryDirectory() as folder:
            layout = new_lake(Path(folder) / "lake")
            rows = int(keys * share) // KEYS_AN_ITEM
            if rows:
                invent_history(layout, rows, list(distinct_items(range(count // 2))))
            entries = sum(file.rows for file in _last_files(layout) if file.table == "index")
            with get_context("spawn").Pool(1) as process:
                told = process.apply(judge_against, (layout.root, count))
            print(f"| {entries:,} | {rows:,} | {told} |", flush=True)


def judge_against(root: str, count: int) -> str:
    """One run over so many items into a lake: the rest of its line in the table."""
    layout = Layout(root)
    segments = len(live_segments(layout))
    run = Run(layout, latest_number(layout) + 1, tables_of(distinct_items(range(count))))
    start = time.process_time()
    judgement, _ = run.carry_out()
    seconds = time.process_time() - start
    found = outcomes(judgement)
    return f"{segments} | {seconds:.2f} | {found['new']:,} | {found['unchanged']:,} | {memory()}"


def _last_files(layout: Layout) -> Sequence[DataFile]:
    number = latest_number(layout)
    return read_commit(layout, number).files if number else ()


def hot(most: int) -> None:
    """One headline on everything: differing texts, then one text."""
    print("| items with one headline | texts | CPU s | items/CPU s | peak RSS |")
    print("|--:|---|--:|--:|--:|")
    headline = "Morning briefing from all the harbours of the coast"
    for kind in ("differ", "equal"):
        for count in (most // 4, most // 2, most):
            with tempfile.TemporaryDirectory() as folder:
                rows = (
                    sighting(
                        n,
                        headline=headline,
                        body=body_of(n if kind == "differ" else 0),
                        source=f"s{n % 9973}",
                    )
                    for n in range(count)
                )
                run = Run(new_lake(Path(folder) / "lake"), 1, tables_of(rows))
                forget_peak()
                start = time.process_time()
                run.carry_out()
                seconds = time.process_time() - start
            print(
                f"| {count:,} | {kind} | {seconds:.1f} | {count / seconds:,.0f} | {memory()} |",
                flush=True,
            )


def age(commits: int) -> None:
    """Commit after commit of twenty new items."""
    each = 20
    with tempfile.TemporaryDirectory() as folder:
        layout = new_lake(Path(folder) / "lake")
        seconds, written = [], 0
        for number in range(1, commits + 1):
            numbers = range(each * number, each * (number + 1))
            run = Run(layout, number, tables_of(distinct_items(numbers)))
            start = time.process_time()
            written += run.carry_out()[1]
            seconds.append(time.process_time() - start)
        tenth = max(1, commits // 10)
        kept = sum(path.stat().st_size for path in layout.keys.iterdir())
        print(f"{commits} commits of {each} items: {len(live_segments(layout))} segments,")
        print(f"  first tenth {np.mean(seconds[:tenth]) * 1000:.0f} CPU ms a commit,")
        print(f"  last tenth  {np.mean(seconds[-tenth:]) * 1000:.0f} CPU ms a commit,")
        print(f"  {written / kept:.1f} bytes written for each that is kept")


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("which", choices=("items", "history", "hot", "age"))
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--items", type=int)
    parser.add_argument("--commits", type=int, default=300)
    given = parser.parse_args()
    if given.which == "items":
        items(given.items or 1_000_000)
    elif given.which == "history":
        history(given.keys, given.items or 1000)
    elif given.which == "hot":
        hot(given.items or 100_000)
    else:
        age(given.commits)


if __name__ == "__main__":
    sys.exit(main())
