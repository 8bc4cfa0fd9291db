"""PublishArticles: from verdicts to finished files, still in staging.

Input: groups of verdicts (Arrow streams). Output: :class:`schemas.ledger.Written`. Each group is
written by itself; claims are read back, language and topics are found for articles, and a file a
day is written. Files are named by their content: a repeated bundle changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam

from schemas.ledger import Written
from schemas.parquet import VERDICTS
from transforms.identity.columns import from_ipc
from transforms.lake.layout import Staging
from transforms.lake.tables import write_group
from transforms.outcome import count
from transforms.topics.describe import Describer


@dataclass
class PublishArticles(beam.PTransform):
    """Write the rows that are kept.

    Args:
        staging: the run's staging folder.
        commit: the run's commit number, eight digits.
        language_engine: see :class:`transforms.text.language.LanguageDetector`.
    """

    staging: Staging
    commit: str
    language_engine: str

    def expand(self, verdicts: beam.PCollection) -> beam.PCollection:
        """Spread the groups over the workers and write them."""
        return (
            verdicts
            | "SpreadGroups" >> beam.Reshuffle()
            | "WriteGroup" >> beam.ParDo(_WriteGroup(self)).with_output_types(Written)
        )


class _WriteGroup(beam.DoFn):
    def __init__(self, settings: PublishArticles) -> None:
        self._staging = settings.staging
        self._commit = settings.commit
        self._engine = settings.language_engine

    def setup(self) -> None:
        self._describe = Describer(self._engine)

    def process(self, group: bytes) -> Iterator[Written]:
        verdicts = from_ipc([group], VERDICTS)
        for written in write_group(self._staging, self._commit, verdicts, self._describe):
            count(f"{written.file.table}_written", written.file.rows)
            yield written
