"""Known items that come again as they were are told without the judge, and only those."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import BODY_B, NOON, WINDOW, histories, sighting

from schemas.judgement import Outcome
from transforms.identity.columns import each_once, known_table, sightings_table
from transforms.identity.judge import Judge, visit_order
from transforms.identity.settled import Settled

FIRST = sighting(guid="1", url="https://coast.example/a")
AGAIN = replace(FIRST, fetched_at=NOON + timedelta(hours=1), document=2)


def table(*rows):
    return sightings_table(rows, [(0, place) for place in range(len(rows))])


def left_behind(*rows):
    judge = Judge((), WINDOW)
    for row in rows:
        judge.judge(row)
    return known_table(judge.changed())


def settled_in(history, *files):
    """Which rows of which file are settled."""
    settled = Settled(history)
    owners = [settled.owners_of(file) for file in files]
    return [settled.are_settled(found).tolist() for found in owners]


def test_what_came_before_as_it_is_settled():
    assert settled_in(left_behind(FIRST), table(AGAIN, AGAIN)) == [[True, True]]


def test_nothing_is_settled_without_a_history():
    assert settled_in(left_behind(), table(FIRST)) == [[False]]


@pytest.mark.parametrize(
    "other",
    [
        sighting(guid="1", url="https://coast.example/a", body=BODY_B, document=3),
        sighting(guid="1", url="https://coast.example/b", document=3),
        sighting(guid="2", url="https://coast.example/a", document=3),
        sighting(guid="1", guid_trusted=False, body=BODY_B, document=3),
    ],
    ids=["new text", "new address", "new guid", "disowned guid"],
)
def test_another_row_with_a_key_of_the_item_may_change_it(other):
    """Even when it stands in a file that is read later."""
    assert settled_in(left_behind(FIRST), table(AGAIN), table(other)) == [[False], [False]]


def test_an_older_text_is_not_settled():
    revised = replace(AGAIN, content=7, body_hash=7)
    assert settled_in(left_behind(FIRST, revised), table(FIRST)) == [[False]]


@given(histories(), st.integers(0, 14))
@settings(max_examples=150, deadline=None)
def test_the_judge_says_unchanged_of_all_that_is_settled(history, cut):
    known = left_behind(*history[:cut])
    judge = Judge((), WINDOW)
    for one in history[:cut]:
        judge.judge(one)
    rest = sorted(history[cut:], key=visit_order)
    outcomes = [judge.judge(one).outcome for one in rest]
    (settled,) = settled_in(known, table(*rest))
    assert {one for one, sure in zip(outcomes, settled, strict=True) if sure} <= {Outcome.UNCHANGED}


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=9), min_size=1, max_size=4))
def test_each_number_is_given_once_and_in_order(parts):
    found = each_once(*(np.array(part, np.uint64) for part in parts))
    assert found.tolist() == sorted({number for part in parts for number in part})
