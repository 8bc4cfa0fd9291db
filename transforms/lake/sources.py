"""What a lake knows of its sources: how much they gave, and whether their keys can be believed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    found: dict[str, list[Example]] = {}
    for commit in reversed(commits) if sources else ():
        rows = sorted(_witnesses(layout, commit), key=lambda row: row[1].fetched_at, reverse=True)
        for source, example in rows:
            kept = found.setdefault(source, [])
            if source in sources and len(kept) < MOST_EXAMPLES:
                kept.append(example)
    return found


def _witnesses(layout: Layout, commit: Commit) -> Iterator[tuple[str, Example]]:
    for file in commit.files:
        if file.table == "articles":
            columns = ["source", "article_id", "flags", "guid", "url", "fetched_at"]
        elif file.table == "duplicates":
            columns = ["source", "item_id", "kind", "evidence", "guid", "url", "fetched_at"]
        else:
            continue
        table = pq.read_table(layout.absolute(file.path), columns=columns, partitioning=None)
        for row in table.to_pylist():
            told = row["source"], row["guid"], row["url"], row["fetched_at"]
            source, guid, url, fetched_at = told
            if file.table == "duplicates":
                if row["kind"] == "same_item":
                    what = row["evidence"]
                    yield source, Example("duplicates", row["item_id"], what, guid, url, fetched_at)
                continue
            for flag in _FLAGS:
                if flag in row["flags"]:
                    key = "guid" if flag == "guid_reused" else "URL"
                    what = f"its {key} belongs to another article"
                    yield (
                        source,
                        Example("articles", row["article_id"], what, guid, url, fetched_at),
                    )
