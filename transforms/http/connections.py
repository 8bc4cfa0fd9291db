"""Connections: made to an address that was looked at, kept for one host, cut off at a deadline."""

import http.client
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read

from transforms.http.addresses import address_of, refusal
from transforms.http.errors import ConnectionFailedError, RefusedAddressError, TimedOutError
from transforms.http.watchdog import Watch

Resolver = Callable[..., list[tuple[Any, ...]]]
"""Has the signature of :func:`socket.getaddrinfo`, and its errors."""

Address = tuple[socket.AddressFamily, tuple[Any, ...]]

_MOST_ADDRESSES = 16
_MOST_INTERIM = 8
_IDLE_SECONDS = 20.0
_IDLE_OF_ONE_HOST = 2
_IDLE = 64


class _Answer(http.client.HTTPResponse):
    """Interim answers (1xx) are skipped, but not without end (RFC 9110, section 15.2)."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("too many interim answers")


class _Plain(HTTPConnection):
    auto_open = 0
    response_class = _Answer
    make_socket: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.make_socket()


class _Secure(HTTPSConnection):
    auto_open = 0
    response_class = _Answer
    make_socket: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.make_socket()


class Connection:
    """One connection and the duplicate of its socket by which a watchdog can cut it off."""

    def __init__(self, http: _Plain | _Secure) -> None:
        self.http = http
        self.handle: socket.socket | None = None
        self.idle_since = 0.0

    def answer(
        self, path: str, headers: dict[str, str], seconds: float
    ) -> http.client.HTTPResponse:
        """Send a GET and read the head of what comes back.

        Args:
            path: the request target.
            headers: all of them, Host included.
            seconds: the longest that one read may take.

        Raises:
            OSError: the connection broke, or a read took too long.
            http.client.HTTPException: what came back is no head of an answer.
        """
        self.http.timeout = seconds
        self.http.sock.settimeout(seconds)
        self.http.request("GET", path, headers=headers)
        # urllib3's own answer would read the framing in its own way.
        return http.client.HTTPConnection.getresponse(self.http)

    def is_usable(self) -> bool:
        """Nothing came since the last answer, neither the end nor bytes nobody asked for."""
        sock = self.http.sock
        if sock is None or time.monotonic() - self.idle_since > _IDLE_SECONDS:
            return False
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return False
        return not wait_for_read(sock, timeout=0.0)

    def discard(self) -> None:
        """Close it."""
        self.http.close()
        if self.handle is not None:
            self.handle.close()


class Connector:
    """Makes connections.

    Args:
        resolve: finds the addresses of a name.
        allow_private_hosts: addresses are not refused.
        connect_seconds: the longest that connecting may take, all addresses of the host together;
            and the TLS handshake after it.
    """

    def __init__(
        self,
        resolve: Resolver,
        allow_private_hosts: bool,
        connect_seconds: float,
    ) -> None:
        self._resolve = resolve
        self._allow_private = allow_private_hosts
        self._seconds = connect_seconds
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def check(self, host: str) -> None:
        """Refuse a host that is written as an address that must not be connected to.

        Raises:
            RefusedAddressError: it is.
        """
        why = None if self._allow_private else refusal(host)
        if why:
            raise RefusedAddressError(why)

    def open(
        self,
        host: str,
        port: int,
        watch: Watch,
        *,
        secure: bool,
        tunnel: tuple[str, int, dict[str, str]] | None = None,
        is_proxy: bool = False,
    ) -> Connection:
        """Open a connection, with TLS when ``secure``.

        Args:
            host: name or address to connect to.
            port: of it.
            watch: what is to cut it off.
            secure: TLS with the host, or with the end of the tunnel.
            tunnel: host, port and proxy's headers, when ``host`` is a proxy that is to pass bytes
                on (RFC 9110, section 9.3.6).
            is_proxy: the host is the operator's own choice and may be any address.

        Raises:
            RefusedAddressError: none of the host's addresses may be connected to.
            ConnectionFailedError: no connection came about.
            TimedOutError: it took too long.
        """
        seconds = min(self._seconds, watch.left())
        made = (
            _Secure(host, port, timeout=seconds, ssl_context=self._tls())
            if secure
            else _Plain(host, port, timeout=seconds)
        )
        connection = Connection(made)

        def make_socket() -> socket.socket:
            sock = self._connected(host, port, min(self._seconds, watch.left()), is_proxy)
            try:
                connection.handle = sock.dup()
            except OSError:
                sock.close()
                raise
            watch.attach(connection.handle)
            return sock

        made.make_socket = make_socket
        if tunnel is not None:
            made.set_tunnel(tunnel[0], tunnel[1], tunnel[2])
        try:
            made.connect()
        except BaseException:
            watch.end()
            connection.discard()
            raise
        return connection

    def _tls(self) -> ssl.SSLContext:
        """The system's certificates, or those of SSL_CERT_FILE; to read them takes a while."""
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context()
            return self._context

    def _connected(self, host: str, port: int, seconds: float, is_proxy: bool) -> socket.socket:
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise ConnectionFailedError("the host is not known (no address found)") from None
        addresses = allowed_addresses(found, self._allow_private or is_proxy)
        deadline = time.monotonic() + seconds
        failure: OSError | None = None
        for place, (family, address) in enumerate(addresses):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                # An address that does not answer must leave time for the others.
                sock = self._socket_to(family, address, left / (len(addresses) - place))
            except OSError as error:
                failure = error
            else:
                sock.settimeout(seconds)
                return sock
        if failure is None or isinstance(failure, TimeoutError):
            raise TimedOutError(f"no connection within {self._seconds:g} s")
        raise failure

    @staticmethod
    def _socket_to(
        family: socket.AddressFamily, address: tuple[Any, ...], seconds: float
    ) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(seconds)
            sock.connect(address)
            if address_of(sock.getpeername()[0]) != address_of(address[0]):
                raise RefusedAddressError("the connection led to another address")
        except BaseException:
            sock.close()
            raise
        return sock


