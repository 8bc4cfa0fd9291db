"""The words dates are made of: months, weekdays, names of UTC offsets.

The words are data, in ``data/date_names.tsv`` and ``data/zones.tsv``; both files say where they
come from and which meaning of an ambiguous name was chosen.
"""

import re
import unicodedata
from datetime import timedelta, timezone, tzinfo
from functools import cache
from typing import NamedTuple

from transforms.text.tables import read_table


class Zone(NamedTuple):
    """What stands behind a time of day."""

    offset: tzinfo | None
    """None: UTC, for want of anything better."""
    certainty: str
    """``given`` or ``assumed``, as in :data:`schemas.tables.DATE_ZONES`."""


class Words(NamedTuple):
    """The words of ``date_names.tsv``, folded by :func:`fold_word`."""

    months: dict[str, int]
    weekdays: frozenset[str]
    fillers: frozenset[str]


ASSUMED = Zone(None, "assumed")

_NO_LETTER = r"(?![^\W\d_])"
_ZONE = re.compile(
    rf"\s*(?:,\s*)?(?:([A-Za-z]{{1,5}}){_NO_LETTER})?\s*"
    rf"(?:([+\-−])(\d{{1,2}})(?::?(\d\d))?(?!\d)(?:\s*([A-Za-z]{{1,5}}){_NO_LETTER})?)?",
    re.ASCII,
)


def fold_word(word: str) -> str:
    """Reduce a word to what is compared: no case, no accents, no dot on a Turkish i."""
    folded = unicodedata.normalize("NFKD", word.casefold().replace("ı", "i").replace("’", "'"))
    return "".join(c for c in folded if not unicodedata.combining(c)).casefold()


@cache
def words() -> Words:
    """Return the words that may stand in a date."""
    months: dict[str, int] = {}
    weekdays, fillers = set(), set()
    for kind, number, _, row in read_table("date_names.tsv"):
        for word in map(fold_word, row.split()):
            if kind == "month":
                months[word] = int(number)
            elif kind == "weekday":
                weekdays.add(word)
            else:
                fillers.add(word)
    return Words(months, frozenset(weekdays), frozenset(fillers))


def read_zone(text: str) -> Zone | None:
    """Read all that stands behind a time as its zone: nothing, a name, an offset, or both.

    Returns:
        The zone; :data:`ASSUMED` for nothing; None when the text is no zone.
    """
    zone, end = find_zone(text, 0)
    return zone if not text[end:].strip() else None


def find_zone(text: str, start: int) -> tuple[Zone | None, int]:
    """Read a zone at a place in a string.

    Returns:
        The zone, or None when what stands there is no zone, and the place behind it.
    """
    match = _ZONE.match(text, start)
    if not match:  # cannot happen, every part is optional; for the type checker
        return None, start
    name, sign, hours, minutes, comment = match.groups()
    if sign is None:
        zone = _named_zone(name) if name else ASSUMED
        if name and zone and zone.certainty == "assumed" and text[match.end() :].strip():
            zone = None  # a name that says nothing is believed to be a zone only at the end
        return zone, match.end()
    if int(hours) > 23 or int(minutes or 0) > 59 or (comment and not _named_zone(comment)):
        return None, start
    offset = _offset(sign, int(hours), int(minutes or 0))
    # GMT+2 counts from UTC. A name that is an offset itself may stand beside the same offset only.
    if name and name.upper() not in ("GMT", "UTC", "UT", "Z"):
        named = _named_zone(name)
        if named is None or named.offset != offset:
            return None, start
    return Zone(offset, "given"), match.end()


def _named_zone(name: str) -> Zone | None:
    # Short names must be in capitals, for "pt" is a weekday in Polish and "a" a word everywhere.
    known = _zones().get(name.upper() if len(name) > 2 or name == "z" else name)
    if known is None and 3 <= len(name) <= 5 and name.isupper():
        # RFC 5322, section 4.3: an alphabetic zone of unknown meaning is to be taken as -0000.
        return ASSUMED
    return known


@cache
def _zones() -> dict[str, Zone]:
    return {name: Zone(_rule(rule), sure) for name, rule, sure, _ in read_table("zones.tsv")}


def _rule(rule: str) -> tzinfo | None:
    if rule[0] in "+-":
        return _offset(rule[0], int(rule[1:3]), int(rule[3:5]))
    # dateutil carries the tz database with it, so that machines without one read the same.
    from dateutil.zoneinfo import get_zonefile_instance

    found: tzinfo | None = get_zonefile_instance().get(rule)
    return found


def _offset(sign: str, hours: int, minutes: int) -> timezone:
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(span if sign == "+" else -span)
