"""Which rows are written together: groups of whole days, or pieces of one large day."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa

SHARED_BYTES = 16 << 20
"""How large a group of several days may become: a worker holds all rows of a group at once."""


def cut_groups(verdicts: pa.Table, target_bytes: int, max_days: int = 64) -> Iterator[pa.Table]:
    """Cut the rows to be stored into groups, each written by one worker.

    The cut depends on the rows alone: the same rows make the same files.

    Args:
        verdicts: rows with ``table``, ``day``, ``article_id``, ``item_id`` and ``size``.
        target_bytes: how large one day's file may become; a larger day is cut into several.
        max_days: how many small days go into one group.
    """
    order = [(n, "ascending") for n in ("table", "day", "article_id", "revision", "item_id")]
    rows = verdicts.sort_by(order)
    if not rows.num_rows:
        return
    table = rows.column("table").to_numpy(zero_copy_only=False)
    day = rows.column("day").to_numpy(zero_copy_only=False)
    ends = np.flatnonzero((table[1:] != table[:-1]) | (day[1:] != day[:-1])) + 1
    starts = [0, *ends.tolist(), rows.num_rows]
    bytes_before = np.concatenate([[0], np.cumsum(rows.column("size").to_numpy().astype(np.int64))])
    shared_bytes = min(SHARED_BYTES, target_bytes)
    group_start, days = 0, 0
    for start, end in pairwise(starts):
        same_table = table[start] == table[group_start]
        fits = bytes_before[end] - bytes_before[group_start] <= shared_bytes
        if start > group_start and not (same_table and fits and days < max_days):
            yield rows.slice(group_start, start - group_start)
            group_start, days = start, 0
        days += 1
        while bytes_before[end] - bytes_before[group_start] > target_bytes:
            limit = bytes_before[group_start] + target_bytes
            cut = int(np.searchsorted(bytes_before, limit, side="right")) - 1
            cut = min(max(cut, group_start + 1), end)
            if cut == end:
                break
            yield rows.slice(group_start, cut - group_start)
            group_start, days = cut, 1
    yield rows.slice(group_start, rows.num_rows - group_start)
