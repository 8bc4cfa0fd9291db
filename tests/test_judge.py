"""The judge's rules, one case each, and the properties that hold over any history."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import BODY_A, BODY_B, NOON, WINDOW, histories, later, sighting

from schemas.judgement import Outcome, Sighting
from transforms.identity.judge import MAX_RETURNS, Judge, visit_order
from transforms.identity.memory import MOST_BEARERS
from transforms.identity.who import MAX_REDATES


def judge_in_order(*sightings: Sighting) -> list[tuple[Outcome, str | None]]:
    judge = Judge((), WINDOW)
    return [
        (verdict.outcome, verdict.kind)
        for verdict in map(judge.judge, sorted(sightings, key=visit_order))
    ]


NEW = (Outcome.NEW, None)
UNCHANGED = (Outcome.UNCHANGED, None)
REVISED = (Outcome.REVISED, None)


def test_same_item_with_same_content_is_unchanged():
    first = sighting(guid="1", url="https://coast.example/a")
    assert judge_in_order(first, later(first, 1)) == [NEW, UNCHANGED]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"headline": "Ferry stops"}, ("headline",)),
        ({"body": BODY_B}, ("body",)),
        ({"published": NOON + timedelta(minutes=5)}, ("published_at",)),
        ({"headline": "Ferry stops", "body": BODY_B}, ("headline", "body")),
    ],
)
def test_same_item_with_other_content_is_a_revision_and_says_what_changed(change, named):
    judge = Judge((), WINDOW)
    first = judge.judge(sighting(guid="1"))
    second = judge.judge(sighting(guid="1", at=NOON + timedelta(hours=1), **change))
    assert (second.outcome, second.revision, second.changed) == (Outcome.REVISED, 2, named)
    assert (second.article_id, second.day, second.first_seen_at) == (
        first.article_id,
        first.day,
        first.first_seen_at,
    )


def test_a_changed_guid_with_the_same_address_is_stored_once_as_evidence():
    flipped = later(sighting(guid="2", url="https://coast.example/a"), 1)
    assert judge_in_order(
        sighting(guid="1", url="https://coast.example/a"), flipped, later(flipped, 2)
    ) == [NEW, (Outcome.DUPLICATE, "same_item"), UNCHANGED]


def test_a_home_page_is_no_identity():
    assert judge_in_order(
        sighting(guid="1", url="https://coast.example/"),
        later(sighting(guid="2", url="https://coast.example/", headline="B", body=BODY_B), 1),
    ) == [NEW, NEW]


@pytest.mark.parametrize("other", ["https://coast.example/feed", "https://other.example/feed"])
def test_a_column_on_a_home_page_without_guids_stays_apart(other):
    """Neither its address nor its recurring title tells its stories apart; its texts do."""
    home = {"url": "https://coast.example/", "headline": "Morning briefing from the coast"}
    assert judge_in_order(
        sighting(**home), later(sighting(**home, body=BODY_B, source=other), 1)
    ) == [NEW, NEW]


def test_same_address_from_another_source_is_a_duplicate():
    assert judge_in_order(
        sighting(guid="1", url="https://coast.example/a"),
        later(
            sighting(guid="9", url="https://coast.example/a", source="https://other.example/feed"),
            1,
        ),
    ) == [NEW, (Outcome.DUPLICATE, "same_url")]


def other_source(**fields: object) -> Sighting:
    return later(sighting(guid="9", source="https://other.example/feed", **fields), 1)


def test_same_headline_with_agreeing_texts_is_a_duplicate():
    assert judge_in_order(sighting(guid="1"), other_source()) == [
        NEW,
        (Outcome.DUPLICATE, "same_headline"),
    ]


def test_same_headline_with_differing_texts_stays_apart():
    assert judge_in_order(sighting(guid="1"), other_source(body=BODY_B)) == [NEW, NEW]


def test_same_headline_outside_the_window_stays_apart():
    far = NOON + WINDOW + timedelta(seconds=1)
    assert judge_in_order(sighting(guid="1"), other_source(published=far)) == [NEW, NEW]


def test_short_headline_is_no_evidence():
    assert judge_in_order(
        sighting(guid="1", headline="Morning briefing", body=None),
        other_source(headline="Morning briefing", body=None),
    ) == [NEW, NEW]


def test_an_item_without_text_never_bridges_two_texts():
    assert judge_in_order(
        sighting(guid="1", body=None),
        other_source(body=BODY_A),
        later(sighting(guid="8", source="https://third.example/feed", body=BODY_B), 2),
    ) == [NEW, (Outcome.DUPLICATE, "same_headline"), NEW]


def test_a_return_to_an_older_text_is_a_revision_until_it_flaps():
    judge = Judge((), WINDOW)
    old, new = sighting(guid="1"), sighting(guid="1", body=BODY_B)
    outcomes = []
    for hour in range(2 * MAX_RETURNS + 4):
        verdict = judge.judge(later(old if hour % 2 == 0 else new, hour, document=hour))
        outcomes.append((verdict.outcome, "flapping" in verdict.flags))
    stored = [Outcome.NEW, Outcome.REVISED, *[Outcome.REVISED] * MAX_RETURNS]
    assert [outcome for outcome, _ in outcomes[: len(stored)]] == stored
    assert [flaps for _, flaps in outcomes].index(True) == len(stored) - 1
    assert {outcome for outcome, _ in outcomes[len(stored) :]} == {Outcome.UNCHANGED}


def test_the_same_polls_read_again_are_no_return():
    polls = [
        later(sighting(guid="1"), 0, document=10),
        later(sighting(guid="1", body=BODY_B), 1, document=11),
    ]
    copies = [
        replace(poll, fetched_at=poll.fetched_at + timedelta(days=9), fetched_known=False)
        for poll in polls
    ]
    judge = Judge((), WINDOW)
    for poll in polls:
        judge.judge(poll)
    assert [judge.judge(poll).outcome for poll in polls + copies] == [Outcome.UNCHANGED] * 4


def test_the_same_bytes_fetched_again_are_a_return_when_their_time_is_known():
    old = later(sighting(guid="1"), 0, document=10)
    new = later(sighting(guid="1", body=BODY_B), 1, document=11)
    back = later(sighting(guid="1"), 2, document=10)
    assert judge_in_order(old, new, back) == [NEW, REVISED, REVISED]


def test_a_feed_that_dates_its_items_anew_at_every_poll_does_not_grow():
    judge = Judge((), WINDOW)
    polls = [
        later(sighting(guid="1", published=NOON + timedelta(minutes=hour)), hour, document=hour)
        for hour in range(9)
    ]
    verdicts = [judge.judge(poll) for poll in polls]
    assert [verdict.outcome for verdict in verdicts] == [
        Outcome.NEW,
        *[Outcome.REVISED] * MAX_REDATES,
        *[Outcome.UNCHANGED] * (8 - MAX_REDATES),
    ]
    assert [verdict.flags for verdict in verdicts].index(("redated",)) == MAX_REDATES
    other = later(sighting(guid="1", body=BODY_B, published=None), 10, document=10)
    assert judge.judge(other).changed == ("body", "published_at")
    assert {judge.judge(poll).outcome for poll in polls} == {Outcome.UNCHANGED}


def test_a_changed_duplicate_may_be_promoted_and_an_article_is_never_demoted():
    judge = Judge((), WINDOW)
    judge.judge(sighting(guid="1"))
    copy = judge.judge(other_source())
    promoted = judge.judge(later(other_source(body=BODY_B), 2))
    back = judge.judge(later(other_source(), 3, document=3))
    assert (copy.outcome, promoted.outcome, promoted.revision) == (
        Outcome.DUPLICATE,
        Outcome.NEW,
        1,
    )
    assert (back.outcome, back.article_id) == (Outcome.REVISED, promoted.article_id)


def test_an_item_that_joins_two_articles_is_a_duplicate_of_the_elder():
    judge = Judge((), WINDOW)
    elder = judge.judge(sighting(guid="1", url="https://coast.example/a"))
    judge.judge(
        later(sighting(guid="2", url="https://coast.example/b", headline="B", body=BODY_B), 1)
    )
    joins = later(sighting(guid="2", url="https://coast.example/a", headline="C", body=None), 2)
    verdict = judge.judge(joins)
    assert (verdict.outcome, verdict.kind, verdict.article_id) == (
        Outcome.DUPLICATE,
        "same_item",
        elder.article_id,
    )
    assert judge.judge(later(joins, 3)).outcome is Outcome.UNCHANGED


def test_a_headline_that_many_bear_is_compared_with_the_latest_only():
    def column(number: int) -> Sighting:
        text = f"Number {number} tells of something else {number * 7919}, at length {number**3}. "
        at = NOON + timedelta(minutes=number)
        return sighting(guid=str(number), body=text * 3, at=at, published=at, document=number)

    judge = Judge((), WINDOW)
    first = [judge.judge(column(number)).outcome for number in range(MOST_BEARERS + 5)]
    assert set(first) == {Outcome.NEW}
    copies = (column(0), column(MOST_BEARERS + 4))
    moved = [
        replace(
            one,
            item_id=bytes([place]) * 16,
            source="https://other.example/feed",
            site=1,
            guid_key=place,
            text_key=100 + place,
            fetched_at=NOON + timedelta(hours=9),
            bands=(),
        )
        for place, one in enumerate(copies)
    ]
    assert [judge.judge(one).outcome for one in moved] == [Outcome.NEW, Outcome.DUPLICATE]


def test_duplicates_do_not_chain():
    """B repeats A; C has B's address: it is compared with articles only, and so it stays."""
    a = sighting(guid="1")
    b = later(sighting(guid="2", url="https://b.example/b", source="https://b.example/"), 1)
    c = later(
        sighting(guid="3", url="https://b.example/b", headline="Another line", body=BODY_B), 2
    )
    assert judge_in_order(a, b, c) == [NEW, (Outcome.DUPLICATE, "same_headline"), NEW]


