"""Feeds: whole records of hand-written documents, then counts and hostility."""

import dataclasses
import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reasons import Reason
from schemas.records import FeedSchedule, ParsedDocument, RawDocument
from transforms.formats import feed, feed_parser, markup
from transforms.formats.errors import UnreadableError
from transforms.formats.registry import read_document

DATA = Path(__file__).parent / "data"
FIXTURES = sorted(
    path
    for folder in ("rss", "atom", "rdf")
    for path in (DATA / folder).iterdir()
    if not path.name.endswith(".expected.json")
)


def document(content: bytes, media_type: str | None = None, url: str | None = None) -> RawDocument:
    return RawDocument(
        "feeds/some.xml", content, datetime(2026, 1, 1, tzinfo=UTC), media_type=media_type, url=url
    )


def read(content: bytes, **known: Any) -> ParsedDocument:
    return read_document(document(content, **known), 1 << 26, 200_000)


def as_json(parsed: ParsedDocument) -> dict[str, Any]:
    """Fields that have their default are left out, as in the expected files."""
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(parsed)))
    if parsed.info.schedule == FeedSchedule():
        del found["info"]["schedule"]
    if parsed.items:
        defaults = {
            field.name: json.loads(json.dumps(field.default))
            for field in dataclasses.fields(parsed.items[0])
            if field.default is not dataclasses.MISSING
        }
        found["items"] = [
            {name: value for name, value in item.items() if defaults.get(name, ...) != value}
            for item in found["items"]
        ]
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_whole_records(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert feed.owns(path.read_bytes())
    assert as_json(read(path.read_bytes())) == expected


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_entries_are_counted_as_feedparser_counts_them(path: Path) -> None:
    content = path.read_bytes()
    if path.name == "broken_ampersand.rss":
        content = content.replace(b"&#1114112;", b"")  # feedparser itself raises on it
    plain = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    assert len(read(content).items) == len(plain.entries)


ITEM = b"<channel><item><title>x</title></item></channel>"


@pytest.mark.parametrize(
    ("content", "owned"),
    [
        (b'<rss version="2.0">' + ITEM + b"</rss>", True),
        (b'\xef\xbb\xbf\n<?xml version="1.0"?>\n<rss>' + ITEM + b"</rss>", True),
        (b'<?xml-stylesheet href="a>b"?><!-- <html> --><rss>' + ITEM + b"</rss>", True),
        (b"PHP Notice: x in y.php\n<rss>" + ITEM + b"</rss>", True),
        (b'<?xml version="1.0"?> oops <rss>' + ITEM + b"</rss>", True),
        ('<rss version="2.0"/>'.encode("utf-16"), True),
        ('<rss version="2.0"/>'.encode("utf-16-be"), True),
        ('<?xml version="1.0"?><rss version="2.0"/>'.encode("utf-32"), True),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', True),
        (b'<x:feed xmlns:x="http://www.w3.org/2005/Atom"/>', True),
        (b'<feed xmlns="urn:shop"><product/></feed>', False),
        (b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Person/>', False),
        (b"<!DOCTYPE html><html><body>&lt;rss&gt; <rss> </body></html>", False),
        (b'<html><head><link type="application/rss+xml"></head></html>', False),
        (b"<!doctype html>\n<p>About <rss><channel>", False),
        (b'The <rss version="2.0"> element is the root of an RSS document.', False),
        (b'{"version": "https://jsonfeed.org/version/1"}', False),
        (b"<opml><body/></opml>", False),
        (b"", False),
        (b"<", False),
    ],
)
def test_owns(content: bytes, owned: bool) -> None:
    assert feed.owns(content) is owned


def rss(item: str) -> bytes:
    return (
        '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>t</title>'
        f"<item>{item}</item></channel></rss>"
    ).encode()


@pytest.mark.parametrize(
    ("item", "url", "link"),
    [
        ("<link>https://a.example/1</link><guid>https://a.example/2</guid>", None, "/1"),
        ("<guid>https://a.example/2</guid>", None, "/2"),
        ('<guid isPermaLink="true">https://a.example/2</guid>', None, "/2"),
        ('<guid isPermaLink="false">https://a.example/2</guid>', None, None),
        ("<guid>tag:a.example,2020:1</guid>", None, None),
        ("<link>/3</link>", "https://a.example/feed", "/3"),
        ("<link>/3</link>", None, None),
        ("<link>javascript:alert(1)</link>", "https://a.example/feed", None),
        ("<link>http://[broken/</link>", "https://a.example/feed", None),
        ("<link> https://a.example/4\n</link>", None, "/4"),
    ],
)
def test_link_ladder(item: str, url: str | None, link: str | None) -> None:
    (found,) = read(rss(item), url=url).items
    assert found.link == (f"https://a.example{link}" if link else None)


def test_a_guid_is_never_resolved() -> None:
    content = rss("<guid>12 345</guid>").replace(
        b"<channel>", b'<channel xml:base="https://b.ex/">'
    )
    assert read(content).items[0].guid == "12 345"


@pytest.mark.parametrize(
    "name", ["links", "authors", "contributors", "title_detail", "content_detail"]
)
def test_elements_named_like_feedparsers_own_keys(name: str) -> None:
    (item,) = read(rss(f"<title>T</title><{name}>x</{name}><link>https://a.example/</link>")).items
    assert (item.title, item.link) == ("T", "https://a.example/")


def test_where_the_strict_parser_fails_the_loose_one_reads() -> None:
    # Expat's driver splits "urn:a b c title" into four.
    (item,) = read(rss('<title>T</title><x:title xmlns:x="urn:a b c">y</x:title>')).items
    assert item.title == "T"
    assert item.flags == ("malformed_feed",)


@pytest.mark.parametrize(
    ("encoding", "media_type", "flags"),
    [
        ("utf-8", None, ()),
        ("utf-8", "text/xml", ()),
        ("utf-8", "text/html; charset=iso-8859-1", ("encoding_guessed",)),
        ("iso-8859-1", "application/rss+xml; charset=ISO-8859-1", ()),
        ("cp1252", None, ("encoding_guessed",)),
        ("utf-8-sig", "text/xml; charset=cp1252", ()),
        ("utf-16", "text/xml; charset=utf-8", ()),
    ],
)
def test_encodings(encoding: str, media_type: str | None, flags: tuple[str, ...]) -> None:
    content = rss("<title>Größe – déjà</title>").decode().replace("–", "-").encode(encoding)
    (item,) = read(content, media_type=media_type).items
    assert item.title == "Größe - déjà"
    assert item.flags == flags


@pytest.mark.parametrize(
    "name", ["punycode", "unicode_escape", "rot13", "zlib", "undefined", "utf-7"]
)
def test_codecs_that_are_no_encodings_are_not_used(name: str) -> None:
    content = f'<?xml version="1.0" encoding="{name}"?><rss><channel><item><title>+ADw-\\x41'
    assert read(f"{content}</title></item></channel></rss>".encode()).items[0].title == "+ADw-\\x41"


def test_a_broken_feed_without_entries_names_the_line() -> None:
    content = b"\n\n<?xml version='1.0'?>\n<rss><channel>\n<title>a & b</title>"
    with pytest.raises(UnreadableError, match="line 5, column 11: not well-formed") as caught:
        read(content)
    assert caught.value.reason is Reason.MALFORMED_XML


def test_a_truncated_feed_keeps_what_it_has() -> None:
    content = rss("<title>whole</title></item><item><title>half")[: -len("</item></channel></rss>")]
    items = read(content).items
    assert items[0].title == "whole"
    assert all(item.flags == ("malformed_feed",) for item in items)


def test_the_library_is_left_as_it_is() -> None:
    assert feedparser.api.StrictFeedParser.__mro__[1].__name__ == "_StrictFeedParser"
    assert feed_parser._parse is not feedparser.api.parse


ATTRIBUTES = " ".join(f'a{n}="v{n}"' for n in range(200_000))
LAUGHS = "".join(f'\n<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(12))
HOSTILE = {
    "attributes": rss(f"<a {ATTRIBUTES}>x</a>"),
    "attributes with < in them": rss(f"<a {ATTRIBUTES}>x</a>".replace('"v', '"<v')),
    "attributes with > in them": rss(f"<a {ATTRIBUTES}>x</a>".replace('"v', '">v')),
    "namespaces": rss("<a " + " ".join(f'xmlns:n{n}="u:{n}"' for n in range(50_000)) + "/>"),
    "comments": rss("<!--" * 100_000),
    "sections": rss("<![X" * 100_000),
    "open tags": rss("") + b"<a" * 200_000,
    "instructions": rss("") + b"<?" * 200_000,
    "depth": rss("<b>" * 100_000),
    "closed depth": rss("<b>" * 100_000 + "</b>" * 100_000),
    "billion laughs": rss("<title>&l11;</title>").replace(
        b"<rss", f"<!DOCTYPE rss [{LAUGHS}\n]>\n<rss".encode(), 1
    ),
    "one large entity": rss("<title>" + "&e;" * 50_000 + "</title>").replace(
        b"<rss", b'<!DOCTYPE rss [\n<!ENTITY e "' + b"e" * 50_000 + b'">\n]>\n<rss', 1
    ),
    "backslash in an entity": rss("<title>&e;</title>").replace(
        b"<rss", b'<!DOCTYPE rss [\n<!ENTITY e "C:\\data">\n]>\n<rss', 1
    ),
    "blank lines": b"\n" * 400_000 + rss(""),
    "blank lines behind the declaration": rss("").replace(b"\n", b"\n" * 60_000),
    "encoding on one line": rss("<title>" + "encoding='a' " * 100_000 + "</title>"),
    "author": rss(f"<author>{'a' * 300_000}</author>"),
    "categories": rss("".join(f"<category>{n}</category>" for n in range(20_000))),
    "NULs": rss("\0" * 200_000),
    "character references": rss("<title>&#1114112;&#55296;&#" + "9" * 6_000 + ";</title>"),
    "slashes": rss("<x/" * 100_000),
    "quotes": rss("<a " + '"x ' * 100_001 + ">"),
    "shut brackets": rss("<![CDATA[" + "] " * 200_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_feeds_end_soon(name: str) -> None:
    start = time.process_time()
    try:
        parsed = read(HOSTILE[name])
    except UnreadableError as error:
        refused: Reason | None = error.reason
    else:
        refused = None
        texts = "".join((item.title or "") + (item.summary or "") for item in parsed.items)
        assert len(texts) <= len(HOSTILE[name])
    assert refused in (None, Reason.HOSTILE_MARKUP, Reason.MALFORMED_XML)
    assert time.process_time() - start < 5


def test_external_entities_are_neither_fetched_nor_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2", encoding="utf-8")
    content = rss("<title>a&e;b</title>").replace(
        b"<rss", f'<!DOCTYPE rss [\n<!ENTITY e SYSTEM "{secret.as_uri()}">\n]>\n<rss'.encode(), 1
    )
    assert "hunter2" not in repr(read(content))


def test_an_inline_image_is_not_hostile() -> None:
    image = f"<img src='data:image/png;base64,{'iVBOR' * 40_000}=='/>"
    (item,) = read(rss(f"<description><![CDATA[<p>{image}</p>]]></description>")).items
    assert item.summary == f"<p>{image}</p>"
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">'
        f"<div>{image}</div></content></entry></feed>"
    )
    assert len(read(atom.encode()).items[0].content or "") > 200_000


CUTS = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=6)), max_size=6
)
PIECES = st.lists(
    st.sampled_from(
        "<item> </item> <source> </source> <link> <image> </image> <textinput> <![CDATA[ ]]> <! x "
        "<category> <media:rating> <georss:point> <author> &#x; &foo; <content type='x'> <entry> "
        "<title type='xhtml'> <svg> <links> <body>".replace(" t", "\tt").split(" ")
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIXTURES), CUTS, PIECES)
def test_nothing_but_unreadable_leaves_the_parser(
    path: Path, cuts: list[tuple[int, int, bytes]], pieces: list[str]
) -> None:
    content = path.read_bytes()
    for at, length, patch in cuts:
        content = content[:at] + patch + content[at + length :]
    middle = len(content) // 2
    content = content[:middle] + "".join(pieces).encode() + content[middle:]
    try:
        parsed = feed.parse(content, document(content))
    except UnreadableError as error:
        refused = error.detail
    else:
        refused = ""
        assert [item.position for item in parsed.items] == list(range(len(parsed.items)))
    assert "feedparser fails" not in refused


def test_captured_feeds_lose_no_entry(shared_data: Callable[[str], Path]) -> None:
    manifest = shared_data("feeds_captured/MANIFEST.json")
    for row in json.loads(manifest.read_text(encoding="utf-8")):
        parsed = read((manifest.parent.parent / row["file"]).read_bytes())
        assert len(parsed.items) + len(parsed.rejects) == row["n"], row["file"]


def test_guard_is_fast_and_refuses_no_captured_feed(shared_data: Callable[[str], Path]) -> None:
    contents = [path.read_bytes() for path in shared_data("feeds_captured").iterdir()]
    start = time.process_time()
    for content in contents:
        markup.guard_markup(content)
    seconds = time.process_time() - start
    assert sum(map(len, contents)) / seconds > 50e6
