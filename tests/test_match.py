"""Which article an unknown item repeats: across sources, and within one publisher's own."""

from datetime import timedelta

import pytest
from invented import BODY_A, BODY_B, NOON, WINDOW, later, sighting

from schemas.judgement import Outcome, Sighting
from transforms.identity.judge import Judge
from transforms.identity.match import COMMON_PHRASE

OTHER = "https://other.example/feed"
GENERIC = "Five things you need to know about the coast this morning."
LONGER = GENERIC + " " + "The latest on ferries, tides and harbours, all through the day, from us."
SHA1 = "2023e51d060a20f148c78c86dc2c3927ba3c9c21"
NEW = (Outcome.NEW, None)


def story(words: int, seed: int) -> str:
    """A text of its own, so many words long."""
    return " ".join(f"word{(seed + 1) * 1000 + n}" for n in range(words))


def last_of(*sightings: Sighting) -> tuple[Outcome, str | None]:
    judge = Judge((), WINDOW)
    verdicts = [judge.judge(one) for one in sightings]
    return verdicts[-1].outcome, verdicts[-1].kind


def printed_twice(
    text: str | None, gap: timedelta, *, source: str = "https://coast.example/feed"
) -> tuple[Outcome, str | None]:
    """One headline, two guids, two addresses."""
    site = "coast" if source.startswith("https://coast") else "other"
    first = sighting(guid="1", url="https://coast.example/a", body=text)
    second = sighting(
        guid="2", url=f"https://{site}.example/b", body=text, published=NOON + gap, source=source
    )
    return last_of(first, later(second, gap / timedelta(hours=1)))


@pytest.mark.parametrize(
    ("text", "gap", "repeats"),
    [
        (GENERIC, timedelta(minutes=5), True),
        (GENERIC, timedelta(hours=3), False),
        (None, timedelta(minutes=5), True),
        (None, timedelta(hours=3), False),
        (LONGER, timedelta(hours=3), True),
        (LONGER, timedelta(hours=24), False),
        (story(60, 1), timedelta(hours=24), True),
        (story(60, 1), timedelta(hours=73), False),
    ],
)
def test_a_publisher_who_prints_a_headline_twice_means_a_column_unless_the_text_says_more(
    text, gap, repeats
):
    expected = (Outcome.DUPLICATE, "same_headline") if repeats else NEW
    assert printed_twice(text, gap) == expected


@pytest.mark.parametrize("text", [GENERIC, None, story(60, 1)])
def test_another_publisher_with_the_same_headline_and_text_repeats_it(text):
    assert printed_twice(text, timedelta(hours=24), source=OTHER) == (
        Outcome.DUPLICATE,
        "same_headline",
    )


def test_two_feeds_of_one_site_are_one_publisher():
    first = sighting(guid="1", url="https://coast.example/a", body=GENERIC)
    second = sighting(
        guid="2",
        url="https://coast.example/b",
        body=GENERIC,
        source=OTHER,
        published=NOON + timedelta(hours=24),
    )
    assert last_of(first, later(second, 24)) == NEW


def test_a_headline_that_stood_apart_before_is_a_column_even_with_an_equal_text():
    """Fifty words are enough once, not under a name that has headed different stories."""
    days = [
        later(
            sighting(
                guid=str(day),
                url=f"https://coast.example/{day}",
                body=story(60, min(day, 2)),
                published=NOON + timedelta(days=day),
            ),
            24 * day,
            document=day,
        )
        for day in range(4)
    ]
    judge = Judge((), WINDOW)
    assert [judge.judge(one).outcome for one in days] == [Outcome.NEW] * 4


def test_the_same_global_guid_in_another_source_is_a_duplicate_when_the_headline_is_like_it():
    first = sighting(guid=SHA1, url="https://coast.example/a", headline="Live: ferry sails again")
    second = sighting(
        guid=SHA1,
        url="https://coast.example/b",
        headline="Ferry sails again after the storm",
        body=BODY_B,
        source=OTHER,
    )
    assert last_of(first, later(second, 1)) == (Outcome.DUPLICATE, "same_guid")


