"""Notices: texts that say they are corrected or withdrawn, and texts about such things."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import FeedItem, Origin
from transforms.text.article import normalize
from transforms.text.notices import Notice, find_notice, notice_of_status
from transforms.text.tables import read_table

STORY = "The ferry will cross the sound every hour.\n\nTickets cost four crowns."
ORIGIN = Origin(
    document_uri="/data/feed.xml",
    document_sha256="ab" * 32,
    format="rss20",
    fetched_at=datetime(2026, 5, 2, 12, tzinfo=UTC),
    source="https://coast.example/feed",
    source_origin="feed",
    feed_url="https://coast.example/feed",
)
PLACES = ("head", "bracket", "headline", "note", "sentence")


@pytest.mark.parametrize(
    ("headline", "mark"),
    [
        ("CORRECTED-Ferry crosses the sound", "CORRECTED"),
        ("UPDATE 2-CORRECTED-Ferry crosses", "CORRECTED"),
        ("RPT-CORRECTED - Ferry crosses", "CORRECTED"),
        ("REFILE-Ferry crosses the sound", "REFILE"),
        ("Corrected: ferry crosses the sound", "Corrected"),
        ("Correction: Ferry Timetable story", "Correction"),
        ("Ferry crosses the sound (CORRECTED)", "CORRECTED"),
        ("[Correction] Ferry crosses", "Correction"),
        ("KORREKTUR: Fähre fährt wieder", "KORREKTUR"),
        ("Berichtigung: Fähre fährt wieder", "Berichtigung"),
        ("Fähre fährt wieder (Korrigiert)", "Korrigiert"),
        ("Fe de erratas: el transbordador", "Fe de erratas"),
        ("Rättelse: Färjan går igen", "Rättelse"),
        ("【訂正】フェリーが再開", "訂正"),
        ("更正：渡轮恢复", "更正"),
        ("[정정] 여객선 재개", "정정"),
    ],
)
def test_corrected_headlines(headline, mark):
    assert find_notice(headline, STORY) == Notice("correction", mark)


@pytest.mark.parametrize(
    ("headline", "mark"),
    [
        ("BULLETIN KILL", "BULLETIN KILL"),
        ("KILL KILL KILL Ferry", "KILL KILL KILL"),
        ("WITHDRAWN-Ferry crosses the sound", "WITHDRAWN"),
        ("STORY WITHDRAWN: Ferry crosses", "STORY WITHDRAWN"),
        ("ADVISORY-Story on ferry withdrawn", "ADVISORY-Story on ferry withdrawn"),
        ("[RETRACTED] Ferry crosses", "RETRACTED"),
        ("Retraction: Ferry crosses", "Retraction"),
        ("ACHTUNG - Meldung zurückgezogen", "ACHTUNG - Meldung zurückgezogen"),
    ],
)
def test_withdrawn_headlines(headline, mark):
    assert find_notice(headline, STORY) == Notice("withdrawal", mark)


@pytest.mark.parametrize(
    "headline",
    [
        "Market correction: what savers should know",
        "Stocks in correction",
        "Correction fears spread",
        "Correction-proof portfolios",
        "Corrections and clarifications: 3 May",
        "Department of Correction: new head named",
        "Correctional officers strike",
        "Corrected vision",
        "Gut korrigiert",
        "Kill Bill",
        "BULLETIN KILLER found",
        "Kill: a film review",
        "KILL: a film review",
        "Bill to kill ferry withdrawn",
        "Withdrawn: the drug that promised sleep",
        "Troops withdrawn from the island",
        "ADVISORY-Weather",
        "ADVISORY: troops withdrawn",
        "Retracted claws",
        "Ferry 2nd Ld-Writethru",
        "UPDATE 2-Ferry crosses the sound",
        "Clarification: Ferry story",
        "Opposition withdraws motion (reworked)",
    ],
)
def test_headlines_about_such_things(headline):
    assert find_notice(headline, STORY) is None


@pytest.mark.parametrize(
    ("note", "notice"),
    [
        ("(Corrects paragraph 2: four crowns, not five)", Notice("correction", "(Corrects")),
        ("Correction: the fare is four crowns.", Notice("correction", "Correction")),
        ("Correction (3 May): the fare is four.", Notice("correction", "Correction")),
        ("CORRECTION, May 3, 2026: the fare is four.", Notice("correction", "CORRECTION")),
        ("• Correction: the fare is four.", Notice("correction", "Correction")),
        ("This article was amended on 3 May.", Notice("correction", "This article was amended on")),
        (
            "Editor’s note: This story has been updated to correct the fare.",
            Notice("correction", "This story has been updated to correct"),
        ),
        (
            "An earlier version of this article gave a wrong fare.",
            Notice("correction", "An earlier version of this article gave a wrong"),
        ),
        (
            "HARBOUR (AP) — In a story May 2, The Associated Press reported erroneously the fare.",
            Notice("correction", "In a story May 2, The Associated Press reported erroneously"),
        ),
        ("(Berichtigung: Preis im zweiten Absatz)", Notice("correction", "Berichtigung")),
        ("Cet article a été corrigé le 3 mai.", Notice("correction", "Cet article a été corrigé")),
        ("This story has been withdrawn.", Notice("withdrawal", "This story has been withdrawn.")),
        (
            "A story headlined “Ferry” is wrong and is withdrawn.",
            Notice("withdrawal", "A story headlined “Ferry” is wrong and is withdrawn"),
        ),
        ("EDITORS: Kill the item on ferries.", Notice("withdrawal", "EDITORS: Kill")),
        ("A kill is mandatory.", Notice("withdrawal", "A kill is mandatory")),
        (
            "Die Meldung über die Fähre wird zurückgezogen.",
            None,
        ),
        (
            "Die Meldung wird hiermit zurückgezogen.",
            Notice("withdrawal", "Die Meldung wird hiermit zurückgezogen"),
        ),
    ],
)
def test_notes_count_at_the_head_and_at_the_foot_only(note, notice):
    assert find_notice("Ferry crosses the sound", f"{note}\n\n{STORY}") == notice
    assert find_notice("Ferry crosses the sound", f"{STORY}\n\n{note}") == notice
    head, foot = STORY.split("\n\n")
    assert find_notice("Ferry crosses the sound", f"{head}\n\n{note}\n\n{foot}") is None


@pytest.mark.parametrize(
    "text",
    [
        "The paper printed a correction: the fare was four.",
        "“This article was amended on 3 May,” the page now says.",
        "An earlier version of this article appeared in the harbour gazette.",
        "The report on the ferry was withdrawn by the ministry.",
        "The story of the ferry is told again, and the captain has withdrawn.",
        "Shares fell by a tenth, a correction - the first this year.",
        "Corrections of 10 per cent are common.",
        "The article was corrected by hand.",
        "Editor’s note: the author lives on the island.",
        "They kill the story of the sea.",
        "Disregard the rules, said the captain.",
    ],
)
def test_texts_about_such_things(text):
    assert find_notice(None, text) is None
    assert find_notice(None, f"{STORY}\n\n{text}") is None


def test_a_withdrawal_counts_before_a_correction():
    corrected = "CORRECTED-Ferry crosses the sound"
    assert find_notice(corrected, "This story has been withdrawn.") == Notice(
        "withdrawal", "This story has been withdrawn."
    )


def test_the_middle_of_a_long_foot_begins_no_paragraph():
    words = "ferries and boats " * 60
    cut_here = "Correction: ferries ".ljust(600, "x")
    assert find_notice(None, words + cut_here) is None
    assert find_notice(None, f"{words}. Correction: ferries") is None
    assert find_notice(None, f"{words}. This article was amended on 3 May.") == Notice(
        "correction", "This article was amended on"
    )


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_read(headline, body):
    found = find_notice(headline, body)
    assert found is None or found.kind in ("correction", "withdrawal")


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"])))
def test_a_mark_counts_whatever_follows(rest):
    assert find_notice(f"CORRECTED-Ferry {rest}", None) is not None


@given(
    st.sampled_from(["", "market ", "a "]), st.text(st.characters(categories=["Ll"]), min_size=1)
)
def test_a_longer_word_is_another_word(before, rest):
    assert find_notice(f"{before}correction{rest}: ferries", None) is None
    assert find_notice(f"{before}withdrawn{rest}: ferries", None) is None


def test_the_table_is_well_formed():
    rows = read_table("notices.tsv")
    assert len(rows) == len({tuple(row[:5]) for row in rows})
    for kind, place, case, mark, language, source in rows:
        assert kind in ("correction", "withdrawal")
        assert place in PLACES
        assert case in ("capitals", "any")
        assert mark == mark.strip()
        assert language == "mul" or len(language) == 2
        assert source in ("reuters", "ap", "dpa", "usage")


@pytest.mark.parametrize(
    "row", [r for r in read_table("notices.tsv") if "…" not in r[3]], ids=lambda r: ":".join(r[1:4])
)
def test_every_mark_is_found_where_it_belongs(row):
    kind, place, _case, mark, _language, _source = row
    words = "".join(part.partition("|")[0] for part in mark.replace("}", "{").split("{"))
    headline = {"head": f"{words}: 2", "bracket": f"({words}) 2", "headline": words}.get(place)
    body = {"note": f"{words}: 2", "sentence": f"{words} 2"}.get(place)
    found = find_notice(headline, body)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("title", "content", "flags"),
    [
        ("CORRECTED-Ferry crosses", STORY, {"correction"}),
        ("Ferry crosses", f"{STORY}\n\nThis story has been withdrawn.", {"withdrawn"}),
        ("Ferry crosses", STORY, set()),
    ],
)
def test_notices_are_flags_of_the_article(title, content, flags):
    item = FeedItem(position=0, title=title, content=content, content_html=False)
    assert set(normalize(item, ORIGIN).flags) & {"correction", "withdrawn"} == flags


@pytest.mark.parametrize(
    ("status", "notice"),
    [
        (None, None),
        ("", None),
        ("usable", None),
        ("stat:usable", None),
        ("embargoed", None),
        ("canceled", Notice("withdrawal", "canceled")),
        ("Cancelled", Notice("withdrawal", "Cancelled")),
        ("stat:canceled", Notice("withdrawal", "canceled")),
        ("http://cv.iptc.org/newscodes/pubstatusg2/withheld", Notice("withdrawal", "withheld")),
    ],
)
def test_statuses(status, notice):
    assert notice_of_status(status) == notice
