"""ReadHistory: the known items that a run's sightings can meet.

Input: groups of keys. Output: names of files in staging that hold the known items found under the
keys of a group, beginning with the number of the segment they come from. The segments are asked
where they lie, key by key, so the cost follows the keys of the run and not the age of the lake, and
no history travels that the run does not touch.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam

from transforms.identity.shards import keys_in
from transforms.lake.history import find_known
from transforms.lake.layout import Layout, Staging


@dataclass
class ReadHistory(beam.PTransform):
    """Find the known items that share a key with the run.

    Args:
        lake: the lake.
        staging: where what is found is put down.
        segments: the live segments of the history, the oldest first, relative to the lake.
    """

    lake: Layout
    staging: Staging
    segments: tuple[str, ...]

    def expand(self, keys: beam.PCollection) -> beam.PCollection:
        """Ask every segment for the keys of every group."""
        return keys | "AskSegments" >> beam.ParDo(_AskSegments(self)).with_output_types(str)


class _AskSegments(beam.DoFn):
    def __init__(self, settings: ReadHistory) -> None:
        self._lake = settings.lake
        self._staging = settings.staging
        self._segments = settings.segments

    def process(self, group: tuple[int, Iterable[bytes]]) -> Iterator[str]:
        shard, parts = group
        yield from find_known(self._lake, self._staging, self._segments, keys_in(parts), shard)
