"""Commit: check the ledger, make the commit, move the files into the tables.

Inputs: everything the run wrote and counted. Output: the commit's number. One element, after all
else; safe to repeat: a second time it finds its own commit and only finishes publishing. Bounded
input only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsList, AsSingleton

from schemas.ledger import DocumentCount, RunSummary, Written
from transforms.lake.finish import finish_run
from transforms.lake.layout import Staging


@dataclass
class Commit(beam.PTransform):
    """Make the run's commit.

    Args:
        staging: the run's staging folder.
        number: the commit's number.
        started_at: when the run was started, UTC.
        documents_planned: how many documents the run was to read.
    """

    staging: Staging
    number: int
    started_at: datetime
    documents_planned: int

    def expand(self, inputs: Any) -> beam.PCollection:
        """Wait for everything (``written``, ``summary``, ``counts``), then commit once."""
        return (
            inputs["written"].pipeline
            | "Once" >> beam.Create([None], reshuffle=False)
            | "MakeCommit"
            >> beam.ParDo(
                _MakeCommit(self),
                AsList(inputs["written"]),
                AsSingleton(inputs["summary"]),
                AsList(inputs["counts"]),
            )
        )


class _MakeCommit(beam.DoFn):
    def __init__(self, settings: Commit) -> None:
        self._staging = settings.staging
        self._number = settings.number
        self._started_at = settings.started_at
        self._planned = settings.documents_planned

    def process(
        self,
        _: None,
        written: list[Written],
        summary: RunSummary,
        counts: list[DocumentCount],
    ) -> Iterator[int]:
        yield finish_run(
            self._staging, self._number, self._started_at, self._planned, written, summary, counts
        )