def test_an_older_text_that_comes_late_is_stored_but_is_not_the_latest():
    judge = Judge((), WINDOW)
    newest = later(sighting(guid="1", body=BODY_B), 5)
    judge.judge(newest)
    late = judge.judge(sighting(guid="1"))
    assert (late.outcome, late.revision) == (Outcome.REVISED, 2)
    assert judge.judge(later(newest, 6, document=3)).outcome is Outcome.UNCHANGED
    assert next(judge.changed()).content == newest.content


def test_a_text_older_than_one_that_was_seen_under_a_new_guid_is_not_the_latest():
    judge = Judge((), WINDOW)
    first = sighting(guid="1", url="https://coast.example/a")
    judge.judge(first)
    judge.judge(later(sighting(guid="2", url="https://coast.example/a"), 5, document=5))
    late = later(sighting(guid="1", url="https://coast.example/a", body=BODY_B), 3, document=3)
    assert judge.judge(late).outcome is Outcome.REVISED
    assert next(judge.changed()).content == first.content


@given(histories(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_run_over_all_ends_as_the_runs_of_each_did(history, data):
    """The judge's memory is all in the known items: a new judge goes on where the last stopped."""
    whole = Judge((), WINDOW)
    expected = [whole.judge(one) for one in history]
    cut = data.draw(st.integers(0, len(history)))
    first = Judge((), WINDOW)
    verdicts = [first.judge(one) for one in history[:cut]]
    second = Judge(first.changed(), WINDOW)
    verdicts += [second.judge(one) for one in history[cut:]]
    assert verdicts == expected
    known = {item.item_id: item for item in first.changed()}
    known |= {item.item_id: item for item in second.changed()}
    assert [known[key] for key in sorted(known)] == list(whole.changed())


@given(histories())
@settings(max_examples=200, deadline=None)
def test_the_same_history_again_changes_nothing(history):
    judge = Judge((), WINDOW)
    for one in history:
        judge.judge(one)
    before = list(judge.changed())
    assert {judge.judge(one).outcome for one in history} == {Outcome.UNCHANGED}
    assert list(judge.changed()) == before


@given(histories())
@settings(max_examples=200, deadline=None)
def test_replaying_the_stored_rows_leaves_the_same_known_items(history):
    judge, replay = Judge((), WINDOW), Judge((), timedelta(0))
    for one in history:
        verdict = judge.judge(one)
        if verdict.outcome is not Outcome.UNCHANGED:
            replay.apply(one, verdict)
    assert list(replay.changed()) == list(judge.changed())


@given(histories())
@settings(max_examples=200, deadline=None)
def test_every_content_of_every_item_is_stored_once_or_more(history):
    judge = Judge((), WINDOW)
    verdicts = [judge.judge(one) for one in history]
    stored = {
        one.content
        for one, verdict in zip(history, verdicts, strict=True)
        if verdict.outcome is not Outcome.UNCHANGED
    }
    assert stored == {one.content for one in history}


def test_partition_is_the_day_of_the_first_revision():
    judge = Judge((), WINDOW)
    judge.judge(sighting(guid="1"))
    moved = judge.judge(
        sighting(guid="1", at=NOON + timedelta(days=2), published=NOON + timedelta(days=2))
    )
    assert moved.day == date(2026, 3, 1)
