"""Invented polls of invented feeds: repeats, revisions, copies, rejects; one seed, one set."""

import json
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

_WORDS = """
harbour ferry council library bridge school river market storm museum hospital train garden
election budget festival bakery orchestra lighthouse tunnel vineyard stadium glacier workshop
airport forest reservoir theatre parliament observatory opened closed voted delayed repaired
announced measured doubled halved celebrated questioned approved quietly early late again
yesterday together slowly carefully by and after before with without new old seven twelve forty
local northern southern coastal
""".split()

START = datetime(2026, 3, 1, 6, tzinfo=UTC)


def write_polls(folder: Path, *, polls: int, feeds: int, items: int, seed: int = 1) -> list[Path]:
    """Write polls of feeds with their sidecars, oldest first.

    Each poll drops the oldest item of its feed, adds one, changes one now and then, and carries
    over one item of a neighbouring feed under another address; a few polls are broken files.

    Args:
        folder: where to; made when it is not there.
        polls: how many times each feed is polled.
        feeds: how many feeds there are.
        items: how many items a poll holds.
        seed: another seed is other news.

    Returns:
        The files in the order of their fetch times.
    """
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    shelves = [[_story(rng, feed, n) for n in range(items)] for feed in range(feeds)]
    written = []
    for poll in range(polls):
        for feed, shelf in enumerate(shelves):
            if poll:
                shelf.pop(0)
                shelf.append(_story(rng, feed, items + poll))
                if rng.random() < 0.5:
                    shelf[rng.randrange(len(shelf))]["body"] += f" {_sentence(rng)}"
                if rng.random() < 0.3:
                    neighbour = rng.choice(shelves[(feed + 1) % feeds])
                    copy = {**neighbour, "guid": f"copy-{feed}-{poll}", "link": None}
                    shelf[rng.randrange(len(shelf))] = copy
            fetched = START + timedelta(minutes=30 * poll, seconds=feed)
            path = folder / f"{fetched:%Y%m%dT%H%M%S}-feed{feed}.xml"
            broken = rng.random() < 0.05
            path.write_text(_BROKEN if broken else _document(feed, shelf), encoding="utf-8")
            sidecar = {"fetched_at": fetched.isoformat(), "url": f"https://feed{feed}.example/rss"}
            path.with_name(path.name + ".meta.json").write_text(json.dumps(sidecar))
            written.append(path)
    return written


_BROKEN = "<rss version='2.0'><channel><title>half a fe"


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(8, 20))).capitalize() + "."


def _story(rng: random.Random, feed: int, number: int) -> dict[str, str | None]:
    published = START - timedelta(minutes=rng.randint(1, 4000))
    return {
        "guid": f"feed{feed}-{number}",
        "link": f"https://feed{feed}.example/news/{number}",
        "title": " ".join(rng.choices(_WORDS, k=7)).capitalize(),
        "body": " ".join(_sentence(rng) for _ in range(rng.randint(3, 12))),
        "date": format_datetime(published) if rng.random() > 0.1 else None,
    }


def _document(feed: int, shelf: list[dict[str, str | None]]) -> str:
    parts = [f"<rss version='2.0'><channel><title>Feed {feed}</title>"]
    for story in shelf:
        fields = {
            "guid": story["guid"],
            "link": story["link"],
            "title": story["title"],
            "description": story["body"],
            "pubDate": story["date"],
        }
        inside = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in fields.items() if v is not None)
        parts.append(f"<item>{inside}</item>")
    return "".join([*parts, "</channel></rss>"])
