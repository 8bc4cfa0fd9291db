"""The whole graph on one screen.

::

    files ─▶ ReadDocuments ─▶ ParseDocuments ─▶ NormalizeItems ─▶ StageArticles
                  │ rejects        │ rejects         │ rejects        │ claims
                  └────────────────┴────────┬────────┘                │
                                       StageRejects ───── claims ─────┤
                                                                      ├─▶ GroupKeys
                                                                      │    │ keys │
                                                                      │    │  ReadHistory
                                                                      ▼    ▼      ▼ known
                                                                     Deduplicate ◀┘
                                                                      │ verdicts
                                                                      ▼
                                      counts ─▶ Commit ◀─ files ─ PublishArticles

Rows stop at staging; names of files and keys travel on; rows are read back when it is known what
becomes of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import apache_beam as beam

from schemas.records import InputFile
from transforms.commit import Commit
from transforms.deduplicate import Deduplicate
from transforms.history import ReadHistory
from transforms.keys import GroupKeys
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.normalize import NormalizeItems
from transforms.parse import ParseDocuments
from transforms.publish import PublishArticles
from transforms.read import ReadDocuments
from transforms.stage import StageArticles, StageRejects


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything a run needs to know, decided before it starts.

    Attributes:
        lake: the lake.
        staging: the run's own staging folder.
        number: the number its commit is to have.
        started_at: when it was started, UTC; written to the ledger, used for nothing else.
        files: the files to read.
        segments: the live segments of the lake's history, relative paths, the oldest first.
        headline_window: how far apart two equal headlines may be and still be one story.
        target_file_bytes: how large a file of rows may become, before compression.
        max_document_bytes: larger documents are rejected.
        max_items_per_document: documents with more items are rejected.
        language_engine: which detector is used.
    """

    lake: Layout
    staging: Staging
    number: int
    started_at: datetime
    files: tuple[InputFile, ...]
    segments: tuple[str, ...]
    headline_window: timedelta
    target_file_bytes: int
    max_document_bytes: int
    max_items_per_document: int
    language_engine: str


def build(root: beam.Pipeline, plan: RunPlan) -> None:
    """Apply the whole graph of one bounded run to a pipeline."""
    commit = commit_name(plan.number)

    read = (
        root
        | "PlannedFiles" >> beam.Create(plan.files, reshuffle=False)
        | "ReadDocuments" >> ReadDocuments(plan.max_document_bytes)
    )
    parsed = read.documents | "ParseDocuments" >> ParseDocuments(
        plan.max_document_bytes, plan.max_items_per_document
    )
    normalized = parsed.items | "NormalizeItems" >> NormalizeItems()

    claims = (
        normalized.articles | "StageArticles" >> StageArticles(plan.staging),
        read.rejects | "StageUnreadFiles" >> StageRejects(plan.staging),
        parsed.rejects | "StageUnparsed" >> StageRejects(plan.staging),
        normalized.rejects | "StageEmptyItems" >> StageRejects(plan.staging),
    ) | "Claims" >> beam.Flatten()

    keys = claims | "GroupKeys" >> GroupKeys(plan.staging)
    known = keys | "ReadHistory" >> ReadHistory(plan.lake, plan.staging, plan.segments)
    judged = {"claims": claims, "keys": keys, "known": known} | "Deduplicate" >> Deduplicate(
        plan.lake,
        plan.staging,
        plan.segments,
        commit,
        plan.headline_window,
        plan.target_file_bytes,
    )
    written = judged.verdicts | "PublishArticles" >> PublishArticles(
        plan.staging, commit, plan.language_engine
    )
    counts = (read.counts, parsed.counts) | "Counts" >> beam.Flatten()
    _ = {
        "written": written,
        "summary": judged.summary,
        "counts": counts,
    } | "Commit" >> Commit(plan.staging, plan.number, plan.started_at, len(plan.files))
