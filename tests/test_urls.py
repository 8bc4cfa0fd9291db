"""Addresses: one form for one page, and two pages never one."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.tables import read_table
from transforms.text.urls import canonical_url, host_of, is_identifying

CANONICAL = [
    # case, scheme, port, user, fragment
    ("HTTP://WWW.Example.COM/News", "https://www.example.com/News"),
    ("http://example.com:80/a", "https://example.com/a"),
    ("https://example.com:443/a", "https://example.com/a"),
    ("http://example.com:443/a", "https://example.com/a"),
    ("http://example.com:8080/a", "https://example.com:8080/a"),
    ("http://user:secret@example.com/a", "https://example.com/a"),
    ("http://example.com/a#comments", "https://example.com/a"),
    ("http://example.com/#!/2020/story", "https://example.com/#!/2020/story"),
    ("http://example.com/#!", "https://example.com/"),
    ("//example.com/a", "https://example.com/a"),
    # hosts are never guessed at
    ("http://m.example.com/a", "https://m.example.com/a"),
    ("http://amp.example.com/a", "https://amp.example.com/a"),
    ("http://example.com./a", "https://example.com/a"),
    ("http://bücher.example/", "https://xn--bcher-kva.example/"),
    ("http://straße.example/", "https://xn--strae-oqa.example/"),
    ("http://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
    ("http://%65xample.com/", "https://example.com/"),
    ("http://[2001:DB8::0:1]/a", "https://[2001:db8::1]/a"),
    ("http://under_score.example.com/", "https://under_score.example.com/"),
    # paths
    ("http://example.com", "https://example.com/"),
    ("http://example.com?p=1", "https://example.com/?p=1"),
    ("http://example.com/a/", "https://example.com/a/"),
    ("http://example.com/a//b", "https://example.com/a//b"),
    ("http://example.com/a/./b/../c", "https://example.com/a/c"),
    ("http://example.com/a/b/..", "https://example.com/a/"),
    ("http://example.com/../../a", "https://example.com/a"),
    ("http://example.com/%7ea/%2e%2e/%c3%a4%2f", "https://example.com/%C3%A4%2F"),
    ("http://example.com/ä b", "https://example.com/%C3%A4%20b"),
    ("http://example.com/100%", "https://example.com/100%25"),
    ("http://example.com/a;jsessionid=1", "https://example.com/a;jsessionid=1"),
    ("http:\\\\example.com\\a?b\\c", "https://example.com/a?b%5Cc"),
    (" http://exam\nple.com/a\t ", "https://example.com/a"),
    ("http://example.com/\ud800", "https://example.com/%EF%BF%BD"),
    # queries
    ("http://example.com/?b=2&a=1&b=1", "https://example.com/?b=2&a=1&b=1"),
    ("http://example.com/a?", "https://example.com/a"),
    ("http://example.com/a?story", "https://example.com/a?story"),
    ("http://example.com/a?x=", "https://example.com/a?x="),
    ("http://example.com/a?&&x=1&", "https://example.com/a?x=1"),
    ("http://example.com/a?q=a+b%20c%2Bd", "https://example.com/a?q=a+b%20c%2Bd"),
    ("http://example.com/a?x=1&amp;y=2&#038;z=3", "https://example.com/a?x=1&y=2&z=3"),
    ("http://example.com/a?x=1&amp;amp;y=2", "https://example.com/a?x=1&y=2"),
    ("http://example.com/a?u=http%3A//h/%3Fb", "https://example.com/a?u=http%3A//h/%3Fb"),
    # tracking parameters
    ("http://example.com/a?utm_source=rss&id=1&utm_medium=x", "https://example.com/a?id=1"),
    ("http://example.com/a?UTM_Source=rss", "https://example.com/a"),
    ("http://example.com/a?%75tm_source=rss", "https://example.com/a"),
    ("http://example.com/a?fbclid=x&gclid=y&msclkid=z", "https://example.com/a"),
    ("http://example.com/a?at_medium=RSS&at_campaign=K&at_team=t", "https://example.com/a"),
    ("http://example.com/a?at_home=1", "https://example.com/a?at_home=1"),
    ("http://example.com/a?wt_mc=rss.red.atom&id=1", "https://example.com/a?id=1"),
    ("http://example.com/a?WT.mc_id=e_1&xtor=RSS-1", "https://example.com/a"),
    ("http://example.com/a?CMP=share&cmp=7", "https://example.com/a?cmp=7"),
    ("http://example.com/a?ref=rss", "https://example.com/a"),
    ("http://example.com/a?ref=rss2", "https://example.com/a?ref=rss2"),
    ("http://example.com/a?source=rss----d12c--food", "https://example.com/a"),
    ("http://example.com/a?wprss=rss_wellness", "https://example.com/a"),
    ("http://example.com/a?q=utm_source&a=fbclid", "https://example.com/a?q=utm_source&a=fbclid"),
    ("http://example.com/?cid=7&s=2&source=x", "https://example.com/?cid=7&s=2&source=x"),
]


@pytest.mark.parametrize(("url", "expected"), CANONICAL)
def test_canonical(url: str, expected: str) -> None:
    assert canonical_url(url) == expected
    assert canonical_url(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        None, "", " ", "example.com/a", "/a", "?a", "#a", "mailto:a@example.com", "ftp://example.com",
        "javascript:alert(1)", "urn:uuid:1", "tag:example.com,2003:1", "http:", "http://", "http:///a",
        "http:/example.com/a", "http://a b/", "http://-a.example/", "http://a..b/", "http://[1::z]/",
        "http://[", "http://example.com:99999/", "http://example.com:x/", "http://%2F/", "http://./",
        "http://" + "a" * 64 + ".example/", "http://example.com/" + "a" * 9000, "http://a<b>/",
    ],
)  # fmt: skip
def test_rubbish_is_none(url: str | None) -> None:
    assert canonical_url(url) is None
    assert host_of(url) is None
    assert not is_identifying(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("../b?x=1", "https://example.com/news/b?x=1"),
        ("/b", "https://example.com/b"),
        ("//other.example/b", "https://other.example/b"),
        ("http://other.example/b", "https://other.example/b"),
        ("?x=1", "https://example.com/news/2020/a?x=1"),
        ("mailto:a@example.com", None),
    ],
)
def test_relative_addresses(url: str, expected: str | None) -> None:
    assert canonical_url(url, "http://example.com/news/2020/a") == expected


def test_a_base_that_is_no_address_helps_nothing() -> None:
    assert canonical_url("a", "rubbish") is None
    assert canonical_url("a", "http://[") is None
    assert canonical_url("http://example.com/a", "http://[") == "https://example.com/a"


@pytest.mark.parametrize(
    ("url", "host", "identifying"),
    [
        ("http://WWW.Example.com:8080", "www.example.com", False),
        ("http://example.com/?utm_source=rss#top", "example.com", False),
        ("http://example.com/?p=1", "example.com", True),
        ("http://example.com/a", "example.com", True),
        ("http://example.com/#!/a", "example.com", True),
        ("http://[::1]/", "::1", False),
    ],
)
def test_host_and_home_page(url: str, host: str, identifying: bool) -> None:
    assert host_of(url) == host
    assert is_identifying(url) is identifying


PIECES = st.lists(
    st.sampled_from(
        ["http://", "https://", "//", "example.com", "EXAMPLE.com", "ü.de", "[::1]", ":80", ":443",
         ":", "/", ".", "..", "/./", "/../", "a", "é", "%", "%41", "%2e", "%2F", "%zz", "%C3%A4",
         "?",
         "&", "&amp;", "&#38;", "amp;", "#", "#!", "=", "utm_source=x", "at_medium=1", "at_x", "+",
         " ", "\t", "\\", "@", ";", "ref=rss", "\ud800", "\0", "²", "℀"]
    ),
    max_size=14,
)  # fmt: skip
ANY_URL = (
    st.text(max_size=80)
    | PIECES.map("".join)
    | PIECES.map(lambda pieces: "http://example.com/" + "".join(pieces))
)


@given(ANY_URL, st.none() | ANY_URL)
def test_never_raises_and_is_idempotent(url: str, base: str | None) -> None:
    canonical = canonical_url(url, base)
    is_identifying(url)
    if canonical is None:
        return
    assert canonical_url(canonical) == canonical
    assert re.fullmatch(r"https://[!-~]+", canonical)
    host = host_of(canonical)
    assert host
    assert host == host.lower()


WORD = st.from_regex(r"[A-Za-z0-9~_.-]{1,8}", fullmatch=True)
QUERY = st.lists(st.tuples(st.from_regex(r"[a-z]{1,3}[0-9]", fullmatch=True), WORD), max_size=4)


@given(st.lists(WORD.filter(lambda w: w.strip(".")), max_size=4), QUERY, st.booleans())
def test_tracking_never_changes_which_page_it_is(
    path: list[str], query: list[tuple[str, str]], tracked: bool
) -> None:
    pairs = [f"{name}={value}" for name, value in query]
    address = "https://example.com/" + "/".join(path)
    expected = address + ("?" + "&".join(pairs) if pairs else "")
    extra = ["utm_source=rss", "fbclid=1"] if tracked else []
    assert canonical_url(address + "?" + "&".join([*extra, *pairs, *extra])) == expected


def test_the_table_names_vendor_and_source() -> None:
    for row in read_table("tracking_params.tsv"):
        name, _, beside, vendor, source = row
        assert name
        assert vendor
        assert source
        # A beginning that is too short would take other sites' parameters with it.
        assert not name.endswith("*") or beside or len(name) > 4
        assert name == name.lower() or not name.endswith("*")


def test_captured_feeds_merge_no_two_addresses_with_different_paths(
    shared_data: Callable[[str], Path],
) -> None:
    seen: dict[str, tuple[str, frozenset[str]]] = {}
    for path in sorted(shared_data("feeds_captured").iterdir()):
        text = path.read_bytes().decode("utf-8", "replace")
        for found in re.findall(r"<link>\s*(?:<!\[CDATA\[)?\s*(http[^<\]\s]+)", text):
            url = html.unescape(found)
            canonical = canonical_url(url)
            assert canonical, (path.name, url)
            assert canonical_url(canonical) == canonical
            rest = re.sub(r"^https?://|#.*|\?.*", "", url).rstrip("/")
            values = re.sub(r"^[^?]*\??|#.*", "", url).split("&")
            kept = frozenset(v for v in values if re.match(r"(p|id|v|fl|item)\b", v))
            assert seen.setdefault(canonical, (rest, kept)) == (rest, kept), (path.name, url)
    assert len(seen) > 1500
