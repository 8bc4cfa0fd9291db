"""How cues and quotes are written, and the days a text names."""

from datetime import UTC, datetime

import pytest

from schemas.records import FeedItem, Quote, RawDocument
from transforms.formats import transcript
from transforms.formats.transcript_cues import split_speaker
from transforms.formats.transcript_days import days_named
from transforms.formats.transcript_quotes import take_quote


def single(content: str) -> FeedItem:
    raw = content.encode()
    document = RawDocument("script.txt", raw, datetime(2024, 1, 1, tzinfo=UTC))
    (item,) = transcript.parse(raw, document).items
    return item


def body(item: FeedItem) -> list[str]:
    return item.content.split("\n\n") if item.content else []


# --- cues -----------------------------------------------------------------------------------------

CUES = [
    ("(SOUNDBITE) (English) MAYOR OF EXTON, JANE ROE, SAYING:", "JANE ROE", "MAYOR OF EXTON", "En"),
    ("(SOUNDBITE) (English) JANE ROE, MAYOR OF EXTON, SAYING:", "JANE ROE", "MAYOR OF EXTON", "En"),
    ("(soundbite) (English) Mayor of Exton, Jane Roe, saying:", "Jane Roe", "Mayor of Exton", "En"),
    ("(SOUNDBITE)(English)MAYOR, JANE ROE,SAYING :", "JANE ROE", "MAYOR", "En"),
    (
        "7. SOUNDBITE (English) Jane Roe, US Secretary of State:",
        "Jane Roe",
        "US Secretary of State",
        "En",
    ),
    ("7. SOUNDBITE: (English), Jane Roe, survivor:", "Jane Roe", "survivor", "En"),
    (
        "SOUNDBITE (English) US Secretary of State, Jane Roe:",
        "Jane Roe",
        "US Secretary of State",
        "En",
    ),
    ("SOUNDBITE (English) Mayor Jane Roe", "Jane Roe", "Mayor", "En"),
    ("[SOUNDBITE] JANE ROE:", "JANE ROE", None, None),
    ("<SOUNDBITE> JANE ROE:", "JANE ROE", None, None),
    ("SOT JANE ROE:", "JANE ROE", None, None),
    ("SOT: Jane Roe, mayor:", "Jane Roe", "mayor", None),
    ("(SOT) Jane Roe:", "Jane Roe", None, None),
    ("(SOUNDBITE - English) JANE ROE:", "JANE ROE", None, "En"),
    ("(SOUNDBITE) CEO OF ACME, INC., JANE ROE, SAYING:", "JANE ROE", "CEO OF ACME, INC.", None),
    ("(SOUNDBITE) JANE ROE, CEO OF ACME, INC., SAYING:", "JANE ROE", "CEO OF ACME, INC.", None),
    ("(SOUNDBITE) SENATOR, JOHN ROE, JR., SAYING:", "JOHN ROE, JR.", "SENATOR", None),
    ("(SOUNDBITE) (English) UNIDENTIFIED WOMAN, SAYING:", "UNIDENTIFIED WOMAN", None, "En"),
    (
        "(SOUNDBITE) LOCAL RESIDENT, UNIDENTIFIED WOMAN, SAYING:",
        "UNIDENTIFIED WOMAN",
        "LOCAL RESIDENT",
        None,
    ),
    (
        "(SOUNDBITE) UNIDENTIFIED WOMAN, LOCAL RESIDENT, SAYING:",
        "UNIDENTIFIED WOMAN",
        "LOCAL RESIDENT",
        None,
    ),
    (
        "(SOUNDBITE) (English) BRITISH PRIME MINISTER JANE ROE:",
        "JANE ROE",
        "BRITISH PRIME MINISTER",
        "En",
    ),
    ("(SOUNDBITE) MAYOR, JANE ROE, SAYING IN ENGLISH:", "JANE ROE", "MAYOR", "ENGLISH"),
    ("(SOUNDBITE) MAYOR, JANE ROE, SAYING (English):", "JANE ROE", "MAYOR", "En"),
    (
        "(SOUNDBITE) (PART OVERLAID WITH SHOTS) (English) MAYOR, JANE ROE, SAYING:",
        "JANE ROE",
        "MAYOR",
        "En",
    ),
    ('(SOUNDBITE) MAYOR, JANE "JJ" ROE, SAYING:', 'JANE "JJ" ROE', "MAYOR", None),
    ('SOUNDBITE (English) Jane "JJ" Roe, mayor:', 'Jane "JJ" Roe', "mayor", "En"),
    ("SOUNDBITE (English) Ruud van der Berg, driver:", "Ruud van der Berg", "driver", "En"),
    ("(SOUNDBITE) (English)", None, None, "En"),
    ("(SOUNDBITE)", None, None, None),
]


