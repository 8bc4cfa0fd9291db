"""Deduplicate: say of every sighting what becomes of it.

Inputs: sightings (Arrow streams) and known items (path, Arrow stream). Outputs: ``verdicts``, one
Arrow stream a group of rows that is to be written together, and ``summary``, one
:class:`RunSummary`. The result depends on the set of sightings alone, not on their order or on
bundles. Bounded input only: all sightings of the run are judged together, after the last.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsList

from schemas.ledger import RunSummary
from schemas.parquet import KNOWN_ITEMS, SIGHTINGS
from transforms.identity.sightings import Keys, from_ipc, item_keys_of, to_ipc
from transforms.identity.verdicts import judge_all
from transforms.lake.cut import cut_groups
from transforms.lake.history import write_known
from transforms.lake.layout import Staging
from transforms.outcome import SUMMARY, count

KEY_SHARDS = 16


@dataclass
class Deduplicate(beam.PTransform):
    """Judge all sightings of a run.

    Args:
        staging: where the run's keys file is written.
        commit: the run's commit number, eight digits.
        headline_window: how far apart two equal headlines may be and still be one story.
        target_file_bytes: how large a group of rows may become.
    """

    staging: Staging
    commit: str
    headline_window: timedelta
    target_file_bytes: int

    def expand(self, inputs: Any) -> Any:
        """Find the keys that meet, then judge ``sightings`` in the light of ``known``."""
        sightings, known = inputs["sightings"], inputs["known"]
        repeated = sightings | "FindRepeatedKeys" >> _FindRepeatedKeys()
        return (
            sightings.pipeline
            | "Once" >> beam.Create([None], reshuffle=False)
            | "JudgeSightings"
            >> beam.ParDo(
                _JudgeSightings(self), AsList(sightings), AsList(known), AsList(repeated)
            ).with_outputs(SUMMARY, main="verdicts")
        )


@dataclass
class _FindRepeatedKeys(beam.PTransform):
    """From sightings to the keys that occur more than once, shard by shard."""

    def expand(self, sightings: beam.PCollection) -> beam.PCollection:
        return (
            sightings
            | "ShardKeys"
            >> beam.FlatMap(_shard_keys).with_output_types(beam.typehints.Tuple[int, bytes])
            | "GroupShards" >> beam.GroupByKey()
            | "KeepRepeated" >> beam.MapTuple(_keep_repeated).with_output_types(bytes)
        )


def _shard_keys(part: bytes) -> Iterator[tuple[int, bytes]]:
    keys = item_keys_of(from_ipc([part], SIGHTINGS))
    shards = keys % np.uint64(KEY_SHARDS)
    for shard in range(KEY_SHARDS):
        yield shard, keys[shards == shard].tobytes()


def _keep_repeated(_: int, parts: Iterable[bytes]) -> bytes:
    keys = np.concatenate([np.frombuffer(part, dtype=np.uint64) for part in parts])
    distinct, occurrences = np.unique(keys, return_counts=True)
    return distinct[occurrences > 1].tobytes()


class _JudgeSightings(beam.DoFn):
    def __init__(self, settings: Deduplicate) -> None:
        self._staging = settings.staging
        self._commit = settings.commit
        self._window = settings.headline_window
        self._target_bytes = settings.target_file_bytes

    def process(
        self,
        _: None,
        sightings: list[bytes],
        known: list[tuple[str, bytes]],
        repeated: list[bytes],
    ) -> Iterator[Any]:
        judgement = judge_all(
            from_ipc(sightings, SIGHTINGS),
            from_ipc([part for _, part in sorted(known)], KNOWN_ITEMS),
            _sorted_keys(repeated),
            self._window,
        )
        keys_file = write_known(self._staging, self._commit, judgement.known)
        yield beam.pvalue.TaggedOutput(
            SUMMARY,
            RunSummary(
                counts=tuple(
                    (source, outcome, whole, number)
                    for (source, outcome, whole), number in sorted(judgement.counts.items())
                ),
                documents=judgement.documents,
                keys_file=keys_file,
            ),
        )
        for key, number in judgement.counts.items():
            count(f"items_{key[1]}", number)
        for group in cut_groups(judgement.verdicts, self._target_bytes):
            yield to_ipc(group)


def _sorted_keys(parts: list[bytes]) -> Keys:
    arrays = [np.frombuffer(part, dtype=np.uint64) for part in parts]
    return np.unique(np.concatenate(arrays)) if arrays else np.empty(0, np.uint64)
