"""The topic vocabulary and the terms that speak for its concepts, read from the package's data.

What the files hold and how they are made is told in ``data/README.md``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

_DATA = resources.files("transforms.topics") / "data"


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of the vocabulary."""

    id: str
    """``medtop:20000002``"""
    level: int
    """Depth, 1 = top."""
    name: str
    """English label."""
    path: tuple[str, ...]
    """Ids from the top-level topic down to this concept, both included."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase and what it is evidence for."""

    text: str
    """Folded."""
    tops: tuple[tuple[str, float], ...]
    """(id, weight) of the top-level topics it speaks for, the parents of :attr:`deeper` among
    them."""
    deeper: tuple[tuple[str, float], ...]
    """(id, weight) of the concepts below the top level that it is a label of."""


def read_rows(name: str) -> Iterator[list[str]]:
    """Yields the rows of a data file, split at tabs, without the header."""
    with (_DATA / name).open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            yield line.rstrip("\n").split("\t")


@cache
def concepts() -> dict[str, Concept]:
    """Returns the vocabulary by id, parents found by their children's ``broader``."""
    rows = list(read_rows("mediatopics.tsv"))
    parents = {qcode: broader for qcode, _, broader, _ in rows}
    result: dict[str, Concept] = {}
    for qcode, level, _, name in rows:
        path, at = [qcode], qcode
        while at := parents[at]:
            path.append(at)
        result[qcode] = Concept(qcode, int(level), name, tuple(reversed(path)))
    return result


@cache
def languages() -> frozenset[str]:
    """Returns the ISO 639-1 languages there are terms for."""
    names = (entry.name for entry in _DATA.iterdir())
    return frozenset(n[6:-4] for n in names if n.startswith("terms_") and n.endswith(".tsv"))


def terms(language: str) -> list[Term]:
    """Returns the terms of a language in file order; none for a language without a file."""
    if language not in languages():
        return []
    grouped: dict[str, dict[str, float]] = {}
    for text, qcode, amount in read_rows(f"terms_{language}.tsv"):
        grouped.setdefault(text, {})[qcode] = float(amount)
    known = concepts()
    result = []
    for text, weights in grouped.items():
        tops: dict[str, float] = {}
        deeper: dict[str, float] = {}
        for qcode, weight in weights.items():
            concept = known[qcode]
            # A label of a deep concept is evidence for its top too: once, by its best weight,
            # however many concepts below that top share the label.
            top = concept.path[0]
            tops[top] = max(tops.get(top, 0.0), weight)
            if concept.level > 1:
                deeper[qcode] = weight
        result.append(Term(text, tuple(sorted(tops.items())), tuple(sorted(deeper.items()))))
    return result
