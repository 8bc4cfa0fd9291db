"""Characters put in order: what goes, what stays, and that it never raises."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text.clean import (
    as_written,
    clean_text,
    fold_line,
    fold_paragraphs,
    without_surrogates,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
PIECES = st.lists(
    st.sampled_from(
        [
            "Ã©", "â€™", "Ã ", "Â\xa0", "РџСЂ", "æ—¥", "\x92", "\x85", "\x81", "\x00", "\r\n", "\r",
            "\t", "\xa0", "\u200b", "\u200c", "\u200d", "\ufeff", "\xad", "\u202e", "\ufdd0",
            "\U0010ffff", "\ud83d", "\ude00", "\u0e01", "می", "क्", "e", "\u0301", "É", "»", "…",
            "\U0001f3f4", "\U000e0067", "\u2028", " ", "\n", "’", "à", "Ä", "ð", "Ÿ", "‚", "Р", "С",
        ]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain text, kept\nas it is", "plain text, kept\nas it is"),
        ("nul\x00 bell\x07 del\x7f", "nul bell del"),
        ("tab\there", "tab here"),
        ("one\r\ntwo\rthree\x0bfour\x0cfive\u2028six\u2029", "one\ntwo\nthree\nfour\nfive\nsix\n"),
        ("5\xa0000\u202f€\u2009and\u3000more", "5 000 € and more"),
        ("\ufeffhead\ufeffline", "headline"),
        ("sy\xadlla\xadble", "syllable"),
        ("abc\u202edcba\u202c \u2066x\u2069 \u200ey\u200f", "abcdcba x y"),
        ("word\u2060join\u2062er", "wordjoiner"),
        ("non\ufdd0char\ufffeact\U0001ffffers\U0010fffe", "noncharacters"),
        ("lone \ud83d surrogate \udc80", "lone  surrogate "),
        ("pair \ud83d\ude00", "pair 😀"),
        ("cafe\u0301", "café"),
        ("Å\u212b", "ÅÅ"),
        ("damage shows \ufffd", "damage shows \ufffd"),
    ],
)
def test_characters(raw, expected):
    assert clean_text(raw) == (expected, False)


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم به خانه‌ام بروم",  # Persian: ZWNJ
        "क्‍ष और क्‌ष",  # Hindi: ZWJ and ZWNJ
        "ന്‍",  # Malayalam: a joiner at the end of a word
        "👩‍👩‍👧 and 🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # flag of Scotland
        "ภาษา\u200bไทย",  # a zero-width space that parts words
        "ភាសា\u200bខ្មែរ",
        "日本語、한국어。",
        "L’été dernier, « à l'École »…",
    ],
)
def test_what_matters_stays(text):
    assert clean_text(text) == (text, False)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\u200bb \u200bc", "ab c"),
        ("ไทย\u200b\u200b\u200bคำ", "ไทย\u200bคำ"),
        ("ไทย\u200b", "ไทย"),
        ("zero\u200cwidth\u200d x\u200c", "zerowidth x"),
        ("می\u200c\u200cخواهم", "می\u200cخواهم"),
        ("hidden\U000e0068\U000e0069", "hidden"),
    ],
)
def test_invisible_noise_goes(raw, expected):
    assert clean_text(raw) == (expected, False)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Ã‰lections : lâ€™Ã©tÃ© Ã\xa0 venir", "Élections : l’été à venir"),
        ("â€œQuoteâ€\x9d â€” said", "“Quote” — said"),
        ("GrÃ¶ÃŸe und MaÃŸe", "Größe und Maße"),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
        ("РџСЂРёРІРµС‚ РјРёСЂ", "Привет мир"),
        ("æ—¥æœ¬èªž", "日本語"),
        ("ØªØ¬Ø±Ø¨Ø©", "تجربة"),
        ("10Â°C, Â£5, Â©", "10°C, £5, ©"),
        ("itâ€™s right here and “right” there", "it’s right here and “right” there"),
        ("don\x92t wait\x85", "don’t wait…"),
    ],
)
def test_mojibake_is_repaired_and_told(raw, expected):
    assert clean_text(raw) == (expected, True)


@pytest.mark.parametrize(
    "text",
    [
        "CAFÉ… «À» la carte",
        "« Voilà\xa0», dit-il\xa0: l’été\xa0!",
        "SÃO PAULO, RENÉ’S",
        "fiancé’” and été…»",
        "L'ÎLE-DE-FRANCE",
        "«РОССИЯ»",
        "Ångström — Łódź",
        "&amp;#8217; stays",
        "ﬁne ligature, ＦＵＬＬ width, “curly”",
    ],
)
def test_good_text_is_no_mojibake(text):
    cleaned, repaired = clean_text(text)
    assert not repaired
    assert cleaned == text.replace("\xa0", " ")


@settings(max_examples=400, deadline=None)
@given(ANY_TEXT | PIECES)
def test_clean_text_is_idempotent_and_fit_for_arrow(text):
    cleaned, _ = clean_text(text)
    assert clean_text(cleaned) == (cleaned, False)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(ch != "\n" and unicodedata.category(ch) in ("Cc", "Cs") for ch in cleaned)
    assert pa.array([cleaned], pa.string()).to_pylist() == [cleaned]


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT | PIECES)
def test_as_written_is_idempotent_and_fit_for_arrow(text):
    written = as_written(text)
    assert as_written(written) == written
    assert pa.array([written], pa.string()).to_pylist() == [written]


@given(ANY_TEXT)
def test_surrogates_are_gone(text):
    kept = without_surrogates(text)
    assert kept.encode().decode() == kept


def test_as_written_repairs_nothing():
    assert as_written(" tag:x,2024:cafe\u0301-Ã©\x00 \ud800") == "tag:x,2024:cafe\u0301-Ã©"


def test_fold_line():
    assert fold_line("  a \n\n b\t c ") == "a b c"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        (" \n \n ", ""),
        ("one line ", "one line"),
        ("wrapped at\nseventy columns", "wrapped at seventy columns"),
        ("first\n\n \n\nsecond\n  \nthird", "first\n\nsecond\n\nthird"),
        ("To buy:\n- milk\n- bread,\n  brown\n* salt", "To buy:\n- milk\n- bread, brown\n* salt"),
        ("Steps\n1. go\n2) stop\n(3) rest", "Steps\n1. go\n2) stop\n(3) rest"),
        ("— Who?\n— Me.", "— Who?\n— Me."),
        ("in the year\n2024 it rained", "in the year 2024 it rained"),
        ("中文第一行\n第二行", "中文第一行第二行"),
        ("한국어 첫\n줄", "한국어 첫 줄"),
    ],
)
def test_fold_paragraphs(raw, expected):
    assert fold_paragraphs(raw) == expected
    assert fold_paragraphs(expected) == expected


def test_line_ends_of_markup_are_kept():
    assert fold_paragraphs(" Main St 1 \n Town\n\n\nEnd", unwrap=False) == "Main St 1\nTown\n\nEnd"


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("a\n -•1.中 \t"), max_size=40), st.booleans())
def test_fold_paragraphs_is_idempotent(text, unwrap):
    folded = fold_paragraphs(text, unwrap=unwrap)
    assert fold_paragraphs(folded, unwrap=unwrap) == folded
    assert "\n\n\n" not in folded
    assert folded == folded.strip()
    assert "".join(folded.split()) == "".join(text.split())
