"""Real texts for near_duplicates.py, and reports invented from one template each."""

import json
import lzma
import random
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import xxhash

from schemas.records import Article, RawDocument
from transforms.formats.errors import UnreadableError
from transforms.formats.origin import parse_document
from transforms.formats.registry import read_document
from transforms.text.article import normalize

_FIGURE = re.compile(r"\S*\d\S*\s?")
_MOST = 1 << 26
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Text:
    """A body.

    Attributes:
        name: where it is from.
        kind: the collection it belongs to.
        headline: its headline, empty when there is none.
        body: plain text.
    """

    name: str
    kind: str
    headline: str
    body: str

    @property
    def for_tuning(self) -> bool:
        """Whether it belongs to the half that thresholds are chosen by."""
        return xxhash.xxh3_64_intdigest(self.body.encode("utf-8", "replace")) % 2 == 0


def read_texts(data: Path, least_words: int = 30) -> list[Text]:
    """All real texts of so many words, without verbatim repeats, in a fixed order."""
    found: dict[str, Text] = {}
    for text in (*_topics(data), *_pages(data), *_feeds(data)):
        if len(text.body.split()) >= least_words or len(text.body) >= 12 * least_words:
            found.setdefault(text.body, text)
    return list(found.values())


def read_polls(data: Path) -> list[Text]:
    """The first text of every item of the archived polls, in the order they were fetched.

    The collection is the feed.
    """
    found: dict[tuple[str, str | None], Text] = {}
    with tarfile.open(data / "repoll.tar.xz") as archive:
        polls = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        for name in sorted(polls):
            poll = polls[name]
            assert poll is not None
            feed = name.rsplit("/", 2)[-2]
            for number, article in enumerate(_articles(name, poll.read())):
                key = (feed, article.guid or article.url)
                found.setdefault(key, Text(f"{name}:{number}", feed, article.headline or "",
                                           article.body or ""))  # fmt: skip
    return list(found.values())


