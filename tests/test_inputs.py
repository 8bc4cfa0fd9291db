"""Inputs, and the documents in them: what is refused costs one input, never the run."""

import gzip
import io
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from runs import problems_of, run_over

from benchmarks.lakes import rows_of
from schemas.reasons import Reason
from schemas.records import InputFile, RawDocument
from transforms.formats.inputs import documents_of
from transforms.formats.warc import Fetched, warc_record
from transforms.lake.commit import read_commit
from transforms.lake.layout import Layout

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMIT = 10_000
FEED = (
    b"<rss><channel><title>Quay</title><item><guid>1</guid><title>The ship is in again</title>"
    b"<description>It carries salt for the northern yards.</description></item></channel></rss>"
)
PAGE = b"<!doctype html><html><body>Please log in</body></html>"
BROKEN_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 50


def documents(content: bytes, limit: int = LIMIT) -> list[RawDocument]:
    file = InputFile("/drop/a.bin", len(content), AT)

    def opened(_: str) -> BinaryIO:
        return io.BytesIO(content)

    return list(documents_of(file, opened, limit))


def record(**more: object) -> bytes:
    facts: dict[str, object] = {
        "url": "https://quay.example/feed",
        "fetched_at": AT,
        "headers": (),
        "body": FEED,
        "feed_url": "https://quay.example/feed",
    }
    return warc_record(Fetched(**{**facts, **more}), 6)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [FEED, BROKEN_GZIP, b"", gzip.compress(FEED)])
def test_any_other_file_is_one_document(content):
    (found,) = documents(content)
    assert found == RawDocument("/drop/a.bin", content, AT)


def test_an_archive_may_be_larger_than_a_document_may():
    content = record() * 50
    assert len(content) > LIMIT
    assert [found.content for found in documents(content)] == [FEED] * 50


def test_an_archive_without_a_document_is_nothing():
    whole = gzip.compress(
        b"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: "
        b"<urn:uuid:00000000-0000-0000-0000-000000000001>\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    )
    assert documents(whole) == []


def test_a_file_that_cannot_be_opened_is_refused():
    def opened(_: str) -> BinaryIO:
        raise PermissionError(13, "Permission denied")

    ((reject, count),) = documents_of(InputFile("/drop/a", 1, AT), opened, LIMIT)
    assert (reject.reason, reject.detail) == (
        Reason.UNREADABLE_FILE,
        "/drop/a: Permission denied",
    )
    assert (count.documents_rejected, count.refused) == (1, "/drop/a")


def test_broken_files_cost_a_run_nothing(tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "broken.gz").write_bytes(BROKEN_GZIP)
    (drop / "broken.warc.gz").write_bytes(record()[:60])
    (drop / "lines.warc").write_bytes(gzip.decompress(record()).replace(b"\r\n", b"\n"))
    (drop / "Größe 1.warc.gz").write_bytes(record(source="Käi — Süd") + record(body=PAGE))
    lake = tmp_path / "lake"
    assert run_over([drop], lake, "--language_engine=fast") == 0
    assert [row["source"] for row in rows_of(lake, "articles")] == ["Käi — Süd"]
    reasons = sorted(row["reason"] for row in rows_of(lake, "rejects"))
    assert reasons == ["bad_gzip", "bad_gzip", "bad_warc", "unsupported_format"]
    ledger = read_commit(Layout(str(lake)), 1).ledger
    assert (ledger["documents_read"], ledger["documents_rejected"]) == (5, 4)
    assert problems_of(lake) == ()
