"""The documents say what the code does, and point at what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from runs import run_over

from benchmarks.lakes import rows_of
from schemas.reasons import REASON_MEANINGS, STAGE_MEANINGS, Reason, Stage
from schemas.records import Article, Reject
from schemas.tables import (
    BODY_ORIGINS,
    DATE_PRECISIONS,
    DATE_REFUSALS,
    DATE_ZONES,
    DUPLICATE_KINDS,
    FLAGS,
    PUBLISHED_ORIGINS,
    SOURCE_ORIGINS,
    TABLE_MEANINGS,
    TABLES,
)

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("benchmarks/*.md")])


def test_generated_pages_are_fresh():
    command = [sys.executable, str(ROOT / "tools" / "make_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_has_a_gap(page):
    assert "@@" not in page.read_text(encoding="utf-8")


def test_every_record_field_is_a_column_and_every_word_is_explained():
    columns = {column.name for column in TABLES["articles"]}
    assert set(Article.__dataclass_fields__) <= columns
    assert set(Reject.__dataclass_fields__) <= {column.name for column in TABLES["rejects"]}
    assert set(TABLE_MEANINGS) == set(TABLES)
    assert set(REASON_MEANINGS) == set(Reason)
    assert set(STAGE_MEANINGS) == set(Stage)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    lake = tmp_path_factory.mktemp("examples") / "lake"
    assert run_over([ROOT / "examples" / "news"], lake) == 0
    return rows_of(lake, "articles") + rows_of(lake, "duplicates")


def test_columns_hold_only_documented_words(rows):
    vocabularies = {
        "source_origin": SOURCE_ORIGINS,
        "body_origin": BODY_ORIGINS,
        "published_origin": PUBLISHED_ORIGINS,
        "published_precision": {*DATE_PRECISIONS, None},
        "published_zone": DATE_ZONES,
    }
    for row in rows:
        for column, words in vocabularies.items():
            assert row[column] in words
        assert set(row["flags"]) <= set(FLAGS)
        assert {found["reason"] for found in row["date_candidates"]} <= set(DATE_REFUSALS)
        assert row.get("kind") in {*DUPLICATE_KINDS, None}


def test_the_examples_show_what_the_readme_promises(rows):
    """A transcript with its conflict, a duplicate across feeds, an undated item, two languages."""
    flags = {flag for row in rows for flag in row["flags"]}
    assert {"date_conflict", "undated"} <= flags
    assert {row["format"] for row in rows} == {
        "rss20",
        "atom10",
        "jsonfeed11",
        "transcript",
        "text",
    }
    assert {row["language"] for row in rows if "language" in row} == {"en", "de"}
    assert [row["kind"] for row in rows if "kind" in row] == ["same_headline"]
    assert max(row["headline_repeats"] for row in rows) == 4
