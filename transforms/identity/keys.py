"""Ids and keys: versioned hashes of content, the same on every machine and in every year.

An *alias* is a key that makes two items the same item: guid, address, text. The first one mints the
``item_id``, and the ``item_id`` of an article's first sighting is its ``article_id`` for ever. The
other keys never unite items: they point at candidates of which an item may be a duplicate.

Every hash is BLAKE2b over the fields, each preceded by its length, absent fields told apart from
empty ones. Ids are 16 bytes: the version, then 15 bytes of hash. Keys are the first 64 bits of the
same hash; at ten million items the chance that any two different ones share a key is below
three in a million.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from urllib.parse import urlsplit

from schemas.reasons import Reason, Stage
from schemas.records import Article, Hash64
from transforms.text.headline import headline_key, is_distinctive
from transforms.text.headline_words import headline_words
from transforms.text.urls import canonical_url, is_identifying

ID_VERSION = 1
"""First byte of every id. A change of any rule below is a new version."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ItemKeys:
    """All keys of one item; docs/deduplication.md tells what each is for.

    Attributes:
        item_id: 32 hex digits, minted from the first uniting key.
        guid_key: unites; None without a guid, or when its document gives it to other items too.
        link_key: unites; None without an address that can name one article, or when its document
            gives it to other items too.
        text_key: unites when neither of the others does.
        disowned: guid and link keys that its document gives to other items too.
        url_key: points: the address whatever the source.
        global_guid: points: the guid whatever the source, when no one else can have made it up.
        headline_key: points: the folded headline; None when it is too short to tell anything.
        number_key: unites where something else agrees: the number in its address, in its source.
        url_number: the article's number in its address, whatever the source.
        site: who published it: the host of its address, else its source.
        headline_words: see :mod:`transforms.text.headline_words`.
    """

    item_id: str
    guid_key: Hash64 | None
    link_key: Hash64 | None
    text_key: Hash64
    number_key: Hash64 | None
    disowned: tuple[Hash64, ...]
    url_key: Hash64 | None
    global_guid: Hash64 | None
    headline_key: Hash64 | None
    url_number: Hash64 | None
    site: Hash64
    headline_words: bytes


def _digest(*parts: str | None, size: int = 15) -> bytes:
    state = blake2b(digest_size=size)
    for part in parts:
        if part is None:
            state.update(b"-")
            continue
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(encoded))
        state.update(encoded)
    return state.digest()


def _as_key(digest: bytes) -> Hash64:
    return int.from_bytes(digest[:8], "little")


def _as_id(digest: bytes) -> str:
    return f"{ID_VERSION:02x}{digest.hex()}"


def short_hash(text: str | None) -> Hash64:
    """64-bit hash of a text; 0 for None. Tells whether a field changed."""
    return 0 if text is None else _as_key(_digest(text))


def key_of_hex(identifier: str) -> Hash64:
    """The 64-bit key that an id or a content hash of this module stands for."""
    return int.from_bytes(bytes.fromhex(identifier)[1:9], "little")


def source_key(source: str) -> Hash64:
    """The key of what is remembered of a source as a whole."""
    return _as_key(_digest("source", source))


def item_keys(
    *,
    scope: str,
    guid: str | None,
    url: str | None,
    headline: str | None,
    body: str | None,
    content: str | None = None,
    guid_trusted: bool = True,
    link_trusted: bool = True,
) -> ItemKeys:
    """Return the keys of an item; the ladder of docs/deduplication.md.

    Args:
        scope: what guids are unique within: the source. Empty when the source is only a folder:
            files move between folders, so the guid then counts together with the headline.
        guid: as written; white space at the ends is no part of it.
        url: canonical address.
        headline: plain text.
        body: plain text.
        content: what :func:`content_hash` gave.
        guid_trusted: False when its own document gives the guid to different entries.
        link_trusted: False when its own document gives the link to different entries.
    """
    folded = headline_key(headline)
    tells = folded is not None and is_distinctive(folded)
    guid = guid.strip() if guid else None
    names = url is not None and is_identifying(url)
    by_guid = _digest("guid", scope, guid, None if scope else folded) if guid else None
    by_link = _digest("url", scope, url) if names else None
    if by_link is not None and not link_trusted and tells:
        by_text = _digest("link+title", scope, url, folded)
    elif by_link is not None and link_trusted:
        # An item with an address is the same by its text only when its date is the same as well.
        by_text = _digest("content", scope, content)
    else:
        by_text = _digest("title+body", scope, headline, body)
    number = _url_number(url) if url and names else None
    uniting = (by_guid if guid_trusted else None, by_link if link_trusted else None, by_text)
    return ItemKeys(
        item_id=_as_id(next(digest for digest in uniting if digest is not None)),
        guid_key=_key_or_none(uniting[0]),
        link_key=_key_or_none(uniting[1]),
        text_key=_as_key(by_text),
        disowned=tuple(
            _as_key(digest)
            for digest, trusted in ((by_guid, guid_trusted), (by_link, link_trusted))
            if digest is not None and not trusted
        ),
        url_key=_as_key(_digest("any-url", url)) if names and link_trusted else None,
        global_guid=_global_guid(guid) if guid and guid_trusted else None,
        headline_key=_as_key(_digest("headline", folded)) if tells else None,
        number_key=_as_key(_digest("number", scope, number)) if number else None,
        url_number=_as_key(_digest("url-number", number)) if number else None,
        site=_as_key(
            _digest("site", urlsplit(url).netloc if url else None, scope if not url else None)
        ),
        headline_words=headline_words(folded),
    )


