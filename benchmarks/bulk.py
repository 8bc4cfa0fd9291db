"""Any number of invented stories, the same for the same numbers, as records or as feed files.

Of fifty stories three are repeats of stories that their source gave before, and two are the text of
another source's story under that source's own guid and address. All others are 150 words that no
other story has.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import islice, product
from pathlib import Path

from schemas.records import Article
from transforms.identity.keys import content_hash, item_keys

START = datetime(2026, 3, 1, tzinfo=UTC)
STORIES_A_DOCUMENT = 50
SOURCES = 97
WORDS = 150

_SYLLABLES = "ka ro min tel su var ond pli bra chen dor fal gim".split()
_VOCABULARY = ["".join(part) for part in product(_SYLLABLES, repeat=3)]
_REPEAT, _COPY = 5, 15
"""Of each twenty places in a document, those of repeats and of copies."""


@dataclass(frozen=True, slots=True)
class Story:
    """One entry of a feed."""

    number: int
    source: str
    guid: str
    url: str
    headline: str
    body: str
    published_at: datetime


def stories(numbers: range) -> Iterator[Story]:
    """The stories of some numbers, each made from its number alone."""
    for number in numbers:
        place = number % STORIES_A_DOCUMENT % 20
        given_before = number - 1 - STORIES_A_DOCUMENT * SOURCES
        elsewhere = number - 1 - STORIES_A_DOCUMENT
        if place == _REPEAT and given_before >= 0:
            yield _story(number, given_before, given_before)
        elif place == _COPY and elsewhere >= 0:
            yield _story(number, number, elsewhere)
        else:
            yield _story(number, number, number)


def _story(number: int, keys_of: int, text_of: int) -> Story:
    rng = random.Random(text_of)
    source = f"https://site{number // STORIES_A_DOCUMENT % SOURCES}.example"
    words = rng.choices(_VOCABULARY, k=WORDS)
    return Story(
        number=number,
        source=f"{source}/rss",
        guid=f"tag:example,2026:{keys_of}",
        url=f"{source}/news/{keys_of}",
        headline=" ".join(rng.choices(_VOCABULARY, k=8)).capitalize(),
        body=" ".join(words).capitalize() + ".",
        published_at=START - timedelta(minutes=text_of % 43_200, seconds=text_of % 59),
    )


def fetched_at(number: int) -> datetime:
    """When the document that holds a story was fetched."""
    return START + timedelta(seconds=number // STORIES_A_DOCUMENT)


def articles(numbers: range) -> Iterator[Article]:
    """The stories as normalising leaves them."""
    for story in stories(numbers):
        content = content_hash(story.headline, None, story.body, story.published_at)
        keys = item_keys(
            scope=story.source,
            guid=story.guid,
            url=story.url,
            headline=story.headline,
            body=story.body,
            content=content,
        )
        document = story.number // STORIES_A_DOCUMENT
        yield Article(
            item_id=keys.item_id,
            source=story.source,
            source_origin="sidecar",
            feed_url=story.source,
            guid=story.guid,
            url=story.url,
            headline=story.headline,
            headline_repeats=0,
            summary=None,
            body=story.body,
            body_origin="summary",
            word_count=WORDS,
            authors=(),
            byline=None,
            dateline=None,
            region=None,
            quotes=(),
            published_at=story.published_at,
            published_raw=format_datetime(story.published_at),
            published_origin="published",
            published_precision="second",
            published_zone="explicit",
            date_candidates=(),
            updated_at=None,
            fetched_at=fetched_at(story.number),
            language_declared=None,
            categories=(),
            content_hash=content,
            flags=(),
            format="rss",
            document_uri=f"file:///feeds/{document:06d}.xml",
            document_sha256=f"{document:064x}",
            document_position=story.number % STORIES_A_DOCUMENT,
        )


def write_feeds(folder: Path, count: int) -> None:
    """The stories as RSS files of fifty, each with its sidecar."""
    folder.mkdir(parents=True)
    found = stories(range(count))
    while shelf := list(islice(found, STORIES_A_DOCUMENT)):
        path = folder / f"{shelf[0].number // STORIES_A_DOCUMENT:06d}.xml"
        items = "".join(
            f"<item><guid>{story.guid}</guid><link>{story.url}</link>"
            f"<title>{story.headline}</title><description>{story.body}</description>"
            f"<pubDate>{format_datetime(story.published_at)}</pubDate></item>\n"
            for story in shelf
        )
        path.write_text(
            f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>",
            encoding="utf-8",
        )
        sidecar = {
            "url": shelf[0].source,
            "fetched_at": fetched_at(shelf[0].number).isoformat(),
        }
        path.with_name(f"{path.name}.meta.json").write_text(json.dumps(sidecar), encoding="utf-8")
