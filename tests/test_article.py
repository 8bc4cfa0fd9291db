"""From a feed item to an article."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.parquet import table_schema
from schemas.reasons import Reason, Stage
from schemas.records import Article, FeedItem, Origin, Quote, Reject
from schemas.tables import BODY_ORIGINS, FLAGS, PAYLOAD_LIMIT
from transforms.identity.keys import content_hash, keys_of_article
from transforms.text.article import normalize

ORIGIN = Origin(
    document_uri="/data/feed.xml",
    document_sha256="ab" * 32,
    format="rss20",
    fetched_at=datetime(2024, 5, 2, 12, tzinfo=UTC),
    source="https://news.example/feed",
    source_origin="feed",
    feed_url="https://news.example/feed",
    fetched_known=True,
)
ITEM = FeedItem(
    position=3,
    title="Ministers agree &#8216;historic&#8217; <i>fishing</i> deal",
    title_html=True,
    guid=" https://news.example/?p=7 ",
    link="http://news.example/2024/05/deal?utm_source=rss#top",
    summary="A deal at last &hellip;",
    content="<p>Ministers have agreed.</p><p>It took <b>nine</b> years.</p>",
    authors=("  Jane Doe ", "", "Jane Doe", "Max Müller"),
    byline="By  Jane Doe",
    dateline="OSLO, April 30",
    region="Europe",
    quotes=(
        Quote("KARI NORDMANN", "FISHERIES  MINISTER", "Norwegian", "At last.\n\nWe agree."),
        Quote("NOBODY", None, "", " "),
    ),
    dates=(("published", "Tue, 30 Apr 2024 10:00:00 +0200"),),
    language="en-GB",
    categories=("Politics", "Fish", "Politics", " "),
    flags=("malformed_feed",),
)


def article(item: FeedItem, origin: Origin = ORIGIN) -> Article:
    found = normalize(item, origin)
    assert isinstance(found, Article)
    return found


def test_every_field():
    body = "Ministers have agreed.\n\nIt took nine years."
    published = datetime(2024, 4, 30, 8, tzinfo=UTC)
    headline = "Ministers agree ‘historic’ fishing deal"
    found = article(ITEM)
    assert found == Article(
        item_id=keys_of_article(found).item_id,
        source="https://news.example/feed",
        source_origin="feed",
        feed_url="https://news.example/feed",
        guid="https://news.example/?p=7",
        url="https://news.example/2024/05/deal",
        headline=headline,
        headline_repeats=1,
        summary="A deal at last …",
        body=body,
        body_origin="content",
        word_count=7,
        authors=("Jane Doe", "Max Müller"),
        byline="By Jane Doe",
        dateline="OSLO, April 30",
        region="Europe",
        quotes=(
            Quote("KARI NORDMANN", "FISHERIES MINISTER", "Norwegian", "At last.\n\nWe agree."),
        ),
        published_at=published,
        published_raw="Tue, 30 Apr 2024 10:00:00 +0200",
        published_origin="published",
        published_precision="second",
        published_zone="given",
        date_candidates=(),
        updated_at=None,
        fetched_at=ORIGIN.fetched_at,
        language_declared="en-GB",
        categories=("Politics", "Fish"),
        feed_topics=(),
        content_hash=content_hash(headline, "A deal at last …", body, published),
        flags=("malformed_feed",),
        format="rss20",
        document_uri="/data/feed.xml",
        document_sha256="ab" * 32,
        document_position=3,
    )


@pytest.mark.parametrize(
    ("content", "summary", "body", "origin"),
    [
        ("<p>Full</p>", "<p>Short</p>", "Full", "content"),
        (None, "<p>Short</p>", "Short", "summary"),
        ("<img src=x>", "<p>Short</p>", "Short", "summary"),
        ("<p>Same</p>", "<p>Same</p>", "Same", "content"),
        (None, None, None, "none"),
        (" ", "<p> </p>", None, "none"),
    ],
)
def test_body_and_its_origin(content, summary, body, origin):
    found = article(replace(ITEM, content=content, summary=summary))
    assert (found.body, found.body_origin) == (body, origin)
    assert ("no_body" in found.flags) is (body is None)
    assert (found.word_count == 0) is (body is None)
    assert origin in BODY_ORIGINS


def test_plain_texts_are_not_markup():
    found = article(
        replace(
            ITEM,
            title="Vec<T> & <b>co</b>",
            title_html=False,
            content="line one\nline <b>two</b>\n\nnext",
            content_html=False,
        )
    )
    assert found.headline == "Vec<T> & <b>co</b>"
    assert found.body == "line one line <b>two</b>\n\nnext"


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"title": None}, "no_headline"),
        ({"title": "<b></b>"}, "no_headline"),
        ({"content": None, "summary": None}, "no_body"),
        ({"guid_trusted": False}, "guid_untrusted"),
        ({"link_trusted": False}, "link_untrusted"),
        ({"title": "Ã‰lections"}, "mojibake_repaired"),
        ({"content": "<p>lâ€™Ã©tÃ©</p>"}, "mojibake_repaired"),
        ({"authors": ("JosÃ©",)}, "mojibake_repaired"),
        ({"dates": ()}, "undated"),
        ({"dates": (("updated", "2024-05-01T10:00:00Z"),)}, "date_from_updated"),
    ],
)
def test_flags(change, flag):
    found = article(replace(ITEM, flags=("encoding_guessed", "encoding_guessed"), **change))
    assert flag in found.flags
    assert "encoding_guessed" in found.flags
    assert list(found.flags) == sorted(set(found.flags))
    assert set(found.flags) <= FLAGS.keys()


def test_a_fetch_time_that_is_only_assumed_is_flagged_and_nothing_else_changes():
    known = article(ITEM)
    assumed = article(ITEM, replace(ORIGIN, fetched_known=False))
    assert assumed == replace(known, flags=("fetch_time_assumed", "malformed_feed"))


def test_untrusted_keys_are_stored_and_not_used():
    trusted = article(ITEM)
    untrusted = article(replace(ITEM, guid_trusted=False, link_trusted=False))
    assert (untrusted.guid, untrusted.url) == (trusted.guid, trusted.url)
    assert untrusted.item_id != trusted.item_id


def test_relative_links_are_resolved():
    found = article(replace(ITEM, link="/2024/deal", base_url="https://news.example/feed"))
    assert found.url == "https://news.example/2024/deal"


def test_only_content_makes_another_revision():
    first = article(ITEM)
    dressed = article(
        replace(
            ITEM,
            content="<div><p>Ministers have agreed.</p>\n\n<p>It took nine&#32;years.</p></div>",
            authors=(),
            guid="other",
        ),
        replace(ORIGIN, document_uri="/elsewhere.xml", fetched_at=datetime(2024, 6, 1, tzinfo=UTC)),
    )
    assert dressed.content_hash == first.content_hash
    changed = article(replace(ITEM, content="<p>Ministers have not agreed.</p>"))
    assert changed.content_hash != first.content_hash


@pytest.mark.parametrize("title", [None, "", " ", "<b></b>", "\ufeff", "\ud800"])
def test_nothing_to_read_is_rejected(title):
    item = FeedItem(position=9, title=title, title_html=True, guid="g", raw="<item>é\ud800</item>")
    payload = "<item>é\ud800</item>".encode("utf-8", "surrogatepass")
    found = normalize(item, ORIGIN)
    assert isinstance(found, Reject)
    assert (found.stage, found.reason) == (Stage.NORMALIZE, Reason.EMPTY_ITEM)
    assert (found.payload, found.payload_size) == (payload, len(payload))
    assert (found.document_position, found.source) == (9, ORIGIN.source)
    assert found == normalize(item, ORIGIN)
    other = normalize(replace(item, position=10), ORIGIN)
    assert isinstance(other, Reject)
    assert other.reject_id != found.reject_id


def test_a_reject_without_raw_keeps_the_given_fields():
    found = normalize(FeedItem(position=1, guid="g\ud800", categories=("x",)), ORIGIN)
    assert isinstance(found, Reject)
    assert json.loads(found.payload) == {"position": 1, "guid": "g\ud800", "categories": ["x"]}


def test_a_long_payload_is_cut():
    found = normalize(FeedItem(position=1, raw="x" * (PAYLOAD_LIMIT + 5)), ORIGIN)
    assert isinstance(found, Reject)
    assert len(found.kept_payload(PAYLOAD_LIMIT).payload) == PAYLOAD_LIMIT
    assert found.payload_size == PAYLOAD_LIMIT + 5


def test_repeats_fit_their_column():
    assert article(replace(ITEM, title_repeats=70_000)).headline_repeats == 65_535


STRING = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["<p>x</p>", "&lt;p&gt;x&lt;/p&gt;", "Ã©", "\ud83d", "http://a.example/x?y=1", "\x00", "中文"]
)
TEXT = st.none() | STRING
ITEMS = st.builds(
    FeedItem,
    position=st.integers(0, 5),
    title=TEXT,
    title_html=st.booleans(),
    title_repeats=st.integers(1, 100_000),
    guid=TEXT,
    guid_trusted=st.booleans(),
    link=TEXT,
    link_trusted=st.booleans(),
    summary=TEXT,
    summary_html=st.booleans(),
    content=TEXT,
    content_html=st.booleans(),
    base_url=TEXT,
    authors=st.lists(STRING, max_size=2).map(tuple),
    byline=TEXT,
    dateline=TEXT,
    region=TEXT,
    quotes=st.lists(st.builds(Quote, TEXT, TEXT, TEXT, STRING), max_size=2).map(tuple),
    dates=st.lists(
        st.tuples(st.sampled_from(["published", "updated", "dc_date"]), STRING), max_size=2
    ).map(tuple),
    language=TEXT,
    categories=st.lists(STRING, max_size=2).map(tuple),
    raw=STRING,
)


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_any_item_becomes_a_row(item):
    found = normalize(item, ORIGIN)
    table = table_schema("articles" if isinstance(found, Article) else "rejects")
    row = asdict(found)
    schema = pa.schema([table.field(name) for name in row])
    batch = pa.RecordBatch.from_pylist([row], schema=schema)
    batch.validate(full=True)
    assert normalize(item, ORIGIN) == found
    if isinstance(found, Article):
        assert found.headline or found.body
        assert found.item_id == keys_of_article(found).item_id
        assert set(found.flags) <= FLAGS.keys()


@settings(max_examples=150, deadline=None)
@given(ITEMS)
def test_a_normalised_article_is_a_fixed_point(item):
    found = normalize(item, ORIGIN)
    if isinstance(found, Reject):
        return
    again = normalize(
        replace(
            item,
            title=found.headline,
            title_html=False,
            content=found.body,
            content_html=False,
            summary=found.summary,
            summary_html=False,
            guid=found.guid,
        ),
        ORIGIN,
    )
    assert isinstance(again, Article)
    assert (again.headline, again.guid) == (found.headline, found.guid)
