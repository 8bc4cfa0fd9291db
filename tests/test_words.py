"""Counting words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.words import _WORD, word_count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" \n ", 0),
        ("- & • … |", 0),
        ("It's a well-known fact: 3.5 % of U.S. GDP", 8),
        ("Monday—the day – after/before", 5),
        ("L’été, « déjà » fini", 3),
        ("Größe über alles", 3),
        ("Москва, 5 мая", 3),
        ("हिन्दी में समाचार", 3),
        ("أخبار اليوم", 2),
        ("חדשות היום", 2),
        ("日本語の新聞", 6),
        ("全新 iPhone 15 发布", 6),
        ("カタカナ・ひらがな、漢字", 10),
        ("한국어 뉴스", 2),
        ("ข่าววันนี้", 1),
        ("ភាសា\u200bខ្មែរ", 2),
        ("👍 yes", 1),
        ("snake_case __", 1),
    ],
)
def test_word_count(text, count):
    assert word_count(text) == count


@given(st.text(st.characters(exclude_categories=())), st.text())
def test_words_add_up(left, right):
    assert word_count(f"{left}\n{right}") == word_count(left) + word_count(right)


@given(st.text(st.characters(max_codepoint=127) | st.sampled_from("’‘“”•–—…")))
def test_the_fast_path_counts_the_same(text):
    assert word_count(text) == len(_WORD.findall(text))
