"""Feed lists in TOML: the form that can say more of a feed than its address.

docs/feeds.md has every key. What is wrong here is an error and not a note: such a list is written
by hand for newsbeam, and a setting that is not taken would go unnoticed.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache
from typing import Any

from schemas.feeds import FeedSettings, Secret
from transforms.feeds.listed import (
    VARIABLE,
    Entries,
    FeedListError,
    Listed,
    ListNote,
    checked_address,
)
from transforms.http.secrets import feed_key, public_url
from transforms.text.clean import as_written
from transforms.text.urls import host_of
from transforms.topics.vocabulary import concepts

SHORTEST_INTERVAL, LONGEST_INTERVAL = 1.0, 366 * 86_400.0
"""Seconds."""

OWN_HEADERS = frozenset(
    "accept-encoding connection content-encoding content-length content-type expect host "
    "if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive "
    "proxy-connection range te trailer transfer-encoding upgrade".split()
)
"""Names of request headers that newsbeam must set itself: those that frame a message (RFC 9112),
choose a part of it or make it conditional (RFC 9110, sections 13 and 14)."""

_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([smhd]?)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")  # the shape of BCP 47
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, section 5.6.2
_FEEDS_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*[\"']?feeds[\"']?[ \t]*\]\]", re.MULTILINE)

_TOP_KEYS = ("defaults", "feeds")
_SHARED_KEYS = ("interval", "language", "robots", "conditional", "headers")
_FEED_KEYS = ("url", "name", "topics", *_SHARED_KEYS)


def read_toml(text: str) -> Entries:
    """Read a feed list in TOML 1.0.

    Raises:
        FeedListError: it is no TOML, or a key or value is wrong; the text begins with the place.
    """
    try:
        # A carriage return alone is no line end to TOML; editors write it only before a feed.
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError: also a number with too many digits or a day that no calendar has.
        raise FeedListError(f"as TOML: {_first_line(error)}") from error
    _refuse_unknown(document, _TOP_KEYS, "the list")
    defaults = document.get("defaults", {})
    if not isinstance(defaults, dict):
        raise FeedListError("defaults must be a table, [defaults]")
    shared = _read_table(defaults, _SHARED_KEYS, "[defaults]")
    tables = document.get("feeds", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FeedListError("feeds must be tables; begin each with [[feeds]] on a line of its own")
    lines = _lines_of(text, len(tables))
    feeds = tuple(
        _feed(table, shared, number, line)
        for number, (table, line) in enumerate(zip(tables, lines, strict=True), 1)
    )
    return Entries(feeds, _shared_credentials(shared, feeds))


def read_interval(value: object) -> float:
    """Read a time between two polls, in seconds.

    Args:
        value: a number of seconds, or text such as ``90s``, ``15m``, ``6h``, ``1d``.

    Raises:
        ValueError: it is neither, or shorter or longer than makes sense.
    """
    seconds = math.nan
    if isinstance(value, str) and (match := _INTERVAL.fullmatch(value.strip().lower())):
        seconds = float(match[1]) * _UNITS[match[2]]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(min(value, 2 * LONGEST_INTERVAL))
    if math.isnan(seconds):
        raise ValueError('must be seconds or a time such as "90s", "15m", "6h", "1d"')
    if not SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        raise ValueError("must be between 1 second and 366 days")
    return seconds


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def _lines_of(text: str, count: int) -> list[int | None]:
    """The lines of the ``[[feeds]]`` tables, when they can be told for sure; tomllib has none."""
    found = [text.count("\n", 0, match.start()) + 1 for match in _FEEDS_HEADER.finditer(text)]
    return list(found) if len(found) == count else [None] * count


def _feed(table: dict[str, Any], shared: dict[str, Any], number: int, line: int | None) -> Listed:
    place = f"[[feeds]] number {number}" + (f" (line {line})" if line is not None else "")
    own = _read_table(table, _FEED_KEYS, place)
    if "url" not in own:
        raise FeedListError(f"{place}: url is missing")
    address = own.pop("url")
    headers = {**shared.get("headers", {}), **own.get("headers", {})}
    settings = FeedSettings(key=feed_key(address), url=public_url(address), address=Secret(address))
    values = {**shared, **own, "headers": tuple(headers[name] for name in sorted(headers))}
    return Listed(replace(settings, **values), place, line)


def _read_table(table: dict[str, Any], keys: Collection[str], place: str) -> dict[str, Any]:
    _refuse_unknown(table, keys, place)
    values = {}
    for key, value in table.items():
        try:
            values[key] = _READERS[key](value)
        except ValueError as error:
            raise FeedListError(f"{place}: {key} {error}") from error
    return values


def _refuse_unknown(table: dict[str, Any], keys: Collection[str], place: str) -> None:
    for key in table:
        if key not in keys:
            close = difflib.get_close_matches(key.lower(), keys, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(keys)}"
            raise FeedListError(f"{place}: unknown key {as_written(key)[:60]!r}; {hint}")


def _shared_credentials(shared: dict[str, Any], feeds: tuple[Listed, ...]) -> tuple[ListNote, ...]:
    hosts = {host_of(VARIABLE.sub("x", feed.settings.address.text)) for feed in feeds}
    if len(hosts) < 2:
        return ()
    return tuple(
        ListNote(
            None,
            "shared_header",
            f"[defaults.headers] {name} goes to {len(hosts)} hosts; "
            "put a credential into [feeds.headers] of its own feed",
        )
        for key, (name, value) in sorted(shared.get("headers", {}).items())
        if key in _CREDENTIALS or VARIABLE.search(value.text)
    )


def _read_url(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be an address in quotes")
    return checked_address(value, variables=True)


def _read_name(value: object) -> str:
    name = as_written(value) if isinstance(value, str) else ""
    if not name:
        raise ValueError("must be a text in quotes, and not an empty one")
    return name


def _read_language(value: object) -> str:
    if not isinstance(value, str) or _LANGUAGE.fullmatch(value) is None:
        raise ValueError('must be a language tag such as "en" or "pt-BR"')
    return value


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def _read_topics(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('must be a list of topics, such as ["sport", "medtop:04000000"]')
    return tuple(dict.fromkeys(map(_topic, value)))


def _topic(text: str) -> str:
    wanted = text.strip().lower()
    if wanted in concepts():
        return wanted
    ids = _ids_by_name().get(wanted, ())
    if len(ids) == 1:
        return ids[0]
    shown = as_written(text)[:60]
    if ids:
        raise ValueError(f"has {shown!r}, a name of several topics; write one of {', '.join(ids)}")
    close = difflib.get_close_matches(wanted, _ids_by_name(), n=1)
    hint = f"did you mean {close[0]!r}?" if close else "docs/schema.md tells where topics are from"
    raise ValueError(f"has {shown!r}, which is no IPTC topic; {hint}")


@cache
def _ids_by_name() -> dict[str, tuple[str, ...]]:
    """Ids by English name in lower case."""
    names: dict[str, tuple[str, ...]] = {}
    for concept in concepts().values():
        key = concept.name.lower()
        names[key] = (*names.get(key, ()), concept.id)
    return names


def _read_headers(value: object) -> dict[str, tuple[str, Secret]]:
    """Headers by name in lower case. No message quotes a value: it may be a secret."""
    if not isinstance(value, dict):
        raise ValueError('must be a table of texts, such as { Authorization = "Bearer ${TOKEN}" }')
    headers: dict[str, tuple[str, Secret]] = {}
    for name, text in value.items():
        shown = as_written(name)[:60]
        if _TOKEN.fullmatch(name) is None:
            raise ValueError(f"has {shown!r}, which is no name of a header")
        if name.lower() in OWN_HEADERS:
            raise ValueError(f"has {shown}, which newsbeam sets itself; take it out")
        if name.lower() in headers:
            raise ValueError(f"has {shown} more than once")
        if not isinstance(text, str):
            raise ValueError(f"has {shown} with a value that is no text in quotes")
        if not text.isprintable() or not text.isascii():
            raise ValueError(f"has {shown} with a character that no header can have")
        if "${" in VARIABLE.sub("", text):
            raise ValueError(f"has {shown} with a ${{ that does not begin a name, as in ${{NAME}}")
        headers[name.lower()] = (name, Secret(text.strip()))
    return headers


_READERS: dict[str, Callable[[object], Any]] = {
    "url": _read_url,
    "name": _read_name,
    "interval": read_interval,
    "language": _read_language,
    "topics": _read_topics,
    "robots": _read_flag,
    "conditional": _read_flag,
    "headers": _read_headers,
}
