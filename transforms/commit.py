"""Commit: check the ledger, make the commit, move the files into the tables.

Inputs: everything the run wrote and counted. Output: the commit's number. One element, after all
else; safe to repeat: a second time it finds its own commit and only finishes publishing. Bounded
input only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsList, AsSingleton

from schemas.ledger import Counted, RunSummary
from transforms.lake.finish import Ending, finish_run

COUNTED = ("written", "inputs", "documents", "polls", "readings", "hosts")
"""Names of inputs: fields of :class:`schemas.ledger.Counted`."""


@dataclass
class Commit(beam.PTransform):
    """Make the run's commit.

    Args:
        ending: what the end of the run has to know of its beginning.
    """

    ending: Ending

    def expand(self, inputs: Any) -> beam.PCollection:
        """Wait for everything, ``summary`` and the fields of ``Counted``, then commit once."""
        return (
            inputs["written"].pipeline
            | "Once" >> beam.Create([None], reshuffle=False)
            | "MakeCommit"
            >> beam.ParDo(
                _MakeCommit(self.ending),
                AsSingleton(inputs["summary"]),
                *(AsList(inputs[name]) for name in COUNTED),
            )
        )


class _MakeCommit(beam.DoFn):
    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    def process(self, _: None, summary: RunSummary, *counted: list[Any]) -> Iterator[int]:
        yield finish_run(self._ending, Counted(*map(tuple, counted)), summary)
