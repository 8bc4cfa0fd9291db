"""ParseDocuments: from bytes to items, as published.

Input: :class:`schemas.records.RawDocument`. Outputs: ``items`` of
(:class:`schemas.records.Origin`, :class:`schemas.records.FeedItem`), ``rejects`` of
:class:`schemas.records.Reject`, and ``counts`` of :class:`schemas.ledger.DocumentCount`: how many
items were read is said here, before anything else touches them; and ``readings`` of
:class:`schemas.feeds.FeedReading`, what a polled feed that could be read tells for its next poll.
Bounded or not; no state.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from schemas.records import RawDocument
from transforms.feeds.reading import reading_of
from transforms.formats.errors import UnreadableError
from transforms.formats.origin import item_refused, parse_document, whole_refused
from transforms.formats.registry import read_document
from transforms.outcome import COUNTS, READINGS, REJECTS, count


@dataclass
class ParseDocuments(beam.PTransform):
    """Recognise each document's format by its content and take it apart.

    Args:
        max_bytes: how large a document may become when it is decompressed.
        max_items: how many items one document may hold.
    """

    max_bytes: int
    max_items: int

    def expand(self, documents: beam.PCollection) -> Any:
        """Parse each document by itself."""
        parse = _ParseDocument(self.max_bytes, self.max_items)
        return documents | "ParseDocument" >> beam.ParDo(parse).with_outputs(
            REJECTS, COUNTS, READINGS, main="items"
        )


class _ParseDocument(beam.DoFn):
    def __init__(self, max_bytes: int, max_items: int) -> None:
        self._max_bytes = max_bytes
        self._max_items = max_items

    def process(self, document: RawDocument) -> Iterator[Any]:
        try:
            parsed = read_document(document, self._max_bytes, self._max_items)
        except UnreadableError as error:
            reject, counted = whole_refused(document, error)
            count("documents_rejected")
            yield beam.pvalue.TaggedOutput(REJECTS, reject)
            yield beam.pvalue.TaggedOutput(COUNTS, counted)
            return
        origin, counted = parse_document(document, parsed)
        count("documents_parsed")
        yield beam.pvalue.TaggedOutput(COUNTS, counted)
        if document.feed is not None:
            yield beam.pvalue.TaggedOutput(READINGS, reading_of(document.feed, parsed))
        for refused in parsed.rejects:
            yield beam.pvalue.TaggedOutput(REJECTS, item_refused(origin, refused))
        for item in parsed.items:
            yield origin, item
