"""Servers that mean harm or are broken: every answer ends in time, in bounds, and as what it is."""

import gzip
import tracemalloc
import zlib
from dataclasses import replace

import pytest
import trustme
from loopback import (
    Loopback,
    answer,
    big,
    bomb,
    chunk,
    chunked,
    drip,
    garbage,
    head,
    kept,
    raw,
    redirect,
    reset,
    sequence,
    server_tls,
    stall,
    truncate,
    zipped,
)
from test_fetcher import BODY, FEED, LIMITS, failed, fetch

from transforms.http.errors import (
    BrokenAnswerError,
    ConnectionFailedError,
    TimedOutError,
    TooLargeError,
)
from transforms.http.fetcher import FetchLimits

HASTY = replace(LIMITS, connect_seconds=0.4, read_seconds=0.4, total_seconds=10)
SHORT = replace(LIMITS, connect_seconds=5, read_seconds=5, total_seconds=0.5)
TRUNCATED = "the body was cut short: the last chunk is missing"
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def error_of(behave, limits: FetchLimits = LIMITS, url: str = FEED, **more):
    with Loopback({"/feed": behave}, **more) as server, pytest.raises(Exception) as caught:  # noqa: PT011
        fetch(server, url, limits=limits)
    return failed(caught.value)


@pytest.mark.parametrize(
    ("behave", "says", "status"),
    [
        (garbage, "the answer does not begin like HTTP", None),
        (raw(b"HTTP/2 200\r\n\r\n"), "the answer does not begin like HTTP", None),
        (raw(b"HTTP/1.1 99 Low\r\n\r\n"), "the answer does not begin like HTTP", None),
        (raw(b"HTTP/1.1 OK\r\n\r\n"), "the answer does not begin like HTTP", None),
        (raw(b"\r\n" * 9), "the answer does not begin like HTTP", None),
        (raw(b"HTTP/1.1 200 " + b"x" * 70_000), "the answer has a line that is too long", None),
        (raw(HEAD + b"X: " + b"x" * 70_000), "the answer has a line that is too long", None),
        (raw(HEAD + b"X: y\r\n" * 200 + b"\r\n"), "the answer has too many headers", None),
        (raw(b"HTTP/1.1 100 Go\r\n\r\n" * 50), "the answer has too many headers", None),
        (raw(b"HTTP/1.1 103 Go\r\n\r\n" * 50), "the answer has too many headers", None),
        (answer(101), "the server changed the protocol unasked (101)", None),
        (raw(b""), "the server closed the connection without an answer", None),
        (reset(), "the connection broke: Connection reset by peer", None),
        (truncate(BODY), "the body was cut short: 6 of 7 bytes came", 200),
        (truncate(b"", 10**17), f"the body has {10**17} bytes; the limit is 100000", 200),
        (chunked(BODY, end=b""), TRUNCATED, 200),
        (raw(CHUNKED + b"5\r\nab"), TRUNCATED, 200),
        (raw(CHUNKED + b"5"), TRUNCATED, 200),
        (raw(CHUNKED + chunk(BODY) + b"0\r\n"), TRUNCATED, 200),
        (raw(CHUNKED + b"-1\r\nab"), "the body has a malformed chunk", 200),
        (raw(CHUNKED + b"0x2\r\nab\r\n"), "the body has a malformed chunk", 200),
        (raw(CHUNKED + b"1_0\r\nab\r\n"), "the body has a malformed chunk", 200),
        (raw(CHUNKED + b"\r\nab\r\n"), "the body has a malformed chunk", 200),
        (raw(CHUNKED + b"1\r\nabc\r\n"), "the body has a malformed chunk, or was cut short", 200),
        (raw(CHUNKED + b"0\r\n" + b"X: y\r\n" * 200), "the body has too many trailers", 200),
    ],
)
def test_what_is_no_complete_answer(behave, says, status):
    kind = TooLargeError if "limit" in says else BrokenAnswerError
    assert error_of(behave) == (kind, says, 1, status)


@pytest.mark.parametrize("length", ["-1", "+6", "6, 7", "six", "6.0", "", "٦", "1" * 30])
def test_lengths_that_are_none(length):
    says = "the answer has a Content-Length that is no number"
    behave = raw(head(200, [("Content-Length", length.encode().decode("latin-1"))]) + BODY)
    assert error_of(behave) == (BrokenAnswerError, says, 1, 200)


