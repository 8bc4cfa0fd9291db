"""``newsbeam feeds`` and ``newsbeam discover``: a look at feeds before they are polled.

Modules are imported inside the commands, as in :mod:`pipeline.commands`.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.commands import add_debug, lake_in
from pipeline.errors import ExitCode, OneLineParser, UsageError, explain_failure

if TYPE_CHECKING:
    from schemas.feeds import HostState
    from transforms.feeds.ask import PollSettings
    from transforms.feeds.discover import Fetched
    from transforms.feeds.feed_list import FeedList
    from transforms.http.fetcher import Fetcher
    from transforms.lake.feeds import States

_SHARED = (
    "--robots",
    "--contact",
    "--host_delay_seconds",
    "--min_poll_interval",
    "--poll_interval",
    "--max_poll_interval",
    "--fetch_seconds",
    "--proxy",
    "--allow_private_hosts",
)
"""Options of ``newsbeam run`` that change what a dry run says."""

DISCOVER_DELAY = 1.0
"""Seconds between two requests of ``newsbeam discover`` to one host."""


def feeds(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam feeds``."""
    from pipeline.feed_options import check_feed_options, poll_settings
    from pipeline.feeds_page import outlook_as_json, print_outlook
    from pipeline.followed_list import read_list
    from transforms.feeds.outlook import outlook

    parser = OneLineParser(
        prog="newsbeam feeds",
        description="Read a feed list and tell what a run would ask and when, without asking any "
        "feed: a dry run.",
        allow_abbrev=False,
    )
    parser.add_argument("list", metavar="FILE", help="TOML, OPML or one address a line.")
    parser.add_argument("--lake", metavar="LAKE", help="What this lake remembers of them counts.")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--fetch_robots",
        action="store_true",
        help="Ask each host for its robots.txt, unless the lake has one of today.",
    )
    _add_shared(parser)
    given = parser.parse_args(list(arguments))
    check_feed_options(given)
    settings = poll_settings(given)
    found = read_list(given.list)
    states, hosts = _remembered(given.lake)
    now = datetime.now(UTC)
    if given.fetch_robots:
        hosts = hosts | _robots_of(found, (states, hosts), settings, now)
    facts = outlook(found.feeds, states, hosts, os.environ, settings, now)
    if given.format == "json":
        print(outlook_as_json(given.list, facts, found.notes, now))
    else:
        print_outlook(given.list, facts, found.notes, now)
    return ExitCode.DONE


def _add_shared(parser: argparse.ArgumentParser) -> None:
    from pipeline.feed_options import add_feed_options

    options = argparse.ArgumentParser(add_help=False)
    add_feed_options(options)
    for action in options._actions:
        if action.option_strings[0] in _SHARED:
            parser._add_action(action)
        else:
            parser.set_defaults(**{action.dest: action.default})
    add_debug(parser)
    parser.set_defaults(max_document_bytes=32 << 20)


def _remembered(folder: str | None) -> "States":
    if folder is None:
        return {}, {}
    from transforms.lake.feeds import read_feed_states

    return read_feed_states(lake_in(folder))


def _robots_of(
    found: "FeedList", known: "States", settings: "PollSettings", now: datetime
) -> "dict[str, HostState]":
    """Ask for every robots.txt that a run would ask for; hosts are asked side by side."""
    from schemas.feeds import HostState
    from transforms.feeds.outlook import robots_wanted
    from transforms.http.errors import FetchError

    states, hosts = known
    wanted = robots_wanted(found.feeds, states, hosts, settings, now)
    fetcher = _fetcher(settings)

    def ask(item: tuple[str, str]) -> HostState:
        host, url = item
        state = replace(hosts.get(host) or HostState(host), robots=None, robots_at=now)
        try:
            answer = fetcher.fetch(url, {}, {}, lambda _: None)
        except FetchError as error:
            return replace(state, robots_status=error.status)
        body = answer.body if answer.status == 200 else None
        return replace(state, robots_status=answer.status, robots=body)

    try:
        with ThreadPoolExecutor(settings.connections) as pool:
            return {state.host: state for state in pool.map(ask, wanted.items())}
    finally:
        fetcher.close()


