"""One request over real sockets: redirects, secrets, names, TLS, proxies."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from loopback import (
    Loopback,
    address_info,
    answer,
    chunked,
    raw,
    redirect,
    resolve_to,
    sequence,
    zipped,
)

from transforms.http.connections import allowed_addresses
from transforms.http.errors import (
    BadAddressError,
    BrokenAnswerError,
    FetchError,
    RedirectError,
    RefusedAddressError,
)
from transforms.http.fetcher import Answer, Fetcher, FetchLimits, Hop

LIMITS = FetchLimits(
    connect_seconds=5, read_seconds=5, total_seconds=10, max_bytes=100_000, allow_private_hosts=True
)
FEED = "http://news.example/feed"
BODY = b"<rss/>"
LENGTH = ("Content-Length", "6")


def fetch(
    server: Loopback,
    url: str = FEED,
    headers: Mapping[str, str] | None = None,
    own: Mapping[str, str] | None = None,
    limits: FetchLimits = LIMITS,
    **more: object,
) -> Answer:
    fetcher = Fetcher(limits, more.pop("resolve", resolve_to(server)))
    try:
        return fetcher.fetch(
            url, headers or {}, own or {}, more.pop("before", lambda _: None), **more
        )
    finally:
        fetcher.close()


def failed(error: FetchError) -> tuple[type, str, int, int | None]:
    return type(error), error.detail, error.requests, error.status


def test_an_answer_and_what_was_asked():
    with Loopback({"/feed": answer(200, [("ETag", '"1"'), ("etag", "2")], BODY)}) as server:
        got = fetch(server, FEED + "?a=ü b#c", {"If-None-Match": '"0"', "user-agent": "me"})
        (asked,) = server.requests
    assert got == Answer(
        status=200,
        headers=(("ETag", '"1"'), ("etag", "2"), LENGTH),
        raw=BODY,
        body=BODY,
        url=FEED + "?a=%C3%BC%20b",
        public_url=FEED + "?a=%C3%BC%20b",
        permanent_to=None,
        requests=1,
        hops=(),
    )
    assert (asked.method, asked.target) == ("GET", "/feed?a=%C3%BC%20b")
    assert asked.headers == (
        ("Host", "news.example"),
        ("Accept-Encoding", "gzip, deflate"),
        ("user-agent", "me"),
        ("Accept", "*/*"),
        ("If-None-Match", '"0"'),
    )


@pytest.mark.parametrize("status", [204, 304, 400, 404, 410, 429, 503, 300, 305])
def test_any_status_is_an_answer(status):
    with Loopback({"/feed": answer(status, [("Retry-After", "7")])}) as server:
        got = fetch(server)
    assert (got.status, got.headers[0], got.body) == (status, ("Retry-After", "7"), b"")


DEFLATE = zlib.compressobj(wbits=-15)
BARE = DEFLATE.compress(BODY) + DEFLATE.flush()


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("X-GZIP", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY[:3], mtime=0) + gzip.compress(BODY[3:], mtime=0)),
        ("gzip", gzip.compress(BODY, mtime=0) + b"\0\0rest"),
        ("deflate", zlib.compress(BODY)),
        ("deflate", BARE),
        ("deflate, gzip", gzip.compress(BARE, mtime=0)),
        ("identity", BODY),
        ("", BODY),
    ],
)
def test_codings_are_undone(coding, sent):
    with Loopback({"/feed": answer(200, [("Content-Encoding", coding)], sent)}) as server:
        got = fetch(server)
    assert (got.raw, got.body) == (sent, BODY)


def test_an_empty_body_may_have_a_coding_and_no_bytes():
    bare = answer(200, [("Content-Encoding", "gzip")])
    with Loopback({"/feed": sequence(bare, zipped(b""))}) as server:
        assert [fetch(server).body for _ in range(2)] == [b"", b""]


@pytest.mark.parametrize(
    "behave",
    [
        chunked(b"<r", b"ss", b"/>"),
        chunked(BODY, end=b"0;a=b\r\nTrailer: x\r\n\r\n"),
        raw(b"HTTP/1.0 200 OK\r\n\r\n" + BODY),
        raw(b"HTTP/1.1 200\nContent-Length: 6, 6\n\n" + BODY),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + BODY + b"more"),
        raw(
            b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
            + b"HTTP/1.1 200 OK\r\n\r\n"
            + BODY
        ),
    ],
)
def test_ways_to_end_a_body(behave):
    with Loopback({"/feed": behave}) as server:
        got = fetch(server)
    assert (got.status, got.raw, got.body) == (200, BODY, BODY)


def test_redirects_are_followed_and_each_is_announced():
    hosts: list[str] = []
    with Loopback() as server:
        here = f"127.0.0.1:{server.port}"
        server.routes |= {
            "/feed": redirect("../a b?x=1#y", 301),
            "/a%20b": redirect(f"//{here}/c", 308),
            "/c": redirect("http://other.example/d", 301),
            "other.example/d": answer(200, body=BODY),
        }
        got = fetch(server, headers={"If-None-Match": '"0"'}, before=hosts.append)
        asked, validators = server.asked, [r.header("if-none-match") for r in server.requests]
    assert hosts == ["news.example", "news.example", here, "other.example"]
    assert asked == [
        "news.example/feed",
        "news.example/a%20b?x=1",
        "127.0.0.1/c",
        "other.example/d",
    ]
    assert validators == ['"0"'] * 4
    assert got == Answer(
        status=200,
        headers=(LENGTH,),
        raw=BODY,
        body=BODY,
        url="http://other.example/d",
        public_url="http://other.example/d",
        permanent_to="http://other.example/d",
        requests=4,
        hops=(
            Hop(301, "http://news.example/a%20b?x=1"),
            Hop(308, f"http://{here}/c"),
            Hop(301, "http://other.example/d"),
        ),
    )


@pytest.mark.parametrize(
    ("statuses", "last", "permanent"),
    [
        ((301, 308), "/end", f"{FEED.removesuffix('/feed')}/end"),
        ((301, 302), "/end", None),
        ((307, 301), "/end", None),
        ((303,), "/end", None),
        ((301,), "/end?key=abc", None),
    ],
)
def test_a_move_is_permanent_when_every_step_is_and_nothing_is_hidden(statuses, last, permanent):
    places = ["/feed", *(f"/{number}" for number in range(1, len(statuses))), last]
    routes = {
        place.partition("?")[0]: redirect(to, status)
        for place, to, status in zip(places, places[1:], statuses, strict=False)
    }
    with Loopback({**routes, "/end": answer(404)}) as server:
        got = fetch(server)
    assert (got.status, got.permanent_to, len(got.hops)) == (404, permanent, len(statuses))


def test_a_redirect_without_location_is_an_answer():
    with Loopback({"/feed": answer(302, body=BODY)}) as server:
        got = fetch(server)
    assert (got.status, got.body, got.hops) == (302, BODY, ())


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("/feed", "redirects go in a circle"),
        ("HTTP://NEWS.example:80/feed#a", "redirects go in a circle"),
        ("/b", "redirects go in a circle, after a redirect to http://news.example/b"),
        ("file:///etc/passwd", "a redirect leads nowhere: the address is not http or https"),
        ("/a\x00b", "a redirect leads nowhere: the address has control characters"),
        ("/a\x0bb", "a redirect leads nowhere: the address has control characters"),
        ("http://[", "a redirect leads nowhere: the address is malformed"),
        ("http://a..b/", "a redirect leads nowhere: the address has no valid host"),
        ("//u:geheim@x\\@y/", "a redirect leads nowhere: the address has no valid host"),
    ],
)
def test_redirects_that_are_not_followed(location, says):
    routes = {"/feed": redirect(location), "/b": redirect("/feed")}
    with Loopback(routes) as server, pytest.raises(RedirectError) as caught:
        fetch(server)
    requests = 2 if location == "/b" else 1
    assert failed(caught.value) == (RedirectError, says, requests, 302)


def test_redirects_are_counted():
    routes = {f"/{number}": redirect(f"/{number + 1}") for number in range(9)}
    with Loopback(routes) as server:
        assert fetch(server, "http://a.example/4").requests == 6
        with pytest.raises(RedirectError) as caught:
            fetch(server, "http://a.example/3")
    says = "more than 5 redirects, after a redirect to http://a.example/8"
    assert failed(caught.value) == (RedirectError, says, 6, 302)


def test_own_headers_stay_with_the_first_server():
    routes = {
        "a.example/1": redirect("/2"),
        "a.example/2": redirect("http://a.example:8080/3"),
        "a.example/3": redirect("http://b.example/4"),
        "b.example/4": redirect("http://c:d@a.example/5"),
    }
    with Loopback(routes) as server:
        fetch(server, "http://u:p%C3%BC@a.example/1", {"X-Mine": "1"}, {"X-Key": "geheim"})
        seen = [(r.header("authorization"), r.header("x-key")) for r in server.requests]
        assert {r.header("x-mine") for r in server.requests} == {"1"}
        assert {r.target for r in server.requests} == {"/1", "/2", "/3", "/4", "/5"}
    assert seen == [("Basic dTpww7w=", "geheim")] * 2 + [(None, None)] * 3


def test_an_authorization_that_is_given_wins():
    with Loopback() as server:
        fetch(server, "http://u:p@a.example/", own={"authorization": "Bearer x"})
        assert server.requests[0].header("authorization") == "Bearer x"


def test_nothing_secret_is_shown():
    url = "http://anna:geheim1@news.example/geheim2/feed?key=geheim3&n=1"
    routes = {"/geheim2/feed": redirect("http://x:geheim4@o.example/geheim2?token=geheim5", 301)}
    with Loopback(routes) as server:
        got = fetch(server, url, own={"X-Key": "geheim6"}, secrets=["geheim2"])
        server.routes["/geheim2"] = raw(b"geheim2 geheim3 geheim5")
        with pytest.raises(BrokenAnswerError) as caught:
            fetch(server, url, own={"X-Key": "geheim6"}, secrets=["geheim2"])
    assert (got.public_url, got.permanent_to) == ("http://o.example/***?token=***", None)
    assert "geheim" not in repr(got)
    assert "geheim" not in repr(LIMITS) + repr(replace(LIMITS, proxy="http://a:geheim@p.example"))
    assert failed(caught.value) == (
        BrokenAnswerError,
        "the answer does not begin like HTTP, after a redirect to http://o.example/***?token=***",
        2,
        None,
    )
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"X-Key": "geheim\r\nX: y"}, "the request header X-Key has a value that cannot be sent"),
        ({"X-Key": "geheim\u0416"}, "the request header X-Key has a value that cannot be sent"),
        ({"X Key:": "geheim"}, "a request header has a name that cannot be sent"),
        ({"host": "other.example"}, "the request header host belongs to the connection"),
    ],
)
def test_headers_that_cannot_be_sent(headers, says):
    with Loopback() as server, pytest.raises(BadAddressError) as caught:
        fetch(server, own=headers)
    assert failed(caught.value) == (BadAddressError, says, 0, None)


def test_what_the_caller_raises_comes_through():
    def refuse(host: str) -> None:
        raise KeyError(host)

    with Loopback() as server:
        with pytest.raises(KeyError, match=r"news\.example"):
            fetch(server, before=refuse)
        assert server.connections == 0


# Addresses of the peer.

STRICT = replace(LIMITS, allow_private_hosts=False)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1/", "127.0.0.1 is loopback"),
        ("http://0x7f.1/", "127.0.0.1 is loopback"),
        ("http://2852039166/latest/meta-data", "169.254.169.254 is link-local"),
        ("http://[::ffff:a00:1]/", "::ffff:a00:1 is a form of 10.0.0.1, which is private"),
    ],
)
@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_a_refused_address_is_not_asked(url, says, proxy):
    hosts: list[str] = []
    with Loopback() as server:
        with pytest.raises(RefusedAddressError) as caught:
            fetch(server, url, limits=replace(STRICT, proxy=proxy), before=hosts.append)
        assert (server.connections, hosts) == (0, [])
    assert failed(caught.value) == (RefusedAddressError, says, 0, None)


def test_a_name_with_a_refused_address_is_not_asked():
    with Loopback() as server:
        with pytest.raises(RefusedAddressError) as caught:
            fetch(server, limits=STRICT)
        assert server.connections == 0
    says = "the host's address must not be connected to: 127.0.0.1 is loopback"
    assert failed(caught.value) == (RefusedAddressError, says, 0, None)


def test_a_redirect_into_a_refused_address_is_not_followed():
    # Behind a proxy names are the proxy's business, and so the first hop can be had here.
    with Loopback({"/feed": redirect("http://169.254.169.254/latest")}) as server:
        with pytest.raises(RefusedAddressError) as caught:
            fetch(server, limits=replace(STRICT, proxy=server.url))
        assert server.asked == ["news.example/feed"]
    says = "169.254.169.254 is link-local, after a redirect to http://169.254.169.254/latest"
    assert failed(caught.value) == (RefusedAddressError, says, 1, None)


def test_of_several_addresses_only_those_that_may_be_asked_are():
    inner, outer = address_info("10.0.0.1", 80), address_info("2606:4700::1111", 80)
    chosen = allowed_addresses([inner, outer, inner, outer], any_address=False)
    assert chosen == [(outer[0], outer[4])]
    chosen = allowed_addresses([inner, outer, inner], any_address=True)
    assert chosen == [(inner[0], inner[4]), (outer[0], outer[4])]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (LIMITS, "the connection led to another address"),
        (
            STRICT,
            "the host's address must not be connected to: "
            "the resolver gave something that is no address",
        ),
    ],
)
def test_a_resolver_that_gives_no_address(limits, says):
    with Loopback({"/feed": answer(200, body=BODY)}) as server:
        infos = [address_info("localhost", server.port)]
        with pytest.raises(RefusedAddressError) as caught:
            fetch(server, limits=limits, resolve=lambda *_, **__: infos)
        assert server.requests == []
    assert failed(caught.value) == (RefusedAddressError, says, 0, None)


def test_of_several_addresses_one_that_answers_is_taken():
    with Loopback() as gone:
        pass
    with Loopback({"/feed": answer(200, body=BODY)}) as server:
        infos = [address_info("127.0.0.1", gone.port), address_info("127.0.0.1", server.port)]
        assert fetch(server, resolve=lambda *_, **__: infos).body == BODY
