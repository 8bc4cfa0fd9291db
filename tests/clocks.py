"""A clock that goes on when somebody sleeps, and only then."""

import threading
from collections.abc import Iterable
from concurrent.futures import Future, wait
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_LOCK = threading.Lock()
_TIMES: dict[int, datetime] = {}


class FakeClock:
    """Copies of it, pickled ones too, tell one time.

    Args:
        start: what it tells first.
    """

    def __init__(self, start: datetime = START) -> None:
        with _LOCK:
            self._number = len(_TIMES)
            _TIMES[self._number] = start

    def now(self) -> datetime:
        with _LOCK:
            return _TIMES[self._number]

    def sleep(self, seconds: float) -> None:
        with _LOCK:
            _TIMES[self._number] += timedelta(seconds=seconds)

    def wait(self, futures: Iterable[Future[Any]], seconds: float | None) -> None:
        wait(list(futures))
