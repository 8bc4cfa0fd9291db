"""GroupKeys: bring the keys of all sightings together, so that what meets is found.

Input: names of claim files. Output: (shard, key arrays) pairs; see
:mod:`transforms.identity.shards`. Bounded input only: a group is complete when all input has been
read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam

from transforms.identity.shards import shards_of
from transforms.lake.claims import read_sightings
from transforms.lake.layout import Staging


@dataclass
class GroupKeys(beam.PTransform):
    """From claim files to groups of keys.

    Args:
        staging: where the claim files are.
    """

    staging: Staging

    def expand(self, claims: beam.PCollection) -> beam.PCollection:
        """Cut the keys of each file into shards and group them."""
        cut = beam.FlatMap(_shards_of, self.staging)
        return (
            claims
            | "ShardKeys" >> cut.with_output_types(beam.typehints.Tuple[int, bytes])
            | "GroupShards" >> beam.GroupByKey()
        )


def _shards_of(claim: str, staging: Staging) -> Iterator[tuple[int, bytes]]:
    return shards_of(read_sightings(staging, claim))
