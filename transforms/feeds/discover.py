"""The feeds of a web page: those it declares, those it links to, those in the usual places.

What a page says is only where to look: an address counts as a feed when its answer is read as one
by the same code that reads it in a run.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from urllib.parse import urldefrag, urljoin, urlsplit

from resiliparse.parse.html import ElementNode, HTMLTree

from schemas.records import ParsedDocument, RawDocument
from transforms.feeds.listed import checked_address, same_address
from transforms.formats import feed, jsonfeed
from transforms.formats.document import open_container
from transforms.formats.errors import UnreadableError
from transforms.formats.markup import decode_markup
from transforms.formats.registry import read_document
from transforms.http.secrets import public_url
from transforms.text.clean import as_written
from transforms.text.dates import choose_published
from transforms.text.urls import host_of

FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/json",
        "application/xml",
        "text/xml",
        "text/rss+xml",
    }
)
"""Media types of ``<link rel="alternate">`` that are tried."""

COMMON_PATHS = ("/feed", "/rss", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feed.json")
"""Tried at the page's host when the page declares no feed: what WordPress, Hugo, Jekyll, Ghost and
the broadcasters' own systems use."""

HOW_FOUND = {
    "given": "the address that was given is a feed itself",
    "declared": "the page declares it: <link rel=alternate>",
    "linked": "the page links to it, and the address looks like a feed's",
    "usual": "it is in one of the usual places",
}

MOST_CANDIDATES = 20
"""Addresses that are tried for one page."""