@pytest.mark.parametrize("change", [{"guid": "17"}, {"headline": "Council votes on the library"}])
def test_a_plain_guid_or_an_unlike_headline_in_another_source_is_no_duplicate(change):
    both = {"guid": SHA1, "headline": "Live: ferry sails again"}
    first = sighting(url="https://coast.example/a", **(both | {"guid": change.get("guid", SHA1)}))
    second = sighting(
        **(both | change | {"headline": change.get("headline", "Ferry sails again, says office")}),
        url="https://coast.example/b",
        body=BODY_B,
        source=OTHER,
    )
    assert last_of(first, later(second, 1)) == NEW


def test_an_address_without_a_number_in_another_source_long_after_is_another_page():
    first = sighting(guid="1", url="https://coast.example/live", body=BODY_A)
    second = sighting(
        guid="2",
        url="https://coast.example/live",
        headline="Council votes on the library",
        body=BODY_B,
        published=NOON + timedelta(days=5),
        source=OTHER,
    )
    assert last_of(first, later(second, 120)) == NEW


def named(words: int, seed: int) -> str:
    """A text of its own with a name in it, so that a near copy can be told from another report."""
    return f"Mayor Anna Korhonen of Raumanlinna spoke on 17 May. {story(words, seed)}"


def near(source: str, body: str, headline: str, site: str) -> tuple[Outcome, str | None]:
    """An item with a text near to the first's, under another headline."""
    first = sighting(
        guid="1",
        url="https://coast.example/a",
        headline="Mayor opens the new harbour bridge",
        body=named(300, 1),
    )
    second = sighting(
        guid="2", url=f"https://{site}.example/b", headline=headline, body=body, source=source
    )
    return last_of(first, later(second, 1))


CHANGED = named(300, 1).replace("word2150", "kestrel").replace("word2250", "merlin")
SHORTENED = " ".join(named(300, 1).split()[:230])


def test_a_near_copy_in_another_publisher_is_a_duplicate_whatever_its_headline():
    for body in (CHANGED, SHORTENED):
        assert near(OTHER, body, "Ships may pass again", "other") == (
            Outcome.DUPLICATE,
            "near_duplicate",
        )


def test_a_publishers_own_near_copy_takes_a_headline_like_the_first():
    source = "https://coast.example/feed"
    assert near(source, CHANGED, "Mayor opens new bridge in the harbour", "coast") == (
        Outcome.DUPLICATE,
        "near_duplicate",
    )
    assert near(source, CHANGED, "Ships may pass again", "coast") == NEW
    assert near(source, CHANGED, "Mayor opens 2nd new bridge in the harbour", "coast") == NEW


def test_a_publishers_own_text_of_which_much_is_another_is_another():
    source = "https://coast.example/feed"
    half = " ".join(named(300, 1).split()[:190]) + " " + story(60, 5)
    assert near(OTHER, half, "Ships may pass again", "other")[1] == "near_duplicate"
    assert near(source, half, "Mayor opens new bridge in the harbour", "coast") == NEW


def test_a_text_that_stands_under_many_articles_is_no_evidence():
    """Every publisher prints the same long notice under stories of his own."""
    notice = named(200, 1)
    judge = Judge((), WINDOW)
    outcomes = []
    for n in range(COMMON_PHRASE + 3):
        one = sighting(
            guid=str(n),
            url=f"https://p{n}.example/a",
            source=f"https://p{n}.example/feed",
            headline=f"Headline {n * 7919} of the {n} boats",
            body=f"{story(400, n + 10)} {notice}",
        )
        outcomes.append(judge.judge(later(one, n, document=n)).outcome)
    assert set(outcomes) == {Outcome.NEW}
    copy = sighting(
        guid="x",
        url="https://copy.example/a",
        source="https://copy.example/feed",
        headline="The notice alone",
        body=notice,
    )
    assert judge.judge(later(copy, 40, document=99)).outcome is Outcome.NEW
