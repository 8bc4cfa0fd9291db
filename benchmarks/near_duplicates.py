"""Precision and recall of near-duplicate bodies: ``python -m benchmarks.near_duplicates DATA_DIR``.

Copies are made of real texts and looked for by the whole path: enough bands in common, then
``alike``. Half of the texts are for tuning, the other half is reported (``--tuning`` reports the
first). The yardstick is plain MinHash of 5-shingles with 64 permutations (256 bytes) and a Jaccard
index of at least 0.5, and it compares every pair: it needs no bands. Afterwards all real texts are
compared with each other and every merged pair is printed, to be read by eye; ``--polls`` does so
with every item of the archived polls in ``repoll.tar.xz``.
"""

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from benchmarks.near_duplicate_pairs import Pair, copies, same_template, strangers
from benchmarks.near_duplicate_texts import (
    FRESH_TEMPLATES,
    TEMPLATES,
    Text,
    read_polls,
    read_texts,
)
from transforms.text.fingerprint import (
    MIN_SHARED_BANDS,
    Fingerprint,
    Likeness,
    alike,
    fingerprint,
)

SEED = 20
COMMON_PHRASE = 16
REPEAT_CONTAINED = 0.3
"""Share of a text's 5-shingles in another from which two real texts are put aside: they may be
repeats, so they are no negatives."""
_WORD = re.compile(r"\w+")
_PERMUTATIONS = 64


def find(one: Fingerprint, other: Fingerprint) -> Likeness | None:
    """The whole path for one pair."""
    if len(set(one.bands) & set(other.bands)) < MIN_SHARED_BANDS:
        return None
    return alike(one, other)


