"""What the tables know of one item: how it got where it is, and what was thrown together with it.

Only files that commits name are read. Ids are hashes, so every file of a table has to be looked
into: of each the columns an item is found by are read first, and whole rows only where it is.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import takewhile
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.parquet import table_schema
from schemas.tables import CHANGES
from transforms.lake.commit import Commit, read_commits
from transforms.lake.errors import DamagedLakeError, LakeError
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.live import again_when_gone, live_files
from transforms.text.urls import canonical_url

Row = dict[str, Any]
"""A stored row without its long texts, and with three entries more: ``file``, the path it was read
from, relative to the lake; ``run_started_at``, ISO 8601, None when ``run_id`` was not asked for;
``partition``, its day."""

Test = Callable[[pa.ChunkedArray], pa.ChunkedArray]
"""Says of each value of a column whether it passes."""

SHORTEST_PREFIX = 8
"""Hex digits that an id may be shortened to."""

_HEX = re.compile(rf"[0-9a-f]{{{SHORTEST_PREFIX},32}}")
_IDS = {
    "articles": ("article_id", "item_id"),
    "duplicates": ("item_id",),
    "rejects": ("reject_id",),
}
_OWN_ID = {"articles": "article_id", "duplicates": "item_id", "rejects": "reject_id"}
_ADDRESSED = ("articles", "duplicates")
_LONG = ("summary", "body", "quotes", "payload")
_BEFORE, _SHOWN = 30, 160
_COMPARED = (*CHANGES, "guid", "url")


class AmbiguousIdError(LakeError):
    """Several ids begin with the digits that were given."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two revisions.

    Attributes:
        field: its column.
        before: its value in the revision before; of a long text the place where they part.
        after: its value in this one.
    """

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored row of an article and how it differs from the row before; first ones do not."""

    row: Row
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """An article.

    Attributes:
        article_id: its id.
        current: number of the revision that counts: of those fetched last the highest.
        revisions: in order of their numbers.
        duplicates: what was merged into it, in the order it was fetched.
        earlier: rows of this very item from when it was taken for a duplicate of another article.
    """

    article_id: str
    current: int
    revisions: tuple[Revision, ...]
    duplicates: tuple[Row, ...]
    earlier: tuple[Row, ...]

    @property
    def latest(self) -> Row:
        """The row that counts."""
        return next(r.row for r in self.revisions if r.row["revision"] == self.current)


