"""The formats, and the one way from a document to its items.

A new format is one file with ``owns`` and ``parse`` and one line in :data:`FORMATS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from schemas.reasons import Reason
from schemas.records import ParsedDocument, RawDocument
from transforms.formats import feed, foreign, jsonfeed, text, transcript
from transforms.formats.document import mark_untrusted, open_container
from transforms.formats.errors import UnreadableError


@dataclass(frozen=True, slots=True)
class Format:
    """A format newsbeam knows."""

    name: str
    owns: Callable[[bytes], bool]
    """Looks at the bytes alone: names and Content-Types are wrong too often."""
    parse: Callable[[bytes, RawDocument], ParsedDocument]
    """Raises :class:`~transforms.formats.errors.UnreadableError` and nothing else."""


FORMATS = (
    Format("feed", feed.owns, feed.parse),
    Format("jsonfeed", jsonfeed.owns, jsonfeed.parse),
    # What is recognised and not read is refused here, before plain text takes it.
    Format("foreign", foreign.owns, foreign.parse),
    Format("transcript", transcript.owns, transcript.parse),
    Format("text", text.owns, text.parse),
)
"""In the order they are asked: the first that owns a document reads it."""

_BLANK = b" \t\r\n\x0b\x0c\x00\xef\xbb\xbf\xff\xfe"
"""White space and byte order marks of any encoding."""


def read_document(document: RawDocument, max_bytes: int, max_items: int) -> ParsedDocument:
    """Read a document of any known format.

    Args:
        document: the bytes as they were stored.
        max_bytes: the most bytes it may have after decompression.
        max_items: the most entries it may have.

    Raises:
        UnreadableError: the whole document is refused.
    """
    content = open_container(document.content, max_bytes)
    if not content.strip(_BLANK):
        raise UnreadableError(Reason.EMPTY_DOCUMENT, f"{len(content)} bytes without a text")
    found = next((one for one in FORMATS if one.owns(content)), None)
    if found is None:
        raise UnreadableError(
            Reason.UNKNOWN_FORMAT, f"no known format begins with {content[:24]!r}"
        )
    parsed = found.parse(content, document)
    count = len(parsed.items) + len(parsed.rejects)
    if count > max_items:
        raise UnreadableError(Reason.TOO_MANY_ITEMS, f"{count} entries; the limit is {max_items}")
    return replace(parsed, items=mark_untrusted(parsed.items))
