"""The ledger's equations, and that each kind of loss breaks one of them."""

from datetime import UTC, datetime

import pytest

from schemas.feeds import Poll, PollOutcome
from schemas.judgement import Outcome
from schemas.ledger import Counted, DataFile, DocumentCount, InputCount, LedgerRow, Written
from transforms.lake.errors import LedgerMismatchError
from transforms.lake.ledger import Planned, reconcile

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ = [
    DocumentCount("a", 1, 0, 5),
    DocumentCount("a", 0, 1, 0),
    DocumentCount("b", 1, 0, 2),
    DocumentCount("b", 0, 1, 0),
]
JUDGED = [
    ("a", Outcome.NEW, False, 2),
    ("a", Outcome.REVISED, False, 1),
    ("a", Outcome.UNCHANGED, False, 1),
    ("a", Outcome.REJECTED, False, 1),
    ("a", Outcome.REJECTED, True, 1),
    ("b", Outcome.REPEATED, True, 1),
    ("b", Outcome.DUPLICATE, False, 1),
    ("b", Outcome.REPEATED, False, 1),
]
WRITTEN = [row for row in JUDGED if row[1] not in (Outcome.UNCHANGED, Outcome.REPEATED)]

INPUTS = [InputCount(1), InputCount(2), InputCount(0), InputCount(1)]
POLLS = [
    Poll("k1", "https://a.example/", "a", PollOutcome.FETCHED),
    Poll("k2", "https://b.example/", None, PollOutcome.NOT_MODIFIED),
    Poll("k3", "https://c.example/", None, PollOutcome.FAILED),
]
PLANNED = Planned("00000001", NOW, files=3, feeds=3)


def counted(*, inputs=INPUTS, written=WRITTEN, polls=POLLS):
    file = DataFile("articles", NOW.date(), "a", "a", 0, 0, "")
    return Counted((Written(file, tuple(written)),), tuple(inputs), tuple(READ), tuple(polls))


def test_a_ledger_that_adds_up_is_returned_row_by_row():
    total, a, b = reconcile(PLANNED, counted(), JUDGED, gaps=1)
    assert a == LedgerRow("00000001", "a", NOW, 2, 1, 1, 5, 2, 1, 1, 0, 1, 0)
    assert b == LedgerRow("00000001", "b", NOW, 2, 1, 1, 2, 0, 0, 0, 1, 1, 2)
    assert total == LedgerRow(
        "00000001", None, NOW, 4, 2, 2, 7, 2, 1, 1, 1, 2, 2, 3, 1, 1, 1, 0, 0, 0, gaps=1
    )


def without_one(rows, place):
    source, outcome, whole, number = rows[place]
    return [*rows[:place], (source, outcome, whole, number - 1), *rows[place + 1 :]]


@pytest.mark.parametrize("place", range(len(JUDGED)))
def test_a_row_lost_before_the_judge_is_caught(place):
    with pytest.raises(LedgerMismatchError, match="nothing was committed"):
        reconcile(PLANNED, counted(), without_one(JUDGED, place), 0)


@pytest.mark.parametrize("place", range(len(WRITTEN)))
def test_a_row_lost_after_the_judge_is_caught(place):
    with pytest.raises(LedgerMismatchError, match="were written"):
        reconcile(PLANNED, counted(written=without_one(WRITTEN, place)), JUDGED, 0)


def test_a_document_that_was_not_read_is_caught():
    more = [*INPUTS[:-1], InputCount(2)]
    with pytest.raises(LedgerMismatchError, match="5 documents were there to be read and 4 were"):
        reconcile(PLANNED, counted(inputs=more), JUDGED, 0)


def test_an_input_that_was_not_opened_is_caught():
    with pytest.raises(LedgerMismatchError, match="4 inputs were to be read and 3 were"):
        reconcile(PLANNED, counted(inputs=INPUTS[1:]), JUDGED, 0)


@pytest.mark.parametrize("place", range(len(POLLS)))
def test_a_feed_that_was_lost_is_caught(place):
    left = [*POLLS[:place], *POLLS[place + 1 :]]
    with pytest.raises(LedgerMismatchError, match="3 feeds were to be asked and 2 of them"):
        reconcile(PLANNED, counted(polls=left), JUDGED, 0)


def test_the_message_names_source_and_numbers():
    with pytest.raises(LedgerMismatchError, match="for a: 5 items read, 4 accounted for"):
        reconcile(PLANNED, counted(), without_one(JUDGED, 0), 0)
