"""Known kinds of document that newsbeam does not read: recognised only to say so.

It stands in the registry behind the feeds and before plain text, so that a page or a sitemap is
refused by its name and never taken for an article.
"""

import json
from typing import NoReturn

from schemas.reasons import Reason
from schemas.records import RawDocument
from transforms.formats.errors import UnreadableError
from transforms.formats.markup import root_of

_HTML = frozenset({"html", "head", "body", "div", "p", "script", "style", "meta", "title", "span"})

# Elements that are roots of known vocabularies: (name for a person, local names).
_VOCABULARIES = {
    "sitemapindex": "a sitemap index",
    "urlset": "a sitemap",
    "opml": "an OPML list of feeds",
    "newsml": "NewsML 1",
    "newsitem": "NewsML-G2",
    "newsmessage": "NewsML-G2",
    "packageitem": "NewsML-G2",
    "knowledgeitem": "NewsML-G2",
    "nitf": "NITF",
    "mos": "MOS",
    "svg": "an SVG image",
    "envelope": "a SOAP message",
    "opensearchdescription": "an OpenSearch description",
}

_SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (b"\x1f\x8b", "a gzip stream inside two others"),
    (b"BZh", "a bzip2 stream"),
    (b"\xfd7zXZ\x00", "an xz stream"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard stream"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PAR1", "a Parquet file"),
    (b"WARC/1.", "a WARC archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
)


def owns(content: bytes) -> bool:
    """Tell whether this is a page, other XML, other JSON or a known binary."""
    return _name(content) is not None


def parse(content: bytes, document: RawDocument) -> NoReturn:
    """Refuse the document by its name.

    Raises:
        UnreadableError: always, ``unsupported_format``.
    """
    raise UnreadableError(Reason.UNSUPPORTED_FORMAT, _name(content) or "not a format of newsbeam")


def _name(content: bytes) -> str | None:
    for signature, name in _SIGNATURES:
        if content.startswith(signature):
            return name
    root = root_of(content)
    if root is not None:
        if root.name in _HTML:
            return "an HTML page, not a feed: give the address of the site's feed instead"
        full = f"{root.prefix}:{root.name}" if root.prefix else root.name
        known = _VOCABULARIES.get(root.name)
        return f"XML with the root element <{full}>" + (f" ({known})" if known else "")
    if _is_json(content):
        return "JSON that is not a JSON Feed"
    return None


def _is_json(content: bytes) -> bool:
    """Tell whether a document, or its first line (JSON Lines), is a JSON object or list."""
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    # A text may begin with a bracket: "[Reuters] …".
    if start[:1] not in (b"{", b"["):
        return False
    for candidate in (start.partition(b"\n")[0], start):
        try:
            json.loads(candidate)
        except RecursionError:  # how Python's decoder ends on deep nesting
            return True
        except ValueError:  # no JSON, or no text
            continue
        return True
    return False
