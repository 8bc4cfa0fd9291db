"""The proof that a lake is whole, as ``newsbeam check`` prints it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.judgement import Status
from schemas.ledger import DataFile
from schemas.parquet import KNOWN_ITEMS, table_schema
from schemas.tables import TABLES
from transforms.identity.columns import known_from, latest_of_each
from transforms.lake.check_compactions import compaction_problems
from transforms.lake.check_ledger import ledger_problems
from transforms.lake.commit import (
    Commit,
    commit_numbers,
    latest_number,
    live_machinery,
    read_commit,
)
from transforms.lake.errors import DamagedLakeError
from transforms.lake.files import file_hash
from transforms.lake.history import read_all_known
from transforms.lake.layout import (
    DATA_SUFFIX,
    MACHINERY,
    RAW,
    TABLE_FOLDERS,
    Layout,
    commit_name,
)
from transforms.lake.live import ATTEMPTS, live_files
from transforms.lake.rebuild import known_documents, rebuild_known
from transforms.lake.segment import INDEX, Segment

HISTORY = ("keys", "index")
"""Tables of the history's files."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check found.

    Attributes:
        problems: one line each, the file named; empty when the lake is whole.
        summary: one line.
    """

    problems: tuple[str, ...]
    summary: str


def check_lake(layout: Layout) -> Findings:
    """Check everything that can be checked.

    Commits first, then files, then ids, history and ledger; what builds on damaged files is not
    looked at, for its findings would only repeat theirs. A lake that has changed meanwhile is
    looked at anew before anything is said against it.

    Raises:
        FileNotFoundError: files went away while they were read, time and again.
    """
    for _ in range(ATTEMPTS - 1):
        number = latest_number(layout)
        try:
            findings = _checked(layout)
        except FileNotFoundError:
            continue
        if not findings.problems or latest_number(layout) == number:
            return findings
    return _checked(layout)


def _checked(layout: Layout) -> Findings:
    try:
        commits = [read_commit(layout, number) for number in commit_numbers(layout)]
    except DamagedLakeError as error:
        return _found([str(error)], layout, [])
    problems = list(_commit_problems(layout, commits))
    problems += _folder_problems(layout, commits)
    live = live_machinery(commits[-1]) if commits else set()
    damaged = list(_missing_segments(layout, commits, live))
    live |= _live_data(commits)
    for commit in commits:
        damaged += _file_problems(layout, commit, live)
    problems += damaged
    problems += compaction_problems(layout, commits)
    if not damaged:
        problems += _index_problems(layout, commits, live)
        problems += _id_problems(layout, commits)
        problems += ledger_problems(layout, commits)
        problems += _history_problems(layout)
    return _found(problems, layout, commits)


def _found(problems: list[str], layout: Layout, commits: list[Commit]) -> Findings:
    rows = Counter[str]()
    files = 0
    for _, file in live_files(commits):
        rows[file.table] += file.rows
        files += 1
    words = ", ".join(f"{rows[table]:,} {table}" for table in TABLES)
    verdict = f"{len(problems)} problems" if problems else "whole"
    return Findings(
        tuple(problems),
        f"{layout.root}: {verdict}; {len(commits)} commits, {files:,} files, {words}",
    )


def _commit_problems(layout: Layout, commits: list[Commit]) -> Iterator[str]:
    if not commits:
        yield f"{layout.root}: not a lake: no commit"
    for place, commit in enumerate(commits, start=1):
        if commit.number != place:
            yield f"{layout.commits}: commit {place} is missing"
            break
    records = {f"{commit_name(commit.number)}.json" for commit in commits}
    for path in sorted(layout.commits.iterdir()) if layout.commits.is_dir() else ():
        if path.name not in records:
            yield f"{path}: not a commit record"
    if commits and (layout.staging / commits[-1].staging).is_dir():
        yield (
            f"{layout.root}: commit {commits[-1].number} is not published yet; the next run "
            "finishes it"
        )


def _folder_problems(layout: Layout, commits: list[Commit]) -> Iterator[str]:
    named = {file.path for commit in commits for file in commit.files}
    removed = {path: commit.number for commit in commits for path in commit.removed}
    for folder in (*TABLE_FOLDERS, RAW):
        for path in sorted(Path(layout.root, folder).rglob("*")):
            relative = str(path.relative_to(layout.root))
            if not path.is_file():
                continue
            if relative in removed:
                yield f"{path}: commit {removed[relative]} has removed this file, yet it is there"
            elif relative not in named:
                yield f"{path}: no commit names this file"


def _live_data(commits: list[Commit]) -> set[str]:
    """Files that analysts read."""
    removed = {path for commit in commits for path in commit.removed}
    data = {
        file.path
        for commit in commits
        for file in commit.files
        if not file.path.startswith(f"{MACHINERY}/")
    }
    return data - removed


def _missing_segments(layout: Layout, commits: list[Commit], live: set[str]) -> Iterator[str]:
    named = {file.path for commit in commits for file in commit.files}
    for path in sorted(live - named):
        yield f"{layout.absolute(path)}: the last commit calls it live and no commit wrote it"


def _file_problems(layout: Layout, commit: Commit, live: set[str]) -> Iterator[str]:
    for file in commit.files:
        if file.path not in live:
            continue  # A later one has taken its place.
        path = layout.absolute(file.path)
        if not path.is_file():
            if file.table == RAW:
                continue  # An archive is the operator's to keep or to delete.
            yield f"{path}: missing; commit {commit.number} names it"
        elif path.stat().st_size != file.bytes or file_hash(path) != file.xxh128:
            yield f"{path}: damaged; its bytes are not those that commit {commit.number} names"
        else:
            yield from _schema_problems(path, file)


def _schema_problems(path: Path, file: DataFile) -> Iterator[str]:
    if file.table in HISTORY:
        yield from _segment_problems(path, file)
        return
    if file.table not in TABLES:
        return
    if not path.name.endswith(DATA_SUFFIX):
        yield f"{path}: its name does not end in {DATA_SUFFIX}"
    parquet = pq.ParquetFile(path)
    if parquet.metadata.num_rows != file.rows:
        yield f"{path}: has {parquet.metadata.num_rows} rows, its commit says {file.rows}"
    if not parquet.schema_arrow.equals(table_schema(file.table)):
        yield f"{path}: its schema is not that of table {file.table}"


def _segment_problems(path: Path, file: DataFile) -> Iterator[str]:
    """One file of a segment by itself."""
    schema = KNOWN_ITEMS if file.table == "keys" else INDEX
    try:
        with pa.memory_map(str(path)) as source:
            found = pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid as error:
        yield f"{path}: not a file of the history ({error})"
        return
    if not found.schema.equals(schema):
        yield f"{path}: its schema is not that of a file of the history"
    if found.num_rows != file.rows:
        yield f"{path}: has {found.num_rows} rows, its commit says {file.rows}"


def _index_problems(layout: Layout, commits: list[Commit], live: set[str]) -> Iterator[str]:
    """Do the indexes lead to the rows? Only asked when every file is there and whole."""
    for commit in commits:
        for file in commit.files:
            if file.table == "keys" and file.path in live:
                path = layout.absolute(file.path)
                if not Segment(path).index_is_due():
                    yield f"{path}: its index does not lead to its rows"


def _rows(
    layout: Layout, commits: list[Commit], table: str, columns: list[str]
) -> Iterator[tuple[DataFile, pa.Table]]:
    for _, file in live_files(commits, (table,)):
        path = layout.absolute(file.path)
        yield file, pq.read_table(path, columns=columns, partitioning=None)


def _id_problems(layout: Layout, commits: list[Commit]) -> Iterator[str]:
    revisions: dict[tuple[str, int], str] = {}
    homes: dict[str, object] = {}
    for file, rows in _rows(layout, commits, "articles", ["article_id", "revision"]):
        for article, revision in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            twin = revisions.setdefault((article, revision), file.path)
            if twin != file.path:
                yield f"{file.path}: article {article} revision {revision} is also in {twin}"
            if homes.setdefault(article, file.date) != file.date:
                yield f"{file.path}: article {article} lies in another partition too"
        if rows.group_by(["article_id", "revision"]).aggregate([]).num_rows != rows.num_rows:
            yield f"{file.path}: an article's revision is there twice"
    highest: dict[str, int] = {}
    for article, revision in revisions:
        highest[article] = max(highest.get(article, 0), revision)
    counted = Counter(article for article, _ in revisions)
    for article, revision in sorted(highest.items()):
        if counted[article] != revision:
            yield f"article {article}: {counted[article]} revisions, the latest is {revision}"
    for file, rows in _rows(layout, commits, "duplicates", ["kept_article_id"]):
        for article in sorted(set(rows.column(0).to_pylist()) - homes.keys()):
            yield f"{file.path}: a duplicate of article {article}, which is not there"
    seen: dict[str, str] = {}
    for file, rows in _rows(layout, commits, "rejects", ["reject_id"]):
        for reject in rows.column(0).to_pylist():
            if reject in seen:
                yield f"{file.path}: reject {reject} is also in {seen[reject]}"
            seen[reject] = file.path


def _history_problems(layout: Layout) -> Iterator[str]:
    """The history is derived: made again from the tables it must be the same."""
    stored = {item.item_id: item for item in known_from(latest_of_each(read_all_known(layout)))}
    documents = {key for key, item in stored.items() if item.status is Status.DOCUMENT}
    for key in sorted(documents ^ known_documents(layout)):
        yield f"{layout.root}: the history and the commits disagree about document {key.hex()}"
    due = {item.item_id: item for item in rebuild_known(layout)}
    for key in sorted((stored.keys() - documents) ^ due.keys()):
        yield f"{layout.root}: item {key.hex()} is in the tables or in the history, not in both"
    for key in sorted(stored.keys() & due.keys()):
        if stored[key] != due[key]:
            differing = [
                name
                for name in type(due[key]).__dataclass_fields__
                if getattr(stored[key], name) != getattr(due[key], name)
            ]
            yield (
                f"{layout.root}: the history of item {key.hex()} differs from the tables in "
                f"{', '.join(differing)}"
            )
