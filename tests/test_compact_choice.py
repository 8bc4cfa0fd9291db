"""Which files are merged."""

import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from small_rounds import (
    DAY,
)

from schemas.ledger import DataFile
from transforms.lake.compact import choose, choose_all, tier

MIB = 1 << 20


def sized(number, size, day=DAY):
    return DataFile("articles", day, f"articles/{number:08d}", "", 1, size, "")


def by_place(files):
    return {("articles", DAY): files}


def test_files_of_one_tier_are_merged_once_they_are_enough():
    files = [sized(n, 5000 + n) for n in range(7)]
    assert choose(by_place(files), MIB, stored) == []
    files.append(sized(7, 16_000))
    (merge,) = choose(by_place(files), MIB, stored)
    assert merge.files == tuple(files)
    files[7] = sized(7, 17_000)
    assert choose(by_place(files), MIB, stored) == []


def stored(file):
    return file.bytes


def test_smaller_files_are_merged_along_and_larger_ones_are_not():
    small = [sized(n, 5_000) for n in range(3)]
    middle = [sized(n, 20_000) for n in range(3, 11)]
    large = [sized(n, 70_000) for n in range(11, 14)]
    (merge,) = choose(by_place([*large, *middle, *small]), MIB, stored)
    assert merge.files == (*small, *middle)


def test_files_of_half_the_target_are_left_alone():
    files = [sized(n, MIB // 2) for n in range(20)]
    assert choose(by_place(files), MIB, stored) == []
    assert len(choose_all(by_place(files), MIB, stored)) == 10


def test_a_larger_file_than_the_target_is_left_alone():
    files = [sized(0, 3 * MIB), sized(1, 2 * MIB), sized(2, 10)]
    assert choose_all(by_place(files), MIB, stored) == []


SIZES = st.lists(st.integers(1, 3 * MIB), max_size=60)


def carry_out(files, merges, number):
    """What is there after some merges, as if nothing took any space but rows."""
    gone = {file.path for merge in merges for file in merge.files}
    assert len(gone) == sum(len(merge.files) for merge in merges), "a file is merged twice"
    merged = [
        sized(number + place, sum(file.bytes for file in merge.files))
        for place, merge in enumerate(merges)
    ]
    return [file for file in files if file.path not in gone] + merged


@given(sizes=SIZES, fan_in=st.integers(2, 9))
@settings(deadline=None)
def test_merging_in_tiers_comes_to_an_end_with_few_files_a_tier(sizes, fan_in):
    files = [sized(n, size) for n, size in enumerate(sizes)]
    number = len(files)
    while merges := choose(by_place(files), MIB, stored, fan_in):
        assert all(len(merge.files) > 1 for merge in merges)
        assert all(sum(map(stored, merge.files)) <= MIB for merge in merges)
        left = carry_out(files, merges, number)
        assert len(left) < len(files)
        files, number = left, number + len(merges)
    small = Counter(tier(file.bytes) for file in files if file.bytes < MIB / 2)
    assert all(count < fan_in for count in small.values())
    assert sum(map(stored, files)) == sum(sizes)


@given(sizes=SIZES)
@settings(deadline=None)
def test_merging_everything_leaves_no_two_files_that_fit_together(sizes):
    files = [sized(n, size) for n, size in enumerate(sizes)]
    merges = choose_all(by_place(files), MIB, stored)
    assert all(len(merge.files) > 1 for merge in merges)
    left = carry_out(files, merges, len(files))
    assert all(size <= MIB for size in map(stored, left) if size not in sizes)
    two = sorted(map(stored, left))[:2]
    assert len(two) < 2 or sum(two) > MIB


@given(count=st.integers(1, 3000))
@settings(max_examples=30, deadline=None)
def test_a_row_is_rewritten_a_few_times_only(count):
    """A file of 10 kB a round, most of which is rows: bytes written grow as n log n."""
    files, written, number = [], 0, count
    for n in range(count):
        files.append(sized(n, 10_000))
        merges = choose(by_place(files), 64 * MIB, stored)
        files = carry_out(files, merges, number)
        number += len(merges)
        written += sum(file.bytes for merge in merges for file in merge.files)
    assert written <= count * 10_000 * math.log2(count + 1)
    assert len(files) < 8 * (1 + math.log(count, 4))