@pytest.mark.parametrize("coding", ["gzip, chunked", "chunked, chunked", "gzip", "xchunked"])
def test_transfer_codings_nobody_asked_for(coding):
    behave = raw(head(200, [("Transfer-Encoding", coding)]) + chunk(BODY) + b"0\r\n\r\n")
    says = "the answer has a Transfer-Encoding that was not asked for"
    assert error_of(behave) == (BrokenAnswerError, says, 1, 200)


ZIPPED = gzip.compress(BODY * 100, mtime=0)
CODED = "the body has a Content-Encoding that was not asked for"


@pytest.mark.parametrize(
    ("coding", "sent", "says"),
    [
        ("gzip", ZIPPED[:-1], "the body was cut short: gzip ends after 600 bytes"),
        ("gzip", ZIPPED[:11], "the body was cut short: gzip ends after 0 bytes"),
        ("gzip", ZIPPED[:-8] + bytes(8), "the body is damaged: gzip ends after 0 bytes"),
        ("gzip", BODY, "the body is damaged: gzip ends after 0 bytes"),
        ("deflate", zlib.compress(BODY)[:-1], "the body was cut short: deflate ends after 6 bytes"),
        ("br", BODY, f"{CODED}: br"),
        ("utf-8", BODY, f"{CODED}: utf-8"),
        ("geheim\x01", BODY, CODED),
        ("gzip, gzip, gzip, gzip", ZIPPED, "the body has more than 3 codings"),
    ],
)
def test_codings_that_cannot_be_undone(coding, sent, says):
    behave = answer(200, [("Content-Encoding", coding)], sent)
    assert error_of(behave) == (BrokenAnswerError, says, 1, 200)


TWICE = gzip.compress(gzip.compress(bytes(50_000_000), mtime=0), mtime=0)


@pytest.mark.parametrize(
    ("behave", "says"),
    [
        (big(100_000_000, declared=True), "the body has 100000000 bytes; the limit is 100000"),
        (big(100_000_000), "the body has more than 100000 bytes"),
        (chunked(*[b"x" * 50_000] * 3), "the body has more than 100000 bytes"),
        (
            raw(CHUNKED + b"FFFFFFFFFFFFFFF\r\n" + b"x" * 200_000),
            "the body has more than 100000 bytes",
        ),
        (bomb(50_000_000), "the body decodes to more than 100000 bytes"),
        (
            answer(200, [("Content-Encoding", "deflate")], zlib.compress(bytes(50_000_000))),
            "the body decodes to more than 100000 bytes",
        ),
        (
            answer(
                200,
                [("Content-Encoding", "gzip, gzip")],
                gzip.compress(gzip.compress(bytes(50_000_000), mtime=0), mtime=0),
            ),
            "the body decodes to more than 100000 bytes",
        ),
    ],
)
def test_what_is_too_large(behave, says):
    assert error_of(behave) == (TooLargeError, says, 1, 200)


def test_what_is_too_large_is_not_held_in_memory():
    with Loopback({"/feed": sequence(big(100_000_000), bomb(100_000_000))}) as server:
        for _ in range(2):
            tracemalloc.start()
            with pytest.raises(TooLargeError):
                fetch(server)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert most < 4_000_000


def test_the_limit_itself_is_not_too_large():
    full = b"x" * LIMITS.max_bytes
    with Loopback(
        {"/feed": sequence(answer(200, body=full), zipped(full), big(100_000))}
    ) as server:
        assert [fetch(server).body for _ in range(3)] == [full] * 3


@pytest.mark.parametrize(
    "behave",
    [
        raw(head(410, [("Content-Length", "-1")]) + BODY),
        raw(head(410, [("Content-Length", "9")]) + BODY),
        answer(410, body=b"x" * 90_000),
        answer(410, [("Content-Encoding", "br")], BODY),
        stall(head(410, [("Content-Length", "9")]) + BODY),
        drip(head(410) + b"x" * 10**6, 0.01, 100),
    ],
)
def test_a_status_stands_without_its_body(behave):
    with Loopback({"/feed": behave}) as server:
        got = fetch(server, limits=replace(LIMITS, read_seconds=0.8, total_seconds=0.8))
    assert (got.status, got.raw, got.body) == (410, b"", b"")


@pytest.mark.parametrize("status", [204, 304])
def test_a_body_where_there_is_none_is_not_taken_for_an_answer(status):
    first = kept(head(status, [("Content-Length", "6")]) + head(200) + BODY)
    with Loopback({"/feed": sequence(first, answer(200, body=b"true"))}) as server:
        assert fetch(server).body == b""
        assert fetch(server).body == b"true"


