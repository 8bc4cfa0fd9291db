"""Invented sightings and histories for the tests of the judge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schemas.judgement import Sighting
from transforms.identity.keys import content_hash, item_keys, key_of_hex, short_hash
from transforms.text.fingerprint import fingerprint

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = timedelta(hours=72)

BODY_A = "The ferry will cross the sound every hour from Monday, the harbour office said. " * 3
BODY_B = "Council members voted to keep the library open on Sundays after a long debate. " * 3


def sighting(
    *,
    guid: str | None = None,
    url: str | None = None,
    headline: str | None = "Ferry crosses the sound again",
    body: str | None = BODY_A,
    at: datetime = NOON,
    published: datetime | None = NOON,
    source: str = "https://coast.example/feed",
    document: int = 1,
    position: int = 0,
) -> Sighting:
    keys = item_keys(scope=source, guid=guid, url=url, headline=headline, body=body)
    text = fingerprint(body)
    return Sighting(
        size=100,
        is_reject=False,
        source=source,
        item_id=bytes.fromhex(keys.item_id),
        aliases=keys.aliases,
        url_key=keys.url_key,
        headline_key=keys.headline_key,
        content=key_of_hex(content_hash(headline, None, body, published)),
        headline_hash=short_hash(headline),
        summary_hash=0,
        body_hash=short_hash(body),
        published_at=published,
        text_hash=text.body_hash if text else 0,
        lead_hash=text.lead_hash if text else 0,
        words=text.words if text else 0,
        sketch=text.sketch if text else b"",
        fetched_at=at,
        day=(published or at).date(),
        document=document,
        address=short_hash(f"file {document}"),
        position=position,
    )


def later(sighting: Sighting, hours: float, document: int = 2) -> Sighting:
    return replace(sighting, fetched_at=NOON + timedelta(hours=hours), document=document)


GUIDS = st.sampled_from(["1", "2", None])
URLS = st.sampled_from(["https://coast.example/a", "https://coast.example/b", None])
HEADLINES = st.sampled_from(["Ferry crosses the sound again", "Library stays open on Sundays"])
BODIES = st.sampled_from([BODY_A, BODY_B, None])
SOURCES = st.sampled_from(["https://coast.example/feed", "https://other.example/feed"])


@st.composite
def histories(draw: st.DrawFn) -> list[Sighting]:
    rows = draw(
        st.lists(st.tuples(GUIDS, URLS, HEADLINES, BODIES, SOURCES), min_size=1, max_size=12)
    )
    return [
        sighting(
            guid=guid,
            url=url,
            headline=headline,
            body=body,
            source=source,
            at=NOON + timedelta(hours=hour // 2),
            document=hour + 1,
        )
        for hour, (guid, url, headline, body, source) in enumerate(rows)
    ]
