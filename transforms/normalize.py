"""NormalizeItems: from an item as published to a row of the one schema.

Input: (:class:`schemas.records.Origin`, :class:`schemas.records.FeedItem`). Outputs: ``articles``
of :class:`schemas.records.Article` and ``rejects`` of :class:`schemas.records.Reject`. Each item by
itself; bounded or not; no state, no clock. Language and topics are found later, for the rows that
are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from schemas.records import FeedItem, Origin, Reject
from transforms.outcome import REJECTS, count
from transforms.text.article import normalize


@dataclass
class NormalizeItems(beam.PTransform):
    """Clean texts, canonical addresses, dates with their provenance, keys."""

    def expand(self, items: beam.PCollection) -> Any:
        """Normalise each item by itself."""
        return items | "NormalizeItem" >> beam.ParDo(_NormalizeItem()).with_outputs(
            REJECTS, main="articles"
        )


class _NormalizeItem(beam.DoFn):
    def process(self, element: tuple[Origin, FeedItem]) -> Iterator[Any]:
        origin, item = element
        result = normalize(item, origin)
        if isinstance(result, Reject):
            count("items_rejected")
            yield beam.pvalue.TaggedOutput(REJECTS, result)
        else:
            yield result
