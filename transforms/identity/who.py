"""Which known item a sighting is: the ladder of guid, address and text, and when not to trust it.

A key alone is a claim of the publisher. It is believed when something else agrees, or when nothing
speaks against it. Where a guid or an address comes on an item that agrees with its owner in
nothing, the key is *refused*: a missed revision is better than two stories in one. Keys that
contradict themselves are remembered, key by key (*disowned*) and for the source as a whole
(*evidence*).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from schemas.judgement import KnownItem, Sighting
from schemas.records import Hash64
from transforms.identity.known import (
    GUID_FLIPS,
    GUID_REUSES,
    elder_first,
    fingerprint_of,
    time_between,
)
from transforms.identity.memory import Memory
from transforms.text.fingerprint import agree
from transforms.text.headline_words import headline_overlap

MOST_CONTRADICTIONS = 5
"""Contradictions of a source's guids from which they are not believed without other evidence."""

MAX_REDATES = 3
"""Revisions of an item in which only the date changed; a date that changes at every poll is that of
the poll. From then on a new date alone is no news."""

SAME_DAY = timedelta(hours=12)
"""How far apart two versions of a story that share a key but no word may be dated."""

MIN_OVERLAP = 0.5
"""Share of the shorter headline's words in the longer from which they tell of one thing."""

_TELLING_WORDS = 8


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer.

    Attributes:
        item: the known item that the sighting is; None when it is unknown.
        rivals: other known items whose keys it carries with equal right.
        refused: keys of it that belong to an item that it is not.
    """

    item: KnownItem | None
    rivals: tuple[KnownItem, ...] = ()
    refused: tuple[Hash64, ...] = ()


def identify(sighting: Sighting, memory: Memory) -> Identity:
    """Say which known item a sighting is."""
    same = _with_its_content(sighting, memory)
    if same is not None:
        return Identity(same)
    by_guid = _believed(sighting.guid_key, memory)
    by_link = _believed(sighting.link_key, memory)
    refused: tuple[Hash64, ...] = ()
    if by_guid is not None and by_link is not None and by_guid.item_id != by_link.item_id:
        return _between(sighting, by_guid, by_link, memory)
    if by_guid is not None:
        if by_link is not None or _guid_holds(sighting, by_guid, memory):
            return Identity(by_guid)
        refused = _present(sighting.guid_key)
    elif by_link is not None:
        if _link_holds(sighting, by_link, memory):
            return Identity(by_link)
        refused = _present(sighting.link_key)
    by_number = _believed(sighting.number_key, memory)
    if by_number is not None and not refused:
        if _number_holds(sighting, by_number):
            return Identity(by_number)
        refused = _present(sighting.number_key)
    by_text = memory.owner(sighting.text_key)
    if by_text is not None and _text_holds(sighting, by_text, refused, memory):
        return Identity(by_text, refused=refused)
    return Identity(None, refused=refused)


def believes_guids(evidence: Sequence[int]) -> bool:
    """Say whether guids are believed without other evidence, given what was seen of the source.

    Args:
        evidence: four counts, see :data:`transforms.identity.known.GUID_FLIPS`.
    """
    return evidence[GUID_FLIPS] + evidence[GUID_REUSES] < MOST_CONTRADICTIONS


def trusts_guids(source: str, memory: Memory) -> bool:
    """:func:`believes_guids` of a source."""
    return believes_guids(memory.evidence(source))


def holds_content(item: KnownItem, sighting: Sighting) -> bool:
    """The item had this very content before; of one that re-dates itself, this very text."""
    if sighting.content in item.contents or sighting.content in item.asides:
        return True
    return item.redates >= MAX_REDATES and sighting.version in item.versions


def agrees(sighting: Sighting, item: KnownItem, memory: Memory) -> bool:
    """Something besides a key says that the two are one: text, date, or number in the address."""
    if is_numbered(sighting, memory) and sighting.url_number == item.url_number:
        return True
    return reads_alike(sighting, item)


def is_numbered(sighting: Sighting, memory: Memory) -> bool:
    """The address bears a number that, as far as is known, is this article's alone."""
    return sighting.url_number is not None and not memory.is_disowned(sighting.number_key)


def reads_alike(sighting: Sighting, item: KnownItem) -> bool:
    """Their texts agree, or they were published in the same minute."""
    moment = sighting.published_at
    if moment is not None and moment == item.published_at and (moment.minute or moment.second):
        return True
    mine, theirs = fingerprint_of(sighting), fingerprint_of(item)
    return mine is not None and theirs is not None and agree(mine, theirs) is not None


