"""Options about feeds, and what they come to."""

import argparse
import math
from importlib.metadata import version

from pipeline.errors import UsageError
from transforms.feeds.ask import PollSettings
from transforms.feeds.schedule import PollLimits
from transforms.feeds.toml_list import read_interval
from transforms.http.fetcher import FetchLimits

_LONGEST_FETCH = 3600.0
MOST_POLL_SECONDS = 600.0
"""How long feeds are asked in a run that is not one of a stream."""
LEAST_POLL_SECONDS = 30.0
"""How long they are asked in a short round of a stream."""


def interval(text: str) -> float:
    """Read a time such as ``90s`` or ``15m`` for argparse; seconds."""
    try:
        return read_interval(float(text) if text.replace(".", "", 1).isdigit() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_feed_options(parser: argparse.ArgumentParser) -> None:
    """Add the options about feeds to a parser."""
    parser.add_argument(
        "--feeds",
        metavar="FILE",
        help="Ask the feeds of this list that are due: OPML, TOML or one address a line "
        "(docs/feeds.md).",
    )
    parser.add_argument(
        "--contact",
        metavar="TEXT",
        help="An e-mail address or a web page by which publishers can reach you; it stands in the "
        "User-Agent of every request.",
    )
    parser.add_argument(
        "--robots",
        choices=["obey", "ignore"],
        default="obey",
        help="Whether robots.txt is obeyed, its Crawl-delay too. A feed list may say otherwise for "
        "a feed. Default: obey.",
    )
    parser.add_argument(
        "--host_delay_seconds",
        type=float,
        default=1.0,
        metavar="S",
        help="Time between two requests to one host, which are never under way together. "
        "Default: 1.",
    )
    parser.add_argument(
        "--poll_connections",
        type=int,
        default=32,
        metavar="N",
        help="How many hosts are asked at once. Default: 32.",
    )
    parser.add_argument(
        "--poll_seconds",
        type=float,
        metavar="S",
        help="Ask feeds for S seconds a run at most; the others stay due. "
        "Default: 600, and with --every the time between two rounds, 30 at least.",
    )
    parser.add_argument(
        "--min_poll_interval",
        type=interval,
        default=300.0,
        metavar="TIME",
        help="No feed is asked more often, whatever it says: 90s, 15m, 6h, 1d. Default: 5m.",
    )
    parser.add_argument(
        "--poll_interval",
        type=interval,
        default=1800.0,
        metavar="TIME",
        help="Time between the first two polls of a feed; later ones follow how often it changes. "
        "Default: 30m.",
    )
    parser.add_argument(
        "--max_poll_interval",
        type=interval,
        default=86_400.0,
        metavar="TIME",
        help="A feed that does not fail is asked at least so often. Default: 1d.",
    )
    parser.add_argument(
        "--fetch_seconds",
        type=float,
        default=90.0,
        metavar="S",
        help="Give a request up after S seconds, redirects included. Default: 90.",
    )
    parser.add_argument(
        "--proxy",
        metavar="URL",
        help="Make all requests through this HTTP proxy. Default: none; the environment's is not "
        "used.",
    )
    parser.add_argument(
        "--allow_private_hosts",
        action="store_true",
        default=False,
        help="Ask feeds at loopback, private and link-local addresses too.",
    )
    parser.add_argument(
        "--archive",
        action="store_true",
        default=False,
        help="Keep every fetched document as WARC under the lake's raw/; --input LAKE/raw reads it "
        "again.",
    )


def check_feed_options(own: argparse.Namespace) -> None:
    """Refuse options about feeds that make no sense.

    Raises:
        UsageError: which one, and why.
    """
    if not 0 <= own.host_delay_seconds <= _LONGEST_FETCH:
        raise UsageError(f"--host_delay_seconds must be between 0 and {_LONGEST_FETCH:.0f}")
    if not 1 <= own.poll_connections <= 1000:
        raise UsageError("--poll_connections must be between 1 and 1000")
    if own.poll_seconds is not None and not 0 < own.poll_seconds < math.inf:
        raise UsageError("--poll_seconds must be more than 0")
    if not 0 < own.fetch_seconds <= _LONGEST_FETCH:
        raise UsageError(f"--fetch_seconds must be between 0 and {_LONGEST_FETCH:.0f}")
    if not own.min_poll_interval <= own.poll_interval <= own.max_poll_interval:
        raise UsageError(
            "--min_poll_interval, --poll_interval and --max_poll_interval must be in this order"
        )
    if own.contact is not None and not (own.contact.isascii() and own.contact.isprintable()):
        raise UsageError("--contact has characters that no header may have; use ASCII")
    if own.proxy is not None and not own.proxy.lower().startswith("http://"):
        raise UsageError("--proxy must be the address of an HTTP proxy: http://host:port")


def poll_settings(own: argparse.Namespace) -> PollSettings:
    """How feeds are asked, by the options."""
    return PollSettings(
        fetch=FetchLimits(
            total_seconds=own.fetch_seconds,
            max_bytes=own.max_document_bytes,
            allow_private_hosts=own.allow_private_hosts,
            user_agent=user_agent(own.contact),
            proxy=own.proxy,
        ),
        schedule=PollLimits(
            min_interval=own.min_poll_interval,
            default_interval=own.poll_interval,
            max_interval=own.max_poll_interval,
        ),
        delay=own.host_delay_seconds,
        connections=own.poll_connections,
        seconds=_seconds(own),
        robots=own.robots == "obey",
        archive=own.archive,
    )


def _seconds(own: argparse.Namespace) -> float:
    if own.poll_seconds is not None:
        return float(own.poll_seconds)
    every = getattr(own, "every", None)
    return MOST_POLL_SECONDS if every is None else max(every, LEAST_POLL_SECONDS)


def user_agent(contact: str | None) -> str:
    """Who asks, and how to reach whoever runs it: ``newsbeam/1.0 (+mailto:…)``."""
    ours = f"newsbeam/{version('newsbeam')}"
    return f"{ours} (+{contact})" if contact else f"{ours} (feed reader; no contact given)"
