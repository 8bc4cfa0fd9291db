"""Real feeds: every entry accounted for, every date equal to an independent reading of it."""

import json
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from runs import problems_of, run_over

from benchmarks.lakes import rows_of
from pipeline.errors import ExitCode


@pytest.fixture(scope="module")
def captured(shared_data):
    return shared_data("feeds_captured")


@pytest.fixture(scope="module")
def lake(captured, tmp_path_factory):
    lake = tmp_path_factory.mktemp("captured") / "lake"
    code = run_over([captured], lake, "--max_rejects=0")
    assert code in (ExitCode.DONE, ExitCode.TOO_MANY_REJECTS)
    return lake


def test_every_entry_is_in_the_ledger(captured, lake):
    manifest = json.loads((captured / "MANIFEST.json").read_text(encoding="utf-8"))
    entries = {one["file"].rsplit("/", 1)[-1]: one["n"] for one in manifest}
    (total,) = [row for row in rows_of(lake, "runs") if row["source"] is None]
    assert total["items_read"] == sum(entries.values())
    assert total["documents_read"] == len(entries) + 1
    stored = Counter(
        row["document_uri"].rsplit("/", 1)[-1]
        for table in ("articles", "duplicates")
        for row in rows_of(lake, table)
    )
    assert stored.keys() <= entries.keys()
    elsewhere = total["items_unchanged"] + total["items_rejected"]
    assert sum(stored.values()) + elsewhere == total["items_read"]
    reasons = [row["reason"] for row in rows_of(lake, "rejects")]
    assert sorted(reasons) == ["empty_item", "unsupported_format"]


def test_the_lake_is_whole(lake):
    assert problems_of(lake) == ()


def strictly_read(raw: str) -> datetime | None:
    """The standard library's own reading, where it has one with an offset."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(raw.strip())
        except ValueError:
            continue
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    return None


def test_dates_equal_an_independent_strict_reading(lake):
    compared = 0
    for row in rows_of(lake, "articles"):
        if row["published_at"] is None:
            assert "undated" in row["flags"]
            continue
        due = strictly_read(row["published_raw"])
        if due is not None:
            assert row["published_at"] == due, row["published_raw"]
            compared += 1
    assert compared > 2000


def test_a_date_that_is_not_used_says_why(lake):
    for row in rows_of(lake, "articles"):
        if row["published_at"] is None and row["date_candidates"]:
            assert all(found["reason"] for found in row["date_candidates"])
            assert "date_refused" in row["flags"]
