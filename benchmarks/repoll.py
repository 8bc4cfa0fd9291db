"""Scores newsbeam's duplicates on archived polls of real feeds.

    python -m benchmarks.repoll POLLS [--merges FILE] [--no-replay] [--lake LAKE]

POLLS has one folder a feed; a poll's name is when it was fetched, ``2026-03-01T061500p1300.xml``.
What is one story is told from the raw entries by :mod:`benchmarks.repoll_truth`, which uses nothing
of newsbeam. The polls are then read and judged in this process, and compared:

- same-item recall: of every two consecutive sightings of an item, whether both are one article;
- merges: pairs of different raw items that became one article, and how many of them are right;
- recurring columns that were merged, and re-publications that were missed;
- replay: a judge of its own for each poll, which knows what the ones before it left behind, with
  the sightings shuffled first, must give every sighting the same verdict as one run over all.

With ``--lake`` the rows of a lake over the same polls, by ``newsbeam run --path_pattern``, are
scored instead; sightings that brought nothing new have no row there. Exit code 1 when the recall is
not whole, a column was merged or the replay differs.
"""

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import TextIO

from benchmarks.lakes import rows_of
from benchmarks.repoll_truth import Pair, Place, Relation, Truth, feed_of, place_of, poll_files
from schemas.judgement import KnownItem, Outcome, Sighting, Verdict
from schemas.records import Article, RawDocument
from transforms.formats.dropped import read_path_time
from transforms.formats.errors import UnreadableError
from transforms.formats.origin import parse_document
from transforms.formats.registry import read_document
from transforms.identity.judge import Judge, visit_order
from transforms.identity.sightings import sighting_of_article
from transforms.text.article import normalize

WINDOW = timedelta(hours=72)
HOURS = WINDOW / timedelta(hours=1)
MAX_BYTES = 32 << 20
MAX_ITEMS = 100_000
SEED = 5
"""Shuffles the sightings of the replay."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry of a poll and the article it became or repeats."""

    place: Place
    fetched_at: datetime
    article_id: str
    kind: str | None
    evidence: str | None


def read_polls(folder: Path) -> tuple[list[tuple[Sighting, Place]], Counter[str]]:
    """All entries as the judge sees them, in its order, and what was refused, by reason."""
    found: list[tuple[Sighting, Place]] = []
    refused: Counter[str] = Counter()
    for path in poll_files(folder):
        document = RawDocument(
            uri=str(path),
            content=path.read_bytes(),
            fetched_at=read_path_time(path.stem),
            source=feed_of(path),
            fetched_known=True,
        )
        try:
            parsed = read_document(document, MAX_BYTES, MAX_ITEMS)
        except UnreadableError as error:
            refused[error.reason] += 1
            continue
        origin, _ = parse_document(document, parsed)
        refused.update(reject.reason for reject in parsed.rejects)
        for item in parsed.items:
            article = normalize(item, origin)
            if isinstance(article, Article):
                found.append((sighting_of_article(article), place_of(path, item.position)))
            else:
                refused[article.reason] += 1
    return sorted(found, key=lambda pair: visit_order(pair[0])), refused


def judge_at_once(sightings: Iterable[Sighting]) -> list[Verdict]:
    """The verdicts of one run over all polls."""
    judge = Judge((), WINDOW)
    return [judge.judge(sighting) for sighting in sightings]


def judge_poll_by_poll(sightings: list[Sighting]) -> list[Verdict]:
    """The verdicts of a run for each moment at which feeds were polled.

    Each run gets its sightings in an arbitrary order and all that the runs before it left behind.
    """
    shuffler = random.Random(SEED)
    known: dict[bytes, KnownItem] = {}
    verdicts: list[Verdict] = []
    for _, polled in groupby(sightings, key=lambda sighting: sighting.fetched_at):
        arrived = list(polled)
        shuffler.shuffle(arrived)
        judge = Judge(known.values(), WINDOW)
        verdicts += [judge.judge(sighting) for sighting in sorted(arrived, key=visit_order)]
        known.update((item.item_id, item) for item in judge.changed())
    return verdicts


