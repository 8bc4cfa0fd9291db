"""Canonical addresses: one string for one page, and no guessing about which pages are one.

The rules are those of RFC 3986, section 6.2.2 and 6.2.3 (case, percent-encoding, dot segments,
default ports), with these decisions on top: the scheme is always https, the fragment goes (except
``#!``, which old JavaScript sites use as a path), user names and passwords go, and so do the query
parameters of ``data/tracking_params.tsv``. Hosts are never guessed at: ``www.``, ``m.`` and
``amp.`` stay, and so do a trailing slash and the order of the query.
"""

import ipaddress
import re
from functools import cache
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus, urljoin, urlsplit

import idna

from transforms.text.tables import read_table

LONGEST = 8192
"""Characters of the longest address that is taken; RFC 9110, section 4.1, asks for 8000 octets."""

# What browsers drop and fold before they read an address (WHATWG URL, "basic URL parser").
_DROPPED = re.compile(r"[\t\r\n]+")
_OUTER = "".join(map(chr, range(0x21))) + "\x7f\u00a0\u200b\ufeff"
_ABSOLUTE = re.compile(r"\s*https?://", re.IGNORECASE)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BACKSLASHES = re.compile(r"^[^?#]*")
# A feed that was escaped once too often: "?a=1&amp;b=2", or "&#038;" as WordPress writes it.
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;|#0*38;)+", re.IGNORECASE)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*", re.ASCII)
# Sub-delimiters and what else RFC 3986 lets stand in a path, a query or a fragment.
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"


def canonical_url(url: str | None, base: str | None = None) -> str | None:
    """Return the one form of an address; never raises.

    Args:
        url: the address as published, absolute unless there is a base.
        base: what a relative address is relative to.

    Returns:
        An absolute https address in ASCII, the same for what it returned itself; None for what is
        no address of a web page.
    """
    try:
        return _canonical(url, base)
    except ValueError:
        # urlsplit on a broken IPv6 literal or port, idna on a host it cannot encode.
        return None


def host_of(url: str | None) -> str | None:
    """Return the host of an address in its canonical form, without port; None for rubbish."""
    canonical = canonical_url(url)
    return urlsplit(canonical).hostname if canonical else None


def is_identifying(url: str | None) -> bool:
    """Say whether an address can name one article: a bare home page names none."""
    canonical = canonical_url(url)
    if canonical is None:
        return False
    parts = urlsplit(canonical)
    return parts.path != "/" or bool(parts.query or parts.fragment)


def _canonical(url: str | None, base: str | None) -> str | None:
    if not url:
        return None
    if base and not _ABSOLUTE.match(url):
        url = urljoin(_cleaned(base), _cleaned(url))
    if len(url) > LONGEST:
        return None
    text = _ESCAPED_AMPERSAND.sub("&", _PERCENT.sub(_normal_percent, _cleaned(url)))
    parts = urlsplit(text, scheme="https")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    host = _host(parts.hostname or "")
    if host is None:
        return None
    # 443 is the default of what is returned, 80 of what http:// meant.
    default = (None, 80, 443) if parts.scheme == "http" else (None, 443)
    port = "" if parts.port in default else f":{parts.port}"
    path = _without_dots(quote(parts.path, safe=_PATH_SAFE)) or "/"
    query = "&".join(_kept(quote(parts.query, safe=_QUERY_SAFE).split("&")))
    # "#!" says that what follows is a path (Google's AJAX crawling scheme, 2009 to 2015).
    fragment = quote(parts.fragment, safe=_QUERY_SAFE) if parts.fragment[:1] == "!" else ""
    return (
        f"https://{host}{port}{path}"
        + (f"?{query}" if query else "")
        + (f"#{fragment}" if len(fragment) > 1 else "")
    )


def _cleaned(url: str) -> str:
    """Drop what browsers drop, and read a backslash before the query as a slash."""
    url = _SURROGATE.sub("\ufffd", _DROPPED.sub("", url.strip(_OUTER)))
    return _BACKSLASHES.sub(lambda match: match[0].replace("\\", "/"), url) if "\\" in url else url


def _normal_percent(match: re.Match[str]) -> str:
    """Decode what need not be encoded, write the rest in capitals (RFC 3986, section 6.2.2)."""
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _host(host: str) -> str | None:
    host = unquote(host).lower()
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode("ascii")
    host = host.removesuffix(".")
    return host if len(host) <= 253 and _HOST.fullmatch(host) else None


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986, section 5.2.4) and make the path begin with a slash."""
    segments = path.split("/")
    if not any(segment in (".", "..") for segment in segments):
        return path if path.startswith("/") else "/" + path
    kept: list[str] = []
    for segment in segments[1:]:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


class _Rule(NamedTuple):
    value: re.Pattern[str] | None
    beside: str


def _kept(pairs: list[str]) -> list[str]:
    """Return the parameters that say which page it is, in their order."""
    pairs = [pair for pair in pairs if pair]
    if not pairs:
        return pairs
    split = [pair.partition("=") for pair in pairs]
    names = [unquote_plus(name) for name, _, _ in split]
    present = {name.lower() for name in names}
    return [
        pair
        for pair, name, (_, _, value) in zip(pairs, names, split, strict=True)
        if not _is_tracking(name, value, present)
    ]


def _is_tracking(name: str, value: str, present: set[str]) -> bool:
    exact, prefixes = _rules()
    lower = name.lower()
    rules = [*exact.get(name, ()), *(exact.get(lower, ()) if lower != name else ())]
    rules += (rule for prefix, rule in prefixes if lower.startswith(prefix))
    return any(
        (not rule.value or rule.value.fullmatch(unquote(value)))
        and (not rule.beside or rule.beside in present)
        for rule in rules
    )


@cache
def _rules() -> tuple[dict[str, list[_Rule]], list[tuple[str, _Rule]]]:
    """Return the table of tracking parameters: rules by name, rules by beginning of a name."""
    exact: dict[str, list[_Rule]] = {}
    prefixes: list[tuple[str, _Rule]] = []
    for name, value, beside, _, _ in read_table("tracking_params.tsv"):
        pattern = re.compile(re.escape(value).replace(r"\*", ".*")) if value else None
        if name.endswith("*"):
            prefixes.append((name[:-1], _Rule(pattern, beside)))
        else:
            exact.setdefault(name, []).append(_Rule(pattern, beside))
    return exact, prefixes
