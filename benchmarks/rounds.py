"""Rounds of a local stream without a pipeline: the same steps, called one after the other.

A round of Beam takes seconds whatever it reads; tests and benchmarks of lakes with thousands of
commits cannot wait for that. What is written is what a run over the same items would write.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from schemas.ledger import Counted, DocumentCount, InputCount, RunSummary, Written
from schemas.records import Article, FeedItem, Origin, Reject
from transforms.identity.columns import Keys, each_once, known_table
from transforms.identity.shards import LOOKUPS, keys_in, repeated, shards_of
from transforms.identity.sightings import sighting_of_article, sighting_of_reject
from transforms.identity.verdicts import PlainRows, judge_all
from transforms.lake.claims import read_sightings, write_claim
from transforms.lake.commit import Commit, latest_number, read_commit
from transforms.lake.cut import cut_groups
from transforms.lake.finish import Ending, finish_run
from transforms.lake.history import find_known, live_segments, read_found, write_history
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.segment import TablePart
from transforms.lake.tables import write_group
from transforms.text.article import normalize

WINDOW = timedelta(hours=72)
TARGET_BYTES = 64 << 20


def new_lake(folder: Path) -> Layout:
    """An empty lake."""
    layout = Layout(str(folder))
    layout.machinery.mkdir(parents=True)
    return layout


def origin(source: str, document: int, fetched_at: datetime) -> Origin:
    """An invented document of an invented source."""
    return Origin(
        document_uri=f"https://{source}.example/feed?{document}",
        document_sha256=f"{document:064x}",
        format="rss20",
        fetched_at=fetched_at,
        source=source,
        source_origin="configured",
        feed_url=f"https://{source}.example/feed",
        fetched_known=True,
    )


def add_round(
    layout: Layout, started_at: datetime, documents: Sequence[tuple[Origin, Sequence[FeedItem]]]
) -> Commit:
    """One run over some documents, up to its published commit.

    Args:
        layout: the lake.
        started_at: when the run is said to have started.
        documents: what it reads; of a source one document.
    """
    number = latest_number(layout) + 1
    staging = Staging(layout.root, f"{commit_name(number)}-a1")
    staging.make()
    records = [normalize(item, origin) for origin, items in documents for item in items]
    claims = list(_stage(staging, records))
    segments = live_segments(layout)
    known, meet = _look_up(layout, staging, segments, claims)
    read = partial(read_sightings, staging)
    judgement = judge_all(claims, read, read_found(staging, known), meet, WINDOW)
    parts = [
        *(PlainRows(partial(read, claim), places) for claim, places in judgement.plain.items()),
        TablePart(known_table(judgement.changed)),
    ]
    name = commit_name(number)
    files, history = write_history(layout, staging, name, segments, parts)
    written: list[Written] = []
    for group in cut_groups(judgement.verdicts, TARGET_BYTES):
        written += write_group(staging, name, group, lambda *_: ("en", 1.0, ()))
    counted = Counted(
        written=tuple(written),
        inputs=tuple(InputCount(1) for _ in documents),
        documents=tuple(
            DocumentCount(origin.source, 1, 0, len(items)) for origin, items in documents
        ),
    )
    summary = RunSummary(
        counts=tuple((*key, count) for key, count in sorted(judgement.counts.items())),
        documents=judgement.documents,
        files=files,
        segments=history,
    )
    finish_run(Ending(staging, number, started_at, len(documents)), counted, summary)
    return read_commit(layout, number)


def _stage(staging: Staging, records: Iterable[Article | Reject]) -> Iterable[str]:
    articles = [one for one in records if isinstance(one, Article)]
    rejects = [one for one in records if isinstance(one, Reject)]
    if articles:
        yield write_claim(staging, [(one, sighting_of_article(one)) for one in articles])
    if rejects:
        yield write_claim(staging, [(one, sighting_of_reject(one)) for one in rejects])


def _look_up(
    layout: Layout, staging: Staging, segments: Sequence[str], claims: Sequence[str]
) -> tuple[list[str], Keys]:
    """Names of files with the known items found, and the keys that meet in the run."""
    groups: dict[int, list[bytes]] = {}
    for claim in claims:
        for shard, keys in shards_of(read_sightings(staging, claim)):
            groups.setdefault(shard, []).append(keys)
    names: list[str] = []
    meet: list[Keys] = [np.empty(0, np.uint64)]
    for shard in sorted(groups):
        of_shard = keys_in(groups[shard])
        names += find_known(layout, staging, segments, of_shard, shard)
        if shard != LOOKUPS:
            meet.append(repeated(of_shard))
    return names, each_once(np.concatenate(meet))
