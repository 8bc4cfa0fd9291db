"""What is kept of a polled document: keys of its items and one hash of what they say."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.feeds import FeedReading
from schemas.records import FeedInfo, FeedItem, FeedSchedule, ParsedDocument
from transforms.feeds.reading import reading_of

FERRY = FeedItem(
    0,
    title="Ferry late",
    guid="tag:quay.example,2026:1",
    link="https://quay.example/1",
    summary="It was fog.",
    content="<p>It was fog.</p>",
    authors=("Ada Quill", "B. Moor"),
    dates=(("published", "Mon, 02 Mar 2026 08:00:00 GMT"), ("updated", "2026-03-02")),
    categories=("transport", "weather"),
)
BRIDGE = FeedItem(1, title="Bridge shut", link="https://quay.example/2")


def parsed(*items: FeedItem, **info: str) -> ParsedDocument:
    return ParsedDocument("rss20", FeedInfo(**info), items)


def reading(*items: FeedItem, **info: str) -> FeedReading:
    return reading_of("00ff", parsed(*items, **info))


def test_whole_reading():
    schedule = FeedSchedule(3600, (1,), (6,))
    document = ParsedDocument("rss20", FeedInfo(schedule=schedule), (FERRY, BRIDGE))
    assert reading_of("00ff", document) == FeedReading(
        key="00ff",
        items=(5753350251542706812, 15285170425988060212),
        contents=4364754861928438271,
        schedule=schedule,
    )


def test_an_empty_feed_can_be_read():
    assert reading().items == ()
    assert reading().readable


def test_what_the_channel_says_does_not_matter():
    assert reading(FERRY, title="Quay", language="en") == reading(FERRY, title="Quay, 9 o'clock")


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Ferry later"},
        {"title": None},
        {"link": "https://quay.example/one"},
        {"guid": None},
        {"summary": "It was ice."},
        {"summary": ""},
        {"content": None},
        {"authors": ("Ada Quill",)},
        {"authors": ("Ada Quill", "B. Moor", "categories")},
        {"dates": FERRY.dates[:1]},
        {"dates": ()},
        {"categories": ("weather", "transport")},
        {"authors": (*FERRY.authors, *FERRY.categories), "categories": ()},
    ],
)
def test_all_that_an_item_says_is_in_the_contents(changed):
    other = replace(FERRY, **changed)
    assert reading(other).contents != reading(FERRY).contents


@pytest.mark.parametrize("changed", [{"position": 7}, {"flags": ("malformed_feed",)}])
def test_what_was_noticed_about_an_item_is_not(changed):
    assert reading(replace(FERRY, **changed)) == reading(FERRY)


def test_an_item_that_is_there_twice_is_one_key_and_other_contents():
    once, twice = reading(FERRY), reading(FERRY, FERRY)
    assert once.items == twice.items
    assert once.contents != twice.contents


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"guid": "a", "link": "b"}, {"guid": "a", "link": "c", "title": "t"}, True),
        ({"link": "a", "title": "b"}, {"link": "a", "title": "c"}, True),
        ({"title": "a", "summary": "b"}, {"title": "a", "summary": "b", "content": "c"}, True),
        ({"title": "a", "summary": "b"}, {"title": "a", "summary": "c"}, False),
        ({"guid": "a"}, {"link": "a"}, False),
        ({"guid": "a"}, {"title": "a"}, False),
        ({"title": "ab"}, {"title": "a", "summary": "b"}, False),
        ({"title": "a"}, {"summary": "a"}, False),
        ({"content": "a"}, {"content": "b"}, False),
        ({"guid": "0", "guid_trusted": False, "link": "a"}, {"link": "a"}, True),
        ({"guid": "0", "guid_trusted": False, "link": "a"}, {"guid": "0", "link": "a"}, False),
        ({"link": "a", "link_trusted": False, "title": "t"}, {"title": "t"}, True),
    ],
)
def test_keys(one, other, same):
    found = {reading(FeedItem(0, **fields)).items for fields in (one, other)}
    assert (len(found) == 1) is same


TEXTS = st.none() | st.text(st.characters(), max_size=4)
ITEMS = st.lists(
    st.builds(FeedItem, st.just(0), title=TEXTS, guid=TEXTS, link=TEXTS, summary=TEXTS),
    max_size=6,
)


@settings(deadline=None)
@given(ITEMS, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(items, random):
    shuffled = list(items)
    random.shuffle(shuffled)
    assert reading(*shuffled) == reading(*items)


@settings(deadline=None)
@given(ITEMS)
def test_keys_are_sorted_64_bit_numbers_each_once(items):
    found = reading(*items)
    assert list(found.items) == sorted(set(found.items))
    assert len(found.items) <= len(items)
    assert all(0 <= key < 1 << 64 for key in (*found.items, found.contents))


@settings(deadline=None)
@given(ITEMS, ITEMS)
def test_other_items_are_other_contents(one, other):
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (reading(*one).contents == reading(*other).contents) is same
