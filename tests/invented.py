"""Invented sightings and histories for the tests of the judge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schemas.judgement import Sighting
from transforms.identity.keys import content_hash, item_keys, key_of_hex, short_hash
from transforms.identity.sightings import version_key
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
    fetched_known: bool = True,
    guid_trusted: bool = True,
    link_trusted: bool = True,
) -> Sighting:
    content = content_hash(headline, None, body, published)
    keys = item_keys(
        scope=source,
        guid=guid,
        url=url,
        headline=headline,
        body=body,
        content=content,
        guid_trusted=guid_trusted,
        link_trusted=link_trusted,
    )
    text = fingerprint(body)
    return Sighting(
        size=100,
        is_reject=False,
        source=source,
        item_id=bytes.fromhex(keys.item_id),
        site=keys.site,
        guid_key=keys.guid_key,
        link_key=keys.link_key,
        text_key=keys.text_key,
        number_key=keys.number_key,
        disowned=keys.disowned,
        url_key=keys.url_key,
        global_guid=keys.global_guid,
        headline_key=keys.headline_key,
        bands=text.bands if text else (),
        url_number=keys.url_number,
        headline_words=keys.headline_words,
        content=key_of_hex(content),
        version=version_key(short_hash(headline), 0, short_hash(body)),
        headline_hash=short_hash(headline),
        summary_hash=0,
        body_hash=short_hash(body),
        published_at=published,
        text_hash=text.body_hash if text else 0,
        lead_hash=text.lead_hash if text else 0,
        words=text.words if text else 0,
        sketch=text.sketch if text else b"",
        fetched_at=at,
        fetched_known=fetched_known,
        day=(published or at).date(),
        document=document,
        address=short_hash(f"file {document}"),
        position=position,
    )


def later(sighting: Sighting, hours: float, document: int = 2) -> Sighting:
    return replace(sighting, fetched_at=NOON + timedelta(hours=hours), document=document)


SOURCES = ("https://coast.example/feed", "https://other.example/feed")

ROWS = st.fixed_dictionaries(
    {
        "guid": st.sampled_from(["1", "2", "urn:news:coast:2026:1", None]),
        "url": st.sampled_from(
            [
                "https://coast.example/a",
                "https://coast.example/b",
                "https://coast.example/n/123457",
                "https://coast.example/",
                None,
            ]
        ),
        "headline": st.sampled_from(
            ["Ferry crosses the sound again", "Library stays open on Sundays", "Live"]
        ),
        "body": st.sampled_from([BODY_A, BODY_B, None]),
        "published": st.sampled_from(
            [NOON, NOON + timedelta(minutes=7), NOON + timedelta(days=1, minutes=3), None]
        ),
        "source": st.sampled_from([SOURCES[0], SOURCES[0], SOURCES[1]]),
        "guid_trusted": st.sampled_from([True, True, True, False]),
        "link_trusted": st.sampled_from([True, True, True, False]),
        "fetched_known": st.sampled_from([True, True, False]),
    }
)
"""Items that publishers should not make: flipping and repeated guids, shared addresses …"""


@st.composite
def histories(draw: st.DrawFn) -> list[Sighting]:
    """Sightings in visit order, two an hour."""
    rows = draw(st.lists(ROWS, min_size=1, max_size=14))
    return [
        sighting(**row, at=NOON + timedelta(hours=place // 2), document=place + 1)
        for place, row in enumerate(rows)
    ]
