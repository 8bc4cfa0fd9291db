"""A corpus of any size from a folder of captured feeds: same shapes, other news.

Each entry of the captured feeds is written again and again with another guid and address, a
shuffled headline and every fourth word of its text exchanged, so that no two are the same item and
none repeats another's text. Markup, lengths, dates and languages stay as they were captured.
"""

import random
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import feedparser

ENTRIES_PER_FILE = 50
_PIECE = re.compile(r"<[^>]*>|&[^;\s]*;|[^<&]+|[<&]")


def captured_entries(folder: Path) -> list[dict[str, str]]:
    """Entries of all feeds in a folder, as feedparser reads them without its sanitiser."""
    entries = []
    for path in sorted(folder.iterdir()):
        parsed = feedparser.parse(
            BytesIO(path.read_bytes()), sanitize_html=False, resolve_relative_uris=False
        )
        for entry in parsed.entries:
            content = entry.get("content") or [{}]
            entries.append(
                {
                    "title": entry.get("title", ""),
                    "description": entry.get("summary", ""),
                    "content:encoded": content[0].get("value", ""),
                    "pubDate": entry.get("published", ""),
                    "link": entry.get("link", ""),
                    "guid": entry.get("id", entry.get("link", "")),
                }
            )
    return entries


def write_corpus(feeds: Path, target: Path, count: int, seed: int = 1) -> int:
    """Write RSS files with ``count`` distinct entries; returns how many bytes they have."""
    rng = random.Random(seed)
    originals = captured_entries(feeds)
    words = sorted({w for e in originals for w in e["title"].split() if w.isalpha()})
    target.mkdir(parents=True)
    size = 0
    for start in range(0, count, ENTRIES_PER_FILE):
        numbers = range(start, min(start + ENTRIES_PER_FILE, count))
        items = [_vary(rng, originals[n % len(originals)], n, words) for n in numbers]
        name = f"feed{start // ENTRIES_PER_FILE:06d}"
        text = _document(name, items)
        size += (target / f"{name}.xml").write_text(text, encoding="utf-8")
    return size


def _vary(
    rng: random.Random, entry: dict[str, str], number: int, words: list[str]
) -> dict[str, str]:
    title = entry["title"].split() + rng.choices(words, k=3)
    rng.shuffle(title)
    return {
        "title": " ".join(title),
        "description": _exchange(rng, entry["description"], words),
        "content:encoded": _exchange(rng, entry["content:encoded"], words),
        "pubDate": entry["pubDate"],
        "link": f"https://host{number % 997}.example/story/{number}",
        "guid": f"tag:example,2026:{number}",
    }


def _exchange(rng: random.Random, html: str, words: list[str]) -> str:
    return "".join(
        piece if piece[0] in "<&" else _exchange_words(rng, piece, words)
        for piece in _PIECE.findall(html)
    )


def _exchange_words(rng: random.Random, text: str, words: list[str]) -> str:
    parts = re.split(r"(\s+)", text)
    for place in range(0, len(parts), 8):
        if parts[place]:
            parts[place] = rng.choice(words)
    return "".join(parts)


def _document(name: str, items: list[dict[str, str]]) -> str:
    return "".join(_lines(name, items))


def _lines(name: str, items: list[dict[str, str]]) -> Iterator[str]:
    yield "<?xml version='1.0' encoding='utf-8'?>\n<rss version='2.0' "
    yield "xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
    yield f"<title>{name}</title><link>https://{name}.example/</link>\n"
    for item in items:
        yield "<item>"
        for field, value in item.items():
            if value:
                yield f"<{field}>{escape(_valid(value))}</{field}>"
        yield "</item>\n"
    yield "</channel></rss>\n"


def _valid(text: str) -> str:
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
