"""Whole runs for tests: in this process, over files of invented feeds."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from pipeline.cli import main
from transforms.lake.check import check_lake
from transforms.lake.layout import Layout


def run_over(files: Iterable[Path], lake: Path, *extra: str) -> int:
    """``newsbeam run`` over the files; returns the exit code."""
    paths = ",".join(str(path) for path in files)
    return main(["run", "--input", paths, "--output", str(lake), *extra])


def problems_of(lake: Path) -> tuple[str, ...]:
    """What ``newsbeam check`` finds."""
    return check_lake(Layout(str(lake))).problems


def data_files(lake: Path) -> set[str]:
    """All files outside the machinery and the ledger."""
    return {
        str(path.relative_to(lake))
        for table in ("articles", "duplicates", "rejects")
        for path in (lake / table).rglob("*")
        if path.is_file()
    }


def copied(files: Iterable[Path], folder: Path) -> list[Path]:
    """The same bytes under other names, with new modification times and no sidecars."""
    folder.mkdir(parents=True)
    return [
        Path(shutil.copyfile(path, folder / f"copy-{number:03d}.dat"))
        for number, path in enumerate(files)
    ]