def exact_shingles(text: str) -> set[str]:
    """The 5-word shingles of a text."""
    words = _WORD.findall(text.casefold())
    return {" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))}


class MinHash:
    """The yardstick."""

    def __init__(self) -> None:
        rng = np.random.default_rng(SEED)
        halves = rng.integers(0, 1 << 63, _PERMUTATIONS, dtype=np.uint64)
        self._factors = halves * np.uint64(2) + np.uint64(1)
        self._terms = rng.integers(0, 1 << 63, _PERMUTATIONS, dtype=np.uint64)

    def sketch(self, text: str) -> npt.NDArray[np.uint64]:
        """64 smallest values."""
        encoded = (one.encode("utf-8", "replace") for one in exact_shingles(text))
        hashes = np.array([xxhash.xxh3_64_intdigest(one) for one in encoded], np.uint64)[:, None]
        return ((hashes * self._factors + self._terms) >> np.uint64(32)).min(axis=0)

    def same(self, one: str, other: str) -> bool:
        """Whether the estimated Jaccard index is at least a half."""
        return float((self.sketch(one) == self.sketch(other)).mean()) >= 0.5


def nearest(texts: Sequence[Text], repeats: set[tuple[int, int]]) -> Iterator[Pair]:
    """Each text with the three that share most words with it, rare words counting more."""
    width = 1 << 12
    counts = np.zeros((len(texts), width), np.float32)
    for row, text in enumerate(texts):
        for word in set(_WORD.findall(text.body.casefold())):
            counts[row, xxhash.xxh3_64_intdigest(word.encode("utf-8", "replace")) % width] = 1
    counts *= np.log(len(texts) / (1 + counts.sum(axis=0)))
    counts /= np.linalg.norm(counts, axis=1, keepdims=True) + 1e-9
    for row, text in enumerate(texts):
        likeness = counts @ counts[row]
        likeness[row] = -1
        for other in np.argsort(-likeness)[:3]:
            pair = (min(row, int(other)), max(row, int(other)))
            if pair not in repeats:
                kind = "nearest, short" if text.kind == "ag_news" else "nearest"
                yield Pair(kind, False, text.body, texts[int(other)].body)


def real_repeats(texts: Sequence[Text]) -> dict[tuple[int, int], float]:
    """Pairs of real texts of which one is in the other to a notable part, counted exactly."""
    shingles = [exact_shingles(text.body) for text in texts]
    bearers = defaultdict(list)
    for row, found in enumerate(shingles):
        for one in found:
            bearers[one].append(row)
    shared = Counter[tuple[int, int]]()
    for rows in bearers.values():
        if len(rows) <= 200:
            shared.update(combinations(rows, 2))
    sizes = [len(found) for found in shingles]
    contained = {pair: n / min(sizes[pair[0]], sizes[pair[1]]) for pair, n in shared.items()}
    return {pair: share for pair, share in contained.items() if share >= REPEAT_CONTAINED}


def all_pairs(
    texts: Sequence[Text], templates: Sequence[str], repeats: set[tuple[int, int]]
) -> list[Pair]:
    """Everything that is judged."""
    rng = random.Random(SEED)
    long = [text for text in texts if text.kind != "ag_news"]
    return [
        *copies(long, rng),
        *strangers(long, rng),
        *same_template(templates, rng, 40),
        *nearest(texts, repeats),
    ]


def report(pairs: Iterable[Pair], least_words: int) -> list[Pair]:
    """Print what was found of each kind; returns the pairs that were judged wrongly."""
    minhash = MinHash()
    total, ours, candidates, alone, theirs = (Counter[tuple[bool, str]]() for _ in range(5))
    wrong = []
    for pair in pairs:
        if pair.copies and pair.words < least_words:
            continue
        key = (pair.copies, pair.kind)
        one, other = fingerprint(pair.one), fingerprint(pair.other)
        if one is None or other is None:
            continue
        found = find(one, other) is not None
        total[key] += 1
        ours[key] += found
        candidates[key] += len(set(one.bands) & set(other.bands)) >= MIN_SHARED_BANDS
        alone[key] += alike(one, other) is not None
        theirs[key] += minhash.same(pair.one, pair.other)
        if found != pair.copies:
            wrong.append(pair)
    print("| | pairs | share bands | alike alone | merged | MinHash merges |")
    print("|---|--:|--:|--:|--:|--:|")
    for key in sorted(total, reverse=True):
        shares = [100 * part[key] / total[key] for part in (candidates, alone, ours, theirs)]
        figures = " | ".join(f"{share:.1f} %" for share in shares)
        print(f"| {'copy' if key[0] else 'stranger'}: {key[1]} | {total[key]} | {figures} |")
    for name, counts in (("newsbeam", ours), ("MinHash", theirs)):
        right = sum(number for key, number in counts.items() if key[0])
        false = sum(number for key, number in counts.items() if not key[0])
        positives = sum(number for key, number in total.items() if key[0])
        print(f"{name}: precision {100 * right / max(1, right + false):.2f} %, "
              f"recall {100 * right / positives:.2f} %, false merges {false}")  # fmt: skip
    return wrong


def everything_against_all(texts: Sequence[Text], repeats: dict[tuple[int, int], float]) -> None:
    """Print all merged pairs of real texts, and the commonest bands."""
    prints = [fingerprint(text.body) for text in texts]
    bearers = defaultdict(list)
    for row, found in enumerate(prints):
        for band in found.bands if found else ():
            bearers[band].append(row)
    shared = Counter[tuple[int, int]]()
    for rows in bearers.values():
        if len(rows) <= COMMON_PHRASE:
            shared.update(combinations(rows, 2))
    candidates = [pair for pair, number in sorted(shared.items()) if number >= MIN_SHARED_BANDS]
    merged = []
    for a, b in candidates:
        one, other = prints[a], prints[b]
        if one and other and (likeness := alike(one, other)):
            merged.append((a, b, likeness))
    across = sum(texts[a].kind != texts[b].kind for a, b, _ in merged)
    print(f"\n{len(texts)} real texts, {len(candidates)} pairs share bands, {len(merged)} merged, "
          f"{across} of them from two collections")  # fmt: skip
    for a, b, likeness in merged:
        share = repeats.get((a, b), 0.0)
        print(f"\n{texts[a].name} / {texts[b].name}: containment {likeness.containment:.2f}, "
              f"Jaccard {likeness.jaccard:.2f}, exactly contained {share:.2f}")  # fmt: skip
        for text in (texts[a], texts[b]):
            body = " ".join(text.body.split())
            print(f"  [{len(body.split())}] {text.headline[:80]!r}: {body[:160]} … {body[-80:]}")
    print_common_bands(texts, bearers)
    missed = [pair for pair in repeats if pair not in {(a, b) for a, b, _ in merged}]
    print(f"{len(missed)} pairs of real texts of which one is in the other to "
          f"{REPEAT_CONTAINED:.0%} or more are not merged")  # fmt: skip
    for a, b in sorted(missed, key=lambda pair: -repeats[pair])[:60]:
        print(f"  {repeats[a, b]:.2f} {texts[a].name} / {texts[b].name}: {texts[a].body[:70]!r} / "
              f"{texts[b].body[:70]!r}")  # fmt: skip


def print_common_bands(texts: Sequence[Text], bearers: Mapping[int, Sequence[int]]) -> None:
    """Print how many bands are common phrases, and the commonest with a phrase of their bearers."""
    common = [rows for rows in bearers.values() if len(rows) > COMMON_PHRASE]
    print(f"\n{len(bearers)} bands, {len(common)} of them on more than {COMMON_PHRASE} texts; "
          "the commonest, each with a phrase that its texts share:")  # fmt: skip
    for rows in sorted(common or bearers.values(), key=len, reverse=True)[:20]:
        kinds = Counter(texts[row].kind for row in rows).most_common(3)
        shared = set.intersection(*(exact_shingles(texts[row].body) for row in rows[:50]))
        phrase = max(shared, key=lambda one: (len(one), one), default="(typography differs)")
        print(f"  {len(rows)} {kinds}: {phrase!r}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tuning", action="store_true", help="report the half for tuning")
    parser.add_argument("--wrong", type=int, default=0, help="print so many wrong ones")
    parser.add_argument("--least-words", type=int, default=50)
    parser.add_argument("--no-real", action="store_true", help="constructed pairs only")
    parser.add_argument("--polls", action="store_true", help="real texts of archived polls only")
    arguments = parser.parse_args()
    if arguments.polls:
        polled = read_polls(arguments.data)
        everything_against_all(polled, real_repeats(polled))
        return
    texts = read_texts(arguments.data)
    half = [text for text in texts if text.for_tuning == arguments.tuning]
    repeats = real_repeats(half)
    pairs = all_pairs(half, TEMPLATES if arguments.tuning else FRESH_TEMPLATES, set(repeats))
    wrong = report(pairs, arguments.least_words)
    for pair in random.Random(SEED).sample(wrong, min(arguments.wrong, len(wrong))):
        print(f"\n{pair}")
    if not arguments.no_real:
        everything_against_all(texts, real_repeats(texts))


if __name__ == "__main__":
    main()
