"""Why an input was refused: the closed list of reason codes in the ``rejects`` table."""

from enum import StrEnum


class Stage(StrEnum):
    """Where in the flow an input was refused."""

    READ = "read"
    """The bytes could not be had (permissions, vanished file, bad sidecar)."""
    PARSE = "parse"
    """The bytes could not be understood as any known format."""
    NORMALIZE = "normalize"
    """An item was understood but cannot become an article."""


class Reason(StrEnum):
    """Why an input was refused. A code never changes its meaning; new codes may be added."""

    UNREADABLE_FILE = "unreadable_file"
    """The operating system refused to give the bytes."""
    BAD_SIDECAR = "bad_sidecar"
    """The ``<name>.meta.json`` beside the file is not what the README describes."""
    BAD_GZIP = "bad_gzip"
    """A gzip stream that is cut short or damaged."""
    TOO_LARGE = "too_large"
    """The document, or what it decompresses to, is above ``--max_document_bytes``."""
    EMPTY_DOCUMENT = "empty_document"
    """No byte besides white space."""
    UNKNOWN_FORMAT = "unknown_format"
    """No format recognises the content."""
    UNSUPPORTED_FORMAT = "unsupported_format"
    """A known kind of document that newsbeam does not read (yet): an HTML page, say."""
    BAD_ENCODING = "bad_encoding"
    """The bytes are not text in any encoding that the document declares or that is detected."""
    MALFORMED_XML = "malformed_xml"
    """A feed so broken that no entry could be read from it."""
    MALFORMED_JSON = "malformed_json"
    """A JSON Feed that is not valid JSON, or whose ``items`` is not a list."""
    HOSTILE_MARKUP = "hostile_markup"
    """Markup that is built to exhaust a parser (one tag of many kilobytes, say)."""
    TOO_MANY_ITEMS = "too_many_items"
    """More entries in one document than ``--max_items_per_document``."""
    MALFORMED_ITEM = "malformed_item"
    """One entry is not of the form its format demands; its neighbours are read."""
    EMPTY_ITEM = "empty_item"
    """An entry with neither headline, summary nor body."""