def _topics(data: Path) -> Iterator[Text]:
    with lzma.open(data / "topics_dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            name = f"{row['set']}:{number}"
            yield Text(name, row["set"], row["headline"] or "", row["text"].strip())


def _pages(data: Path) -> Iterator[Text]:
    truth = json.loads((data / "articles_aeb" / "ground-truth.json").read_text(encoding="utf-8"))
    for name, page in truth.items():
        yield Text(f"page:{name[:8]}", "pages", "", page["articleBody"].strip())


def _feeds(data: Path) -> Iterator[Text]:
    for path in sorted((data / "feeds_captured").iterdir()):
        if path.name == "MANIFEST.json":
            continue
        for number, article in enumerate(_articles(str(path), path.read_bytes())):
            name = f"{path.name}:{number}"
            yield Text(name, "feeds", article.headline or "", article.body or "")


def _articles(uri: str, content: bytes) -> Iterator[Article]:
    """The articles of a feed that have a body."""
    document = RawDocument(uri, content, _WHEN)
    try:
        parsed = read_document(document, _MOST, _MOST)
    except UnreadableError:
        return
    origin, _ = parse_document(document, parsed)
    for item in parsed.items:
        article = normalize(item, origin)
        if isinstance(article, Article) and article.body:
            yield article


_PLACES = """Ambleton Borrowdale Castlewick Dunmere Eastleigh Farrowby Glenross Harwick Inverlea
Jarrowfield Kelmscott Larkhill Marlowe Netherby Oakhaven Penrose""".split()
_PEOPLE = """Anders Brandt Collins Dorsey Eklund Ferrante Grigor Halloran Ibarra Jansen Kovac
Lindqvist Marchetti Novak Okafor Petrov""".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SKIES = ["sunny", "cloudy", "partly cloudy", "overcast", "wet", "windy", "dry"]
_TEMPLATES = {
    "cases": "Health officials in {place} county reported {n} new cases of the virus on {day}, "
    "bringing the total number of confirmed cases in the county to {m}. The number of deaths rose "
    "by {s} to {n2}. There are {n3} people in hospital, including {s2} in intensive care. Health "
    "officials urge residents to wash their hands frequently, to stay home when they feel sick and "
    "to get tested if they have symptoms.",
    "weather": "The forecast for {place} on {day}: {sky} in the morning, {sky2} later. Highs of "
    "{s} to {s2} degrees, lows around {s3}. Winds from the west at {s4} kilometres an hour. The "
    "chance of rain is {p} percent. Sunrise is at {h}:{p} and sunset at {h2}:{p2}. The outlook for "
    "the rest of the week is {sky} with temperatures near the average for the time of year.",
    "market": "Shares closed {way} on {day} as investors weighed the latest earnings reports. The "
    "main index {moved} {s}.{p} points, or {s2}.{p2} percent, to {m}.{p}. Advancing issues "
    "outnumbered decliners by {s3} to {s4} on volume of {n}.{s} million shares. The yield on the "
    "benchmark bond {moved} to {s2}.{p} percent. Crude oil settled at ${p}.{p2} a barrel.",
    "result": "{person} scored {s} points as {place} beat {place2} {n}-{n2} on {day} night. "
    "{person2} added {s2} points and {s3} rebounds for {place}, which has won {s4} of its last "
    "{p} games. {person3} led {place2} with {p2} points. {place} plays at {place3} on {day2}.",
    "lottery": "The winning numbers in {day} evening's drawing of the state lottery were {d}-{d2}-"
    "{d3}. Players who match all three numbers in the exact order win the top prize of ${n}. "
    "Tickets must be claimed within {p} days of the drawing at any authorised retailer in the "
    "state or at the lottery's headquarters.",
    "quake": "An earthquake of magnitude {s}.{d} struck {p} kilometres from {place} at {h}:{p2} on "
    "{day}, the geological survey said. It was at a depth of {n} kilometres. There were no "
    "immediate reports of damage or injuries. The survey revises its figures as more data arrive, "
    "and smaller aftershocks may follow in the coming days.",
    "police": "Police in {place} are appealing for witnesses after a {age}-year-old man was hurt "
    "in a collision on the {place2} road at about {h}:{p} on {day}. He was taken to hospital, and "
    "his condition was described as serious but stable. Anyone who saw the collision or who has "
    "footage from a camera is asked to call {place} police and to quote reference {m}.",
    "earnings": "{person} Industries Inc. on {day} reported earnings of ${n} million in its "
    "{nth} quarter. The {place}-based company said it had net income of {p} cents per share. The "
    "maker of industrial equipment posted revenue of ${m} million in the period. The results "
    "{beat} Wall Street expectations. The average estimate of {s} analysts was {p2} cents a share.",
    "appointment": "{place} Holdings on {day} named {person} as its chief executive, succeeding "
    "{person2}, who is retiring after {s} years with the company. {person}, {age}, joined from "
    "{place2} Foods, where he was head of operations. The change takes effect on the first day of "
    "next month. The board thanked {person2} for steering the company through difficult times and "
    "said that its forecast for the full year was unchanged.",
    "death": "{person} {person2}, who played {sky} roles on stage and screen, has died in {place} "
    "at the age of {age}. The death was confirmed on {day} by a spokeswoman for the family, who "
    "gave no cause. A private service will be held next week, and the family has asked for "
    "privacy and for donations to a children's hospital instead of flowers.",
    "currency": "The dollar {moved} against the euro on {day}, with one euro worth {d}.{n} dollars "
    "in late trading after {d2}.{n2} the day before. It bought {n3}.{p} yen. Against the pound it "
    "{moved} to {d}.{m}. Dealers said that few investors wished to take positions ahead of the "
    "central bank's decision on interest rates. Gold {moved} to ${m} an ounce.",
    "count": "With {p} percent of precincts reporting in {place}, {person} led {person2} by {n} "
    "votes, {m} to {n2}{n3}, according to unofficial results released by the county clerk late on "
    "{day}. The race is too close to call, and absentee ballots that arrive by the end of the week "
    "will still be counted. The winner will replace {person3}, who did not seek another term.",
    "road": "The {place} road will be closed in both directions between {place2} and {place3} from "
    "{h} o'clock on {day} for resurfacing. The work is expected to take {s} nights. A diversion "
    "will be signposted, and drivers are asked to allow {p} minutes more for their journey. Access "
    "for emergency services will be maintained at all times.",
    "tournament": "{person} beat {person2} 6-{d}, {d2}-6, 7-5 on {day} to reach the semi-finals of "
    "the {place} Open, where he will meet {person3}. He hit {s} aces and saved {s2} of {p} break "
    "points in a match that lasted {h} hours and {p2} minutes. It was his {n}th win on the tour. "
    "Play resumes at noon on {day2} if the weather allows.",
    "sentence": "A judge in {place} sentenced {person} to {s} years in prison on {day} for his "
    "part in burglaries. {person}, {age}, of {place2}, had pleaded guilty at an earlier "
    "hearing. The court heard that goods worth {m} dollars were taken. His lawyer, {person2}, said "
    "that his client was sorry for what he had done and wanted to turn his life around.",
    "transfer": "{place} have signed midfielder {person} from {place2} for a fee of {p} million on "
    "a {d}-year deal. The {s}-year-old made {n} appearances for {place2} and scored {s2} goals. "
    "Manager {person2} said that the club had followed the player for a long time and that he "
    "would bring energy and experience to a young squad.",
    "missing": "Police are growing concerned for the welfare of {person}, {age}, who was last seen "
    "leaving his home in {place} on {day} morning. He is described as of slim build with short "
    "grey hair and was wearing a dark jacket. Officers believe that he may have travelled to "
    "{place2}. Anyone with information is asked to contact the police at once.",
    "fuel": "The average price of petrol in {place} stood at {n} pence a litre on {day}, {s} pence "
    "more than a week ago, the motoring club said. Diesel cost {n2} pence. The cheapest fuel was "
    "sold in {place2} at {n3} pence. The club advises drivers to compare prices before they fill "
    "up, and not to buy at motorway stations.",
    "flu": "Doctors in {place} saw {n} patients with influenza in the week to {day}, against {n2} "
    "the week before. {s} of {p} samples tested were positive. {person}, who heads the health "
    "office, said that it was not too late to be vaccinated, and that older people and those with "
    "chronic illnesses should speak to their doctor.",
    "opening": "A new branch of the library opened in {place} on {day}. Mayor {person} cut the "
    "ribbon together with {person2}, who will run the branch. It holds {m} books and has {p} seats "
    "for readers. Admission is free, and the doors are open every day but Monday. The building "
    "was paid for by the town and by donations from its citizens.",
}  # fmt: skip
_FRESH = {
    "strike": "Bus drivers in {place} walked out on {day} after talks between the union and the "
    "operator {person} Transport broke down. {person2}, who speaks for the drivers, said that the "
    "offer fell far short of what had been promised. The operator called the strike irresponsible "
    "and said that it remained ready to talk. Passengers are advised to use the trains to "
    "{place2}.",
    "award": "{person} of {place} University has been awarded the {person2} Prize for work on the "
    "chemistry of batteries, the jury said on {day}. It praised patience and imagination in equal "
    "measure. The laureate, who grew up in {place2}, thanked students and colleagues, and said the "
    "money would pay for a new laboratory. The prize is presented in {place3} in the autumn.",
    "rescue": "Rescuers brought a walker to safety from the cliffs near {place} on {day} evening. "
    "The lifeboat from {place2} was launched after a passer-by heard shouts. {person}, who led the "
    "crew, said that the walker was cold and frightened but unhurt, and that people should stay "
    "on the marked path and tell someone where they are going before they set out.",
    "injury": "{place} will be without {person} for the rest of the season after scans showed "
    "damage to the ligaments of the left knee. The defender went down early in the match against "
    "{place2} on {day} and was carried off. Coach {person2} called it a heavy blow for the player "
    "and for the team, and said that {person3} would be given a chance in the centre of the "
    "defence.",
    "score": "{place} drew {d}-{d2} with {place2} on {day} in front of {m} spectators. {person} "
    "put the hosts ahead after {s} minutes with a header, and {person2} answered for the visitors "
    "from {s2} metres. It was the {p}th meeting of the two sides. Both remain in the middle of the "
    "table with {n} goals between them since the league was founded.",
}  # fmt: skip
TEMPLATES = tuple(_TEMPLATES)
"""Kinds of reports for tuning."""

FRESH_TEMPLATES = tuple(_FRESH)
"""Other kinds, for reporting: no threshold was chosen by them. Most hold no number."""

_ALL_TEMPLATES = _TEMPLATES | _FRESH


def without_numbers(report: str) -> str:
    """The report as it would be if it gave no figures."""
    return _FIGURE.sub("", report)


def from_template(name: str, rng: random.Random, feet: int = 0) -> str:
    """A report of its kind with other facts each time.

    Args:
        name: one of :data:`TEMPLATES` or :data:`FRESH_TEMPLATES`.
        rng: where the facts come from.
        feet: sentences that stand under every report of the kind.
    """
    places, people = rng.sample(_PLACES, 3), rng.sample(_PEOPLE, 3)
    facts: dict[str, object] = {
        "place": places[0], "place2": places[1], "place3": places[2], "person": people[0],
        "person2": people[1], "person3": people[2], "day": rng.choice(_DAYS),
        "day2": rng.choice(_DAYS), "sky": rng.choice(_SKIES), "sky2": rng.choice(_SKIES),
        "way": rng.choice(["higher", "lower", "mixed"]), "moved": rng.choice(["rose", "fell"]),
        "nth": rng.choice(["first", "second", "third", "fourth"]), "age": rng.randint(17, 90),
        "beat": rng.choice(["beat", "missed", "met"]), "h": rng.randint(1, 12),
        "h2": rng.randint(1, 12), "m": rng.randint(1000, 99999),
    }  # fmt: skip
    facts |= {f"s{i or ''}": rng.randint(2, 29) for i in (0, 2, 3, 4)}
    facts |= {f"n{i or ''}": rng.randint(51, 999) for i in (0, 2, 3)}
    facts |= {f"p{i or ''}": rng.randint(10, 99) for i in (0, 2)}
    facts |= {f"d{i or ''}": rng.randint(0, 9) for i in (0, 2, 3)}
    return " ".join([_ALL_TEMPLATES[name].format(**facts), *_FEET[:feet]])


_FEET = (
    "This report was compiled automatically from the data that the office publishes every day.",
    "Figures may differ from those of earlier reports, because the office corrects them when "
    "further records arrive, and are given here as they stood when the report was made.",
    "Readers who notice an error are asked to write to the newsroom, which answers every letter.",
    "More reports of this kind, charts for every county of the state and an explanation of the "
    "method can be found on the pages of the data desk, which are free for all to read.",
)
