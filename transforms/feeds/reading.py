"""What a polled document says, in a few hashes: enough to tell next time what is new.

Only items count. What a channel says of itself, ``lastBuildDate`` above all, changes with every
answer of many servers and tells nothing.
"""

from collections.abc import Iterable

import xxhash

from schemas.feeds import FeedReading
from schemas.records import FeedItem, Hash64, ParsedDocument


def reading_of(key: str, parsed: ParsedDocument) -> FeedReading:
    """Return what is kept of a document that was read.

    Args:
        key: the feed's, see :attr:`schemas.feeds.FeedSettings.key`.
        parsed: as its parser returned it; guids and links that it gives to different items must be
            marked (:func:`transforms.formats.document.mark_untrusted`), or those items count as
            one.
    """
    said = sorted(_all_that_it_says(item) for item in parsed.items)
    return FeedReading(
        key=key,
        items=tuple(sorted({_item_key(item) for item in parsed.items})),
        contents=xxhash.xxh3_64_intdigest(b"".join(one.to_bytes(8, "little") for one in said)),
        schedule=parsed.info.schedule,
    )


def _item_key(item: FeedItem) -> Hash64:
    """What makes an item the same from poll to poll: guid, else link, else its text."""
    if item.guid is not None and item.guid_trusted:
        return _hash(("guid", item.guid))
    if item.link is not None and item.link_trusted:
        return _hash(("link", item.link))
    if item.title is not None or item.summary is not None:
        return _hash(("text", item.title, item.summary))
    return _all_that_it_says(item)


def _all_that_it_says(item: FeedItem) -> Hash64:
    return _hash(
        (
            *("item", item.guid, item.link, item.title, item.summary, item.content),
            *("dates", str(len(item.dates)), *(part for date in item.dates for part in date)),
            *("authors", str(len(item.authors)), *item.authors),
            *("categories", *item.categories),
        )
    )


def _hash(parts: Iterable[str | None]) -> Hash64:
    """64-bit hash of texts, each preceded by its length; None is told apart from empty."""
    state = xxhash.xxh3_64()
    for part in parts:
        if part is None:
            state.update(b"-")
            continue
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(encoded))
        state.update(encoded)
    return int(state.intdigest())
