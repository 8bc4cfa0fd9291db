"""What is one story in a set of archived polls, told from the raw entries alone.

Nothing of newsbeam is used: feedparser reads the polls, without its sanitiser, and these rules are
applied to the raw guids, addresses, titles and descriptions.

- SAME ITEM: same publisher and the same guid, or the same address without its fragment and its
  ``at_`` parameters. Feeds of one publisher (``PUBLISHERS``) count together.
- Two items of one publisher that bear the same title at any time, or the same article number in
  their addresses (a path segment of six digits or more), are, in this order:

  1. what ``repoll_labels.tsv`` says, a pair of guids, a relation and a word why: for pairs that
     were read by eye because the rules cannot decide;
  2. a RECURRING COLUMN when three or more items of one feed bear the title;
  3. OTHER stories when they were published more than 72 hours apart;
  4. a RE-PUBLICATION when they have the same article number, or when their own descriptions agree:
     three quarters of the words of the shorter are in the longer. The own description leaves out
     addresses and the lines that three or more items of the feed carry;
  5. UNCLEAR when either's own description has fewer than six words, else OTHER stories.

- All other pairs are OTHER stories unless a label says that they are a re-publication under another
  title.

Titles are compared folded: words in lower case, without punctuation, pictures and the name of a
programme behind a last bar.
"""

import calendar
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import feedparser

LABELS = Path(__file__).with_name("repoll_labels.tsv")
PUBLISHERS = {"rnzcovid19": "rnz"}
NEAR = timedelta(hours=72)
COLUMN_BEARERS = 3
BOILERPLATE_BEARERS = 3
FEWEST_WORDS = 6
AGREEING_SHARE = 0.75

Place = tuple[str, int]
"""A poll's path below the set's folder, and the 0-based place of an entry in it."""
Pair = tuple[int, int]
"""Numbers of two items, the lower first."""


class Relation(StrEnum):
    """What two different raw items are to each other."""

    SAME = "same"
    COLUMN = "column"
    OTHER = "other"
    UNCLEAR = "unclear"


@dataclass(slots=True)
class Item:
    """A raw item: all that its sightings said."""

    publisher: str
    guids: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    """Folded title to title as written, in the order of sighting."""
    texts: set[str] = field(default_factory=set)
    times: set[int] = field(default_factory=set)
    """Publication times, seconds since 1970."""

    def hours_to(self, other: "Item") -> float:
        """The least time between their publication times."""
        return min((abs(a - b) / 3600 for a in self.times for b in other.times), default=0.0)


def fold(text: str) -> str:
    """Words in lower case, parted by blanks."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def poll_files(folder: Path) -> tuple[Path, ...]:
    """The polls of a set, one folder a feed."""
    return tuple(sorted(folder.glob("*/*.xml")))


def feed_of(path: Path) -> str:
    """The feed a poll is of: its folder's name without an ending."""
    return path.parent.name.removesuffix(".xml")


def place_of(path: Path, position: int) -> Place:
    """The place of an entry."""
    return f"{path.parent.name}/{path.name}", position


