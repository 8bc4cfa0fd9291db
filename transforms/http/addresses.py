"""Addresses that must not be connected to: what is not reachable by everyone is nobody's feed.

A feed's address, a redirect and a DNS answer are all written by strangers; each could point into
the network that the pipeline runs in. The tables are those of the IANA special-purpose registries
(RFC 6890); they are written out, for what :mod:`ipaddress` calls private or global differs between
releases of Python (``is_private`` of 3.11 says False for 100.64.0.0/10, ``is_global`` says True for
::ffff:0:0/96 of a private address, multicast and 64:ff9b:1::/48).
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_REFUSED4 = tuple(
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared address space of carriers (RFC 6598)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols (RFC 6890)"),
        ("192.0.2.0/24", "for documentation"),
        ("192.31.196.0/24", "reserved for AS112 (RFC 7535)"),
        ("192.52.193.0/24", "reserved for AMT (RFC 7450)"),
        ("192.88.99.0/24", "reserved, once 6to4 relays (RFC 7526)"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved for AS112 (RFC 7534)"),
        ("198.18.0.0/15", "for benchmarks (RFC 2544)"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_REFUSED6 = tuple(
    (IPv6Network(network), why)
    for network, why in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "NAT64 of a local network (RFC 8215)"),
        ("100::/64", "discarded (RFC 6666)"),
        ("2001:2::/48", "for benchmarks (RFC 5180)"),
        ("2001:10::/28", "reserved, once ORCHID (RFC 4843)"),
        ("2001:20::/28", "ORCHID, no address of a host (RFC 7343)"),
        ("2001:db8::/32", "for documentation"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "unique local (RFC 4193)"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local (RFC 3879)"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL6 = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)
_NUMBER = re.compile(r"0[xX]([0-9a-fA-F]*)|0([0-7]*)|([1-9][0-9]*)")


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a host is written as, or None for a name.

    Like ``inet_aton`` and browsers (WHATWG URL, "IPv4 parser"), it reads one to four numbers in
    decimal, octal or hexadecimal, the last of which fills the bytes that are left: ``2130706433``,
    ``0x7f.1`` and ``0177.0.0.1`` are all 127.0.0.1.

    Args:
        host: host of an address, with or without the brackets of IPv6 and a final dot.
    """
    text = host.removeprefix("[").removesuffix("]")
    if ":" in text:
        try:
            return IPv6Address(text)
        except ipaddress.AddressValueError:
            return None
    parts = text.removesuffix(".").split(".")
    if len(parts) > 4:
        return None
    numbers = [_number(part) for part in parts]
    if None in numbers:
        return None
    *leading, last = (number for number in numbers if number is not None)
    if any(number > 255 for number in leading) or last >= 256 ** (4 - len(leading)):
        return None
    value = last
    for place, number in enumerate(leading):
        value += number << (8 * (3 - place))
    return IPv4Address(value)


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text) if len(text) <= 64 else None
    if match is None:
        return None
    hexadecimal, octal, decimal = match.groups()
    if hexadecimal is not None:
        return int(hexadecimal or "0", 16)
    return int(octal or "0", 8) if octal is not None else int(decimal)


def refusal(address: str) -> str | None:
    """Say why an address must not be connected to.

    Args:
        address: IPv4 or IPv6 address as text, or the host of an address in any form that
            :func:`address_of` reads. Of a name nothing is known here: None.

    Returns:
        One phrase (``169.254.169.254 is link-local``), or None when it may be connected to.
    """
    known = address_of(address)
    if known is None:
        return None
    why = _refusal4(known) if isinstance(known, IPv4Address) else _refusal6(known)
    return f"{known} is {why}" if why else None


def _refusal4(address: IPv4Address) -> str | None:
    return next((why for network, why in _REFUSED4 if address in network), None)


def _refusal6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "bound to one link"
    for network, why in _REFUSED6:
        if address in network:
            return why
    for inner in _inner(address):
        if of_inner := _refusal4(inner):
            return f"a form of {inner}, which is {of_inner}"
    if address in _GLOBAL6 or address in _MAPPED or address in _NAT64:
        return None
    return "outside the global unicast addresses (RFC 4291)"


def _inner(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that packets to an IPv6 address may end at."""
    value = int(address)
    last = IPv4Address(value & 0xFFFFFFFF)
    inner = []
    if address in _MAPPED or address in _NAT64:
        inner.append(last)
    if address in _6TO4:
        inner.append(IPv4Address((value >> 80) & 0xFFFFFFFF))
    if address in _TEREDO:
        inner.append(IPv4Address((value >> 64) & 0xFFFFFFFF))
        inner.append(IPv4Address(~value & 0xFFFFFFFF))
    if (value >> 32) & 0xFFFFFFFF in _ISATAP:
        inner.append(last)
    return inner
