"""Which article an unknown item repeats: by address, guid, headline or text.

Only articles are candidates, so duplicates never chain. Within one publisher the bar is higher: he
gave the item another guid and another address, so he says that it is another item, and the same
words head his columns every day.
"""

from dataclasses import dataclass
from datetime import timedelta

from schemas.judgement import KnownItem, Sighting
from schemas.records import Hash64
from transforms.identity.known import fingerprint_of, time_between
from transforms.identity.memory import Memory
from transforms.identity.who import MIN_OVERLAP, agrees, is_numbered
from transforms.text.fingerprint import MIN_SHARED_BANDS, agree, alike
from transforms.text.headline_words import headline_overlap, same_numbers

HEADLINE_ONLY_SCORE = 0.5
"""Score of a match in which only the headlines could be compared."""

COMMON_PHRASE = 16
"""Articles that share a band from which it says nothing: a phrase, or the foot of every text."""

_AT_ONCE = timedelta(minutes=30)
"""A headline that a publisher prints twice at once heads one story."""

_NEXT_DAY = timedelta(hours=16)

_STORY_WORDS = 6
"""Different words from which a headline is a story's rather than the name of a column."""

_LONG_TEXT = 150
"""Words from which a publisher's own text is long enough to be known again under another headline,
or under the name of a column. What is shorter may be what he puts under all his texts."""

_NEARLY_ALL = 0.9
"""Likeness from which a publisher's own text is the same under another headline."""

_COLUMN = 2
"""Articles of one publisher that stand apart under one headline, from which it is a column's."""


@dataclass(frozen=True, slots=True)
class Match:
    """The article that an item repeats, and why."""

    article: KnownItem
    kind: str
    score: float
    evidence: str


def find_match(
    sighting: Sighting, refused: tuple[Hash64, ...], memory: Memory, window: timedelta
) -> Match | None:
    """Find the article that an unknown item repeats; None when it repeats none.

    Args:
        sighting: the item.
        refused: keys of it that belong to items that it is not.
        memory: all that is known.
        window: how far apart two items may be and still be one story.
    """
    return (
        _by_address(sighting, refused, memory, window)
        or _by_guid(sighting, refused, memory, window)
        or _by_headline(sighting, memory, window)
        or _by_text(sighting, memory, window)
    )


def _by_address(
    sighting: Sighting, refused: tuple[Hash64, ...], memory: Memory, window: timedelta
) -> Match | None:
    if sighting.link_key in refused or memory.is_disowned(sighting.link_key):
        return None
    for article in memory.articles_at(sighting.url_key):
        near = time_between(sighting, article) <= window
        if near or is_numbered(sighting, memory) or agrees(sighting, article, memory):
            return Match(article, "same_url", 1.0, "same canonical address")
    return None


def _by_guid(
    sighting: Sighting, refused: tuple[Hash64, ...], memory: Memory, window: timedelta
) -> Match | None:
    if sighting.guid_key in refused or memory.is_disowned(sighting.guid_key):
        return None
    for article in memory.articles_with_guid(sighting.global_guid):
        near = time_between(sighting, article) <= window
        similar = headline_overlap(sighting.headline_words, article.headline_words) >= MIN_OVERLAP
        if agrees(sighting, article, memory) or (near and similar):
            return Match(article, "same_guid", 1.0, "same global guid")
    return None


def _by_headline(sighting: Sighting, memory: Memory, window: timedelta) -> Match | None:
    bearers = list(memory.articles_headed(sighting.headline_key))
    is_column = sum(_same_publisher(sighting, article) for article in bearers) >= _COLUMN
    best: Match | None = None
    for article in bearers:
        gap = time_between(sighting, article)
        if gap > window:
            continue
        match = _same_headline(sighting, article)
        if match is None:
            continue
        if _same_publisher(sighting, article):
            enough = _LONG_TEXT if is_column else _enough_words(sighting, gap)
            if min(sighting.words, article.words) < enough:
                continue
        if best is None or match.score > best.score:
            best = match
    return best


def _enough_words(sighting: Sighting, gap: timedelta) -> int:
    """How many words of agreeing text make a publisher's second item of one headline the same.

    The fixed line under a column's name is shorter, and a column comes again on the next day.
    """
    if gap <= _AT_ONCE:
        return 0
    if gap > _NEXT_DAY:
        return 50
    return 12 if len(sighting.headline_words) >= _STORY_WORDS * 4 else 20


def _same_headline(sighting: Sighting, article: KnownItem) -> Match | None:
    mine, theirs = fingerprint_of(sighting), fingerprint_of(article)
    if mine is None or theirs is None:
        evidence = "same headline; one has no text"
        return Match(article, "same_headline", HEADLINE_ONLY_SCORE, evidence)
    score = agree(mine, theirs)
    if score is None:
        return None
    return Match(article, "same_headline", score, f"same headline; texts agree {score:.2f}")


def _by_text(sighting: Sighting, memory: Memory, window: timedelta) -> Match | None:
    mine = fingerprint_of(sighting)
    if mine is None or not mine.bands:
        return None
    best: Match | None = None
    for article in memory.articles_sharing(mine.bands, MIN_SHARED_BANDS, COMMON_PHRASE):
        theirs = fingerprint_of(article)
        if theirs is None or time_between(sighting, article) > window:
            continue
        if _same_publisher(sighting, article) and not _may_be_retitled(sighting, article):
            continue
        likeness = alike(mine, theirs)
        if likeness is None:
            continue
        if _same_publisher(sighting, article) and likeness.score < _NEARLY_ALL:
            continue
        if best is None or likeness.score > best.score:
            evidence = (
                f"texts alike: {likeness.containment:.2f} of the shorter is in the longer, "
                f"Jaccard index {likeness.jaccard:.2f}"
            )
            best = Match(article, "near_duplicate", likeness.score, evidence)
    return best


def _may_be_retitled(sighting: Sighting, article: KnownItem) -> bool:
    """A publisher's two items may be one story that he printed twice under other headlines.

    Their texts must begin alike: what he puts under every text stands at its foot, and two
    interviews of one series differ in their first line.
    """
    return (
        min(sighting.words, article.words) >= _LONG_TEXT
        and sighting.lead_hash == article.lead_hash != 0
        and headline_overlap(sighting.headline_words, article.headline_words) >= MIN_OVERLAP
        and same_numbers(sighting.headline_words, article.headline_words)
    )


def _same_publisher(sighting: Sighting, article: KnownItem) -> bool:
    return sighting.source == article.source or sighting.site == article.site