def rows_of_lake(lake: Path) -> Iterator[Placed]:
    """The stored rows of a lake over the polls, by fetch time."""
    placed = []
    for table, name in (("articles", "article_id"), ("duplicates", "kept_article_id")):
        for row in rows_of(lake, table):
            place = place_of(Path(row["document_uri"]), row["document_position"])
            kind, evidence = row.get("kind"), row.get("evidence")
            placed.append(Placed(place, row["fetched_at"], row[name], kind, evidence))
    yield from sorted(placed, key=lambda row: (row.fetched_at, row.place))


class Score:
    """What the placed entries come to beside the truth.

    Attributes:
        pairs: consecutive sightings of one item.
        torn: those of them that are two articles.
        merges: pairs of different items that share an article, and the entry that joined them.
    """

    def __init__(self, truth: Truth, placed: Iterable[Placed]) -> None:
        self._truth = truth
        self.pairs = 0
        self.torn: list[tuple[Placed, Placed]] = []
        self.merges: dict[Pair, Placed] = {}
        sightings: dict[int, list[Placed]] = defaultdict(list)
        bearers: dict[str, list[int]] = defaultdict(list)
        for entry in placed:
            number = truth.item_at[entry.place]
            sightings[number].append(entry)
            if number not in bearers[entry.article_id]:
                bearers[entry.article_id].append(number)
                for elder in bearers[entry.article_id][:-1]:
                    self.merges.setdefault((min(elder, number), max(elder, number)), entry)
        for entries in sightings.values():
            self.pairs += len(entries) - 1
            self.torn += [
                (one, other)
                for one, other in pairwise(entries)
                if one.article_id != other.article_id
            ]

    def merged(self, relation: Relation) -> list[Pair]:
        """The merges that are of a relation."""
        return [pair for pair in self.merges if self._truth.relation(pair) is relation]


def report(truth: Truth, score: Score, say: Callable[[str], None]) -> bool:
    """Say what was found; whether nothing was torn and no column merged."""
    whole = score.pairs - len(score.torn)
    say(f"same-item recall   {_share(whole, score.pairs)} of consecutive sightings")
    for one, other in score.torn:
        say(f"  TORN {one.place} {one.article_id} | {other.place} {other.article_id}")
    merged = {relation: score.merged(relation) for relation in Relation}
    right, false, unclear = (
        len(merged[relation]) for relation in (Relation.SAME, Relation.OTHER, Relation.UNCLEAR)
    )
    false += len(merged[Relation.COLUMN])
    say(f"merges             {len(score.merges)}: {right} right, {false} false, {unclear} unclear")
    say(f"precision          {_share(right, right + false)} of the decided")
    say(f"                   {_share(right, len(score.merges))} when unclear counts as false")
    for relation in (Relation.OTHER, Relation.COLUMN, Relation.UNCLEAR):
        for pair in merged[relation]:
            say("\n".join(described(truth, score, pair)))
    candidates = truth.candidates()
    of_kind: dict[Relation, list[Pair]] = defaultdict(list)
    for pair, relation in candidates.items():
        of_kind[relation].append(pair)
    columns, same = of_kind[Relation.COLUMN], of_kind[Relation.SAME]
    say(f"recurring columns  {_merged_of(truth, score, columns)}")
    say(f"one title, other   {_merged_of(truth, score, of_kind[Relation.OTHER])}")
    found = [pair for pair in same if pair in score.merges]
    say(f"re-publications    {_share(len(found), len(same))} found")
    for pair in same:
        if pair not in score.merges:
            say("\n".join(described(truth, score, pair)))
    return not score.torn and not merged[Relation.COLUMN]


