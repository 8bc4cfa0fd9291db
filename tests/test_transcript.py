"""Broadcast transcripts: whole records, every way to write a cue, and what no input may do."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reasons import Reason
from schemas.records import (
    FeedInfo,
    FeedItem,
    ItemReject,
    ParsedDocument,
    Quote,
    RawDocument,
)
from transforms.formats import transcript
from transforms.formats.errors import UnreadableError

HERE = Path(__file__).parent
FIXTURES = sorted((HERE / "data" / "transcript").glob("*.txt"))


def parsed(content: str | bytes, media_type: str | None = None) -> ParsedDocument:
    raw = content.encode() if isinstance(content, str) else content
    return transcript.parse(
        raw, RawDocument("script.txt", raw, datetime(2024, 1, 1, tzinfo=UTC), media_type)
    )


def single(content: str | bytes) -> FeedItem:
    (item,) = parsed(content).items
    return item


def body(item: FeedItem) -> list[str]:
    return item.content.split("\n\n") if item.content else []


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    content = path.read_bytes()
    assert transcript.owns(content)
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert json.loads(json.dumps(asdict(parsed(content)))) == expected


def test_the_bundled_example_is_the_fixture() -> None:
    example = (HERE.parent / "examples" / "news" / "summit_ferry.txt").read_bytes()
    assert example == (HERE / "data" / "transcript" / "summit_ferry.txt").read_bytes()


# --- the user's example ---------------------------------------------------------------------------

POMPEO = FeedItem(
    position=0,
    title="Pompeo urges Kazakhstan to press China over Uighurs",
    title_repeats=4,
    summary_html=False,
    content_html=False,
    authors=("David Doyle",),
    byline="David Doyle reports.",
    region="Global",
    dates=(("header", "2019-12-22"),),
    text_dates=(("Sunday (February 2)", "2020-02-02"),),
)


@pytest.mark.parametrize("shape", ["as it is", "CRLF", "one line"])
def test_the_users_example(shared_data: Callable[[str], Path], shape: str) -> None:
    content = shared_data("transcripts/pompeo_kazakhstan.txt").read_bytes()
    if shape == "CRLF":
        content = content.replace(b"\n", b"\r\n")
    elif shape == "one line":
        content = content.replace(b"\n", b" ")
    assert transcript.owns(content)
    document = parsed(content)
    (item,) = document.items

    # Long texts are the publisher's and not repeated here: each is checked by its ends, then the
    # record is compared as a whole with them blanked.
    long = replace(item, summary=None, content=None, quotes=(), raw="")
    assert long == POMPEO
    assert document == ParsedDocument("transcript", FeedInfo(), (item,))

    summary = item.summary or ""
    assert summary.startswith("U.S. Secretary of State Mike Pompeo, in Kazakhstan on Sunday, urged")
    assert summary.endswith("Muslim minorities such as Uighurs.")

    first, second = item.quotes
    for quote in item.quotes:
        who = ("MIKE POMPEO", "U.S. SECRETARY OF STATE", "English")
        assert (quote.speaker, quote.role, quote.language) == who
    assert first.text.startswith("It's always important")
    assert first.text.endswith("that they deserve.")
    assert second.text.startswith("The protection of basic human rights defines")
    assert second.text.endswith("just do what's right.")

    paragraphs = body(item)
    for cue in ("SOUNDBITE", "SAYING", "2019-12-22", "David Doyle", item.title, summary):
        assert cue not in paragraphs
        assert cue == summary or cue not in (item.content or "")
    edges = [(one.split()[0], one.split()[-1]) for one in paragraphs]
    if shape == "one line":
        assert len(second.text.split("\n\n")) == 1
        assert len(paragraphs) == 5
        assert [edges[at][1] for at in (1, 3)] == ['deserve."', 'right."']
        return
    assert len(second.text.split("\n\n")) == 5
    assert edges == [
        ("U.S.", "China."),
        ("\"It's", 'deserve."'),
        ("Speaking", "Tleuberdi."),
        ('"The', "nation."),
        ("We", "border."),
        ("The", "repression."),
        ("We", "China."),
        ("Protect", 'right."'),
        ("Tleuberdi", "cooperation."),
        ("The", "campaign."),
        ("China", "training."),
    ]


# --- what is a transcript -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"The script said (SOUNDBITE) in brackets and nothing else.",
        b"A SOUNDBITE is what editors call a few words.",
        b"SOUNDBITE is the name of the band.",
        b"Date: 2020-01-02\nBridge reopens\n\nIt did.",
        b"Bridge reopens\nBridge reopens\n\nIt did.",
        b"STORYLINE\nThe film has none.",
        b"The witness kept saying: nothing.",
        b"<rss><item><title>(SOUNDBITE) (English) A, SAYING: x</title></item></rss>",
        b"<html><p>(SOUNDBITE) (English) A ROE, SAYING:</p>",
        b'{"text": "(SOUNDBITE) (English) A ROE, SAYING:"}',
        b'["(SOUNDBITE) (English) A ROE, SAYING:"]',
        b"(SOUNDBITE) (English) A ROE, SAYING: \x00\x01\x02",
        b"",
    ],
)
def test_does_not_own(content: bytes) -> None:
    assert not transcript.owns(content)


@pytest.mark.parametrize(
    "content",
    [
        "Ferry sails\n\n(SOUNDBITE) (English) A ROE, SAYING:",
        "[SOUNDBITE] (Vellish) A ROE: “x”",
        "text (SOUNDBITE) (English) A ROE, SAYING: x",
        "SHOTLIST:\n1. Quay\nSTORYLINE:\nIt sailed.",
        "date 2020-01-02 Global\n\nFerry sails again\n\nFerry sails again\n\nIt did.",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_owns(content: str, encoding: str) -> None:
    assert transcript.owns(content.encode(encoding))


# --- the rest of a story --------------------------------------------------------------------------


def test_dates_are_kept_as_written_and_decoding_is_flagged() -> None:
    document = parsed(b"date 3/4/2020\nCaf\xe9 opens\n(SOUNDBITE) A ROE: \x93Yes.\x94")
    (item,) = document.items
    assert item.dates == (("header", "3/4/2020"),)
    assert (item.title, item.flags) == ("Café opens", ("encoding_guessed",))
    assert item.quotes[0].text == "Yes."


def test_a_byline_at_the_end_of_the_teaser() -> None:
    item = single("Ferry sails\n\nIt did at last. Jane Roe reports.\n\n(SOUNDBITE) A ROE: “Yes.”")
    assert (item.summary, item.byline, item.authors) == (
        "It did at last.",
        "Jane Roe reports.",
        ("Jane Roe",),
    )


def test_a_byline_at_the_end_of_the_story() -> None:
    item = single("Ferry sails\n\n(SOUNDBITE) A ROE: “Yes.”\n\nIt did.\n\n(Reporting by Jane Roe)")
    assert (item.byline, item.authors) == ("(Reporting by Jane Roe)", ("Jane Roe",))
    assert body(item) == ["“Yes.”", "It did."]


def test_sentences_that_only_look_like_a_byline() -> None:
    lines = ["SHARES FELL AFTER WEAK REPORTS.", "The ministry has more.", "No one reports."]
    item = single("Ferry sails\n\n" + "\n\n".join(lines) + "\n\n(SOUNDBITE) A ROE: “Yes.”")
    assert item.byline is None
    assert body(item)[:3] == lines


def test_a_dateline_is_read_and_left_in_the_text() -> None:
    item = single("Ferry sails\n\nEXTON, Feb 2 (Reuters) - It did.\n\n(SOUNDBITE) A ROE: “Yes.”")
    assert item.dateline == "EXTON, Feb 2 (Reuters)"
    assert body(item)[0] == "EXTON, Feb 2 (Reuters) - It did."


def test_a_paragraph_that_stands_twice_is_no_new_story() -> None:
    item = single(
        "Ferry sails\n\nThe ferry sailed on.\n\nThe ferry sailed on.\n\n(SOUNDBITE) A ROE: “Yes.”"
    )
    assert body(item) == ["The ferry sailed on.", "The ferry sailed on.", "“Yes.”"]


def test_stories_between_drawn_lines() -> None:
    story = "{} sails\n\nIt did.\n\n(SOUNDBITE) A ROE: “Yes.”\n"
    items = parsed("=====\n".join(story.format(name) for name in ("Ferry", "Yacht"))).items
    assert [(item.position, item.title) for item in items] == [
        (0, "Ferry sails"),
        (1, "Yacht sails"),
    ]
    one = "Ferry sails\n\n(SOUNDBITE) A ROE: “Yes.”\n\n-----\nIt rained.\n"
    assert body(single(one)) == ["“Yes.”", "It rained."]


def test_stories_whose_headline_stands_above_the_date() -> None:
    story = "{} sails at last\nDate: 2020-01-0{}\n\nIt did so.\n\n(SOUNDBITE) A ROE: “Yes.”\n\n"
    items = parsed(story.format("Ferry", 1) + story.format("Yacht", 2)).items
    assert [(item.title, item.dates) for item in items] == [
        ("Ferry sails at last", (("header", "2020-01-01"),)),
        ("Yacht sails at last", (("header", "2020-01-02"),)),
    ]


def test_a_name_with_initials_and_a_sentence_that_ends_in_one() -> None:
    item = single(
        "Ferry sails\n\nIt carried U.S. Mayor Ann Poe. J. R. Roe reports.\n\nIt did."
        "\n\n(SOUNDBITE) A ROE: “Yes.”"
    )
    assert (item.summary, item.authors) == ("It carried U.S. Mayor Ann Poe.", ("J. R. Roe",))


def test_a_flattened_shotlist() -> None:
    item = single(
        "AP-APTN-0930: Exton Bridge Monday, 14 June 2021 STORY:Exton Bridge- NEW Bridge swings "
        "again LENGTH: 01:10 TYPE: English/Nat "
        "SOURCE: AP TELEVISION DATELINE: Exton - 14 June 2021 "
        "SHOTLIST: 1. Wide of bridge 2. SOUNDBITE (English) Jane Roe, Mayor: “It turns.” 3. Quay "
        "STORYLINE The bridge opened on Monday."
    )
    assert item.title == "Bridge swings again"
    assert item.dateline == "Exton - 14 June 2021"
    assert item.dates == (("header", "Monday, 14 June 2021"),)
    assert item.quotes == (Quote("Jane Roe", "Mayor", "English", "It turns."),)
    assert body(item) == ["“It turns.”", "The bridge opened on Monday."]


def test_a_bulletins_rundown_is_rejected_by_itself() -> None:
    path = HERE / "data" / "transcript" / "aptn_bulletin.txt"
    (reject,) = parsed(path.read_bytes()).rejects
    assert isinstance(reject, ItemReject)
    assert (reject.position, reject.reason) == (0, Reason.MALFORMED_ITEM)
    assert reject.payload.startswith("AP-APTN-0930 Europe Prime News")


def test_refuses_an_empty_document() -> None:
    with pytest.raises(UnreadableError) as refusal:
        parsed(" \n---\n")
    assert refusal.value.reason is Reason.EMPTY_DOCUMENT


# --- any input ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    "(SOUNDBITE)|(English)|SAYING:|SAYING IN|SOUNDBITE (|SOT|[SOUNDBITE]|\"|“|”|'|''|«|»|:|,|.|"
    "1. |2. |"
    "\n|\n\n|\r\n|date 2020-01-02 |Date: |Sunday (February 2)|SHOTLIST:|STORYLINE:|STORY:|LENGTH: |"
    "(CUTAWAY)|++X++|-----|AP-APTN-0930: |Jane Roe reports.|By Jane Roe|JANE ROE|MAYOR|a b c|Ferry "
    "sails again| |\t|\u00a0|(|)|[|]|\x1c|\u2028".split("|")
)
TEXTS = st.text(max_size=300) | st.lists(PIECES, max_size=60).map("".join)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_raises_nothing_but_its_own_error(text: str) -> None:
    content = text.encode(errors="ignore")
    assert transcript.owns(content) in (True, False)
    with suppress(UnreadableError):
        document = parsed(content)
        positions = [one.position for one in (*document.items, *document.rejects)]
        assert sorted(positions) == list(range(len(positions)))


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes(content: bytes) -> None:
    assert transcript.owns(content) in (True, False)
    with suppress(UnreadableError):
        parsed(content)


WORDS = st.lists(st.from_regex(r"[a-z]{3,9}", fullmatch=True), min_size=3, max_size=9)
SENTENCE = WORDS.map(lambda words: " ".join(words).capitalize() + ".")
MARKS = st.sampled_from(['""', "“”", "«»", "„“"])
SPEAKERS = st.sampled_from(["JANE ROE", "MAYOR OF EXTON, JANE ROE", "UNIDENTIFIED MAN"])


@st.composite
def bites(draw: st.DrawFn) -> tuple[str, list[str], str]:
    """A soundbite as written, the paragraphs of its quote, and the narrative behind it."""
    opening, closing = draw(MARKS)
    said = draw(st.lists(SENTENCE, min_size=1, max_size=4))
    after = draw(SENTENCE)
    gap = draw(st.sampled_from([" ", "\n", "\n\n"]))
    quote = opening + "\n\n".join(said) + closing
    return f"(SOUNDBITE) (English) {draw(SPEAKERS)}, SAYING:{gap}{quote} {after}", said, after


@given(
    st.lists(st.tuples(st.lists(SENTENCE, max_size=3), bites()), min_size=1, max_size=4),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(deadline=None)
def test_no_word_is_lost_and_all_is_in_order(
    parts: list[tuple[list[str], tuple[str, list[str], str]]],
    repeats: int,
    flat: bool,
    newline: str,
) -> None:
    lines = ["date 2020-01-02 Global", *["Ferry Sails Again For Exton"] * repeats]
    expected, quotes = [], []
    for narrative, (written, said, after) in parts:
        lines += [*narrative, written]
        expected += [*narrative, *said, after]
        quotes.append(" ".join(said))
    script = "\n\n".join(lines)
    if flat and repeats > 1:
        script = " ".join(script.split())
    item = single(script.replace("\n", newline))
    assert (item.title, item.title_repeats) == ("Ferry Sails Again For Exton", repeats)
    assert (item.region, item.dates) == ("Global", (("header", "2020-01-02"),))
    unmarked = (item.content or "").translate(str.maketrans("", "", '"“”«»„'))
    assert unmarked.split() == " ".join(expected).split()
    assert [" ".join(quote.text.split()) for quote in item.quotes] == quotes


HOSTILE = [
    "(SOUNDBITE)",
    "(SOUNDBITE) ",
    "(SOUNDBITE) (English) A: “",
    '"',
    '" ',
    '"x ',
    'x" ',
    "' ",
    "x' ",
    "(",
    "((A)) ",
    "a ",
    "A ",
    "Abc def\n",
    "One two three\n",
    "SAYING ",
    "1. ",
    "1. A 2. B ",
    "date 2020-01-02 ",
    "SHOTLIST: ",
    "STORYLINE: LENGTH: ",
    "By A B and ",
    "Jane Roe reports. ",
    "Sunday (February 2) ",
    "++",
    "«",
    "[",
    "AP-APTN-0930: x y\n",
    "a, ",
    "-",
    "\n",
    ". ",
    "J. ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_half_a_megabyte_of_anything_is_read_in_linear_time(piece: str) -> None:
    content = ("(SOUNDBITE) A, SAYING: " + piece * (500_000 // len(piece))).encode()
    started = time.process_time()
    transcript.owns(content)
    with suppress(UnreadableError):
        parsed(content)
    # Takes under a second; what is quadratic here takes minutes.
    assert time.process_time() - started < 10
