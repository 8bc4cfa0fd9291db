"""robots.txt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.http.robots import LARGEST, RobotsFile, crawl_delay, may_fetch, robots_url

FEED = "https://news.example/feed/news.xml?page=1"
AGENT = "newsbeam/0.1 (+https://newsbeam.example)"


def test_where_it_is():
    assert robots_url("HTTP://Anna@News.Example:8080/a/b?c#d") == (
        "http://news.example:8080/robots.txt"
    )


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (None, False),
        (101, False),
        (302, True),
        (401, True),
        (403, True),
        (404, True),
        (410, True),
        (429, True),
        (500, False),
        (503, False),
        (599, False),
    ],
)
def test_without_a_file_the_status_decides(status, allowed):
    file = RobotsFile(status, b"User-agent: *\nDisallow:/\nCrawl-delay: 5")
    assert (may_fetch(file, FEED, AGENT), crawl_delay(file, AGENT)) == (allowed, None)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("<html>not found</html>", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("User-agent: *\r\nDisallow: /feed", False),
        ("user-AGENT:*\rdisallow:/feed", False),
        ("User-agent: *\nDisallow: /\nAllow: /feed/", True),
        ("User-agent: *\nAllow: /feed\nDisallow: /feed", True),
        ("User-agent: *\nDisallow: /*.xml", False),
        ("User-agent: *\nDisallow: /*.xml$", True),
        ("User-agent: *\nDisallow: /*?page=", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: NewsBeam\nDisallow: /private", True),
        ("User-agent: newsbeam/9.9 # us\nDisallow: /", False),
        ("User-agent: other\nUser-agent: newsbeam\nDisallow: /", False),
        ("User-agent: newsbeam\nAllow: /x\nUser-agent: other\nDisallow: /", True),
        ("User-agent: newsbeam\nAllow: /x\n\nUser-agent: newsbeam\nDisallow: /feed", False),
        # A part of our name is another's.
        ("User-agent: news\nDisallow: /", True),
        ("User-agent: newsbeambot\nDisallow: /", True),
        ("User-agent: beam\nDisallow: /", True),
        ("Disallow: /", True),
        ("# User-agent: *\nDisallow: /", True),
    ],
)
def test_the_rules(text, allowed):
    assert may_fetch(RobotsFile(200, text.encode()), FEED, AGENT) is allowed


def test_no_body_is_no_rule():
    assert may_fetch(RobotsFile(200), FEED, AGENT)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 30\nUser-agent: newsbeam\nCrawl-delay: 1", 1.0),
        ("User-agent: *\nCrawl-delay: 30\nUser-agent: newsbeam\nDisallow: /x", None),
        ("User-agent: *\nCrawl-delay: -1", None),
        ("User-agent: *\nCrawl-delay: nan", None),
        ("User-agent: other\nCrawl-delay: 7", None),
    ],
)
def test_the_delay(text, seconds):
    assert crawl_delay(RobotsFile(200, text.encode()), AGENT) == seconds


def test_what_is_beyond_the_limit_is_ignored():
    head = b"User-agent: *\nAllow: /\n"
    filler = b"#" * (LARGEST - len(head) - len("\nDisallow: /fe"))
    file = RobotsFile(200, head + filler + b"\nDisallow: /feed/longer/than/that")
    assert may_fetch(file, FEED, AGENT)
    assert not may_fetch(RobotsFile(200, b"User-agent: *\nDisallow: /fe"), FEED, AGENT)


def test_many_names_with_many_rules_are_no_burden():
    # As lists of rules for each name this would be two hundred million rules.
    names = b"".join(b"User-agent: %d\n" % number for number in range(14_000))
    rules = b"".join(b"Disallow:/%d\n" % number for number in range(14_000))
    file = RobotsFile(200, names + rules + b"User-agent: newsbeam\nDisallow: /feed\n")
    assert len(file.body) < LARGEST
    assert not may_fetch(file, FEED, AGENT)


@given(st.binary())
def test_no_bytes_break_anything(body):
    may_fetch(RobotsFile(200, b"User-agent: *\nDisallow: " + body), FEED, AGENT)
    crawl_delay(RobotsFile(200, body), AGENT)
