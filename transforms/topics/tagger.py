"""Topic tags from a text's own words, each with the words that caused it.

A first tagger: its only knowledge is the labels and definitions of IPTC Media Topics, in the ten
languages IPTC has them (see ``data/README.md``; ``benchmarks/topics_accuracy.py`` tells how good
it is). It counts, it does not guess: every tag names its evidence, a text in a language without
terms gets no tag, and so does one whose evidence is thin or torn between many topics.

How a text is judged:

1. Headline, lead and the rest of the body are folded to words; one automaton per language finds
   all terms in one pass. Only the article's own language is looked at.
2. A term's mentions are added, those in headline and lead counting more, and damped: the tenth
   mention of "bank" adds little. Its weight times that is evidence for top-level topics, and for
   the deeper concepts it is a label of.
3. A topic's score is its share of all evidence in the text. Tags below the floor are dropped.

The result depends on the arguments and the data files only.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn, Self

import ahocorasick

from schemas.records import Topic
from transforms.topics import vocabulary
from transforms.topics.folding import (
    COMPOUNDING,
    MIN_COMPOUND,
    UNSPACED,
    fold,
    forms,
    primary_language,
)

HEADLINE_WEIGHT = 2.0
LEAD_WEIGHT = 1.5
LEAD_LENGTH = 400
BODY_LIMIT = 5_000
"""Characters of a body that are read: news says what it is about early on."""

MIN_EVIDENCE = 0.5
"""Damped, weighted evidence a top-level topic needs: one clear phrase, or a few single words."""
MIN_SHARE = 0.4
"""Share of all evidence the strongest top-level topic needs."""
MIN_SECOND_TOP = 0.7
"""A second top-level topic needs this share of the strongest one's evidence."""
MIN_DEEP_EVIDENCE = 0.2
"""Damped, weighted evidence a concept below the top needs."""
MIN_DEEP_SHARE = 0.05
MAX_TOPS = 2
MAX_TAGS = 5
MAX_EVIDENCE = 8
"""Words named per tag."""


_Weighed = dict[str, list[tuple[float, str]]]
"""For each concept its evidence: (amount, word)."""


@dataclass(frozen=True, slots=True)
class _Index:
    """The search structure of one language."""

    automaton: "ahocorasick.Automaton"
    """Finds forms; a form's value is its place in :attr:`forms`."""
    forms: Sequence[str]
    form_terms: Sequence[int]
    """For each form the place of its term in :attr:`terms`."""
    terms: Sequence[vocabulary.Term]
    padded: bool
    """Forms are parted by spaces in the text; False for scripts without."""


