"""The body of an answer: where it ends, and what it is when its coding is undone.

Framing is read strictly (RFC 9112, section 6.3): of an answer that can be read in two ways nothing
is believed.
"""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from transforms.http.errors import BrokenAnswerError, TooLargeError
from transforms.http.headers import Headers

_READ = 1 << 16
_CHUNK_LINE = 4096
_TRAILER_LINES = 100
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_CODINGS = 3
_NO_BODY = (204, 304)

CHUNKED = -1
"""Instead of a length: the body comes in chunks."""
UNTIL_CLOSE = -2
"""Instead of a length: the body ends with the connection."""


def length_of(status: int, headers: Headers) -> int:
    """Say how long a body is, in bytes on the wire, or how its end is found.

    Raises:
        BrokenAnswerError: the headers contradict themselves or make no sense.
    """
    if status in _NO_BODY:
        return 0
    codings = _listed(headers, "transfer-encoding")
    if codings == ["chunked"]:
        return CHUNKED
    if codings not in ([], ["identity"]):
        raise BrokenAnswerError("the answer has a Transfer-Encoding that was not asked for")
    lengths = set(_listed(headers, "content-length"))
    if not lengths:
        return UNTIL_CLOSE
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,18}", length):
        raise BrokenAnswerError("the answer has a Content-Length that is no number")
    return int(length)


def _listed(headers: Headers, name: str) -> list[str]:
    values = (value for key, value in headers if key.lower() == name)
    return [part.strip().lower() for value in values for part in value.split(",")]


def read_body(stream: BinaryIO, length: int, limit: int) -> bytes:
    """Read a whole body.

    Args:
        stream: what follows the headers.
        length: from :func:`length_of`.
        limit: the most bytes.

    Returns:
        The bytes on the wire without the framing.

    Raises:
        TooLargeError: there are more than ``limit``; no more than that were kept.
        BrokenAnswerError: the connection ended before the body did.
        OSError: the connection broke.
    """
    if length > limit:
        raise TooLargeError(f"the body has {length} bytes; the limit is {limit}")
    pieces = []
    size = 0
    for piece in _chunks(stream) if length == CHUNKED else _pieces(stream, length):
        size += len(piece)
        if size > limit:
            raise TooLargeError(f"the body has more than {limit} bytes")
        pieces.append(piece)
    if length >= 0 and size < length:
        raise BrokenAnswerError(f"the body was cut short: {size} of {length} bytes came")
    return b"".join(pieces)


def _pieces(stream: BinaryIO, length: int) -> Iterator[bytes]:
    left = length
    while length == UNTIL_CLOSE or left > 0:
        piece = stream.read(_READ if length == UNTIL_CLOSE else min(_READ, left))
        if not piece:
            return
        left -= len(piece)
        yield piece


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The chunks of a body (RFC 9112, section 7.1); trailers are read and dropped."""
    while True:
        line = stream.readline(_CHUNK_LINE)
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            said = "the body has a malformed chunk" if line.endswith(b"\n") else _CUT
            raise BrokenAnswerError(said)
        left = int(match[1], 16)
        if left == 0:
            break
        while left > 0:
            piece = stream.read(min(_READ, left))
            if not piece:
                raise BrokenAnswerError(_CUT)
            left -= len(piece)
            yield piece
        if stream.readline(3) not in (b"\r\n", b"\n"):
            raise BrokenAnswerError("the body has a malformed chunk, or was cut short")
    for _ in range(_TRAILER_LINES):
        line = stream.readline(_CHUNK_LINE)
        if line in (b"\r\n", b"\n"):
            return
        if not line.endswith(b"\n"):
            raise BrokenAnswerError(_CUT)
    raise BrokenAnswerError("the body has too many trailers")


_CUT = "the body was cut short: the last chunk is missing"


def decode_body(raw: bytes, headers: Headers, limit: int) -> bytes:
    """Undo the codings that Content-Encoding names, the last first (RFC 9110, section 8.4).

    ``deflate`` is a zlib stream, but there are servers that send a bare one.

    Args:
        raw: the bytes on the wire.
        headers: of the answer.
        limit: the most bytes that may come out.

    Raises:
        TooLargeError: there would be more.
        BrokenAnswerError: a coding is unknown, or the data are damaged or cut short.
    """
    codings = [coding for coding in _listed(headers, "content-encoding") if coding]
    codings = [coding for coding in codings if coding != "identity"]
    if len(codings) > _CODINGS:
        raise BrokenAnswerError(f"the body has more than {_CODINGS} codings")
    for coding in reversed(codings):
        if not raw:
            return raw
        if coding in ("gzip", "x-gzip"):
            raw = _inflated(raw, 31, "gzip", limit)
        elif coding == "deflate":
            raw = _inflated(raw, _window_of(raw), "deflate", limit)
        else:
            raise BrokenAnswerError(
                "the body has a Content-Encoding that was not asked for"
                + (f": {coding}" if re.fullmatch(r"[a-z0-9-]{1,20}", coding) else "")
            )
    return raw


def _window_of(raw: bytes) -> int:
    """A zlib stream begins with its method and a sum that 31 divides (RFC 1950, section 2.2)."""
    is_zlib = len(raw) > 1 and raw[0] & 0x0F == 8 and int.from_bytes(raw[:2], "big") % 31 == 0
    return 15 if is_zlib else -15


def _inflated(raw: bytes, window: int, name: str, limit: int) -> bytes:
    """Decompress; gzip streams may be joined (RFC 1952, section 2.2), other bytes may follow."""
    pieces = []
    size = 0
    rest = raw
    while rest:
        stream = zlib.decompressobj(wbits=window)
        while not stream.eof:
            try:
                piece = stream.decompress(rest, _READ)
            except zlib.error:
                raise BrokenAnswerError(
                    f"the body is damaged: {name} ends after {size} bytes"
                ) from None
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            if not piece and not rest and not stream.eof:
                raise BrokenAnswerError(f"the body was cut short: {name} ends after {size} bytes")
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise TooLargeError(f"the body decodes to more than {limit} bytes")
        if window != 31 or not rest.startswith(b"\x1f\x8b\x08"):
            break
    return b"".join(pieces)
