"""From an entry of feedparser to a FeedItem: every ladder of fallbacks is a function here.

Sources: RSS 2.0 (https://www.rssboard.org/rss-specification), the RSS profile
(https://www.rssboard.org/rss-profile), RSS 1.0 (http://purl.org/rss/1.0/spec) and its syndication
module (http://purl.org/rss/1.0/modules/syndication/), Atom 1.0 (RFC 4287).
"""

import html
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

from schemas.records import FeedInfo, FeedItem, FeedSchedule

_HTML_TYPES = frozenset({"text/html", "html", "application/xhtml+xml", "xhtml"})
_MARKUP = re.compile(
    r"</(?:p|div|span|a|b|i|em|strong|ul|ol|li|h[1-6]|figure|blockquote|table)>|<(?:br|img)\b[^<>]*>"
    r"|&(?:amp|lt|gt|quot|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});",
    re.IGNORECASE,
)
_ORIGINAL_LINKS = ("feedburner_origlink", "pheedo_origlink")
_LESSER_SUMMARIES = ("dc_description", "itunes_summary", "media_description")

_DAY = 86_400
_PERIODS = {
    "hourly": 3600,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": 30 * _DAY,
    "yearly": 365 * _DAY,
}
_LONGEST = _PERIODS["yearly"]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What stands behind the point of a number is let go.
_COUNT = re.compile(r"\+?0*(\d+)(?:\.\d*)?", re.ASCII)


def feed_info(feed: Any, document_url: str | None) -> FeedInfo:
    """Return what the channel or feed element says of itself."""
    links = _get(feed, "links") or []
    own = next((_get(link, "href") for link in links if _get(link, "rel") == "self"), None)
    self_url = absolute(own, document_url)
    title = _text(_get(feed, "title"))
    if title is not None and _is_html(_get(feed, "title_detail"), title):
        title = html.unescape(title)
    return FeedInfo(
        self_url=self_url,
        site_url=absolute(_get(feed, "link"), self_url, document_url),
        title=title,
        language=_text(_get(feed, "language")),
        schedule=find_schedule(feed),
    )


def find_schedule(feed: Any) -> FeedSchedule:
    """Return how often the channel says that it is worth asking; what cannot be read is left out.

    RSS counts ``ttl`` in minutes and the hours of ``skipHours`` from 0 to 23; RSS 0.91 had 24 for
    midnight. The syndication module's period is daily and its frequency 1 where one of them is
    given alone. No period is longer than a year.
    """
    periods = [60 * (_count(_get(feed, "ttl")) or 0), _update_period(feed)]
    hours = {_count(text) for text in _get(feed, "nb:skiphours") or ()}
    days = {text.strip().lower() for text in _get(feed, "nb:skipdays") or ()}
    return FeedSchedule(
        ttl_seconds=min(max(periods), _LONGEST) or None,
        skip_hours=tuple(sorted({hour % 24 for hour in hours if hour is not None and hour <= 24})),
        skip_days=tuple(
            number for number, name in enumerate(_WEEKDAYS) if name in days or name[:3] in days
        ),
    )


def _update_period(feed: Any) -> int:
    """Seconds between two changes, as the syndication module gives them; 0 where it does not."""
    name = _text(_get(feed, "sy_updateperiod"))
    frequency = _count(_get(feed, "sy_updatefrequency"))
    if name is None and frequency is None:
        return 0
    return _PERIODS.get((name or "daily").lower(), 0) // (frequency or 1)


def _count(text: Any) -> int | None:
    """The whole number a text is, at most a billion; None for anything else."""
    match = _COUNT.fullmatch(_text(text) or "")
    if match is None:
        return None
    return int(match[1]) if len(match[1]) <= 9 else 10**9


def item_from_entry(
    entry: Any,
    position: int,
    flags: tuple[str, ...],
    feed: Any,
    info: FeedInfo,
    document_url: str | None,
    is_atom: bool,
) -> FeedItem:
    """Return the entry as published."""
    content, content_html, content_detail = find_content(entry)
    summary, summary_html, summary_detail = find_summary(entry)
    title = _text(_get(entry, "title"))
    link = find_link(entry, info, document_url, is_atom)
    return FeedItem(
        position=position,
        title=title,
        title_html=title is not None and _is_html(_get(entry, "title_detail"), title),
        guid=_text(_get(entry, "nb:guid")) or _text(_get(entry, "id")),
        link=link,
        summary=summary,
        summary_html=summary_html,
        content=content,
        content_html=content_html,
        base_url=absolute(_get(content_detail or summary_detail or {}, "base"), info.site_url)
        or absolute(_get(entry, "nb:base"), info.site_url)
        or link
        or info.site_url,
        authors=find_authors(entry, feed, is_atom),
        dates=tuple(_get(entry, "nb:dates") or ()),
        language=find_language(entry, content_detail or summary_detail, info),
        categories=find_categories(entry),
        flags=flags,
    )


