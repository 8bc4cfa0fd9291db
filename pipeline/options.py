"""newsbeam's own options, beside Beam's."""

import argparse
import difflib
from collections.abc import Sequence
from importlib.util import find_spec

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

from pipeline.errors import OneLineParser, UsageError
from pipeline.feed_options import add_feed_options, check_feed_options
from pipeline.sources import compile_pattern
from pipeline.stream_options import add_stream_options, check_stream_options

DEFAULT_RUNNER = "FnApiRunner"
MOST_WINDOW_HOURS = 24 * 3660


class NewsbeamOptions(PipelineOptions):
    """Options of ``newsbeam run``."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--input",
            metavar="PATHS",
            help="What to read: files, folders (all files below them) and globs (** goes deep), "
            "parted by commas; - reads a list of paths from standard input, one a line.",
        )
        parser.add_argument(
            "--output",
            metavar="LAKE",
            help="Folder of the lake; made when it is not there.",
        )
        parser.add_argument(
            "--path_pattern",
            metavar="REGEX",
            help="Look for this Python regular expression in each file's absolute path; its named "
            "groups, any of fetched_at, source and url, say of a file what its sidecar does not. "
            "Default: a file without a sidecar was fetched when it was last modified.",
        )
        parser.add_argument(
            "--max_rejects",
            type=int,
            metavar="N",
            help="Exit with code 3 when more than N documents and items were rejected. What could "
            "be read is committed all the same. Default: no limit.",
        )
        parser.add_argument(
            "--max_document_bytes",
            type=int,
            default=32 << 20,
            metavar="N",
            help="Reject documents that are, or decompress to, more than N bytes. "
            "Default: 33554432.",
        )
        parser.add_argument(
            "--max_items_per_document",
            type=int,
            default=100_000,
            metavar="N",
            help="Reject documents with more than N items. Default: 100000.",
        )
        parser.add_argument(
            "--headline_window_hours",
            type=float,
            default=72.0,
            metavar="H",
            help="How far apart two equal headlines may be and still be one story. Default: 72.",
        )
        parser.add_argument(
            "--target_file_mb",
            type=int,
            default=64,
            metavar="MB",
            help="Largest Parquet file to aim at, before compression, in MiB. Default: 64.",
        )
        parser.add_argument(
            "--language_engine",
            choices=["langdetect", "fast"],
            default="langdetect",
            help="Language detector. 'fast' needs the extra newsbeam[fast]. Default: langdetect.",
        )
        add_feed_options(parser)
        add_stream_options(parser)
        parser.add_argument(
            "--debug",
            action="store_true",
            default=False,
            help="Print the traceback of an error and Beam's own log.",
        )


def own_parser() -> argparse.ArgumentParser:
    """A parser of newsbeam's own options alone, for ``--help`` and the docs."""
    parser = argparse.ArgumentParser(
        prog="newsbeam run",
        usage="newsbeam run [--input PATHS] [--feeds FILE] --output LAKE [options] "
        "[any Beam option]",
        description="Read files and ask feeds, and add what is new in them to the lake.",
        epilog="Every option of Apache Beam can be given too: --runner (default "
        f"{DEFAULT_RUNNER}), --direct_running_mode=multi_processing with --direct_num_workers=N "
        "to use N cores, and so on.",
        allow_abbrev=False,
    )
    NewsbeamOptions._add_argparse_args(parser)
    return parser


def parse_options(arguments: Sequence[str]) -> PipelineOptions:
    """Read the options of ``newsbeam run``.

    Raises:
        UsageError: an option nobody knows, a missing one, or a combination that loses data.
    """
    _refuse_unknown(arguments)
    options = PipelineOptions(list(arguments))
    own = options.view_as(NewsbeamOptions)
    if not own.output:
        raise UsageError("--output is missing; see newsbeam run --help")
    if not own.input and not own.feeds:
        raise UsageError("--input or --feeds is missing; see newsbeam run --help")
    check_feed_options(own)
    check_stream_options(own)
    for name in ("max_document_bytes", "max_items_per_document", "target_file_mb"):
        if getattr(own, name) < 1:
            raise UsageError(f"--{name} must be at least 1")
    if not 0 <= own.headline_window_hours <= MOST_WINDOW_HOURS:
        raise UsageError(f"--headline_window_hours must be between 0 and {MOST_WINDOW_HOURS}")
    if own.max_rejects is not None and own.max_rejects < 0:
        raise UsageError("--max_rejects must not be negative")
    if own.path_pattern is not None:
        compile_pattern(own.path_pattern)
    if own.language_engine == "fast" and find_spec("langdetect_rs") is None:
        raise UsageError("--language_engine=fast needs: pip install 'newsbeam[fast]'")
    standard = options.view_as(StandardOptions)
    if standard.runner is None:
        standard.runner = DEFAULT_RUNNER
    _refuse_lossy(options)
    return options


def _refuse_unknown(arguments: Sequence[str]) -> None:
    parser = OneLineParser(allow_abbrev=False, add_help=False)
    for cls in {str(cls): cls for cls in PipelineOptions.__subclasses__()}.values():
        cls._add_argparse_args(parser)
    _, unknown = parser.parse_known_args(list(arguments))
    for word in unknown:
        name = word.split("=", 1)[0]
        known = [option for action in parser._actions for option in action.option_strings]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else "; see newsbeam run --help"
        raise UsageError(f"unknown option {word}{hint}")


def _refuse_lossy(options: PipelineOptions) -> None:
    """Refuse what was seen to lose rows without a word (docs/decisions/0004)."""
    if options.view_as(DirectOptions).direct_running_mode == "multi_threading":
        raise UsageError(
            "--direct_running_mode=multi_threading loses rows silently in Beam's local runner; "
            "use in_memory (the default) or multi_processing"
        )
    local = options.view_as(DirectOptions)
    if (
        options.view_as(NewsbeamOptions).every is not None
        and local.direct_running_mode == "multi_processing"
    ):
        raise UsageError(
            "--every runs in one process: starting workers takes longer than a round does"
        )
    if local.direct_num_workers not in (None, 1) and local.direct_running_mode == "in_memory":
        raise UsageError(
            "--direct_num_workers has no effect without --direct_running_mode=multi_processing"
        )
    runner = str(options.view_as(StandardOptions).runner).rsplit(".", 1)[-1].casefold()
    if runner == "bundlebaseddirectrunner":
        raise UsageError(
            "BundleBasedDirectRunner mixes up outputs that are used as side inputs; use FnApiRunner"
        )
    if runner == "daskrunner":
        raise UsageError(
            "DaskRunner drops what a bundle emits at its end and reports success; use FnApiRunner"
        )
    if runner in ("directrunner", "switchingdirectrunner"):
        raise UsageError(
            "DirectRunner runs on whatever engine it can download; name one: --runner=FnApiRunner"
        )
