"""A dropped file, its sidecar and what stands in its path, as a document or a refusal."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ledger import DocumentCount
from schemas.reasons import Reason, Stage
from schemas.records import InputFile, PathFacts, RawDocument, Reject
from transforms.formats.dropped import Refusal, document_of, read_path_time, refuse_file
from transforms.identity.keys import reject_id

MODIFIED = datetime(2026, 3, 9, 12, tzinfo=UTC)
POLLED = datetime(2026, 2, 28, 17, 15, tzinfo=UTC)
FILE = InputFile("/polls/coast/2026-03-01T061500p1300.xml", 4, MODIFIED)
IN_PATH = PathFacts("2026-03-01T061500p1300", "coast", "https://coast.example/feed")
BYTES = {FILE.uri: b"feed"}


def with_sidecar(fields: object) -> tuple[InputFile, dict[str, bytes]]:
    sidecar = f"{FILE.uri}.meta.json"
    file = replace(FILE, sidecar=sidecar, in_path=IN_PATH)
    return file, {**BYTES, sidecar: json.dumps(fields).encode()}


def document(file: InputFile, stored: dict[str, bytes] = BYTES) -> RawDocument | Refusal:
    return document_of(file, stored.__getitem__, 100)


def test_a_file_alone_was_fetched_when_it_was_modified():
    assert document(FILE) == RawDocument(FILE.uri, b"feed", MODIFIED)


def test_the_path_says_when_and_from_where():
    assert document(replace(FILE, in_path=IN_PATH)) == RawDocument(
        uri=FILE.uri,
        content=b"feed",
        fetched_at=POLLED,
        url="https://coast.example/feed",
        source="coast",
        fetched_known=True,
    )


def test_a_path_that_names_the_source_alone_leaves_the_time_unknown():
    file = replace(FILE, in_path=PathFacts(source="coast"))
    assert document(file) == RawDocument(FILE.uri, b"feed", MODIFIED, source="coast")


@pytest.mark.parametrize(
    ("fields", "differs"),
    [
        ({}, {}),
        ({"source": "quay"}, {"source": "quay"}),
        ({"url": "https://quay.example/"}, {"url": "https://quay.example/"}),
        ({"fetched_at": "2026-03-02T00:00:00Z"}, {"fetched_at": datetime(2026, 3, 2, tzinfo=UTC)}),
        (
            {"headers": {"Content-Type": "text/xml"}},
            {"headers": {"content-type": "text/xml"}, "media_type": "text/xml"},
        ),
    ],
)
def test_a_sidecar_wins_field_by_field(fields, differs):
    by_path = document(replace(FILE, in_path=IN_PATH))
    assert document(*with_sidecar(fields)) == replace(by_path, **differs)


def test_a_sidecar_that_says_when_makes_the_time_known():
    file, stored = with_sidecar({"fetched_at": "2026-03-02T00:00:00Z"})
    assert document(replace(file, in_path=PathFacts()), stored) == RawDocument(
        FILE.uri, b"feed", datetime(2026, 3, 2, tzinfo=UTC), fetched_known=True
    )


def test_an_unreadable_time_in_the_path_refuses_the_file():
    file = replace(FILE, in_path=replace(IN_PATH, fetched_at="2026-03-01T061500"))
    refusal = document(file)
    says = "'2026-03-01T061500' in the path is no ISO 8601 time with an offset"
    assert refusal == Refusal(Reason.BAD_PATH_TIME, says, b"feed")
    reject, counted = refuse_file(file, refusal)
    digest = sha256(b"feed").hexdigest()
    assert reject == Reject(
        reject_id=reject_id(digest, FILE.uri, None, Stage.READ, Reason.BAD_PATH_TIME),
        stage=Stage.READ,
        reason=Reason.BAD_PATH_TIME,
        detail=f"{FILE.uri}: {says}",
        source="coast",
        document_uri=FILE.uri,
        document_sha256=digest,
        document_position=None,
        fetched_at=MODIFIED,
        payload=b"feed",
        payload_size=4,
    )
    assert counted == DocumentCount("coast", 0, 1, 0, refused=file.uri)


def test_a_sidecar_that_says_when_spares_the_time_in_the_path():
    file, stored = with_sidecar({"fetched_at": POLLED.isoformat()})
    unreadable = replace(file, in_path=replace(IN_PATH, fetched_at="soon"))
    assert document(unreadable, stored) == document(file, stored)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T061500p1300",
        "20260301T061500p1300",
        "20260301T0615p13",
        "2026-03-01T06:15:00+13:00",
        "2026-03-01T06:15+13",
        "20260228T131500m0400",
        "20260228T131500.000-0400",
        "2026-02-28T17:15:00,0Z",
        "2026-03-01T06_15_00p13_00",
        "2026-03-01T06-15-00p13-00",
        "2026-03-01T06-15+13",
        "2026-02-28T13-15-00-04-00",
        "2026-02-28T13-15-00-0400",
        "2026-02-28T13_15-04",
    ],
)
def test_ways_to_write_a_time(text):
    assert read_path_time(text) == POLLED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T061500",
        "2026-03-01T06-15",
        "2026-03-01T06-15-00",
        "2026-03-01T06p13",
        "2026-03-01T0615 1300",
        "2026-03-01T061500p1300\n",
        "2026-02-30T061500p1300",
        "2026-03-01T256100Z",
        "2026-03-01T061500p9900",
        "0001-01-01T000000p1400",
        "2026-W09-7T061500Z",
        "1772342100",
        "２026-03-01T061500Z",
        "2026-03-01T06_15:00Z",
        "2026-0301T061500Z",
        "2026-03-01T06-15-03-00",
        "2026-03-01T06-15-0300",
        "2026-03-01T06-15-00-03",
    ],
)
def test_what_is_no_time_with_an_offset(text):
    with pytest.raises(ValueError, match="in the path"):
        read_path_time(text)


@given(
    st.timedeltas(timedelta(days=-700_000), timedelta(days=2_900_000)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.sampled_from(["", ":", "_", "-"]),
    st.booleans(),
)
def test_every_moment_comes_back(since, minutes, colon, letters):
    moment = MODIFIED + since
    zone = timezone(timedelta(minutes=minutes))
    day, _, clock = moment.astimezone(zone).replace(tzinfo=None).isoformat().partition("T")
    sign = ("m" if letters else "-") if minutes < 0 else ("p" if letters else "+")
    hours, rest = divmod(abs(minutes), 60)
    day = day if colon else day.replace("-", "")
    text = f"{day}T{clock.replace(':', colon)}{sign}{hours:02}{colon}{rest:02}"
    read = read_path_time(text)
    assert (read, read.tzinfo) == (moment, UTC)
