"""Sketches: packed, read again, compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.sketch import MOST_NUMBERS, SKETCH_SIZE, overlap, pack, unpack

HASHES = st.lists(st.integers(0, (1 << 64) - 1), max_size=200)


def packed(shingles: list[int], numbers: list[int], unspaced: bool = False) -> bytes:
    return pack(
        np.array(shingles, np.uint64),
        np.array(numbers, np.uint64),
        np.array(numbers[1::2], np.uint64),
        unspaced=unspaced,
    )


@given(HASHES, HASHES, st.booleans())
def test_what_is_packed_can_be_read(shingles, numbers, unspaced):
    sketch = packed(shingles, numbers, unspaced)
    assert len(sketch) <= 256
    read = unpack(sketch)
    assert read.unspaced == unspaced
    first_half = (len(shingles) + 1) // 2
    wanted = sorted({one >> 41 for one in shingles})[:SKETCH_SIZE]
    assert read.shingles.ordered == tuple(wanted)
    assert read.shingles.first == {one >> 41 for one in shingles[:first_half]} & set(wanted)
    assert read.numbers.ordered == tuple(sorted({one >> 48 for one in numbers})[:MOST_NUMBERS])
    assert read.names.ordered == tuple(sorted({one >> 48 for one in numbers[1::2]})[:MOST_NUMBERS])


@given(HASHES, HASHES)
def test_small_bodies_are_compared_exactly(one, other):
    ours, theirs = {h >> 41 for h in one[:60]}, {h >> 41 for h in other[:60]}
    found = overlap(unpack(packed(one[:60], [])).shingles, unpack(packed(other[:60], [])).shingles)
    assert (found.both, found.one, found.other) == (len(ours & theirs), len(ours), len(theirs))
    either = ours | theirs
    assert found.jaccard == (len(ours & theirs) / len(either) if either else 0.0)
    assert found.contained == (len(ours & theirs) / len(ours) if ours else 0.0)


@pytest.mark.parametrize(("size", "common"), [(400, 100), (400, 300), (2000, 1000)])
def test_estimates_are_near_the_truth(size, common):
    rng = np.random.default_rng(1)
    contained, jaccard = [], []
    for _ in range(60):
        both = rng.integers(0, 1 << 64, common, dtype=np.uint64)
        more = rng.integers(0, 1 << 64, 2 * size, dtype=np.uint64)
        one = np.append(both, more[: size - common])
        other = np.append(both, more[size : 3 * size - common])
        none = np.empty(0, np.uint64)
        sketches = [unpack(pack(found, none, none, unspaced=False)) for found in (one, other)]
        found = overlap(sketches[0].shingles, sketches[1].shingles)
        contained.append(found.contained)
        jaccard.append(found.jaccard)
    union = size + len(other) - common
    assert abs(sum(contained) / 60 - common / size) < 0.04
    assert abs(sum(jaccard) / 60 - common / union) < 0.04


def test_an_empty_sketch_shares_nothing():
    nothing, something = unpack(b"").shingles, unpack(packed([1 << 63], [])).shingles
    assert (overlap(nothing, something).contained, overlap(something, nothing).jaccard) == (
        0.0,
        0.0,
    )
