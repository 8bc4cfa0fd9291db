"""What the headers of an answer say about the next request."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

Headers = Iterable[tuple[str, str]]
"""Names and values in the order in which they came; a name may come twice."""

# RFC 9111, section 1.2.2: what is larger counts as 2^31.
_LONGEST = 2**31
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = r"(?P<month>[a-z]{3})"
_CLOCK = r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
# RFC 9110, section 5.6.7: the date of today, that of RFC 850 and that of C's asctime.
_DATES = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"[a-z]{{3}}, ?(?P<day>\d{{1,2}}) {_MONTH} (?P<year>\d{{4}}) {_CLOCK} (?:GMT|UTC)",
        rf"[a-z]{{3,9}}, (?P<day>\d{{2}})-{_MONTH}-(?P<year>\d{{2}}|\d{{4}}) {_CLOCK} GMT",
        rf"[a-z]{{3}} {_MONTH} (?P<day>[ \d]\d) {_CLOCK} (?P<year>\d{{4}})",
    )
)
_DIRECTIVE = re.compile(r"""\s*([^\s,="]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*)))?[^,]*,?""")


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, whatever the case of its name; None when it is absent."""
    return next(_values(headers, name), None)


def _values(headers: Headers, name: str) -> Iterator[str]:
    name = name.lower()
    return (value.strip() for key, value in headers if key.lower() == name)


def retry_after(headers: Headers, now: datetime) -> datetime | None:
    """Say when a server asks to be asked again (RFC 9110, section 10.2.3).

    Args:
        headers: of the answer.
        now: when it came, UTC.

    Returns:
        The moment, which may be past or far off; None when it does not say, or says rubbish.
    """
    value = header(headers, "retry-after")
    if value is None:
        return None
    seconds = _seconds(value)
    return _later(now, seconds) if seconds is not None else http_date(value, now)


def fresh_until(headers: Headers, now: datetime) -> datetime | None:
    """Say until when an answer is good without asking again (RFC 9111, section 4.2).

    For a private cache: ``s-maxage`` is not for it. ``must-revalidate`` changes nothing, for it
    speaks of answers that are no longer fresh. Heuristics (section 4.2.2) are left to the caller.

    Args:
        headers: of the answer.
        now: when it came, UTC.

    Returns:
        A moment after ``now``; None when it does not say, or says no, or says rubbish.
    """
    directives = _directives(headers)
    if "no-store" in directives or "no-cache" in directives:
        return None
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"])
    else:
        lifetime = _until_expiry(headers, now)
    if lifetime is None:
        return None
    age = _seconds((header(headers, "age") or "").partition(",")[0].strip()) or 0
    return _later(now, lifetime - age) if lifetime > age else None


def _until_expiry(headers: Headers, now: datetime) -> int | None:
    expires = http_date(header(headers, "expires") or "", now)
    if expires is None:
        return None
    # Both by the server's clock, which may be wrong.
    date = http_date(header(headers, "date") or "", now) or now
    return int((expires - date).total_seconds())


def _directives(headers: Headers) -> dict[str, str]:
    """Cache-Control by name in lower case; of two the first (RFC 9111, section 4.2.1)."""
    found: dict[str, str] = {}
    for value in _values(headers, "cache-control"):
        for name, quoted, plain in _DIRECTIVE.findall(value):
            found.setdefault(name.lower(), (quoted or plain).strip())
    return found


def _seconds(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= 10 and int(text) < _LONGEST else _LONGEST


def _later(now: datetime, seconds: int) -> datetime:
    try:
        return now + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def http_date(text: str, now: datetime) -> datetime | None:
    """Read a date of HTTP in any of its three forms (RFC 9110, section 5.6.7).

    Args:
        text: as it stands in the header.
        now: two digits of a year mean the one that is not more than 50 years after it.

    Returns:
        The moment, UTC; None for what is no such date.
    """
    match = next((match for form in _DATES if (match := form.fullmatch(text.strip()))), None)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += now.year // 100 * 100
        year -= 100 if year > now.year + 50 else 0
    try:
        return datetime(
            year,
            _MONTHS.index(match["month"].lower()) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            # A leap second is allowed; the second after it is near enough.
            min(int(match["second"]), 59) if match["second"] == "60" else int(match["second"]),
            tzinfo=UTC,
        )
    except ValueError:
        return None
