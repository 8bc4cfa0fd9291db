"""From the bytes of a text document to text, without ever inventing a character.

The order is the WHATWG Encoding Standard's: a byte order mark beats what the sender declares, the
declaration beats a guess. What no step reads as text is refused, not patched with U+FFFD.
"""

import codecs
import re

from schemas.reasons import Reason
from transforms.formats.errors import UnreadableError

# The UTF-32 marks come first: the little-endian one begins with the mark of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Python calls these text encodings, but no publisher means them: they turn ASCII into other text.
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)

# Labels that the WHATWG standard reads as windows-1252, for that is what their users write.
_WESTERN = frozenset({"ascii", "cp1252", "iso8859-1"})

_CHARSET = re.compile(r"""charset\s{0,8}=\s{0,8}["']?([^\s"';,]{1,40})""", re.IGNORECASE)

# Tab, line feed, vertical tab, form feed and carriage return are white space; ESC and the old
# end-of-file mark (0x1A) are counted, yet a stray one does not make a text binary.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_CONTROL_SHARE = 50  # one in fifty


def charset_of(media_type: str | None) -> str | None:
    """Give the charset parameter of a Content-Type.

    Args:
        media_type: the header's value, such as ``text/plain; charset=koi8-r``.

    Returns:
        The name as written, not checked against any list; None when there is none.
    """
    found = _CHARSET.search(media_type or "")
    return found.group(1) if found else None


def decode_text(content: bytes, declared: str | None = None) -> tuple[str, bool]:
    """Decode a document.

    Args:
        content: the bytes, already decompressed.
        declared: the charset the sender names. One that is unknown or does not fit is passed over.

    Returns:
        The text without byte order mark, and whether its encoding had to be guessed: true when the
        declaration was missing and the bytes are not UTF-8, or when it was plainly wrong.

    Raises:
        UnreadableError: ``bad_encoding`` when the bytes are not text.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            text = _decode(content[len(mark) :], encoding)
            if text is not None:
                return _checked(text), False
            if encoding != "utf-8":
                raise UnreadableError(Reason.BAD_ENCODING, f"marked as {encoding} but not valid")
            content = content[len(mark) :]
            break

    codec = _codec_name(declared)
    utf8 = _decode(content, "utf-8")
    if utf8 is not None and (codec in _WESTERN or codec is None):
        # A server's default declares Western text for everything. Bytes above 0x7F that are valid
        # UTF-8 are practically never anything else.
        return _checked(utf8), codec is not None and not content.isascii()
    if codec is not None and codec not in _WESTERN:
        text = _decode(content, _with_byte_order(codec, content))
        if text is not None:
            return _checked(text), False
        if utf8 is not None:
            return _checked(utf8), True
    return _checked(_western(content)), codec not in ("cp1252", "iso8859-1")


def _codec_name(declared: str | None) -> str | None:
    if not declared or not declared.isascii():
        return None
    try:
        codec = codecs.lookup(declared.strip())
    except (LookupError, ValueError):  # ValueError: a NUL inside the name
        return None
    name = codec.name.replace("_", "-")
    # `_is_text_encoding` is how bytes.decode itself keeps base64 and zlib out.
    if name in _NOT_CHARSETS or not getattr(codec, "_is_text_encoding", True):
        return None
    return name


def _with_byte_order(codec: str, content: bytes) -> str:
    """Choose the byte order where a declared UTF-16 or UTF-32 has no mark: by the zero bytes."""
    if codec not in ("utf-16", "utf-32"):
        return codec
    head = content[:4]
    wide = codec == "utf-32"
    big = head.startswith(b"\0\0\0" if wide else b"\0")
    return f"{codec}-{'be' if big else 'le'}"


def _decode(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _western(content: bytes) -> str:
    """Read as windows-1252; its five holes are C1 controls, as in browsers."""
    text = _decode(content, "cp1252")
    if text is not None:
        return text
    return "".join(
        chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes((byte,)).decode("cp1252")
        for byte in content
    )


def _checked(text: str) -> str:
    if "\0" in text:
        raise UnreadableError(Reason.BAD_ENCODING, "binary: holds NUL characters")
    controls = sum(1 for _ in _CONTROL.finditer(text))
    if controls > 1 + len(text) // _CONTROL_SHARE:
        raise UnreadableError(
            Reason.BAD_ENCODING, f"binary: {controls} control characters in {len(text)}"
        )
    return text