def test_the_body_of_a_redirect_is_not_waited_for():
    first = stall(head(302, [("Location", "/end"), ("Content-Length", "1000")]))
    patient = replace(LIMITS, read_seconds=60, total_seconds=2)
    with Loopback({"/feed": first, "/end": answer(200, body=BODY)}) as server:
        assert fetch(server, limits=patient).body == BODY


@pytest.mark.parametrize(
    ("behave", "status"),
    [
        (stall(), None),
        (stall(b"HTTP/1.1 2"), None),
        (stall(HEAD + b"X: y\r\n"), None),
        (stall(HEAD + b"Content-Length: 6\r\n\r\n<rss"), 200),
        (stall(CHUNKED + b"6\r\n<rss"), 200),
        (stall(HEAD + b"\r\n<rss/>"), 200),
    ],
)
def test_a_server_that_falls_silent(behave, status):
    assert error_of(behave, HASTY) == (TimedOutError, "no bytes for 0.4 s", 1, status)


LATE = "no complete answer within 0.5 s"


@pytest.mark.parametrize(
    "behave",
    [
        drip(b"HTTP/1.1 200 OK", 0.02),
        drip(HEAD + b"X: y\r\n" * 20, 0.02, 3),
        drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000, 0.02),
        drip(HEAD + b"Content-Length: 50000\r\n\r\n" + b"x" * 1000, 0.02, 100),
        drip(CHUNKED + chunk(b"x") * 1000, 0.02, 100),
        drip(HEAD + b"\r\n" + b"x" * 1000, 0.02, 100),
        stall(),
    ],
)
def test_a_deadline_holds_while_bytes_drip(behave):
    kind, says, requests, _ = error_of(behave, SHORT)
    assert (kind, says, requests) == (TimedOutError, LATE, 1)


def test_a_deadline_is_for_all_redirects_together():
    hops = {f"/{n}": drip_then(redirect(f"/{n + 1}")) for n in range(5)}
    with Loopback(hops) as server, pytest.raises(TimedOutError, match=f"^{LATE}"):
        fetch(server, "http://a.example/0", limits=SHORT)


def drip_then(behave):
    def later(exchange):
        exchange.wait(0.15)
        behave(exchange)

    return later


def test_waiting_before_a_request_is_not_counted():
    routes = {"/feed": redirect("/end"), "/end": answer(200, body=BODY), "/slow": stall()}
    waits = []

    def wait(host: str) -> None:
        with pytest.raises(TimedOutError):
            fetch(server, "http://other.example/slow", limits=SHORT)
        waits.append(host)

    with Loopback(routes) as server:
        limits = replace(SHORT, total_seconds=0.9)
        assert fetch(server, limits=limits, before=wait).body == BODY
    assert waits == ["news.example", "news.example"]


@pytest.mark.parametrize(
    ("limits", "says"),
    [(HASTY, "no connection within 0.4 s"), (SHORT, LATE)],
)
@pytest.mark.parametrize("dripping", [False, True])
def test_a_tls_handshake_that_does_not_end(limits, says, dripping):
    # A handshake record of 16384 bytes that never comes whole.
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
    behave = drip(record, 0.02) if dripping else stall()
    found = error_of(answer(), limits, "https://news.example/feed", on_connect=behave)
    assert found == (TimedOutError, says, 0, None)


def test_a_tunnel_that_does_not_come_about():
    with Loopback(on_tunnel=drip(b"HTTP/1.1 200 OK\r\nX: y\r\n", 0.02)) as server:
        limits = replace(SHORT, proxy=server.url)
        with pytest.raises(TimedOutError) as caught:
            fetch(server, "https://news.example/feed", limits=limits)
    assert failed(caught.value) == (TimedOutError, LATE, 0, None)


def test_a_name_without_an_address():
    def unknown(*_, **__):
        raise OSError(-2, "geheim")

    with Loopback() as server, pytest.raises(ConnectionFailedError) as caught:
        fetch(server, resolve=unknown)
    says = "the host is not known (no address found)"
    assert failed(caught.value) == (ConnectionFailedError, says, 0, None)


def test_a_deadline_inside_tls(tmp_path, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    found = error_of(
        drip(HEAD + b"\r\n" + b"x" * 1000, 0.02, 100),
        SHORT,
        "https://news.example/feed",
        tls=server_tls(authority, ["news.example"]),
    )
    assert found == (TimedOutError, LATE, 1, 200)
