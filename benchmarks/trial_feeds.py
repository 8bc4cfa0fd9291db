"""The feeds of the polling trial: what they publish, and when."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

import xxhash

HOUR = timedelta(hours=1)
RHYTHMS = (600, 1_200, 3_600, 10_800, 43_200)
"""Seconds between two items."""
FLOOD = 45
"""The same of a feed that is too fast for its window at first."""
EDITED_AFTER = 3 * HOUR
"""Age at which an item of a feed that edits says something else; twice."""

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


@dataclass(slots=True)
class Feed:
    """A feed; nothing in it is decided by chance."""

    number: int
    host: str
    kind: str
    published: tuple[datetime, ...]
    """When each of its items appears."""
    window: int
    """Items that it holds at a time."""
    visits: int = 0
    """Rounds in which it was asked."""
    last_round: int = field(default=-1)

    @property
    def path(self) -> str:
        """Path of its address in the list."""
        private = "/private" if self.kind == "forbidden" else ""
        return f"{private}/feed{self.number}"

    @property
    def url(self) -> str:
        """Its address in the list."""
        return f"http://{self.host}{self.path}"

    def count(self, now: datetime) -> int:
        """Items that were published by then."""
        return bisect_right(self.published, now)

    def items(self, now: datetime) -> range:
        """Numbers of the items that it holds."""
        count = self.count(now)
        return range(max(count - self.window, 0), count)

    def guid(self, item: int) -> str:
        """What names an item."""
        return f"{self.number}-{item}"

    def edition(self, item: int, now: datetime) -> int:
        """How often an item was changed by then."""
        if self.kind != "edits":
            return 0
        return max(0, min(2, int((now - self.published[item]) / EDITED_AFTER)))

    def editions(self, now: datetime) -> dict[str, int]:
        """The items that it holds and their editions."""
        return {self.guid(item): self.edition(item, now) for item in self.items(now)}

    def tag(self, now: datetime) -> str:
        """A validator that is honest."""
        edited = sum(self.editions(now).values())
        return f'"{self.number}.{self.count(now)}.{edited}"'

    def changed_at(self, now: datetime) -> datetime:
        """When it changed last."""
        items = self.items(now)
        times = [self.published[items[-1]]]
        for item in items:
            times.append(self.published[item] + self.edition(item, now) * EDITED_AFTER)
        return max(times)

    def document(self, now: datetime, head: str, encoding: str) -> bytes:
        """The feed as RSS 2.0."""
        entries = "".join(
            _entry(self.number, self.host, item, self.edition(item, now), self.published[item])
            for item in self.items(now)
        )
        text = (
            f"<?xml version='1.0' encoding='{encoding}'?><rss version='2.0' "
            "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel>"
            f"<title>Feed {self.number} of {self.host}</title><link>http://{self.host}/"
            f"{self.number}</link>{head}{entries}</channel></rss>"
        )
        return text.encode(encoding)


@lru_cache(maxsize=1 << 17)
def _entry(feed: int, host: str, item: int, edition: int, at: datetime) -> str:
    edited = "".join(f" Corrected: {_words(f'{feed} {item} {n}', 6)}." for n in range(edition))
    return (
        f"<item><guid isPermaLink='false'>{feed}-{item}</guid>"
        f"<title>Café {_words(f'title {feed} {item}', 5)}</title>"
        f"<link>http://{host}/{feed}/story-{item}</link><pubDate>{format_datetime(at)}</pubDate>"
        f"<description>Señora {_words(f'text {feed} {item}', 30)}.{edited}</description></item>"
    )


def _words(seed: str, count: int) -> str:
    """Invented words; other seeds give others."""
    return " ".join(_word(f"{seed} {number}") for number in range(count))


def _word(seed: str) -> str:
    digest = xxhash.xxh3_64_intdigest(seed.encode())
    parts = []
    for _ in range(4):
        digest, rest = divmod(digest, len(_SYLLABLES))
        parts.append(_SYLLABLES[rest])
    return "".join(parts)


def make_feeds(
    number: int, hosts: int, kinds: list[str], start: datetime, until: datetime
) -> Iterator[Feed]:
    """Make feeds of all kinds; those of every tenth host redirect to one other host."""
    for feed in range(number):
        host = feed % hosts
        kind = kinds[(feed // hosts * 7 + host) % len(kinds)]
        if host % 10 == 9:
            kind = "shared"
        if kind == "forbidden" and host % 10 == 5:
            kind = "honest"  # the host has no robots.txt
        rhythm = FLOOD if kind == "flood" else RHYTHMS[(feed // 3 + host) % len(RHYTHMS)]
        if kind == "edits":
            rhythm = min(rhythm, 3_600)
        window = 15 + feed % 16
        times = list(_times(rhythm, window, start, until))
        if kind == "burst":
            times += [start + 5 * HOUR + timedelta(seconds=n) for n in range(3 * window)]
        yield Feed(feed, f"host{host:02}.example", kind, tuple(sorted(times)), window)


def _times(rhythm: int, window: int, start: datetime, until: datetime) -> Iterator[datetime]:
    at = start - timedelta(seconds=rhythm * (window - 1))
    while at < until:
        yield at
        at += timedelta(seconds=rhythm)
