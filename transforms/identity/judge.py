"""The judge: what becomes of each sighting, given all that came before it.

False merges are not acceptable; missed duplicates are preferable. The questions, in the order they
are asked (docs/deduplication.md tells them at length):

1. Which known item is it? :mod:`transforms.identity.who` answers from guid, address and text.
2. Is there anything new? The content of its latest row is *unchanged*. So is a content it had
   before, unless it was fetched later than the latest row and not in a document that was read
   before: then the publisher went back to an older text, which is a *revision* — until that has
   happened three times, after which the item is taken to flap and returns are not stored. The same
   content under a new guid or address is a *duplicate* of itself (``same_item``): the row is the
   evidence of the new key.
3. Any other content of a known article is a *revision*. A known duplicate with new content is
   judged again and may become an article; an article never becomes a duplicate.
4. An item whose keys belong to two known items is a *duplicate* of the elder: stored rows are never
   rewritten, the link is the evidence.
5. An unknown item is a *duplicate* when :mod:`transforms.identity.match` finds the article it
   repeats; else it is *new*.

The judge visits sightings in :func:`visit_order`; one run over a week of documents therefore ends
as the runs of that week would have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from schemas.judgement import KnownItem, Outcome, Sighting, Status, Verdict
from schemas.records import Hash64
from transforms.identity.keys import second_id
from transforms.identity.known import (
    GUID_FLIPS,
    GUID_REUSES,
    LINK_MOVES,
    LINK_REUSES,
    Keys,
    aliases_of,
    changes,
    first_known,
    next_known,
    seen_again,
    with_text_of,
)
from transforms.identity.match import find_match
from transforms.identity.memory import Memory
from transforms.identity.who import (
    MAX_REDATES,
    Identity,
    holds_content,
    identify,
    trusts_guids,
)

MAX_RETURNS = 3
"""Returns to an older text that are stored; the last of them carries the flag ``flapping``."""

MOST_KEYS = 8
"""Keys that an item learns when nothing else is new: an address that changes at every poll names
the poll, and must not be stored for ever."""

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def visit_order(
    sighting: Sighting,
) -> tuple[datetime, datetime, bytes, Hash64, Hash64, int, str, Hash64]:
    """The one total order: fetched first, then published first, ties by content.

    Source and address come last: they tell the same bytes apart that were fetched at one moment
    under two names.
    """
    return (
        sighting.fetched_at,
        sighting.published_at or _END_OF_TIME,
        sighting.item_id,
        sighting.content,
        sighting.document,
        sighting.position,
        sighting.source,
        sighting.address,
    )


class Judge:
    """Verdicts over sightings in visit order, and the history they leave behind.

    Args:
        known: the history of every item that shares a key with a sighting to come, and of the
            sources of them all.
        headline_window: how far apart two items of one headline or text may be and still be one
            story.
        live: the keys by which two items can meet, sorted; None when any can.
    """

    def __init__(
        self,
        known: Iterable[KnownItem],
        headline_window: timedelta,
        live: npt.NDArray[np.uint64] | None = None,
    ) -> None:
        self._window = headline_window
        self._memory = Memory(known, live)

    def judge(self, sighting: Sighting) -> Verdict:
        """Decide about one sighting and remember the decision."""
        identity = identify(sighting, self._memory)
        verdict = self._decide(sighting, identity)
        self._remember(sighting, identity, verdict)
        return verdict

    def apply(self, sighting: Sighting, verdict: Verdict) -> None:
        """Remember a decision that a stored row bears witness to."""
        self._remember(sighting, identify(sighting, self._memory), verdict)

    def note_document(self, document: Hash64, fetched_at: datetime) -> None:
        """Say when a document of this run was first fetched, whether or not it is judged."""
        self._memory.note_document(document, fetched_at)

    def changed(self) -> Iterator[KnownItem]:
        """Items and sources that a decision created or changed, by id."""
        return self._memory.changed()

    def _decide(self, sighting: Sighting, identity: Identity) -> Verdict:
        item = identity.item
        if sighting.is_reject:
            outcome = Outcome.REJECTED if item is None else Outcome.REPEATED
            return Verdict(outcome, sighting.item_id, sighting.day, sighting.fetched_at)
        if item is None:
            own_id = self._own_id(sighting)
            return self._decide_unknown(sighting, identity, own_id, sighting.fetched_at)
        if identity.rivals:
            return _joins(sighting, item, identity.rivals)
        if self._is_no_news(sighting, item):
            new_keys = self._new_keys(sighting, item, identity)
            return _under_new_keys(sighting, item, new_keys) if new_keys else _as_it_was(item)
        if item.status is Status.DUPLICATE:
            return self._decide_unknown(sighting, identity, item.item_id, item.first_seen_at)
        return _revision(sighting, item)

    def _decide_unknown(
        self, sighting: Sighting, identity: Identity, item_id: bytes, first_seen_at: datetime
    ) -> Verdict:
        match = find_match(sighting, identity.refused, self._memory, self._window)
        if match is None:
            names = (("guid_reused", sighting.guid_key), ("link_reused", sighting.link_key))
            flags = tuple(name for name, key in names if key in identity.refused)
            return Verdict(
                Outcome.NEW, item_id, sighting.day, first_seen_at, revision=1, flags=flags
            )
        return Verdict(
            Outcome.DUPLICATE,
            match.article.article_id,
            sighting.day,
            first_seen_at,
            kind=match.kind,
            score=match.score,
            evidence=match.evidence,
        )

    def _is_no_news(self, sighting: Sighting, item: KnownItem) -> bool:
        """Its latest content, or an older one that is not worth a row."""
        if sighting.content == item.content:
            return True
        if item.redates >= MAX_REDATES and sighting.version == item.version:
            return True
        if not holds_content(item, sighting):
            return False
        if sighting.content in item.asides:
            return True
        return item.returns >= MAX_RETURNS or self._is_read_again(sighting, item)

    def _is_read_again(self, sighting: Sighting, item: KnownItem) -> bool:
        """An old observation, not a return to an older text.

        The same bytes under a new name are one too, unless somebody says when they were fetched.
        """
        if sighting.fetched_at <= item.fetched_at:
            return True
        read_at = self._memory.document_read_at(sighting.document)
        return not sighting.fetched_known and read_at is not None and read_at < sighting.fetched_at

    def _new_keys(
        self, sighting: Sighting, item: KnownItem, identity: Identity
    ) -> tuple[Hash64, ...]:
        """Keys of a sighting that are worth a row although nothing else is new."""
        # Every text brings one key of its own.
        if len(item.aliases) - len(item.contents) >= MOST_KEYS:
            return ()
        keys = [sighting.link_key]
        if trusts_guids(sighting.source, self._memory):
            keys.append(sighting.guid_key)
        return tuple(
            key
            for key in keys
            if key is not None
            and key not in identity.refused
            and self._memory.owner(key) is None
            and not self._memory.is_disowned(key)
        )

    def _own_id(self, sighting: Sighting) -> bytes:
        """The id of an unknown item: of its first key, unless that mints another item's."""
        first, *others = aliases_of(sighting)
        if self._memory.owner(first) is None:
            return sighting.item_id
        free = next((key for key in others if self._memory.owner(key) is None), sighting.content)
        return bytes.fromhex(second_id(free))

    def _remember(self, sighting: Sighting, identity: Identity, verdict: Verdict) -> None:
        if not sighting.is_reject:
            self._memory.note_document(sighting.document, sighting.fetched_at)
        if verdict.outcome in (Outcome.UNCHANGED, Outcome.REPEATED):
            return
        item = identity.item
        keys = self._keys(sighting, identity)
        self._note_evidence(sighting, identity, keys)
        if verdict.outcome is Outcome.REJECTED:
            status = Status.REJECT
        elif verdict.outcome is Outcome.DUPLICATE:
            status = Status.DUPLICATE
        else:
            status = Status.ARTICLE
        if verdict.kind == "same_item" and item is not None:
            self._memory.store(seen_again(item, sighting, keys))
        elif item is None:
            own_id = self._own_id(sighting)
            self._memory.store(first_known(sighting, status, verdict, own_id, keys))
        else:
            self._memory.store(next_known(item, sighting, status, verdict, keys))
        if verdict.kind in ("same_headline", "same_url", "same_guid"):
            self._adopt_text(verdict.article_id, sighting)

    def _keys(self, sighting: Sighting, identity: Identity) -> Keys:
        own = tuple(
            key
            for key in aliases_of(sighting)
            if (owner := self._memory.owner(key)) is None
            or (identity.item is not None and owner.item_id == identity.item.item_id)
        )
        return Keys(own=own, refused=identity.refused)

    def _note_evidence(self, sighting: Sighting, identity: Identity, keys: Keys) -> None:
        """Count what contradicts the source's keys, each key once."""
        item, memory = identity.item, self._memory
        for refused, kind in ((sighting.guid_key, GUID_REUSES), (sighting.link_key, LINK_REUSES)):
            if refused in identity.refused and not memory.is_disowned(refused):
                memory.note_evidence(sighting, kind)
        if item is None:
            return
        new_guid = item.has_guid and _is_new(sighting.guid_key, keys, item)
        new_link = item.has_link and _is_new(sighting.link_key, keys, item)
        # A guid that changes together with the address is made of it.
        if new_link:
            memory.note_evidence(sighting, LINK_MOVES)
        elif new_guid:
            memory.note_evidence(sighting, GUID_FLIPS)

    def _adopt_text(self, article_id: bytes, sighting: Sighting) -> None:
        """An article without a text takes over its duplicate's for comparing.

        Else two items with different texts could both hide behind one that has none.
        """
        article = self._memory.item(article_id)
        if sighting.words and not article.words:
            self._memory.store(with_text_of(article, sighting))


