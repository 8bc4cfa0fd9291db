"""ReadDocuments: from planned files and fetched answers to documents.

Input: :class:`schemas.records.InputFile`. Outputs: ``documents`` of
:class:`schemas.records.RawDocument`, ``rejects`` of :class:`schemas.records.Reject`, ``counts`` of
:class:`schemas.ledger.DocumentCount` for the rejected, and ``inputs`` of
:class:`schemas.ledger.InputCount`: a WARC file holds many documents, any other file is one. Bounded
or not; no order; a file read again by a repeated bundle gives the same records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from schemas.ledger import DocumentCount, InputCount
from schemas.records import InputFile, RawDocument, Reject
from transforms.formats.inputs import documents_of
from transforms.outcome import COUNTS, INPUTS, REJECTS, count


@dataclass
class ReadDocuments(beam.PTransform):
    """Read each planned file once.

    Args:
        max_bytes: larger files are rejected unread, and larger documents of archives.
    """

    max_bytes: int

    def expand(self, files: beam.PCollection) -> Any:
        """Spread the files over the workers and read them."""
        return (
            files
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadFile"
            >> beam.ParDo(_ReadFile(self.max_bytes)).with_outputs(
                REJECTS, COUNTS, INPUTS, main="documents"
            )
        )


class _ReadFile(beam.DoFn):
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def process(self, file: InputFile) -> Iterator[Any]:
        documents = 0
        for found in documents_of(file, _open, self._max_bytes):
            documents += 1
            if isinstance(found, RawDocument):
                yield found
            else:
                yield from _refused(*found)
        yield beam.pvalue.TaggedOutput(INPUTS, InputCount(documents))


def _refused(reject: Reject, counted: DocumentCount) -> Iterator[Any]:
    count("documents_unreadable")
    yield beam.pvalue.TaggedOutput(REJECTS, reject)
    yield beam.pvalue.TaggedOutput(COUNTS, counted)


def _open(uri: str) -> Any:
    return FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)
