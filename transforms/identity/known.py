"""Known items: how one row after another adds to what is remembered of an item."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.judgement import KnownItem, Outcome, Sighting, Status, Verdict
from schemas.records import Hash64
from transforms.identity.keys import distinct, source_key
from transforms.text.fingerprint import Fingerprint

MOST_BANDS = 128
"""Bands that are kept of an item: those of its first texts. A page that is rewritten all day long
must not fill the index."""

GUID_FLIPS, GUID_REUSES, LINK_MOVES, LINK_REUSES = range(4)
"""Places in the evidence of a source: known items that came under another guid, guids that came on
other items, known items that came under another address, addresses that came on other items."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What becomes of a sighting's uniting keys.

    Attributes:
        own: those that are, or become, its item's. A key belongs to the first item that brought it.
        refused: those that belong to an item with which it agrees in nothing.
    """

    own: tuple[Hash64, ...]
    refused: tuple[Hash64, ...] = ()


NOTHING_SEEN = (0, 0, 0, 0)
"""The evidence of a source that never contradicted itself."""


def effective_time(item: Sighting | KnownItem) -> datetime:
    """When an item was published, else fetched."""
    return item.published_at or item.fetched_at


def time_between(a: Sighting | KnownItem, b: Sighting | KnownItem) -> timedelta:
    """How far apart two items are."""
    return abs(effective_time(a) - effective_time(b))


def elder_first(item: KnownItem) -> tuple[datetime, bytes]:
    """The order of seniority."""
    return (item.first_seen_at, item.item_id)


def fingerprint_of(item: Sighting | KnownItem) -> Fingerprint | None:
    """The fingerprint of the latest text, None when there is none."""
    if not item.words:
        return None
    return Fingerprint(item.text_hash, item.lead_hash, item.words, item.sketch, item.bands)


def aliases_of(sighting: Sighting) -> tuple[Hash64, ...]:
    """The uniting keys of a sighting, the most trusted first."""
    return _present(sighting.guid_key, sighting.link_key, sighting.text_key, sighting.number_key)


def first_known(
    sighting: Sighting, status: Status, verdict: Verdict, item_id: bytes, keys: Keys
) -> KnownItem:
    """A known item from its first stored row.

    Args:
        sighting: the row.
        status: what it is stored as.
        verdict: the decision.
        item_id: the id it is known by.
        keys: which of its keys become the item's.
    """
    return KnownItem(
        item_id=item_id,
        status=status,
        article_id=verdict.article_id,
        source=sighting.source,
        site=sighting.site,
        day=verdict.day,
        first_seen_at=verdict.first_seen_at,
        revision=verdict.revision,
        returns=0,
        redates=0,
        has_guid=sighting.guid_key is not None,
        has_link=sighting.link_key is not None,
        contents=(sighting.content,),
        versions=(sighting.version,),
        asides=(),
        aliases=keys.own,
        disowned=distinct((*sighting.disowned, *keys.refused)),
        url_keys=_present(sighting.url_key),
        global_guids=_present(sighting.global_guid),
        headline_keys=_present(sighting.headline_key),
        bands=sighting.bands,
        url_number=sighting.url_number,
        headline_words=sighting.headline_words,
        fetched_at=sighting.fetched_at,
        content=sighting.content,
        version=sighting.version,
        headline_hash=sighting.headline_hash,
        summary_hash=sighting.summary_hash,
        body_hash=sighting.body_hash,
        published_at=sighting.published_at,
        text_hash=sighting.text_hash,
        lead_hash=sighting.lead_hash,
        words=sighting.words,
        sketch=sighting.sketch,
        evidence=(),
    )


def next_known(
    before: KnownItem,
    sighting: Sighting,
    status: Status,
    verdict: Verdict,
    keys: Keys,
) -> KnownItem:
    """The known item after one more stored row of it."""
    after = replace(
        with_keys_of(before, sighting, keys),
        status=status,
        article_id=verdict.article_id,
        day=before.day if verdict.outcome is Outcome.REVISED else verdict.day,
        revision=verdict.revision,
        returns=before.returns + (sighting.content in before.contents),
        contents=distinct((*before.contents, sighting.content)),
        versions=distinct((*before.versions, sighting.version)),
        redates=before.redates + (changes(sighting, before) == ("published_at",)),
        url_keys=distinct((*before.url_keys, *_present(sighting.url_key))),
        global_guids=distinct((*before.global_guids, *_present(sighting.global_guid))),
        headline_keys=distinct((*before.headline_keys, *_present(sighting.headline_key))),
    )
    if sighting.fetched_at < before.fetched_at:
        return with_bands_of(after, sighting)
    after = replace(
        after,
        url_number=sighting.url_number,
        headline_words=sighting.headline_words,
        fetched_at=sighting.fetched_at,
        content=sighting.content,
        version=sighting.version,
        headline_hash=sighting.headline_hash,
        summary_hash=sighting.summary_hash,
        body_hash=sighting.body_hash,
        published_at=sighting.published_at,
    )
    return with_text_of(after, sighting) if sighting.words else after


def seen_again(known: KnownItem, sighting: Sighting, keys: Keys) -> KnownItem:
    """The known item after a row that is evidence of it and no version of it."""
    asides = () if sighting.content in known.contents else (sighting.content,)
    return replace(
        with_keys_of(known, sighting, keys),
        asides=distinct((*known.asides, *asides)),
        fetched_at=max(known.fetched_at, sighting.fetched_at),
    )


def with_keys_of(known: KnownItem, sighting: Sighting, keys: Keys) -> KnownItem:
    """The known item once it has been seen under a sighting's keys."""
    return replace(
        known,
        has_guid=known.has_guid or sighting.guid_key is not None,
        has_link=known.has_link or sighting.link_key is not None,
        aliases=distinct((*known.aliases, *keys.own)),
        disowned=distinct((*known.disowned, *sighting.disowned, *keys.refused)),
    )


