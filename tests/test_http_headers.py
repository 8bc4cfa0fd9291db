"""What the headers of an answer say about the next request."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.http.headers import fresh_until, header, http_date, retry_after

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_header_is_found_whatever_its_case_and_the_first_wins():
    headers = (("ETAG", ' "a" '), ("etag", '"b"'))
    assert (header(headers, "ETag"), header(headers, "Date")) == ('"a"', None)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("0", NOW),
        ("120", NOW + 2 * MINUTE),
        ("Mon, 09 Mar 2026 12:01:00 GMT", NOW + MINUTE),
        ("Monday, 09-Mar-26 12:01:00 GMT", NOW + MINUTE),
        ("Mon Mar  9 12:01:00 2026", NOW + MINUTE),
        ("Mon, 09 Mar 2026 11:00:00 GMT", NOW - 60 * MINUTE),
        ("9" * 40, NOW + timedelta(seconds=2**31)),
        ("-5", None),
        ("1.5", None),
        ("+5", None),
        ("٥", None),
        ("", None),
        ("soon", None),
        ("Mon, 31 Feb 2026 12:01:00 GMT", None),
        ("Mon, 09 Mar 2026 12:01:00 +0100", None),
        ("Mon, 09 Mär 2026 12:01:00 GMT", None),
    ],
)
def test_when_to_ask_again(value, moment):
    assert retry_after((("Retry-After", value),), NOW) == moment


def test_without_the_header_nothing_is_said():
    assert retry_after((), NOW) is None
    assert fresh_until((), NOW) is None


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"Cache-Control": "max-age=120"}, 2),
        ({"Cache-Control": "public, Max-Age=120"}, 2),
        ({"Cache-Control": 'max-age="120"'}, 2),
        ({"Cache-Control": "max-age=120, must-revalidate"}, 2),
        ({"Cache-Control": "s-maxage=60, max-age=120"}, 2),
        ({"Cache-Control": "max-age=120, max-age=60"}, 2),
        ({"Cache-Control": "max-age=180", "Age": "60"}, 2),
        ({"Cache-Control": "max-age=180", "Age": "60, 30"}, 2),
        ({"Cache-Control": "max-age=120", "Age": "old"}, 2),
        ({"Cache-Control": "max-age=120", "Expires": "Mon, 09 Mar 2026 13:00:00 GMT"}, 2),
        ({"Cache-Control": 'ext="no-store, x", max-age=120'}, 2),
        ({"Expires": "Mon, 09 Mar 2026 12:02:00 GMT"}, 2),
        # The server's clock is an hour behind.
        (
            {
                "Expires": "Mon, 09 Mar 2026 11:02:00 GMT",
                "Date": "Mon, 09 Mar 2026 11:00:00 GMT",
            },
            2,
        ),
        (
            {
                "Expires": "Mon, 09 Mar 2026 12:05:00 GMT",
                "Date": "Mon, 09 Mar 2026 12:00:00 GMT",
                "Age": "180",
            },
            2,
        ),
        ({"Cache-Control": "s-maxage=60"}, None),
        ({"Cache-Control": "max-age=120", "Age": "120"}, None),
        ({"Cache-Control": "max-age=0"}, None),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=x", "Expires": "Mon, 09 Mar 2026 13:00:00 GMT"}, None),
        ({"Cache-Control": "max-age"}, None),
        ({"Cache-Control": "max-age=120, no-cache"}, None),
        ({"Cache-Control": 'no-cache="set-cookie", max-age=120'}, None),
        ({"Cache-Control": "no-store", "Expires": "Mon, 09 Mar 2026 13:00:00 GMT"}, None),
        ({"Cache-Control": ",=,;"}, None),
        ({"Expires": "0"}, None),
        ({"Expires": "-1"}, None),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
    ],
)
def test_how_long_an_answer_is_good(headers, minutes):
    moment = None if minutes is None else NOW + minutes * MINUTE
    assert fresh_until(tuple(headers.items()), NOW) == moment


def test_two_lines_of_one_header_are_read_as_one():
    lines = (("Cache-Control", "max-age=120"), ("cache-control", "no-store"))
    assert fresh_until(lines, NOW) is None


def test_a_year_of_two_digits_is_not_more_than_fifty_years_ahead():
    assert http_date("Friday, 06-Mar-76 12:00:00 GMT", NOW).year == 2076
    assert http_date("Friday, 06-Mar-77 12:00:00 GMT", NOW).year == 1977


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_date_comes_back(moment):
    moment = moment.replace(microsecond=0)
    text = moment.strftime(f"%a, %d %b {moment.year:04} %H:%M:%S GMT")
    assert http_date(text, NOW) == moment


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_anything(cache, expires, retry):
    headers = (("Cache-Control", cache), ("Expires", expires), ("Retry-After", retry))
    assert fresh_until(headers, NOW) is None or fresh_until(headers, NOW) > NOW
    retry_after(headers, NOW)


def test_the_end_of_time_is_not_passed():
    late = datetime(9999, 12, 31, tzinfo=UTC)
    end = datetime.max.replace(tzinfo=UTC)
    assert retry_after((("Retry-After", "9999999"),), late) == end
