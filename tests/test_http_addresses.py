"""Addresses that must not be connected to, however they are written; hosts and their servers."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.http.addresses import address_of, refusal
from transforms.http.target import Target, parse_location, parse_target, server_of


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0", "0.0.0.0 is unspecified"),
        ("0.1.2.3", "0.1.2.3 is unspecified"),
        ("10.0.0.1", "10.0.0.1 is private"),
        ("100.64.0.1", "100.64.0.1 is shared address space of carriers (RFC 6598)"),
        ("127.0.0.1", "127.0.0.1 is loopback"),
        ("127.255.255.254", "127.255.255.254 is loopback"),
        ("169.254.169.254", "169.254.169.254 is link-local"),
        ("172.31.255.255", "172.31.255.255 is private"),
        ("192.0.0.192", "192.0.0.192 is reserved for protocols (RFC 6890)"),
        ("192.168.1.1", "192.168.1.1 is private"),
        ("198.19.0.1", "198.19.0.1 is for benchmarks (RFC 2544)"),
        ("224.0.0.251", "224.0.0.251 is multicast"),
        ("255.255.255.255", "255.255.255.255 is reserved"),
        ("2130706433", "127.0.0.1 is loopback"),
        ("0177.0.0.1", "127.0.0.1 is loopback"),
        ("0x7f.1", "127.0.0.1 is loopback"),
        ("127.1", "127.0.0.1 is loopback"),
        ("0xA9FEA9FE", "169.254.169.254 is link-local"),
        ("127.0.0.1.", "127.0.0.1 is loopback"),
        ("0", "0.0.0.0 is unspecified"),
        ("::", ":: is unspecified"),
        ("::1", "::1 is loopback"),
        ("[::1]", "::1 is loopback"),
        ("fe80::1", "fe80::1 is link-local"),
        ("fe80::1%eth0", "fe80::1%eth0 is bound to one link"),
        ("fec0::1", "fec0::1 is site-local (RFC 3879)"),
        ("fd00:ec2::254", "fd00:ec2::254 is unique local (RFC 4193)"),
        ("ff02::1", "ff02::1 is multicast"),
        ("2001:db8::1", "2001:db8::1 is for documentation"),
        ("3fff::1", "3fff::1 is for documentation"),
        ("64:ff9b:1::808:808", "64:ff9b:1::808:808 is NAT64 of a local network (RFC 8215)"),
        ("::7f00:1", "::7f00:1 is outside the global unicast addresses (RFC 4291)"),
        ("5f00::1", "5f00::1 is outside the global unicast addresses (RFC 4291)"),
        (
            "::ffff:127.0.0.1",
            "::ffff:7f00:1 is a form of 127.0.0.1, which is loopback",
        ),
        (
            "64:ff9b::10.0.0.1",
            "64:ff9b::a00:1 is a form of 10.0.0.1, which is private",
        ),
        (
            "2002:c0a8:101::1",
            "2002:c0a8:101::1 is a form of 192.168.1.1, which is private",
        ),
        # Teredo: the server in the clear, the client with its bits turned over.
        (
            "2001:0:808:808:0:0:80ff:fffe",
            "2001:0:808:808::80ff:fffe is a form of 127.0.0.1, which is loopback",
        ),
        (
            "2001:0:a00:1::f7f7:f7f7",
            "2001:0:a00:1::f7f7:f7f7 is a form of 10.0.0.1, which is private",
        ),
        # ISATAP (RFC 5214).
        (
            "2600::5efe:a00:1",
            "2600::5efe:a00:1 is a form of 10.0.0.1, which is private",
        ),
    ],
)
def test_refused(address, why):
    assert refusal(address) == why


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "223.255.255.255",
        "134744072",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "news.example",
        "localhost",
        "",
    ],
)
def test_not_refused(address):
    assert refusal(address) is None


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
def test_what_python_calls_special_is_refused(address):
    special = address.is_private or address.is_multicast or address.is_reserved
    special |= address.is_link_local or not address.is_global
    if special:
        assert refusal(str(address)) is not None


@given(st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address))
def test_what_python_calls_special_is_refused_in_ipv6(address):
    special = address.is_private or address.is_multicast or address.is_reserved
    special |= address.is_link_local or address.is_site_local or not address.is_global
    if special:
        assert refusal(str(address)) is not None


NUMBERS = st.one_of(
    st.integers(0, 300).map(str),
    st.integers(0, 2**33).map(str),
    st.integers(0, 2**33).map(hex),
    st.integers(0, 2**33).map("0{:o}".format),
    st.sampled_from(["", "0", "00", "08", "0xg", "1a", "-1", "+1", "0b1", "0o7", "1_0"]),
)


@given(st.lists(NUMBERS, min_size=1, max_size=5).map(".".join))
def test_numbers_are_read_as_the_system_reads_them(text):
    try:
        expected = ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        expected = None
    # A final dot is a name's; 0x alone is 0 to browsers.
    if not text.endswith("."):
        assert address_of(text) == expected


@pytest.mark.parametrize("text", ["0x", "0x.0x.0x.0x"])
def test_an_empty_hexadecimal_number_is_nought(text):
    assert address_of(text) == ipaddress.IPv4Address(0)


@pytest.mark.parametrize(
    ("url", "target", "again"),
    [
        (
            "HTTPS://News.Example:443/a b?q=ü#x",
            Target("https", "news.example", 443, "/a%20b?q=%C3%BC"),
            "https://news.example/a%20b?q=%C3%BC",
        ),
        (
            "http://anna:geheim@news.example:8080",
            Target("http", "news.example", 8080, "/"),
            "http://news.example:8080/",
        ),
        (
            "http://bücher.example./a%2Fb%zz",
            Target("http", "xn--bcher-kva.example.", 80, "/a%2Fb%zz"),
            "http://xn--bcher-kva.example./a%2Fb%zz",
        ),
        ("http://0x7f.1/", Target("http", "127.0.0.1", 80, "/"), "http://127.0.0.1/"),
        ("http://１２７.0.0.1/", Target("http", "127.0.0.1", 80, "/"), "http://127.0.0.1/"),
        ("http://[2606:0::1]:81/", Target("http", "2606::1", 81, "/"), "http://[2606::1]:81/"),
        (
            "https://news.example/?a[]=1&b=%5B",
            Target("https", "news.example", 443, "/?a[]=1&b=%5B"),
            "https://news.example/?a[]=1&b=%5B",
        ),
    ],
)
def test_an_address_is_taken_apart(url, target, again):
    assert (parse_target(url), target.url) == (target, again)
    assert parse_target(again) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.example/feed",
        "ftp://news.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///feed",
        "http://news.example:0/",
        "http://news.example:99999/",
        "http://news.example:x/",
        "http://news.example:80:81/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://[::1]x/",
        "http://a..b/",
        "http://-a.example/",
        "http://other.example\\@news.example/",
        "http://news.example%2f.other.example/",
        "http://${HOST}/",
        "http://news.example/\x00",
        "http://news.example/a\r\nX: y",
        "http://new\ts.example/",
        "http://news.example/" + "a" * 20_000,
        "http://ff\ufffd.example/",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(ValueError, match=r"^the address [a-z0-9 ]+$"):
        parse_target(url)


BASE = Target("https", "news.example", 443, "/a/b?c=1")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("d", "https://news.example/a/d"),
        ("/d#e", "https://news.example/d"),
        ("?d=2", "https://news.example/a/b?d=2"),
        ("//other.example/d", "https://other.example/d"),
        ("http://other.example", "http://other.example/"),
        (" /d e ", "https://news.example/d%20e"),
        ("/gr\u00c3\u00bcn", "https://news.example/gr%C3%BCn"),
        ("/gr\u00fcn", "https://news.example/gr%FCn"),
        ("/\\other.example", "https://news.example/%5Cother.example"),
        ("", "https://news.example/a/b?c=1"),
    ],
)
def test_where_a_location_leads(location, url):
    assert parse_location(location, BASE).url == url


@pytest.mark.parametrize(
    "location",
    ["javascript:x", "/a\x00b", "/a\r\nb", "http://[", "mailto:a@b.example", "http://\u00fc"],
)
def test_where_no_location_leads(location):
    with pytest.raises(ValueError, match=r"^the address "):
        parse_location(location, BASE)


@given(st.text())
def test_any_text_is_an_address_or_none(text):
    for url in (text, f"http://{text}", f"http://a.example/{text}"):
        try:
            target = parse_target(url)
        except ValueError:
            continue
        assert parse_target(target.url) == target
        assert target.url.isascii()


def test_a_server_is_host_and_port():
    assert server_of("HTTPS://anna@News.Example:443/a") == "news.example"
    assert server_of("http://News.Example:8080/a") == "news.example:8080"
    assert server_of("http://[2606::1]:8080/a") == "[2606::1]:8080"
