"""From bytes of any kind to items or a reason; what documents share."""

import gzip
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from schemas.reasons import Reason
from schemas.records import FeedInfo, FeedItem, RawDocument
from transforms.formats.document import mark_untrusted, open_container, source_of
from transforms.formats.errors import UnreadableError
from transforms.formats.registry import FORMATS, read_document

# A gzip stream holds the time it was made, and parameters must be the same in every process.
gzipped = partial(gzip.compress, mtime=0)

RSS = b'<rss version="2.0"><channel><item><title>a</title></item></channel></rss>'
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DOCUMENT = RawDocument("/drop/wire/a.xml", b"", datetime(2026, 1, 1, tzinfo=UTC))


def read(content: bytes, max_bytes: int = 1 << 20, max_items: int = 100) -> str:
    parsed = read_document(replace(DOCUMENT, content=content), max_bytes, max_items)
    return f"{parsed.format} {len(parsed.items)}"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (RSS, "rss20 1"),
        (gzipped(RSS), "rss20 1"),
        (gzipped(gzipped(RSS)), "rss20 1"),
        (gzipped(RSS[:20]) + gzipped(RSS[20:]), "rss20 1"),
        (gzipped(RSS) + b"\0\0 trailing", "rss20 1"),
        (b'{"items": [{"id": 1, "content_text": "a"}]}', "jsonfeed 1"),
        (b"Ferry sails again\n\nThe ferry left at noon on Monday.\n", "text 1"),
        (b"[Update] Ferry sails again\n\nThe ferry left at noon.\n", "text 1"),
    ],
)
def test_formats_are_told_by_content(content: bytes, found: str) -> None:
    assert read(content) == found


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"", Reason.EMPTY_DOCUMENT, "0 bytes"),
        (b"\xef\xbb\xbf \r\n\t", Reason.EMPTY_DOCUMENT, "without a text"),
        (" \n".encode("utf-16"), Reason.EMPTY_DOCUMENT, ""),
        (gzipped(b" "), Reason.EMPTY_DOCUMENT, ""),
        (gzipped(RSS)[:-12], Reason.BAD_GZIP, "cut short"),
        (gzipped(RSS)[:10] + b"\xff" * 30, Reason.BAD_GZIP, "after 0 bytes"),
        (gzipped(RSS)[:-8] + b"\0" * 8, Reason.BAD_GZIP, "incorrect data check"),
        (b"x" * (1 << 21), Reason.TOO_LARGE, "2097152 bytes"),
        (b"<!DOCTYPE html><title>x</title>", Reason.UNSUPPORTED_FORMAT, "an HTML page"),
        (b"<html><rss></html>", Reason.UNSUPPORTED_FORMAT, "the site's feed"),
        (b'<?xml version="1.0"?><urlset/>', Reason.UNSUPPORTED_FORMAT, "<urlset> (a sitemap)"),
        (b"<opml/>", Reason.UNSUPPORTED_FORMAT, "OPML"),
        (b'<n:newsItem xmlns:n="x"/>', Reason.UNSUPPORTED_FORMAT, "<n:newsitem> (NewsML-G2)"),
        (b"<unheard-of/>", Reason.UNSUPPORTED_FORMAT, "<unheard-of>"),
        (b'{"a": 1}\n{"a": 2}\n', Reason.UNSUPPORTED_FORMAT, "JSON that is not"),
        (b"[" * 100_000, Reason.UNSUPPORTED_FORMAT, "JSON"),
        (b"%PDF-1.7 ...", Reason.UNSUPPORTED_FORMAT, "a PDF"),
        (b"\0\1\2\3" * 50, Reason.UNKNOWN_FORMAT, "no known format begins with"),
        (b"<rss>" + b"<item/>" * 101 + b"</rss>", Reason.TOO_MANY_ITEMS, "101 entries"),
    ],
)
def test_what_is_refused(content: bytes, reason: Reason, detail: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(content)
    assert caught.value.reason is reason
    assert detail in caught.value.detail


def test_a_bomb_is_stopped_at_the_limit() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(500)) + packer.flush()
    for content in (bomb, gzipped(bomb)):
        with pytest.raises(UnreadableError, match="too_large"):
            open_container(content, 1 << 22)


