"""From an item as published to a row of the one schema.

Nothing is looked up, nothing depends on a clock: the same item from the same document is the same
article. Language and topics come later, for the articles that are kept.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from schemas.reasons import Reason, Stage
from schemas.records import (
    Article,
    DateCandidate,
    FeedItem,
    Origin,
    PublishedDate,
    Quote,
    Reject,
)
from transforms.identity.keys import content_hash, item_keys, scope_of
from transforms.identity.rejects import reject_item
from transforms.text.body import read_line, read_text
from transforms.text.clean import as_written
from transforms.text.dates import choose_published
from transforms.text.notices import find_notice
from transforms.text.urls import canonical_url
from transforms.text.words import word_count

_MOST_REPEATS = 0xFFFF
"""The largest number that fits the column ``headline_repeats``."""


def normalize(item: FeedItem, origin: Origin) -> Article | Reject:
    """Return the article an item is, or the reason why it is none.

    The body is the content when that leaves any text, else the summary. An item whose title,
    content and summary leave nothing to read is rejected with :attr:`Reason.EMPTY_ITEM`.

    Args:
        item: the item as published; no text in it makes this raise, lone surrogates included.
        origin: the document it was read from.

    Raises:
        ValueError: a date's origin that the schema does not know, which is a parser's defect.
    """
    reader = _Reader()
    headline = reader.line(item.title, is_html=item.title_html)
    summary = reader.text(item.summary, is_html=item.summary_html)
    if item.content == item.summary and item.content_html == item.summary_html:
        content = summary
    else:
        content = reader.text(item.content, is_html=item.content_html)
    body = content or summary
    if headline is None and body is None:
        return _empty(item, origin)

    url = canonical_url(item.link, item.base_url)
    guid = _written(item.guid)
    published = choose_published(item.dates, item.text_dates, origin.fetched_at)
    authors = reader.lines(item.authors)
    byline = reader.line(item.byline)
    dateline = reader.line(item.dateline)
    region = reader.line(item.region)
    quotes = reader.quotes(item.quotes)
    categories = reader.lines(item.categories)
    keys = item_keys(
        scope=scope_of(origin.source, origin.source_origin),
        guid=guid,
        url=url,
        headline=headline,
        body=body,
        guid_trusted=item.guid_trusted,
        link_trusted=item.link_trusted,
    )
    return Article(
        item_id=keys.item_id,
        source=origin.source,
        source_origin=origin.source_origin,
        feed_url=origin.feed_url,
        guid=guid,
        url=url,
        headline=headline,
        headline_repeats=min(item.title_repeats, _MOST_REPEATS),
        summary=summary,
        body=body,
        body_origin="content" if content else "summary" if summary else "none",
        word_count=word_count(body) if body else 0,
        authors=authors,
        byline=byline,
        dateline=dateline,
        region=region,
        quotes=quotes,
        published_at=published.published_at,
        published_raw=_written(published.raw),
        published_origin=published.origin,
        published_precision=published.precision,
        published_zone=published.zone,
        date_candidates=tuple(map(_candidate, published.rejected)),
        updated_at=published.updated_at,
        fetched_at=origin.fetched_at,
        language_declared=_written(item.language or origin.language),
        categories=categories,
        feed_topics=origin.topics,
        content_hash=content_hash(headline, summary, body, published.published_at),
        flags=_flags(item, origin, published, headline, body, reader.repaired),
        format=origin.format,
        document_uri=origin.document_uri,
        document_sha256=origin.document_sha256,
        document_position=item.position,
    )


class _Reader:
    """Reads the texts of one item and remembers whether any had to be repaired."""

    __slots__ = ("repaired",)

    def __init__(self) -> None:
        self.repaired = False

    def line(self, text: str | None, *, is_html: bool = False) -> str | None:
        if not text:
            return None
        cleaned, repaired = read_line(text, is_html=is_html)
        self.repaired = self.repaired or repaired
        return cleaned or None

    def text(self, text: str | None, *, is_html: bool = False) -> str | None:
        if not text:
            return None
        cleaned, repaired = read_text(text, is_html=is_html)
        self.repaired = self.repaired or repaired
        return cleaned or None

    def lines(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Those that leave any text, each once, in their order."""
        return tuple(dict.fromkeys(line for text in texts if (line := self.line(text))))

    def quotes(self, quotes: Iterable[Quote]) -> tuple[Quote, ...]:
        """A quote with no words left is none."""
        return tuple(
            Quote(
                speaker=self.line(quote.speaker),
                role=self.line(quote.role),
                language=self.line(quote.language),
                text=text,
            )
            for quote in quotes
            if (text := self.text(quote.text))
        )


def _written(text: str | None) -> str | None:
    return as_written(text) or None if text else None


def _candidate(candidate: DateCandidate) -> DateCandidate:
    raw = as_written(candidate.raw)
    if raw == candidate.raw:
        return candidate
    return DateCandidate(candidate.origin, raw, candidate.value, candidate.reason)


def _flags(
    item: FeedItem,
    origin: Origin,
    published: PublishedDate,
    headline: str | None,
    body: str | None,
    repaired: bool,
) -> tuple[str, ...]:
    found = find_notice(headline, body)
    notice = found.kind if found else None
    noticed = {
        "fetch_time_assumed": not origin.fetched_known,
        "no_headline": headline is None,
        "no_body": body is None,
        "guid_untrusted": not item.guid_trusted,
        "link_untrusted": not item.link_trusted,
        "mojibake_repaired": repaired,
        "correction": notice == "correction",
        "withdrawn": notice == "withdrawal",
    }
    ours = (flag for flag, holds in noticed.items() if holds)
    return tuple(sorted({*item.flags, *published.flags, *ours}))


def _empty(item: FeedItem, origin: Origin) -> Reject:
    if item.raw:
        payload = item.raw.encode("utf-8", "surrogatepass")
    else:
        payload = json.dumps(_given(item)).encode()
    detail = "title, summary and content leave no text"
    return reject_item(origin, item.position, Stage.NORMALIZE, Reason.EMPTY_ITEM, detail, payload)


def _given(item: FeedItem) -> dict[str, Any]:
    """The fields that the publisher filled in; lone surrogates are escaped when they are dumped."""
    values = asdict(item)
    return {
        field.name: values[field.name]
        for field in fields(item)
        if field.name == "position" or values[field.name] != field.default
    }
