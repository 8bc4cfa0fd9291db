"""What remains of a headline when its words are kept as hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.headline import headline_key
from transforms.text.headline_words import (
    MOST_WORDS,
    headline_overlap,
    headline_words,
    same_numbers,
)


def words(headline: str | None) -> bytes:
    return headline_words(headline_key(headline))


@pytest.mark.parametrize(
    ("a", "b", "overlap"),
    [
        ("Plane crashes near the lake", "Pilot dies after plane crashes near the lake", 1.0),
        ("Ferry stops", "Council votes", 0.0),
        ("Ferry stops early", "Ferry sails early on", 2 / 3),
        ("今日天气晴朗", "今日天气多云", 3 / 5),
        (None, "Ferry stops", 0.0),
    ],
)
def test_overlap_is_the_share_of_the_shorter_headline(a, b, overlap):
    assert headline_overlap(words(a), words(b)) == overlap
    assert headline_overlap(words(b), words(a)) == overlap


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Evening news, 22 May", "Evening news, 23 May", False),
        ("Evening news, 22 May", "May 22: the news of the evening", True),
        ("Evening news", "Morning news", True),
        ("Hearing resumes (part 2)", "Hearing resumes", False),
        ("१२ लोग", "१३ लोग", False),
    ],
)
def test_numbers_tell_editions_apart(a, b, same):
    assert same_numbers(words(a), words(b)) is same


def test_the_bytes_are_the_same_on_every_machine():
    assert words("Ferry stops at 9").hex() == "66b3d33269b212687282c17a2afb76ff"


@given(st.text())
def test_any_headline_overlaps_with_itself_wholly(headline):
    kept = words(headline)
    assert len(kept) <= 4 * MOST_WORDS
    assert headline_overlap(kept, kept) == (1.0 if kept else 0.0)
    assert same_numbers(kept, kept)
