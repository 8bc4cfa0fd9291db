"""The time, as polling sees it: passed in, so that a test can play a day in a second."""

import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime
from typing import Any, Protocol


class Clock(Protocol):
    """What tells the time and lets it pass. It travels to the workers, so it must pickle."""

    def now(self) -> datetime:
        """The time, UTC."""

    def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""

    def wait(self, futures: Iterable[Future[Any]], seconds: float | None) -> None:
        """Return when one is done, or so much time has passed; None: when one is done."""


class SystemClock:
    """The computer's own."""

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""
        time.sleep(seconds)

    def wait(self, futures: Iterable[Future[Any]], seconds: float | None) -> None:
        """Return when one is done, or so much time has passed; None: when one is done."""
        wait(futures, seconds, FIRST_COMPLETED)