_GLOBAL_GUID = re.compile(
    r"[0-9a-f]{32,}"  # a hash
    r"|\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?"  # RFC 9562
    r"|(?!https?:)[a-z][a-z0-9+.-]+:\S{10,}"  # urn:newsml:…, tag:…, yt:video:…
    r"|\S+ at https?://\S+",  # Drupal
    re.IGNORECASE,
)
_HTTP = re.compile(r"https?://", re.IGNORECASE)
# All of a path segment or of a query's value, or seven digits at either end of a segment: what
# stands inside of a headline is a sum of money, and what ends in zeros may be one.
_NUMBER = re.compile(
    r"(?<![^/=&])\d{5,}(?![^/&?.])|(?<![^/])\d{7,}(?=[-_])|(?<=[-_a-z])\d{7,}(?![^/&?.])"
)
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?")


def _global_guid(guid: str) -> Hash64 | None:
    """The key of a guid that two publishers cannot both have made up; None for any other."""
    if _HTTP.match(guid):
        url = canonical_url(guid)
        return _as_key(_digest("any-guid", url)) if is_identifying(url) else None
    return _as_key(_digest("any-guid", guid)) if _GLOBAL_GUID.fullmatch(guid) else None


def _url_number(url: str) -> str | None:
    """Host and the last number in an address that may be an article's: no date and not round."""
    parts = urlsplit(url)
    numbers = [
        number
        for number in _NUMBER.findall(f"{parts.path}?{parts.query}")
        if not _DAY.fullmatch(number) and not number.endswith("000")
    ]
    return f"{parts.netloc} {numbers[-1]}" if numbers else None


def _key_or_none(digest: bytes | None) -> Hash64 | None:
    return None if digest is None else _as_key(digest)


def second_id(key: Hash64) -> str:
    """The id of an item whose first key belongs to another: made from a later key of it."""
    return _as_id(_digest("second", f"{key:016x}"))


def keys_of_article(article: Article) -> ItemKeys:
    """The keys of a staged or stored article: they follow from its own columns alone."""
    return item_keys(
        scope=scope_of(article.source, article.source_origin),
        guid=article.guid,
        url=article.url,
        headline=article.headline,
        body=article.body,
        content=article.content_hash,
        guid_trusted="guid_untrusted" not in article.flags,
        link_trusted="link_untrusted" not in article.flags,
    )


def scope_of(source: str, source_origin: str) -> str:
    """What a guid is unique within; empty when the source is only a folder."""
    return "" if source_origin == "folder" else source


def content_hash(
    headline: str | None, summary: str | None, body: str | None, published_at: datetime | None
) -> str:
    """Hash of what makes a revision: 32 hex digits.

    Args:
        headline: plain text.
        summary: plain text.
        body: plain text.
        published_at: aware UTC.
    """
    moment = None if published_at is None else str((published_at - _EPOCH) // _MICROSECOND)
    return _as_id(_digest(headline, summary, body, moment))


_MICROSECOND = datetime.resolution


def reject_id(
    document_sha256: str | None,
    document_uri: str,
    position: int | None,
    stage: Stage,
    reason: Reason,
) -> str:
    """Id of a reject: the same bytes refused at the same place for the same reason share it.

    Args:
        document_sha256: hash of the document; None when its bytes could not be had, and then the
            address stands for it.
        document_uri: address of the document.
        position: place of the item; None for the whole document.
        stage: where it was refused.
        reason: why.
    """
    document = f"uri {document_uri}" if document_sha256 is None else document_sha256
    place = None if position is None else str(position)
    return _as_id(_digest("reject", document, place, stage.value, reason.value))


def distinct(keys: Iterable[Hash64]) -> tuple[Hash64, ...]:
    """The keys without repeats, in their order."""
    return tuple(dict.fromkeys(keys))