@pytest.mark.parametrize("gap", [" ", "\n", "\n\n"], ids=["same line", "next line", "paragraph"])
@pytest.mark.parametrize(("cue", "speaker", "role", "language"), CUES, ids=[c[0] for c in CUES])
def test_cue(
    cue: str, speaker: str | None, role: str | None, language: str | None, gap: str
) -> None:
    language = "English" if language == "En" else language
    script = f'Ferry sails\n\n{cue}{gap}"It floats." The crew cheered.\n\nIt rained.'
    item = single(script)
    assert transcript.owns(script.encode())
    assert item.quotes == (Quote(speaker, role, language, "It floats."),)
    if cue.startswith("7."):  # a shotlist: what is behind the quote is about pictures
        assert '"It floats."' in body(item)
    else:
        assert body(item) == ['"It floats."', "The crew cheered.", "It rained."]


@pytest.mark.parametrize(
    ("attribution", "role_first", "expected"),
    [
        ("TEAM EXTON, JO BELL", True, ("JO BELL", "TEAM EXTON")),
        ("Jo Bell, Team Exton", False, ("Jo Bell", "Team Exton")),
        (
            "ACTING HEAD, FERRIES AND PORTS, DR JO BELL",
            True,
            ("DR JO BELL", "ACTING HEAD, FERRIES AND PORTS"),
        ),
        ("PRESIDENT OF VELL JO BELL", True, ("PRESIDENT OF VELL JO BELL", None)),
        (
            "Professor Jo Bell, University of Exton",
            False,
            ("Professor Jo Bell", "University of Exton"),
        ),
        ("LULA", True, ("LULA", None)),
        ("MAYOR (EXTON, VELL), JO BELL", True, ("JO BELL", "MAYOR (EXTON, VELL)")),
        (", ,", True, (None, None)),
        ("", True, (None, None)),
    ],
)
def test_split_speaker(
    attribution: str, role_first: bool, expected: tuple[str | None, str | None]
) -> None:
    assert split_speaker(attribution, role_first=role_first) == expected


def test_a_cue_over_two_lines() -> None:
    item = single(
        "Moon landing site chosen\n\n"
        "(SOUNDBITE) (English) ACTING HEAD, LUNAR FERRY\nPROGRAMME, JO BELL, SAYING:\n"
        '    "It is flat there."\n\nThe site has no name.'
    )
    assert item.quotes == (
        Quote("JO BELL", "ACTING HEAD, LUNAR FERRY PROGRAMME", "English", "It is flat there."),
    )
    assert body(item) == ['"It is flat there."', "The site has no name."]


def test_a_cue_without_a_quote_is_dropped_and_the_next_one_read() -> None:
    item = single('Ferry sails\n\n(SOUNDBITE) A ROE, SAYING:\n\n(SOUNDBITE) B ROE, SAYING: "Yes."')
    assert item.quotes == (Quote("B ROE", None, None, "Yes."),)


# --- quotes ---------------------------------------------------------------------------------------