def _fetcher(settings: "PollSettings") -> "Fetcher":
    from transforms.http.fetcher import Fetcher

    try:
        return Fetcher(settings.fetch)
    except ValueError as error:
        raise UsageError(f"--proxy: {error}") from error


def discover(arguments: Sequence[str]) -> ExitCode:
    """``newsbeam discover``."""
    from pipeline.feed_options import user_agent
    from pipeline.feeds_page import discovery_as_json, discovery_as_toml, print_discovery
    from transforms.feeds.ask import PollSettings
    from transforms.feeds.discover import NotFetchedError, discover_feeds
    from transforms.feeds.listed import checked_address
    from transforms.http.fetcher import FetchLimits
    from transforms.http.secrets import public_url

    parser = OneLineParser(
        prog="newsbeam discover",
        description="Find the feeds of a web page: those it declares, those it links to, and when "
        "it declares none those in the usual places. Each is fetched and read.",
        allow_abbrev=False,
    )
    parser.add_argument("url", metavar="URL", help="A page, or a feed itself.")
    parser.add_argument(
        "--format",
        choices=("text", "json", "toml"),
        default="text",
        help="toml: tables to paste into a feed list.",
    )
    parser.add_argument("--contact", metavar="TEXT", help="Stands in the User-Agent.")
    parser.add_argument("--proxy", metavar="URL", help="Make all requests through this proxy.")
    parser.add_argument(
        "--allow_private_hosts",
        action="store_true",
        help="Ask loopback, private and link-local addresses too.",
    )
    add_debug(parser)
    given = parser.parse_args(list(arguments))
    try:
        url = checked_address(given.url, variables=False)
    except ValueError as error:
        raise UsageError(f"the address {error}") from error
    limits = FetchLimits(
        allow_private_hosts=given.allow_private_hosts,
        user_agent=user_agent(given.contact),
        proxy=given.proxy,
    )
    fetcher = _fetcher(PollSettings(fetch=limits))
    shown = public_url(url)
    try:
        found = discover_feeds(url, PoliteFetch(fetcher, DISCOVER_DELAY), datetime.now(UTC))
    except NotFetchedError as error:
        explain_failure(f"{shown}: {error}", given.debug)
        return ExitCode.FAILED
    finally:
        fetcher.close()
    if given.format == "json":
        print(discovery_as_json(shown, found))
    elif not found.feeds:
        explain_failure(f"{shown}: no feed found; addresses tried: {len(found.failed)}", False)
    elif given.format == "toml":
        print(discovery_as_toml(found))
    else:
        print_discovery(found)
    return ExitCode.DONE if found.feeds else ExitCode.FAILED


class PoliteFetch:
    """Asks addresses with a pause between two requests to one host.

    Args:
        fetcher: makes the requests.
        delay: seconds.
    """

    def __init__(self, fetcher: "Fetcher", delay: float) -> None:
        self._fetcher = fetcher
        self._delay = delay
        self._free: dict[str, float] = {}

    def __call__(self, url: str) -> "Fetched":
        """Ask an address.

        Raises:
            NotFetchedError: there is no answer, or it is no success.
        """
        from transforms.feeds.discover import Fetched, NotFetchedError
        from transforms.http.errors import FetchError
        from transforms.http.headers import header

        try:
            answer = self._fetcher.fetch(url, {}, {}, self._wait)
        except FetchError as error:
            raise NotFetchedError(error.detail) from error
        if answer.status != 200:
            raise NotFetchedError(f"status {answer.status}")
        # An answer's address has lost its user name and password, which the page's own links need.
        where = answer.url if answer.hops else url
        return Fetched(where, answer.body, header(answer.headers, "content-type"))

    def _wait(self, host: str) -> None:
        now = time.monotonic()
        start = max(now, self._free.get(host, now))
        self._free[host] = start + self._delay
        time.sleep(start - now)
