"""What can be told about a markup document before a parser sees it.

Three questions: what is its root element, which encoding are its bytes in, and is it built to
exhaust a parser? All answers come from the bytes and the Content-Type alone.
"""

import codecs
import re
from dataclasses import dataclass

from schemas.reasons import Reason
from transforms.formats.decode import charset_of
from transforms.formats.errors import UnreadableError

HEAD_LIMIT = 1 << 16
"""Bytes before the root element; the longest honest head that was seen has 759."""
MAX_TAG_BYTES = 1 << 16
"""A tag longer than this is hostile when it is made of attributes; an inline image is not."""
MAX_ATTRIBUTES = 256
"""Attributes on one tag; the strict parser compares each with all others."""
MAX_DEPTH = 500
"""Elements within elements of a well-formed feed."""
MAX_UNCLOSED = 64
"""Constructs left open at the end: each makes a lenient parser read on to the end of the input."""
FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
"""Local names that can be the root of a feed."""
MAX_EXPANSION = 1 << 23
"""Bytes that entities declared in the document may add to it."""

# XML 1.0, appendix F: the byte order mark, else how "<?xm" or "<" looks in each encoding family.
# Longest first: UTF-32's mark begins with UTF-16's.
_SIGNATURES = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)

# Codecs of Python that are no encodings of documents: some take quadratic time, some raise.
_NOT_FOR_DOCUMENTS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)

_DECLARATION = re.compile(r"<\?xml\b[^>]{0,1024}?>")
_DECLARED = re.compile(r"""encoding\s*=\s*["']\s*([A-Za-z][A-Za-z0-9._:-]*)""")

# What may stand before the root element; possessive, so that nothing is read twice.
_BEFORE_ROOT = re.compile(
    r"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?+>)*+",
    re.DOTALL | re.IGNORECASE,
)
_START_TAG = re.compile(
    r"<([A-Za-z_][\w.-]*+:)?([A-Za-z_][\w.-]*+)((?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)>?"
)
_DECLARE_UTF8 = "<?xml version='1.0' encoding='utf-8'?>\n"
_JUNK_LIMIT = 1024
_MAX_BLANK = 4096  # feedparser looks for a DOCTYPE behind every one of them: quadratic
_HAS_CHILD = re.compile(r"<(?:[\w.-]+:)?(?:channel|item|entry|title)\b", re.IGNORECASE)
_FEED_TAG = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_HTML_DOCTYPE = re.compile(r"<!DOCTYPE\s+html\b", re.IGNORECASE)

_LONG_TAG = re.compile(rb"<[A-Za-z][^<>]{%d}[^<>]*+" % MAX_TAG_BYTES)
_FIRST_TAG = re.compile(rb"<\w")
_ENTITY = re.compile(rb"<!ENTITY\s++(%\s++)?+([\w.:-]++)\s++(?:\"([^\"]*+)\"|'([^']*+)')")


@dataclass(frozen=True, slots=True)
class Root:
    """The root element of a markup document."""

    name: str
    """Local name in lower case: ``rss``, ``feed``, ``html``."""
    prefix: str
    """Its namespace prefix in lower case, or an empty string."""
    attributes: str
    """The text of its attributes."""
    rest: str
    """What follows, as far as the sniffed head goes."""


@dataclass(frozen=True, slots=True)
class Markup:
    """A document's text as UTF-8."""

    content: bytes
    """UTF-8, beginning with an XML declaration on a line of its own."""
    guessed: bool
    """The encoding is not the one that was declared, or was damaged."""
    junk: bool
    """Something stood before the document's beginning."""
    line_offset: int
    """To be added to a line number in ``content`` to give the document's own."""


def root_of(content: bytes) -> Root | None:
    """Return the root element, or None when this is not markup.

    White space and stray output (a PHP warning, say) may stand before the document: XML 1.0,
    section 2.8 forbids it, publishers do it anyway and readers forgive it.
    """
    head = _head(content)
    return _root_at(head, _start_of(head))


def _head(content: bytes) -> str:
    found = _signature(content)
    if found is None:
        return content.lstrip()[:HEAD_LIMIT].decode("latin-1")
    encoding, skip = found
    return content[skip : skip + 4 * HEAD_LIMIT].decode(encoding, "replace")[:HEAD_LIMIT]


def _signature(content: bytes) -> tuple[str, int] | None:
    for mark, encoding in _SIGNATURES:
        if content.startswith(mark):
            return encoding, 0 if b"<" in mark or encoding == "cp037" else len(mark)
    return None


def _start_of(head: str) -> int:
    """Return where the document begins behind whatever junk stands before it."""
    root = _root_at(head, 0)
    if root is not None and root.name in FEED_ROOTS | {"html"}:
        return 0
    # Junk that is itself markup (<br /><b>Warning</b>) is followed by the true declaration.
    declaration = head.find("<?xml ")
    if declaration > 0 and _HTML_DOCTYPE.match(head.lstrip()) is None:
        later = _root_at(head, declaration)
        if later is not None and later.name in FEED_ROOTS:
            return declaration
    if root is None:
        # Junk and no declaration, or junk behind it: only a feed's root that holds what a root
        # holds is believed, near the beginning, so that a text which mentions <rss> stays a text.
        end = HEAD_LIMIT if head.startswith("<?xml ") else _JUNK_LIMIT
        tag = _FEED_TAG.search(head, 0, end)
        later = _root_at(head, tag.start()) if tag else None
        if tag is not None and later is not None and _HAS_CHILD.search(later.rest):
            return tag.start()
    return 0