class Truth:
    """The items of a set of polls and how they are related.

    Args:
        folder: a folder of feeds, each a folder of polls.

    Attributes:
        items: the raw items, by number.
        item_at: the number of the item at each place.
        guid_at: the raw guid at each place.
    """

    def __init__(self, folder: Path) -> None:
        self.items: list[Item] = []
        self.item_at: dict[Place, int] = {}
        self.guid_at: dict[Place, str] = {}
        self._by_key: dict[tuple[str, str], int] = {}
        for path in poll_files(folder):
            feed = feed_of(path)
            for position, entry in enumerate(_entries(path)):
                number = self._note(PUBLISHERS.get(feed, feed), entry)
                self.item_at[place_of(path, position)] = number
                self.guid_at[place_of(path, position)] = entry.get("id", "")
        self._labels = dict(self._read_labels())
        self._bearers = self._by(_headings)
        self._numbers = self._by(_article_numbers)
        lines = self._by(lambda item: {fold(line) for line in _lines(item.texts)})
        self._boilerplate = {key for key, who in lines.items() if len(who) >= BOILERPLATE_BEARERS}

    def candidates(self) -> dict[Pair, Relation]:
        """Every pair the rules speak of."""
        pairs = {
            pair
            for bearers in (*self._bearers.values(), *self._numbers.values())
            for pair in combinations(sorted(bearers), 2)
        }
        return {pair: self.relation(pair) for pair in sorted(pairs | self._labels.keys())}

    def relation(self, pair: Pair) -> Relation:
        """What two items are to each other."""
        if pair in self._labels:
            return self._labels[pair]
        one, other = (self.items[number] for number in pair)
        titles = _headings(one) & _headings(other)
        same_number = bool(_article_numbers(one) & _article_numbers(other))
        if one.publisher != other.publisher or not (titles or same_number):
            return Relation.OTHER
        bearers = (len(self._bearers[one.publisher, title]) for title in titles)
        if max(bearers, default=0) >= COLUMN_BEARERS:
            return Relation.COLUMN
        if one.hours_to(other) > NEAR / timedelta(hours=1):
            return Relation.OTHER
        return Relation.SAME if same_number else self._by_texts(one, other)

    def _by_texts(self, one: Item, other: Item) -> Relation:
        ones, others = list(self._own_words(one)), list(self._own_words(other))
        pairs = [(a, b) for a in ones for b in others if min(len(a), len(b)) >= FEWEST_WORDS]
        if not pairs:
            return Relation.UNCLEAR
        share = max(len(a & b) / min(len(a), len(b)) for a, b in pairs)
        return Relation.SAME if share >= AGREEING_SHARE else Relation.OTHER

    def _own_words(self, item: Item) -> Iterator[frozenset[str]]:
        for text in item.texts:
            folded = ((line, fold(line)) for line in text.splitlines())
            yield frozenset(
                word
                for line, key in folded
                if (item.publisher, key) not in self._boilerplate
                for word in fold(re.sub(r"https?://\S+", "", line)).split()
            )

    def _note(self, publisher: str, entry: Any) -> int:
        guid = entry.get("id", "")
        url = re.sub(r"#.*|(?<=[?&])at_[^&#]*&?", "", entry.get("link", "")).rstrip("?&")
        keys = [(publisher, key) for key in (f"guid {guid}", f"url {url}") if key.split(" ", 1)[1]]
        known = [self._by_key[key] for key in keys if key in self._by_key]
        if len(set(known)) > 1:
            raise ValueError(f"guid {guid} and {url} belong to different items")
        number = known[0] if known else len(self.items)
        if not known:
            self.items.append(Item(publisher))
        self._by_key.update((key, number) for key in keys)
        item = self.items[number]
        item.guids.add(guid)
        item.urls.add(url)
        item.titles.setdefault(fold(entry.get("title", "")), entry.get("title", ""))
        item.texts.add(entry.get("summary", ""))
        if entry.get("published_parsed"):
            item.times.add(calendar.timegm(entry["published_parsed"]))
        return number

    def _by(self, keys_of: Any) -> dict[tuple[str, str], set[int]]:
        """Which items of a publisher have a key."""
        found: dict[tuple[str, str], set[int]] = defaultdict(set)
        for number, item in enumerate(self.items):
            for key in keys_of(item):
                found[item.publisher, key].add(number)
        return found

    def _read_labels(self) -> Iterator[tuple[Pair, Relation]]:
        by_guid = {guid: number for number, item in enumerate(self.items) for guid in item.guids}
        for line in LABELS.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                one, other, relation, _ = line.split("\t")
                if one in by_guid and other in by_guid:
                    low, high = sorted((by_guid[one], by_guid[other]))
                    yield (low, high), Relation(relation)


def _entries(path: Path) -> list[Any]:
    content = BytesIO(path.read_bytes())
    parsed = feedparser.parse(content, sanitize_html=False, resolve_relative_uris=False)
    return list(parsed.entries)


def _headings(item: Item) -> set[str]:
    # A number behind the bar is a date or an episode: it tells the days of a programme apart.
    return {fold(re.sub(r"\|[^|\d]*$", "", title)) for title in item.titles.values()}


def _article_numbers(item: Item) -> set[str]:
    return {number for url in item.urls for number in re.findall(r"/(\d{6,})(?=/|$)", url)}


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from text.splitlines()
