"""The folded headline."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text.headline import headline_key, is_distinctive
from transforms.text.tables import read_table


@pytest.mark.parametrize(
    ("headline", "key"),
    [
        (None, None),
        ("", None),
        (" — !? ", None),
        ("★ ☆", None),
        ("Ministers Agree Deal", "ministers agree deal"),
        ("“It’s over”: U.S. talks", "its over us talks"),
        ("Covid-19 – what’s next?", "covid 19 whats next"),
        ("Rate rises 3.5%", "rate rises 3.5"),
        ("1,000 days", "1,000 days"),
        ("ＦＵＬＬ　ｗｉｄｔｈ ﬁsh", "full width fish"),
        ("STRASSE und Straße", "strasse und strasse"),
        ("El año del ñandú", "el año del ñandú"),
        ("Οδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσεύσ οδυσσευσ"),
        ("می‌خواهم", "میخواهم"),
        ("الســـلام", "السلام"),
        ("हिन्दी समाचार।", "हिन्दी समाचार"),
        ("日本、首相が辞任！", "日本 首相が辞任"),
        ("👍 Good news 👍🏽", "good news"),
    ],
)
def test_folding(headline, key):
    assert headline_key(headline) == key


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("UPDATE 1-Oil falls on demand fears", "Oil falls on demand fears"),
        ("UPDATE 2 - Oil falls", "Oil falls"),
        ("WRAPUP 3-Oil falls", "Oil falls"),
        ("RPT-UPDATE 4-Oil falls", "Oil falls"),
        ("REFILE-CORRECTED-Oil falls", "Oil falls"),
        ("EXCLUSIVE: Oil falls", "Oil falls"),
        ("Exclusive: Oil falls", "Oil falls"),
        ("BREAKING: Oil falls", "Oil falls"),
        ("Live: Oil falls", "Oil falls"),
        ("URGENT — Oil falls", "Oil falls"),
        ("2. ROUNDUP: Öl fällt", "Öl fällt"),
        ("EILMELDUNG: Öl fällt", "Öl fällt"),
        ("EN DIRECT - Le pétrole chute", "Le pétrole chute"),
        ("Última hora: cae el petróleo", "Cae el petróleo"),
        ("СРОЧНО: нефть падает", "Нефть падает"),
        ("عاجل: النفط يهبط", "النفط يهبط"),
        ("速報：原油が下落", "原油が下落"),
    ],
)
def test_marks_are_stripped(marked, plain):
    assert headline_key(marked) == headline_key(plain)


@pytest.mark.parametrize(
    "headline",
    [
        "Live-action film opens",
        "Update on the talks",
        "Update 2 of the phone is out",
        "Breaking bread with rivals",
        "Corrected-vision drivers wanted",
        "ANALYSIS-Why oil falls",
        "FACTBOX: oil",
        "Exclusive club opens",
        "2. Bundesliga: HSV siegt",
    ],
)
def test_what_is_no_mark_stays(headline):
    kept = "".join(ch if ch.isalnum() else " " for ch in headline).casefold().split()
    assert headline_key(headline) == " ".join(kept)


@pytest.mark.parametrize(
    ("named", "plain"),
    [
        ("Ferry sails again after the storm | Coast News", "Ferry sails again after the storm"),
        ("Ferry sails again after the storm | A | B", "Ferry sails again after the storm A"),
    ],
)
def test_the_name_of_the_site_behind_a_bar_is_dropped(named, plain):
    assert headline_key(named) == headline_key(plain)


@pytest.mark.parametrize(
    "headline",
    [
        "Evening news | Coast Radio",
        "Evening news of the whole coast | 22 May",
        "Ferry sails again after the storm | And what the harbour office says",
    ],
)
def test_what_may_tell_editions_apart_stays(headline):
    assert headline_key(headline) == headline_key(headline.replace("|", " "))


def test_a_headline_of_marks_alone_stays():
    assert headline_key("BREAKING: ") == "breaking"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Schon schön", "Schon schon"),
        ("El año", "El ano"),
        ("Growth of 3.5 points", "Growth of 35 points"),
        ("Growth of 1.5", "Growth of 1,5"),
        ("Deal agreed", "Deal not agreed"),
    ],
)
def test_other_words_are_other_keys(one, other):
    assert headline_key(one) != headline_key(other)


@settings(max_examples=500, deadline=None)
@given(
    st.text(st.characters(exclude_categories=()), max_size=30)
    | st.lists(
        st.sampled_from(
            ["UPDATE 1-", "RPT-", "LIVE:", "İ", "ß", "e", "\u0301", "\u200d", "1", ".", ",", " ",
             "ΐ", "ﬃ", "ａ", "\u0345", "한", "\u1100", "\u1161", "²", "½", "K"]
        ),
        max_size=12,
    ).map("".join)
)  # fmt: skip
def test_the_key_of_a_key_is_the_key(headline):
    key = headline_key(headline)
    assert key is None or (key == key.strip() and headline_key(key) == key)


@given(st.text(st.characters(categories=["L", "N", "Zs"]), min_size=1, max_size=30))
def test_typography_does_not_show(headline):
    dressed = "  “" + headline.replace(" ", "\xa0 ") + "” – !"
    assert headline_key(dressed) == headline_key(headline)


@pytest.mark.parametrize(
    ("key", "distinctive"),
    [
        ("morning briefing", False),
        ("ministers agree deal", True),
        ("supercalifragilistic expialidocious", False),
        ("今日头条", False),
        ("日本の首相が辞任を表明", True),
        ("นายกรัฐมนตรีลาออก", True),
        ("한국어 뉴스", False),
        ("한국 대통령 사임", True),
    ],
)
def test_is_distinctive(key, distinctive):
    assert is_distinctive(key) is distinctive


def test_the_table_is_well_formed():
    rows = read_table("headline_prefixes.tsv")
    assert len(rows) == len({(mark, ends) for mark, _, ends, _ in rows})
    for mark, number, ends, source in rows:
        assert mark == mark.strip()
        assert number in ("no", "may", "must")
        assert ends in ("dash", "colon", "both")
        assert source in ("reuters", "usage")
