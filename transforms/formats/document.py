"""What every format needs around its own parser: containers, trust in keys, the source's name."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from schemas.reasons import Reason
from schemas.records import FeedInfo, FeedItem, RawDocument
from transforms.formats.errors import UnreadableError
from transforms.formats.markup import guard_markup
from transforms.http.secrets import public_url
from transforms.text.clean import as_written
from transforms.text.urls import canonical_url, host_of

__all__ = [
    "as_address",
    "folder_of",
    "guard_markup",
    "mark_untrusted",
    "open_container",
    "source_of",
]

_GZIP = b"\x1f\x8b\x08"
_GZIP_LAYERS = 2
_READ = 1 << 20


def open_container(content: bytes, limit: int) -> bytes:
    """Return the document inside, when it is a gzip stream, and the bytes themselves otherwise.

    A server that compresses a file that was compressed gives two layers; both are opened. Streams
    may be joined (RFC 1952, section 2.2); whatever else follows the last one is ignored, as gzip
    itself does.

    Args:
        content: the bytes as stored.
        limit: the most bytes that may come out.

    Raises:
        UnreadableError: ``too_large`` above the limit, ``bad_gzip`` when a stream is cut short or
            damaged.
    """
    for _ in range(_GZIP_LAYERS):
        if not content.startswith(_GZIP):
            break
        content = _gunzip(content, limit)
    if len(content) > limit:
        raise UnreadableError(Reason.TOO_LARGE, f"{len(content)} bytes; the limit is {limit}")
    return content


def _gunzip(content: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    rest = content
    while rest.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        while not stream.eof:
            try:
                piece = stream.decompress(rest, _READ)
            except zlib.error as error:
                raise UnreadableError(Reason.BAD_GZIP, f"after {size} bytes: {error}") from error
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            if not piece and not rest and not stream.eof:
                raise UnreadableError(Reason.BAD_GZIP, f"cut short after {size} bytes")
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise UnreadableError(Reason.TOO_LARGE, f"decompresses to more than {limit} bytes")
    return b"".join(pieces)


def mark_untrusted(items: Sequence[FeedItem]) -> tuple[FeedItem, ...]:
    """Mark guids and links that cannot identify an item, for the document itself misuses them.

    A guid is not trusted where entries share it and differ in link and in title. A link is not
    trusted where entries share it and differ in guid or, without guids, in title; links are
    compared by canonical URL, since that is what becomes a key. An entry that is repeated
    unchanged is only a repetition. A missed duplicate is better than a false merge.
    """
    links = [_link_key(item) for item in items]
    by_guid: defaultdict[str, list[int]] = defaultdict(list)
    by_link: defaultdict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        if item.guid is not None:
            by_guid[item.guid].append(place)
        link = links[place]
        if link is not None:
            by_link[link].append(place)

    def differ(values: Sequence[Hashable]) -> bool:
        return len(set(values)) > 1

    bad_guids = {
        place
        for places in by_guid.values()
        if differ([links[place] for place in places])
        and differ([items[place].title for place in places])
        for place in places
    }
    bad_links = set()
    for places in by_link.values():
        guids = [items[place].guid for place in places]
        known = [guid for guid in guids if guid is not None]
        titles = [items[place].title for place in places]
        if differ(known) or (len(known) < len(guids) and differ(titles)):
            bad_links.update(places)
    if not bad_guids and not bad_links:
        return tuple(items)
    return tuple(
        replace(
            item,
            guid_trusted=item.guid_trusted and place not in bad_guids,
            link_trusted=item.link_trusted and place not in bad_links,
        )
        for place, item in enumerate(items)
    )


def _link_key(item: FeedItem) -> str | None:
    if item.link is None:
        return None
    return canonical_url(item.link) or item.link


def source_of(
    document: RawDocument, info: FeedInfo, items: Sequence[FeedItem]
) -> tuple[str, str, str | None]:
    """Name the source of a document.

    The configured name; the feed's own canonical address, as it gives it, else as it was fetched;
    the host of its site; the host most of its items link to (of equals the first by alphabet);
    the name of the folder the document lies in.

    Returns:
        The source, how it got its name (:data:`schemas.tables.SOURCE_ORIGINS`), and the feed's
        own address or None.
    """
    # A server may repeat the address it was asked, credentials and all.
    self_url = public_url(as_written(info.self_url)) if info.self_url else None
    feed_url = self_url or document.url
    feed_url = as_written(feed_url) if feed_url else None
    if document.source and (name := as_written(document.source)):
        return name, "configured", feed_url
    for url in (self_url, document.url):
        own = canonical_url(url) if url else None
        if own is not None:
            return own, "feed", feed_url
    host = host_of(info.site_url) if info.site_url else None
    host = host or _commonest_host(items)
    if host is not None:
        return host, "host", feed_url
    return folder_of(document.uri), "folder", feed_url


def _commonest_host(items: Sequence[FeedItem]) -> str | None:
    hosts = Counter(
        host for item in items if item.link is not None and (host := host_of(item.link))
    )
    return min(hosts, key=lambda host: (-hosts[host], host), default=None)


def as_address(uri: str) -> str:
    """The address as text: bytes of a file name that are no UTF-8 are escaped."""
    return uri.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def folder_of(uri: str) -> str:
    """Name of the folder a document lies in: the source of last resort."""
    uri = as_address(uri)
    # A Windows path has no scheme to speak of and other separators.
    path = urlsplit(uri).path if "://" in uri else uri
    parts = [part for part in unquote(path).replace("\\", "/").split("/") if part]
    return parts[-2] if len(parts) > 1 else "."
