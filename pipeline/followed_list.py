"""The feed list of ``--feeds``: read once, or again when it changes while a stream runs."""

from pathlib import Path

from pipeline.errors import UsageError
from schemas.feeds import FeedSettings
from transforms.feeds.feed_list import FeedList, FeedListError, read_feed_list


def read_list(path: str) -> FeedList:
    """Read a feed list.

    Raises:
        UsageError: it cannot be read or used.
    """
    try:
        return read_feed_list(Path(path).expanduser().read_bytes(), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except FeedListError as error:
        raise UsageError(str(error)) from error


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
        self.feeds: tuple[FeedSettings, ...] = read_list(path).feeds if path else ()

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
            self.feeds = read_list(self._path).feeds
        except UsageError as error:
            return f"{error}; the list as it was goes on"
        return f"{self._path}: read again, {len(self.feeds):,} feeds"

    def _look(self) -> tuple[int, int] | None:
        try:
            facts = Path(self._path).expanduser().stat() if self._path else None
        except OSError:
            return None
        return (facts.st_mtime_ns, facts.st_size) if facts else None
