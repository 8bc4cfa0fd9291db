"""Dates: what each form reads as, and what is refused."""

import ast
import email.utils
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from dateutil import parser as dateutil_parser
from hypothesis import given
from hypothesis import strategies as st

from schemas.tables import (
    DATE_PRECISIONS,
    DATE_REFUSALS,
    DATE_ZONES,
)
from transforms.text import date_reading, date_text, date_words, dates
from transforms.text.date_words import fold_word
from transforms.text.dates import read_date
from transforms.text.tables import read_table

FETCHED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[arg-type, misc]


READ = [
    # ISO 8601, W3CDTF, RFC 3339
    ("2026-02-02T05:59:00+00:00", utc(2026, 2, 2, 5, 59), "second", "given"),
    ("2020-02-02T10:00:00Z", utc(2020, 2, 2, 10), "second", "given"),
    ("2020-02-02t10:00:00z", utc(2020, 2, 2, 10), "second", "given"),
    ("2020-02-02T10:00:00.5+0100", utc(2020, 2, 2, 9, 0, 0, 500000), "second", "given"),
    ("2020-02-02T10:00:00,1234567+01:00", utc(2020, 2, 2, 9, 0, 0, 123456), "second", "given"),
    ("2020-02-02T10:00", utc(2020, 2, 2, 10), "minute", "assumed"),
    ("2020-02-02T10", utc(2020, 2, 2, 10), "hour", "assumed"),
    ("2020-02-02T10Z", utc(2020, 2, 2, 10), "hour", "given"),
    ("2020-02-02", utc(2020, 2, 2), "day", "none"),
    ("2020-02", utc(2020, 2, 1), "month", "none"),
    ("2020", utc(2020, 1, 1), "year", "none"),
    ("  2020-02-02\n", utc(2020, 2, 2), "day", "none"),
    ("2020-02-02Z", utc(2020, 2, 2), "day", "none"),
    ("2020-02-02-10:00", utc(2020, 2, 2), "day", "none"),
    ("20200202", utc(2020, 2, 2), "day", "none"),
    ("20200202T101112Z", utc(2020, 2, 2, 10, 11, 12), "second", "given"),
    ("20021231T19:20:30.45+01:00", utc(2002, 12, 31, 18, 20, 30, 450000), "second", "given"),
    ("2002-12-31T192030+01:00", utc(2002, 12, 31, 18, 20, 30), "second", "given"),
    ("20200202101112", utc(2020, 2, 2, 10, 11, 12), "second", "assumed"),
    ("202002021011", utc(2020, 2, 2, 10, 11), "minute", "assumed"),
    ("2020-W05-7", utc(2020, 2, 2), "day", "none"),
    ("2020-033", utc(2020, 2, 2), "day", "none"),
    ("2020-02-02T24:00:00Z", utc(2020, 2, 3), "second", "given"),
    ("2016-12-31T23:59:60Z", utc(2017, 1, 1), "second", "given"),
    ("2020-02-02T10:00:00+01:00[Europe/Berlin]", utc(2020, 2, 2, 9), "second", "given"),
    ("2003-07-01 T 01:55:07-05:00", utc(2003, 7, 1, 6, 55, 7), "second", "given"),
    ("2003-07-01T01:55:07 -05:00", utc(2003, 7, 1, 6, 55, 7), "second", "given"),
    ("2006-01-11 16:43:22 -0800", utc(2006, 1, 12, 0, 43, 22), "second", "given"),
    ("2006-01-11 16:43:22 EST", utc(2006, 1, 11, 21, 43, 22), "second", "given"),
    # RFC 822, 2822, 5322, 850, asctime
    ("Sun, 02 Jun 2024 19:32:49 +0000", utc(2024, 6, 2, 19, 32, 49), "second", "given"),
    ("Thu,28 Jul 2022 4:35:5 GMT+9", utc(2022, 7, 27, 19, 35, 5), "second", "given"),
    ("Fri,  7 Apr 2006 09:00:00 -0700", utc(2006, 4, 7, 16), "second", "given"),
    ("Thu , \t 09  Feb\t2006  23:59:45\t +0000", utc(2006, 2, 9, 23, 59, 45), "second", "given"),
    ("Mon, 02 Feb 2020 10:00:00 GMT", utc(2020, 2, 2, 10), "second", "given"),  # it was a Sunday
    ("21 Oct 2002 06:45 EDT", utc(2002, 10, 21, 10, 45), "minute", "given"),
    ("Tue, 13 Oct 20 07:30:08 +0800", utc(2020, 10, 12, 23, 30, 8), "second", "given"),
    ("31 Dec 99 23:59:59 +0000", utc(1999, 12, 31, 23, 59, 59), "second", "given"),
    ("Sun, 02 Feb 2020", utc(2020, 2, 2), "day", "none"),
    ("Sunday, 06-Nov-94 08:49:37 GMT", utc(1994, 11, 6, 8, 49, 37), "second", "given"),
    ("Sun Nov  6 08:49:37 1994", utc(1994, 11, 6, 8, 49, 37), "second", "assumed"),
    ("Thu Sep 25 10:36:28 UTC 2003", utc(2003, 9, 25, 10, 36, 28), "second", "given"),
    ("Thu Sep 25 10:36:28 +0200 2003", utc(2003, 9, 25, 8, 36, 28), "second", "given"),
    ("Thu (why), 16(th) Feb(ruary) 2006 01:39 +0000 (GMT x)", utc(2006, 2, 16, 1, 39), "minute",
     "given"),
    (r"Thu, 09 (a (b) Mar)Feb(c\) 2005) 2006()23:59:45 +0000", utc(2006, 2, 9, 23, 59, 45),
     "second", "given"),
    ("Tue Feb 02 2021 10:00:00 GMT+0100 (CET)", utc(2021, 2, 2, 9), "second", "given"),
    ("Tue, 02 Feb 2021 10:00:00 (EST)", utc(2021, 2, 2, 15), "second", "given"),
    # figures alone
    ("1741168800", utc(2025, 3, 5, 10), "second", "given"),
    ("1741168800.25", utc(2025, 3, 5, 10, 0, 0, 250000), "second", "given"),
    ("1741168800000", utc(2025, 3, 5, 10), "second", "given"),
    ("1741168800123456", utc(2025, 3, 5, 10, 0, 0, 123456), "second", "given"),
    ("0", utc(1970, 1, 1), "second", "given"),
    ("-62135596800", utc(1, 1, 1), "second", "given"),
    ("0001-01-01T00:00:00+01:00", utc(1, 1, 1), "second", "given"),
    # dates in figures
    ("2020/1/10", utc(2020, 1, 10), "day", "none"),
    ("2020. 1. 10.", utc(2020, 1, 10), "day", "none"),
    ("22/12/2019", utc(2019, 12, 22), "day", "none"),
    ("12/22/2019 10:30 PM", utc(2019, 12, 22, 22, 30), "minute", "assumed"),
    ("03/03/2020", utc(2020, 3, 3), "day", "none"),
    ("03.04.2020", utc(2020, 4, 3), "day", "none"),
    ("10.30.2020", utc(2020, 10, 30), "day", "none"),
    ("31.12.99", utc(1999, 12, 31), "day", "none"),
    ("02/2020", utc(2020, 2, 1), "month", "none"),
    # named months
    ("February 2, 2020", utc(2020, 2, 2), "day", "none"),
    ("Feb. 2nd, 2020 at 10:30 a.m. ET", utc(2020, 2, 2, 15, 30), "minute", "given"),
    ("July 2, 2020 12:05 am ET", utc(2020, 7, 2, 4, 5), "minute", "given"),
    ("02 Feb 2020 10 PM", utc(2020, 2, 2, 22), "hour", "assumed"),
    ("2020-Feb-02", utc(2020, 2, 2), "day", "none"),
    ("May 2020", utc(2020, 5, 1), "month", "none"),
    ("10 May 20", utc(2020, 5, 10), "day", "none"),
    ("Sonntag, 3. März 2020, 10.30 Uhr", utc(2020, 3, 3, 10, 30), "minute", "assumed"),
    ("Mi., 05 Dez. 2020 10:00:00 MEZ", utc(2020, 12, 5, 9), "second", "given"),
    ("dimanche 1er août 2020 à 10h30", utc(2020, 8, 1, 10, 30), "minute", "assumed"),
    ("mar, 03 mar 2020 10:00:00 +0100", utc(2020, 3, 3, 9), "second", "given"),
    ("2 de febrero de 2020", utc(2020, 2, 2), "day", "none"),
    ("segunda-feira, 3 de fevereiro de 2020", utc(2020, 2, 3), "day", "none"),
    ("martedì 3 marzo 2020 alle ore 10:30", utc(2020, 3, 3, 10, 30), "minute", "assumed"),
    ("2 d'abril de 2020", utc(2020, 4, 2), "day", "none"),
    ("zo 2 mrt. 2020 om 10:30 uur", utc(2020, 3, 2, 10, 30), "minute", "assumed"),
    ("söndag den 2 februari 2020 kl 10.30", utc(2020, 2, 2, 10, 30), "minute", "assumed"),
    ("søn. 2. desember 2020 kl. 10.30", utc(2020, 12, 2, 10, 30), "minute", "assumed"),
    ("10:30 pt., 2 października 2020", utc(2020, 10, 2, 10, 30), "minute", "assumed"),
    ("15 KASIM 2020", utc(2020, 11, 15), "day", "none"),
    ("Salı, 4 Şub 2020 10:00:00 +0300", utc(2020, 2, 4, 7), "second", "given"),
    ("2 февраля 2020 г., 10:00", utc(2020, 2, 2, 10), "minute", "assumed"),
    ("2 лютого 2020", utc(2020, 2, 2), "day", "none"),
    ("2020年2月2日 10時30分", utc(2020, 2, 2, 10, 30), "minute", "assumed"),
    ("2020년 2월 2일", utc(2020, 2, 2), "day", "none"),
    ("２０２０-０２-０２", utc(2020, 2, 2), "day", "none"),
    ("٢٠٢٠-٠٢-٠٢", utc(2020, 2, 2), "day", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "value", "precision", "zone"), READ)
