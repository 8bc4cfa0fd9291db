"""Feed lists: TOML, OPML or one address a line, told apart by what is in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.feeds import FeedSettings, Secret
from transforms.feeds.listed import (
    LIST_NOTES,
    Entries,
    FeedListError,
    Listed,
    ListNote,
    checked_address,
    same_address,
)
from transforms.feeds.opml import read_opml
from transforms.feeds.toml_list import read_toml
from transforms.formats.decode import decode_text
from transforms.formats.errors import UnreadableError
from transforms.formats.markup import FEED_ROOTS, root_of
from transforms.http.secrets import feed_key, public_url

__all__ = ["LIST_NOTES", "FeedList", "FeedListError", "ListNote", "read_feed_list"]

# A table, or a key and its value (TOML 1.0, "Keys"); an address has a colon before any "=".
_TOML_LINE = re.compile(r"""\[|(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w"'-]+)*\s*=""", re.ASCII)
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class FeedList:
    """The feeds of a list, each once."""

    feeds: tuple[FeedSettings, ...]
    """In the list's order."""
    notes: tuple[ListNote, ...]
    """What was odd, by line."""


def read_feed_list(content: bytes, name: str) -> FeedList:
    """Read a feed list of any form.

    Args:
        content: the bytes of the file.
        name: what to call it in an error.

    Raises:
        FeedListError: it cannot be used, or has no feed; one line, without credentials.
    """
    try:
        entries = _entries(content)
    except FeedListError as error:
        raise FeedListError(f"{name}: {error}") from error
    feeds: dict[str, Listed] = {}
    notes = list(entries.notes)
    for entry in entries.feeds:
        first = feeds.setdefault(same_address(entry.settings.address.text), entry)
        if first is not entry:
            where = f" ({entry.place})" if entry.line is None else ""
            text = f"{entry.settings.url}{where} repeats {first.place}, which counts"
            notes.append(ListNote(entry.line, "duplicate", text))
    notes.sort(key=lambda note: note.line or 0)
    if not feeds:
        raise FeedListError(f"{name}: {_why_empty(notes)}")
    return FeedList(tuple(entry.settings for entry in feeds.values()), tuple(notes))


def _why_empty(notes: list[ListNote]) -> str:
    if not notes:
        return "no feed in it; write one address a line, or see docs/feeds.md"
    first = notes[0]
    where = f"line {first.line}: " if first.line is not None else ""
    return f"no feed in it; {where}{first.text}"


def _entries(content: bytes) -> Entries:
    root = root_of(content)
    if root is not None:
        if root.name == "opml":
            return read_opml(content)
        what = "a web page" if root.name == "html" else f"XML with the root element {root.name}"
        if root.name in FEED_ROOTS:
            what = "a feed itself"
        raise FeedListError(f"is {what}, not a list; list its address on a line of its own")
    try:
        text, _ = decode_text(content)
    except UnreadableError as error:
        raise FeedListError(f"is no text: {error.detail}") from error
    for line in _LINE_END.split(text):
        begins = line.strip()
        if begins and not begins.startswith("#"):
            return read_toml(text) if _TOML_LINE.match(begins) else _read_lines(text)
    return Entries(())


def _read_lines(text: str) -> Entries:
    """Read one address a line; ``#`` begins a comment at the start of a line or after a blank."""
    feeds: list[Listed] = []
    notes: list[ListNote] = []
    for number, written, rest in _addresses(text):
        try:
            address = checked_address(written, variables=False)
        except ValueError as error:
            notes.append(ListNote(number, "not_a_feed", f"what stands there {error}"))
            continue
        shown = public_url(address)
        if rest:
            notes.append(ListNote(number, "ignored", f"{shown}: only the address is read"))
        if "${" in written:
            notes.append(
                ListNote(number, "variable", f"{shown}: ${{NAME}} is put in only in a TOML list")
            )
        settings = FeedSettings(key=feed_key(address), url=shown, address=Secret(address))
        feeds.append(Listed(settings, f"line {number}", number))
    return Entries(tuple(feeds), tuple(notes))


def _addresses(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yields number, first word, and whether more than a comment follows it, of each line."""
    for number, line in enumerate(_LINE_END.split(text), 1):
        words = line.split(maxsplit=1)
        if words and not words[0].startswith("#"):
            yield number, words[0], len(words) > 1 and not words[1].startswith("#")