_MAX_BYTES, _MAX_ITEMS = 32 << 20, 100_000
_MAX_PAGE = 1 << 22
_MAX_TAGS = 10_000
# Only the tags that matter go to the parser, which takes time with the square of what a hostile
# page can hold otherwise (see transforms.text.body).
_TAG = re.compile(r"<(?:base|link|a)\s[^<>]{1,4096}>", re.IGNORECASE)
_NOT_SHOWN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|textarea)\b.*?(?:</\1|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_FEED_PATH = re.compile(r"(?:^|[/._-])(?:rss|rss2|atom|rdf|feeds?)(?:[/._-]|$)", re.IGNORECASE)
# What the last part of a feed's path ends in, when it ends in anything.
_FEED_ENDING = re.compile(
    r"(?:^|/)(?:[^/.]*|[^/]*\.(?:xml|rss|atom|rdf|json|php|aspx?))/?$", re.IGNORECASE
)
_FEED_QUERY = re.compile(
    r"(?:^|&)(?:feed|format|type|alt|output)=(?:rss|rss2|atom|feed)\b", re.IGNORECASE
)


class NotFetchedError(Exception):
    """An address could not be had; one line that says why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with a body."""

    url: str
    """Where it came from in the end, after redirects."""
    content: bytes
    media_type: str | None = None
    """The Content-Type header."""


Fetch = Callable[[str], Fetched]
"""Asks an address; raises :class:`NotFetchedError`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed."""

    url: str
    how: str
    """A key of :data:`HOW_FOUND`."""


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """An address that is a feed."""

    url: str
    how: str
    """A key of :data:`HOW_FOUND`."""
    format: str
    """As in the lake: ``rss20``, ``atom10``, ``jsonfeed11``."""
    title: str | None
    items: int
    newest: datetime | None
    """The latest date of its items that is not in the future; None when they have none."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What came of looking for the feeds of a page."""

    feeds: tuple[FoundFeed, ...]
    """Their addresses are public."""
    failed: tuple[tuple[str, str], ...]
    """Addresses, public, that were tried and are no feed, and why."""


def discover_feeds(url: str, fetch: Fetch, now: datetime) -> Discovery:
    """Find the feeds of a page.

    Args:
        url: the page, or a feed itself.
        fetch: how an address is asked.
        now: the moment of asking, aware, in UTC.

    Raises:
        NotFetchedError: the page itself could not be had.
    """
    page = fetch(url)
    given = recognised(page, "given", now)
    if isinstance(given, FoundFeed):
        return Discovery((_public(given),), ())
    feeds: dict[str, FoundFeed] = {}
    failed: list[tuple[str, str]] = []
    for candidate in candidates_of(page):
        try:
            found = recognised(fetch(candidate.url), candidate.how, now)
        except NotFetchedError as error:
            found = str(error)
        if isinstance(found, FoundFeed):
            feeds.setdefault(same_address(found.url), found)
        else:
            failed.append((public_url(candidate.url), found))
    return Discovery(tuple(map(_public, feeds.values())), tuple(failed))


def _public(found: FoundFeed) -> FoundFeed:
    return replace(found, url=public_url(found.url))


def recognised(answer: Fetched, how: str, now: datetime) -> FoundFeed | str:
    """Say what feed an answer is, or why it is none.

    A feed without items is one: a quiet place has feeds too.
    """
    document = RawDocument(answer.url, answer.content, now, answer.media_type, answer.url)
    try:
        content = open_container(document.content, _MAX_BYTES)
        if not (feed.owns(content) or jsonfeed.owns(content)):
            return "no feed"
        parsed = read_document(document, _MAX_BYTES, _MAX_ITEMS)
    except UnreadableError as error:
        return str(error)
    title = as_written(parsed.info.title or "") or None
    newest = _newest(parsed, now)
    return FoundFeed(answer.url, how, parsed.format, title, len(parsed.items), newest)


def _newest(parsed: ParsedDocument, now: datetime) -> datetime | None:
    dates = (choose_published(item.dates, (), now).published_at for item in parsed.items)
    return max((date for date in dates if date is not None and date <= now), default=None)


def candidates_of(page: Fetched) -> tuple[Candidate, ...]:
    """Give the addresses of a page that are worth a try, each once, the likeliest first.

    What it declares comes before what it links to on its own site. The usual places are among them
    only when it declares none. No more than :data:`MOST_CANDIDATES`.
    """
    tags = _tags_of(page)
    base = _base_of(tags, page.url)
    declared = list(_absolute(base, (tag.href for tag in tags if _declares(tag))))
    linked = _absolute(base, (tag.href for tag in tags if tag.name == "a"))
    usual = [] if declared else _absolute(page.url, COMMON_PATHS)
    found: dict[str, Candidate] = {}
    own = same_address(page.url)
    for how, urls in (
        ("declared", declared),
        ("linked", (url for url in linked if _looks_like_feed(url, page.url))),
        ("usual", usual),
    ):
        for url in urls:
            if (key := same_address(url)) != own:
                found.setdefault(key, Candidate(url, how))
    return tuple(found.values())[:MOST_CANDIDATES]


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    href: str
    rel: str
    media_type: str


def _tags_of(page: Fetched) -> list[_Tag]:
    """The tags of a page that hold an address, in the order in which they stand."""
    text = decode_markup(page.content[:_MAX_PAGE], page.media_type).content.decode("utf-8")
    found = islice(_TAG.finditer(_NOT_SHOWN.sub(" ", text)), _MAX_TAGS)
    document = HTMLTree.parse("</a>".join(tag[0] for tag in found)).document
    # Walked node by node: the parser's lists of elements take time with the square of their length.
    return [
        _Tag(
            (node.tag or "").lower(),
            node.getattr("href") or "",
            (node.getattr("rel") or "").lower(),
            (node.getattr("type") or "").partition(";")[0].strip().lower(),
        )
        for node in document or ()
        if isinstance(node, ElementNode) and node.hasattr("href")
    ]


def _base_of(tags: Iterable[_Tag], url: str) -> str:
    """What relative addresses are relative to: the first base (HTML, "document base URL")."""
    hrefs = (tag.href for tag in tags if tag.name == "base")
    return next(_absolute(url, islice(hrefs, 1)), url)


def _declares(tag: _Tag) -> bool:
    kinds = tag.rel.split()
    # rel=feed was in drafts of HTML5, and needs no type.
    return tag.name == "link" and (
        "feed" in kinds or ("alternate" in kinds and tag.media_type in FEED_TYPES)
    )


def _absolute(base: str, references: Iterable[str]) -> Iterator[str]:
    for reference in references:
        if not reference.strip():
            continue
        try:
            joined = urldefrag(urljoin(base, re.sub(r"[\t\r\n]", "", reference.strip())))[0]
            yield checked_address(joined, variables=False)
        except ValueError:  # another scheme, no host, a broken IPv6 literal
            continue


def _looks_like_feed(url: str, page: str) -> bool:
    parts = urlsplit(url)
    by_path = _FEED_PATH.search(parts.path) and _FEED_ENDING.search(parts.path)
    if not (by_path or _FEED_QUERY.search(parts.query)):
        return False
    there, here = (host_of(one) or "" for one in (url, page))
    there, here = there.removeprefix("www."), here.removeprefix("www.")
    return there == here or there.endswith(f".{here}") or here.endswith(f".{there}")