def allowed_addresses(found: Iterable[tuple[Any, ...]], any_address: bool) -> list[Address]:
    """Choose the addresses of a host that may be connected to.

    A name that has both kinds is asked at the allowed ones only: the others are left out.

    Args:
        found: as :func:`socket.getaddrinfo` gives them.
        any_address: leave none out.

    Returns:
        Each once, in the order in which they were found; at most 16.

    Raises:
        RefusedAddressError: there are only others.
        ConnectionFailedError: there is none.
    """
    allowed: dict[Address, None] = {}
    refused = ""
    for family, _, _, _, address in found:
        if family not in (socket.AF_INET, socket.AF_INET6):
            continue
        # What cannot be read as an address cannot be judged.
        known = address_of(address[0]) is not None
        why = refusal(address[0]) if known else "the resolver gave something that is no address"
        if why and not any_address:
            refused = refused or why
        else:
            allowed[family, address] = None
    if not allowed and refused:
        raise RefusedAddressError(f"the host's address must not be connected to: {refused}")
    if not allowed:
        raise ConnectionFailedError("the host is not known (no address found)")
    return list(allowed)[:_MOST_ADDRESSES]


class IdleConnections:
    """Connections between two requests, each for one host, port and scheme. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: OrderedDict[Connection, tuple[str, str, int]] = OrderedDict()
        self._closed = False

    def take(self, origin: tuple[str, str, int]) -> Connection | None:
        """A usable connection to an origin, the one used last, or None."""
        while True:
            with self._lock:
                found = next((c for c in reversed(self._idle) if self._idle[c] == origin), None)
                if found is None:
                    return None
                del self._idle[found]
            if found.is_usable():
                return found
            found.discard()

    def give(self, origin: tuple[str, str, int], connection: Connection) -> None:
        """Keep a connection whose answer was read to its end, in place of older ones."""
        connection.idle_since = time.monotonic()
        too_many = []
        with self._lock:
            if self._closed:
                too_many.append(connection)
            else:
                self._idle[connection] = origin
                same = [c for c, of in self._idle.items() if of == origin]
                too_many += same[:-_IDLE_OF_ONE_HOST]
                for old in too_many:
                    del self._idle[old]
                if len(self._idle) > _IDLE:
                    too_many.append(self._idle.popitem(last=False)[0])
        for old in too_many:
            old.discard()

    def close(self) -> None:
        """Close all, now and as they come back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for connection in idle:
            connection.discard()
