"""``newsbeam compact``: small files merged into few."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table

from pipeline.commands import add_debug, lake_in
from pipeline.errors import ExitCode, OneLineParser, UsageError

if TYPE_CHECKING:
    from transforms.lake.compact import TableFiles


def compact(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam compact``."""
    from transforms.lake.commit import latest_number, read_commits, recover
    from transforms.lake.compact import compact_lake, file_statistics
    from transforms.lake.live import Partitions
    from transforms.lake.lock import locked

    parser = OneLineParser(
        prog="newsbeam compact",
        description="Merge the small Parquet files of each table and day into as few as the "
        "target size allows. No row is changed; readers see the old files or the new ones.",
    )
    parser.add_argument("lake", metavar="LAKE")
    parser.add_argument(
        "--target_file_mb",
        type=int,
        default=64,
        metavar="MB",
        help="Largest Parquet file to aim at, before compression, in MiB. Default: 64.",
    )
    add_debug(parser)
    given = parser.parse_args(list(arguments))
    if given.target_file_mb < 1:
        raise UsageError("--target_file_mb must be at least 1")
    layout = lake_in(given.lake)
    now = datetime.now(UTC)
    with locked(layout, now) as attempt:
        recover(layout)
        partitions = Partitions(read_commits(layout))
        before = file_statistics(partitions)
        commit = compact_lake(
            layout,
            latest_number(layout) + 1,
            attempt,
            now,
            given.target_file_mb << 20,
            everything=True,
            partitions=partitions,
        )
    if commit is None:
        print(f"{layout.root}: nothing to merge")
        return ExitCode.DONE
    print_files(before, file_statistics(partitions))
    print(
        f"commit {commit.number}: {len(commit.removed):,} files merged into "
        f"{len(commit.files):,}, {sum(file.rows for file in commit.files):,} rows; "
        "the space of the old ones is freed by the next run"
    )
    return ExitCode.DONE


def print_files(before: "Sequence[TableFiles]", after: "Sequence[TableFiles]") -> None:
    """How many files each table had and has, and the days that had most."""
    from pipeline.page import plain_console

    table = Table(box=None, pad_edge=False)
    table.add_column("table")
    for name in ("rows", "files", "now", "bytes a file", "now", "most a day", "now"):
        table.add_column(name, justify="right")
    table.add_column("days with most files")
    for old, new in zip(before, after, strict=True):
        days = ", ".join(f"{day} ({files:,})" for day, files in old.fullest)
        table.add_row(
            old.table,
            f"{old.rows:,}",
            f"{old.files:,}",
            f"{new.files:,}",
            f"{old.mean_bytes:,.0f}",
            f"{new.mean_bytes:,.0f}",
            f"{old.most_files:,}",
            f"{new.most_files:,}",
            days,
        )
    plain_console().print(table)
