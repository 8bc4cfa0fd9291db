"""ReadDocuments: from planned files to their bytes.

Input: :class:`schemas.records.InputFile`. Outputs: ``documents`` of
:class:`schemas.records.RawDocument`, ``rejects`` of :class:`schemas.records.Reject` and ``counts``
of :class:`schemas.ledger.DocumentCount` for the rejected. Bounded or not; no order; a file read
again by a repeated bundle gives the same records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from schemas.records import InputFile
from transforms.formats.dropped import Refusal, document_of, refuse_file
from transforms.outcome import COUNTS, REJECTS, count


@dataclass
class ReadDocuments(beam.PTransform):
    """Read each planned file once.

    Args:
        max_bytes: larger files are rejected unread.
    """

    max_bytes: int

    def expand(self, files: beam.PCollection) -> Any:
        """Spread the files over the workers and read them."""
        return (
            files
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadFile"
            >> beam.ParDo(_ReadFile(self.max_bytes)).with_outputs(REJECTS, COUNTS, main="documents")
        )


class _ReadFile(beam.DoFn):
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def process(self, file: InputFile) -> Iterator[Any]:
        result = document_of(file, _read_bytes, self._max_bytes)
        if isinstance(result, Refusal):
            reject, counted = refuse_file(file, result)
            count("documents_unreadable")
            yield beam.pvalue.TaggedOutput(REJECTS, reject)
            yield beam.pvalue.TaggedOutput(COUNTS, counted)
        else:
            yield result


def _read_bytes(uri: str) -> bytes:
    with FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED) as handle:
        content: bytes = handle.read()
    return content
