"""Sightings: what the judge needs to know of a staged row."""

from datetime import date, datetime

from schemas.judgement import Sighting
from schemas.records import Article, Hash64, Reject
from transforms.identity.keys import key_of_hex, keys_of_article, short_hash
from transforms.text.fingerprint import fingerprint

_ROW_OVERHEAD = 300
"""Bytes a row takes besides its texts, roughly: it only steers where files are cut."""


def day_of(published_at: datetime | None, fetched_at: datetime) -> date:
    """The partition of an item's first row: the UTC day it was published, else fetched."""
    return (published_at or fetched_at).date()


def sighting_of_article(article: Article) -> Sighting:
    """What the judge needs to know of an article."""
    keys = keys_of_article(article)
    print_ = fingerprint(article.body)
    headline, summary, body = map(short_hash, (article.headline, article.summary, article.body))
    return Sighting(
        size=_ROW_OVERHEAD + len(article.body or "") + len(article.summary or ""),
        is_reject=False,
        source=article.source,
        site=keys.site,
        item_id=bytes.fromhex(article.item_id),
        guid_key=keys.guid_key,
        link_key=keys.link_key,
        text_key=keys.text_key,
        number_key=keys.number_key,
        disowned=keys.disowned,
        url_key=keys.url_key,
        global_guid=keys.global_guid,
        headline_key=keys.headline_key,
        bands=print_.bands if print_ else (),
        url_number=keys.url_number,
        headline_words=keys.headline_words,
        content=key_of_hex(article.content_hash),
        version=version_key(headline, summary, body),
        headline_hash=headline,
        summary_hash=summary,
        body_hash=body,
        published_at=article.published_at,
        text_hash=print_.body_hash if print_ else 0,
        lead_hash=print_.lead_hash if print_ else 0,
        words=print_.words if print_ else 0,
        sketch=print_.sketch if print_ else b"",
        fetched_at=article.fetched_at,
        fetched_known="fetch_time_assumed" not in article.flags,
        day=day_of(article.published_at, article.fetched_at),
        document=document_key(article.document_sha256, article.source),
        address=short_hash(article.document_uri),
        position=article.document_position,
    )


def sighting_of_reject(reject: Reject) -> Sighting:
    """A reject as the judge sees it: its id is its only key."""
    key = key_of_hex(reject.reject_id)
    return Sighting(
        size=_ROW_OVERHEAD + len(reject.payload),
        is_reject=True,
        source=reject.source,
        site=0,
        item_id=bytes.fromhex(reject.reject_id),
        guid_key=None,
        link_key=None,
        text_key=key,
        number_key=None,
        disowned=(),
        url_key=None,
        global_guid=None,
        headline_key=None,
        bands=(),
        url_number=None,
        headline_words=b"",
        content=key,
        version=0,
        headline_hash=0,
        summary_hash=0,
        body_hash=0,
        published_at=None,
        text_hash=0,
        lead_hash=0,
        words=0,
        sketch=b"",
        fetched_at=reject.fetched_at,
        fetched_known=False,
        day=reject.fetched_at.date(),
        document=document_key(reject.document_sha256, reject.source),
        address=short_hash(reject.document_uri),
        position=-1 if reject.document_position is None else reject.document_position,
    )


def version_key(headline_hash: Hash64, summary_hash: Hash64, body_hash: Hash64) -> Hash64:
    """Key of a text whatever its date: what a feed that only re-dates its items repeats."""
    return short_hash(f"{headline_hash:016x}{summary_hash:016x}{body_hash:016x}")


def document_key(sha256: str | None, source: str) -> Hash64:
    """Key of a document's bytes as its source gave them; 0 when they could not be had."""
    return 0 if sha256 is None else short_hash(f"{sha256} {source}")