def find_link(entry: Any, info: FeedInfo, document_url: str | None, is_atom: bool) -> str | None:
    """Return the article's address.

    The address before a proxy such as FeedBurner replaced it; the link, RSS's or Atom's
    rel=alternate; Atom's alternates of other media types; a guid that RSS calls a permalink
    (RSS 2.0: isPermaLink is true unless it says otherwise). An Atom id need not be an address
    (RFC 4287, section 4.2.6) and is taken for one only on the site's own host; RSS 1.0's
    rdf:about is one when it looks like one.
    """
    candidates = [_get(entry, name) for name in _ORIGINAL_LINKS]
    candidates.append(_get(entry, "link"))
    candidates += [
        _get(link, "href")
        for link in _get(entry, "links") or []
        if _get(link, "rel") == "alternate"
    ]
    base = (_get(entry, "nb:base"), info.site_url, info.self_url, document_url)
    for candidate in candidates:
        found = absolute(candidate, *base)
        if found is not None:
            return found
    guid = _get(entry, "nb:guid")
    if guid is None:
        return None if is_atom else absolute(_get(entry, "id"))
    found = absolute(guid)
    if is_atom:
        own_site = found is not None and _host(found) == _host(info.site_url or "")
        return found if own_site else None
    return found if _get(entry, "nb:guid_is_link") else None


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def find_content(entry: Any) -> tuple[str | None, bool, Any]:
    """Return the full text, whether it is markup, and feedparser's detail of it.

    The first HTML content, else the first plain one. Content that lies elsewhere (``src``) or is
    of another media type is no text (RFC 4287, section 4.1.3).
    """
    plain: tuple[str, Any] | None = None
    for detail in _get(entry, "content") or []:
        text = _text(_get(detail, "value"))
        if text is None or _get(detail, "src"):
            continue
        if _is_html(detail, text):
            return text, True, detail
        if plain is None and _media_type(detail).startswith("text/"):
            plain = text, detail
    return (plain[0], False, plain[1]) if plain else (None, True, None)


def find_summary(entry: Any) -> tuple[str | None, bool, Any]:
    """Return the description or summary, whether it is markup, and feedparser's detail of it.

    feedparser copies the content into a missing summary, without a detail: that is not one.
    Dublin Core's, iTunes' and Media RSS's descriptions stand in, in this order.
    """
    for name in ("summary", *_LESSER_SUMMARIES):
        text, detail = _text(_get(entry, name)), _get(entry, f"{name}_detail")
        if text is not None and detail is not None:
            return text, _is_html(detail, text), detail
    return None, True, None


def find_authors(entry: Any, feed: Any, is_atom: bool) -> tuple[str, ...]:
    """Return all authors as written, an e-mail address only where there is no name.

    An Atom entry without one has its source's authors, else the feed's (RFC 4287, section
    4.2.1). RSS's managingEditor is nobody's author.
    """
    sources = [entry]
    if is_atom:
        sources += [_get(entry, "source") or {}, feed]
    for source in sources:
        names = [
            _text(_get(author, "name"))
            or _text(_get(author, "email"))
            or _text(_get(author, "href"))
            for author in _get(source, "authors") or []
        ]
        found = _distinct(names)
        if found:
            return found
    return ()


def find_language(entry: Any, detail: Any, info: FeedInfo) -> str | None:
    """Return the declared language.

    dc:language; the text's own xml:lang, else the entry's; the feed's; what an element between
    them declares.
    """
    inherited = _get(entry, "nb:inherited_language")
    own = _get(detail or {}, "language")
    return (
        _text(_get(entry, "language"))
        or (_text(own) if own != (inherited or "").replace("_", "-") else None)
        or _text(_get(entry, "nb:language"))
        or info.language
        or _text(inherited)
    )


def find_categories(entry: Any) -> tuple[str, ...]:
    """Return the terms (Atom's label where there is no term), in order, each once."""
    return _distinct(
        _text(_get(tag, "term")) or _text(_get(tag, "label")) for tag in _get(entry, "tags") or []
    )


def absolute(url: str | None, *bases: str | None) -> str | None:
    """Return an http address, resolved against the first base that makes it one, or None."""
    url = _text(url)
    if url is None:
        return None
    for base in ("", *bases):
        try:
            joined = urljoin(base or "", url)
            parts = urlsplit(joined)
        except ValueError:  # "Invalid IPv6 URL": a bracket in the host
            continue
        if parts.scheme in ("http", "https") and parts.netloc:
            return joined
    return None


def _get(mapping: Any, key: str) -> Any:
    # FeedParserDict.get() translates keys and warns for some of them.
    return dict.get(mapping, key)


def _text(value: Any) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _media_type(detail: Any) -> str:
    return (_get(detail or {}, "type") or "text/plain").partition(";")[0].strip().lower()


def _is_html(detail: Any, text: str) -> bool:
    if _media_type(detail) in _HTML_TYPES:
        return True
    # Atom's default is plain text (RFC 4287, section 3.1.1); publishers who forget the attribute
    # still escape their markup once, so tags in the result are not meant to be seen.
    declared = _get(detail or {}, "nb:declared")
    return declared is False and _media_type(detail) == "text/plain" and bool(_MARKUP.search(text))