def with_text_of(known: KnownItem, sighting: Sighting) -> KnownItem:
    """The known item with the text of a sighting as its own, for comparing."""
    return replace(
        with_bands_of(known, sighting),
        text_hash=sighting.text_hash,
        lead_hash=sighting.lead_hash,
        words=sighting.words,
        sketch=sighting.sketch,
    )


def with_bands_of(known: KnownItem, sighting: Sighting) -> KnownItem:
    """The known item with the bands of a sighting beside its own, while there is room."""
    return replace(known, bands=distinct((*known.bands, *sighting.bands))[:MOST_BANDS])


def changes(sighting: Sighting, known: KnownItem) -> tuple[str, ...]:
    """Which columns of a sighting differ from the latest row, in their order."""
    pairs = (
        ("headline", sighting.headline_hash, known.headline_hash),
        ("summary", sighting.summary_hash, known.summary_hash),
        ("body", sighting.body_hash, known.body_hash),
        ("published_at", sighting.published_at, known.published_at),
    )
    return tuple(name for name, new, old in pairs if new != old)


def source_row(
    source: str, first_at: datetime, last_at: datetime, evidence: Iterable[int]
) -> KnownItem:
    """The history row of a source: what was seen of its keys.

    Args:
        source: its name.
        first_at: when the first of the evidence was fetched.
        last_at: when the last was.
        evidence: four counts, see :data:`GUID_FLIPS`.
    """
    key = source_key(source)
    return replace(
        bare_row(b"\xfe" + key.to_bytes(15, "big"), Status.SOURCE, key, first_at),
        source=source,
        fetched_at=last_at,
        evidence=tuple(evidence),
    )


def document_row(key: Hash64, fetched_at: datetime) -> KnownItem:
    """The history row of a document that was read: only its key means anything."""
    row = bare_row(b"\xff" + key.to_bytes(15, "big"), Status.DOCUMENT, key, fetched_at)
    return replace(row, content=key)


def bare_row(item_id: bytes, status: Status, key: Hash64, at: datetime) -> KnownItem:
    """A history row of something that is no item."""
    return KnownItem(
        item_id=item_id,
        status=status,
        article_id=bytes(16),
        source="",
        site=0,
        day=at.date(),
        first_seen_at=at,
        revision=0,
        returns=0,
        redates=0,
        has_guid=False,
        has_link=False,
        contents=(),
        versions=(),
        asides=(),
        aliases=(key,),
        disowned=(),
        url_keys=(),
        global_guids=(),
        headline_keys=(),
        bands=(),
        url_number=None,
        headline_words=b"",
        fetched_at=at,
        content=0,
        version=0,
        headline_hash=0,
        summary_hash=0,
        body_hash=0,
        published_at=None,
        text_hash=0,
        lead_hash=0,
        words=0,
        sketch=b"",
        evidence=(),
    )


def _present(*keys: Hash64 | None) -> tuple[Hash64, ...]:
    return tuple(key for key in keys if key is not None)
