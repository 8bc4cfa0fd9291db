"""Has every compaction replaced what was there, row for row, and changed nothing else?"""

from collections import Counter
from collections.abc import Iterator

from schemas.ledger import DataFile
from transforms.lake.commit import COMPACTION, Commit
from transforms.lake.layout import TABLE_FOLDERS, Layout


def compaction_problems(layout: Layout, commits: list[Commit]) -> Iterator[str]:
    """What is wrong with the compactions among a lake's commits, as their records say.

    Args:
        layout: the lake.
        commits: all its commits, in order.
    """
    live: dict[str, DataFile] = {}
    before: Commit | None = None
    for commit in commits:
        if commit.kind == COMPACTION:
            yield from _other_changes(commit, before)
        added, gone = Counter[tuple[str, object]](), Counter[tuple[str, object]]()
        for path in commit.removed:
            file = live.pop(path, None)
            if file is None:
                yield (
                    f"{layout.absolute(path)}: removed by commit {commit.number}, before which it "
                    "was not live"
                )
            else:
                gone[file.table, file.date] += file.rows
        for file in commit.files:
            if file.table in TABLE_FOLDERS:
                live[file.path] = file
                added[file.table, file.date] += file.rows
        if commit.kind == COMPACTION:
            for place in sorted({*added, *gone}, key=str):
                if added[place] != gone[place]:
                    yield (
                        f"commit {commit.number}: it removes {gone[place]:,} rows of {place[0]} of "
                        f"{place[1]} and adds {added[place]:,}"
                    )
        before = commit


def _other_changes(commit: Commit, before: Commit | None) -> Iterator[str]:
    if any(commit.ledger.values()) or commit.sources or commit.documents or commit.refused:
        yield f"commit {commit.number}: it is a compaction, yet its record tells of a run"
    if before and (commit.history, commit.feeds) != (before.history, before.feeds):
        yield (
            f"commit {commit.number}: it is a compaction, yet it changes the history or what is "
            "remembered of feeds"
        )
