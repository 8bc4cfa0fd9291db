"""Files are cut by the rows alone, and no row is lost in the cutting."""

from datetime import date, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from transforms.lake.cut import cut_groups

ROWS = st.lists(
    st.tuples(st.sampled_from(["articles", "duplicates"]), st.integers(0, 5), st.integers(1, 50)),
    max_size=60,
)


def table(rows):
    return pa.table(
        {
            "table": pa.array([name for name, _, _ in rows], pa.string()),
            "day": pa.array(
                [date(2026, 1, 1) + timedelta(days=d) for _, d, _ in rows], pa.date32()
            ),
            "article_id": pa.array(
                [i.to_bytes(16, "big") for i in range(len(rows))], pa.binary(16)
            ),
            "item_id": pa.array([i.to_bytes(16, "big") for i in range(len(rows))], pa.binary(16)),
            "revision": pa.array([1] * len(rows), pa.uint32()),
            "size": pa.array([size for _, _, size in rows], pa.uint32()),
        }
    )


@given(ROWS, st.integers(1, 120), st.integers(1, 4))
def test_every_row_is_in_one_group_and_groups_keep_their_bounds(rows, target, max_days):
    groups = list(cut_groups(table(rows), target, max_days))
    ids = [i for group in groups for i in group.column("item_id").to_pylist()]
    assert sorted(ids) == sorted(table(rows).column("item_id").to_pylist())
    for group in groups:
        assert group.num_rows
        assert len(set(group.column("table").to_pylist())) == 1
        assert len(set(group.column("day").to_pylist())) <= max_days
        size = sum(group.column("size").to_pylist())
        assert size <= target or group.num_rows == 1


@given(ROWS, st.integers(1, 120), st.randoms())
def test_the_order_of_rows_does_not_matter(rows, target, rng):
    rows = table(rows)
    places = list(range(rows.num_rows))
    rng.shuffle(places)
    shuffled = rows.take(pa.array(places, pa.int64()))
    before = [group.to_pylist() for group in cut_groups(rows, target)]
    assert [group.to_pylist() for group in cut_groups(shuffled, target)] == before


def test_small_days_share_a_group_and_a_large_day_is_cut():
    rows = [("articles", 0, 10), ("articles", 1, 10), *[("articles", 2, 40)] * 3]
    groups = [group.num_rows for group in cut_groups(table(rows), 50)]
    assert groups == [2, 1, 1, 1]