def _is_new(key: Hash64 | None, keys: Keys, item: KnownItem) -> bool:
    return key in keys.own and key not in item.aliases


def _as_it_was(item: KnownItem) -> Verdict:
    return Verdict(Outcome.UNCHANGED, item.article_id, item.day, item.first_seen_at)


def _revision(sighting: Sighting, item: KnownItem) -> Verdict:
    changed = changes(sighting, item)
    returned = sighting.content in item.contents
    flags = {
        "flapping": returned and item.returns + 1 == MAX_RETURNS,
        "redated": changed == ("published_at",) and item.redates + 1 == MAX_REDATES,
    }
    return replace(
        _as_it_was(item),
        outcome=Outcome.REVISED,
        revision=item.revision + 1,
        changed=changed,
        flags=tuple(name for name, holds in flags.items() if holds),
    )


def _under_new_keys(sighting: Sighting, item: KnownItem, new_keys: tuple[Hash64, ...]) -> Verdict:
    names = ((sighting.guid_key, "guid"), (sighting.link_key, "address"))
    what = " and ".join(name for key, name in names if key in new_keys)
    return _same_item(sighting, item, f"the same content under another {what}")


def _joins(sighting: Sighting, elder: KnownItem, rivals: tuple[KnownItem, ...]) -> Verdict:
    others = ", ".join(item.item_id.hex() for item in rivals)
    return _same_item(sighting, elder, f"has keys of {elder.item_id.hex()} and of {others}")


def _same_item(sighting: Sighting, item: KnownItem, evidence: str) -> Verdict:
    return Verdict(
        Outcome.DUPLICATE,
        item.article_id,
        sighting.day,
        item.first_seen_at,
        kind="same_item",
        score=1.0,
        evidence=evidence,
    )
