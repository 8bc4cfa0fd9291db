"""What is counted and written down of a run."""

from dataclasses import dataclass
from datetime import date, datetime

from schemas.feeds import FeedReading, HostState, Poll
from schemas.judgement import Outcome
from schemas.records import Hash64


@dataclass(frozen=True, slots=True)
class InputCount:
    """How many documents a planned file or a fetched answer held."""

    documents: int
    """Those that were rejected included; an archive may hold many, or none."""


@dataclass(frozen=True, slots=True)
class DocumentCount:
    """What was read from one document: the left side of the ledger's equations."""

    source: str
    documents_parsed: int
    """1, or 0 when the document was rejected as a whole."""
    documents_rejected: int
    items_read: int
    """Entries the parser counted, those it rejected included."""
    refused: str | None = None
    """The address of a document that was rejected."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of the ``runs`` table: a source in a run, or the run as a whole."""

    run_id: str
    source: str | None
    """None on the run's own row."""
    started_at: datetime
    documents_read: int
    documents_parsed: int
    documents_rejected: int
    items_read: int
    items_new: int
    items_revised: int
    items_unchanged: int
    items_duplicate: int
    items_rejected: int
    rejects_repeated: int
    """Of the rejected documents and items, those already in the lake and so not stored again."""
    feeds_due: int = 0
    """Feeds that were to be asked; like all below 0 but on the run's own row."""
    feeds_fetched: int = 0
    feeds_not_modified: int = 0
    feeds_failed: int = 0
    feeds_gone: int = 0
    feeds_forbidden: int = 0
    feeds_deferred: int = 0
    gaps: int = 0
    """Feeds that shared no item with their last poll."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file a run wrote, as the commit record names it."""

    table: str
    """``articles``, ``duplicates``, ``rejects``, ``runs``, ``polls``; ``keys`` and ``index`` of the
    history; ``feeds`` and ``hosts``, what is remembered of them; ``raw``, fetched documents."""
    date: date | None
    """The partition; None for files of the machinery."""
    path: str
    """Relative to the lake."""
    staged: str
    """Relative to the run's staging folder."""
    rows: int
    bytes: int
    xxh128: str
    """Hash of the file's bytes, 32 hex digits."""


OutcomeCount = tuple[str, Outcome, bool, int]
"""(source, outcome, whether the rows stand for whole documents, number of rows)"""


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file in staging and what its rows are."""

    file: DataFile
    counts: tuple[OutcomeCount, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the judge decided over a whole run."""

    counts: tuple[OutcomeCount, ...]
    documents: tuple[Hash64, ...]
    """Keys of documents whose bytes were read for the first time."""
    files: tuple[DataFile, ...]
    """What the run adds to the history; empty when nothing changed."""
    segments: tuple[str, ...]
    """Paths of the segments of the history that are live after it, the oldest first."""


@dataclass(frozen=True, slots=True)
class Counted:
    """All that a run counted and wrote, apart from what the judge decided."""

    written: tuple[Written, ...]
    inputs: tuple[InputCount, ...]
    documents: tuple[DocumentCount, ...]
    polls: tuple[Poll, ...] = ()
    readings: tuple[FeedReading, ...] = ()
    hosts: tuple[HostState, ...] = ()
