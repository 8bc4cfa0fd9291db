"""Plain text: which documents it owns and what it makes of them."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reasons import Reason
from schemas.records import FeedInfo, FeedItem, ParsedDocument, RawDocument
from transforms.formats import text
from transforms.formats.errors import UnreadableError

EXAMPLE = Path(__file__).parent.parent / "examples" / "news" / "harbour_notes.txt"


def parsed(content: str | bytes, media_type: str | None = None) -> FeedItem:
    raw = content.encode() if isinstance(content, str) else content
    document = RawDocument("notes.txt", raw, datetime(2024, 1, 1, tzinfo=UTC), media_type)
    (item,) = text.parse(raw, document).items
    return item


def test_the_bundled_example() -> None:
    content = EXAMPLE.read_bytes()
    document = RawDocument("notes.txt", content, datetime(2024, 1, 1, tzinfo=UTC))
    body = (
        "The swing bridge at Exton harbour opened to traffic on Monday morning, two days ahead of "
        "plan. Engineers had replaced its main bearing, which dated from 1934, and forty metres of "
        'handrail.\n\n"I have walked the long way round since April," said a baker on the north '
        'quay. "My knees know every step of it."\n\nThe bridge will close again for one night in '
        "September, when the signals are tested."
    )
    assert text.parse(content, document) == ParsedDocument(
        format="text",
        info=FeedInfo(),
        items=(
            FeedItem(
                position=0,
                title="Harbour bridge reopens after nine weeks of repairs",
                summary_html=False,
                content=body,
                content_html=False,
                dates=(("header", "2021-06-14"),),
                raw=content.decode(),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("content", "title", "body"),
    [
        pytest.param("Bridge reopens\n\nIt did.", "Bridge reopens", "It did.", id="headline"),
        pytest.param("Bridge reopens\nIt did.", "Bridge reopens", "It did.", id="no empty line"),
        pytest.param("Will it reopen?\n\nYes.", "Will it reopen?", "Yes.", id="question"),
        pytest.param(
            "The bridge opened.\n\nIt did.", None, "The bridge opened.\n\nIt did.", id="s"
        ),
        pytest.param("Dear reader,\n\nIt did.", None, "Dear reader,\n\nIt did.", id="letter"),
        pytest.param("word " * 40, None, ("word " * 40).strip(), id="long line"),
        pytest.param("橋が再開\n\n九週間ぶり。", "橋が再開", "九週間ぶり。", id="no case"),
        pytest.param("Rates rise in the U.S.\n\nA.", "Rates rise in the U.S.", "A.", id="stop"),
        pytest.param("Only a headline", "Only a headline", None, id="headline alone"),
        pytest.param("\r\n A\u00a0 b \r\n\r\n\tC d.\r\n", "A b", "C d.", id="CRLF, NBSP, tabs"),
        pytest.param("A b\n=====\n\nC d.\n\n-----\nE f.", "A b", "C d.\n\nE f.", id="drawn lines"),
        pytest.param(
            "The long bridge over the water was\nopened on Monday.",
            None,
            "The long bridge over the water was opened on Monday.",
            id="a first sentence that is wrapped",
        ),
    ],
)
def test_title_and_body(content: str, title: str | None, body: str | None) -> None:
    item = parsed(content)
    assert (item.title, item.content) == (title, body)


@pytest.mark.parametrize(
    ("line", "date", "region"),
    [
        ("date 2020-01-02", "2020-01-02", None),
        ("date 2020-01-02 Global", "2020-01-02", "Global"),
        ("Date: 2 January 2020, 14:30 GMT", "2 January 2020, 14:30 GMT", None),
        ("DATE: 22/12/2019 Asia", "22/12/2019", "Asia"),
        ("Date: Thu, 2 January 2020", "Thu, 2 January 2020", None),
        ("January 2, 2020", "January 2, 2020", None),
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z", None),
        ("2020-01-02T03:04:05+05:30", "2020-01-02T03:04:05+05:30", None),
        ("Date: the day after", "the day after", None),
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_header_date(line: str, date: str, region: str | None, above: bool) -> None:
    head = f"{line}\nBridge reopens" if above else f"Bridge reopens\n{line}"
    item = parsed(f"{head}\n\nIt did.")
    assert item.dates == (("header", date),)
    assert (item.title, item.region, item.content) == ("Bridge reopens", region, "It did.")


@pytest.mark.parametrize(
    "line", ["Date night on the quay", "2020 was a long year", "12 ducks crossed", "2020-01-02x"]
)
def test_what_is_no_date_line(line: str) -> None:
    item = parsed(f"{line}\n\nThe ducks did it.")
    assert (item.dates, item.title) == ((), line)


def test_labels_and_byline() -> None:
    item = parsed("Title: Bridge reopens\nBy Jane Roe and Al Gray\nRegion: Europe\n\nIt did.")
    assert (item.title, item.byline, item.authors, item.region, item.content) == (
        "Bridge reopens",
        "By Jane Roe and Al Gray",
        ("Jane Roe", "Al Gray"),
        "Europe",
        "It did.",
    )


def test_charset_of_the_media_type_and_guess() -> None:
    assert parsed("Мост открыт".encode("koi8-r"), "text/plain; charset=koi8-r").title == (
        "Мост открыт"
    )
    guessed = parsed(b"Caf\xe9 opens")
    assert (guessed.title, guessed.flags) == ("Café opens", ("encoding_guessed",))


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><p>x",
        b"  \n<html>",
        b"\xef\xbb\xbf<?xml version='1.0'?><rss/>",
        b"Warning: x\n<?xml version='1.0'?><rss version='2.0'><channel>",
        b'{"version": "https://jsonfeed.org/version/1.1"}',
        b'[{"a": 1}]',
        b'["a"]',
        b"[]",
        b'callback({"a": 1})',
        b")]}'\n{}",
        b"%PDF-1.7\nx",
        b"{\\rtf1 x}",
        b"\x00\x01\x02",
        b"12345 ... 678",
        b"   \n",
        b"",
    ],
)
def test_does_not_own(content: bytes) -> None:
    assert not text.owns(content)


@pytest.mark.parametrize(
    "content",
    [b"Bridge reopens", b"[1] A footnote", b"A < b and b > c", b"caf\xe9", "橋".encode()],
)
def test_owns(content: bytes) -> None:
    assert text.owns(content)


def test_refuses_an_empty_document() -> None:
    with pytest.raises(UnreadableError) as refusal:
        parsed(" \n---\n")
    assert refusal.value.reason is Reason.EMPTY_DOCUMENT


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda one: one.encode(errors="ignore")))
def test_raises_nothing_else(content: bytes) -> None:
    text.owns(content)
    with suppress(UnreadableError):
        parsed(content)


WORDS = st.lists(
    st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1), min_size=1
)


@given(st.lists(WORDS, min_size=1, max_size=12), st.sampled_from(["\n", "\n\n", "\r\n", " \n\n\n"]))
def test_no_word_is_lost(paragraphs: list[list[str]], gap: str) -> None:
    content = gap.join(" ".join(words) for words in paragraphs)
    item = parsed(content)
    kept = " ".join(
        filter(
            None,
            (item.title, item.byline, item.region, *(d for _, d in item.dates), item.content),
        )
    )
    assert sorted(kept.split()) == sorted(content.split())
