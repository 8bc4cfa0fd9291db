"""The whole graph on one screen.

::

    feeds ─▶ PollFeeds ─┬─ polls, hosts ────────────────────────────────────────┐
                        │ answers                                               │
    files ──────────────┴▶ ReadDocuments ─▶ ParseDocuments ─▶ NormalizeItems    │
                               │ rejects        │ rejects       │ rejects  │    │
                               └────────────────┴──────┬────────┘     StageArticles
                                                  StageRejects ─ claims ──┤     │
                                        ┌─── keys ─── GroupKeys ◀─────────┤     │
                                   ReadHistory             │ keys         │     │
                                        └─── known ───▶ Deduplicate ◀─────┘     │
                                                           │ verdicts           │
                                                    PublishArticles             │
                                                           │ files              │
                                             counts ─▶  Commit  ◀───────────────┘

Rows stop at staging; names of files and keys travel on; rows are read back when it is known what
becomes of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import apache_beam as beam

from schemas.feeds import FeedRequest
from schemas.records import InputFile
from transforms.commit import Commit
from transforms.deduplicate import Deduplicate
from transforms.feeds.ask import PollSettings
from transforms.feeds.clock import Clock
from transforms.history import ReadHistory
from transforms.keys import GroupKeys
from transforms.lake.finish import Ending
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.normalize import NormalizeItems
from transforms.parse import ParseDocuments
from transforms.poll import PollFeeds
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
        requests: the feeds to ask.
        poll: how they are asked.
        clock: tells the time while they are asked.
        feeds: the live files with what is remembered of feeds, relative paths.
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
    requests: tuple[FeedRequest, ...]
    poll: PollSettings
    clock: Clock
    feeds: tuple[str, ...]
    segments: tuple[str, ...]
    headline_window: timedelta
    target_file_bytes: int
    max_document_bytes: int
    max_items_per_document: int
    language_engine: str

    def ending(self) -> Ending:
        """What the commit has to know of the plan."""
        return Ending(
            staging=self.staging,
            number=self.number,
            started_at=self.started_at,
            files=len(self.files),
            requests=self.requests,
            feeds=self.feeds,
            limits=self.poll.schedule,
        )


def build(root: beam.Pipeline, plan: RunPlan) -> None:
    """Apply the whole graph of one bounded run to a pipeline."""
    commit, day = commit_name(plan.number), plan.started_at.date()

    files = root | "PlannedFiles" >> beam.Create(plan.files, reshuffle=False)
    feeds = root | "PlannedFeeds" >> beam.Create(plan.requests, reshuffle=False)
    polled = feeds | "PollFeeds" >> PollFeeds(
        plan.staging, plan.poll, plan.clock, plan.feeds, commit, day
    )
    inputs = (files, polled.answers) | "Inputs" >> beam.Flatten()
    read = inputs | "ReadDocuments" >> ReadDocuments(plan.max_document_bytes)
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
    _ = {
        "summary": judged.summary,
        "written": (written, polled.archived) | "Written" >> beam.Flatten(),
        "inputs": read.inputs,
        "documents": (read.counts, parsed.counts) | "Counts" >> beam.Flatten(),
        "polls": polled.polls,
        "readings": parsed.readings,
        "hosts": polled.hosts,
    } | "Commit" >> Commit(plan.ending())
