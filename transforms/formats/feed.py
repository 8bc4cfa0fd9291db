"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, and CDF.

A feed that breaks its format's rules is read as far as feedparser can, and its items are flagged;
only one without any entry is refused. Entries are counted as feedparser counts them.
"""

import re
from typing import Any
from xml.sax import SAXParseException

from schemas.reasons import Reason
from schemas.records import ParsedDocument, RawDocument
from transforms.formats.errors import UnreadableError
from transforms.formats.feed_fields import feed_info, item_from_entry
from transforms.formats.feed_parser import LEAKED_ERRORS, run_feedparser
from transforms.formats.markup import Root, decode_markup, guard_markup, root_of

# RSS 0.90 and 1.0; any other RDF (FOAF, a vocabulary) is no feed.
_RSS_IN_RDF = ("purl.org/rss/1.0/", "netscape.com/rdf/simple/0.9/", "channel.netscape.com")
# Atom 1.0, 0.3 and what came before it.
_ATOM = ("www.w3.org/2005/atom", "purl.org/atom/", "purl.org/echo/", "purl.org/pie/", "necho")
_CDF_ITEM = re.compile(r"<item\b", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?+>", re.DOTALL | re.IGNORECASE)


def owns(content: bytes) -> bool:
    """Tell whether the root element is that of a feed."""
    root = root_of(content)
    return root is not None and _is_feed(root)


def _is_feed(root: Root) -> bool:
    attributes = root.attributes.lower()
    if root.name == "rss":
        return True
    if root.name == "rdf":
        start = attributes + root.rest.lower()
        return any(name in start for name in _RSS_IN_RDF) or "<item" in start
    if root.name == "feed":
        # Shops call other things a feed; feedparser takes one without a namespace for Atom.
        return any(name in attributes for name in _ATOM) or not re.search(
            r"\bxmlns\s*=", attributes
        )
    # CDF, and RSS that lost its root.
    return root.name == "channel" and _CDF_ITEM.search(root.rest) is not None


def parse(content: bytes, document: RawDocument) -> ParsedDocument:
    """Read a feed.

    Args:
        content: the document, decompressed.
        document: where it came from; its Content-Type names the encoding when the bytes do not
            tell, its address makes relative ones absolute.

    Raises:
        UnreadableError: ``malformed_xml`` when the document is broken and holds no entry,
            ``hostile_markup`` when it is built to exhaust the parser.
    """
    markup = decode_markup(content, document.media_type)
    guard_markup(markup.content)
    result = _read(markup.content)
    broken = result.get("bozo_exception")
    if broken is not None and not result.entries:
        raise UnreadableError(Reason.MALFORMED_XML, _describe(broken, markup.line_offset))
    flags = []
    if broken is not None or markup.junk:
        flags.append("malformed_feed")
    if markup.guessed:
        flags.append("encoding_guessed")
    version = result.version or "feed"
    info = feed_info(result.feed, document.url)
    items = tuple(
        item_from_entry(
            entry,
            position,
            tuple(flags),
            result.feed,
            info,
            document.url,
            is_atom=version.startswith("atom"),
        )
        for position, entry in enumerate(result.entries)
    )
    return ParsedDocument(version, info, items)


def _read(content: bytes) -> Any:
    try:
        return run_feedparser(content)
    except LEAKED_ERRORS:
        pass
    # The document type is what feedparser trips over most often, and little depends on it.
    try:
        result = run_feedparser(_DOCTYPE.sub(b"", content, count=1))
    except LEAKED_ERRORS as error:
        raise UnreadableError(
            Reason.MALFORMED_XML, f"feedparser fails: {type(error).__name__}: {error}"
        ) from error
    result.setdefault("bozo_exception", ValueError("the document type is broken"))
    return result


def _describe(error: BaseException, line_offset: int) -> str:
    if isinstance(error, SAXParseException):
        # Expat counts lines from 1 and columns from 0.
        line = (error.getLineNumber() or 1) + line_offset
        column = (error.getColumnNumber() or 0) + 1
        return f"line {line}, column {column}: {error.getMessage()}"
    return f"{type(error).__name__}: {error}"
