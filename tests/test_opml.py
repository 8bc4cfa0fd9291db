"""OPML lists as programs write them, broken ones among them."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.feeds.feed_list import FeedList, FeedListError, ListNote, read_feed_list

COAST, QUAY = "https://coast.example/rss", "https://quay.example/atom"


def opml(body: str, version: str = "2.0", declaration: str = "") -> bytes:
    return f'{declaration}<opml version="{version}"><body>{body}</body></opml>'.encode()


def read(content: bytes) -> FeedList:
    return read_feed_list(content, "list.opml")


def addresses(found: FeedList) -> list[str]:
    return [feed.address.text for feed in found.feeds]


@pytest.mark.parametrize(
    "content",
    [
        opml(f'<outline text="A" type="rss" xmlUrl="{COAST}"/>'),
        opml(f'<outline xmlUrl="{COAST}"/>', version="1.0"),
        opml(f'<outline type="atom" xmlurl="{COAST}"/>', version="1.1"),
        opml(f"<outline XMLURL='  {COAST} '/>", version=""),
        opml(f'<outline type="rss" url="{COAST}"/>'),
        f'<OPML><BODY><OUTLINE XmlUrl="{COAST}"></OUTLINE></BODY></OPML>'.encode(),
        f'<opml xmlns="urn:x"><body><outline xmlUrl="{COAST}"/></body></opml>'.encode(),
        f'<o:opml xmlns:o="urn:x"><o:body><o:outline xmlUrl="{COAST}"/></o:body></o:opml>'.encode(),
        opml("<outline>" * 400 + f'<outline xmlUrl="{COAST}"/>' + "</outline>" * 400),
        b"\n\n  " + opml(f'<outline xmlUrl="{COAST}"/>', declaration='<?xml version="1.0"?>'),
        opml(f'<!-- one --><outline text="&lt;b&gt;&#233;" xmlUrl="{COAST}"/>'),
        b"<!DOCTYPE opml SYSTEM 'http://lists.example/opml.dtd'>"
        + opml(f'<outline xmlUrl="{COAST}"/>'),
    ],
)
def test_ways_to_list_a_feed(content):
    found = read(content)
    assert (addresses(found), found.notes) == ([COAST], ())


def test_a_title_does_not_name_the_source():
    (feed,) = read(opml(f'<outline text="The Coast" xmlUrl="{COAST}"/>')).feeds
    assert feed.name is None


def test_folders_and_the_order_of_the_list():
    found = read(
        opml(
            f'<outline text="sea"><outline text="near"><outline xmlUrl="{QUAY}"/></outline>'
            f'<outline xmlUrl="{COAST}"/></outline><outline xmlUrl="http://hill.example/"/>'
        )
    )
    assert addresses(found) == [QUAY, COAST, "http://hill.example/"]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-16", "utf-16"),
        ("utf-8-sig", "utf-8"),
        ("iso-8859-2", "iso-8859-2"),
        ("koi8-r", "koi8-r"),
        ("utf-16-le", "utf-16"),
        ("utf-32", "utf-8"),
    ],
)
def test_encodings(encoding, declared):
    letter = "ф" if encoding == "koi8-r" else "ř"
    text = opml(
        f'<outline text="{letter}" xmlUrl="https://coast.example/{letter}"/>',
        declaration=f'<?xml version="1.0" encoding="{declared}"?>',
    ).decode()
    assert addresses(read(text.encode(encoding))) == [f"https://coast.example/{letter}"]


@pytest.mark.parametrize(
    ("outline", "address"),
    [
        ('text="Sea & Sand" xmlUrl="{}"', f"{COAST}?a=1&b=2"),
        ('text="x" xmlUrl="{}"', f"{COAST}?a=1&copy=2&lt=3"),
        ('text="caf&eacute;&nbsp;noir" xmlUrl="{}"', COAST),
        ('text="a < b" xmlUrl="{}"', COAST),
        ('text="The "Coast" daily" xmlUrl="{}" type="rss"', COAST),
        ('description=""By the sea" - a critic." xmlUrl="{}"', COAST),
        ('description="From <a href="https://q.example/">Quay</a>, \n by P." xmlUrl="{}"', COAST),
        ('text="bell \x07" xmlUrl="{}"', COAST),
    ],
)
def test_what_is_not_well_formed_is_repaired_and_noted(outline, address):
    found = read(opml("\n<outline " + outline.replace("{}", address) + "/>\n"))
    assert addresses(found) == [address]
    ((line, kind),) = [(note.line, note.kind) for note in found.notes]
    assert (line in (2, 3), kind) == (True, "repaired")


def test_what_follows_a_repaired_outline_is_read():
    found = read(
        opml(
            f'<outline text="a "b" c"><outline text="&" xmlUrl="{COAST}" /></outline>\n'
            f'<!-- & --><outline text="d" xmlUrl="{QUAY}"></outline>'
        )
    )
    assert addresses(found) == [COAST, QUAY]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (opml(f'\n<outline xmlUrl="{COAST}"/>')[:-9], "line 2: the OPML is broken or cut short"),
        (opml(f'<outline xmlUrl="{COAST}"/></outline>'), "line 1: the OPML is broken or cut short"),
        (opml("<outline text='nothing'/>"), "no feed in it"),
        (opml("\n<outline xmlUrl='news.example/rss'/>"), "line 2: the xmlUrl begins with neither"),
        (opml("<outline type='include' url='https://x.example/y.opml'/>"), "is not followed"),
        (opml("&#0;"), "line 1: the OPML is broken"),
    ],
)
def test_what_cannot_be_used(content, says):
    with pytest.raises(FeedListError, match=re.escape(says)) as refused:
        read(content)
    assert str(refused.value).startswith("list.opml: ")
    assert "\n" not in str(refused.value)


def test_oddities_are_noted_and_the_rest_is_read():
    found = read(
        opml(
            f"""
