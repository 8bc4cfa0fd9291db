"""WARC: fetched documents in one file, as they came (ISO 28500, version 1.1).

newsbeam keeps what it fetched as ``response`` records, each a gzip member of its own, with the body
as it was after content codings were undone and ``Content-Encoding``, ``Content-Length`` and
``Transfer-Encoding`` of the answer under names that begin with ``X-Crawl-``, which is what Common
Crawl does (https://commoncrawl.org/the-data/get-started). What the feed list said of the feed
stands in headers ``Newsbeam-*`` of the record, so that the file read again gives the same rows.

WARC files of other programs are read too: their ``response`` records with status 200, of which
codings are undone here. Other records hold no document and are passed over.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from http.client import HTTPException, parse_headers
from typing import Any, BinaryIO
from uuid import UUID

from fastwarc.stream_io import BrotliReader, ChunkedReader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from schemas.reasons import Reason
from schemas.records import RawDocument
from transforms.formats.errors import UnreadableError
from transforms.http.body import decode_body
from transforms.http.errors import FetchError, TooLargeError
from transforms.text.clean import as_written

_GZIP = b"\x1f\x8b"
_MAGIC = b"WARC/"
_RENAMED = ("content-encoding", "content-length", "transfer-encoding")
_HOP_BY_HOP = ("connection", "keep-alive", "set-cookie", "set-cookie2")
"""What concerns the connection, and cookies, which may be credentials."""
_INFLATED = ("gzip", "x-gzip", "deflate")
_DECODERS = {"br": BrotliReader, "zstd": ZstdReader}
_BREAKS = re.compile(r"[\r\n]+[ \t]*")
_CHUNK = 1 << 20
_MOST_HEAD = 1 << 18
_MOST_STORED = 1 << 16
_MOST_LINES = 90
_HEAD_OF_LARGE = 1 << 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document that a server gave, and what the feed list said of it."""

    url: str
    """The address that was asked, public."""
    fetched_at: datetime
    """UTC."""
    headers: Sequence[tuple[str, str]]
    """Of the answer."""
    body: bytes
    """Content codings undone."""
    feed_url: str
    """The feed's address as configured, public."""
    source: str | None = None
    language: str | None = None
    topics: Sequence[str] = ()


def is_warc(content: bytes) -> bool:
    """Do the bytes begin like a WARC file, gzipped or not?"""
    if content.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
                return stream.read(len(_MAGIC)) == _MAGIC
        except (OSError, EOFError, zlib.error):
            return False
    return content.startswith(_MAGIC)


def warc_record(fetched: Fetched, level: int) -> bytes:
    """One document as a record.

    Args:
        fetched: the document.
        level: gzip level, 0 to 9; 0 for a file that only passes through staging.
    """
    record = WarcRecord()
    # The same answer is the same record, wherever and however often it is written.
    moment = fetched.fetched_at.astimezone(UTC).isoformat(timespec="microseconds")
    digest = sha256(f"{fetched.url} {moment} ".encode() + fetched.body)
    record.init_headers(
        record_type=WarcRecordType.response,
        record_urn=UUID(bytes=digest.digest()[:16]).urn[4:].encode(),
    )
    headers = {
        "WARC-Date": moment.replace("+00:00", "Z"),
        "WARC-Target-URI": fetched.url,
        "Content-Type": "application/http; msgtype=response",
        "Newsbeam-Feed": fetched.feed_url,
    }
    if fetched.source is not None:
        # In ASCII: programs differ in how they read the headers of a record.
        headers["Newsbeam-Source"] = json.dumps(fetched.source)
    if fetched.language is not None:
        headers["Newsbeam-Language"] = json.dumps(fetched.language)
    if fetched.topics:
        headers["Newsbeam-Topics"] = " ".join(fetched.topics)
    for name, value in headers.items():
        record.headers[name] = value
    record.set_bytes_content(_http_head(fetched) + fetched.body)
    whole = io.BytesIO()
    record.write(whole, checksum_data=True)
    return gzip.compress(whole.getvalue(), level, mtime=0)


