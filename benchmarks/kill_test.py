"""Kill runs at random moments and prove that nothing is lost and nothing doubled.

``python benchmarks/kill_test.py --kills 60`` takes about ten minutes. For each kill a lake that
holds a first run is copied, a second run over more files is started, killed with SIGKILL together
with all its workers, and started again; then ``newsbeam check`` must be clean and every column of
every row but run_id must equal that of a lake whose second run was left alone.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.lakes import contents_of
from benchmarks.synthetic import write_polls

PATIENCE_SECONDS = 120
AIMS = (
    ("lock", 0.0),
    ("lock", 0.0),
    ("staging/*/claims/*", 1.0),
    ("staging/*/files/*", 1.0),
    ("commits/00000002.json", 0.03),
)
"""Where the waiting begins and how long it may take; 0 means a whole run. The lock file is there
from the start, so two fifths of the kills fall anywhere and the others where it might hurt."""


def newsbeam(*arguments: str) -> list[str]:
    """The command line of a newsbeam command in this interpreter."""
    return [sys.executable, "-m", "pipeline", *arguments]


def run(files: Path, lake: Path, extra: list[str]) -> float:
    """Run to the end; returns how many seconds it took."""
    started = time.monotonic()
    subprocess.run(
        newsbeam("run", "--input", str(files), "--output", str(lake), *extra),
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    return time.monotonic() - started


def kill(files: Path, lake: Path, extra: list[str], after: float, aim: str) -> str:
    """Start a run and kill it and its workers; returns what state it left behind.

    Args:
        files: what it reads.
        lake: where it writes.
        extra: further options.
        after: how many seconds to wait.
        aim: a pattern below the lake's machinery: the waiting begins once something matches it.
    """
    process = subprocess.Popen(
        newsbeam("run", "--input", str(files), "--output", str(lake), *extra),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and not any((lake / "_newsbeam").glob(aim)):
        time.sleep(0.0005)
    try:
        process.wait(after)
        return "finished before the kill"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return _state(lake)


def _state(lake: Path) -> str:
    machinery = lake / "_newsbeam"
    staged = list((machinery / "staging").glob("*"))
    commits = len(list((machinery / "commits").glob("*.json")))
    if commits > 1:
        return "committed, not yet published" if staged else "committed and published"
    if not staged:
        return "before staging"
    if any((staged[0] / "files").glob("*")):
        return "while writing files"
    return "while reading" if any((staged[0] / "claims").glob("*")) else "before the first claim"


def main() -> int:
    """Run the trial; 0 when every lake came out equal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("extra", nargs="*", help="further options for newsbeam run, after --")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_polls(root / "first", polls=6, feeds=4, items=20, seed=options.seed)
        files = write_polls(root / "all", polls=30, feeds=8, items=40, seed=options.seed)
        first, clean = root / "first-lake", root / "clean-lake"
        run(root / "first", first, options.extra)
        shutil.copytree(first, clean)
        seconds = run(root / "all", clean, options.extra)
        expected = contents_of(clean)
        print(
            f"{len(files)} files, {sum(map(len, expected.values()))} rows; "
            f"an undisturbed run takes {seconds:.1f} s; seed {options.seed}"
        )
        states, bad = Counter[str](), 0
        for number in range(1, options.kills + 1):
            lake = root / "lake"
            shutil.rmtree(lake, ignore_errors=True)
            shutil.copytree(first, lake)
            aim, longest = AIMS[number % len(AIMS)]
            after = rng.uniform(0, longest or seconds)
            state = kill(root / "all", lake, options.extra, after, aim)
            states[state] += 1
            run(root / "all", lake, options.extra)
            check = subprocess.run(
                newsbeam("check", str(lake)), capture_output=True, text=True, check=False
            )
            equal = contents_of(lake) == expected
            bad += check.returncode != 0 or not equal
            verdict = "equal" if equal else "DIFFERENT"
            print(
                f"{number:3d}  killed {after:6.3f} s after {aim}, {state}: {verdict}, "
                f"check {'clean' if check.returncode == 0 else check.stdout.strip()}",
                flush=True,
            )
        print(f"{options.kills} kills, {bad} bad; " + ", ".join(map(_tell, states.items())))
    return 1 if bad else 0


def _tell(state: tuple[str, int]) -> str:
    return f"{state[1]} {state[0]}"


if __name__ == "__main__":
    sys.exit(main())
