"""Connections of the fetcher: kept ones, TLS, proxies, many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace

import pytest
import trustme
from loopback import (
    Exchange,
    Loopback,
    answer,
    chunked,
    head,
    kept,
    raw,
    redirect,
    resolve_to,
    sequence,
    server_tls,
    stall,
    truncate,
)
from test_fetcher import BODY, FEED, LIMITS, failed, fetch

from transforms.http.errors import (
    BrokenAnswerError,
    ConnectionFailedError,
    FetchError,
    TimedOutError,
)
from transforms.http.fetcher import Fetcher


def ask(fetcher: Fetcher, url: str = FEED) -> bytes:
    return fetcher.fetch(url, {}, {}, lambda _: None).body


def lines_of(server: Loopback) -> list[int]:
    return [request.connection for request in server.requests]


@pytest.mark.parametrize("whole", [answer(200, body=BODY), chunked(BODY), answer(304), answer(404)])
def test_a_connection_is_kept_after_a_whole_answer(whole):
    with Loopback({"/feed": whole}) as server:
        with closing(Fetcher(LIMITS, resolve_to(server))) as fetcher:
            for _ in range(3):
                ask(fetcher)
        assert lines_of(server) == [0, 0, 0]


def test_a_connection_is_for_one_host():
    with Loopback({"/feed": answer(200, body=BODY)}) as server:
        with closing(Fetcher(LIMITS, resolve_to(server))) as fetcher:
            for host in ("a.example", "b.example", "a.example:81", "a.example", "b.example"):
                ask(fetcher, f"http://{host}/feed")
        assert lines_of(server) == [0, 1, 2, 0, 1]


SMALL = replace(LIMITS, max_bytes=1000)


@pytest.mark.parametrize(
    "behave",
    [
        answer(200, body=b"x" * 5000),
        chunked(b"x" * 5000),
        truncate(b"x" * 500, missing=1),
        kept(head(200, [("Content-Length", "-1")])),
        kept(head(200, [("Content-Length", "1"), ("Transfer-Encoding", "chunked")]) + b"0\r\n\r\n"),
        answer(200, [("Connection", "close")], b"x"),
        kept(head(302, [("Location", "/other"), ("Content-Length", "1")]) + b"x"),
    ],
)
def test_a_connection_is_not_kept_after_another_answer(behave):
    with Loopback({"/first": behave, "/feed": answer(200, body=BODY)}) as server:
        with closing(Fetcher(SMALL, resolve_to(server))) as fetcher:
            with suppress(FetchError):
                ask(fetcher, "http://news.example/first")
            assert ask(fetcher) == BODY
        first, *_, last = lines_of(server)
    assert first != last


def test_an_answer_that_nobody_asked_for_is_not_taken():
    kept_lines = []

    def keep(exchange: Exchange) -> None:
        kept_lines.append(exchange)
        exchange.send(head(200, [("Content-Length", "4")]) + b"true")

    def slip_in(exchange: Exchange) -> None:
        kept_lines[0].send(head(200, [("Content-Length", "5")]) + b"false")
        exchange.send(head(204))

    with Loopback({"/feed": keep, "other.example/feed": slip_in}) as server:
        with closing(Fetcher(LIMITS, resolve_to(server))) as fetcher:
            found = [ask(fetcher, url) for url in (FEED, "http://other.example/feed", FEED)]
        assert lines_of(server) == [0, 1, 2]
    assert found == [b"true", b"", b"true"]


def test_a_kept_connection_that_was_closed_is_replaced():
    closing_late = sequence(
        kept(head(200, [("Content-Length", "0")])), raw(b""), answer(200, body=BODY)
    )
    with Loopback({"/feed": closing_late}) as server:
        with closing(Fetcher(LIMITS, resolve_to(server))) as fetcher:
            assert ask(fetcher) == b""
            got = fetcher.fetch(FEED, {}, {}, lambda _: None)
        assert lines_of(server) == [0, 0, 1]
    assert (got.body, got.requests) == (BODY, 1)


def test_a_kept_connection_that_is_slow_is_not_asked_again():
    slow = replace(LIMITS, read_seconds=0.8)
    with Loopback({"/feed": sequence(answer(200, body=BODY), stall())}) as server:
        with closing(Fetcher(slow, resolve_to(server))) as fetcher:
            ask(fetcher)
            with pytest.raises(TimedOutError) as caught:
                ask(fetcher)
        assert lines_of(server) == [0, 0]
    assert failed(caught.value) == (TimedOutError, "no bytes for 0.8 s", 1, None)


def test_a_new_connection_that_is_closed_is_an_error():
    with Loopback({"/feed": raw(b"")}) as server:
        with pytest.raises(BrokenAnswerError) as caught:
            fetch(server)
        assert len(server.requests) == 1
    says = "the server closed the connection without an answer"
    assert failed(caught.value) == (BrokenAnswerError, says, 1, None)


def test_many_threads_share_a_fetcher():
    hosts = [f"host{number}.example" for number in range(20)]
    routes = {f"{host}/feed": answer(200, body=host.encode()) for host in hosts}
    together = threading.Barrier(8)
    with Loopback(routes) as server:
        with closing(Fetcher(LIMITS, resolve_to(server))) as fetcher:

            def run(start: int) -> list[bool]:
                together.wait()
                return [
                    ask(fetcher, f"http://{host}/feed") == host.encode()
                    for host in hosts[start:] + hosts[:start]
                ]

            with ThreadPoolExecutor(8) as pool:
                assert all(all(right) for right in pool.map(run, range(8)))
        assert len(server.requests) == 160


def test_after_closing_nothing_is_left_open():
    with Loopback({"/feed": answer(200, body=BODY)}) as server:
        fetcher = Fetcher(LIMITS, resolve_to(server))
        ask(fetcher)
        before = {thread.name for thread in threading.enumerate()}
        fetcher.close()
        after = {thread.name for thread in threading.enumerate()}
    assert ("newsbeam-deadlines" in before, "newsbeam-deadlines" in after) == (True, False)


# TLS.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority, monkeypatch, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


def test_tls_with_the_name_of_the_host(trusted):
    routes = {"news.example/feed": answer(200, body=BODY)}
    with Loopback(routes, server_tls(trusted, ["news.example"])) as server:
        with closing(Fetcher(LIMITS, resolve_to(server))) as fetcher:
            assert [ask(fetcher, "https://news.example/feed") for _ in range(2)] == [BODY] * 2
        assert (server.names, lines_of(server)) == (["news.example"], [0, 0])


def test_a_certificate_of_another_host_is_refused(trusted):
    with Loopback(tls=server_tls(trusted, ["other.example"])) as server:
        with pytest.raises(ConnectionFailedError) as caught:
            fetch(server, "https://news.example/feed?key=geheim")
        assert server.requests == []
    says = (
        "the certificate is not good: Hostname mismatch, certificate is not valid for "
        "'news.example'."
    )
    assert failed(caught.value) == (ConnectionFailedError, says, 0, None)


def test_a_certificate_nobody_vouches_for_is_refused(authority):
    with Loopback(tls=server_tls(authority, ["news.example"])) as server:
        with pytest.raises(ConnectionFailedError, match="the certificate is not good: "):
            fetch(server, "https://news.example/feed")
        assert server.requests == []


def test_a_server_without_tls():
    with (
        Loopback(on_connect=raw(b"HTTP/1.1 400 Bad\r\n\r\n")) as server,
        pytest.raises(ConnectionFailedError, match=r"^no TLS: [A-Z_]+$"),
    ):
        fetch(server, "https://news.example/feed")


def test_own_headers_do_not_follow_from_https_to_http(trusted):
    routes = {
        "/feed": redirect("http://news.example:80/plain"),
        "/plain": answer(200, body=BODY),
    }
    with (
        Loopback(routes, server_tls(trusted, ["news.example"])) as secure,
        Loopback(routes) as plain,
    ):
        by_port = {443: resolve_to(secure), 80: resolve_to(plain)}
        got = fetch(
            secure,
            "https://news.example/feed",
            own={"X-Key": "geheim"},
            resolve=lambda host, port, **_: by_port[port](),
        )
        seen = [r.header("x-key") for r in secure.requests + plain.requests]
    assert (got.body, seen) == (BODY, ["geheim", None])


# Proxies.

NAMED = "http://anna:gehe%20im@proxy.example:3128"
BASIC = "Basic YW5uYTpnZWhlIGlt"


def test_a_proxy_is_asked_for_the_whole_address():
    with Loopback({"news.example/feed": answer(200, body=BODY)}) as server:
        got = fetch(server, FEED + "?a=1", limits=replace(LIMITS, proxy=NAMED))
        (asked,) = server.requests
    assert (got.body, asked.target) == (BODY, "http://news.example/feed?a=1")
    assert (asked.header("host"), asked.header("proxy-authorization")) == ("news.example", BASIC)


def test_a_proxy_may_have_any_address_and_names_are_its_business():
    with Loopback({"news.example/feed": answer(200, body=BODY)}) as server:
        limits = replace(LIMITS, proxy=server.url, allow_private_hosts=False)
        assert fetch(server, limits=limits).body == BODY


def test_tls_goes_through_a_tunnel(trusted):
    routes = {"news.example/feed": answer(200, body=BODY)}
    with Loopback(routes, server_tls(trusted, ["news.example"])) as server:
        with closing(Fetcher(replace(LIMITS, proxy=NAMED), resolve_to(server))) as fetcher:
            assert [ask(fetcher, "https://news.example/feed") for _ in range(2)] == [BODY] * 2
        tunnel, *inside = server.requests
        names = server.names
    assert (tunnel.method, tunnel.target) == ("CONNECT", "news.example:443")
    assert tunnel.header("proxy-authorization") == BASIC
    assert names == ["news.example"]
    assert [(r.target, r.header("proxy-authorization")) for r in inside] == [("/feed", None)] * 2


@pytest.mark.parametrize(
    ("behave", "says"),
    [
        (answer(403), "the proxy refuses to connect to the host"),
        (answer(407), "the proxy refuses to connect to the host"),
        (raw(b"rubbish geheim\r\n\r\n"), "the proxy's answer is no HTTP"),
    ],
)
def test_a_proxy_that_makes_no_tunnel(behave, says):
    with Loopback(on_tunnel=behave) as server, pytest.raises(ConnectionFailedError) as caught:
        fetch(server, "https://news.example/feed", limits=replace(LIMITS, proxy=NAMED))
    assert failed(caught.value) == (ConnectionFailedError, says, 0, None)


def test_a_proxy_that_wants_other_credentials():
    with Loopback({"/feed": answer(407)}) as server, pytest.raises(ConnectionFailedError) as caught:
        fetch(server, limits=replace(LIMITS, proxy=NAMED))
    says = "the proxy wants other credentials (407)"
    assert failed(caught.value) == (ConnectionFailedError, says, 1, None)


def test_a_proxy_that_is_not_there():
    with Loopback() as server:
        pass
    with pytest.raises(ConnectionFailedError) as caught:
        fetch(server, limits=replace(LIMITS, proxy=NAMED))
    says = "no connection to the proxy: Connection refused"
    assert failed(caught.value) == (ConnectionFailedError, says, 0, None)


@pytest.mark.parametrize(
    "proxy", ["proxy.example", "https://u:geheim@proxy.example", "http://[::1"]
)
def test_what_is_no_proxy(proxy):
    says = r"^the proxy must be http://\[user:password@\]host\[:port\]$"
    with pytest.raises(ValueError, match=says):
        Fetcher(replace(LIMITS, proxy=proxy))
