"""Exit codes, and the errors that end a run with one line.

::

    UsageError            2  the command line or an input path is wrong; nothing was started
    RunFailedError        1  the pipeline failed; nothing was committed
    LakeError             1  the lake refused (transforms.lake.errors)
      LakeLockedError     4  another run holds the lake
"""

import argparse
import sys
import traceback
from enum import IntEnum
from typing import NoReturn


class ExitCode(IntEnum):
    """What the command says to the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    TOO_MANY_REJECTS = 3
    LOCKED = 4
    INTERRUPTED = 130
    TERMINATED = 143


class UsageError(Exception):
    """Wrong usage; the text says what and what to do."""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose errors are :class:`UsageError`, like all others."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments.

        Raises:
            UsageError: always.
        """
        raise UsageError(message)


class RunFailedError(Exception):
    """The pipeline failed; the text is its last error."""


def explain_failure(error: BaseException | str, debug: bool) -> None:
    """Say what went wrong in one line on standard error; the traceback only when asked for."""
    if debug and isinstance(error, BaseException):
        traceback.print_exception(error)
    print(f"newsbeam: error: {error}", file=sys.stderr)
