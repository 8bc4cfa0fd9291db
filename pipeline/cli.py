"""The command line: ``newsbeam run | check | schema``."""

import logging
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import packages_distributions, version

from pipeline.errors import (
    ExitCode,
    OneLineParser,
    RunFailedError,
    UsageError,
    explain_failure,
)

_OWN_NAMES = ("pipeline", "transforms", "schemas")

Command = Callable[[Sequence[str]], ExitCode]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return ExitCode.DONE if words else ExitCode.USAGE
    if words[0] == "--version":
        print(f"newsbeam {version('newsbeam')}")
        return ExitCode.DONE
    return _guarded(words[0], words[1:])


def _guarded(name: str, arguments: Sequence[str]) -> ExitCode:
    """Run one command and turn what goes wrong into a line and a code."""
    from transforms.lake.errors import LakeError, LakeLockedError

    debug = "--debug" in arguments
    try:
        _refuse_shared_names()
        command = COMMANDS.get(name)
        if command is None:
            raise UsageError(f"unknown command {name}; known are {', '.join(COMMANDS)}")
        return command[0](arguments)
    except UsageError as error:
        explain_failure(error, debug)
        return ExitCode.USAGE
    except LakeLockedError as error:
        explain_failure(error, debug)
        return ExitCode.LOCKED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except (LakeError, RunFailedError, OSError) as error:
        explain_failure(error, debug)
        return ExitCode.FAILED
    except Exception as error:
        if debug:
            raise
        explain_failure(f"defect: {type(error).__name__}: {error}; --debug shows where", debug)
        return ExitCode.FAILED


def _run(arguments: Sequence[str]) -> ExitCode:
    if "--debug" not in arguments:
        # Before Beam is imported: it logs at import, and a worker's traceback with every failure.
        logging.basicConfig(level=logging.CRITICAL)
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    from pipeline.driver import run
    from pipeline.options import own_parser, parse_options

    if "-h" in arguments or "--help" in arguments:
        own_parser().print_help()
        return ExitCode.DONE
    return run(parse_options(arguments)).exit_code


def _check(arguments: Sequence[str]) -> ExitCode:
    from pathlib import Path

    from transforms.lake.check import check_lake
    from transforms.lake.layout import Layout

    parser = OneLineParser(
        prog="newsbeam check",
        description="Prove a lake whole: every committed file is there and is what its commit "
        "says, ids are unique, the history agrees with the tables, the ledger adds up.",
    )
    parser.add_argument("lake", metavar="LAKE")
    parser.add_argument("--debug", action="store_true", help="Print the traceback of an error.")
    lake = Path(parser.parse_args(list(arguments)).lake).expanduser().absolute()
    if not lake.is_dir():
        raise UsageError(f"{lake}: no such folder")
    findings = check_lake(Layout(str(lake)))
    for problem in findings.problems:
        print(problem)
    print(findings.summary)
    return ExitCode.FAILED if findings.problems else ExitCode.DONE


def _schema(arguments: Sequence[str]) -> ExitCode:
    from schemas.describe import FORMATS

    parser = OneLineParser(
        prog="newsbeam schema",
        description="Print every table's columns, their types and their meaning.",
    )
    parser.add_argument("--format", choices=sorted(FORMATS), default="markdown")
    parser.add_argument("--debug", action="store_true", help="Print the traceback of an error.")
    print(FORMATS[parser.parse_args(list(arguments)).format](), end="")
    return ExitCode.DONE


COMMANDS: dict[str, tuple[Command, str]] = {
    "run": (_run, "read documents and add what is new in them to a lake"),
    "check": (_check, "prove a lake whole"),
    "schema": (_schema, "print every table's columns and their meaning"),
}


def _help() -> str:
    lines = [f"  {name:<8} {meaning}" for name, (_, meaning) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: newsbeam COMMAND [options]",
            "",
            "Turn news into data: a Parquet lake with a ledger that adds up.",
            "",
            *lines,
            "",
            "newsbeam COMMAND --help tells the options of each; newsbeam --version the version.",
            "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 more rejects than --max_rejects,",
            "4 the lake is held by another run, 130 stopped by Ctrl-C, 143 by SIGTERM.",
        ]
    )


def _refuse_shared_names() -> None:
    """Stop when another distribution installs a package of one of our names over ours."""
    owners = packages_distributions()
    for name in _OWN_NAMES:
        others = sorted(set(owners.get(name, ())) - {"newsbeam"})
        if others:
            raise UsageError(
                f"the distribution {others[0]} also installs a package named {name!r}; "
                "install newsbeam in an environment of its own"
            )
