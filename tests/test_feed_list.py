"""Feed lists: what is read, noted and refused, and what never comes out of them."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.feeds import FeedSettings, Secret
from transforms.feeds.feed_list import (
    LIST_NOTES,
    FeedList,
    FeedListError,
    ListNote,
    read_feed_list,
)
from transforms.http.secrets import feed_key, public_url
from transforms.topics.vocabulary import concepts

FULL = """
[defaults]
interval = "30m"
language = "en"
robots = true
headers = { Accept-Language = "en", X-Desk = "north" }

[[feeds]]
url = "https://news.example/rss?key=${NEWS_KEY}"
name = " The  News "
interval = "15m"
language = "pt-BR"
topics = ["medtop:15000000", "Sport", "economy, business and finance"]
robots = false
conditional = false
[feeds.headers]
Authorization = "Bearer ${NEWS_TOKEN}"
x-desk = "south"

[[feeds]]
url = "https://joe:hush@coast.example/feed"
"""


def read(text: str | bytes, name: str = "feeds.toml") -> FeedList:
    return read_feed_list(text.encode() if isinstance(text, str) else text, name)


def plain(address: str, **more: object) -> FeedSettings:
    return FeedSettings(feed_key(address), public_url(address), Secret(address), **more)


def test_every_key_of_a_toml_list():
    news, coast = "https://news.example/rss?key=${NEWS_KEY}", "https://joe:hush@coast.example/feed"
    shared = (("Accept-Language", Secret("en")), ("X-Desk", Secret("north")))
    assert read(FULL) == FeedList(
        (
            plain(
                news,
                name="The News",
                interval=900.0,
                language="pt-BR",
                topics=("medtop:15000000", "medtop:04000000"),
                headers=(
                    ("Accept-Language", Secret("en")),
                    ("Authorization", Secret("Bearer ${NEWS_TOKEN}")),
                    ("x-desk", Secret("south")),
                ),
                robots=False,
                conditional=False,
            ),
            plain(coast, interval=1800.0, language="en", robots=True, headers=shared),
        ),
        (),
    )


def test_a_plain_list():
    found = read(
        "\ufeff# morning\r\n\r\n  https://coast.example/rss  # by the sea\r\n"
        'https://quay.example/atom "tag" "~Title"\r\nnot an address\r\n'
        "https://joe:hush@hill.example/${HOME}\r\n",
        "urls",
    )
    hill = "https://joe:hush@hill.example/$%7BHOME}"
    assert found == FeedList(
        (plain("https://coast.example/rss"), plain("https://quay.example/atom"), plain(hill)),
        (
            ListNote(4, "ignored", "https://quay.example/atom: only the address is read"),
            ListNote(5, "not_a_feed", "what stands there begins with neither http:// nor https://"),
            ListNote(6, "variable", f"{public_url(hill)}: ${{NAME}} is put in only in a TOML list"),
        ),
    )


@pytest.mark.parametrize(
    "written",
    [
        "HTTPS://Coast.Example/rss",
        "https://coast.example:443/rss",
        "https://coast.example./rss",
        "https://coast.example/rss#top",
    ],
)
def test_spellings_of_one_address_are_one_feed(written):
    found = read(f"https://coast.example/rss\n\n{written}\n")
    note = f"{public_url(written)} repeats line 1, which counts"
    assert found == FeedList(
        (plain("https://coast.example/rss"),), (ListNote(3, "duplicate", note),)
    )


@pytest.mark.parametrize(
    "other",
    [
        "http://coast.example/rss",
        "https://coast.example/RSS",
        "https://coast.example:8443/rss",
        "https://www.coast.example/rss",
        "https://coast.example/rss?page=1",
        "https://coast.example/rss/",
        "https://joe:hush@coast.example/rss",
    ],
)
def test_other_addresses_are_other_feeds(other):
    assert len(read(f"https://coast.example/rss\n{other}\n").feeds) == 2


def test_repeated_tables_are_named_with_their_places():
    table = '[[feeds]]\nurl = "https://coast.example/rss"\n'
    said = "https://coast.example/rss repeats [[feeds]] number 1 (line 1), which counts"
    assert read(table * 2).notes == (ListNote(3, "duplicate", said),)
    inline = 'feeds = [{ url = "https://coast.example/" }, { url = "https://coast.example" }]'
    said = "https://coast.example ([[feeds]] number 2) repeats [[feeds]] number 1, which counts"
    assert read(inline).notes == (ListNote(None, "duplicate", said),)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("90", 90), ('"90"', 90), ('"90s"', 90), ('"15m"', 900), ('"1.5h"', 5400), ('"1 D"', 86400)],
)
def test_intervals(value, seconds):
    (feed,) = read(f'[[feeds]]\nurl = "https://coast.example/"\ninterval = {value}\n').feeds
    assert feed.interval == seconds


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("intervall = 5", "unknown key 'intervall'; did you mean interval?"),
        ("qqq = 5", "unknown key 'qqq'; known are url, name, topics"),
        ('interval = "often"', "interval must be seconds or a time"),
        ("interval = 0", "interval must be between 1 second and 366 days"),
        ('interval = "9999999999999999999999d"', "interval must be between"),
        (f"interval = {'9' * 400}", "interval must be between"),
        ("interval = nan", "interval must be seconds"),
        ("interval = inf", "interval must be between"),
        ("interval = true", "interval must be seconds"),
        ("interval = 2026-01-01", "interval must be seconds"),
        ("name = ' '", "name must be a text in quotes"),
        ("name = 5", "name must be a text in quotes"),
        ("language = 'english language'", "language must be a language tag"),
        ("robots = 'no'", "robots must be true or false"),
        ("conditional = 0", "conditional must be true or false"),
        ("topics = 'sport'", "topics must be a list"),
        ("topics = ['sprot']", "topics has 'sprot', which is no IPTC topic; did you mean 'sport'?"),
        ("topics = ['medtop:99999999']", "which is no IPTC topic"),
        ("headers = 'x'", "headers must be a table"),
        ("headers = { 'X Y' = 'a' }", "headers has 'X Y', which is no name of a header"),
        ("headers = { 'X:' = 'a' }", "which is no name of a header"),
        ("headers = { X = 5 }", "headers has X with a value that is no text"),
        ('headers = { X = "hush\\r\\nY: z" }', "headers has X with a character"),
        ("headers = { X = 'ä' }", "headers has X with a character"),
        ("headers = { X = 'hush ${' }", "headers has X with a ${ that does not begin a name"),
        ("headers = { X = 'a', x = 'b' }", "headers has x more than once"),
        *((f"headers = {{ {name} = 'hush' }}", f"headers has {name}, which newsbeam sets itself")
          for name in ("Host", "content-length", "Connection", "Transfer-Encoding", "Range",
                       "If-None-Match", "If-Modified-Since", "Accept-Encoding")),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_its_place(line, says):
    with pytest.raises(FeedListError) as refused:
        read(
            f'[[feeds]]\nurl = "https://coast.example/"\n\n[[feeds]]\nurl = "https://a.example"\n{line}'
        )
    said = str(refused.value)
    assert said.startswith("feeds.toml: [[feeds]] number 2 (line 4): ")
    assert says in said
    assert "hush" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "url is empty"),
        ("coast.example/rss", "url begins with neither http:// nor https://"),
        ("feed://joe:hush@coast.example/", "url begins with neither"),
        ("https://", "url cannot be asked: the address"),
        ("https://joe:hush@/rss", "url cannot be asked: the address"),
        ("https://[::1/rss", "url cannot be asked: the address"),
        ("https://coast.example:99999/", "url cannot be asked: the address"),
        ("https://coast.example:hush/", "url cannot be asked: the address"),
        ("https://${HOST}/rss", "url has a variable in its host"),
        ("https://joe:hush@a${B}.example/", "url has a variable in its host"),
        ("https://coast.example/?k=${hush", "url has a ${ that does not begin"),
        ("https://coast.example/?k=${1}", "url has a ${ that does not begin"),
        ("https://coast.example\\\\@x.example/", "url cannot be asked: the address"),
        ("https://coast.example/\\u0000", "url has a control character"),
        ("https://coast.example/" + "x" * 20_000, "url has 20,022 characters"),
    ],
)
def test_a_wrong_address_is_refused_unseen(address, says):
    with pytest.raises(FeedListError) as refused:
        read(f'[[feeds]]\nurl = "{address}"\n')
    assert says in str(refused.value)
    assert "hush" not in str(refused.value)


def test_variables_may_stand_in_credentials_path_and_query():
    address = "https://${USER}:${PASS}@coast.example/${PART}/rss?key=${KEY}"
    (feed,) = read(f'[[feeds]]\nurl = "{address}"').feeds
    assert feed.address == Secret(address)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no feed in it; write one address a line"),
        ("# nothing\n\n", "no feed in it"),
        ("[defaults]\n", "no feed in it"),
        ("nothing here\n", "no feed in it; line 1: what stands there begins with neither"),
        ("[[feeds]]\nname = 'x'", "[[feeds]] number 1 (line 1): url is missing"),
        ("[feeds]\nurl = 'https://a.example'", "begin each with [[feeds]]"),
        ("feeds = ['https://a.example']", "begin each with [[feeds]]"),
        ("defaults = 5", "defaults must be a table"),
        ("[default]\nrobots = true", "the list: unknown key 'default'; did you mean defaults?"),
        ("[defaults]\nurl = 'https://a.example'", "[defaults]: unknown key 'url'"),
        ("[defaults]\ninterval = -1", "[defaults]: interval must be between"),
        ("[[feeds]]\nurl = https://a.example", "as TOML: Invalid value (at line 2, column 7)"),
        ("[[feeds]]\nurl = 'x'\nurl = 'y'", "as TOML: Cannot overwrite a value"),
        ("x = " + "[" * 100_000, "as TOML: "),
        ("x = " + "9" * 5_000, "as TOML: "),
        ("x = 2026-13-01", "as TOML: "),
        (b"https://a.example/\0rss", "is no text: binary: holds NUL characters"),
        (b"\x1f\x8b\x08\0\0", "is no text"),
        (
            '<?xml version="1.0"?><rss version="2.0"><channel/></rss>',
            "is a feed itself, not a list",
        ),
        ("<!DOCTYPE html><html><body>x", "is a web page, not a list"),
        ("<urlset></urlset>", "is XML with the root element urlset, not a list"),
    ],
)
def test_a_list_that_cannot_be_used(text, says):
    with pytest.raises(FeedListError) as refused:
        read(text, "my list")
    assert says in str(refused.value)
    assert str(refused.value).startswith("my list: ")
    assert "\n" not in str(refused.value)


def test_the_form_is_told_by_what_is_in_it():
    toml = '# feeds\n"feeds" = [{ url = "https://a.example/?a=b" }]\n'
    for name in ("x.opml", "x.txt", "x"):
        assert [feed.url for feed in read(toml, name).feeds] == ["https://a.example/?a=b"]
        assert [feed.url for feed in read("https://a.example/?a=b\n", name).feeds] == [
            "https://a.example/?a=b"
        ]


def test_a_credential_for_all_hosts_is_noted():
    both = '[[feeds]]\nurl = "https://a.example/"\n[[feeds]]\nurl = "https://b.example/"\n'
    shared = '[defaults.headers]\nCookie = "hush"\nX-Key = "${KEY}"\nX-Desk = "north"\n'
    found = read(shared + both)
    assert [note.kind for note in found.notes] == ["shared_header"] * 2
    assert [note.text.split(" goes")[0] for note in found.notes] == [
        "[defaults.headers] Cookie",
        "[defaults.headers] X-Key",
    ]
    assert "hush" not in repr(found)
    assert read(shared + both.replace("b.example", "a.example:81")).notes == ()


def test_topics_are_known_by_id_and_by_name():
    by_name: dict[str, list[str]] = {}
    for concept in concepts().values():
        by_name.setdefault(concept.name.lower(), []).append(concept.id)
    for name, ids in by_name.items():
        text = f'[[feeds]]\nurl = "https://a.example/"\ntopics = ["{name.upper()}", "{ids[0]}"]'
        if len(ids) == 1:
            assert read(text).feeds[0].topics == (ids[0],)
        else:
            with pytest.raises(FeedListError, match=re.escape(", ".join(ids))):
                read(text)


def anything() -> st.SearchStrategy[bytes]:
    pieces = st.sampled_from(
        ["[[feeds]]\n", "url = ", '"', "https://", "a.example", "@", ":", "\n", "${", "}", "<opml>",
         "<outline xmlUrl=", "/>", "[", "]", "\\", " ", "\0", "#", "ü", "headers = {", "=", "'"]
    )  # fmt: skip
    return st.one_of(
        st.binary(max_size=60), st.lists(pieces, max_size=20).map("".join).map(str.encode)
    )


@given(anything())
def test_any_bytes_are_a_list_or_one_line(content):
    error, found = "", None
    try:
        found = read_feed_list(content, "x")
    except FeedListError as refused:
        error = str(refused)
    if found is None:
        assert len(error.splitlines()) == 1
    else:
        assert found.feeds
        assert {note.kind for note in found.notes} <= set(LIST_NOTES)


SECRET = "hush9274"
HIDDEN: list[Callable[[str], str]] = [
    lambda s: f"https://joe:{s}@a.example/rss\nhttps://joe:{s}@A.example/rss",
    lambda s: f"ftp://joe:{s}@a.example/rss\nhttps://b.example",
    lambda s: f"joe:{s}@a.example\nhttps://b.example {s}",
    lambda s: f"<opml><outline xmlUrl='https://j:{s}@a.example/'/><outline xmlUrl='x:{s}'/></opml>",
    lambda s: f"[[feeds]]\nurl='https://j:{s}@a.example'\nheaders={{ Cookie='{s}' }}",
    lambda s: f"[[feeds]]\nurl='https://j:{s}@a.example'\nheaders={{ Host='{s}' }}",
    lambda s: f"[[feeds]]\nurl='https://j:{s}@a.example'\nheaders={{ X={s} }}",
    lambda s: f"[[feeds]]\nurl='https://j:{s}@a.example'\nurl='{s}'",
    lambda s: f"[[feeds]]\nurl='https://j:{s}@a b c.example:x'",
]


@pytest.mark.parametrize("form", HIDDEN)
def test_no_credential_comes_out(form):
    try:
        said = repr(read(form(SECRET)))
    except FeedListError as error:
        said = f"{error} {error!r}"
    assert SECRET not in said
