"""Measures the topic tagger: accuracy, precision at the floor, and speed.

    python -m benchmarks.topics_accuracy DEV.jsonl.xz [--errors]

Each line of the file holds ``set``, ``lang``, ``headline``, ``text`` and ``gold`` (ids of top-level
topics). Top-1 is open over all 17 topics; a text without a tag counts as wrong. Coverage is the
share of texts that get a tag, precision the share of those whose strongest topic is right. The
"no floor" columns show what the evidence would say if the tagger always answered.
"""

import argparse
import bz2
import gzip
import json
import lzma
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from schemas.records import Topic
from transforms.topics import tagger as tagger_module
from transforms.topics.tagger import Tagger

_OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}

TOP_TOPICS = {
    # Class names of common news sets, for files whose gold is a name instead of an id.
    "arts": "medtop:01000000",
    "business": "medtop:04000000",
    "culture": "medtop:01000000",
    "entertainment": "medtop:01000000",
    "health": "medtop:07000000",
    "politics": "medtop:11000000",
    "science/technology": "medtop:13000000",
    "sci/tech": "medtop:13000000",
    "sport": "medtop:15000000",
    "sports": "medtop:15000000",
    "tech": "medtop:13000000",
}


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a JSONL file, compressed or not."""
    opener = _OPENERS.get(path.suffix, open)
    with cast(IO[str], opener(path, "rt", encoding="utf-8")) as lines:
        for line in lines:
            yield json.loads(line)


def gold(row: dict[str, Any]) -> set[str]:
    """Returns the ids of a row's right answers."""
    labels = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
    return {TOP_TOPICS.get(str(label).lower(), str(label)) for label in labels}


def first_top(topics: tuple[Topic, ...]) -> str | None:
    """Returns the id of the strongest top-level topic."""
    return next((topic.id for topic in topics if topic.level == 1), None)


def measure(rows: list[dict[str, Any]], *, floor: bool) -> list[tuple[Topic, ...]]:
    """Tags all rows, with the tagger's floor or with none."""
    saved = tagger_module.MIN_EVIDENCE, tagger_module.MIN_SHARE
    if not floor:
        tagger_module.MIN_EVIDENCE = tagger_module.MIN_SHARE = 0.0
    try:
        tagger = Tagger.load()
        return [tagger.tag(r["headline"], r["text"], r["lang"]) for r in rows]
    finally:
        tagger_module.MIN_EVIDENCE, tagger_module.MIN_SHARE = saved


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the topic tagger.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--errors", action="store_true", help="print the confusions")
    args = parser.parse_args()
    rows = list(read(args.file))
    tagged, always = measure(rows, floor=True), measure(rows, floor=False)
    by_set: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        by_set[f"{row['set']} ({row['lang']})"].append(i)
    by_set["all"] = list(range(len(rows)))
    print(f"{'set':16}{'texts':>7}{'top-1':>8}{'coverage':>10}{'precision':>11}{'no floor':>10}")
    for name, places in by_set.items():
        right = sum(first_top(tagged[i]) in gold(rows[i]) for i in places)
        given = sum(first_top(tagged[i]) is not None for i in places)
        open_right = sum(first_top(always[i]) in gold(rows[i]) for i in places)
        n = len(places)
        print(
            f"{name:16}{n:7}{right / n:8.3f}{given / n:10.3f}{right / max(given, 1):11.3f}"
            f"{open_right / n:10.3f}"
        )
    if args.errors:
        confusions = Counter(
            (rows[i]["set"], "|".join(sorted(gold(rows[i]))), first_top(tagged[i]) or "none")
            for i in range(len(rows))
            if first_top(tagged[i]) not in gold(rows[i])
        )
        for (name, right_id, given_id), count in confusions.most_common(25):
            print(f"{count:6}  {name:10} {right_id} tagged {given_id}")
    _speed(rows)


def _speed(rows: list[dict[str, Any]]) -> None:
    """Prints documents a second over the file's texts made 3 kB long."""
    tagger = Tagger.load()
    for language in sorted({row["lang"] for row in rows}):
        texts = [row for row in rows if row["lang"] == language][:1500]
        long = [
            (r["headline"], ((r["text"] + " ") * (3000 // len(r["text"]) + 1))[:3000])
            for r in texts
        ]
        tagger.tag("warm up", "", language)
        start = time.perf_counter()
        for headline, text in long:
            tagger.tag(headline, text, language)
        seconds = time.perf_counter() - start
        print(f"{language}: {len(long) / seconds:,.0f} documents of 3 kB a second")


if __name__ == "__main__":
    main()
