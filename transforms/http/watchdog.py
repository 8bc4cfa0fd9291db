"""Deadlines that hold whatever a socket is doing.

The time-out of a socket is one for each read: a server that sends a byte now and then, in the
headers, in the body or in the TLS handshake, never reaches it. Here one thread for all requests
shuts the socket of a request down when its time is over; what was waiting for it then fails.
"""

import heapq
import socket
import threading
import time
from contextlib import suppress
from itertools import count


class Watch:
    """The deadline of one request; made by :meth:`Watchdog.watch`."""

    def __init__(self, lock: threading.Condition, deadline: float) -> None:
        self._lock = lock
        self._socket: socket.socket | None = None
        self.deadline = deadline
        """In seconds of :func:`time.monotonic`."""
        self.over = False
        """The deadline has passed, and the socket was shut down."""

    def attach(self, handle: socket.socket) -> None:
        """Name the socket to shut down; one that comes too late is shut down at once.

        Args:
            handle: a duplicate that nobody else closes before :meth:`end`.
        """
        with self._lock:
            self._socket = handle
            if self.over:
                self.fire()

    def fire(self) -> None:
        """Shut the socket down; the lock is held by the caller."""
        self.over = True
        if self._socket is not None:
            # The peer may have closed the connection already.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> bool:
        """Let go of the socket, after which it is not touched; say whether it was shut down."""
        with self._lock:
            self._socket = None
            return self.over

    def left(self) -> float:
        """Seconds until the deadline, never less than a thousandth."""
        return max(self.deadline - time.monotonic(), 0.001)


class Watchdog:
    """Holds the deadlines; its thread starts with the first and ends with :meth:`close`."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._heap: list[tuple[float, int, Watch]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, seconds: float) -> Watch:
        """Begin a deadline that many seconds from now."""
        watch = Watch(self._lock, time.monotonic() + seconds)
        with self._lock:
            heapq.heappush(self._heap, (watch.deadline, next(self._numbers), watch))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="newsbeam-deadlines", daemon=True
                )
                self._thread.start()
            if self._heap[0][2] is watch:
                self._lock.notify()
        return watch

    def close(self) -> None:
        """End the thread; deadlines that have not passed are forgotten."""
        with self._lock:
            self._closed = True
            self._lock.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._lock:
            while not self._closed:
                if not self._heap:
                    self._lock.wait()
                    continue
                left = self._heap[0][0] - time.monotonic()
                if left > 0:
                    self._lock.wait(left)
                else:
                    heapq.heappop(self._heap)[2].fire()
