"""The command line: ``newsbeam COMMAND``; the commands are those of :data:`COMMANDS`."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import packages_distributions, version

from pipeline import commands, compact_command, feed_commands
from pipeline.errors import ExitCode, RunFailedError, UsageError, explain_failure

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


COMMANDS: dict[str, tuple[Command, str]] = {
    "run": (commands.run, "read files and ask feeds, and add what is new to a lake"),
    "feeds": (feed_commands.feeds, "tell what a feed list would ask, and when; asks nothing"),
    "discover": (feed_commands.discover, "find the feeds of a site"),
    "compact": (compact_command.compact, "merge a lake's small files"),
    "check": (commands.check, "prove a lake whole"),
    "explain": (commands.explain, "tell how an item got where it is"),
    "sources": (commands.sources, "tell what is known of each source and its keys"),
    "schema": (commands.schema, "print every table's columns and their meaning"),
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
