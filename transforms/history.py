"""ReadHistory: the known items that a run's sightings can meet.

Input: sightings (Arrow streams). Output: (path of a keys file, Arrow stream of its matching rows);
paths sort by commit. The keys of the run are gathered once and every keys file is filtered by them
where it lies, so the cost follows the run's keys and the size of the key columns, and no history
travels that the run does not touch. Bounded input only: the gathering waits for its end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np

from schemas.parquet import SIGHTINGS
from transforms.identity.sightings import Keys, from_ipc, history_keys_of, to_ipc
from transforms.lake.history import read_known
from transforms.lake.layout import Layout


@dataclass
class ReadHistory(beam.PTransform):
    """Find the known items that share a key with the run.

    Args:
        lake: the lake.
        keys_files: the keys files of all commits, relative to the lake.
    """

    lake: Layout
    keys_files: tuple[str, ...]

    def expand(self, sightings: beam.PCollection) -> beam.PCollection:
        """Gather the run's keys, then filter each keys file by them."""
        wanted = (
            sightings
            | "KeysOfSightings" >> beam.Map(_keys_of_part).with_output_types(bytes)
            | "GatherKeys" >> beam.CombineGlobally(_UnionOfKeys())
        )
        return (
            sightings.pipeline
            | "KeysFiles" >> beam.Create(self.keys_files, reshuffle=False)
            | "SpreadKeysFiles" >> beam.Reshuffle()
            | "FilterKeysFile"
            >> beam.ParDo(_FilterKeysFile(self.lake), beam.pvalue.AsSingleton(wanted))
        )


def _keys_of_part(part: bytes) -> bytes:
    return history_keys_of(from_ipc([part], SIGHTINGS)).tobytes()


def _as_keys(buffer: bytes) -> Keys:
    return np.frombuffer(buffer, dtype=np.uint64)


class _UnionOfKeys(beam.CombineFn):
    """Sorted distinct keys as the bytes of a uint64 array."""

    def create_accumulator(self) -> list[bytes]:
        return []

    def add_input(self, accumulator: list[bytes], keys: bytes) -> list[bytes]:
        return [*accumulator, keys]

    def merge_accumulators(self, accumulators: Iterable[list[bytes]]) -> list[bytes]:
        return [part for accumulator in accumulators for part in accumulator]

    def extract_output(self, accumulator: list[bytes]) -> bytes:
        arrays = [_as_keys(part) for part in accumulator]
        return np.unique(np.concatenate(arrays)).tobytes() if arrays else b""


class _FilterKeysFile(beam.DoFn):
    def __init__(self, lake: Layout) -> None:
        self._lake = lake

    def process(self, path: str, wanted: bytes) -> Iterator[tuple[str, bytes]]:
        known = read_known(self._lake.absolute(path), _as_keys(wanted))
        if known.num_rows:
            yield path, to_ipc(known)
