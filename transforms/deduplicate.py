"""Deduplicate: say of every sighting what becomes of it.

Inputs: ``claims``, names of claim files; ``keys``, their keys in groups; ``known``, names of files
with the known items found under them. Outputs: ``verdicts``, one Arrow stream a group of rows that
is to be written together, and ``summary``, one :class:`RunSummary`. The result depends on the set
of sightings alone, not on their order or on bundles. Bounded input only: all sightings of the run
are judged together, after the last.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsList

from schemas.ledger import RunSummary
from transforms.identity.columns import Keys, each_once, known_table, to_ipc
from transforms.identity.shards import LOOKUPS, keys_in, repeated
from transforms.identity.verdicts import Judgement, PlainRows, judge_all
from transforms.lake.claims import read_sightings
from transforms.lake.cut import cut_groups
from transforms.lake.history import read_found, write_history
from transforms.lake.layout import Layout, Staging
from transforms.lake.segment import Part, TablePart
from transforms.outcome import SUMMARY, count


@dataclass
class Deduplicate(beam.PTransform):
    """Judge all sightings of a run.

    Args:
        lake: the lake.
        staging: where the claims lie and the run's part of the history is written.
        segments: the live segments of the history, the oldest first.
        commit: the run's commit number, eight digits.
        headline_window: how far apart two equal headlines may be and still be one story.
        target_file_bytes: how large a group of rows may become.
    """

    lake: Layout
    staging: Staging
    segments: tuple[str, ...]
    commit: str
    headline_window: timedelta
    target_file_bytes: int

    def expand(self, inputs: Any) -> Any:
        """Find the keys that meet, then judge ``claims`` in the light of ``known``."""
        meet = inputs["keys"] | "KeepRepeated" >> beam.FlatMapTuple(_repeated).with_output_types(
            bytes
        )
        sides = AsList(inputs["claims"]), AsList(inputs["known"]), AsList(meet)
        return (
            inputs["claims"].pipeline
            | "Once" >> beam.Create([None], reshuffle=False)
            | "JudgeSightings"
            >> beam.ParDo(_JudgeSightings(self), *sides).with_outputs(SUMMARY, main="verdicts")
        )


def _repeated(shard: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    if shard != LOOKUPS:
        yield repeated(keys_in(parts)).tobytes()


class _JudgeSightings(beam.DoFn):
    def __init__(self, settings: Deduplicate) -> None:
        self._lake = settings.lake
        self._staging = settings.staging
        self._segments = settings.segments
        self._commit = settings.commit
        self._window = settings.headline_window
        self._target_bytes = settings.target_file_bytes

    def process(
        self, _: None, claims: list[str], known: list[str], meet: list[bytes]
    ) -> Iterator[Any]:
        judgement = judge_all(
            claims,
            partial(read_sightings, self._staging),
            read_found(self._staging, known),
            _sorted_keys(meet),
            self._window,
        )
        parts = self._parts(judgement)
        # They are in a table now: as records they would take four times as much until the end.
        judgement.changed.clear()
        files, segments = write_history(
            self._lake, self._staging, self._commit, self._segments, parts
        )
        yield beam.pvalue.TaggedOutput(
            SUMMARY,
            RunSummary(
                counts=tuple(
                    (source, outcome, whole, number)
                    for (source, outcome, whole), number in sorted(judgement.counts.items())
                ),
                documents=judgement.documents,
                files=files,
                segments=segments,
            ),
        )
        for key, number in judgement.counts.items():
            count(f"items_{key[1]}", number)
        for group in cut_groups(judgement.verdicts, self._target_bytes):
            yield to_ipc(group)

    def _parts(self, judgement: Judgement) -> list[Part]:
        """What the run adds to the history; no item is in two of the parts."""
        plain = [
            PlainRows(partial(read_sightings, self._staging, claim), places)
            for claim, places in judgement.plain.items()
        ]
        return [*plain, TablePart(known_table(judgement.changed))]


def _sorted_keys(parts: list[bytes]) -> Keys:
    arrays = [np.frombuffer(part, dtype=np.uint64) for part in parts]
    return each_once(*arrays) if arrays else np.empty(0, np.uint64)
