"""Builds the topic tagger's data from a release of IPTC Media Topics.

    python tools/build_topics.py mediatopics_2023-10-24.json [OUTPUT_FOLDER]

Input is a JSON list of concepts with ``qcode``, ``level``, ``broader``, ``path``, ``retired``,
``label`` and ``definition`` (both by IPTC's own language tags). Output, the same bytes for the
same input: ``mediatopics.tsv`` (concepts in use), ``terms_<language>.tsv`` (words and phrases with
the concepts they are evidence for) and ``SHA256SUMS`` over them and ``stopwords.txt``.

How a term gets its weight. Every concept is read as a small document of its labels and its
definition. A word's share of a top-level topic is how often that topic's concepts use it, per
fourth root of the topic's size (sport alone has a quarter of the concepts); its weight is that
share, times how unevenly the word is spread over the topics, times how often it was seen. A label
of several words counts in full. Nothing here is learned from articles.
"""

import argparse
import hashlib
import json
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO))

from transforms.topics.folding import UNSPACED, english_base, fold  # noqa: E402

DATA = REPO / "transforms" / "topics" / "data"

LANGUAGES = {
    # ISO 639-1: (IPTC's tags, conjunction that parts a label)
    "ar": (("ar",), r"\sو\s"),
    "da": (("dk",), r"\bog\b|\beller\b"),
    "de": (("de",), r"\bund\b|\boder\b"),
    "en": (("en-GB", "en-US"), r"\band\b|\bor\b"),
    "es": (("es",), r"\by\b|\be\b|\bo\b|\bu\b"),
    "fr": (("fr",), r"\bet\b|\bou\b"),
    "no": (("no-NB", "no-NN"), r"\bog\b|\beller\b"),
    "pt": (("pt-PT", "pt-BR"), r"\be\b|\bou\b"),
    "sv": (("se",), r"\boch\b|\beller\b"),
    # 和 is "and", but also half of 和平 (peace), 和解, 和谐 and 共和国 (republic).
    "zh": (("zh-Hans",), r"(?<!共)和(?![平解谐])|与|或|及"),
}
LABEL_WEIGHT = 2.0
SIZE_EXPONENT = 0.25
SEEN_SMOOTHING = 4.0
PHRASE_WEIGHT = 1.0
SINGLE_LABEL_WEIGHT = 0.15
UNSPACED_PHRASE = 4
UNSPACED_WORD_WEIGHT = 0.3
"""A label of two or three ideographs is a word, and may stand inside another word by chance."""
MIN_SHARE = 0.05
MIN_LETTERS = 3

Concept = dict[str, Any]


def label_parts(label: str, conjunction: str) -> Iterator[str]:
    """Yields the phrases a label lists: its qualifier in brackets says where, not what."""
    plain = re.sub(r"[(（][^)）]*[)）]?", " ", label)
    for part in re.split(rf"[/,;:&،、，]|{conjunction}", plain, flags=re.IGNORECASE):
        if folded := fold(part):
            yield folded


def read_stopwords(path: Path) -> dict[str, set[str]]:
    """Reads ``language word word …`` lines."""
    stop: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, *words = line.split()
            stop[language].update(words)
    return stop


