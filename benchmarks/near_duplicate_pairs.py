"""Pairs for near_duplicates.py: copies made of real texts, and texts that only look like copies."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.near_duplicate_texts import Text, from_template, without_numbers

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")
_NUMBER = re.compile(r"\d+")
_SMALL = "two three four five six seven eight nine ten eleven twelve".split()
_KLEIN = "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()
_HOUSE = (
    (r"\bper cent\b", "percent"), (r"(?<=\d)%", " per cent"), (r"\bProzent\b", "%"),
    (r"\bU\.S\.", "US"), (r"\bU\.K\.", "UK"), (r"\bUS\b", "U.S."), (r"\bUK\b", "Britain"),
    (r"is(e|ed|ing|ation)\b", r"iz\1"), (r"\b(\w+)our\b", r"\1or"), (r"ß", "ss"),
    (r"\bMr |\bMrs |\bMs ", ""), (r"\bwon't\b", "will not"), (r"\b(\w+)n't\b", r"\1 not"),
    (r"£(\d+)m\b", r"£\1 million"), (r"(\d)bn\b", r"\1 billion"), (r"\bgovernment\b", "Government"),
    (r"\bsaid\b", "told reporters"), (r"\bbut\b", "however"), (r"\bsagte\b", "erklärte"),
    (r"(\d),(\d{3})\b", r"\1\2"), (r"[\"“”]", "'"), (r"\s[-–]\s", " — "),
)  # fmt: skip
"""Pattern and what another desk writes; each is used or not, by the toss of a coin."""
_DATELINES = ("LONDON (Agency) - ", "WIEN (Agentur) – ", "(Wire) ", "PARIS, Jan 12 -- ", "")
_TAGS = (" (c) Agency. All rights reserved.", " - with our correspondents", " (abc/def)")
_FOOT = (
    "This story has been published from a wire agency feed without modifications to the text. "
    "Only the headline has been changed. Subscribe to our newsletter to receive the day's most "
    "important stories in your inbox every morning, and follow us for the latest news and updates."
)
_GREETING = (
    "Good morning and welcome to our live coverage of the day's most important events at home and "
    "abroad. Here is all you need to know before you leave the house."
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two bodies and what is true of them.

    Attributes:
        kind: how they were made.
        copies: whether they are one story.
        one: a body.
        other: a body.
    """

    kind: str
    copies: bool
    one: str
    other: str

    @property
    def words(self) -> int:
        """Words of the shorter."""
        return min(len(self.one.split()), len(self.other.split()))


def sentences(text: str) -> list[str]:
    """The sentences of a text, roughly."""
    return [one for one in _SENTENCE.split(text) if one and one.strip()]


def first_part(text: str, share: float) -> str:
    """The first sentences of a text that make up a share of its words, at least one."""
    goal = len(text.split()) * share
    taken: list[str] = []
    count = 0
    for one in sentences(text):
        length = len(one.split())
        if taken and count + length / 2 > goal:
            break
        taken.append(one)
        count += length
    return " ".join(taken)


def without_some(text: str, rng: random.Random, share: float = 0.25) -> str:
    """Every sentence but the first may be dropped."""
    first, *rest = sentences(text)
    return " ".join([first, *(one for one in rest if rng.random() >= share)])


def with_new_lead(text: str, foreign: str, rng: random.Random) -> str:
    """The first one or two sentences give way to one to three of another text."""
    lead = sentences(foreign)[: rng.randint(1, 3)]
    return " ".join([*lead, *sentences(text)[rng.randint(1, 2) :]])


def with_other_numbers(text: str, rng: random.Random, share: float = 0.5) -> str:
    """A share of the numbers are others."""

    def changed(match: re.Match[str]) -> str:
        if rng.random() >= share:
            return match[0]
        return str((int(match[0][:9]) + rng.randint(1, 7)) % 10 ** len(match[0]) or 1)

    return _NUMBER.sub(changed, text)


