"""WARC: what is written is read again; what others wrote is read; what is broken is told."""

import gzip
import io
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reasons import Reason
from schemas.records import InputFile, RawDocument
from transforms.formats.errors import UnreadableError
from transforms.formats.inputs import documents_of
from transforms.formats.warc import Fetched, Unusable, is_warc, read_warc, warc_record

FETCHED = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
LIMIT = 10_000
CHUNKS = b"5\r\n<rss>\r\n6\r\n</rss>\r\n0\r\n\r\n"
BODY = b"<rss><channel><title>Quay</title></channel></rss>"


def fetched(number: int = 1, **more: object) -> Fetched:
    facts: dict[str, object] = {
        "url": f"https://quay.example/{number}",
        "fetched_at": FETCHED,
        "headers": [
            ("Content-Type", "text/xml"),
            ("Content-Encoding", "gzip"),
            ("Transfer-Encoding", "chunked"),
            ("Set-Cookie", "secret=1"),
            ("X-Odd", "ä\r\n b"),
        ],
        "body": BODY,
        "feed_url": "https://quay.example/feed",
    }
    return Fetched(**{**facts, **more})  # type: ignore[arg-type]


def document(number: int = 1, **more: object) -> RawDocument:
    facts: dict[str, object] = {
        "uri": f"https://quay.example/{number}",
        "content": BODY,
        "fetched_at": FETCHED,
        "media_type": "text/xml",
        "url": "https://quay.example/feed",
        "headers": {
            "content-type": "text/xml",
            "x-crawl-content-encoding": "gzip",
            "x-crawl-transfer-encoding": "chunked",
            "x-odd": "ä b",
            "content-length": str(len(BODY)),
        },
        "fetched_known": True,
    }
    return RawDocument(**{**facts, **more})  # type: ignore[arg-type]


def read(content: bytes, limit: int = LIMIT) -> list[RawDocument | Unusable]:
    return list(read_warc(io.BytesIO(content), limit))


def foreign(block: bytes, kind: str = "response", *lines: str) -> bytes:
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>",
        "WARC-Target-URI: https://pier.example/page",
        f"Content-Length: {len(block)}",
        *lines,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def opened(uri: str) -> BinaryIO:
    return Path(uri).open("rb")


def test_what_is_written_is_read_again():
    told = {"source": "Kai — Süd", "language": "de-AT", "topics": ("medtop:1", "medtop:2")}
    content = warc_record(fetched(), 6) + warc_record(fetched(2, **told), 0)
    assert is_warc(content)
    assert read(content) == [document(), document(2, **told)]


def test_the_same_answer_is_the_same_record():
    elsewhere = FETCHED.astimezone(timezone(timedelta(hours=5)))
    assert warc_record(fetched(), 6) == warc_record(fetched(fetched_at=elsewhere), 6)


@given(
    body=st.binary(max_size=300),
    source=st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    headers=st.lists(
        st.tuples(
            st.from_regex(r"\AX-[a-z]{1,9}\Z"),
            st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
        ),
        max_size=4,
    ),
)
def test_bodies_and_names_come_back_byte_for_byte(body, source, headers):
    (found,) = read(warc_record(fetched(body=body, source=source, headers=headers), 1))
    assert isinstance(found, RawDocument)
    assert (found.content, found.source) == (body, source)


def test_what_other_programs_wrote_is_read():
    answers = {
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(BODY): BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS: b"<rss></rss>",
        b"HTTP/1.0 200\r\n\r\n" + BODY: BODY,
    }
    others = foreign(b"GET / HTTP/1.1\r\n\r\n", "request") + foreign(b"a: b", "metadata")
    refused = foreign(b"HTTP/1.1 404 Not Found\r\n\r\n<html>")
    date = "WARC-Date: 2026-03-02T12:00:00Z"
    content = others + refused + b"".join(foreign(a, "response", date) for a in answers)
    found = read(content)
    assert [one.content for one in found] == list(answers.values())
    assert {(one.uri, one.url, one.fetched_at) for one in found} == {
        ("https://pier.example/page", "https://pier.example/page", FETCHED.replace(microsecond=0))
    }


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (b"nothing like HTTP", Reason.BAD_WARC),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", Reason.BAD_WARC),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip", Reason.BAD_WARC),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"a" * 99_999),
            Reason.TOO_LARGE,
        ),
    ],
)
def test_a_record_that_is_no_document_costs_its_neighbours_nothing(block, reason):
    good = foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    before, refused, after = read(good + foreign(block) + good)
    assert isinstance(refused, Unusable)
    assert (refused.error.reason, refused.document.content) == (reason, block)
    assert before == after


@pytest.mark.parametrize("level", [0, 6])
def test_a_file_that_is_cut_anywhere_says_so(level):
    whole = warc_record(fetched(), level)
    for cut in range(1, len(whole)):
        stream = read_warc(io.BytesIO(whole + whole[:cut]), LIMIT)
        assert next(stream) == document()
        with pytest.raises(UnreadableError) as caught:
            list(stream)
        assert caught.value.reason is Reason.BAD_WARC


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
    st.booleans(),
)
def test_damage_is_told_and_nothing_else_happens(damage, packed):
    content = bytearray(warc_record(fetched(), 6) * 3)
    if not packed:
        content = bytearray(gzip.decompress(content))
    for place, value in damage:
        content[place % len(content)] = value
    stream = read_warc(io.BytesIO(bytes(content)), LIMIT)
    found = []
    # Any other error fails the test.
    with suppress(UnreadableError):
        found.extend(stream)
    assert len(found) <= 3