def test_reads(raw: str, value: datetime, precision: str, zone: str) -> None:
    reading = read_date(raw)
    assert (reading.value, reading.precision, reading.zone) == (value, precision, zone)
    assert reading.refusal is None


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("GMT", 0), ("UT", 0), ("UTC", 0), ("Z", 0), ("-0000", 0), ("+0530", 5.5), ("+05:30", 5.5),
        ("EST", -5), ("EDT", -4), ("CST", -6), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8),
        ("PDT", -7), ("CET", 1), ("CEST", 2), ("BST", 1), ("IST", 5.5), ("JST", 9), ("AEST", 10),
        ("AEDT", 11), ("MSK", 3), ("HKT", 8), ("GMT+2", 2), ("GMT+0200", 2), ("UTC-5", -5),
        ("UTC+5:30", 5.5), ("UTC +05:30", 5.5), ("est", -5), ("-0500 EST", -5), ("EST-0500", -5),
        ("ET", -5), ("PT", -8),
    ],
)  # fmt: skip
def test_reads_zones(zone: str, hours: float) -> None:
    reading = read_date(f"Sun, 02 Feb 2020 10:00:00 {zone}")
    assert reading.value == utc(2020, 2, 2, 10) - timedelta(hours=hours)
    assert reading.zone == "given"
    assert reading.day == datetime(2020, 2, 2).date()  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["", "A", "N", "Y", "XYZ", "LOCAL"])