<outline xmlUrl="{COAST}"/>
<outline type="include" url="https://x.example/y.opml"/>
<outline type="rss" text="gone" htmlUrl="https://x.example/"/>
<outline xmlUrl="ftp://joe:secret@x.example/rss"/>
<outline isComment="true" text="off"><outline xmlUrl="{QUAY}"/></outline>
<outline xmlUrl="HTTPS://Coast.example:443/rss"/>
<outline xmlUrl="https://joe:hush@hill.example/?u=${{HOME}}"/>"""
        )
    )
    assert addresses(found) == [COAST, "https://joe:hush@hill.example/?u=$%7BHOME}"]
    assert [(note.line, note.kind) for note in found.notes] == [
        (3, "include"),
        (4, "not_a_feed"),
        (5, "not_a_feed"),
        (6, "commented"),
        (7, "duplicate"),
        (8, "variable"),
    ]
    shown = repr(found)
    assert "secret" not in shown
    assert "hush" not in shown


def test_after_a_comment_ends_feeds_count_again():
    found = read(
        opml(
            f'<outline isComment="TRUE"><outline/><outline xmlUrl="{QUAY}"/></outline>'
            f'<outline xmlUrl="{COAST}"/>'
        )
    )
    assert addresses(found) == [COAST]


def test_entities_are_refused_before_they_grow():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))
    bomb = f'<!DOCTYPE opml [<!ENTITY e0 "ha">{entities}]>'.encode()
    with pytest.raises(FeedListError, match=r"declares entities|refused"):
        read(bomb + opml(f'<outline text="&e29;" xmlUrl="{COAST}"/>'))
    file = b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(FeedListError, match="declares entities"):
        read(file + opml('<outline xmlUrl="https://x.example/&x;"/>'))


@pytest.mark.parametrize(
    "piece",
    ['<outline text="', '<outline text="a "', '"', "<", "&", '" text="', "<outline>", "&#x;"],
)
def test_long_rubbish_is_refused(piece):
    with pytest.raises(FeedListError):
        read(b"<opml><body>" + (piece * (300_000 // len(piece))).encode())


TITLES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30)
PATHS = st.text(st.sampled_from("abc/?&=;.%20ü"), max_size=12)


@given(st.lists(st.tuples(TITLES, PATHS), min_size=1, max_size=8), st.booleans())
@example([("a", "?a=1&copy=2")], False)
def test_every_address_that_is_written_is_read(outlines, escaped):
    write = html.escape if escaped else (lambda text: text.replace('"', "'"))
    listed = [f"https://h{number}.example/{path}" for number, (_, path) in enumerate(outlines)]
    lines = [
        f'<outline text="{write(title)}" type="rss" xmlUrl="{html.escape(address)}" />'
        for (title, _), address in zip(outlines, listed, strict=True)
    ]
    assert addresses(read(opml("\n".join(lines)))) == listed


def test_public_lists_give_every_address_in_them(shared_data):
    files = sorted(shared_data("opml_CC0").rglob("*.opml"))
    assert files
    for path in files:
        content = path.read_bytes()
        written = re.findall(r'(?i)\bxmlurl\s*=\s*"([^"]*)"', content.decode())
        found = read(content)
        assert set(addresses(found)) == {html.unescape(one.strip()) for one in written}, path.name
        assert {note.kind for note in found.notes} <= {"repaired"}


def test_notes_are_records():
    note = read(opml(f'<outline xmlUrl="{COAST}"/><outline xmlUrl="{COAST}"/>')).notes
    text = f"{COAST} repeats line 1, which counts"
    assert note == (ListNote(1, "duplicate", text),)
