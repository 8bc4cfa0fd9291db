"""Why an input was refused: the closed list of reason codes in the ``rejects`` table."""

from enum import StrEnum


class Stage(StrEnum):
    """Where in the flow an input was refused."""

    READ = "read"
    PARSE = "parse"
    NORMALIZE = "normalize"


STAGE_MEANINGS = {
    Stage.READ: "the bytes could not be had",
    Stage.PARSE: "the bytes could not be understood",
    Stage.NORMALIZE: "an item was understood but cannot become an article",
}


class Reason(StrEnum):
    """Why an input was refused. A code never changes its meaning; new codes may be added."""

    UNREADABLE_FILE = "unreadable_file"
    BAD_SIDECAR = "bad_sidecar"
    BAD_PATH_TIME = "bad_path_time"
    BAD_GZIP = "bad_gzip"
    BAD_WARC = "bad_warc"
    TOO_LARGE = "too_large"
    EMPTY_DOCUMENT = "empty_document"
    UNKNOWN_FORMAT = "unknown_format"
    UNSUPPORTED_FORMAT = "unsupported_format"
    BAD_ENCODING = "bad_encoding"
    MALFORMED_XML = "malformed_xml"
    MALFORMED_JSON = "malformed_json"
    HOSTILE_MARKUP = "hostile_markup"
    TOO_MANY_ITEMS = "too_many_items"
    MALFORMED_ITEM = "malformed_item"
    EMPTY_ITEM = "empty_item"


REASON_MEANINGS = {
    Reason.UNREADABLE_FILE: "The operating system or the object store refused to give the bytes.",
    Reason.BAD_SIDECAR: "The `<name>.meta.json` beside the file is not what the README describes.",
    Reason.BAD_PATH_TIME: "What `--path_pattern` takes for the fetch time in the file's path is no "
    "ISO 8601 time with an offset.",
    Reason.BAD_GZIP: "A gzip stream that is cut short or damaged.",
    Reason.BAD_WARC: "A WARC file that is cut short or damaged; what comes before the damage was "
    "read.",
    Reason.TOO_LARGE: "The document, or what it decompresses to, is above `--max_document_bytes`.",
    Reason.EMPTY_DOCUMENT: "Nothing but white space.",
    Reason.UNKNOWN_FORMAT: "No format recognises the content.",
    Reason.UNSUPPORTED_FORMAT: "A known kind of document that newsbeam does not read: an HTML "
    "page, a sitemap, a PDF …",
    Reason.BAD_ENCODING: "The bytes are no text in any encoding that is declared or detected.",
    Reason.MALFORMED_XML: "A feed so broken that no entry could be read from it.",
    Reason.MALFORMED_JSON: "A JSON Feed that is not valid JSON, or whose `items` is no list.",
    Reason.HOSTILE_MARKUP: "Markup that is built to exhaust a parser: a tag of many kilobytes, "
    "masses of unclosed comments.",
    Reason.TOO_MANY_ITEMS: "More items in one document than `--max_items_per_document`.",
    Reason.MALFORMED_ITEM: "One item is not of the form its format demands; its neighbours were "
    "read.",
    Reason.EMPTY_ITEM: "An item with neither headline, summary nor body.",
}