def _http_head(fetched: Fetched) -> bytes:
    lines = ["HTTP/1.1 200 OK"]
    left = _MOST_STORED
    for name, value in fetched.headers:
        lowered = name.lower()
        if lowered in _HOP_BY_HOP:
            continue
        shown = f"X-Crawl-{name}" if lowered in _RENAMED else name
        line = f"{shown}: {_BREAKS.sub(' ', value)}"
        left -= len(line)
        # What a server sends beyond this tells nothing of the document, and programs refuse it.
        if left > 0 and len(lines) < _MOST_LINES:
            lines.append(line)
    lines.append(f"Content-Length: {len(fetched.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record that is whole and holds no document that could be had out of it."""

    document: RawDocument
    """Its content is the record's block."""
    error: UnreadableError


def read_warc(
    stream: BinaryIO, limit: int, feed: str | None = None, assumed_at: datetime = _EPOCH
) -> Iterator[RawDocument | Unusable]:
    """Read the documents of a WARC file from where the stream stands.

    Args:
        stream: a file, open for reading.
        limit: the most bytes that one document may have.
        feed: key of the feed whose poll brought them, when they were polled in this run.
        assumed_at: when documents were fetched whose record does not say it, UTC.

    Raises:
        UnreadableError: ``bad_warc`` where the file is cut short or damaged. What came before has
            been given already.
    """
    records = ArchiveIterator(stream, parse_http=False)
    start = stream.tell()
    number = due = 0
    last = None
    while True:
        try:
            record = next(records)
            last = record.stream_pos
            if "\n" in (record.headers.get("WARC-Type") or ""):
                raise UnreadableError(Reason.BAD_WARC, "its lines do not end in CR and LF")
            due = int(record.headers.get("Content-Length") or -1)
            if record.record_type != WarcRecordType.response:
                continue
            number += 1
            is_large = due > limit + _MOST_HEAD
            block = record.reader.read(_HEAD_OF_LARGE) if is_large else record.reader.read()
        except StopIteration:
            if last is None:
                raise UnreadableError(Reason.BAD_WARC, "no record of it can be read") from None
            if not _ends_whole(stream, start + last, due):
                raise UnreadableError(
                    Reason.BAD_WARC, f"cut short after {number} responses"
                ) from None
            return
        except (OSError, ValueError) as error:
            raise UnreadableError(Reason.BAD_WARC, f"after {number} responses: {error}") from error
        if len(block) != due and not is_large:
            raise UnreadableError(
                Reason.BAD_WARC, f"response {number} is cut short: {len(block)} of {due} bytes"
            )
        told = {name.lower(): value for name, value in record.headers.items()}
        document = _document(told, block, limit, feed, assumed_at)
        if document is None:
            continue
        if is_large:
            document = _too_large(document, due, limit)
        yield document


def _ends_whole(stream: BinaryIO, position: int, due: int) -> bool:
    """Is there nothing behind the last record that was given, or nothing but whole gzip members?

    The iterator takes a member that breaks off before it gives a byte for the end of the file, and
    a record that breaks off in its headers.

    Args:
        stream: the file.
        position: where the last record or its member begins.
        due: bytes of its block.
    """
    stream.seek(position)
    rest = stream.read(_CHUNK)
    if rest.startswith(_MAGIC):
        block = rest.find(b"\r\n\r\n") + 4
        stream.seek(position + block + due)
        return not stream.read(_CHUNK).strip()
    while rest and rest.startswith(_GZIP[: len(rest)]):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                member.decompress(rest, _CHUNK)
            except zlib.error:
                return False
            rest = member.unused_data if member.eof else member.unconsumed_tail
            rest = rest or stream.read(_CHUNK)
            if not rest and not member.eof:
                return False
    return True


def _too_large(found: RawDocument | Unusable, due: int, limit: int) -> Unusable:
    document = found.document if isinstance(found, Unusable) else found
    error = UnreadableError(Reason.TOO_LARGE, f"{due} bytes; the limit is {limit}")
    return Unusable(document, error)


def _document(
    told: Mapping[str, str], block: bytes, limit: int, feed: str | None, assumed_at: datetime
) -> RawDocument | Unusable | None:
    url = as_written(told.get("warc-target-uri", "").strip("<>")) or "about:blank"
    moment = _moment(told.get("warc-date", ""))
    document = RawDocument(url, block, moment or assumed_at, url=url, feed=feed)
    try:
        found = _answer(block, limit)
        if found is None:
            return None
        headers, content = found
        source, language = (_text(told.get(f"newsbeam-{name}")) for name in ("source", "language"))
    except UnreadableError as error:
        return Unusable(document, error)
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        return Unusable(document, UnreadableError(Reason.BAD_WARC, f"no HTTP answer: {error}"))
    return replace(
        document,
        content=content,
        media_type=headers.get("content-type"),
        url=told.get("newsbeam-feed", url),
        source=source,
        headers=headers,
        fetched_known=moment is not None,
        language=language,
        topics=tuple(told.get("newsbeam-topics", "").split()),
    )


def _answer(block: bytes, limit: int) -> tuple[dict[str, str], bytes] | None:
    """Headers and body of an HTTP answer; None when its status is not 200."""
    stream = io.BytesIO(block)
    status = stream.readline(_MOST_HEAD).split()
    if len(status) < 2 or not status[0].startswith(b"HTTP/") or not status[1].isdigit():
        raise ValueError("it has no status")
    lines = parse_headers(stream)
    if int(status[1]) != 200:
        return None
    headers = {name.lower(): as_written(value) for name, value in lines.items()}
    return headers, _decoded(stream.read(), headers, limit)


def _text(value: str | None) -> str | None:
    text = json.loads(value) if value else None
    return text if isinstance(text, str) else None


def _moment(text: str) -> datetime | None:
    """The record's date, which is UTC by definition; None for what is no date."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _decoded(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """The body without its transfer and content codings."""
    if "chunked" in headers.get("transfer-encoding", "").casefold():
        body = _drained(ChunkedReader(io.BytesIO(body)), limit)
    for coding in reversed(headers.get("content-encoding", "").casefold().split(",")):
        coding = coding.strip()
        if coding in _INFLATED:
            body = _inflated(body, coding, limit)
        elif coding in _DECODERS:
            body = _drained(_DECODERS[coding](io.BytesIO(body)), limit)
    return body


def _inflated(body: bytes, coding: str, limit: int) -> bytes:
    try:
        return decode_body(body, [("content-encoding", coding)], limit)
    except TooLargeError as error:
        raise UnreadableError(Reason.TOO_LARGE, error.detail) from None
    except FetchError as error:
        raise UnreadableError(Reason.BAD_WARC, error.detail) from None


def _drained(reader: Any, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := reader.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise UnreadableError(Reason.TOO_LARGE, f"decompresses to more than {limit} bytes")
    return b"".join(parts)