QUOTES = [
    (['"A b." C.'], "A b.", "C.", 1, False),
    (["“A b.” C."], "A b.", "C.", 1, False),
    (["“A b.“ C."], "A b.", "C.", 1, False),
    (["„A b.“ C."], "A b.", "C.", 1, False),
    (["« A b. » C."], "A b.", "C.", 1, False),
    (["»A b.« C."], "A b.", "C.", 1, False),
    (["''A b.'' C."], "A b.", "C.", 1, False),
    (['""A b."" C.'], "A b.", "C.", 1, False),
    (["'A isn't b.' C."], "A isn't b.", "C.", 1, False),
    (["'The crews' boat isn't b.' C."], "The crews' boat isn't b.", "C.", 1, False),
    (["‘A isn’t b.’ C."], "A isn’t b.", "C.", 1, False),
    (['"A "b" c." D.'], 'A "b" c.', "D.", 1, False),
    (['"A said "b."" D.'], 'A said "b."', "D.", 1, False),
    (['""A," he said, was b." D.'], '"A," he said, was b.', "D.", 1, False),
    (["“A “b” c.” D."], "A “b” c.", "D.", 1, False),
    (['"A b". C.'], "A b.", "C.", 1, False),
    (['"A b.', "C d.", 'E." F.'], "A b.\n\nC d.\n\nE.", "F.", 3, False),
    (['"A b.', '"C d.', '"E." F.'], "A b.\n\nC d.\n\nE.", "F.", 3, False),
    (['"A."', '"B."', "C."], "A.\n\nB.", "", 2, False),
    (['"A."', '"B," said C.'], "A.", "", 1, False),
    (['"A "b" c.', 'D "e"', 'F." G.'], 'A "b" c.\n\nD "e"\n\nF.', "G.", 3, False),
    (['"A b.', "C d."], "A b.", "", 1, True),
    (['"A b.', '"C d.', "E f."], "A b.\n\nC d.", "", 2, True),
    (['"A b.', 'He said "c" then.', "D."], "A b.", "", 1, True),
    (['"A "b c." D.'], 'A "b c.', "D.", 1, False),
    (["A b. C.", "D."], "A b. C.", "", 1, False),
    (['A b." C.', "D."], "A b.", "C.", 1, False),
    (['"'], '"', "", 1, False),
    ([], "", "", 0, False),
]


@pytest.mark.parametrize(("paragraphs", "text", "rest", "used", "unclosed"), QUOTES)
def test_take_quote(paragraphs: list[str], text: str, rest: str, used: int, unclosed: bool) -> None:
    span = take_quote(paragraphs)
    assert (span.text, span.remainder, span.used, span.unclosed) == (text, rest, used, unclosed)


def test_unclosed_quotes_end_at_the_next_cue_and_are_flagged() -> None:
    item = single(
        'Ferry sails\n\n(SOUNDBITE) A ROE, SAYING: "One two (SOUNDBITE) B ROE, SAYING: "Three.'
        "\n\nIt rained."
    )
    assert [quote.text for quote in item.quotes] == ["One two", "Three."]
    assert item.flags == ("unclosed_quote",)
    assert body(item) == ['"One two', '"Three.', "It rained."]


# --- days ---


@pytest.mark.parametrize(
    ("written", "header", "expected"),
    [
        ("on Sunday (February 2) to", "2019-12-22", ("Sunday (February 2)", "2020-02-02")),
        ("on Sunday, Feb. 2, they", "22 December 2019", ("Sunday, Feb. 2", "2020-02-02")),
        ("on SUNDAY (2 FEBRUARY)", "December 22, 2019", ("SUNDAY (2 FEBRUARY)", "2020-02-02")),
        ("on Sunday (February 2, 2020)", None, ("Sunday (February 2, 2020)", "2020-02-02")),
        ("on Sunday (Feb 2)", "03/04/2020", ("Sunday (Feb 2)", "2020-02-02")),
        ("on Sunday (Feb 2)", "20200110", ("Sunday (Feb 2)", "2020-02-02")),
        ("(seen Sunday, February 2)", "2020-02-03", ("Sunday, February 2", "2020-02-02")),
        ("on Monday (February 2, 2020)", "2020-02-02", None),
        ("on Wednesday (February 2)", "2019-12-22", ("Wednesday (February 2)", "2022-02-02")),
        ("on Tuesday (February 2)", "2018-12-22", ("Tuesday (February 2)", "2021-02-02")),
        ("on Monday (February 2)", "2019-02-02", None),
        ("on Sunday (February 30)", "2020-02-02", None),
        ("on Sunday (February 2)", None, None),
        ("on Sunday (February 2)", "yesterday", None),
        ("since February 2", "2020-02-02", None),
        ("Sunday in May 3 boats", "2020-02-02", None),
    ],
)
def test_days_named(written: str, header: str | None, expected: tuple[str, str] | None) -> None:
    assert days_named([written], header) == ((expected,) if expected else ())