def test_a_zone_that_says_nothing_is_utc_assumed(zone: str) -> None:
    reading = read_date(f"Sun, 02 Feb 2020 10:00:00 {zone}")
    assert (reading.value, reading.zone) == (utc(2020, 2, 2, 10), "assumed")


@pytest.mark.parametrize(
    "raw",
    [
        "", " ", "soon", "insert date here", "Chapter 11", "may", "May 10", "10 May", "Sat",
        "12:30", "10:00 2020", "1.1", "11 2020", "2020 11", "7", "12345", "10 10 10", "1.2.3",
        "5 pm",
        "Sunday (February 2)", "Sunday (February 2) 2020", "2 Feb (2020", "Feb 2 20", "Feb 2020 2",
        "2020-02-30", "2019-366", "Sun, 30 Feb 2020 10:00:00 GMT", "2020-02-02T25:00:00Z",
        "2020-02-02T24:00:01Z", "2020-02-02T10:61:00Z", "2020-02-02T10:00:61Z", "2020/22/12",
        "2020-02-02T10:00:00+24:00", "2020-02-02T10:00:00+05:60", "2020-02-02 10",
        "2020-02-02T10:00:00[Europe/Berlin]", "0000-00-00 00:00:00", "07-01T01:55:07-05:00",
        "Foo, 02 Feb 2020 10:00:00 GMT", "Sun, 02 Feb 2020 10:00:00 Xyzzy",
        "31 Dec 2002 14:20:20 J", "Sun, 02 Feb 2020 10:00:00 EST-0400", "2 Feb 2020 10:00 NEWS now",
        "NEWS 2 Feb 2020",
        "3 mai mai 2020", "2 Feb 2020 10:00 11:00", "-2020-01-01", "2 February 12020",
        "9999-12-31T24:00:00Z", "9999-12-31T23:59:59-01:00", "½ Feb 2020", "2020-02-02\0",
        "start=2005-07-04T01:00+05:00; scheme=W3C-DTF", "2020-02-02 " * 20,
    ],
)  # fmt: skip
def test_refuses_as_unreadable(raw: str) -> None:
    assert read_date(raw) == dates.DateReading(None, refusal="unreadable")


