"""What the forms of a feed list share: entries, notes, errors, and what an address must be."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from schemas.feeds import FeedSettings
from transforms.http.secrets import split_credentials
from transforms.http.target import LONGEST, parse_target

LIST_NOTES = {
    "duplicate": "the address is listed more than once; the first place counts",
    "not_a_feed": "no address that can be asked; it is left out",
    "include": "the entry points at another list, which is not followed",
    "commented": "the entry is commented out (OPML 2.0, isComment); it is left out",
    "ignored": "what follows the address is not read",
    "variable": "${NAME} is put in only in a TOML list; here it is part of the address",
    "repaired": "the OPML was not well-formed and could be put right",
    "shared_header": "a credential of [defaults.headers] goes to several hosts",
}
"""The kinds of :class:`ListNote` and what each means."""

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""``${NAME}`` in an address or a header: a variable of the environment."""

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
# What follows host and port.
_AUTHORITY = re.compile(r"(?<=[^:/])[/?#].*")


class FeedListError(ValueError):
    """A feed list that cannot be used; one line that says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class ListNote:
    """Something odd in a list that does not keep it from being used."""

    line: int | None
    """Line of the file, counted from 1; None when it is not about one line."""
    kind: str
    """A key of :data:`LIST_NOTES`."""
    text: str
    """One line for a person, without credentials."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list."""

    settings: FeedSettings
    place: str
    """Where it stands, for a person: ``line 7``."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    """All that a reader found in a list, in the list's order, repetitions among it."""

    feeds: tuple[Listed, ...]
    notes: tuple[ListNote, ...] = ()


def checked_address(text: str, *, variables: bool) -> str:
    """Return an address that can be asked, as written but for white space.

    Args:
        text: the address, perhaps with credentials.
        variables: whether ``${NAME}`` may stand in it. Where it may not, its brace is escaped, so
            that a list from elsewhere cannot carry the environment away.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    address = text.strip().replace(" ", "%20")
    if not address:
        raise ValueError("is empty")
    if len(address) > LONGEST:
        raise ValueError(f"has {len(address):,} characters; the limit is {LONGEST:,}")
    if not address.isprintable():
        raise ValueError("has a control character")
    if _SCHEME.match(address) is None:
        raise ValueError("begins with neither http:// nor https://")
    if not variables:
        address = address.replace("${", "$%7B")
    if "${" in VARIABLE.sub("", address):
        raise ValueError("has a ${ that does not begin the name of a variable, as in ${NAME}")
    if "${" in _AUTHORITY.sub("", split_credentials(address)[0]):
        raise ValueError("has a variable in its host; only the rest of an address may have one")
    try:
        parse_target(address)
    except ValueError as error:
        raise ValueError(f"cannot be asked: {error}") from error
    return address


def same_address(address: str) -> str:
    """Return what is equal for two spellings of one address, with its credentials.

    Equal are: scheme and host in any case, the scheme's own port and none, an empty path and a
    slash (RFC 3986, section 6.2.3), any fragment and none, a host with and without a dot at its
    end, a character and its percent-encoding where it must be encoded.

    Args:
        address: an address that :func:`checked_address` returned.
    """
    target = parse_target(address)
    userinfo, at, _ = urlsplit(address).netloc.rpartition("@")
    target = replace(target, host=target.host.removesuffix("."))
    return f"{userinfo}{at}{target.url}"