def _root_at(head: str, start: int) -> Root | None:
    before = _BEFORE_ROOT.match(head, start)
    tag = _START_TAG.match(head, before.end() if before else start)
    if tag is None:
        # A page may begin with its doctype and then leave <html> out.
        is_page = _HTML_DOCTYPE.match(head[start:].lstrip()) is not None
        return Root("html", "", "", head) if is_page else None
    prefix, name, attributes = tag.groups()
    return Root(name.lower(), (prefix or "").rstrip(":").lower(), attributes, head[tag.end() :])


def decode_markup(content: bytes, media_type: str | None) -> Markup:
    """Return the document as UTF-8, so that a parser has nothing left to guess.

    In this order: the byte order mark or the shape of the first bytes; UTF-8 when bytes above 127
    form valid UTF-8, which text in another encoding never does by chance; the charset of the
    Content-Type; the XML declaration (RFC 7303, section 3: text/xml without a charset is no
    longer ASCII); one of these with few broken bytes, which become U+FFFD; Windows-1252, else
    ISO-8859-1, which reads anything.
    """
    text, guessed = _decode(content, media_type)
    text = text.removeprefix("\ufeff")
    blank = len(text) - len(text.lstrip())
    start = blank + _start_of(text[blank : blank + HEAD_LIMIT])
    end = start
    declaration = _DECLARATION.match(text, start)
    if declaration is not None:
        end = declaration.end()
    # A line of its own: feedparser looks for the encoding along the whole first line, which in
    # a minified feed is the whole feed.
    body = _DECLARE_UTF8 + text[end:]
    return Markup(
        content=body.encode("utf-8"),
        guessed=guessed,
        junk=bool(text[:start].strip()) or (start > 0 and declaration is not None),
        line_offset=text.count("\n", 0, end) - 1,
    )


def _decode(content: bytes, media_type: str | None) -> tuple[str, bool]:
    signature = _signature(content)
    if signature is not None:
        encoding, skip = signature
        content = content[skip:]
        try:
            return content.decode(encoding), False
        except UnicodeDecodeError:
            return _with_few_errors(content, encoding) or content.decode("latin-1"), True
    match = _DECLARATION.search(content[:HEAD_LIMIT].decode("latin-1"))
    in_xml = _DECLARED.search(match[0]) if match else None
    declared = [
        codec
        for codec in (_codec(charset_of(media_type)), _codec(in_xml[1] if in_xml else None))
        if codec
    ] or ["utf-8"]
    candidates = declared if content.isascii() else ["utf-8", *declared]
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding not in declared
        except UnicodeDecodeError:
            continue
    for encoding in (*declared, "utf-8"):
        text = _with_few_errors(content, encoding)
        if text is not None:
            return text, True
    try:
        return content.decode("cp1252"), True
    except UnicodeDecodeError:
        return content.decode("latin-1"), True


def _with_few_errors(content: bytes, encoding: str) -> str | None:
    """Decode when at most one in ten of the characters above 127 is broken."""
    text = content.decode(encoding, "replace")
    broken = text.count("\ufffd")
    others = len(text) - len(text.encode("ascii", "ignore"))
    return text if broken * 10 <= others else None


def _codec(label: str | None) -> str | None:
    try:
        info = codecs.lookup((label or "").strip())
    except (LookupError, ValueError):  # ValueError: a NUL inside the name
        return None
    name = info.name.replace("_", "-")
    # `_is_text_encoding` is how bytes.decode itself keeps base64 and zlib out. A UTF-16 or UTF-32
    # document would have shown it in its first bytes, so such a label is a mistake.
    if name in _NOT_FOR_DOCUMENTS or not getattr(info, "_is_text_encoding", True):
        return None
    if name.startswith(("utf-16", "utf-32")):
        return None
    # GB18030 contains GB2312 and GBK, and publishers who name the smaller use the larger.
    return "gb18030" if name in ("gb2312", "gbk") else name


def guard_markup(content: bytes) -> None:
    """Refuse markup that is built to exhaust a parser.

    Args:
        content: the document in UTF-8 or another encoding that extends ASCII.

    Raises:
        UnreadableError: ``hostile_markup``, with the reason. What can only be told while
            parsing (attributes of one tag, depth) is refused there, by the same limits.
    """
    first = _FIRST_TAG.search(content)
    head = content[: first.start()] if first else content
    if len(head) > HEAD_LIMIT:
        _refuse(f"{len(head)} bytes before the first element")
    if re.search(rb"\s{%d}" % _MAX_BLANK, head):
        _refuse(f"more than {_MAX_BLANK} blanks in a row before the first element")
    for opening, closing in ((b"<!--", b"-->"), (b"<![", b"]]>"), (b"<", b">")):
        # Whatever is opened after the last place where it could be closed is open at the end.
        tail = content.rfind(closing) + 1
        unclosed = content.count(opening, tail)
        if unclosed > MAX_UNCLOSED:
            _refuse(f"{unclosed} times {opening.decode()} that nothing closes")
    for tag in _LONG_TAG.finditer(content):
        # Inside CDATA a tag is only text. A data: image is one long attribute and harms nobody.
        in_text = content.rfind(b"<![CDATA[", 0, tag.start()) > content.rfind(
            b"]]>", 0, tag.start()
        )
        if not in_text and tag[0].count(b"=") > MAX_ATTRIBUTES:
            _refuse(f"a tag of {len(tag[0])} bytes")
    if b"<!ENTITY" in head:
        added = sum(
            (len(double or single) * content.count(b"&" + name + b";"))
            for _, name, double, single in _ENTITY.findall(head)
        )
        if added > MAX_EXPANSION:
            _refuse(f"entities that add {added} bytes")


def _refuse(what: str) -> None:
    raise UnreadableError(Reason.HOSTILE_MARKUP, what)
