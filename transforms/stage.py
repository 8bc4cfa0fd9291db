"""StageArticles, StageRejects: put rows down, let only the name of their file travel on.

Input: :class:`schemas.records.Article` or :class:`schemas.records.Reject`. Output: the name of a
claim file, beside which lie the sightings of its rows. A file is written when its rows reach a
size, and at the end of a bundle. What a failed bundle wrote is garbage that no output names.
Repeating a bundle writes the same files under the same names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from schemas.judgement import Sighting
from schemas.records import Article, Reject
from schemas.tables import PAYLOAD_LIMIT
from transforms.identity.sightings import sighting_of_article, sighting_of_reject
from transforms.lake.claims import write_claim
from transforms.lake.layout import Staging
from transforms.outcome import count

FLUSH_BYTES = 16 << 20
FLUSH_ROWS = 16_384


@dataclass
class StageArticles(beam.PTransform):
    """Write normalised articles to staging and emit the names of the files.

    Args:
        staging: the run's staging folder.
    """

    staging: Staging

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        """Stage bundle by bundle."""
        stage = _StageRows(self.staging, _see_article)
        return articles | "WriteClaims" >> beam.ParDo(stage).with_output_types(str)


@dataclass
class StageRejects(beam.PTransform):
    """Write rejects to staging and emit the names of the files.

    Args:
        staging: the run's staging folder.
    """

    staging: Staging

    def expand(self, rejects: beam.PCollection) -> beam.PCollection:
        """Stage bundle by bundle."""
        stage = _StageRows(self.staging, _see_reject)
        return rejects | "WriteClaims" >> beam.ParDo(stage).with_output_types(str)


def _see_article(article: Article) -> tuple[Article, Sighting]:
    return article, sighting_of_article(article)


def _see_reject(reject: Reject) -> tuple[Reject, Sighting]:
    kept = reject.kept_payload(PAYLOAD_LIMIT)
    return kept, sighting_of_reject(kept)


class _StageRows(beam.DoFn):
    def __init__(self, staging: Staging, see: Callable[[Any], tuple[Any, Sighting]]) -> None:
        self._staging = staging
        self._see = see

    def start_bundle(self) -> None:
        self._rows: list[tuple[Any, Sighting]] = []
        self._bytes = 0

    def process(self, record: Article | Reject) -> Iterator[str]:
        row = self._see(record)
        self._rows.append(row)
        self._bytes += row[1].size
        if self._bytes >= FLUSH_BYTES or len(self._rows) >= FLUSH_ROWS:
            yield self._flush()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._rows:
            window = GlobalWindow()
            yield WindowedValue(self._flush(), window.max_timestamp(), [window])

    def _flush(self) -> str:
        claim = write_claim(self._staging, self._rows)
        count("rows_staged", len(self._rows))
        self._rows, self._bytes = [], 0
        return claim
