"""A run judged at once is a run judged one by one; what travels as Arrow comes back as it was."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import WINDOW, histories, sighting

from schemas.judgement import Outcome, Status, Verdict
from schemas.parquet import KNOWN_ITEMS
from transforms.identity.columns import (
    from_ipc,
    known_from,
    known_table,
    latest_of_each,
    meeting_keys,
    rows_with_keys,
    sightings_from,
    sightings_table,
    to_ipc,
)
from transforms.identity.judge import Judge, visit_order
from transforms.identity.known import Keys, aliases_of, first_known
from transforms.identity.shards import LOOKUPS, keys_in, repeated, shards_of
from transforms.identity.verdicts import judge_all, plain_known


def table_of(history):
    return sightings_table(history, [(0, row) for row in range(len(history))])


def repeated_in(tables):
    keys, counts = np.unique(
        np.concatenate([meeting_keys(table) for table in tables]), return_counts=True
    )
    return keys[counts > 1]


@given(histories(), st.integers(0, 14), st.randoms())
@settings(max_examples=150, deadline=None)
def test_judging_at_once_equals_judging_one_by_one(history, cut, rng):
    """Over a history that the first part has left behind, in any row order, from two files."""
    judge = Judge((), WINDOW)
    for one in history[:cut]:
        judge.judge(one)
    stored = known_table(judge.changed())
    rest = history[cut:]
    second = Judge(known_from(stored), WINDOW)
    expected = [second.judge(one) for one in sorted(rest, key=visit_order)]
    rng.shuffle(rest)
    half = rng.randint(0, len(rest))
    files = {"b.claim": table_of(rest[:half]), "a.claim": table_of(rest[half:])}
    judgement = judge_all(
        list(files), files.__getitem__, stored, repeated_in(files.values()), WINDOW
    )

    assert Counter({key[1]: n for key, n in _by_outcome(judgement.counts).items()}) == Counter(
        verdict.outcome for verdict in expected
    )
    kept = [verdict for verdict in expected if verdict.outcome is not Outcome.UNCHANGED]
    found = judgement.verdicts.to_pylist()
    assert sorted(_told(Verdict(Outcome.NEW, **_fields(row))) for row in found) == sorted(
        _told(verdict) for verdict in kept
    )
    plain = [
        item
        for claim, places in judgement.plain.items()
        for item in known_from(plain_known(files[claim].take(pa.array(places))))
    ]
    items = [item for item in (*plain, *judgement.changed) if item.status is not Status.DOCUMENT]
    assert sorted(items, key=lambda item: item.item_id) == list(second.changed())


def _fields(row):
    names = set(Verdict.__dataclass_fields__) - {"outcome"}
    return {name: row[name] for name in names}


def _told(verdict):
    return (
        verdict.article_id,
        verdict.revision,
        verdict.kind or "",
        tuple(verdict.changed),
        tuple(verdict.flags),
        verdict.evidence or "",
        verdict.first_seen_at,
        verdict.day,
    )


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


@given(histories())
@settings(max_examples=50, deadline=None)
def test_a_row_that_meets_no_one_is_remembered_as_the_judge_would(history):
    rows = [replace(one, is_reject=place % 3 == 2) for place, one in enumerate(history)]
    due = [
        first_known(
            one,
            Status.REJECT if one.is_reject else Status.ARTICLE,
            Verdict(
                Outcome.NEW, one.item_id, one.day, one.fetched_at, revision=int(not one.is_reject)
            ),
            one.item_id,
            Keys(aliases_of(one)),
        )
        for one in rows
    ]
    assert list(known_from(plain_known(table_of(rows)))) == due


@given(histories())
@settings(max_examples=50, deadline=None)
def test_the_shards_hold_every_key_and_tell_which_repeat(history):
    table = table_of(history)
    groups = [(shard, keys_in([part])) for shard, part in shards_of(table)]
    meeting = [keys for shard, keys in groups if shard != LOOKUPS]
    assert np.concatenate(meeting).tolist() == sorted(meeting_keys(table).tolist())
    found = np.concatenate([repeated(keys) for keys in meeting])
    assert found.tolist() == repeated_in([table]).tolist()


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
