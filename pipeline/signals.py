"""Ctrl-C and SIGTERM: end at once and safely, or after the round at work.

Every state on disk is one that the next run recovers from, so there is nothing to tear down; a
Python pipeline left to itself would hang on its worker threads.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from pipeline.errors import ExitCode
from pipeline.report import messages_to
from transforms.lake.commit import latest_number
from transforms.lake.layout import Layout, Staging

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ending_at_once(layout: Layout) -> Iterator[None]:
    """End at the first signal."""
    before_run = latest_number(layout)

    def stop(number: int, _: FrameType | None) -> None:
        _end(number, _what_was_made(layout, before_run))

    with _handling(stop):
        yield


class Stopping:
    """Whether a stream was told to stop; a second signal ends it at once.

    Args:
        layout: the lake.
    """

    def __init__(self, layout: Layout) -> None:
        self.asked = threading.Event()
        self._layout = layout
        self._staging: Staging | None = None

    def watch(self, staging: Staging | None) -> None:
        """Say which round is at work, if any: when it is told to stop, it asks no more feeds."""
        self._staging = staging
        self._pass_on()

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Handle signals while the block runs."""
        before = latest_number(self._layout)

        def stop(number: int, _: FrameType | None) -> None:
            if self.asked.is_set():
                _end(number, _what_was_made(self._layout, before))
            self.asked.set()
            self._pass_on()

        with _handling(stop):
            yield

    def _pass_on(self) -> None:
        staging = self._staging
        if self.asked.is_set() and staging is not None:
            # It may be gone already, or not be there yet; whoever makes it calls this again.
            with suppress(OSError):
                staging.stop.touch()


@contextmanager
def _handling(stop: object) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers; the host program then decides about signals.
        yield
        return
    handlers = {number: signal.signal(number, stop) for number in _SIGNALS}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _what_was_made(layout: Layout, before: int) -> str:
    made = latest_number(layout) > before
    return (
        "its commit was made; the next run finishes it"
        if made
        else "nothing was committed; run it again"
    )


def _end(number: int, what: str) -> None:
    # Nothing but system calls: the signal may have come in the middle of anything.
    # The progress display hides the cursor; nothing else will show it again.
    cursor = "\x1b[?25h" if os.isatty(messages_to()) else ""
    line = f"{cursor}newsbeam: stopped by {signal.Signals(number).name}: {what}\n"
    os.write(messages_to(), line.encode())
    os._exit(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)