class Tagger:
    """Tags texts; made once per worker with :meth:`load` and shared by its threads.

    Each language's automaton (2 to 14 MB) is built when its first text arrives.
    """

    def __init__(self) -> None:
        self._concepts = vocabulary.concepts()
        self._indexes: dict[str, _Index | None] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls) -> Self:
        """Returns a tagger over the vocabulary that ships with the package."""
        return cls()

    def __reduce__(self) -> NoReturn:
        """Refuses to be pickled: make a tagger in ``setup()``, where it is used."""
        raise TypeError("a Tagger is not pickled: make it in setup() with Tagger.load()")

    def tag(
        self, headline: str | None, body: str | None, language: str | None
    ) -> tuple[Topic, ...]:
        """Returns the topics of a text, strongest first.

        Args:
            headline: Plain text; its words count more.
            body: Plain text; only its beginning is read.
            language: Language tag of the text (``en``, ``pt-BR``, ``zh-cn``). Without one, or in
                a language without terms, there are no topics.

        Returns:
            At most two top-level topics and the concepts below them that the text names, by score,
            then level, then id. Empty when nothing is sure.
        """
        index = self._index(primary_language(language))
        if index is None:
            return ()
        tops, deeper = self._weigh(index, self._mentions(index, headline or "", body or ""))
        return self._choose(tops, deeper)

    def _index(self, language: str | None) -> _Index | None:
        if language is None or language not in vocabulary.languages():
            return None
        if language not in self._indexes:
            with self._lock:
                if language not in self._indexes:
                    self._indexes[language] = _build_index(language)
        return self._indexes[language]

    @staticmethod
    def _mentions(index: _Index, headline: str, body: str) -> dict[int, float]:
        """Returns each form found and its weighted number of mentions, in text order."""
        end = _cut(body, BODY_LIMIT)
        lead = min(_cut(body, LEAD_LENGTH), end)
        found: dict[int, float] = {}
        for text, weight in (
            (headline[: _cut(headline, BODY_LIMIT)], HEADLINE_WEIGHT),
            (body[:lead], LEAD_WEIGHT),
            (body[lead:end], 1.0),
        ):
            if text:
                folded = fold(text)
                for _, form in index.automaton.iter(f" {folded} " if index.padded else folded):
                    found[form] = found.get(form, 0.0) + weight
        return found

    @staticmethod
    def _weigh(index: _Index, mentions: dict[int, float]) -> tuple[_Weighed, _Weighed]:
        """Returns the evidence for top-level topics and for deeper concepts."""
        per_term: dict[int, tuple[float, str]] = {}
        for form, count in mentions.items():
            term = index.form_terms[form]
            # Of a word's forms the one the text holds first stands for all.
            before, word = per_term.get(term) or (0.0, index.forms[form])
            per_term[term] = (before + count, word)
        tops: _Weighed = {}
        deeper: _Weighed = {}
        for place, (count, word) in per_term.items():
            damped = count / (count + 1.0)
            found = index.terms[place]
            for qcode, weight in found.tops:
                tops.setdefault(qcode, []).append((weight * damped, word))
            for qcode, weight in found.deeper:
                deeper.setdefault(qcode, []).append((weight * damped, word))
        return tops, deeper

    def _choose(self, tops: _Weighed, deeper: _Weighed) -> tuple[Topic, ...]:
        amounts = {qcode: _amount(pairs) for qcode, pairs in tops.items()}
        total = sum(amounts.values())
        ranked = sorted(amounts, key=lambda qcode: (-amounts[qcode], qcode))[:MAX_TOPS]
        if not ranked:
            return ()
        best = amounts[ranked[0]]
        if best < max(MIN_EVIDENCE, MIN_SHARE * total):
            return ()
        chosen = [q for q in ranked if amounts[q] >= max(MIN_EVIDENCE, MIN_SECOND_TOP * best)]
        tags = [self._topic(qcode, tops[qcode], total) for qcode in chosen]
        below = [
            self._topic(qcode, pairs, total)
            for qcode, pairs in deeper.items()
            if self._concepts[qcode].path[0] in chosen
            and _amount(pairs) >= max(MIN_DEEP_EVIDENCE, MIN_DEEP_SHARE * total)
        ]
        below.sort(key=_order)
        return tuple(sorted(tags + below[: MAX_TAGS - len(tags)], key=_order))

    def _topic(self, qcode: str, pairs: list[tuple[float, str]], total: float) -> Topic:
        concept = self._concepts[qcode]
        ranked = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))
        return Topic(
            id=qcode,
            name=concept.name,
            score=min(1.0, round(_amount(pairs) / total, 4)),
            level=concept.level,
            origin="text",
            evidence=tuple(word for _, word in ranked[:MAX_EVIDENCE]),
        )


def main_topic(topics: Iterable[Topic]) -> str | None:
    """Returns the name of the strongest top-level topic, None when there is none."""
    tops = sorted((topic for topic in topics if topic.level == 1), key=_order)
    return tops[0].name if tops else None


def _cut(text: str, limit: int) -> int:
    """Returns where to cut a text near ``limit``.

    Between words, for half a word may be another one; at the limit in text without spaces.
    """
    if len(text) <= limit:
        return len(text)
    space = text.rfind(" ", limit - 40, limit)
    return limit if space < 0 else space


def _amount(pairs: list[tuple[float, str]]) -> float:
    return sum(amount for amount, _ in pairs)


def _order(topic: Topic) -> tuple[float, int, str]:
    return (-topic.score, topic.level, topic.id)


def _build_index(language: str) -> _Index:
    terms = vocabulary.terms(language)
    padded = language not in UNSPACED
    automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    names: list[str] = []
    form_terms: list[int] = []
    taken: set[str] = set()
    # A term's own spelling goes before any other term's inflected form of the same letters.
    pairs = [(term.text, place) for place, term in enumerate(terms)]
    for place, term in enumerate(terms):
        pairs.extend((form, place) for form in forms(term.text, language))
    for form, place in pairs:
        if form in taken:
            continue
        taken.add(form)
        if not padded or (language in COMPOUNDING and len(form) >= MIN_COMPOUND):
            key = form
        else:
            key = f" {form} "
        automaton.add_word(key, len(names))
        names.append(form)
        form_terms.append(place)
    automaton.make_automaton()
    return _Index(automaton, names, form_terms, terms, padded)
