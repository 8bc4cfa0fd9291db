"""Keys of sightings in groups, so that each group can be worked on by itself."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from transforms.identity.columns import Keys, each_once, lookup_keys, meeting_keys

KEY_SHARDS = 16
"""Groups into which the keys that can meet are cut, by their first bits."""

LOOKUPS = KEY_SHARDS
"""The group of keys that only the history is asked for: they repeat without meaning anything."""


def shards_of(sightings: pa.Table) -> Iterator[tuple[int, bytes]]:
    """The keys of a sightings table, group by group, each as the bytes of a uint64 array."""
    keys = meeting_keys(sightings)
    shards = keys >> np.uint64(60)
    for shard in range(KEY_SHARDS):
        yield shard, keys[shards == shard].tobytes()
    yield LOOKUPS, lookup_keys(sightings).tobytes()


def keys_in(parts: Iterable[bytes]) -> Keys:
    """All keys of a group, with repeats, sorted."""
    keys = np.concatenate([np.frombuffer(part, dtype=np.uint64) for part in parts])
    keys.sort()
    return keys


def repeated(keys: Keys) -> Keys:
    """The keys that occur more than once, each once, sorted.

    Args:
        keys: sorted.
    """
    return each_once(keys[1:][keys[1:] == keys[:-1]])
