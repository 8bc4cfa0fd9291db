"""Which known item a sighting is: when a guid or an address is believed, and when it is not."""

from datetime import timedelta

import pytest
from invented import BODY_A, BODY_B, NOON, WINDOW, later, sighting

from schemas.judgement import Outcome, Sighting, Verdict
from transforms.identity.judge import MOST_KEYS, Judge
from transforms.identity.known import GUID_FLIPS, GUID_REUSES, LINK_MOVES
from transforms.identity.who import MOST_CONTRADICTIONS

FERRY = {
    "headline": "Ferry crosses the sound again",
    "body": BODY_A,
    "published": NOON + timedelta(minutes=7),
}
LIBRARY = {
    "headline": "Library stays open on Sundays",
    "body": BODY_B,
    "published": NOON + timedelta(days=2, minutes=9),
}
SHA1 = "2023e51d060a20f148c78c86dc2c3927ba3c9c21"


def judged(*sightings: Sighting) -> list[Verdict]:
    judge = Judge((), WINDOW)
    return [judge.judge(one) for one in sightings]


def outcomes(*sightings: Sighting) -> list[Outcome]:
    return [verdict.outcome for verdict in judged(*sightings)]


def at(name: str) -> str:
    return f"https://coast.example/{name}"


@pytest.mark.parametrize("agreeing", ["headline", "body", "published"])
def test_a_moved_address_is_the_same_item_when_something_agrees(agreeing):
    """A plain guid, another address: headline and day, the text, or the very minute agree."""
    moved = LIBRARY | {agreeing: FERRY[agreeing]}
    if agreeing == "headline":
        moved["published"] = FERRY["published"] + timedelta(hours=3)
    assert outcomes(
        sighting(guid="1", url=at("a"), **FERRY),
        later(sighting(guid="1", url=at("b"), **moved), 1),
    ) == [Outcome.NEW, Outcome.REVISED]


def test_a_guid_on_an_item_that_agrees_in_nothing_is_refused_and_remembered():
    reused = later(sighting(guid="1", url=at("b"), **LIBRARY), 1)
    first, second, third = judged(
        sighting(guid="1", url=at("a"), **FERRY),
        reused,
        later(sighting(guid="1", url=at("c"), headline="Mayor opens the bridge", body=None), 2),
    )
    assert [v.outcome for v in (first, second, third)] == [Outcome.NEW] * 3
    assert len({first.article_id, second.article_id, third.article_id}) == 3
    assert second.article_id != reused.item_id
    assert second.flags == ("guid_reused",)


def test_a_global_guid_is_believed_where_a_plain_one_is_not():
    """Within half a day a story may be told anew at a new address; only the guid says so."""
    told_anew = LIBRARY | {"published": NOON + timedelta(hours=5, minutes=1)}
    for guid, expected in ((SHA1, Outcome.REVISED), ("17", Outcome.NEW)):
        assert outcomes(
            sighting(guid=guid, url=at("a"), **FERRY),
            later(sighting(guid=guid, url=at("b"), **told_anew), 5),
        ) == [Outcome.NEW, expected]


def test_a_number_in_the_address_says_that_the_page_moved():
    assert outcomes(
        sighting(guid=SHA1, url=at("n/414991/ferry-crosses"), **FERRY),
        later(sighting(guid=SHA1, url=at("n/414991/as-it-happened"), **LIBRARY), 50),
    ) == [Outcome.NEW, Outcome.REVISED]


def test_guid_and_address_made_anew_of_the_headline_leave_the_number():
    """Guid and address are one and carry the headline; both change with it."""
    first, second = judged(
        *(
            later(sighting(guid=at(name), url=at(name), **story), hour)
            for hour, (name, story) in enumerate(
                [
                    ("n/2008640/ferry-crosses", FERRY),
                    ("n/2008640/boat-sails", FERRY | {"headline": "Boat sails"}),
                ]
            )
        )
    )
    assert (second.outcome, second.article_id) == (Outcome.REVISED, first.article_id)