class TermBuilder:
    """Weighs the terms of one language over all concepts in use."""

    def __init__(self, language: str, concepts: list[Concept], stop: set[str]) -> None:
        self.language = language
        self.tags, self.conjunction = LANGUAGES[language]
        self.concepts = concepts
        self.tops = {c["qcode"]: c["path"][0] for c in concepts}
        self.stop = stop | {self.base(word) for word in stop}
        self.surface: dict[str, str] = {}
        self.counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self.phrases: dict[str, set[str]] = defaultdict(set)

    def base(self, word: str) -> str:
        """Returns the key under which a word's forms are counted together."""
        return english_base(word) if self.language == "en" else word

    def bases(self, words: Iterable[str]) -> set[str]:
        """Returns the words' keys; remembers the shortest spelling of each for the file."""
        keys = set()
        for word in words:
            key = self.base(word)
            known = self.surface.setdefault(key, word)
            self.surface[key] = min(known, word, key=lambda w: (len(w), w))
            keys.add(key)
        return keys

    def count(self) -> None:
        """Reads labels and definitions of all concepts."""
        for concept in self.concepts:
            labels = [concept["label"][t] for t in self.tags if concept["label"].get(t)]
            parts = {p for label in labels for p in label_parts(label, self.conjunction)}
            for part in parts:
                self.phrases[part].add(concept["qcode"])
            if self.language in UNSPACED:
                continue  # words cannot be told apart without a segmenter: labels only
            top = self.tops[concept["qcode"]]
            definitions = [concept["definition"].get(t) or "" for t in self.tags]
            label_words = self.bases(w for part in parts for w in part.split())
            for word in label_words:
                self.counts[word][top] += LABEL_WEIGHT
            for word in self.bases(w for d in definitions for w in fold(d).split()) - label_words:
                self.counts[word][top] += 1

    def word_weights(self) -> dict[str, dict[str, float]]:
        """Returns each single word's weight for every top-level topic it speaks for."""
        sizes = Counter(self.tops.values())
        weights: dict[str, dict[str, float]] = {}
        for word, counts in self.counts.items():
            if len(word) < MIN_LETTERS or word.isdigit() or word in self.stop:
                continue
            rates = {top: n / sizes[top] ** SIZE_EXPONENT for top, n in sorted(counts.items())}
            total = math.fsum(rates.values())
            shares = {top: rate / total for top, rate in rates.items()}
            entropy = -math.fsum(s * math.log(s) for s in shares.values()) / math.log(len(sizes))
            seen = math.fsum(counts.values())
            sure = (1 - entropy) * seen / (seen + SEEN_SMOOTHING)
            weights[self.surface[word]] = {
                top: share * sure for top, share in shares.items() if share > MIN_SHARE
            }
        return weights

    def rows(self) -> list[tuple[str, str, str]]:
        """Returns (term, qcode, weight), sorted."""
        self.count()
        found: dict[tuple[str, str], float] = {}
        words = self.word_weights()
        for word, tops in words.items():
            for top, weight in tops.items():
                found[word, top] = weight
        whole = self.language in UNSPACED
        for phrase, qcodes in self.phrases.items():
            single = not whole and " " not in phrase
            if len(phrase) < (2 if whole else MIN_LETTERS) or phrase.isdigit():
                continue
            if single and (phrase in self.stop or self.base(phrase) in self.stop):
                continue
            term = self.surface[self.base(phrase)] if single else phrase
            tops_here = {self.tops[q] for q in qcodes}
            weight_alone = SINGLE_LABEL_WEIGHT if single else PHRASE_WEIGHT
            if whole and len(phrase) < UNSPACED_PHRASE:
                weight_alone = UNSPACED_WORD_WEIGHT
            for qcode in qcodes:
                floor = weight_alone / len(tops_here)
                weight = max(floor, words.get(term, {}).get(self.tops[qcode], 0.0))
                found[term, qcode] = max(weight, found.get((term, qcode), 0.0))
        kept = ((term, qcode, f"{weight:.3f}") for (term, qcode), weight in found.items())
        return sorted(row for row in kept if float(row[2]) >= 0.01)


def write_tsv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Writes rows with unix line ends whatever the platform."""
    lines = ["\t".join(row) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def build(source: Path, output: Path) -> None:
    """Writes all data files into ``output``."""
    concepts: list[Concept] = [
        c for c in json.loads(source.read_text("utf-8")) if not c.get("retired")
    ]
    concepts.sort(key=lambda c: c["qcode"])
    stop = read_stopwords(output / "stopwords.txt")
    write_tsv(
        output / "mediatopics.tsv",
        ("qcode", "level", "broader", "name"),
        (
            (c["qcode"], str(c["level"]), c["broader"] or "", " ".join(c["label"]["en-GB"].split()))
            for c in concepts
        ),
    )
    for language in sorted(LANGUAGES):
        rows = TermBuilder(language, concepts, stop.get(language, set())).rows()
        write_tsv(output / f"terms_{language}.tsv", ("term", "qcode", "weight"), rows)
    files = sorted([*output.glob("*.tsv"), output / "stopwords.txt"], key=lambda p: p.name)
    sums = (f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}" for p in files)
    (output / "SHA256SUMS").write_text("\n".join(sums) + "\n", "utf-8", newline="\n")


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description="Build the topic tagger's data files.")
    parser.add_argument("source", type=Path, help="Media Topics as JSON")
    parser.add_argument("output", type=Path, nargs="?", default=DATA, help="data folder")
    args = parser.parse_args()
    build(args.source, args.output)


if __name__ == "__main__":
    main()
