"""What ``newsbeam feeds`` and ``newsbeam discover`` say, for people, as JSON and as TOML."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from pipeline.page import Page, plain_console
from transforms.feeds.discover import Discovery
from transforms.feeds.listed import ListNote
from transforms.feeds.outlook import FeedOutlook, HostOutlook, Outlook
from transforms.http.secrets import HIDDEN

MOST_ROWS = 30
"""Rows of one section; JSON has all."""

_One = TypeVar("_One")
_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"))
_ROBOTS = {"forbidden": "forbidden", "ignored": "not obeyed", "unknown": "to be asked"}


def outlook_as_json(name: str, found: Outlook, notes: Sequence[ListNote], now: datetime) -> str:
    """All facts as one JSON object; times are ISO 8601."""
    facts = {"list": name, "at": now, **asdict(found), "notes": [asdict(note) for note in notes]}
    return json.dumps(facts, indent=1, ensure_ascii=False, default=_time)


def print_outlook(name: str, found: Outlook, notes: Sequence[ListNote], now: datetime) -> None:
    """Tables of feeds and hosts, then what needs a look."""
    console = plain_console()
    page = Page(console)
    page.paragraph(_summary(name, found))
    _feeds(console, found.feeds, now)
    _hosts(console, found.hosts)
    _section(
        page,
        "No good answer",
        [feed for feed in found.feeds if feed.failures or feed.when == "never"],
        lambda feed: f"{feed.url}: {_trouble(feed)}",
    )
    _section(
        page,
        "Not set in the environment",
        [feed for feed in found.feeds if feed.missing],
        lambda feed: f"{', '.join(feed.missing)}: {feed.url}",
    )
    _section(
        page,
        "Forbidden by robots.txt",
        [feed for feed in found.feeds if feed.robots == "forbidden"],
        lambda feed: feed.url,
    )
    _section(
        page,
        "Moved for good",
        [feed for feed in found.feeds if feed.moved_to],
        lambda feed: f"{feed.url} to {feed.moved_to}",
    )
    _section(
        page,
        "In the list",
        notes,
        lambda note: note.text if note.line is None else f"line {note.line}: {note.text}",
    )


def _summary(name: str, found: Outlook) -> str:
    counts = {when: sum(feed.when == when for feed in found.feeds) for when in ("now", "later")}
    rest = len(found.feeds) - sum(counts.values())
    longest = max((host.round_seconds for host in found.hosts), default=0.0)
    perday = sum(host.requests_per_day for host in found.hosts)
    return (
        f"{name}: {_count(len(found.feeds), 'feed')} on {_count(len(found.hosts), 'host')}; "
        f"{counts['now']:,} would be asked now, {counts['later']:,} later, {rest:,} not. "
        f"About {perday:,.0f} requests a day; a round now takes {_span(longest)} at least. "
        "No feed was asked."
    )


def _feeds(console: Console, feeds: Sequence[FeedOutlook], now: datetime) -> None:
    console.print()
    table = Table(box=None, pad_edge=False)
    table.add_column("feed", overflow="fold")
    table.add_column("source", overflow="fold")
    table.add_column("next", no_wrap=True)
    table.add_column("every", justify="right", no_wrap=True)
    table.add_column("set by", no_wrap=True)
    table.add_column("robots.txt", no_wrap=True)
    for feed in feeds[:MOST_ROWS]:
        table.add_row(
            feed.url,
            feed.name or "",
            f"in {_span((feed.due - now).total_seconds())}" if feed.due else feed.when,
            _span(feed.interval),
            feed.interval_from,
            _ROBOTS.get(feed.robots, feed.robots),
        )
    console.print(table)
    _more(console, len(feeds))


def _hosts(console: Console, hosts: Sequence[HostOutlook]) -> None:
    console.print()
    table = Table(box=None, pad_edge=False)
    table.add_column("host", overflow="fold")
    for name in ("feeds", "now", "requests a day", "pause", "round"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("asked to wait until", no_wrap=True)
    for host in hosts[:MOST_ROWS]:
        table.add_row(
            host.host,
            f"{host.feeds:,}",
            f"{host.due:,}",
            f"{host.requests_per_day:,.0f}" if host.requests_per_day >= 10 else _few(host),
            _span(host.delay),
            _span(host.round_seconds),
            f"{host.hold_until:%Y-%m-%d %H:%M}" if host.hold_until else "",
        )
    console.print(table)
    _more(console, len(hosts))


def _few(host: HostOutlook) -> str:
    return f"{host.requests_per_day:.1f}"


def _trouble(feed: FeedOutlook) -> str:
    if feed.when == "never":
        return "gone for good (410); take it off the list"
    silent = (
        "never a good one"
        if feed.days_silent is None
        else f"a good one {feed.days_silent:.0f} d ago"
    )
    why = feed.detail or (f"status {feed.status}" if feed.status else "")
    return f"{_count(feed.failures, 'failure')} in a row, {silent}" + (f"; {why}" if why else "")


def _section(page: Page, heading: str, found: Sequence[_One], tell: Callable[[_One], str]) -> None:
    if not found:
        return
    page.heading(heading)
    for one in found[:MOST_ROWS]:
        page.paragraph(tell(one), indent=2)
    if len(found) > MOST_ROWS:
        page.paragraph(f"and {len(found) - MOST_ROWS:,} more", indent=2)


def _more(console: Console, count: int) -> None:
    if count > MOST_ROWS:
        console.print(f"and {count - MOST_ROWS:,} more; --format json has all")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _span(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"


def _time(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def discovery_as_json(url: str, found: Discovery) -> str:
    """What was found and what was tried, as one JSON object; times are ISO 8601."""
    facts = {
        "url": url,
        "feeds": [asdict(feed) for feed in found.feeds],
        "failed": [{"url": url, "why": why} for url, why in found.failed],
    }
    return json.dumps(facts, indent=1, ensure_ascii=False, default=_time)


def discovery_as_toml(found: Discovery) -> str:
    """Tables to paste into a feed list."""
    return "\n".join(_toml_lines(found))


def _toml_lines(found: Discovery) -> Iterable[str]:
    for feed in found.feeds:
        yield "[[feeds]]"
        # A JSON string is a TOML string as long as it can be printed.
        yield f"url = {json.dumps(feed.url, ensure_ascii=False)}"
        if HIDDEN in feed.url:
            yield "# What is hidden above is a secret; write it as ${NAME}."
        if feed.title:
            yield f"# {feed.title}"
        yield ""


def print_discovery(found: Discovery) -> None:
    """A line of facts for each feed, and how many other addresses were tried."""
    page = Page(plain_console())
    for feed in found.feeds:
        page.paragraph(feed.url)
        if feed.title:
            page.paragraph(feed.title, indent=2)
        newest = f", newest {feed.newest:%Y-%m-%d %H:%M} UTC" if feed.newest else ""
        page.paragraph(f"{feed.format}, {_count(feed.items, 'item')}{newest}; {feed.how}", indent=2)
    if found.failed:
        page.line()
        tried = len(found.failed)
        page.paragraph(
            f"{tried} other {'address was' if tried == 1 else 'addresses were'} tried and "
            f"{'is' if tried == 1 else 'are'} no feed; --format json names them."
        )
