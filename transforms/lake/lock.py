"""One writer a lake.

The lock is the kernel's (``flock``), so it ends with its holder, however that dies. The file's text
says who holds it, for people; it decides nothing. The fence against a writer that believes in a
lock it no longer has is the commit itself, see :mod:`transforms.lake.commit`.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from transforms.lake.errors import LakeLockedError
from transforms.lake.layout import Layout


@contextmanager
def locked(layout: Layout, now: datetime) -> Iterator[int]:
    """Hold the lake while the block runs.

    Args:
        layout: the lake.
        now: what to tell others about when it was taken, UTC.

    Yields:
        The attempt number: one more than at the lock's last taking.

    Raises:
        LakeLockedError: another process holds it; the text says who and what to do.
    """
    layout.machinery.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("a+", encoding="utf-8", errors="replace") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LakeLockedError(_who_holds(layout)) from None
        handle.seek(0)
        attempt = _holder(handle.read()).get("attempt", 0)
        attempt = attempt + 1 if isinstance(attempt, int) else 1
        handle.seek(0)
        handle.truncate()
        json.dump(
            {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": now.isoformat(timespec="seconds"),
                "attempt": attempt,
            },
            handle,
        )
        handle.flush()
        yield attempt


def _holder(text: str) -> dict[str, object]:
    """What the lock file says; empty when it was cut short by the death of its writer."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _who_holds(layout: Layout) -> str:
    holder = _holder(layout.lock.read_text(encoding="utf-8", errors="replace"))
    who = (
        f"process {holder['pid']} on {holder['host']} since {holder['since']}"
        if {"pid", "host", "since"} <= holder.keys()
        else "another process"
    )
    return (
        f"{layout.root}: the lake is being written by {who}; wait for it to end, or stop it, "
        "then run again (a dead writer's lock frees itself)"
    )
