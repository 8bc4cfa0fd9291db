"""A feed list that is read again when it changes while a stream runs."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.rounds import read_feeds
from schemas.feeds import FeedSettings


class FollowedList:
    """The feeds of a list, as it is now.

    Args:
        path: of the list; None: no feeds.

    Raises:
        UsageError: it cannot be read or used.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._stamp = self._look()
        self.feeds: tuple[FeedSettings, ...] = read_feeds(path) if path else ()

    def refresh(self) -> str | None:
        """Read the list again if it has changed; one that cannot be used changes nothing.

        Returns:
            What a person should know of it.
        """
        stamp = self._look()
        if self._path is None or stamp in (None, self._stamp):
            return None
        self._stamp = stamp
        try:
            self.feeds = read_feeds(self._path)
        except UsageError as error:
            return f"{error}; the list as it was goes on"
        return f"{self._path}: read again, {len(self.feeds):,} feeds"

    def _look(self) -> tuple[int, int] | None:
        try:
            facts = Path(self._path).expanduser().stat() if self._path else None
        except OSError:
            return None
        return (facts.st_mtime_ns, facts.st_size) if facts else None
