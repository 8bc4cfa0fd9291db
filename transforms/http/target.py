"""An address taken apart once: who is asked, who is connected to and what is shown all read this.

Two readings of one address by two parsers are how a check is passed for one host and a connection
made to another.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

import idna

from transforms.http.addresses import address_of

LONGEST = 16_384
"""Characters of the longest address that is asked for; RFC 9110, section 4.1, wants 8000 octets at
least."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*\.?", re.ASCII)
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d*)?")
_PORTS = {"http": 80, "https": 443}
# What RFC 3986 lets stand in a path and a query; brackets are common in queries and sent as given.
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?[]"


@dataclass(frozen=True, slots=True)
class Target:
    """What one request is for."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """Name in ASCII and lower case, or IP address without brackets."""
    port: int
    path: str = field(repr=False)
    """Path and query, percent-encoded where they must be."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: whoever has the same is the same (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def server(self) -> str:
        """Host and, when it is not the scheme's own, port: the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address itself, secrets included."""
        return f"{self.scheme}://{self.server}{self.path}"


def parse_target(url: str) -> Target:
    """Take an address apart; user name, password and fragment are dropped.

    Raises:
        ValueError: it is no absolute http or https address; the message shows none of it.
    """
    url = url.strip(" ")
    if len(url) > LONGEST:
        raise ValueError(f"the address is longer than {LONGEST} characters")
    if _CONTROL.search(url):
        raise ValueError("the address has control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the address is malformed") from None
    if parts.scheme not in _PORTS:
        raise ValueError("the address is not http or https")
    if port == 0:
        raise ValueError("the address is malformed")
    return Target(
        scheme=parts.scheme,
        host=_host(parts.netloc),
        port=port or _PORTS[parts.scheme],
        path=(quote(parts.path, safe=_PATH_SAFE, errors="surrogateescape") or "/")
        + (
            f"?{quote(parts.query, safe=_QUERY_SAFE, errors='surrogateescape')}"
            if parts.query
            else ""
        ),
    )


def _host(netloc: str) -> str:
    text = netloc.rpartition("@")[2]
    if text.startswith("["):
        match = _BRACKETED.fullmatch(text)
        try:
            address = ipaddress.IPv6Address(match[1]) if match else None
        except ipaddress.AddressValueError:
            address = None
        if address is None:
            raise ValueError("the address has no valid host")
        return address.compressed
    host = text.partition(":")[0].lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:
            raise ValueError("the address has no valid host") from None
    # A backslash is a slash to browsers: "other.example\@news.example" names two hosts.
    if "\\" in netloc or len(host) > 253 or not _NAME.fullmatch(host):
        raise ValueError("the address has no valid host")
    literal = address_of(host)
    return str(literal) if literal is not None else host


def parse_location(location: str, base: Target) -> Target:
    """Take the address that a Location header gives apart (RFC 9110, section 10.2.2).

    Args:
        location: as received: ISO 8859-1 read from the bytes.
        base: what a relative address is relative to.

    Raises:
        ValueError: it is no http or https address; the message shows none of it.
    """
    if _CONTROL.search(location):
        raise ValueError("the address has control characters")
    # Servers send UTF-8, whatever RFC 9110 says; bytes that are neither go back as they came.
    text = location.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
    try:
        joined = urljoin(base.url, text.strip(" "))
    except ValueError:
        raise ValueError("the address is malformed") from None
    return parse_target(joined)


def server_of(url: str) -> str:
    """Return host and port as politeness counts them: ``news.example:8080``.

    The port only when it is not the scheme's own.

    Raises:
        ValueError: it is no absolute http or https address.
    """
    return parse_target(url).server
