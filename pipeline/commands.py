"""What each command of :mod:`pipeline.cli` does.

Modules are imported inside the commands: ``newsbeam check`` need not wait for Beam.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ExitCode, OneLineParser, UsageError, explain_failure

if TYPE_CHECKING:
    from transforms.lake.layout import Layout


def run(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam run``."""
    if "--debug" not in arguments:
        # Before Beam is imported: it logs at import, and a worker's traceback with every failure.
        logging.basicConfig(level=logging.CRITICAL)
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    from pipeline.driver import run
    from pipeline.options import NewsbeamOptions, own_parser, parse_options

    if "-h" in arguments or "--help" in arguments:
        own_parser().print_help()
        return ExitCode.DONE
    options = parse_options(arguments)
    if options.view_as(NewsbeamOptions).every is not None:
        from pipeline.loop import stream

        return stream(options)
    return run(options).exit_code


def check(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam check``."""
    from transforms.lake.check import check_lake
    from transforms.lake.layout import Layout

    parser = OneLineParser(
        prog="newsbeam check",
        description="Prove a lake whole: every committed file is there and is what its commit "
        "says, ids are unique, the history agrees with the tables, the ledger adds up.",
    )
    parser.add_argument("lake", metavar="LAKE")
    add_debug(parser)
    lake = Path(parser.parse_args(list(arguments)).lake).expanduser().absolute()
    if not lake.is_dir():
        raise UsageError(f"{lake}: no such folder")
    findings = check_lake(Layout(str(lake)))
    for problem in findings.problems:
        print(problem)
    print(findings.summary)
    return ExitCode.FAILED if findings.problems else ExitCode.DONE


def explain(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam explain``."""
    from pipeline.explain import as_json, print_facts
    from transforms.lake.explain import AmbiguousIdError
    from transforms.lake.explain import explain as gather

    parser = OneLineParser(
        prog="newsbeam explain",
        description="Tell how an item got where it is: why it was kept, what changed and when, "
        "what was merged into it or what it repeats, where its date comes from, or why it was "
        "refused.",
    )
    parser.add_argument("lake", metavar="LAKE")
    parser.add_argument(
        "item",
        metavar="ID|URL",
        help="An article_id, item_id or reject_id, or its first 8 digits or more; else the "
        "address of an item, in any form; else its guid.",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_debug(parser)
    given = parser.parse_args(list(arguments))
    layout = lake_in(given.lake)
    try:
        facts = gather(layout, given.item)
    except AmbiguousIdError as error:
        raise UsageError(str(error)) from error
    if not facts:
        explain_failure(f"{layout.root}: no item has the id, address or guid {given.item}", False)
        return ExitCode.FAILED
    if given.format == "json":
        print(as_json(facts, given.item, layout.root))
    else:
        print_facts(facts, layout.root)
    return ExitCode.DONE


def sources(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam sources``."""
    from pipeline.source_page import as_json, print_sources
    from transforms.lake.sources import source_facts

    parser = OneLineParser(
        prog="newsbeam sources",
        description="Tell what a lake knows of its sources: how many items they gave, whether "
        "their guids are believed, and which rows speak against it.",
    )
    parser.add_argument("lake", metavar="LAKE")
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="One source; else all.")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_debug(parser)
    given = parser.parse_args(list(arguments))
    layout = lake_in(given.lake)
    facts = source_facts(layout, given.source)
    if not facts:
        explain_failure(f"{layout.root}: no source is named {given.source}", False)
        return ExitCode.FAILED
    if given.format == "json":
        print(as_json(facts))
    else:
        print_sources(facts)
    return ExitCode.DONE


def schema(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam schema``."""
    from schemas.describe import FORMATS

    parser = OneLineParser(
        prog="newsbeam schema",
        description="Print every table's columns, their types and their meaning.",
    )
    parser.add_argument("--format", choices=sorted(FORMATS), default="markdown")
    add_debug(parser)
    print(FORMATS[parser.parse_args(list(arguments)).format](), end="")
    return ExitCode.DONE


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Add ``--debug`` to the options of a command."""
    parser.add_argument("--debug", action="store_true", help="Print the traceback of an error.")


def lake_in(folder: str) -> "Layout":
    """The lake in a folder.

    Raises:
        UsageError: there is none.
    """
    from transforms.lake.commit import latest_number
    from transforms.lake.layout import Layout

    layout = Layout(str(Path(folder).expanduser().absolute()))
    if not latest_number(layout):
        raise UsageError(f"{layout.root}: not a lake: no commit")
    return layout