def test_the_limit_is_inclusive() -> None:
    assert open_container(gzipped(RSS), len(RSS)) == RSS
    with pytest.raises(UnreadableError, match="too_large"):
        open_container(gzipped(RSS), len(RSS) - 1)


def test_each_format_has_its_own_name() -> None:
    names = [one.name for one in FORMATS]
    assert len(set(names)) == len(names)


def item(position: int, guid: str | None, link: str | None, title: str) -> FeedItem:
    return FeedItem(position, title=title, guid=guid, link=link and f"https://t.example/{link}")


@pytest.mark.parametrize(
    ("rows", "guids", "links"),
    [
        # (guid, link, title) of each entry; which guids and links are trusted afterwards
        ([("1", "a", "A"), ("2", "b", "B")], "yy", "yy"),
        ([("1", "a", "A"), ("1", "a", "A")], "yy", "yy"),
        ([("1", "a", "A"), ("1", "b", "B"), ("2", "c", "C")], "nny", "yyy"),
        ([("1", "a", "A"), ("1", "a", "A, corrected")], "yy", "yy"),
        ([("1", "a", "A"), ("1", "b", "A")], "yy", "yy"),
        ([("1", "a", "A"), ("2", "a", "B")], "yy", "nn"),
        ([("1", "a#one", "A"), ("2", "a#two", "B")], "yy", "nn"),
        ([(None, "a", "A"), (None, "a", "B"), (None, "b", "B")], "yyy", "nny"),
        ([(None, "a", "A"), (None, "a", "A")], "yy", "yy"),
        ([("1", "a", "A"), (None, "a", "B")], "yy", "nn"),
        ([("1", None, "A"), ("1", None, "B")], "yy", "yy"),
    ],
)
def test_keys_that_a_document_misuses(
    rows: list[tuple[str | None, str | None, str]], guids: str, links: str
) -> None:
    marked = mark_untrusted([item(place, *row) for place, row in enumerate(rows)])
    assert "".join("y" if one.guid_trusted else "n" for one in marked) == guids
    assert "".join("y" if one.link_trusted else "n" for one in marked) == links


SELF = "http://self.example/feed?utm_source=x"
ITEMS = [item(0, None, "a", "A"), FeedItem(1, link="https://b.example/"), FeedItem(2)]


@pytest.mark.parametrize(
    ("known", "info", "items", "found"),
    [
        ({"source": "Desk"}, {"self_url": SELF}, ITEMS, ("Desk", "configured", SELF)),
        ({"url": "https://u.example/f"}, {"self_url": SELF}, [],
         ("https://self.example/feed", "feed", SELF)),
        ({"url": "https://u.example/f"}, {}, [],
         ("https://u.example/f", "feed", "https://u.example/f")),
        ({}, {"site_url": "https://site.example/x"}, ITEMS, ("site.example", "host", None)),
        ({}, {}, ITEMS, ("b.example", "host", None)),
        ({}, {}, [*ITEMS, item(3, None, "c", "C")], ("t.example", "host", None)),
        ({}, {"title": "T"}, [], ("wire", "folder", None)),
        ({"uri": "s3://bucket/in%20box/a.xml"}, {}, [], ("in box", "folder", None)),
        ({"uri": "C:\\drop\\wire\\a.xml"}, {}, [], ("wire", "folder", None)),
        ({"uri": "a.xml"}, {}, [], (".", "folder", None)),
    ],
)  # fmt: skip
def test_source(
    known: dict[str, str],
    info: dict[str, str],
    items: list[FeedItem],
    found: tuple[str, str, str | None],
) -> None:
    document = replace(DOCUMENT, **known)  # type: ignore[arg-type]
    assert source_of(document, FeedInfo(**info), items) == found


def test_bundled_feeds() -> None:
    found = {}
    for path in sorted(EXAMPLES.rglob("*")):
        if path.suffix in (".xml", ".json"):
            try:
                found[path.name] = read(path.read_bytes())
            except UnreadableError as error:
                found[path.name] = str(error.reason)
    assert found == {
        "broken.rss.xml": "malformed_xml",
        "city_desk.feed.json": "jsonfeed11 3",
        "coastal_times.rss.xml": "rss20 5",
        "mountain_post.atom.xml": "atom10 3",
    }


def test_expected_records_are_json() -> None:
    data = Path(__file__).parent / "data"
    for path in data.rglob("*.expected.json"):
        json.loads(path.read_text(encoding="utf-8"))
