"""Dates: which of an item's candidates wins, and what becomes of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_dates import FETCHED, READ, utc

from schemas.records import DateCandidate, PublishedDate
from schemas.tables import DATE_REFUSALS, FLAGS, PUBLISHED_ORIGINS
from transforms.text.dates import choose_published, read_date


def choose(*given_dates: tuple[str, str], text: tuple[tuple[str, str], ...] = ()) -> PublishedDate:
    return choose_published(given_dates, text, FETCHED)


def test_the_header_wins_over_a_date_in_the_text() -> None:
    chosen = choose(("header", "2019-12-22"), text=(("Sunday (February 2)", "2020-02-02"),))
    assert chosen == PublishedDate(
        published_at=utc(2019, 12, 22),
        raw="2019-12-22",
        origin="header",
        precision="day",
        zone="none",
        rejected=(DateCandidate("text", "Sunday (February 2)", utc(2020, 2, 2), "contradicts"),),
        updated_at=None,
        flags=("date_conflict",),
    )


def test_the_most_trusted_plausible_date_wins() -> None:
    chosen = choose(
        ("updated", "2024-03-05T10:00:00Z"),
        ("header", "1 March 2024"),
        ("dc_date", " 2024-03-02T10:00Z "),
        ("published", "soon"),
        ("published", "0001-01-01T00:00:00Z"),
        ("published", "0"),
        ("published", "2030-01-01"),
        ("published", "03/04/2024"),
    )
    assert chosen == PublishedDate(
        published_at=utc(2024, 3, 2, 10),
        raw=" 2024-03-02T10:00Z ",
        origin="dc_date",
        precision="minute",
        zone="given",
        rejected=(
            DateCandidate("published", "soon", None, "unreadable"),
            DateCandidate("published", "0001-01-01T00:00:00Z", utc(1, 1, 1), "year_out_of_range"),
            DateCandidate("published", "0", utc(1970, 1, 1), "epoch"),
            DateCandidate("published", "2030-01-01", utc(2030, 1, 1), "future"),
            DateCandidate("published", "03/04/2024", None, "ambiguous"),
            DateCandidate("header", "1 March 2024", utc(2024, 3, 1), "less_trusted"),
            DateCandidate("updated", "2024-03-05T10:00:00Z", utc(2024, 3, 5, 10), "less_trusted"),
        ),
        updated_at=utc(2024, 3, 5, 10),
        flags=("date_refused",),
    )


def test_a_day_ahead_of_the_fetch_is_allowed_and_no_more() -> None:
    assert choose(("published", "2026-03-02T12:00:00Z")).published_at == utc(2026, 3, 2, 12)
    assert choose(("published", "2026-03-02T12:00:01Z")).rejected[0].reason == "future"


def test_the_date_of_change_is_better_than_none() -> None:
    chosen = choose(("updated", "2024-03-05T10:00:00Z"), ("updated", "2024-03-06T10:00:00Z"))
    assert (chosen.origin, chosen.published_at) == ("updated", utc(2024, 3, 5, 10))
    assert chosen.updated_at == utc(2024, 3, 6, 10)
    assert chosen.flags == ("date_from_updated",)


def test_nothing_usable_is_undated() -> None:
    nothing = PublishedDate(None, None, "none", None, "none", flags=("undated",))
    assert choose() == nothing
    assert choose(("published", ""), ("updated", " \n")) == nothing
    assert choose(text=(("February 2", "2020-02-02"),)) == nothing
    refused = choose(("published", "soon"))
    assert (refused.origin, refused.flags) == ("none", ("undated", "date_refused"))


def test_repeats_are_not_listed() -> None:
    chosen = choose(
        ("published", "2024-03-05"),
        ("published", "2024-03-05"),
        ("updated", "2024-03-05T00:00:00Z"),
    )
    assert chosen.rejected == ()
    assert chosen.updated_at == utc(2024, 3, 5)


@pytest.mark.parametrize(
    ("raw", "text", "conflict"),
    [
        ("2020-02-02T22:00:00-05:00", "2020-02-02", False),  # the day as written
        ("2020-02-02T22:00:00-05:00", "2020-02-03", False),  # the day in UTC
        ("2020-02-02T22:00:00-05:00", "2020-02-04", True),
        ("2020-02", "2020-02-29", False),  # a month contradicts no day of its own
        ("2020-02", "2020-03-01", True),
        ("2020", "2020-12-31", False),
        ("2020", "2021-01-01", True),
        ("2020-02-02", "rubbish", False),
    ],
)
def test_what_a_date_in_the_text_contradicts(raw: str, text: str, conflict: bool) -> None:
    chosen = choose(("published", raw), text=(("as written", text),))
    assert ("date_conflict" in chosen.flags) is conflict
    assert bool(chosen.rejected) is conflict


def test_an_unknown_origin_is_a_defect() -> None:
    with pytest.raises(ValueError, match="'text' is no origin"):
        choose(("text", "2020-02-02"))


SOME_DATES = st.sampled_from([raw for raw, *_ in READ]) | st.text(max_size=20)
ORIGINS = st.sampled_from([origin for origin in PUBLISHED_ORIGINS if origin != "none"])


@given(
    st.lists(st.tuples(ORIGINS, SOME_DATES), max_size=6),
    st.lists(st.tuples(st.text(max_size=9), SOME_DATES), max_size=3),
)
def test_every_choice_accounts_for_its_candidates(
    given_dates: list[tuple[str, str]], text_dates: list[tuple[str, str]]
) -> None:
    chosen = choose_published(given_dates, text_dates, FETCHED)
    assert set(chosen.flags) <= set(FLAGS)
    assert {candidate.reason for candidate in chosen.rejected} <= set(DATE_REFUSALS)
    assert (chosen.origin == "none") == (chosen.published_at is None) == ("undated" in chosen.flags)
    accounted = {(c.origin, c.raw) for c in chosen.rejected} | {(chosen.origin, chosen.raw)}
    for origin, raw in given_dates:
        value = read_date(raw).value
        repeats = value is not None and value == chosen.published_at
        assert not raw.strip() or (origin, raw) in accounted or repeats


def test_a_text_that_names_the_day_of_publication_contradicts_nothing() -> None:
    days = (("Sunday (February 2)", "2020-02-02"), ("Tuesday (February 4)", "2020-02-04"))
    fetched_at = utc(2020, 2, 3)
    agreeing = choose_published([("header", "2020-02-02")], days, fetched_at)
    differing = choose_published([("header", "2020-02-01")], days, fetched_at)
    assert (agreeing.rejected, agreeing.flags) == ((), ())
    assert [found.raw for found in differing.rejected] == [raw for raw, _ in days]
