"""How often a feed says that it is worth asking, read from whole documents."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_feed import read

from schemas.records import FeedSchedule

SY = "http://purl.org/rss/1.0/modules/syndication/"
DAY = 86_400
ITEM = "<item><title>Ferry late</title></item>"


def rss(channel: str, behind: str = "", attributes: str = "") -> bytes:
    return (
        f'<rss version="2.0" {attributes}><channel><title>Quay</title>{channel}'
        f"{ITEM}{behind}</channel></rss>"
    ).encode()


def rdf(channel: str) -> bytes:
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        f' xmlns="http://purl.org/rss/1.0/" xmlns:sy="{SY}">'
        f"<channel><title>Quay</title>{channel}</channel>{ITEM}</rdf:RDF>"
    ).encode()


def schedule(content: bytes) -> FeedSchedule:
    parsed = read(content)
    assert [item.title for item in parsed.items] == ["Ferry late"]
    return parsed.info.schedule


WHOLE = (
    "<ttl>45</ttl>"
    "<skipHours><hour>24</hour><hour> 3</hour><hour>02</hour><hour>3</hour></skipHours>"
    "<skipDays><day>SUNDAY</day><day>saturday</day><day> Mon </day></skipDays>"
)
EXPECTED = FeedSchedule(ttl_seconds=2700, skip_hours=(0, 2, 3), skip_days=(0, 5, 6))


@pytest.mark.parametrize(
    "content",
    [
        rss(WHOLE),
        rss("", behind=WHOLE),
        rss(WHOLE + "<link>a & b</link>"),
        rss(WHOLE.replace("<skipHours>", "<skipHours a='1'>").replace("<ttl>", "<ttl a='1'>")),
    ],
    ids=["before the items", "behind the items", "broken", "with attributes"],
)
def test_whole_schedules(content):
    assert schedule(content) == EXPECTED


@pytest.mark.parametrize(
    ("ttl", "seconds"),
    [
        ("60", 3600),
        (" +007\n", 420),
        ("15.0", 900),
        ("0", None),
        ("-5", None),
        ("an hour", None),
        ("", None),
        ("<b>9</b>", None),
        ("1e3", None),
        ("٣", None),
        ("99999999", 365 * DAY),
        ("9" * 6000, 365 * DAY),
    ],
)
def test_ttl(ttl, seconds):
    assert schedule(rss(f"<ttl>{ttl}</ttl>")) == FeedSchedule(ttl_seconds=seconds)


@pytest.mark.parametrize(
    ("elements", "seconds"),
    [
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3600),
        (
            "<sy:updatePeriod> Daily\n</sy:updatePeriod>"
            "<sy:updateFrequency>\t4 </sy:updateFrequency>",
            DAY // 4,
        ),
        ("<sy:updateFrequency>2</sy:updateFrequency>", DAY // 2),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", 7 * DAY),
        ("<sy:updatePeriod>monthly</sy:updatePeriod>", 30 * DAY),
        ("<sy:updatePeriod>yearly</sy:updatePeriod>", 365 * DAY),
        ("<sy:updatePeriod>always</sy:updatePeriod>", None),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            3600,
        ),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod>"
            f"<sy:updateFrequency>{'9' * 40}</sy:updateFrequency>",
            None,
        ),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>x</sy:updateFrequency>",
            3600,
        ),
    ],
)
def test_syndication_module(elements, seconds):
    expected = FeedSchedule(ttl_seconds=seconds)
    assert schedule(rdf(elements)) == expected
    assert schedule(rss(elements, attributes=f'xmlns:sy="{SY}"')) == expected
    other = elements.replace("sy:", "syn:")
    assert schedule(rss(other, attributes=f'xmlns:syn="{SY}"')) == expected


def test_the_longer_of_two_counts():
    hourly = "<sy:updatePeriod>hourly</sy:updatePeriod>"
    space = f'xmlns:sy="{SY}"'
    assert schedule(rss(f"<ttl>30</ttl>{hourly}", attributes=space)).ttl_seconds == 3600
    assert schedule(rss(f"<ttl>90</ttl>{hourly}", attributes=space)).ttl_seconds == 5400


@pytest.mark.parametrize(
    "channel",
    [
        "<skipHours><hour>25</hour><hour>-1</hour><hour>noon</hour><hour/></skipHours>",
        "<skipDays><day>Sonntag</day><day>8</day><day/></skipDays>",
        "<skipHours>3</skipHours><skipDays>Monday</skipDays>",
        "<hour>3</hour><day>Monday</day>",
    ],
)
def test_rubbish_is_ignored(channel):
    assert schedule(rss(channel)) == FeedSchedule()


def test_an_item_says_nothing_of_the_channel():
    content = rss("").replace(
        b"</item>", b"<ttl>9</ttl><skipHours><hour>3</hour></skipHours></item>"
    )
    assert schedule(content) == FeedSchedule()


def test_a_feed_that_says_nothing():
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom">{ITEM.replace("item", "entry")}</feed>'
    assert schedule(atom.encode()) == FeedSchedule()
    assert schedule(rdf("")) == FeedSchedule()


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 24)),
    st.lists(st.integers(0, 6)),
    st.integers(0, 10**12),
)
def test_every_schedule_is_in_its_limits(hours, days, ttl):
    names = ("Monday", "TUESDAY", "wednesday", "thu", "Fri", "SAT", "Sunday")
    found = schedule(
        rss(
            f"<ttl>{ttl}</ttl>"
            f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in hours)}</skipHours>"
            f"<skipDays>{''.join(f'<day>{names[day]}</day>' for day in days)}</skipDays>"
        )
    )
    assert found == FeedSchedule(
        ttl_seconds=min(60 * ttl, 365 * DAY) or None,
        skip_hours=tuple(sorted({hour % 24 for hour in hours})),
        skip_days=tuple(sorted(set(days))),
    )
