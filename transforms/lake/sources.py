"""What a lake knows of its sources: how much they gave, and whether their keys can be believed."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from schemas.judgement import Status
from transforms.identity.columns import known_from, latest_of_each
from transforms.identity.keys import source_key
from transforms.identity.known import (
    GUID_FLIPS,
    GUID_REUSES,
    LINK_MOVES,
    LINK_REUSES,
    NOTHING_SEEN,
)
from transforms.identity.who import believes_guids
from transforms.lake.commit import Commit, read_commits
from transforms.lake.history import live_segments
from transforms.lake.layout import Layout
from transforms.lake.live import again_when_gone, live_files
from transforms.lake.segment import segment_at

MOST_EXAMPLES = 5
"""Rows that are named as evidence, the latest ones."""

_COUNTED = ("read", "new", "revised", "unchanged", "duplicate", "rejected")
_FLAGS = ("guid_reused", "link_reused")


@dataclass(frozen=True, slots=True)
class Example:
    """A stored row that is evidence against a source's keys.

    Attributes:
        table: ``articles`` or ``duplicates``.
        id: its article_id or item_id.
        what: what it is evidence of, in words.
        guid: its guid.
        url: its address.
        fetched_at: when it was fetched, UTC.
    """

    table: str
    id: str
    what: str
    guid: str | None
    url: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source.

    Attributes:
        source: its name.
        items: items it gave, by what became of them, over all runs: ``read``, ``new`` …
        guids_believed: its guids are believed without other evidence.
        guid_flips: known items that came under another guid.
        guid_reuses: guids that came on items with which their owner agrees in nothing.
        link_moves: known items that came under another address.
        link_reuses: addresses that came on items with which their owner agrees in nothing.
        examples: rows that bear witness to it, the latest first.
    """

    source: str
    items: dict[str, int]
    guids_believed: bool
    guid_flips: int
    guid_reuses: int
    link_moves: int
    link_reuses: int
    examples: tuple[Example, ...]


def source_facts(layout: Layout, only: str | None = None) -> list[SourceFacts]:
    """Gather what is known of every source of a lake, by name.

    Args:
        layout: the lake.
        only: one source; None for all.

    Raises:
        DamagedLakeError: a commit record is missing or cannot be read.
    """
    return again_when_gone(lambda: _source_facts(layout, only))


def _source_facts(layout: Layout, only: str | None) -> list[SourceFacts]:
    commits = list(read_commits(layout))
    counts = _counts(commits)
    sources = [source for source in sorted(counts) if only in (None, source)]
    evidence = _evidence(layout, sources)
    examples = _examples(layout, commits, set(evidence))
    return [
        SourceFacts(
            source=source,
            items={name: counts[source][name] for name in _COUNTED},
            guids_believed=believes_guids(seen),
            guid_flips=seen[GUID_FLIPS],
            guid_reuses=seen[GUID_REUSES],
            link_moves=seen[LINK_MOVES],
            link_reuses=seen[LINK_REUSES],
            examples=tuple(examples.get(source, ())),
        )
        for source in sources
        for seen in [evidence.get(source, NOTHING_SEEN)]
    ]


def _counts(commits: Sequence[Commit]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for commit in commits:
        for source, row in commit.sources.items():
            number = counts.setdefault(source, Counter())
            number.update({name: row[f"items_{name}"] for name in _COUNTED})
    return counts


def _evidence(layout: Layout, sources: Sequence[str]) -> dict[str, tuple[int, ...]]:
    keys = np.unique(np.array([source_key(source) for source in sources], np.uint64))
    found: dict[str, tuple[int, ...]] = {}
    for path in live_segments(layout):
        for item in known_from(latest_of_each(segment_at(layout, path).find(keys))):
            if item.status is Status.SOURCE:
                found[item.source] = item.evidence
    return found


def _examples(
    layout: Layout, commits: Sequence[Commit], sources: set[str]
) -> dict[str, list[Example]]:
    found: dict[str, list[tuple[str, Example]]] = {source: [] for source in sources}
    for _, file in live_files(commits, tuple(_READ)) if sources else ():
        columns, witnesses = _READ[file.table]
        path = layout.absolute(file.path)
        for row in pq.read_table(path, columns=columns, partitioning=None).to_pylist():
            if row["source"] in sources:
                found[row["source"]] += ((row["run_id"], example) for example in witnesses(row))
    return {source: _latest(examples) for source, examples in found.items()}


def _latest(examples: list[tuple[str, Example]]) -> list[Example]:
    """Those of the latest runs; of a run those that were fetched last."""
    examples.sort(key=lambda pair: (pair[1].table, pair[1].id, pair[1].what))
    examples.sort(key=lambda pair: (pair[0], pair[1].fetched_at), reverse=True)
    return [example for _, example in examples[:MOST_EXAMPLES]]


def _article(row: dict[str, Any]) -> Iterator[Example]:
    for flag in _FLAGS:
        if flag in row["flags"]:
            key = "guid" if flag == "guid_reused" else "URL"
            what = f"its {key} belongs to another article"
            yield Example(
                "articles", row["article_id"], what, row["guid"], row["url"], row["fetched_at"]
            )


def _duplicate(row: dict[str, Any]) -> Iterator[Example]:
    if row["kind"] == "same_item":
        yield Example(
            "duplicates",
            row["item_id"],
            row["evidence"],
            row["guid"],
            row["url"],
            row["fetched_at"],
        )


_ALWAYS = ["source", "guid", "url", "fetched_at", "run_id"]
_READ: dict[str, tuple[list[str], Callable[[dict[str, Any]], Iterator[Example]]]] = {
    "articles": ([*_ALWAYS, "article_id", "flags"], _article),
    "duplicates": ([*_ALWAYS, "item_id", "kind", "evidence"], _duplicate),
}