@dataclass(frozen=True, slots=True)
class DuplicateFacts:
    """A duplicate.

    Attributes:
        item_id: its id.
        rows: its rows in the order they were fetched.
        kept: the latest row of each article it repeats, by the article's id.
    """

    item_id: str
    rows: tuple[Row, ...]
    kept: dict[str, Row]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that answers a question; empty when nothing does."""

    articles: tuple[ArticleFacts, ...] = ()
    duplicates: tuple[DuplicateFacts, ...] = ()
    rejects: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.articles or self.duplicates or self.rejects)


def explain(layout: Layout, asked: str) -> Facts:
    """Gather what a lake's tables know of an item.

    Args:
        layout: the lake.
        asked: an article_id, item_id or reject_id, or its first digits (8 or more); or the address
            of an item in any form; or, when nothing has that address, a guid as published.

    Raises:
        AmbiguousIdError: several ids begin with these digits.
        DamagedLakeError: a commit record or a file that it names cannot be read.
    """
    try:
        return again_when_gone(lambda: _explained(_Tables(layout), asked))
    except (pa.ArrowException, FileNotFoundError) as error:
        raise DamagedLakeError(f"{layout.root}: {error}; newsbeam check tells more") from error


def _explained(tables: "_Tables", asked: str) -> Facts:
    return _gathered(tables, *_matches(tables, asked))


Ids = tuple[set[str], set[str], set[str]]
"""(article ids, item ids of duplicates, reject ids)"""


def _matches(tables: "_Tables", asked: str) -> Ids:
    found: Ids = (set(), set(), set())
    if _HEX.fullmatch(asked.lower()):
        found = _by_id(tables, asked.lower())
    return found if any(found) else _by_address(tables, asked)


def _by_id(tables: "_Tables", digits: str) -> Ids:
    hits: dict[str, set[str]] = {}
    named: set[str] = set()
    for table, columns in _IDS.items():
        rows = tables.rows(
            table, columns, lambda values: pc.starts_with(values, digits), chosen=columns
        )
        hits[table] = {row[_OWN_ID[table]] for row in rows}
        named |= {row[name] for row in rows for name in columns if row[name].startswith(digits)}
    if len(named) > 1:
        raise AmbiguousIdError(f"{digits} begins {_listed(sorted(named))}; give more digits")
    return hits["articles"], hits["duplicates"], hits["rejects"]


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more ids" if len(ids) > 5 else "")


def _by_address(tables: "_Tables", asked: str) -> Ids:
    """What has the address, else what has the guid: one look into each file for both."""
    url = canonical_url(asked)
    rows = {
        table: tables.rows(
            table,
            ("url", "guid"),
            _among({asked, url or asked}),
            chosen=(_OWN_ID[table], "url", "guid"),
        )
        for table in _ADDRESSED
    }
    for column, value in (("url", url), ("guid", asked)):
        hits = [
            {row[_OWN_ID[table]] for row in rows[table] if row[column] == value}
            for table in _ADDRESSED
            if value
        ]
        if any(hits):
            return hits[0], hits[1], set()
    return set(), set(), set()


def _among(values: set[str]) -> Test:
    wanted = pa.array(sorted(values), pa.string())
    return lambda column: pc.is_in(column, value_set=wanted)


def _gathered(tables: "_Tables", articles: set[str], items: set[str], rejects: set[str]) -> Facts:
    asked = articles | items
    merged = (
        tables.rows("duplicates", ("kept_article_id", "item_id"), _among(asked)) if asked else []
    )
    items = items - articles
    wanted = articles | {row["kept_article_id"] for row in merged if row["item_id"] in items}
    rows = tables.rows("articles", ("article_id",), _among(wanted), texts=True) if wanted else []
    told = {found: _article(found, rows, merged) for found in wanted}
    known = [told[found] for found in articles]
    return Facts(
        tuple(sorted(known, key=lambda one: (one.latest["first_seen_at"], one.article_id))),
        tuple(_duplicate(item, merged, told) for item in sorted(items)),
        tuple(tables.rows("rejects", ("reject_id",), _among(rejects)) if rejects else ()),
    )


def _article(article_id: str, rows: list[Row], merged: list[Row]) -> ArticleFacts:
    of_it = [row for row in rows if row["article_id"] == article_id]
    if not of_it:
        raise DamagedLakeError(f"article {article_id} is named by a duplicate but is not there")
    of_it.sort(key=lambda row: int(row["revision"]))
    revisions = [
        Revision(_short(row), _changes(before, row))
        for before, row in zip([None, *of_it], of_it, strict=False)
    ]
    latest = max(of_it, key=lambda row: (row["fetched_at"], row["revision"]))
    return ArticleFacts(
        article_id,
        latest["revision"],
        tuple(revisions),
        _in_order(row for row in merged if row["kept_article_id"] == article_id),
        _in_order(
            row for row in merged if row["item_id"] == article_id and row["kind"] != "same_item"
        ),
    )


def _duplicate(item: str, merged: list[Row], latest: dict[str, ArticleFacts]) -> DuplicateFacts:
    rows = _in_order(row for row in merged if row["item_id"] == item)
    kept = {row["kept_article_id"]: latest[row["kept_article_id"]].latest for row in rows}
    return DuplicateFacts(item, rows, kept)


def _in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (row["fetched_at"], row["item_id"], row["run_id"])))


def _short(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _LONG}


def _changes(before: Row | None, row: Row) -> tuple[Change, ...]:
    if before is None:
        return ()
    return tuple(
        Change(field, *_parting(before[field], row[field]))
        for field in _COMPARED
        if before[field] != row[field]
    )


def _parting(before: Any, after: Any) -> tuple[Any, Any]:
    """Two values; of two texts that are too long to be shown, the place where they part."""
    if isinstance(before, str) and isinstance(after, str):
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
        common = sum(1 for _ in pairs)
        if max(len(before), len(after)) > _SHOWN and common > _BEFORE:
            start = before.rfind(" ", 0, common - _BEFORE) + 1
            lead = "… " if start else ""
            return lead + _cut(before[start:]), lead + _cut(after[start:])
    return _cut(before), _cut(after)


def _cut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    folded = " ".join(value.split())
    return folded if len(folded) <= _SHOWN else folded[:_SHOWN].rsplit(" ", 1)[0] + " …"


class _Tables:
    """The committed files of a lake, table by table."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._files: dict[str, list[str]] = {}
        self._days: dict[str, Any] = {}
        commits = list(read_commits(layout))
        self._started = {commit_name(commit.number): commit.started_at for commit in commits}
        for commit, file in live_files(commits):
            path = self._place(commit, file.path, file.staged)
            self._files.setdefault(file.table, []).append(path)
            self._days[path] = file.date

    def _place(self, commit: Commit, path: str, staged: str) -> str:
        """Where a file lies: a commit counts before its files are moved into the tables."""
        target = self._layout.absolute(path)
        waiting = Staging(self._layout.root, commit.staging).folder / staged
        return str(waiting if not target.exists() and waiting.exists() else target)

    def rows(
        self,
        table: str,
        where: Sequence[str],
        test: Test,
        *,
        chosen: Sequence[str] | None = None,
        texts: bool = False,
    ) -> list[Row]:
        """The rows of which any of some columns passes a test.

        Args:
            table: its name.
            where: the columns that are tested.
            test: which values pass.
            chosen: the columns that are wanted; all when not given.
            texts: whether all means the long texts too.
        """
        names = chosen or [n for n in table_schema(table).names if texts or n not in _LONG]
        found: list[Row] = []
        for path in self._files.get(table, ()):
            # Not a dataset: for many small files its scanner takes twice the time of this loop.
            with pq.ParquetFile(path, memory_map=True) as parquet:
                keys = parquet.read(columns=list(where), use_threads=False)
                passing = reduce(pc.or_kleene, [test(keys.column(name)) for name in where])
                if pc.any(passing).as_py():
                    rows = parquet.read(columns=list(names)).filter(passing)
                    found += [
                        self._placed({**dict.fromkeys(names), **row}, path)
                        for row in rows.to_pylist()
                    ]
        return found

    def _placed(self, row: Row, path: str) -> Row:
        return {
            **row,
            "partition": self._days[path],
            "run_started_at": self._started.get(row.get("run_id", "")),
            "file": path.removeprefix(self._layout.root).lstrip("/"),
        }
