"""What the judge remembers: known items by their keys, and what is known of sources."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from schemas.judgement import KnownItem, Sighting, Status
from schemas.records import Hash64
from transforms.identity.known import NOTHING_SEEN, elder_first, source_row

MOST_BEARERS = 64
"""Articles of one headline or band that an item is compared with, the latest ones: a headline that
more articles bear is the name of a column, and the work must stay linear."""

_Entry = tuple[datetime, bytes]
"""An article in an index: when first seen, and its item_id."""

_Index = dict[Hash64, _Entry | list[_Entry]]
"""Articles by a key, in the order of their entries. Most keys have one article, and a list for each
of them would take more memory than all else that is remembered."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Memory:
    """Known items by id and by key.

    Args:
        known: the history of every item that shares a key with a sighting to come.
        live: the keys by which two items of this run or its history can meet, sorted; articles are
            not entered under others. None enters them under all their keys.
    """

    def __init__(
        self, known: Iterable[KnownItem], live: npt.NDArray[np.uint64] | None = None
    ) -> None:
        self._live = live
        self._items: dict[bytes, KnownItem] = {}
        self._owner: dict[Hash64, bytes] = {}
        self._disowned: set[Hash64] = set()
        self._by_url: _Index = {}
        self._by_guid: _Index = {}
        self._by_headline: _Index = {}
        self._by_band: _Index = {}
        self._documents: dict[Hash64, datetime] = {}
        self._sources: dict[str, KnownItem] = {}
        self._touched: set[bytes] = set()
        for item in known:
            if item.status is Status.DOCUMENT:
                self._documents[item.content] = _LONG_AGO
            elif item.status is Status.SOURCE:
                self._sources[item.source] = item
            else:
                self._index(item)

    def item(self, item_id: bytes) -> KnownItem:
        """A known item."""
        return self._items[item_id]

    def owner(self, key: Hash64 | None) -> KnownItem | None:
        """The known item that a uniting key belongs to."""
        item_id = None if key is None else self._owner.get(key)
        return None if item_id is None else self._items[item_id]

    def is_disowned(self, key: Hash64 | None) -> bool:
        """The key was seen on different items, so it belongs to none."""
        return key in self._disowned

    def articles_at(self, url_key: Hash64 | None) -> Iterator[KnownItem]:
        """Articles with an address, the elder first."""
        return self._bearers(self._by_url, url_key)

    def articles_with_guid(self, global_guid: Hash64 | None) -> Iterator[KnownItem]:
        """Articles with a global guid, the elder first."""
        return self._bearers(self._by_guid, global_guid)

    def articles_headed(self, headline_key: Hash64 | None) -> Iterator[KnownItem]:
        """The latest articles with a headline, the elder first."""
        return self._bearers(self._by_headline, headline_key)

    def articles_sharing(
        self, bands: Iterable[Hash64], at_least: int, most_bearers: int
    ) -> list[KnownItem]:
        """Articles that share bands, the elder first.

        Args:
            bands: the bands.
            at_least: how many of them an article must have.
            most_bearers: a band that more articles have says nothing: it is a common phrase.
        """
        shared = Counter[_Entry]()
        for band in bands:
            bearers = _entries(self._by_band, band)
            if len(bearers) <= most_bearers:
                shared.update(bearers)
        found = sorted(entry for entry, number in shared.items() if number >= at_least)
        return [self._items[item_id] for _, item_id in found]

    def document_read_at(self, document: Hash64) -> datetime | None:
        """When a document's bytes were first read; None when they were not."""
        return self._documents.get(document)

    def note_document(self, document: Hash64, fetched_at: datetime) -> None:
        """Say when a document was first fetched."""
        self._documents.setdefault(document, fetched_at)

    def evidence(self, source: str) -> tuple[int, ...]:
        """What was seen of a source's keys; see :data:`transforms.identity.known.GUID_FLIPS`."""
        row = self._sources.get(source)
        return row.evidence if row else NOTHING_SEEN

    def note_evidence(self, sighting: Sighting, kind: int) -> None:
        """Count one more contradiction in a source."""
        counts = list(self.evidence(sighting.source))
        counts[kind] += 1
        known = self._sources.get(sighting.source)
        at = sighting.fetched_at
        first = at if known is None else min(known.first_seen_at, at)
        last = at if known is None else max(known.fetched_at, at)
        row = source_row(sighting.source, first, last, counts)
        self._sources[sighting.source] = row
        self._touched.add(row.item_id)

    def store(self, item: KnownItem) -> None:
        """Remember an item as it is now."""
        self._touched.add(item.item_id)
        self._index(item)

    def changed(self) -> Iterator[KnownItem]:
        """Items and sources that were stored since the start, by id."""
        sources = {row.item_id: row for row in self._sources.values()}
        for item_id in sorted(self._touched):
            yield sources[item_id] if item_id in sources else self._items[item_id]

    def _bearers(self, index: _Index, key: Hash64 | None) -> Iterator[KnownItem]:
        entries = () if key is None else _entries(index, key)[-MOST_BEARERS:]
        return (self._items[item_id] for _, item_id in entries)

    def _index(self, item: KnownItem) -> None:
        self._items[item.item_id] = item
        for alias in item.aliases:
            self._owner.setdefault(alias, item.item_id)
        self._disowned.update(item.disowned)
        if item.status is Status.ARTICLE:
            entry = elder_first(item)
            for index, keys in (
                (self._by_url, item.url_keys),
                (self._by_guid, item.global_guids),
                (self._by_headline, item.headline_keys),
                (self._by_band, item.bands),
            ):
                for key in self._that_can_meet(keys):
                    _enter(index, key, entry)

    def _that_can_meet(self, keys: tuple[Hash64, ...]) -> Iterable[Hash64]:
        if self._live is None or not keys:
            return keys
        if not len(self._live):
            return ()
        wanted = np.array(keys, np.uint64)
        places = np.minimum(np.searchsorted(self._live, wanted), len(self._live) - 1)
        meets = self._live[places] == wanted
        # The item's own numbers: new ones of the same value would be kept beside them.
        return [key for key, can_meet in zip(keys, meets, strict=True) if can_meet]


def _entries(index: _Index, key: Hash64) -> Sequence[_Entry]:
    found = index.get(key)
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


def _enter(index: _Index, key: Hash64, entry: _Entry) -> None:
    """Enter an article under a key, the elder first, once."""
    entries = index.setdefault(key, entry)
    if entries == entry:
        return
    if not isinstance(entries, list):
        index[key] = sorted((entries, entry))
        return
    place = bisect_left(entries, entry)
    if place == len(entries) or entries[place] != entry:
        entries.insert(place, entry)
