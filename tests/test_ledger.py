"""The ledger's equations, and that each kind of loss breaks one of them."""

from datetime import UTC, datetime

import pytest

from schemas.judgement import Outcome
from schemas.ledger import DocumentCount, LedgerRow
from transforms.lake.errors import LedgerMismatchError
from transforms.lake.ledger import reconcile

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


def test_a_ledger_that_adds_up_is_returned_row_by_row():
    total, a, b = reconcile("00000001", NOW, 4, READ, JUDGED, WRITTEN)
    assert a == LedgerRow("00000001", "a", NOW, 2, 1, 1, 5, 2, 1, 1, 0, 1, 0)
    assert b == LedgerRow("00000001", "b", NOW, 2, 1, 1, 2, 0, 0, 0, 1, 1, 2)
    assert total == LedgerRow("00000001", None, NOW, 4, 2, 2, 7, 2, 1, 1, 1, 2, 2)


def without_one(rows, place):
    source, outcome, whole, number = rows[place]
    return [*rows[:place], (source, outcome, whole, number - 1), *rows[place + 1 :]]


@pytest.mark.parametrize("place", range(len(JUDGED)))
def test_a_row_lost_before_the_judge_is_caught(place):
    with pytest.raises(LedgerMismatchError, match="nothing was committed"):
        reconcile("1", NOW, 4, READ, without_one(JUDGED, place), WRITTEN)


@pytest.mark.parametrize("place", range(len(WRITTEN)))
def test_a_row_lost_after_the_judge_is_caught(place):
    with pytest.raises(LedgerMismatchError, match="were written"):
        reconcile("1", NOW, 4, READ, JUDGED, without_one(WRITTEN, place))


def test_a_document_that_was_not_read_is_caught():
    with pytest.raises(LedgerMismatchError, match="5 documents were to be read and 4 were"):
        reconcile("1", NOW, 5, READ, JUDGED, WRITTEN)


def test_the_message_names_source_and_numbers():
    with pytest.raises(LedgerMismatchError, match="for a: 5 items read, 4 accounted for"):
        reconcile("1", NOW, 4, READ, without_one(JUDGED, 0), WRITTEN)