def _with_its_content(sighting: Sighting, memory: Memory) -> KnownItem | None:
    """The item with a key of the sighting and its content: nothing is new then.

    Keys that are refused elsewhere count here too: so the same polls read again change nothing,
    whatever was learned since. Of several the one in which it is no return to an older text, then
    the elder.
    """
    keys = _present(sighting.guid_key, sighting.link_key, *sighting.disowned)
    owners = [owner for key in keys if (owner := memory.owner(key)) is not None]
    if owners and (by_text := memory.owner(sighting.text_key)) is not None:
        owners.append(by_text)

    def is_return(item: KnownItem) -> bool:
        later = item.fetched_at < sighting.fetched_at
        return later and sighting.content != item.content and sighting.content not in item.asides

    return min(
        (item for item in owners if holds_content(item, sighting)),
        key=lambda item: (is_return(item), elder_first(item)),
        default=None,
    )


def _believed(key: Hash64 | None, memory: Memory) -> KnownItem | None:
    return None if memory.is_disowned(key) else memory.owner(key)


def _guid_holds(sighting: Sighting, item: KnownItem, memory: Memory) -> bool:
    """The guid is known, the address is not: it moved, or the guid is used again."""
    if agrees(sighting, item, memory):
        return True
    if not trusts_guids(sighting.source, memory):
        return False
    similar = headline_overlap(sighting.headline_words, item.headline_words) >= MIN_OVERLAP
    is_global = sighting.global_guid is not None and sighting.global_guid in item.global_guids
    if sighting.link_key is None or not item.has_link:
        return is_global or similar
    return time_between(sighting, item) <= SAME_DAY and (is_global or similar)


def _link_holds(sighting: Sighting, item: KnownItem, memory: Memory) -> bool:
    """The address is known, the guid is not: it flipped, or the address is used again."""
    if sighting.guid_key is None or not item.has_guid:
        return True
    if not trusts_guids(sighting.source, memory) or is_numbered(sighting, memory):
        return True
    if time_between(sighting, item) <= SAME_DAY or agrees(sighting, item, memory):
        return True
    return headline_overlap(sighting.headline_words, item.headline_words) >= MIN_OVERLAP


def _number_holds(sighting: Sighting, item: KnownItem) -> bool:
    """Guid and address are unknown, the number in the address is not.

    Either both were made anew of another headline, or the number is that of a section, or of a
    page that bears a new date and other news every day.
    """
    if time_between(sighting, item) > SAME_DAY:
        return False
    similar = headline_overlap(sighting.headline_words, item.headline_words) >= MIN_OVERLAP
    return similar or reads_alike(sighting, item)


def _text_holds(
    sighting: Sighting, item: KnownItem, refused: tuple[Hash64, ...], memory: Memory
) -> bool:
    """Headline and text are known: under other keys, or there are no other keys.

    Beside other keys it takes the same date too, and a text and a time of day that tell one item
    from the next.
    """

    def stands(key: Hash64 | None) -> bool:
        return key is not None and key not in refused and not memory.is_disowned(key)

    has_guid = stands(sighting.guid_key) and trusts_guids(sighting.source, memory)
    if not has_guid and not stands(sighting.link_key):
        return True
    moment = sighting.published_at
    return (
        holds_content(item, sighting)
        and sighting.headline_key is not None
        and sighting.words >= _TELLING_WORDS
        and moment is not None
        and bool(moment.minute or moment.second)
    )


def _between(
    sighting: Sighting, by_guid: KnownItem, by_link: KnownItem, memory: Memory
) -> Identity:
    """The guid is of one item, the address of another: the one that agrees, else both."""
    like_guid, like_link = (agrees(sighting, item, memory) for item in (by_guid, by_link))
    if like_link and not like_guid:
        return Identity(by_link, refused=_present(sighting.guid_key))
    if like_guid and not like_link:
        return Identity(by_guid, refused=_present(sighting.link_key))
    if not like_guid and not trusts_guids(sighting.source, memory):
        return Identity(by_link, refused=_present(sighting.guid_key))
    elder, younger = sorted((by_guid, by_link), key=elder_first)
    return Identity(elder, rivals=(younger,))


def _present(*keys: Hash64 | None) -> tuple[Hash64, ...]:
    return tuple(key for key in keys if key is not None)
