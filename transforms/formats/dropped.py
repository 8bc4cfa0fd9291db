"""A dropped file and its sidecar as a document.

A sidecar is a JSON object in ``<name>.meta.json`` with any of ``url`` (where the bytes were fetched
from), ``fetched_at`` (ISO 8601 with an offset), ``source`` (a name) and ``headers`` (an object).
``--path_pattern`` finds the first three in the file's path; a sidecar's fields win. When neither
says when, the file was fetched when it was last modified.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from schemas.ledger import DocumentCount
from schemas.reasons import Reason, Stage
from schemas.records import InputFile, RawDocument, Reject
from transforms.formats.document import as_address, folder_of
from transforms.identity.keys import reject_id
from transforms.text.clean import as_written

_FIELDS = {"url": str, "fetched_at": str, "source": str, "headers": dict}
_PATH_TIME = re.compile(
    r"([0-9]{4}(-?)[0-9]{2}\2[0-9]{2})"
    r"T([0-9]{2})([:_-]?)([0-9]{2})(?:\4([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?:(Z)|([-+pm])([0-9]{2})(?:[:_-]?([0-9]{2}))?)"
)
_SIGNS = {"p": "+", "m": "-"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file could not become a document."""

    reason: Reason
    detail: str
    payload: bytes = b""


def document_of(
    file: InputFile, read_bytes: Callable[[str], bytes], max_bytes: int
) -> RawDocument | Refusal:
    """Read a file and its sidecar.

    Args:
        file: what the plan found.
        read_bytes: gives the bytes of a path or raises OSError.
        max_bytes: larger files are refused unread.
    """
    if file.size > max_bytes:
        return Refusal(
            Reason.TOO_LARGE,
            f"{file.size:,} bytes; the limit is {max_bytes:,} (--max_document_bytes)",
        )
    try:
        content = read_bytes(file.uri)
    except OSError as error:
        return Refusal(Reason.UNREADABLE_FILE, error.strerror or str(error))
    meta: dict[str, Any] = {}
    if file.sidecar is not None:
        try:
            meta = read_sidecar(read_bytes(file.sidecar))
        except (OSError, ValueError, OverflowError, RecursionError) as error:
            # A date at the edge of the calendar overflows when it is shifted to UTC; brackets nest.
            return Refusal(Reason.BAD_SIDECAR, f"{file.sidecar}: {error}", content)
    fetched_at = meta.get("fetched_at")
    if fetched_at is None and file.in_path.fetched_at is not None:
        try:
            fetched_at = read_path_time(file.in_path.fetched_at)
        except ValueError as error:
            return Refusal(Reason.BAD_PATH_TIME, str(error), content)
    headers = meta.get("headers", {})
    return RawDocument(
        uri=file.uri,
        content=content,
        fetched_at=fetched_at or file.modified_at,
        media_type=headers.get("content-type"),
        url=meta.get("url", file.in_path.url),
        source=meta.get("source", file.in_path.source),
        headers=headers,
        fetched_known=fetched_at is not None,
    )


def read_path_time(text: str) -> datetime:
    """Read a time that stands in a path: ISO 8601, extended or basic, to the minute at least.

    The offset is ``Z`` or hours, or hours and minutes, after ``+``, ``-``, ``p`` or ``m``: many
    archives write plus and minus as letters, as in ``2026-03-01T061500p1300``. ``_`` or ``-`` may
    stand for the colon, which some file systems forbid. A dash that could as well be a minus, as in
    ``T06-15-03-00``, is refused.

    Returns:
        An aware UTC datetime.

    Raises:
        ValueError: what is wrong with it, for a person.
    """
    match = _PATH_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} in the path is no ISO 8601 time with an offset")
    day, _, hour, colon, minute, second, part, zulu, sign, hours, minutes = match.groups()
    if colon == sign == "-" and (second is None or minutes is None):
        raise ValueError(f"{text!r} in the path could be read in two ways")
    moment = f"{day}T{hour}:{minute}:{second or '00'}.{part or '0'}"
    zone = zulu or f"{_SIGNS.get(sign, sign)}{hours}:{minutes or '00'}"
    try:
        return datetime.fromisoformat(moment + zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} in the path: {error}") from error


def read_sidecar(content: bytes) -> dict[str, Any]:
    """Read a sidecar.

    Returns:
        Its fields; ``fetched_at`` as an aware UTC datetime, header names in lower case.

    Raises:
        ValueError: what is wrong with it, for a person.
    """
    meta = json.loads(content)
    if not isinstance(meta, dict):
        raise ValueError("not a JSON object")
    for name, value in meta.items():
        if name not in _FIELDS:
            raise ValueError(f"unknown field {name!r}; known are {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]):
            raise ValueError(f"{name!r} is not a {_FIELDS[name].__name__}")
    if "fetched_at" in meta:
        moment = datetime.fromisoformat(meta["fetched_at"])
        if moment.tzinfo is None:
            raise ValueError("'fetched_at' has no UTC offset")
        meta["fetched_at"] = moment.astimezone(UTC)
    headers = meta.get("headers", {})
    if not all(isinstance(value, str) for value in headers.values()):
        raise ValueError("'headers' has a value that is not a string")
    return meta | {"headers": {name.lower(): value for name, value in headers.items()}}


def refuse_file(file: InputFile, refusal: Refusal) -> tuple[Reject, DocumentCount]:
    """The reject of a file that could not become a document, and its place in the ledger."""
    source = as_written(file.in_path.source or "") or folder_of(file.uri)
    digest = sha256(refusal.payload).hexdigest() if refusal.payload else None
    reject = Reject(
        reject_id=reject_id(digest, file.uri, None, Stage.READ, refusal.reason),
        stage=Stage.READ,
        reason=refusal.reason,
        detail=as_address(f"{file.uri}: {refusal.detail}"),
        source=source,
        document_uri=as_address(file.uri),
        document_sha256=digest,
        document_position=None,
        fetched_at=file.modified_at,
        payload=refusal.payload,
        payload_size=file.size,
    )
    return reject, DocumentCount(source, 0, 1, 0, file.uri)
