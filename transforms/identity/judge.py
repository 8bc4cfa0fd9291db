"""The judge: what becomes of each sighting, given all that came before it.

False merges are not acceptable; missed duplicates are preferable. The rules, in the order they are
asked (docs/deduplication.md tells them at length):

1. An item is known when one of its aliases is. The same content as its latest row is *unchanged*.
   So is a content it had before, unless it was fetched later than the latest row and in a document
   with other bytes: then the publisher went back to an older text, which is a *revision* — until
   that has happened three times, after which the item is taken to flap and returns are not stored.
2. Any other content of a known article is a *revision*. A known duplicate with new content is
   judged again and may become an article; an article never becomes a duplicate.
3. An item whose aliases belong to two known items is a *duplicate* of the elder: stored rows are
   never rewritten, the link is the evidence.
4. An unknown item is a *duplicate* when an article has its address, or its headline within the
   window and a text that agrees (or one of them has none); else it is *new*. Duplicates are
   compared with articles only, so they never chain.

The judge visits sightings in :func:`visit_order`; one run over a week of documents therefore ends
as the runs of that week would have.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from schemas.judgement import KnownItem, Outcome, Sighting, Status, Verdict
from schemas.records import Hash64
from transforms.identity.keys import distinct
from transforms.text.fingerprint import Fingerprint, agree

MAX_RETURNS = 3
"""Returns to an older text that are stored; the last of them carries the flag ``flapping``."""

HEADLINE_ONLY_SCORE = 0.5
"""Score of a match in which only the headlines could be compared."""

MOST_BEARERS = 64
"""Articles of one headline that an item is compared with, the latest ones: a headline that more
articles bear is the name of a column, and the work must stay linear."""

_Index = dict[Hash64, list[tuple[datetime, bytes]]]
"""Articles by a key: when first seen and item_id, in that order."""

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


def _effective_time(item: Sighting | KnownItem) -> datetime:
    return item.published_at or item.fetched_at


def _elder_first(item: KnownItem) -> tuple[datetime, bytes]:
    return (item.first_seen_at, item.item_id)


def _fingerprint(item: Sighting | KnownItem) -> Fingerprint | None:
    if not item.words:
        return None
    return Fingerprint(item.text_hash, item.lead_hash, item.words, item.sketch)


@dataclass(frozen=True, slots=True)
class _Match:
    article: KnownItem
    kind: str
    score: float
    evidence: str


class Judge:
    """Verdicts over sightings in visit order, and the history they leave behind.

    Args:
        known: the history of every item that shares a key with a sighting to come.
        headline_window: how far apart two equal headlines may be and still be one story.
    """

    def __init__(self, known: Iterable[KnownItem], headline_window: timedelta) -> None:
        self._window = headline_window
        self._items: dict[bytes, KnownItem] = {}
        self._owner: dict[Hash64, bytes] = {}
        self._by_url: _Index = {}
        self._by_headline: _Index = {}
        self._documents: dict[Hash64, datetime] = {}
        self._touched: set[bytes] = set()
        for item in known:
            if item.status is Status.DOCUMENT:
                self._documents[item.content] = datetime.min.replace(tzinfo=UTC)
            else:
                self._index(item)

    def judge(self, sighting: Sighting) -> Verdict:
        """Decide about one sighting and remember the decision."""
        verdict = self._decide(sighting)
        self.apply(sighting, verdict)
        return verdict

    def apply(self, sighting: Sighting, verdict: Verdict) -> None:
        """Remember a decision: the judge's own, or one that a stored row bears witness to."""
        if not sighting.is_reject:
            self._documents.setdefault(sighting.document, sighting.fetched_at)
        match verdict.outcome:
            case Outcome.UNCHANGED | Outcome.REPEATED:
                return
            case Outcome.REJECTED:
                self._store(_first_row(sighting, Status.REJECT, verdict))
            case Outcome.NEW:
                self._store(self._next_row(sighting, Status.ARTICLE, verdict))
            case Outcome.REVISED:
                self._store(self._next_row(sighting, Status.ARTICLE, verdict))
            case Outcome.DUPLICATE if verdict.kind == "same_item":
                elder = self._known_by_alias(sighting)[0]
                contents = distinct((*elder.contents, sighting.content))
                self._store(replace(elder, contents=contents))
            case Outcome.DUPLICATE:
                self._store(self._next_row(sighting, Status.DUPLICATE, verdict))
                if verdict.kind == "same_headline":
                    self._adopt_text(verdict.article_id, sighting)

    def note_document(self, document: Hash64, fetched_at: datetime) -> None:
        """Say when a document of this run was first fetched, whether or not it is judged."""
        self._documents.setdefault(document, fetched_at)

    def changed(self) -> Iterator[KnownItem]:
        """Items that a decision created or changed, by id."""
        return (self._items[item_id] for item_id in sorted(self._touched))

    def _decide(self, sighting: Sighting) -> Verdict:
        known = self._known_by_alias(sighting)
        if sighting.is_reject:
            outcome = Outcome.REPEATED if known else Outcome.REJECTED
            return Verdict(outcome, sighting.item_id, sighting.day, sighting.fetched_at)
        if not known:
            return self._decide_unknown(sighting, sighting.item_id, sighting.fetched_at)
        elder = known[0]
        if len(known) > 1:
            return self._decide_between(sighting, known)
        if sighting.content == elder.content:
            return _as_it_was(elder, Outcome.UNCHANGED)
        returned = sighting.content in elder.contents
        if returned and (self._is_no_news(sighting, elder) or elder.returns >= MAX_RETURNS):
            return _as_it_was(elder, Outcome.UNCHANGED)
        if elder.status is Status.DUPLICATE:
            return self._decide_unknown(sighting, elder.item_id, elder.first_seen_at)
        return replace(
            _as_it_was(elder, Outcome.REVISED),
            revision=elder.revision + 1,
            changed=_changes(sighting, elder),
            flapping=returned and elder.returns + 1 == MAX_RETURNS,
        )

    def _decide_unknown(
        self, sighting: Sighting, item_id: bytes, first_seen_at: datetime
    ) -> Verdict:
        match = self._match(sighting)
        if match is None:
            return Verdict(Outcome.NEW, item_id, sighting.day, first_seen_at, revision=1)
        return Verdict(
            Outcome.DUPLICATE,
            match.article.article_id,
            sighting.day,
            first_seen_at,
            kind=match.kind,
            score=match.score,
            evidence=match.evidence,
        )

    def _decide_between(self, sighting: Sighting, known: list[KnownItem]) -> Verdict:
        if any(sighting.content in item.contents for item in known):
            return _as_it_was(known[0], Outcome.UNCHANGED)
        others = ", ".join(item.item_id.hex() for item in known[1:])
        return Verdict(
            Outcome.DUPLICATE,
            known[0].article_id,
            sighting.day,
            sighting.fetched_at,
            kind="same_item",
            score=1.0,
            evidence=f"has keys of {known[0].item_id.hex()} and of {others}",
        )

    def _is_no_news(self, sighting: Sighting, known: KnownItem) -> bool:
        """The sighting is an old observation read again, not a return to an older text."""
        if sighting.fetched_at <= known.fetched_at:
            return True
        read_before = self._documents.get(sighting.document)
        return read_before is not None and read_before < sighting.fetched_at

    def _match(self, sighting: Sighting) -> _Match | None:
        """The article that an unknown item repeats: by address, else by headline."""
        if sighting.url_key is not None:
            for _, elder in self._by_url.get(sighting.url_key, ())[:1]:
                return _Match(self._items[elder], "same_url", 1.0, "same canonical address")
        if sighting.headline_key is None:
            return None
        best: _Match | None = None
        mine = _fingerprint(sighting)
        bearers = self._by_headline.get(sighting.headline_key, ())
        for _, bearer in bearers[-MOST_BEARERS:]:
            article = self._items[bearer]
            if abs(_effective_time(sighting) - _effective_time(article)) > self._window:
                continue
            theirs = _fingerprint(article)
            if mine is None or theirs is None:
                score, evidence = HEADLINE_ONLY_SCORE, "same headline; one has no text"
            elif (score_or_none := agree(mine, theirs)) is not None:
                score, evidence = score_or_none, f"same headline; texts agree {score_or_none:.2f}"
            else:
                continue
            if best is None or score > best.score:
                best = _Match(article, "same_headline", score, evidence)
        return best

    def _known_by_alias(self, sighting: Sighting) -> list[KnownItem]:
        """The distinct known items that own an alias of the sighting, the elder first."""
        owners = {self._owner[alias] for alias in sighting.aliases if alias in self._owner}
        return sorted((self._items[owner] for owner in owners), key=_elder_first)

    def _next_row(self, sighting: Sighting, status: Status, verdict: Verdict) -> KnownItem:
        """The known item after one more stored row of it."""
        owned = self._known_by_alias(sighting)
        if not owned:
            return _first_row(sighting, status, verdict)
        before = owned[0]
        after = replace(
            before,
            status=status,
            article_id=verdict.article_id,
            day=before.day if verdict.outcome is Outcome.REVISED else verdict.day,
            revision=verdict.revision,
            returns=before.returns + (sighting.content in before.contents),
            contents=distinct((*before.contents, sighting.content)),
            aliases=distinct((*before.aliases, *sighting.aliases)),
            url_keys=distinct((*before.url_keys, *_present(sighting.url_key))),
            headline_keys=distinct((*before.headline_keys, *_present(sighting.headline_key))),
        )
        if sighting.fetched_at < before.fetched_at:
            return after
        after = replace(
            after,
            fetched_at=sighting.fetched_at,
            content=sighting.content,
            headline_hash=sighting.headline_hash,
            summary_hash=sighting.summary_hash,
            body_hash=sighting.body_hash,
            published_at=sighting.published_at,
        )
        return _with_text_of(after, sighting) if sighting.words else after

    def _adopt_text(self, article_id: bytes, sighting: Sighting) -> None:
        """An article without a text takes over its duplicate's for comparing.

        Else two items with different texts could both hide behind one that has none.
        """
        article = self._items[article_id]
        if sighting.words and not article.words:
            self._store(_with_text_of(article, sighting))

    def _store(self, item: KnownItem) -> None:
        self._touched.add(item.item_id)
        self._index(item)

    def _index(self, item: KnownItem) -> None:
        self._items[item.item_id] = item
        for alias in item.aliases:
            self._owner.setdefault(alias, item.item_id)
        if item.status is Status.ARTICLE:
            for key in item.url_keys:
                _enter(self._by_url, key, item)
            for key in item.headline_keys:
                _enter(self._by_headline, key, item)


