"""The health file of a local stream: what probes and people look at while it runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeline.errors import UsageError
from transforms.lake.files import write_whole

HEALTH_VERSION = 1

State = Literal["running", "waiting", "stopping", "stopped", "failing"]

STATES: Mapping[State, str] = {
    "running": "a round is at work",
    "waiting": "the last round is done, the next one is not due yet",
    "stopping": "it was told to stop and ends after the round at work",
    "stopped": "it has ended in good order",
    "failing": "the last round failed and committed nothing; it is tried again",
}


@dataclass(frozen=True, slots=True)
class FilesHealth:
    """Files of the input folders that are not in the lake yet."""

    waiting: int = 0
    """Ready, but beyond what the last round took."""
    writing: int = 0
    """May still be written to."""


@dataclass(frozen=True, slots=True)
class FeedsHealth:
    """Feeds by what is the matter with them; one feed may count in more than one."""

    total: int = 0
    """In the feed list."""
    due: int = 0
    """To be asked now and not asked yet."""
    failing: int = 0
    """Gave no good answer when last asked."""
    gone: int = 0
    """Said that they are gone for good (410); not asked again."""
    forbidden: int = 0
    """Forbidden by robots.txt."""
    gaps: int = 0
    """Times since start that items of a feed may have been missed between two polls."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a stream is. Times are aware, UTC."""

    state: State
    """One of :data:`STATES`."""
    pid: int
    """The process."""
    started_at: datetime
    """When the process began."""
    lake: str
    """Absolute path of the lake."""
    round: int = 0
    """Number of the round at work or, between rounds, of the last; 0 before the first."""
    last_commit: int | None = None
    """Number of the lake's last commit by this process; None before its first."""
    last_commit_at: datetime | None = None
    """When that was made."""
    failed_rounds: int = 0
    """Rounds that failed in a row; 0 after a good one."""
    last_error: str | None = None
    """Why the last of them failed, one line; it stays when rounds are good again."""
    next_round_at: datetime | None = None
    """When the next round begins; None while one is at work and at the end."""
    lag_seconds: float = 0.0
    """How late it is: the age of the file that has waited longest, or how long the most overdue
    feed has been due, whichever is more."""
    files: FilesHealth = FilesHealth()
    feeds: FeedsHealth = FeedsHealth()
    totals: Mapping[str, int] = field(default_factory=dict)
    """Sums over all rounds since start: ``documents`` and the counts of a round's ledger."""


class HealthFile:
    """Keeps one JSON object on the disk up to date, whole at any moment.

    Written at the beginning and the end of each round, so its modification time is a sign of life.

    Args:
        path: the file; its folder must be there.

    Raises:
        UsageError: its folder is not there, or it is itself a folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        if not self.path.parent.is_dir():
            raise UsageError(f"health file {self.path}: there is no folder {self.path.parent}")
        if self.path.is_dir():
            raise UsageError(f"health file {self.path}: is a folder, not a file")

    def write(self, state: Health) -> None:
        """Replace the file.

        Raises:
            OSError: it cannot be written.
        """
        # Not synced: what a power cut takes was about a process that ended with it.
        write_whole(self.path, to_json(state), sync=False)


def to_json(state: Health) -> bytes:
    """The text of the file: ``version`` and the fields of :class:`Health` in their order."""
    document: dict[str, object] = {"version": HEALTH_VERSION}
    document.update((of.name, _plain(getattr(state, of.name))) for of in fields(state))
    return (json.dumps(document, indent=1) + "\n").encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, FilesHealth | FeedsHealth):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    return round(value, 3) if isinstance(value, float) else value
