"""A run judged at once is a run judged one by one; what travels as Arrow comes back as it was."""

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import WINDOW, histories, sighting

from schemas.judgement import Outcome
from schemas.parquet import KNOWN_ITEMS, SIGHTINGS
from transforms.identity.judge import Judge, visit_order
from transforms.identity.sightings import (
    from_ipc,
    item_keys_of,
    known_from,
    known_table,
    latest_of_each,
    rows_with_keys,
    sightings_batch,
    sightings_from,
    to_ipc,
)
from transforms.identity.verdicts import judge_all


def table_of(history):
    places = [(0, row) for row in range(len(history))]
    return from_ipc([to_ipc(sightings_batch(history, "claim", places))], SIGHTINGS)


def repeated_in(table):
    keys, counts = np.unique(item_keys_of(table), return_counts=True)
    return keys[counts > 1]


@given(histories(), st.integers(0, 12), st.randoms())
@settings(max_examples=150, deadline=None)
def test_judging_at_once_equals_judging_one_by_one(history, cut, rng):
    """Over a history that the first part of the sightings has left behind, in any row order."""
    judge = Judge((), WINDOW)
    for one in history[:cut]:
        judge.judge(one)
    stored = known_table(judge.changed())
    rest = history[cut:]
    second = Judge(known_from(stored), WINDOW)
    expected = [second.judge(one) for one in sorted(rest, key=visit_order)]
    rng.shuffle(rest)
    table = table_of(rest)
    judgement = judge_all(table, stored, repeated_in(table), WINDOW)

    assert Counter({key[1]: n for key, n in _by_outcome(judgement.counts).items()}) == Counter(
        verdict.outcome for verdict in expected
    )
    kept = [verdict for verdict in expected if verdict.outcome is not Outcome.UNCHANGED]
    found = judgement.verdicts.to_pylist()
    assert sorted((r["article_id"], r["revision"], r["kind"] or "") for r in found) == sorted(
        (v.article_id, v.revision, v.kind or "") for v in kept
    )
    items = [item for item in known_from(judgement.known) if item.item_id[0] != 0xFF]
    assert sorted(items, key=lambda item: item.item_id) == list(second.changed())


def _by_outcome(counts):
    total = Counter()
    for (_, outcome, _), number in counts.items():
        total["", outcome] += number
    return total


@given(histories())
@settings(max_examples=50, deadline=None)
def test_sightings_and_known_items_survive_the_journey(history):
    assert list(sightings_from(table_of(history))) == history
    judge = Judge((), WINDOW)
    for one in history:
        judge.judge(one)
    known = list(judge.changed())
    assert list(known_from(from_ipc([to_ipc(known_table(known))], KNOWN_ITEMS))) == known


def test_the_latest_row_of_an_item_counts():
    judge = Judge((), WINDOW)
    rows = []
    for revision, body in enumerate(["one", "two", "three"]):
        judge.judge(sighting(guid="1", body=body, document=revision))
        rows += list(judge.changed())
    latest = latest_of_each(known_table(rows))
    assert list(known_from(latest)) == [rows[-1]]


KEYS = st.lists(st.integers(0, 2**64 - 1), max_size=6)


@given(st.lists(KEYS, max_size=8), KEYS)
def test_rows_are_found_by_any_of_their_keys(lists, wanted):
    wanted = sorted({*wanted, *(keys[0] for keys in lists[:2] if keys)})
    table = pa.table({"keys": pa.array(lists, pa.list_(pa.uint64()))})
    hit = rows_with_keys(table, np.array(wanted, np.uint64), ("keys",))
    assert hit.tolist() == [bool(set(keys) & set(wanted)) for keys in lists]