def _enter(index: _Index, key: Hash64, item: KnownItem) -> None:
    """Enter an article under a key, the elder first, once."""
    entries, entry = index.setdefault(key, []), _elder_first(item)
    place = bisect_left(entries, entry)
    if place == len(entries) or entries[place] != entry:
        entries.insert(place, entry)


def _present(key: Hash64 | None) -> tuple[Hash64, ...]:
    return () if key is None else (key,)


def _as_it_was(known: KnownItem, outcome: Outcome) -> Verdict:
    return Verdict(outcome, known.article_id, known.day, known.first_seen_at)


def _with_text_of(known: KnownItem, sighting: Sighting) -> KnownItem:
    return replace(
        known,
        text_hash=sighting.text_hash,
        lead_hash=sighting.lead_hash,
        words=sighting.words,
        sketch=sighting.sketch,
    )


def _changes(sighting: Sighting, known: KnownItem) -> tuple[str, ...]:
    pairs = (
        ("headline", sighting.headline_hash, known.headline_hash),
        ("summary", sighting.summary_hash, known.summary_hash),
        ("body", sighting.body_hash, known.body_hash),
        ("published_at", sighting.published_at, known.published_at),
    )
    return tuple(name for name, new, old in pairs if new != old)


def _first_row(sighting: Sighting, status: Status, verdict: Verdict) -> KnownItem:
    """A known item from its first stored row."""
    return KnownItem(
        item_id=sighting.item_id,
        status=status,
        article_id=verdict.article_id,
        source=sighting.source,
        day=verdict.day,
        first_seen_at=verdict.first_seen_at,
        revision=verdict.revision,
        returns=0,
        contents=(sighting.content,),
        aliases=sighting.aliases,
        url_keys=_present(sighting.url_key),
        headline_keys=_present(sighting.headline_key),
        fetched_at=sighting.fetched_at,
        content=sighting.content,
        headline_hash=sighting.headline_hash,
        summary_hash=sighting.summary_hash,
        body_hash=sighting.body_hash,
        published_at=sighting.published_at,
        text_hash=sighting.text_hash,
        lead_hash=sighting.lead_hash,
        words=sighting.words,
        sketch=sighting.sketch,
    )
