"""Which part of two long texts is shown when they differ."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.lake import explain as gathering

LONG = st.text("ab \n", max_size=80).map(lambda text: text * 4)


@given(LONG, LONG, LONG)
def test_where_texts_part_is_shown(common, one, other):
    before, after = gathering._parting(common + one, common + other)
    longest = gathering._SHOWN + len("… ") + len(" …")
    assert max(len(before), len(after)) <= longest
    if max(len(common + one), len(common + other)) <= gathering._SHOWN:
        assert (before, after) == tuple(
            " ".join(text.split()) for text in (common + one, common + other)
        )


def test_long_texts_are_shown_from_a_little_before_they_part():
    same = "Tickets cost four crowns. " * 20
    assert gathering._parting(f"{same}Dogs ride free.\n\nCats too.", f"{same}Dogs pay half.") == (
        "… Tickets cost four crowns. Dogs ride free. Cats too.",
        "… Tickets cost four crowns. Dogs pay half.",
    )