@pytest.mark.parametrize(
    "raw", ["03/04/2020", "3-4-2020", "03/04/20", "22/12/19", "1/2/2020 10:00"]
)
def test_refuses_as_ambiguous(raw: str) -> None:
    assert read_date(raw) == dates.DateReading(None, refusal="ambiguous")


# Whole minutes: RFC 5322 and RFC 3339 know no other offsets.
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=ZONES)  # noqa: DTZ001


@given(MOMENTS)
def test_round_trips_iso(moment: datetime) -> None:
    for text in (moment.isoformat(), moment.isoformat(" "), moment.isoformat().replace("T", "t")):
        reading = read_date(text)
        assert (reading.value, reading.zone, reading.day) == (moment, "given", moment.date())
    basic = read_date(moment.strftime("%Y%m%dT%H%M%S%z"))
    assert basic.value == moment.replace(microsecond=0)
    naive = read_date(moment.replace(tzinfo=None).isoformat())
    assert (naive.value, naive.zone) == (moment.replace(tzinfo=UTC), "assumed")
    assert read_date(moment.date().isoformat()).value == datetime.combine(
        moment.date(), datetime.min.time(), UTC
    )


@given(MOMENTS)
def test_round_trips_rfc_5322(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    for text in (
        email.utils.format_datetime(moment),
        moment.strftime("%d %b %Y %H:%M:%S %z"),
        moment.strftime("%A, %d %B %Y %H:%M:%S GMT%z"),
        moment.strftime("%a %b %d %H:%M:%S %z %Y"),
        moment.strftime("%B %d, %Y %I:%M:%S %p %z"),
    ):
        reading = read_date(text)
        assert (reading.value, reading.precision, reading.zone) == (moment, "second", "given")


@given(MOMENTS)
def test_agrees_with_dateutil_on_whole_dates(moment: datetime) -> None:
    for form in ("%d-%b-%Y %H:%M", "%b %d %Y %H:%M:%S %z", "%Y/%m/%d %H:%M", "%Y%m%dT%H%M%S"):
        text = moment.strftime(form)
        theirs = dateutil_parser.parse(text, default=datetime(1, 1, 1))  # noqa: DTZ001
        assert read_date(text).value == (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))


