"""From an input, a file or a fetched answer, to its documents: one, or those of an archive."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from schemas.ledger import DocumentCount
from schemas.reasons import Reason
from schemas.records import InputFile, RawDocument, Reject
from transforms.formats.dropped import Refusal, document_of, refuse_file
from transforms.formats.errors import UnreadableError
from transforms.formats.origin import whole_refused
from transforms.formats.warc import Unusable, is_warc, read_warc

_HEAD = 1 << 16

Refused = tuple[Reject, DocumentCount]


def documents_of(
    file: InputFile, opened: Callable[[str], BinaryIO], max_bytes: int
) -> Iterator[RawDocument | Refused]:
    """The documents of an input, and what had to be refused.

    At least one of either, but for an archive without a document.

    Args:
        file: what the plan found.
        opened: opens a path for reading or raises OSError.
        max_bytes: a larger document is refused; an archive may be larger.
    """
    try:
        with opened(file.uri) as stream:
            if file.record_at is not None:
                stream.seek(file.record_at)
                yield from _one(file, read_warc(stream, max_bytes, file.feed))
                return
            head = stream.read(_HEAD)
            if is_warc(head):
                stream.seek(0)
                yield from _all(file, stream, max_bytes)
                return
    except OSError as error:
        yield refuse_file(file, Refusal(Reason.UNREADABLE_FILE, error.strerror or str(error)))
        return

    def read_bytes(uri: str) -> bytes:
        with opened(uri) as stream:
            return stream.read()

    found = document_of(file, read_bytes, max_bytes)
    yield refuse_file(file, found) if isinstance(found, Refusal) else found


def _one(
    file: InputFile, found: Iterator[RawDocument | Unusable]
) -> Iterator[RawDocument | Refused]:
    try:
        yield _usable(next(found))
    except UnreadableError as error:
        yield refuse_file(file, Refusal(error.reason, error.detail))


def _all(file: InputFile, stream: Any, max_bytes: int) -> Iterator[RawDocument | Refused]:
    try:
        for found in read_warc(stream, max_bytes, assumed_at=file.modified_at):
            yield _usable(found)
    except UnreadableError as error:
        yield refuse_file(file, Refusal(error.reason, error.detail))


def _usable(found: RawDocument | Unusable) -> RawDocument | Refused:
    return whole_refused(found.document, found.error) if isinstance(found, Unusable) else found