def described(truth: Truth, score: Score, pair: Pair) -> Iterator[str]:
    """A pair for reading by eye: two lines, and before them what newsbeam said."""
    entry = score.merges.get(pair)
    verdict = f"{entry.kind or 'shared article'}; {entry.evidence}" if entry else "missed"
    yield f"  {truth.relation(pair).upper()}: {verdict}"
    for number in pair:
        item = truth.items[number]
        when = f"{datetime.fromtimestamp(min(item.times), UTC):%Y-%m-%d %H:%M}"
        yield f"    {when} {min(item.urls)} {' / '.join(item.titles.values())}"


def write_merges(truth: Truth, score: Score, out: TextIO) -> None:
    """All merges, two lines each with the start of the description, for reading by eye."""
    for pair in score.merges:
        verdict, *lines = described(truth, score, pair)
        print(verdict.strip(), file=out)
        for line, number in zip(lines, pair, strict=True):
            texts = (text for text in truth.items[number].texts if text)
            start = " ".join(min(texts, default="").split())[:300]
            print(f"{line.strip()} | {start}", file=out)


def _merged_of(truth: Truth, score: Score, pairs: list[Pair]) -> str:
    # Pairs that lie further apart than the window put no rule but the window to the test.
    near = sum(truth.items[one].hours_to(truth.items[other]) <= HOURS for one, other in pairs)
    merged = sum(pair in score.merges for pair in pairs)
    return f"{merged} of {len(pairs)} pairs merged; {near} pairs lie within {HOURS:.0f} hours"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.2%})" if whole else "none of none"


def _score_in_process(truth: Truth, folder: Path, replay: bool) -> tuple[Score, bool]:
    started = time.perf_counter()
    found, refused = read_polls(folder)
    sightings = [sighting for sighting, _ in found]
    read = time.perf_counter()
    verdicts = judge_at_once(sightings)
    judged = time.perf_counter()
    print(f"{len(found):,} entries read in {read - started:.1f} s, judged in {judged - read:.1f} s")
    for reason, number in sorted(refused.items()):
        print(f"  refused {reason} {number:,}")
    counts = Counter((verdict.outcome.value, verdict.kind or "") for verdict in verdicts)
    for (outcome, kind), number in sorted(counts.items()):
        print(f"  {outcome} {kind} {number:,}")
    flags = Counter(flag for verdict in verdicts for flag in verdict.flags)
    print("  flags: " + (", ".join(f"{flag} {flags[flag]}" for flag in sorted(flags)) or "none"))
    equal = True
    if replay:
        again = judge_poll_by_poll(sightings)
        differ = [at for at, verdict in enumerate(verdicts) if verdict != again[at]]
        polls = len({sighting.fetched_at for sighting in sightings})
        seconds = time.perf_counter() - judged
        print(f"replay in {polls:,} runs: {len(differ)} verdicts differ ({seconds:.1f} s)")
        for at in differ[:20]:
            print(f"  {found[at][1]}: {verdicts[at]} | {again[at]}")
        equal = not differ
    placed = (
        Placed(place, sighting.fetched_at, verdict.article_id.hex(), verdict.kind, verdict.evidence)
        for (sighting, place), verdict in zip(found, verdicts, strict=True)
        if verdict.outcome is not Outcome.REJECTED
    )
    return Score(truth, placed), equal


def main() -> int:
    parser = argparse.ArgumentParser(description="Score duplicates on archived polls.")
    parser.add_argument("polls", type=Path)
    parser.add_argument("--merges", type=Path, help="write all merges to this file")
    parser.add_argument("--lake", type=Path, help="score this lake instead")
    parser.add_argument("--no-replay", action="store_true", help="do not judge poll by poll")
    args = parser.parse_args()
    truth = Truth(args.polls)
    print(f"{len(truth.items):,} raw items in {len(truth.item_at):,} entries")
    if args.lake:
        score, equal = Score(truth, rows_of_lake(args.lake)), True
    else:
        score, equal = _score_in_process(truth, args.polls, replay=not args.no_replay)
    good = report(truth, score, print)
    if args.merges:
        with args.merges.open("w", encoding="utf-8") as out:
            write_merges(truth, score, out)
    return 0 if good and equal else 1


if __name__ == "__main__":
    sys.exit(main())
