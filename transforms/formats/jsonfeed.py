"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
import re
from typing import Any, NoReturn

from schemas.reasons import Reason
from schemas.records import FeedInfo, FeedItem, ItemReject, ParsedDocument, RawDocument
from transforms.formats.errors import UnreadableError
from transforms.formats.feed_fields import absolute

_VERSION = re.compile(r'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/')
_HEAD = 1 << 16
_TEXTS = ("content_html", "content_text")
_READ = (
    *("url", "external_url", "title", "summary", "language", "date_published", "date_modified"),
    *_TEXTS,
)


class _NotJsonError(ValueError):
    """What Python's decoder lets pass and JSON (RFC 8259) or common sense does not."""


def owns(content: bytes) -> bool:
    """Tell whether this is a JSON Feed, valid or not.

    The version address decides; a feed without one is known by items that have an id or url and
    a content_html or content_text.
    """
    if b"{" not in content[:_HEAD]:
        return False
    try:
        text = _decode(content)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return False
    # The version comes first in practice; behind a long list of items it is found by parsing.
    if _VERSION.search(text, 0, _HEAD):
        return True
    if '"items"' not in text:
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _VERSION.search(text) is not None
    return _is_version(value.get("version")) or _has_feed_items(value.get("items"))


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and "jsonfeed.org" in value


def _has_feed_items(items: Any) -> bool:
    return isinstance(items, list) and any(
        isinstance(item, dict)
        and ("id" in item or "url" in item)
        and any(name in item for name in _TEXTS)
        for item in items
    )


def parse(content: bytes, document: RawDocument) -> ParsedDocument:
    """Read a JSON Feed; an item that is no object is rejected and its neighbours are read.

    Raises:
        UnreadableError: ``malformed_json`` with line and column, ``bad_encoding``.
    """
    feed = _load(content)
    items = feed.get("items")
    if not isinstance(items, list):
        raise UnreadableError(Reason.MALFORMED_JSON, '"items" is not a list')
    self_url = absolute(_string(feed, "feed_url"), document.url)
    info = FeedInfo(
        self_url=self_url,
        site_url=absolute(_string(feed, "home_page_url"), self_url, document.url),
        title=_string(feed, "title"),
        language=_string(feed, "language"),
    )
    authors = _authors(feed)
    read: list[FeedItem] = []
    rejects: list[ItemReject] = []
    for position, item in enumerate(items):
        if isinstance(item, dict):
            read.append(_item(item, position, info, authors, document.url))
        else:
            rejects.append(
                ItemReject(
                    position,
                    Reason.MALFORMED_ITEM,
                    f"item {position} is no object",
                    json.dumps(item, ensure_ascii=False),
                )
            )
    return ParsedDocument(_format(feed.get("version")), info, tuple(read), tuple(rejects))


def _format(version: Any) -> str:
    if not _is_version(version):
        return "jsonfeed"
    return "jsonfeed10" if version.rstrip("/").endswith("/version/1") else "jsonfeed11"


def _item(
    item: dict[str, Any],
    position: int,
    info: FeedInfo,
    feed_authors: tuple[str, ...],
    document_url: str | None,
) -> FeedItem:
    bases = (info.site_url, info.self_url, document_url)
    html = _string(item, "content_html")
    # Both may be there; HTML keeps the paragraphs.
    content = html if html is not None else _string(item, "content_text")
    link = absolute(_string(item, "url"), *bases)
    return FeedItem(
        position=position,
        title=_string(item, "title"),
        guid=_string(item, "id"),
        # A link blog's item may give only the page it is about.
        link=link or absolute(_string(item, "external_url"), *bases),
        summary=_string(item, "summary"),
        summary_html=False,
        content=content,
        content_html=html is not None,
        base_url=link or info.site_url,
        authors=_authors(item) or feed_authors,
        dates=tuple(
            (origin, value)
            for origin, name in (("published", "date_published"), ("updated", "date_modified"))
            if (value := _string(item, name)) is not None
        ),
        language=_string(item, "language") or info.language,
        categories=_strings(item.get("tags")),
        flags=("malformed_feed",) if _is_odd(item) else (),
    )


def _authors(owner: dict[str, Any]) -> tuple[str, ...]:
    """Return the names: 1.1's list, else 1.0's single author; an address where no name is."""
    found = owner.get("authors")
    listed = found if isinstance(found, list) and found else [owner.get("author")]
    names = [
        (_string(author, "name") or _string(author, "url"))
        if isinstance(author, dict)
        else (author.strip() if isinstance(author, str) else None)
        for author in listed
    ]
    return tuple(dict.fromkeys(name for name in names if name))


def _string(owner: dict[str, Any], name: str) -> str | None:
    """Return a field as text; a number is taken as written (ids often are numbers)."""
    value = owner.get(name)
    return (str(value).strip() or None) if isinstance(value, str) else None


def _strings(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    texts = (str(one).strip() for one in listed if isinstance(one, str))
    return tuple(dict.fromkeys(text for text in texts if text))


def _is_odd(item: dict[str, Any]) -> bool:
    """Tell whether a field that is read here has a type the specification does not give it."""
    if item.get("tags") is not None and not isinstance(item["tags"], list):
        return True
    values = [item[name] for name in _READ if item.get(name) is not None]
    return any(not isinstance(one, str) or isinstance(one, _Number) for one in values)


def _decode(content: bytes) -> str:
    return content.decode(json.detect_encoding(content))


def _load(content: bytes) -> dict[str, Any]:
    try:
        text = _decode(content)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            Reason.BAD_ENCODING, f"not {error.encoding} at byte {error.start}"
        ) from error
    text = text.lstrip("\ufeff")
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            # As written: 1.50 stays 1.50, and a number of 10,000 digits costs nothing.
            parse_float=_Number,
            parse_int=_Number,
            object_pairs_hook=_without_duplicates,
        )
    except json.JSONDecodeError as error:
        raise UnreadableError(
            Reason.MALFORMED_JSON, f"line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except _NotJsonError as error:
        raise UnreadableError(Reason.MALFORMED_JSON, str(error)) from error
    except RecursionError as error:  # how Python's decoder ends on deep nesting
        raise UnreadableError(Reason.MALFORMED_JSON, "nested too deeply") from error
    if not isinstance(value, dict):
        raise UnreadableError(Reason.MALFORMED_JSON, "not an object")
    return value


class _Number(str):
    """A number as the document writes it."""

    __slots__ = ()


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is not JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotJsonError(f"an object of {len(pairs)} names has one twice: {_first_twice(pairs)}")
    return found


def _first_twice(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("no name is there twice")
