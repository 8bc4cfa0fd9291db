"""Commits: the moment at which what a run wrote becomes the lake.

A run writes all its files to its own staging folder, complete and synced. The commit record is
written there too and then *linked* to ``commits/<number>.json``. That one call is the commit: it
fails when the number is taken, and it fails when the run's staging has been taken away, so of two
writers only one can succeed, and a writer declared dead never can. After it, files are renamed into
the tables. Whoever finds a commit whose files are still in staging finishes the renaming first.

Killed before the link, a run leaves garbage in staging that the next run removes; killed after it,
the next run rolls the commit forward. Nothing is lost, nothing is doubled.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from schemas.ledger import DataFile
from schemas.tables import SCHEMA_VERSION
from transforms.lake.errors import CommitConflictError, DamagedLakeError
from transforms.lake.files import sync_folder, write_whole
from transforms.lake.layout import (
    INDEX_SUFFIX,
    KEYS_SUFFIX,
    MACHINERY,
    TABLE_FOLDERS,
    Layout,
    Staging,
    commit_name,
)
from transforms.lake.swap import replace_files

RECORD_VERSION = 3
"""2: the history lies in segments, and each record names all that are live. 3: so do the states of
feeds; a commit may replace files of earlier ones."""

RUN = "run"
COMPACTION = "compaction"
KINDS = (RUN, COMPACTION)

_RECORD_NAMES = "[0-9]" * 8 + ".json"
_STAGING_NAME = re.compile(r"[0-9]{8}-a[0-9]+")


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit record says.

    Attributes:
        number: 1, 2, 3 … without a gap.
        kind: one of :data:`KINDS`; only a run has a ledger that is not zero and rows in ``runs``.
        staging: name of the staging folder its files were written in.
        started_at: when the run was started, ISO 8601, UTC.
        files: every file it adds to the lake.
        history: the segments of the history that are live after it: paths of their rows, the
            oldest first. Those of earlier commits that are not among them are gone.
        feeds: paths of the files with what is remembered of feeds and hosts after it; as above.
        removed: paths of earlier commits' files whose rows its own files hold; they are gone.
        refused: addresses of the documents that the run rejected as a whole.
        documents: keys of the documents read for the first time, 16 hex digits each.
        ledger: the run's own ledger row, column by column.
        sources: the ledger rows of its sources.
    """

    number: int
    staging: str
    started_at: str
    files: tuple[DataFile, ...]
    history: tuple[str, ...]
    documents: tuple[str, ...]
    ledger: dict[str, int]
    sources: dict[str, dict[str, int]]
    kind: str = RUN
    feeds: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """The record as it is stored, keys sorted."""
        document = asdict(self)
        document["record_version"] = RECORD_VERSION
        document["schema_version"] = SCHEMA_VERSION
        for file in document["files"]:
            file["date"] = None if file["date"] is None else file["date"].isoformat()
        return (json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def _parse(path: Path) -> Commit:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        version = document["record_version"], document["schema_version"]
        if version != (RECORD_VERSION, SCHEMA_VERSION):
            raise DamagedLakeError(
                f"{path}: written by another version of newsbeam (record {version[0]}, schema "
                f"{version[1]}; this one reads {RECORD_VERSION} and {SCHEMA_VERSION}); read the "
                "lake with that version, or make it again from its input"
            )
        commit = Commit(
            number=document["number"],
            staging=document["staging"],
            started_at=document["started_at"],
            files=tuple(map(_file, document["files"])),
            history=tuple(document["history"]),
            documents=tuple(document["documents"]),
            ledger=document["ledger"],
            sources=document["sources"],
            kind=document["kind"],
            feeds=tuple(document["feeds"]),
            removed=tuple(document["removed"]),
            refused=tuple(document["refused"]),
        )
        _check_types(commit)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedLakeError(f"{path}: not a commit record ({error})") from error
    return commit


def _file(entry: dict[str, Any]) -> DataFile:
    day = date.fromisoformat(entry["date"]) if entry["date"] else None
    return DataFile(**{**entry, "date": day})


def _check_types(commit: Commit) -> None:
    """A record is read by people's tools and edited by their hands: trust no field."""
    counts = [commit.ledger, *commit.sources.values()]
    texts = [commit.staging, commit.started_at, *commit.documents, *commit.refused]
    texts += [*commit.history, *commit.feeds, *commit.removed]
    numbers = [commit.number, *(number for row in counts for number in row.values())]
    for file in commit.files:
        texts += [file.table, file.path, file.staged, file.xxh128]
        numbers += [file.rows, file.bytes]
    for text in texts:
        _require(isinstance(text, str), f"{text!r} is no text")
    for number in numbers:
        _require(type(number) is int and number >= 0, f"{number!r} is no count")
    # Its folder is moved aside and removed once the commit is published.
    _require(
        _STAGING_NAME.fullmatch(commit.staging) is not None, f"{commit.staging!r} is no staging"
    )
    _require(commit.kind in KINDS, f"{commit.kind!r} is no kind of commit")
    for path in commit.removed:
        # Its folder is replaced by another one.
        in_table = path.count("/") == 2 and path.split("/")[0] in TABLE_FOLDERS
        _require(commit.kind == COMPACTION and in_table, f"{path} is not to be removed")
    paths = [path for file in commit.files for path in (file.path, file.staged)]
    for path in (*commit.history, *commit.feeds, *commit.removed, *paths):
        if path.startswith("/") or ".." in Path(path).parts:
            raise ValueError(f"{path} leads out of the lake")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise TypeError(what)


def commit_numbers(layout: Layout) -> list[int]:
    """Numbers of all commits, in order; files of other names are no commits."""
    if not layout.commits.is_dir():
        return []
    return sorted(int(path.stem) for path in layout.commits.glob(_RECORD_NAMES))


def latest_number(layout: Layout) -> int:
    """Number of the last commit, 0 before the first."""
    return max(commit_numbers(layout), default=0)


def read_commit(layout: Layout, number: int) -> Commit:
    """Read one record.

    Raises:
        DamagedLakeError: it is missing or not readable as a record.
    """
    path = layout.commits / f"{commit_name(number)}.json"
    if not path.is_file():
        raise DamagedLakeError(f"{path}: the commit record is missing")
    return _parse(path)


def read_commits(layout: Layout) -> Iterator[Commit]:
    """All records in order."""
    for number in commit_numbers(layout):
        yield read_commit(layout, number)


def make_commit(layout: Layout, commit: Commit) -> None:
    """Make the commit, or find that this very run has made it already.

    Raises:
        CommitConflictError: the number belongs to another run, or this run was declared dead.
    """
    staging = Staging(layout.root, commit.staging)
    target = layout.commits / f"{commit_name(commit.number)}.json"
    prepared = staging.folder / "commit.json"
    try:
        write_whole(prepared, commit.to_json())
        layout.commits.mkdir(exist_ok=True)
        os.link(prepared, target)
    except FileExistsError:
        if _parse(target).staging != commit.staging:
            raise CommitConflictError(
                f"{layout.root}: commit {commit.number} was made by another run meanwhile; "
                "nothing of this run was kept, run it again"
            ) from None
    except FileNotFoundError:
        if not _is_ours(target, commit.staging):
            raise CommitConflictError(
                f"{layout.root}: this run's staging was taken away by a later run; nothing of it "
                "was kept, run it again"
            ) from None
    sync_folder(layout.commits)


def _is_ours(target: Path, staging: str) -> bool:
    return target.is_file() and _parse(target).staging == staging


def publish(layout: Layout, number: int) -> None:
    """Move the files of a commit into the tables; safe to repeat from any point.

    A folder of which files are removed changes in one moment, see :mod:`transforms.lake.swap`. The
    staging of such a commit, where the old folders now are, lies in the trash until the next run.

    Raises:
        DamagedLakeError: a file is neither in staging nor in its table.
    """
    commit = read_commit(layout, number)
    staging = Staging(layout.root, commit.staging)
    if not staging.folder.is_dir():
        return
    removed = _by_folder(commit.removed)
    added: dict[str, dict[str, Path]] = {}
    folders: set[Path] = set()
    for file in commit.files:
        source, target = staging.folder / file.staged, layout.absolute(file.path)
        is_staged = source.exists()
        if not is_staged:
            _expect(layout, number, file.path)
        folder, name = os.path.split(file.path)
        if folder in removed:
            added.setdefault(folder, {})[name] = source
        elif is_staged:
            if target.parent not in folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.add(target.parent)
            source.replace(target)
    for changed in sorted(folders):
        sync_folder(changed)
    for folder, names in sorted(removed.items()):
        replace_files(layout.absolute(folder), added.get(folder, {}), names, staging.folder)
    _remove_superseded(layout, commit)
    _set_aside(layout, staging.folder)
    if not commit.removed:
        shutil.rmtree(layout.trash / staging.name, ignore_errors=True)


def _by_folder(paths: Iterable[str]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for path in paths:
        folder, name = os.path.split(path)
        names.setdefault(folder, set()).add(name)
    return names


def _expect(layout: Layout, number: int, path: str) -> None:
    """A file that is not in staging is in its place, or a later commit has superseded it.

    Only a worker that outlived its run finds the latter.
    """
    if layout.absolute(path).exists():
        return
    later = [read_commit(layout, n) for n in range(number + 1, latest_number(layout) + 1)]
    if path.startswith(f"{MACHINERY}/"):
        is_gone = bool(later) and path not in live_machinery(later[-1])
    else:
        is_gone = any(path in commit.removed for commit in later)
    if not is_gone:
        raise DamagedLakeError(
            f"{layout.absolute(path)}: named by commit {number} but nowhere to be found"
        )


def keys_paths(segments: Iterable[str]) -> set[str]:
    """Paths of all files that belong to segments of the history."""
    return {
        path.removesuffix(KEYS_SUFFIX) + suffix
        for path in segments
        for suffix in (KEYS_SUFFIX, INDEX_SUFFIX)
    }


def live_machinery(commit: Commit) -> set[str]:
    """Paths of all files beside the tables that are live after a commit."""
    return keys_paths(commit.history) | set(commit.feeds)


def _remove_superseded(layout: Layout, commit: Commit) -> None:
    """Take away segments that were merged into others, and states of feeds that have advanced.

    Those of later commits stay: a worker that outlived its run may come here when the next run has
    published already. What is not live any more never becomes so again.
    """
    live = live_machinery(commit)
    newest = commit_name(commit.number)
    for folder in (layout.keys, layout.feeds):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            is_ours = path.name.partition("-")[0] <= newest
            if is_ours and str(path.relative_to(layout.root)) not in live:
                path.unlink(missing_ok=True)


def recover(layout: Layout) -> None:
    """Bring a lake into the state of its last commit; only for the holder of the lock.

    Refuses a lake whose records have a gap: what they named would be written again. Takes away
    the staging of every run that never committed, then finishes the last commit if it
    was made but not published. A left-over worker may link its commit while its staging is being
    taken away; the folder is then brought back, for that commit stands.
    """
    numbers = commit_numbers(layout)
    for due, number in enumerate(numbers, start=1):
        if number != due:
            raise DamagedLakeError(
                f"{layout.commits}: commit {due} is missing; restore it before the next run"
            )
    committed = _staging_of_last(layout)
    if layout.staging.is_dir():
        for folder in sorted(layout.staging.iterdir()):
            if folder != committed:
                _set_aside(layout, folder)
    committed = _staging_of_last(layout)
    if committed is not None:
        aside = layout.trash / committed.name
        if aside.is_dir() and not committed.exists():
            aside.rename(committed)
        publish(layout, latest_number(layout))
    shutil.rmtree(layout.trash, ignore_errors=True)


def empty_trash(layout: Layout) -> None:
    """Free what commits before the last have left in the trash; only for the holder of the lock."""
    last = _staging_of_last(layout)
    for folder in sorted(layout.trash.iterdir()) if layout.trash.is_dir() else ():
        if last is None or folder.name != last.name:
            shutil.rmtree(folder, ignore_errors=True)


def _staging_of_last(layout: Layout) -> Path | None:
    last = latest_number(layout)
    return Staging(layout.root, read_commit(layout, last).staging).folder if last else None


def _set_aside(layout: Layout, folder: Path) -> None:
    """Take a staging folder away in one call, so that no one can commit from it afterwards."""
    layout.trash.mkdir(exist_ok=True)
    aside = layout.trash / folder.name
    if aside.exists():
        shutil.rmtree(aside)
    folder.rename(aside)
