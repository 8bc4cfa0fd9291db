"""OPML subscription lists, of the versions 1.0, 1.1 and 2.0 and as programs write them.

An outline with an ``xmlUrl`` is a feed, whatever its ``type`` and however deep it lies; names of
elements and attributes may be in any case. Only addresses are taken. A title is not: it would
become the name of the source, and the rows of a feed would part when its list is worded anew.
"""

import re
from xml.parsers import expat

from schemas.feeds import FeedSettings, Secret
from transforms.feeds.listed import (
    Entries,
    FeedListError,
    Listed,
    ListNote,
    checked_address,
)
from transforms.formats.errors import UnreadableError
from transforms.formats.markup import decode_markup, guard_markup
from transforms.http.secrets import feed_key, public_url

_FEED_TYPES = frozenset({"rss", "rss1", "atom", "feed"})
_STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_OUTLINE = re.compile(r"(<(?:[\w.-]+:)?outline(?=\s))", re.IGNORECASE)
_NAMES = (
    r"(?:text|title|type|xmlUrl|htmlUrl|url|description|version|language|category|created"
    r"|isComment|isBreakpoint)"
)
_FIRST_VALUE = re.compile(rf"\s*{_NAMES}\s*=\s*\"", re.IGNORECASE)
_NEXT_VALUE = re.compile(rf"(\"\s+{_NAMES}\s*=\s*\")", re.IGNORECASE)
_TAG_END = re.compile(r"\"\s*/?>(?:\s|</[\w.:-]+\s*>|<!--[^>]*-->)*+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_opml(content: bytes) -> Entries:
    """Read an OPML document.

    Args:
        content: the document, in any encoding that it declares or shows.

    Raises:
        FeedListError: it is not well-formed and cannot be repaired, or is built to exhaust a
            parser; the text begins with the line where there is one.
    """
    markup = decode_markup(content, None)
    try:
        guard_markup(markup.content)
    except UnreadableError as error:
        raise FeedListError(f"refused: {error.detail}") from error
    outlines = _Outlines(markup.line_offset)
    try:
        outlines.parse(markup.content)
    except expat.ExpatError as broken:
        first = _line_of(broken, markup.line_offset)
        outlines = _Outlines(markup.line_offset)
        note = f"not well-formed ({expat.ErrorString(broken.code)}); read all the same"
        outlines.notes.append(ListNote(first, "repaired", note))
        try:
            outlines.parse(_repaired(markup.content))
        except expat.ExpatError as error:
            line = _line_of(error, markup.line_offset)
            raise FeedListError(
                f"line {line}: the OPML is broken or cut short: {expat.ErrorString(error.code)}; "
                "put it right or export it again"
            ) from error
    return Entries(tuple(outlines.feeds), tuple(outlines.notes))


def _line_of(error: expat.ExpatError, offset: int) -> int:
    return max(1, error.lineno + offset)


def _repaired(content: bytes) -> bytes:
    """Escape what programs that write lists forget to; line breaks stay where they are."""
    text = _CONTROL.sub("", content.decode("utf-8"))
    text = _STRAY_AMPERSAND.sub("&amp;", text)
    before, *parts = _OUTLINE.split(text)
    tags, insides = parts[::2], parts[1::2]
    mended = (tag + _mended(inside) for tag, inside in zip(tags, insides, strict=True))
    return (before + "".join(mended)).encode("utf-8")


def _mended(inside: str) -> str:
    """Escape quotation marks and tags in the values of an outline, from its name to the next one.

    A value goes on to a quotation mark behind which the name of another attribute stands, or the
    end of the tag: descriptions are pasted in with their HTML.
    """
    first, end = _FIRST_VALUE.match(inside), _TAG_END.search(inside)
    if first is None or end is None or end.start() < first.end():
        return inside
    pieces = _NEXT_VALUE.split(inside[first.end() : end.start()])
    pieces[::2] = (piece.replace('"', "&quot;").replace("<", "&lt;") for piece in pieces[::2])
    return first[0] + "".join(pieces) + end[0]


class _Outlines:
    """Collects the outlines of one document."""

    def __init__(self, line_offset: int) -> None:
        self.feeds: list[Listed] = []
        self.notes: list[ListNote] = []
        self._offset = line_offset
        self._depth = 0
        self._commented_from: int | None = None
        self._parser = expat.ParserCreate(encoding="utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._entity

    def parse(self, content: bytes) -> None:
        self._parser.Parse(content, True)

    @property
    def _line(self) -> int:
        return max(1, self._parser.CurrentLineNumber + self._offset)

    def _entity(self, *_: object) -> None:
        raise FeedListError(
            f"line {self._line}: declares entities of its own, which no list needs; "
            "take the declarations out"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if _local(name) == "outline":
            values: dict[str, str] = {}
            for key, value in attributes.items():
                values.setdefault(_local(key), value.strip())
            self._outline(values)

    def _end(self, _: str) -> None:
        if self._commented_from == self._depth:
            self._commented_from = None
        self._depth -= 1

    def _outline(self, values: dict[str, str]) -> None:
        if self._commented_from is None and values.get("iscomment", "").lower() == "true":
            self._commented_from = self._depth
        kind = values.get("type", "").lower()
        address = values.get("xmlurl", "")
        if not address and kind in _FEED_TYPES:
            address = values.get("url", "")
        if address:
            self._feed(address)
        elif kind in ("include", "link") and values.get("url"):
            self._note("include", f"an outline of type {kind}; what it points at is not followed")
        elif kind in _FEED_TYPES or "xmlurl" in values:
            self._note("not_a_feed", "an outline without an xmlUrl")

    def _feed(self, written: str) -> None:
        if self._commented_from is not None:
            self._note("commented", "a feed that is commented out (isComment)")
            return
        try:
            address = checked_address(written, variables=False)
        except ValueError as error:
            self._note("not_a_feed", f"the xmlUrl {error}")
            return
        line = self._line
        shown = public_url(address)
        if "${" in written:
            self._note("variable", f"{shown}: ${{NAME}} is put in only in a TOML list")
        settings = FeedSettings(key=feed_key(address), url=shown, address=Secret(address))
        self.feeds.append(Listed(settings, f"line {line}", line))

    def _note(self, kind: str, text: str) -> None:
        self.notes.append(ListNote(self._line, kind, text))


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
