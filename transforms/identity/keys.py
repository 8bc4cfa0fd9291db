"""Ids and keys: versioned hashes of content, the same on every machine and in every year.

An *alias* is a key that makes two items the same item; an item has as many as its publisher gives
it. The first one mints the ``item_id``, and the ``item_id`` of an article's first sighting is its
``article_id`` for ever. The *url key* and the *headline key* never unite items: they only point at
candidates of which an item may be a duplicate.

Every hash is BLAKE2b over the fields, each preceded by its length, absent fields told apart from
empty ones. Ids are 16 bytes: the version, then 15 bytes of hash. Keys are the first 64 bits of the
same hash; at ten million items the chance that any two different ones share a key is below
three in a million.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from schemas.reasons import Reason, Stage
from schemas.records import Article, Hash64
from transforms.text.headline import headline_key, is_distinctive
from transforms.text.urls import is_identifying

ID_VERSION = 1
"""First byte of every id. A change of any rule below is a new version."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ItemKeys:
    """All keys of one item.

    Attributes:
        item_id: 32 hex digits, minted from the first alias.
        aliases: keys that unite, most trusted first; never empty.
        url_key: key of the canonical address regardless of source; None when there is no address
            or the document gives it to several entries.
        headline_key: key of the folded headline; None when it is too short to tell anything.
    """

    item_id: str
    aliases: tuple[Hash64, ...]
    url_key: Hash64 | None
    headline_key: Hash64 | None


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


def item_keys(
    *,
    scope: str,
    guid: str | None,
    url: str | None,
    headline: str | None,
    body: str | None,
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
        guid_trusted: False when its own document gives the guid to different entries.
        link_trusted: False when its own document gives the link to different entries.
    """
    folded = headline_key(headline)
    guid = guid.strip() if guid else None
    aliases: list[bytes] = []
    if guid and guid_trusted:
        aliases.append(_digest("guid", scope, guid, None if scope else folded))
    url_unites = url is not None and link_trusted and is_identifying(url)
    if url_unites:
        aliases.append(_digest("url", scope, url))
    tells = folded is not None and is_distinctive(folded)
    if not aliases and url is not None and is_identifying(url) and tells:
        aliases.append(_digest("link+title", scope, url, folded))
    if not aliases:
        aliases.append(_digest("title+body", scope, headline, body))
    return ItemKeys(
        item_id=_as_id(aliases[0]),
        aliases=tuple(_as_key(alias) for alias in aliases),
        url_key=_as_key(_digest("any-url", url)) if url_unites else None,
        headline_key=(
            _as_key(_digest("headline", folded)) if folded and is_distinctive(folded) else None
        ),
    )


def keys_of_article(article: Article) -> ItemKeys:
    """The keys of a staged or stored article: they follow from its own columns alone."""
    return item_keys(
        scope=scope_of(article.source, article.source_origin),
        guid=article.guid,
        url=article.url,
        headline=article.headline,
        body=article.body,
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