@given(st.integers(100_000_000, 9_999_999_999), st.integers(0, 999))
def test_round_trips_unix_time(seconds: int, millis: int) -> None:
    moment = utc(1970, 1, 1) + timedelta(seconds=seconds)
    assert read_date(str(seconds)).value == moment
    if seconds >= 1_000_000_000:
        exact = moment + timedelta(milliseconds=millis)
        assert read_date(f"{seconds}{millis:03}").value == exact


DATE_LIKE = st.lists(
    st.sampled_from(
        [*"0123456789TZWh年月日½٣", "20", "2020", "12", ":", "-", "/", ".", ",", " ", "+", "(", ")",
         "\\", "Feb", "mar", "may", "GMT", "EST", "pm", "Sun", "ı", "İ", "[x]", "\ud800", "\0"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(st.text(max_size=200) | DATE_LIKE)
def test_never_raises_and_stays_within_the_vocabulary(raw: str) -> None:
    reading = read_date(raw)
    assert reading.zone in DATE_ZONES
    if reading.value is None:
        assert reading.refusal in DATE_REFUSALS
        assert (reading.precision, reading.zone, reading.day) == (None, "none", None)
    else:
        assert reading.value.tzinfo is UTC
        assert reading.precision in DATE_PRECISIONS
        assert reading.day
        assert (reading.zone == "none") == (reading.precision in ("day", "month", "year"))
        assert re.search(r"\d\d|0", "".join(c if not c.isdecimal() else "00" for c in raw))


@pytest.mark.parametrize("module", [dates, date_reading, date_text, date_words])
def test_no_clock_is_ever_asked(module: object) -> None:
    tree = ast.parse(Path(str(getattr(module, "__file__"))).read_text(encoding="utf-8"))  # noqa: B009
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"now", "utcnow", "today", "time", "time_ns", "localtime"}


def test_the_tables_are_unambiguous() -> None:
    months: dict[str, str] = {}
    for kind, number, language, words in read_table("date_names.tsv"):
        for word in words.split():
            if kind == "month":
                assert months.setdefault(fold_word(word), number) == number, (language, word)
            assert kind in ("month", "weekday", "filler")
    names = [row[0] for row in read_table("zones.tsv")]
    assert len(names) == len(set(names))
    assert {row[2] for row in read_table("zones.tsv")} <= set(DATE_ZONES)


DATED = re.compile(
    r"<(?:\w+:)?(?:pubDate|published|updated|modified|issued|created|date|lastBuildDate)\b[^>]*>"
    r"\s*(?:<!\[CDATA\[)?([^<>\]]{1,120})",
)


def strict_reading(raw: str) -> datetime | None:
    """Reads what needs no judgement, by the standard library alone."""
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        rfc = r"(\w{3}, )?\d{1,2} \w{3} \d{4} \d\d:\d\d(:\d\d)? ([+-]\d{4}|GMT|UT|[ECMP][SD]T)"
        if not re.fullmatch(rfc, raw):
            return None
        try:
            moment = email.utils.parsedate_to_datetime(raw)
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def test_captured_feeds_read_as_the_standard_library_reads_them(
    shared_data: Callable[[str], Path],
) -> None:
    strict = 0
    unread = []
    for path in sorted(shared_data("feeds_captured").iterdir()):
        text = path.read_bytes().decode("utf-8", "replace")
        found = [html.unescape(raw).strip() for raw in DATED.findall(text)]
        found += re.findall(r'"date_(?:published|modified)"\s*:\s*"([^"]+)"', text)
        for raw in found:
            expected = strict_reading(raw)
            if expected:
                strict += 1
                assert read_date(raw).value == expected, (path.name, raw)
            elif raw and read_date(raw).value is None:
                unread.append((path.name, raw))
    assert strict > 3000
    assert unread == []