def test_the_number_of_a_section_is_no_number_of_an_article():
    """All stories of a feed lie under one number, and the guids number the places in it."""
    stories = [
        later(
            sighting(
                guid=str(n % 2),
                url=at(f"section/100001/story-{n}"),
                headline=f"Headline {n * 7919} of the {n} boats",
                body=f"Nothing but this tells of the {n * 7919} boats of harbour {n}. " * 3,
                published=NOON + timedelta(days=n, minutes=n),
            ),
            24 * (n // 2),
        )
        for n in range(6)
    ]
    assert outcomes(*stories) == [Outcome.NEW] * 6


def test_a_date_in_the_address_says_nothing():
    assert outcomes(
        sighting(guid="1", url=at("20260301/ferry"), **FERRY),
        later(sighting(guid="1", url=at("20260301/library"), **LIBRARY), 1),
    ) == [Outcome.NEW, Outcome.NEW]


def test_a_column_whose_guid_is_made_of_its_title_stays_apart():
    """Same guid, same headline; another address, another text, another day."""
    assert outcomes(
        sighting(guid=SHA1, url=at("a"), **FERRY),
        later(sighting(guid=SHA1, url=at("b"), **(LIBRARY | {"headline": FERRY["headline"]})), 48),
    ) == [Outcome.NEW, Outcome.NEW]


def test_an_address_under_another_guid_is_the_same_item_unless_nothing_agrees():
    retitled = FERRY | {"headline": "Boat sails"}
    assert outcomes(
        sighting(guid="1", url=at("live"), **FERRY),
        later(sighting(guid="2", url=at("live"), **retitled), 1),
        later(sighting(guid="3", url=at("live"), **LIBRARY), 50),
    ) == [Outcome.NEW, Outcome.REVISED, Outcome.NEW]


def test_the_number_of_a_section_does_not_make_a_live_page_one_article():
    """The number was seen on two unlike stories, so it says nothing of the page below it."""
    section = "section/100001"
    stories = [
        sighting(guid="1", url=at(f"{section}/a"), **FERRY),
        later(sighting(guid="2", url=at(f"{section}/b"), **LIBRARY), 1),
        later(sighting(guid="3", url=at(f"{section}/live"), headline="Rain", body=None), 2),
        later(
            sighting(
                guid="4",
                url=at(f"{section}/live"),
                headline="Mayor opens the bridge",
                body=BODY_B,
                published=NOON + timedelta(days=9, minutes=2),
            ),
            220,
        ),
    ]
    assert outcomes(*stories) == [Outcome.NEW] * 4


def test_an_address_without_guids_is_the_item():
    assert outcomes(
        sighting(url=at("live"), **FERRY), later(sighting(url=at("live"), **LIBRARY), 50)
    ) == [Outcome.NEW, Outcome.REVISED]


def test_guids_that_number_the_places_in_a_feed_do_not_mix_its_items():
    """1 is the top story: every poll moves the stories down by one."""
    stories = [
        {
            "url": at(f"story-{n}"),
            "headline": f"Story of the day number {n} from {n * 7919} places",
            "body": f"Only this text tells of the {n * 7919} boats of harbour {n}. " * 3,
            "published": NOON + timedelta(days=n, minutes=n),
        }
        for n in range(8)
    ]
    judge = Judge((), WINDOW)
    found: dict[str, set[bytes]] = {}
    for poll in range(len(stories) - 2):
        for place, story in enumerate(stories[poll : poll + 3]):
            seen = later(sighting(guid=str(place), **story), 24 * poll, document=poll)
            verdict = judge.judge(seen)
            found.setdefault(story["url"], set()).add(verdict.article_id)
    assert [len(ids) for ids in found.values()] == [1] * len(stories)
    assert len(set().union(*found.values())) == len(stories)


def test_where_guid_and_address_belong_to_two_items_the_one_that_agrees_is_meant():
    ferry = sighting(guid="1", url=at("a"), **FERRY)
    library = later(sighting(guid="2", url=at("b"), **LIBRARY), 1)
    swapped = later(sighting(guid="2", url=at("a"), **(FERRY | {"headline": "Boat sails"})), 2)
    first, _, third = judged(ferry, library, swapped)
    assert (third.outcome, third.article_id) == (Outcome.REVISED, first.article_id)


def test_a_flipping_guid_costs_a_few_rows_and_then_none():
    judge = Judge((), WINDOW)
    polls = [
        judge.judge(later(sighting(guid=f"g{n}", url=at("a"), **FERRY), n, document=n))
        for n in range(12)
    ]
    assert [verdict.outcome for verdict in polls] == [
        Outcome.NEW,
        *[Outcome.DUPLICATE] * MOST_CONTRADICTIONS,
        *[Outcome.UNCHANGED] * (11 - MOST_CONTRADICTIONS),
    ]
    assert {verdict.kind for verdict in polls} == {None, "same_item"}
    (source,) = [item for item in judge.changed() if item.evidence]
    assert source.evidence[GUID_FLIPS] == MOST_CONTRADICTIONS


def test_an_address_that_changes_at_every_poll_costs_a_few_rows_and_then_none():
    judge = Judge((), WINDOW)
    polls = [
        judge.judge(later(sighting(guid=SHA1, url=at(f"a?s={n}"), **FERRY), n, document=n))
        for n in range(20)
    ]
    kinds = [verdict.outcome for verdict in polls]
    assert kinds.count(Outcome.NEW) == 1
    assert 0 < kinds.count(Outcome.DUPLICATE) <= MOST_KEYS
    assert set(kinds[MOST_KEYS + 1 :]) == {Outcome.UNCHANGED}
    (source,) = [item for item in judge.changed() if item.evidence]
    assert source.evidence[LINK_MOVES] == kinds.count(Outcome.DUPLICATE)


def test_the_guids_of_a_source_that_contradicts_itself_need_other_evidence():
    """And what is known of the source outlives the run."""
    judge = Judge((), WINDOW)
    for n in range(2 * MOST_CONTRADICTIONS):
        story = sighting(
            guid=str(n // 2),
            url=at(f"story-{n}"),
            headline=f"Headline {n * 7919} of the {n} boats",
            body=f"Nothing but this tells of the {n * 7919} boats. " * 3,
            published=NOON + timedelta(days=3 * n, minutes=n),
        )
        assert judge.judge(later(story, 72 * n)).outcome is Outcome.NEW
    (source,) = [item for item in judge.changed() if item.evidence]
    assert source.evidence[GUID_REUSES] == MOST_CONTRADICTIONS

    told_anew = LIBRARY | {"published": FERRY["published"] + timedelta(hours=5)}
    versions = [
        later(sighting(guid=SHA1, url=at("a"), **FERRY), 2000),
        later(sighting(guid=SHA1, url=at("b"), **told_anew), 2005),
    ]
    assert outcomes(*versions) == [Outcome.NEW, Outcome.REVISED]
    wary = Judge([source], WINDOW)
    assert [wary.judge(one).outcome for one in versions] == [Outcome.NEW, Outcome.NEW]


def test_the_same_text_without_any_key_is_the_same_item():
    assert outcomes(sighting(**FERRY), later(sighting(**(FERRY | {"published": None})), 1)) == [
        Outcome.NEW,
        Outcome.REVISED,
    ]


def test_entries_of_one_live_page_stay_apart_even_when_one_is_left():
    """One document gave the page to two entries; later documents show one entry at a time."""
    page = at("live")
    first = sighting(guid="1", url=page, link_trusted=False, **FERRY)
    second = sighting(guid="2", url=page, link_trusted=False, position=1, **LIBRARY)
    third = {"headline": "Mayor opens the bridge", "body": None, "published": None}
    assert (
        outcomes(
            first,
            second,
            later(sighting(guid="3", url=page, **third), 60),
            later(sighting(guid="4", url=page, **(third | {"headline": "Rain all day long"})), 61),
        )
        == [Outcome.NEW] * 4
    )


def test_a_source_is_no_worse_for_another():
    """Guids are compared within their source only."""
    other = later(
        sighting(guid="1", url=at("b"), source="https://other.example/feed", **LIBRARY), 1
    )
    _, second = judged(sighting(guid="1", url=at("a"), **FERRY), other)
    assert (second.outcome, second.flags) == (Outcome.NEW, ())
    assert second.article_id == other.item_id
