"""Finding the feeds of a page: what is tried, what is shown, over real connections."""

import json
import tomllib
from datetime import UTC, datetime

import pytest
from loopback import Behaviour, Loopback, answer, redirect, resolve_to

from pipeline.errors import ExitCode, UsageError
from pipeline.feed_commands import PoliteFetch, discover
from transforms.feeds.discover import (
    COMMON_PATHS,
    HOW_FOUND,
    MOST_CANDIDATES,
    Candidate,
    Discovery,
    Fetched,
    FoundFeed,
    NotFetchedError,
    candidates_of,
    discover_feeds,
)
from transforms.http.fetcher import Fetcher, FetchLimits

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
PAGE = "https://coast.example/news/"
NEWEST = datetime(2026, 3, 8, 6, tzinfo=UTC)
RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title> Coastal
 Times</title><item><title>Ferry</title><pubDate>Sun, 08 Mar 2026 06:00:00 GMT</pubDate></item>
<item><title>Later</title><pubDate>Mon, 09 Mar 2026 13:00:00 GMT</pubDate></item>
<item><title>Pier</title></item></channel></rss>"""
EMPTY = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title></feed>'
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "title": "Hill", "items": []}'


def page(*tags: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{''.join(tags)}</body></html>".encode()


def link(href: str, media_type: str = "application/rss+xml", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{media_type}" href="{href}">'


def declared(content: bytes, url: str = PAGE) -> list[str]:
    return [one.url for one in candidates_of(Fetched(url, content)) if one.how == "declared"]


def found(routes: dict[str, Behaviour], url: str = "http://coast.example/") -> Discovery:
    with Loopback(routes) as server:
        fetcher = Fetcher(FetchLimits(allow_private_hosts=True), resolve_to(server))
        try:
            return discover_feeds(url, PoliteFetch(fetcher, 0.0), NOW)
        finally:
            fetcher.close()


@pytest.mark.parametrize(
    ("tag", "url"),
    [
        (link("/rss"), "https://coast.example/rss"),
        (link("rss"), "https://coast.example/news/rss"),
        (link("//feeds.example/a"), "https://feeds.example/a"),
        (link("http://feeds.example/a#top"), "http://feeds.example/a"),
        (link("&#10; /rss?a=1&amp;b=2 "), "https://coast.example/rss?a=1&b=2"),
        (link("/f", "application/atom+xml"), "https://coast.example/f"),
        (link("/f", "Application/Feed+JSON"), "https://coast.example/f"),
        (link("/f", "application/json; charset=utf-8"), "https://coast.example/f"),
        (link("/f", "application/rdf+xml"), "https://coast.example/f"),
        (link("/f", "text/xml", "nofollow ALTERNATE home"), "https://coast.example/f"),
        ("<LINK HREF=/f TYPE=application/xml REL=alternate>", "https://coast.example/f"),
        ("<link rel=feed href='/f'/>", "https://coast.example/f"),
        (link("/a b"), "https://coast.example/a%20b"),
    ],
)
def test_what_declares_a_feed(tag, url):
    assert declared(page(head=tag)) == [url]


@pytest.mark.parametrize(
    "tag",
    [
        link("/f", rel="stylesheet"),
        link("/f", "text/html"),
        link("/f", "application/json+oembed"),
        '<link rel="alternate" hreflang="de" href="/de">',
        "<link rel=alternate type=application/rss+xml>",
        link(""),
        link("javascript:void(0)"),
        link("ftp://coast.example/rss"),
        link("https://[::1/rss"),
        f"<!-- {link('/f')} -->",
        f"<script>document.write('{link('/f')}')</script>",
        f"<template>{link('/f')}</template>",
        link(PAGE),
    ],
)
def test_what_does_not(tag):
    assert declared(page(head=tag)) == []


def test_the_first_base_counts():
    base = '<base target="_top"><base href="/en/"><base href="/de/">'
    assert declared(page(head=base + link("rss"))) == ["https://coast.example/en/rss"]
    assert declared(page(head="<base href='http://[::1'>" + link("rss"))) == [f"{PAGE}rss"]


def test_links_that_look_like_feeds_of_the_same_site_follow_what_is_declared():
    links = [
        "/rss", "/feed/", "/tag/sea/feed", "/news/index.rss", "atom.xml", "/feeds/all.atom.xml",
        "/rss/world.xml", "/?format=feed", "https://www.coast.example/rss2",
        "https://feeds.coast.example/rss", "/top.rdf", "/rss/world",
    ]  # fmt: skip
    others = [
        "/", "/feedback", "/crossfeed", "/rss.png", "/feed/logo.svg", "/about?q=rss",
        "https://other.example/rss", "https://notcoast.example/rss", "mailto:rss@coast.example",
    ]  # fmt: skip
    tags = [f"<a class=x href='{href}'>f</a>" for href in (*links, *others)]
    content = page(*tags, head=link("/main"))
    tried = candidates_of(Fetched("https://coast.example/", content))
    assert tried[0] == Candidate("https://coast.example/main", "declared")
    assert {one.how for one in tried[1:]} == {"linked"}
    assert [one.url.removeprefix("https://coast.example") for one in tried[1:]] == [
        href if href.startswith(("/", "http")) else f"/{href}" for href in links
    ]


def test_the_usual_places_are_tried_when_nothing_is_declared():
    tried = candidates_of(Fetched(PAGE, page("<a href='/rss'>feed</a>")))
    expected = [Candidate("https://coast.example/rss", "linked")]
    expected += [Candidate(f"https://coast.example{path}", "usual") for path in COMMON_PATHS]
    assert list(tried) == [one for one in expected if one.url != "https://coast.example/rss"
                           or one.how == "linked"]  # fmt: skip
    assert [one.how for one in candidates_of(Fetched(PAGE, b""))] == ["usual"] * len(COMMON_PATHS)


def test_no_more_than_so_many_are_tried_whatever_the_page():
    many = page(head="".join(link(f"/f{number}") for number in range(500)))
    assert len(candidates_of(Fetched(PAGE, many))) == MOST_CANDIDATES
    rubbish = [b"<a href=rss>", b"<!--", b"<script>", b"<a <", b"<link x ", b"<base href=/", b"\0"]
    for piece in rubbish:
        assert len(candidates_of(Fetched(PAGE, piece * (2_000_000 // len(piece))))) < 20
    attributes = b"<a " + b" ".join(b"x%d" % number for number in range(300_000)) + b">"
    assert len(candidates_of(Fetched(PAGE, attributes))) == len(COMMON_PATHS)


def test_feeds_are_those_that_can_be_read():
    tags = link("/rss") + link("/atom") + link("/json") + link("/html") + link("/none")
    tags += link("/text") + link("/broken") + link("/moved") + link("http://joe:hush@b.example/")
    assert found(
        {
            "coast.example/": answer(200, body=page(head=tags)),
            "/rss": answer(200, [("Content-Type", "text/html")], RSS),
            "/atom": answer(200, body=EMPTY),
            "/json": answer(200, body=JSON),
            "/html": answer(200, body=page("<p>Ferry")),
            "/text": answer(200, body=b"Ferry runs\n\nThe ferry runs again."),
            "/broken": answer(200, body=b"<rss><channel>"),
            "/moved": redirect("/rss"),
        }
    ) == Discovery(
        (
            FoundFeed("http://coast.example/rss", "declared", "rss20", "Coastal Times", 3, NEWEST),
            FoundFeed("http://coast.example/atom", "declared", "atom10", "Quay", 0, None),
            FoundFeed("http://coast.example/json", "declared", "jsonfeed11", "Hill", 0, None),
        ),
        (
            ("http://coast.example/html", "no feed"),
            ("http://coast.example/none", "status 404"),
            ("http://coast.example/text", "no feed"),
            ("http://coast.example/broken", "malformed_xml: line 1, column 15: no element found"),
            ("http://b.example/", "status 404"),
        ),
    )


def test_an_address_that_is_a_feed_says_so_and_nothing_else_is_asked():
    with Loopback({"/": answer(200, body=RSS)}) as server:
        fetcher = Fetcher(FetchLimits(allow_private_hosts=True), resolve_to(server))
        there = discover_feeds("http://coast.example/", PoliteFetch(fetcher, 0.0), NOW)
        fetcher.close()
    feed = FoundFeed("http://coast.example/", "given", "rss20", "Coastal Times", 3, NEWEST)
    assert there == Discovery((feed,), ())
    assert server.asked == ["coast.example/"]


def test_a_page_that_moved_is_read_where_it_is():
    there = found(
        {
            "coast.example/": redirect("http://www.coast.example/en/"),
            "www.coast.example/en/": answer(200, body=page(head=link("rss"))),
            "www.coast.example/en/rss": answer(200, body=RSS),
        }
    )
    assert [feed.url for feed in there.feeds] == ["http://www.coast.example/en/rss"]


def test_a_page_that_cannot_be_had():
    with pytest.raises(NotFetchedError, match="status 404"):
        found({})


def test_credentials_go_to_the_pages_own_host_and_are_not_shown():
    with Loopback(
        {
            "/": answer(200, body=page(head=link("/rss?key=hush"))),
            "/rss": answer(200, body=RSS),
        }
    ) as server:
        fetcher = Fetcher(FetchLimits(allow_private_hosts=True), resolve_to(server))
        there = discover_feeds("http://joe:hush@coast.example/", PoliteFetch(fetcher, 0.0), NOW)
        fetcher.close()
    assert all(request.header("authorization") for request in server.requests)
    assert [feed.url for feed in there.feeds] == ["http://coast.example/rss?key=***"]


@pytest.fixture(scope="module")
def site():
    with Loopback(
        {"/": answer(200, body=page(head=link("/rss"))), "/rss": answer(200, body=RSS)}
    ) as it:
        yield it


def command(*arguments: str) -> int:
    return discover([*arguments, "--allow_private_hosts"])


def test_the_command_shows_what_is_there(site, capsys):
    assert command(site.url) == ExitCode.DONE
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        f"{site.url}/rss",
        "  Coastal Times",
        "  rss20, 3 items, newest 2026-03-09 13:00 UTC; declared",
    ]
    first, second = site.requests[:2]
    assert second.at - first.at >= 0.9
    assert first.header("user-agent").startswith("newsbeam/")


def test_the_command_gives_json_and_toml(site, capsys):
    assert command(f"{site.url}/rss", "--format=json") == ExitCode.DONE
    facts = json.loads(capsys.readouterr().out)
    assert facts == {
        "url": f"{site.url}/rss",
        "feeds": [
            {
                "url": f"{site.url}/rss",
                "how": "given",
                "format": "rss20",
                "title": "Coastal Times",
                "items": 3,
                "newest": "2026-03-09T13:00:00+00:00",
            }
        ],
        "failed": [],
    }
    assert command(f"{site.url}/rss", "--format=toml") == ExitCode.DONE
    pasted = tomllib.loads(capsys.readouterr().out)
    assert pasted == {"feeds": [{"url": f"{site.url}/rss"}]}


def test_the_command_says_in_one_line_that_there_is_none(capsys):
    with Loopback({"/a": answer(200, body=page(head=link("/b")))}) as server:
        assert command(f"{server.url}/a") == ExitCode.FAILED
        assert command(f"{server.url}/b") == ExitCode.FAILED
        assert discover([f"{server.url}/a"]) == ExitCode.FAILED
    shown = capsys.readouterr()
    assert shown.out == ""
    none, missing, refused = shown.err.splitlines()
    assert none == f"newsbeam: error: {server.url}/a: no feed found; addresses tried: 1"
    assert missing == f"newsbeam: error: {server.url}/b: status 404"
    assert "127.0.0.1 is loopback" in refused


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["coast.example"], "the address begins with neither http:// nor https://"),
        (["https://joe:hush@/"], "the address cannot be asked"),
        (["https://coast.example/", "--proxy=socks:hush"], "--proxy: "),
        ([], "required: URL"),
        (["https://coast.example/", "--formt=json"], "unrecognized arguments"),
    ],
)
def test_wrong_usage(arguments, says):
    with pytest.raises(UsageError) as refused:
        discover(arguments)
    assert says in str(refused.value)
    assert "hush" not in str(refused.value)


def test_every_way_to_find_a_feed_is_explained():
    hows = {one.how for one in candidates_of(Fetched(PAGE, page(head=link("/f"))))}
    hows |= {one.how for one in candidates_of(Fetched(PAGE, page("<a href=/rss>x</a>")))}
    assert hows | {"given"} == set(HOW_FOUND)
