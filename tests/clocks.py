"""A clock that goes on when everybody waits, and only then.

Threads that poll sleep until the clock has come so far; it goes on when all that are at work sleep.
What else sleeps, such as a test between two runs, moves it at once.
"""

import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.002


class _Time:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.changed = threading.Condition()
        self.wakes: dict[int, datetime] = {}


_TIMES: list[_Time] = []


class FakeClock:
    """Copies of it, pickled ones too, tell one time.

    Args:
        start: what it tells first.
    """

    def __init__(self, start: datetime = START) -> None:
        self._number = len(_TIMES)
        _TIMES.append(_Time(start))

    @property
    def _time(self) -> _Time:
        return _TIMES[self._number]

    def now(self) -> datetime:
        return self._time.now

    def sleep(self, seconds: float) -> None:
        time, span = self._time, timedelta(seconds=max(seconds, 0.0))
        with time.changed:
            wake = time.now + span
            if not threading.current_thread().name.startswith("poll"):
                time.now = wake
                return
            me = threading.get_ident()
            time.wakes[me] = wake
            assert time.changed.wait_for(lambda: time.now >= wake, _PATIENCE_SECONDS)
            del time.wakes[me]

    def wait(self, futures: Iterable[Future[Any]], seconds: float | None) -> None:
        time, left = self._time, list(futures)
        until = None if seconds is None else time.now + timedelta(seconds=seconds)
        while not any(future.done() for future in left):
            with time.changed:
                asleep = [wake for wake in time.wakes.values() if wake > time.now]
                if len(asleep) == len(left):
                    wake = min(asleep)
                    time.now = wake if until is None else min(wake, until)
                    time.changed.notify_all()
                    if time.now == until:
                        return
            wait(left, _LOOK_SECONDS, FIRST_COMPLETED)
