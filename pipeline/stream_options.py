"""Options of the local stream: ``newsbeam run --every``."""

import argparse

from pipeline.errors import UsageError
from pipeline.feed_options import interval

_LONGEST_SETTLE = 86_400.0


def add_stream_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the local stream to a parser."""
    parser.add_argument(
        "--every",
        type=interval,
        metavar="TIME",
        help="Keep running: a round every TIME (60s, 5m) over the feeds that are due and the files "
        "that have come. SIGTERM or Ctrl-C ends it after the round's commit, a second one at once "
        "(docs/local_stream.md).",
    )
    parser.add_argument(
        "--done",
        choices=["keep", "move", "delete"],
        default="keep",
        help="What happens to files once they are in the lake: keep leaves them, move puts them "
        "into _done/ of their input folder, delete deletes them; with move and delete, rejected "
        "ones go to _rejected/. Default: keep.",
    )
    parser.add_argument(
        "--settle_seconds",
        type=float,
        default=2.0,
        metavar="S",
        help="With --every, leave files alone that changed in the last S seconds. Default: 2.",
    )
    parser.add_argument(
        "--round_files",
        type=int,
        default=10_000,
        metavar="N",
        help="With --every, read at most N files a round, the oldest first. Default: 10000.",
    )
    parser.add_argument(
        "--round_mb",
        type=int,
        default=1024,
        metavar="MB",
        help="With --every, read at most so many MiB of files a round. Default: 1024.",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="With --every, end after N rounds. Default: never.",
    )
    parser.add_argument(
        "--no_compaction",
        action="store_true",
        default=False,
        help="With --every, do not merge small files between rounds.",
    )
    parser.add_argument(
        "--health_file",
        metavar="FILE",
        help="With --every, write the state of the stream into this file after each round, as "
        "JSON.",
    )
    parser.add_argument(
        "--metrics_address",
        metavar="HOST:PORT",
        help="With --every, offer metrics for Prometheus there. Needs the extra newsbeam[metrics].",
    )
    parser.add_argument(
        "--log_format",
        choices=["text", "json"],
        default="text",
        help="With --every, how a round is told where standard error is no terminal. "
        "Default: text.",
    )


def check_stream_options(own: argparse.Namespace) -> None:
    """Refuse options of the local stream that make no sense.

    Raises:
        UsageError: which one, and why.
    """
    for name in ("round_files", "round_mb"):
        if getattr(own, name) < 1:
            raise UsageError(f"--{name} must be at least 1")
    if not 0 <= own.settle_seconds <= _LONGEST_SETTLE:
        raise UsageError(f"--settle_seconds must be between 0 and {_LONGEST_SETTLE:.0f}")
    if own.rounds is not None and own.rounds < 1:
        raise UsageError("--rounds must be at least 1")
    if own.every is None:
        for name in ("rounds", "health_file", "metrics_address"):
            if getattr(own, name) is not None:
                raise UsageError(f"--{name} has no effect without --every")
    elif own.max_rejects is not None:
        raise UsageError("--max_rejects is for a run that ends; with --every watch the health file")