def in_house_style(text: str, rng: random.Random) -> str:
    """As another desk would print it."""
    for pattern, written in _HOUSE:
        if rng.random() < 0.5:
            text = re.sub(pattern, written, text)
    if rng.random() < 0.5:
        small = _KLEIN if " und " in text else _SMALL
        for number, word in enumerate(small, 2):
            text = re.sub(rf"(?<![\d.,])\b{number}\b(?![.,]?\d)", word, text)
    return rng.choice(_DATELINES) + text + (rng.choice(_TAGS) if rng.random() < 0.5 else "")


def reordered(text: str, rng: random.Random) -> str:
    """Two or three times, neighbouring sentences change places."""
    found = sentences(text)
    for _ in range(rng.randint(2, 3)):
        at = rng.randrange(max(1, len(found) - 1))
        found[at : at + 2] = found[at : at + 2][::-1]
    return " ".join(found)


def with_background(text: str, foreign: str, rng: random.Random, share: float = 0.3) -> str:
    """Another text's sentences are merged in; they make up at most a share of the whole."""
    room = len(text.split()) * share / (1 - share)
    found = sentences(text)
    at = rng.randint(1, len(found))
    for one in sentences(foreign):
        room -= len(one.split())
        if room < 0:
            break
        found.insert(at, one)
        at += 1
    return " ".join(found)


def several(text: str, foreign: str, rng: random.Random) -> str:
    """House style, some numbers, and two of the other changes."""
    changes: list[Callable[[str], str]] = [
        lambda t: first_part(t, 0.7),
        lambda t: without_some(t, rng, 0.15),
        lambda t: with_new_lead(t, foreign, rng),
        lambda t: reordered(t, rng),
        lambda t: with_background(t, foreign, rng, 0.15),
    ]
    for at in sorted(rng.sample(range(len(changes)), 2)):
        text = changes[at](text)
    return in_house_style(with_other_numbers(text, rng, 0.2), rng)


def copies(texts: Sequence[Text], rng: random.Random) -> Iterator[Pair]:
    """Copies of each text, of every kind that its length allows."""
    for place, original in enumerate(texts):
        body = original.body
        if len(sentences(body)) < 4:
            continue
        foreign = texts[(place + 1 + rng.randrange(len(texts) - 1)) % len(texts)].body
        made = {f"first {share} %": first_part(body, share / 100) for share in (70, 50, 30)}
        made["sentences dropped"] = without_some(body, rng)
        made["new lead"] = with_new_lead(body, foreign, rng)
        made["house style"] = in_house_style(body, rng)
        made["reordered"] = reordered(body, rng)
        made["background merged in"] = with_background(body, foreign, rng)
        made["several"] = several(body, foreign, rng)
        if len(body.split()) >= 150 and len(_NUMBER.findall(body)) >= 3:
            made["other numbers, long"] = with_other_numbers(body, rng)
        for kind, copy in made.items():
            if copy != body:
                yield Pair(kind, True, body, copy)


def strangers(texts: Sequence[Text], rng: random.Random) -> Iterator[Pair]:
    """Different stories with common parts."""
    for place, original in enumerate(texts):
        other = texts[(place + 1 + rng.randrange(len(texts) - 1)) % len(texts)].body
        third = texts[(place + 1 + rng.randrange(len(texts) - 1)) % len(texts)].body
        body = original.body
        if third in (body, other) or other == body:
            continue
        shared = first_part(third, 0.25 * min(len(body.split()), len(other.split()))
                            / max(1, len(third.split())))  # fmt: skip
        if len(shared.split()) <= min(len(body.split()), len(other.split())) / 3:
            yield Pair("shared background", False, f"{body} {shared}", f"{other} {shared}")
        yield Pair("shared foot", False, f"{body} {_FOOT}", f"{other} {_FOOT}")
        yield Pair("shared greeting", False, f"{_GREETING} {body}", f"{_GREETING} {other}")


def same_template(names: Sequence[str], rng: random.Random, count: int) -> Iterator[Pair]:
    """Reports of one kind with other facts, bare and with a long foot."""
    for name in names:
        for feet in (0, 1, 2, 4):
            for _ in range(count):
                one, other = from_template(name, rng, feet), from_template(name, rng, feet)
                kind = "template with foot" if feet else "template"
                yield Pair(kind, False, one, other)
                bare = without_numbers(one), without_numbers(other)
                if bare[0] != bare[1]:
                    yield Pair(f"{kind}, no numbers", False, *bare)
