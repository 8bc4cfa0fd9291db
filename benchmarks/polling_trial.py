"""A thousand feeds that misbehave, polled for hours of a fake clock: is anything lost or impolite?

    python -m benchmarks.polling_trial --feeds 1000 --hosts 50 --rounds 24

The server, its feeds and what must hold are those of tests/test_polling_trial.py, which plays a
smaller world: ``tests/polling_world.py`` and ``tests/polling_truth.py``. Every sixth run is made to
fail just before its commit. Printed is what became of each kind of feed. Exit code 1 when a request
was beyond the plan, an item was lost or doubled, or the lake is not whole.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from clocks import FakeClock
from polled import poll_world
from polling_truth import Plan, losses, polls_of
from polling_world import World

from pipeline.errors import RunFailedError
from transforms.lake import finish
from transforms.lake.check import check_lake
from transforms.lake.errors import LakeError, LedgerMismatchError
from transforms.lake.layout import Layout

DELAY = 1.0
LEAST = 300.0
FAILS_EVERY = 6
"""Not the last run: what only a failed run was told is in no lake."""


def _fails(*_: object) -> None:
    raise LedgerMismatchError("made to fail")


def play(world: World, lake: Path, clock: FakeClock, given: argparse.Namespace) -> list[object]:
    """All rounds; gives when the runs were that made no commit."""
    failed = []
    make_commit = finish.make_commit
    for number in range(1, given.rounds + 1):
        began, started = clock.now(), time.monotonic()
        finish.make_commit = _fails if number % FAILS_EVERY == 3 else make_commit
        try:
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                poll_world(world, world.listed(), lake, clock, DELAY)
        except (LakeError, RunFailedError):
            failed.append((began, clock.now()))
        finish.make_commit = make_commit
        took = (clock.now() - began).total_seconds()
        print(
            f"round {number}: {took:.0f} s of the fake clock, {time.monotonic() - started:.1f} s, "
            f"{len(world.log):,} requests so far",
            flush=True,
        )
        clock.sleep(given.minutes * 60)
    return failed


def tell(world: World, lake: Path) -> None:
    """What became of each kind of feed."""
    polls: defaultdict[str, Counter[str]] = defaultdict(Counter)
    kinds = {feed.url: feed.kind for feed in world.feeds}
    for row in polls_of(lake):
        kind = polls[kinds[row["feed_url"]]]
        kind[row["outcome"]] += 1
        kind["gaps"] += row["gap_since"] is not None
        kind["lies"] += row["validators_distrusted"]
    words = ("fetched", "not_modified", "failed", "gone", "forbidden", "deferred", "gaps", "lies")
    print("kind".ljust(12), "feeds", "requests", *words, "delivered")
    for kind in sorted(polls):
        feeds = [feed for feed in world.feeds if feed.kind == kind]
        numbers = {feed.number for feed in feeds}
        requests = sum(asked.feed in numbers for asked in world.log)
        delivered = sum(len(feed.delivered) for feed in feeds)
        row = [len(feeds), requests, *(polls[kind][word] for word in words), delivered]
        widths = (5, 8, *map(len, words), 9)
        print(kind.ljust(12), *(f"{n:>{w}}" for n, w in zip(row, widths, strict=True)))


def main() -> int:
    """Play and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=30, help="between two rounds")
    given = parser.parse_args()
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder, "lake")
        with World(given.feeds, given.hosts, clock) as world:
            failed = play(world, lake, clock, given)
        broken = list(Plan(world, DELAY, LEAST, failed).broken())
        wrong, fate = losses(world, lake, clock.now())
        found = check_lake(Layout(str(lake)))
        tell(world, lake)
    print(f"{len(world.log):,} requests, {len(broken)} beyond the plan; {len(failed)} runs failed")
    print(f"{len(wrong)} items lost or doubled; items: {dict(fate)}")
    print(found.summary)
    print("\n".join([*broken[:20], *wrong[:20], *found.problems[:20]]))
    return 1 if broken or wrong or found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