def test_an_archive_as_input_gives_all_it_holds_and_what_is_wrong(tmp_path):
    path = tmp_path / "a.warc.gz"
    good = warc_record(fetched(), 6)
    path.write_bytes(good + gzip.compress(foreign(b"nothing like HTTP")) + good[:-5])
    file = InputFile(str(path), path.stat().st_size, FETCHED)
    first, refused, second, cut = documents_of(file, opened, LIMIT)
    assert first == second == document()
    assert [reject.reason for reject, _ in (refused, cut)] == [Reason.BAD_WARC, Reason.BAD_WARC]
    assert [count.refused for _, count in (refused, cut)] == [
        "https://pier.example/page",
        str(path),
    ]


def test_one_record_of_an_archive(tmp_path):
    path = tmp_path / "a.warc.gz"
    first = warc_record(fetched(), 6)
    path.write_bytes(first + warc_record(fetched(2), 6))
    file = InputFile(str(path), 1, FETCHED, record_at=len(first), feed="0123456789abcdef")
    (found,) = documents_of(file, opened, LIMIT)
    assert found == document(2, feed="0123456789abcdef")


def test_a_large_record_costs_its_neighbours_nothing():
    good = foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    large = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 400_000
    missing = b"HTTP/1.1 404 Not Found\r\n\r\n" + b"x" * 400_000
    before, refused, after = read(good + foreign(large) + foreign(missing) + good)
    assert isinstance(refused, Unusable)
    assert refused.error.reason is Reason.TOO_LARGE
    assert refused.error.detail == f"{len(large)} bytes; the limit is {LIMIT}"
    assert len(refused.document.content) < LIMIT
    assert before == after


def test_a_plain_file_that_is_cut_anywhere_says_so():
    whole = foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    for cut in range(1, len(whole) - len(b"\r\n\r\n")):
        stream = read_warc(io.BytesIO(whole + whole[:cut]), LIMIT)
        assert next(stream).content == BODY
        with pytest.raises(UnreadableError) as caught:
            list(stream)
        assert caught.value.reason is Reason.BAD_WARC
    assert len(read(whole + whole[:-4])) == 2


def test_records_of_one_gzip_member_and_those_behind_the_last_document():
    good = foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    others = foreign(bytes(3_000_000), "resource") + foreign(b"a: b", "metadata")
    together = read(gzip.compress(good + others + good + others))
    apart = read(b"".join(map(gzip.compress, (good, others, good, others))))
    assert together == apart == read(good + others + good + others)
    assert [one.content for one in apart] == [BODY, BODY]


@pytest.mark.parametrize(
    "content",
    [
        foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY).replace(b"\r\n", b"\n"),
        b"WARC/1.1\r\n",
        b"WARC/ what a format",
    ],
)
def test_what_begins_like_a_warc_file_and_is_none_is_told(content):
    assert is_warc(content)
    with pytest.raises(UnreadableError) as caught:
        read(content)
    assert caught.value.reason is Reason.BAD_WARC


@pytest.mark.parametrize("damaged", [b"\xff" * 50, b"\x03\x00"])
def test_damaged_gzip_is_no_warc_file(damaged):
    assert not is_warc(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + damaged)


@pytest.mark.parametrize("bare", [False, True])
def test_deflate_is_undone(bare):
    packer = zlib.compressobj(wbits=-15 if bare else 15)
    packed = packer.compress(BODY) + packer.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n"
    (found,) = read(foreign(head + packed))
    assert found.content == BODY


def test_a_body_whose_coding_was_cut_short_is_no_document():
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    (found,) = read(foreign(head + gzip.compress(BODY)[:-9]))
    assert isinstance(found, Unusable)
    assert found.error.reason is Reason.BAD_WARC


@pytest.mark.parametrize(
    "lines",
    [(), ("WARC-Date: soon",), ("WARC-Date: 0001-01-01T00:00:00+05:00",)],
)
def test_without_a_date_the_file_says_when(tmp_path, lines):
    path = tmp_path / "a.warc"
    path.write_bytes(foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, "response", *lines))
    file = InputFile(str(path), path.stat().st_size, FETCHED)
    (found,) = documents_of(file, opened, LIMIT)
    assert (found.fetched_at, found.fetched_known) == (FETCHED, False)


@pytest.mark.parametrize("told", ["[broken", "[" * 5000, "1" * 5000])
def test_a_name_that_cannot_be_read_costs_its_record_alone(told):
    good = foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    odd = foreign(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, "response", f"Newsbeam-Source: {told}")
    before, refused, after = read(good + odd + good)
    assert isinstance(refused, Unusable)
    assert before == after


def test_headers_and_addresses_of_other_letters_come_back():
    said = "à Å …".encode().decode("latin-1")
    one = fetched(headers=[("X-Odd", said)], url="https://größe.example/ä?x=ö")
    content = warc_record(one, 6)
    (found,) = read(content)
    assert found.uri == one.url
    assert f"X-Odd: {said}\r\n".encode("latin-1") in gzip.decompress(content)
