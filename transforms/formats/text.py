"""Plain text: a headline, perhaps a date and a byline, and paragraphs."""

import re

from schemas.reasons import Reason
from schemas.records import FeedInfo, FeedItem, ParsedDocument, RawDocument
from transforms.formats.decode import charset_of, decode_text
from transforms.formats.errors import UnreadableError
from transforms.formats.plain_header import date_line, labelled_field, reporter_line
from transforms.formats.plain_lines import (
    is_headline,
    looks_like_markup,
    tidy_lines,
    unwrap,
)

_DRAWN = re.compile(r"[-=*_#~]{3,}$")


def owns(content: bytes) -> bool:
    """Tell whether a document is plain text.

    Args:
        content: the bytes, decompressed.

    Returns:
        True for any text that is not binary, not markup (HTML, XML), does not look like JSON and
        holds a letter. Formats that are plain text themselves must be asked first.
    """
    try:
        text, _ = decode_text(content)
    except UnreadableError:
        return False
    return any(map(str.isalpha, text)) and not looks_like_markup(text)


def parse(content: bytes, document: RawDocument) -> ParsedDocument:
    """Read a plain text as one item.

    Args:
        content: the bytes, decompressed.
        document: where they come from; its media type may declare a charset.

    Returns:
        One item. Its title is the first line when that reads as a headline, its date the header's,
        as written; the rest is the body, paragraphs parted by an empty line.

    Raises:
        UnreadableError: the bytes are no text (``bad_encoding``) or hold none (``empty_document``).
    """
    text, guessed = decode_text(content, charset_of(document.media_type))
    lines = unwrap(tidy_lines(text), _stands_alone)
    paragraphs = [line for line in lines if line and not _DRAWN.match(line)]
    if not paragraphs:
        raise UnreadableError(Reason.EMPTY_DOCUMENT, "no line with text")

    title = date = region = byline = None
    authors: tuple[str, ...] = ()
    at = 0
    while at < len(paragraphs) and at < 6:
        line = paragraphs[at]
        header, labelled, names = date_line(line), labelled_field(line), reporter_line(line)
        if header and date is None and (header.labelled or not header.rest):
            date, region = header.date, header.rest or region
        elif labelled and labelled[0] == "title" and labelled[1] and title is None:
            title = labelled[1]
        elif labelled and labelled[0] == "region" and labelled[1] and region is None:
            region = labelled[1]
        elif labelled and labelled[0] == "byline" and labelled[1] and byline is None:
            byline, authors = line, (labelled[1],)
        elif names and byline is None and title is not None:
            byline, authors = line, names
        elif title is None and is_headline(line):
            title = line
        else:
            break
        at += 1
    item = FeedItem(
        position=0,
        title=title,
        summary_html=False,
        content="\n\n".join(paragraphs[at:]) or None,
        content_html=False,
        authors=authors,
        byline=byline,
        region=region,
        dates=(("header", date),) if date else (),
        flags=("encoding_guessed",) if guessed else (),
        raw=text,
    )
    return ParsedDocument("text", FeedInfo(), (item,))


def _stands_alone(line: str) -> bool:
    return bool(
        date_line(line) or labelled_field(line) or reporter_line(line) or _DRAWN.match(line)
    )
