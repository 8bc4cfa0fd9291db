"""One request and its answer, whole or not at all."""

import http.client
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import unquote_to_bytes, urlsplit

from transforms.http.body import CHUNKED, decode_body, length_of, read_body
from transforms.http.connections import Connection, Connector, IdleConnections, Resolver
from transforms.http.errors import (
    BadAddressError,
    BrokenAnswerError,
    ConnectionFailedError,
    FetchError,
    KeptConnectionClosedError,
    TimedOutError,
)
from transforms.http.headers import header
from transforms.http.target import Target
from transforms.http.watchdog import Watch, Watchdog

REDIRECTS = (301, 302, 303, 307, 308)
PERMANENT = (301, 308)
_LARGEST_REFUSAL = 1 << 16
# How a kept connection fails that the other side has closed, or sent more over than was asked for.
_STALE = (ConnectionError, http.client.BadStatusLine, ssl.SSLError)
_FOLD = re.compile(r"\r?\n[ \t]+")
_RESERVED = frozenset(
    """
    accept-encoding connection content-length expect host keep-alive proxy-authorization
    proxy-connection te trailer transfer-encoding upgrade
    """.split()
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost, and how it is made."""

    connect_seconds: float = 10
    """Connecting to a host, all of its addresses together; and then the TLS handshake."""
    read_seconds: float = 30
    """Between two bytes of an answer."""
    total_seconds: float = 90
    """All requests of one fetch together, without the waiting before them. The system's resolver
    cannot be interrupted; the limit is looked at after it."""
    max_bytes: int = 32 << 20
    """Of a body, as sent and as decoded."""
    max_redirects: int = 5
    allow_private_hosts: bool = False
    """Connect to any address, :func:`transforms.http.addresses.refusal` or not."""
    user_agent: str = "newsbeam"
    proxy: str | None = field(default=None, repr=False)
    """``http://[user:password@]host:port`` of a proxy, for http and, by CONNECT, for https."""


class Reply(NamedTuple):
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes
    """The body on the wire, without the framing."""
    body: bytes
    """The body, its coding undone."""


class _Proxy(NamedTuple):
    host: str
    port: int
    headers: dict[str, str]


class Exchange:
    """Makes requests one at a time in each of many threads.

    Args:
        limits: of each.
        resolve: finds addresses, as :func:`socket.getaddrinfo` does.

    Raises:
        ValueError: the proxy's address is none.
    """

    def __init__(self, limits: FetchLimits, resolve: Resolver = socket.getaddrinfo) -> None:
        self._limits = limits
        self._proxy = _proxy_of(limits.proxy) if limits.proxy else None
        self._watchdog = Watchdog()
        self._idle = IdleConnections()
        self._connector = Connector(
            resolve,
            limits.allow_private_hosts,
            limits.connect_seconds,
        )

    def close(self) -> None:
        """Close the idle connections; what is under way fails or ends by itself."""
        self._idle.close()
        self._watchdog.close()

    def check(self, target: Target) -> None:
        """Refuse a target whose host is an address that must not be connected to.

        Raises:
            RefusedAddressError: it is.
        """
        self._connector.check(target.host)

    def ask(
        self,
        target: Target,
        headers: Mapping[str, str],
        seconds: float,
        sent: Callable[[], None],
        *,
        anew: bool = False,
    ) -> Reply:
        """Make one request. The bodies of redirects are not read.

        An answer that is neither a success nor a redirect stands even when its body is too large,
        broken or late: the body is then empty, for the status is what counts.

        Args:
            target: what is asked for.
            headers: of the request; Host and what belongs to the connection are added.
            seconds: until the answer must be complete.
            sent: called when the request is about to be written to a connection.
            anew: it is the same request again, over a connection of its own.

        Raises:
            KeptConnectionClosedError: it went over a kept connection that had been closed.
            FetchError: there is no complete answer.
        """
        lines = {"Host": target.server, "Accept-Encoding": "gzip, deflate", **_checked(headers)}
        watch = self._watchdog.watch(seconds)
        try:
            if anew:
                connection = self._connect(target, watch)
                answer = self._head(connection, target, lines, watch)
            else:
                connection, answer = self._answered(target, lines, watch, sent)
            return self._read(target, connection, answer, watch)
        except (FetchError, OSError, http.client.HTTPException) as error:
            if watch.end():
                status = error.status if isinstance(error, FetchError) else None
                late = f"no complete answer within {self._limits.total_seconds:g} s"
                raise TimedOutError(late, status=status) from None
            raise self._translated(error) from None
        finally:
            watch.end()

    def _answered(
        self, target: Target, lines: dict[str, str], watch: Watch, sent: Callable[[], None]
    ) -> tuple[Connection, http.client.HTTPResponse]:
        kept = self._idle.take(target.origin)
        if kept is not None:
            sent()
            watch.attach(cast(socket.socket, kept.handle))
            try:
                return kept, self._head(kept, target, lines, watch)
            except _STALE:
                # The server may have closed it while we wrote; RFC 9110, section 9.2.2, lets a GET
                # be sent again. Whoever asks has a word to say first, for it may have come through.
                if watch.over:
                    raise
                raise KeptConnectionClosedError("the connection was closed") from None
        connection = self._connect(target, watch)
        sent()
        return connection, self._head(connection, target, lines, watch)

    def _head(
        self, connection: Connection, target: Target, lines: dict[str, str], watch: Watch
    ) -> http.client.HTTPResponse:
        path = target.path
        if self._proxy and target.scheme == "http":
            path = target.url
            lines = {**lines, **self._proxy.headers}
        try:
            return connection.answer(path, lines, self._limits.read_seconds)
        except BaseException:
            _drop(connection, watch)
            raise

    def _connect(self, target: Target, watch: Watch) -> Connection:
        secure = target.scheme == "https"
        proxy = self._proxy
        try:
            if proxy is None:
                return self._connector.open(target.host, target.port, watch, secure=secure)
            tunnel = (target.host, target.port, proxy.headers) if secure else None
            return self._connector.open(
                proxy.host, proxy.port, watch, secure=secure, tunnel=tunnel, is_proxy=True
            )
        except ssl.SSLCertVerificationError as error:
            raise ConnectionFailedError(
                f"the certificate is not good: {error.verify_message}"
            ) from None
        except ssl.SSLError as error:
            raise ConnectionFailedError(f"no TLS: {error.reason or 'it broke off'}") from None
        except TimeoutError:
            raise TimedOutError(
                f"no connection within {self._limits.connect_seconds:g} s"
            ) from None
        except OSError as error:
            if proxy is not None and error.errno is None:
                raise ConnectionFailedError("the proxy refuses to connect to the host") from None
            raise ConnectionFailedError(
                f"no connection{' to the proxy' if proxy else ''}: {_reason(error)}"
            ) from None
        except (ValueError, http.client.HTTPException):
            raise ConnectionFailedError("the proxy's answer is no HTTP") from None

    def _read(
        self,
        target: Target,
        connection: Connection,
        answer: http.client.HTTPResponse,
        watch: Watch,
    ) -> Reply:
        whole = False
        try:
            headers = tuple((name, _FOLD.sub(" ", text)) for name, text in answer.headers.items())
            status = answer.status
            if status == 407 and self._proxy is not None:
                raise ConnectionFailedError("the proxy wants other credentials (407)")
            if status == 101:
                raise BrokenAnswerError("the server changed the protocol unasked (101)")
            raw, body, whole = self._body(status, headers, cast(BinaryIO, answer.fp), watch)
            return Reply(status, headers, raw, body)
        finally:
            answer.close()
            if whole and not answer.will_close and not watch.end():
                self._idle.give(target.origin, connection)
            else:
                _drop(connection, watch)

    def _body(
        self, status: int, headers: tuple[tuple[str, str], ...], stream: BinaryIO, watch: Watch
    ) -> tuple[bytes, bytes, bool]:
        """The body on the wire and decoded, and whether it was read to an end that is certain."""
        try:
            length = length_of(status, headers)
            if length == 0:
                return b"", b"", True
            if status in REDIRECTS and header(headers, "location") is not None:
                return b"", b"", False
            raw = read_body(stream, length, self._most(status))
            if watch.over:
                raise TimedOutError("the deadline passed")
            body = decode_body(raw, headers, self._most(status))
        except (FetchError, OSError) as error:
            if not 200 <= status < 300:
                return b"", b"", False
            failure = self._translated(error)
            failure.status = status
            raise failure from None
        # Of two lengths one was ignored: what follows cannot be trusted.
        chunked = length == CHUNKED and header(headers, "content-length") is None
        return raw, body, length >= 0 or chunked

    def _most(self, status: int) -> int:
        most = self._limits.max_bytes
        return most if 200 <= status < 300 else min(most, _LARGEST_REFUSAL)

    def _translated(self, error: FetchError | OSError | http.client.HTTPException) -> FetchError:
        if isinstance(error, FetchError):
            return error
        if isinstance(error, TimeoutError):
            return TimedOutError(f"no bytes for {self._limits.read_seconds:g} s")
        if isinstance(error, http.client.RemoteDisconnected):
            return BrokenAnswerError("the server closed the connection without an answer")
        if isinstance(error, OSError):
            return BrokenAnswerError(f"the connection broke: {_reason(error)}")
        if isinstance(error, http.client.LineTooLong):
            return BrokenAnswerError("the answer has a line that is too long")
        if isinstance(error, http.client.BadStatusLine | http.client.UnknownProtocol):
            return BrokenAnswerError("the answer does not begin like HTTP")
        return BrokenAnswerError("the answer has too many headers")


def _drop(connection: Connection, watch: Watch) -> None:
    """Close a connection, after the watchdog has let go of it."""
    watch.end()
    connection.discard()


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or 'it broke off'}"
    # Of other errors the text may hold what was sent.
    return (error.strerror or "") if error.errno is not None else "it broke off"


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that can be sent; messages name them and do not show them."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise BadAddressError("a request header has a name that cannot be sent")
        if name.lower() in _RESERVED:
            raise BadAddressError(f"the request header {name} belongs to the connection")
        if not _VALUE.fullmatch(value):
            raise BadAddressError(f"the request header {name} has a value that cannot be sent")
    return dict(headers)


def _proxy_of(address: str) -> _Proxy:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme != "http":
        raise ValueError("the proxy must be http://[user:password@]host[:port]")
    headers = {}
    if parts.username is not None:
        said = f"{parts.username}:{parts.password or ''}"
        coded = b64encode(unquote_to_bytes(said)).decode("ascii")
        headers["Proxy-Authorization"] = f"Basic {coded}"
    return _Proxy(host, port or 80, headers)
