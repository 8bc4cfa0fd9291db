"""What servers answered, put down as WARC files in staging."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from schemas.feeds import FeedRequest, Poll
from transforms.formats.warc import Fetched, warc_record
from transforms.http.fetcher import Answer
from transforms.lake.files import adopt
from transforms.lake.layout import Staging

FULL_BYTES = 256 << 20
"""A file that has grown to this is closed, and the next begun."""

_ARCHIVE_LEVEL = 6
_PASSING_LEVEL = 0


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A finished file of answers.

    Attributes:
        path: where it lies in staging.
        xxh128: hash of its bytes.
        bytes: its size.
        written_at: when its last answer came, UTC.
        records: for each answer the key of its feed, and where its record begins.
    """

    path: Path
    xxh128: str
    bytes: int
    written_at: datetime
    records: tuple[tuple[str, int], ...]


class KeptAnswers:
    """Puts answers down, one after the other.

    Args:
        staging: where to.
        archive: whether the files are to be kept, so that their size matters.
    """

    def __init__(self, staging: Staging, *, archive: bool) -> None:
        self._staging = staging
        self._level = _ARCHIVE_LEVEL if archive else _PASSING_LEVEL
        self._file: BinaryIO | None = None
        self._records: list[tuple[str, int]] = []
        self._last: datetime | None = None

    def add(self, request: FeedRequest, poll: Poll, answer: Answer) -> AnswerFile | None:
        """Put an answer down; gives the file when that has made it full."""
        settings = request.settings
        assert poll.answered_at is not None
        record = warc_record(
            Fetched(
                url=poll.url,
                fetched_at=poll.answered_at,
                headers=answer.headers,
                body=answer.body,
                feed_url=settings.url,
                source=settings.name,
                language=settings.language,
                topics=settings.topics,
            ),
            self._level,
        )
        if self._file is None:
            # Two workers never ask the same feed.
            self._path = self._staging.raw / f"{settings.key}.warc.gz.tmp"
            self._file = self._path.open("wb")
        self._records.append((settings.key, self._file.tell()))
        self._file.write(record)
        self._last = poll.answered_at
        return self.finish() if self._file.tell() >= FULL_BYTES else None

    def finish(self) -> AnswerFile | None:
        """Close the file that was begun, if any."""
        if self._file is None or self._last is None:
            return None
        self._file.close()
        path, content_hash, size = adopt(self._path)
        done = AnswerFile(path, content_hash, size, self._last, tuple(self._records))
        self._file, self._records = None, []
        return done

    def close(self) -> None:
        """Leave a file that was begun as it is: the run has failed."""
        if self._file is not None:
            self._file.close()
