"""An HTTP server on 127.0.0.1 that does as it is told, down to the bytes.

    with Loopback({"/feed": answer(200, body=b"<rss/>")}) as server:
        fetcher = Fetcher(FetchLimits(allow_private_hosts=True), resolve_to(server))

A route is a path, or a host and a path: ``{"host7.example/feed": ...}``. A behaviour is a function
of an :class:`Exchange`; it may send any bytes. The server takes requests in absolute form and
CONNECT, so it can stand for a proxy as well and play any number of hosts; with a TLS context it
speaks TLS, inside a tunnel too.
"""

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import trustme

_LARGEST_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    method: str
    target: str
    """As it stands in the request line."""
    host: str
    """The Host header; of a request in absolute form the host in it."""
    path: str
    """Path and query."""
    headers: tuple[tuple[str, str], ...]
    at: float
    """When its last byte came, by :func:`time.monotonic`."""
    connection: int
    """Number of the connection, from 0."""

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


class Exchange:
    """A request and the connection it came over."""

    def __init__(self, sock: socket.socket, request: Request | None, stopped: threading.Event):
        self._socket = sock
        self.request = request
        """None in the behaviour that meets a new connection."""
        self._stopped = stopped
        self.is_open = True

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def wait(self, seconds: float | None = None) -> bool:
        """Until the time is over or the server stops; says whether it stops."""
        return self._stopped.wait(seconds)

    def close(self) -> None:
        """End the connection once the behaviour returns."""
        self.is_open = False

    def reset(self) -> None:
        """Break the connection off with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
        self.is_open = False


Behaviour = Callable[[Exchange], None]
Pairs = Iterable[tuple[str, str]]


def head(status: int, headers: Pairs = (), reason: str = "Said") -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(status: int = 200, headers: Pairs = (), body: bytes = b"") -> Behaviour:
    """A whole answer, after which the connection stays open."""
    extra = [] if status in (204, 304) else [("Content-Length", str(len(body)))]
    said = head(status, [*headers, *extra]) + body
    return lambda exchange: exchange.send(said)


def redirect(to: str, status: int = 302) -> Behaviour:
    return answer(status, [("Location", to)])


def zipped(body: bytes, headers: Pairs = ()) -> Behaviour:
    return answer(200, [("Content-Encoding", "gzip"), *headers], gzip.compress(body, mtime=0))


def raw(data: bytes) -> Behaviour:
    """Any bytes, then the end of the connection: garbage, for one."""

    def behave(exchange: Exchange) -> None:
        exchange.send(data)
        exchange.close()

    return behave


garbage = raw(b"\x00\xff\x13 this is no HTTP\r\n\r\n")


def kept(data: bytes) -> Behaviour:
    """Any bytes, after which the connection stays open."""
    return lambda exchange: exchange.send(data)


def drip(data: bytes, interval: float, size: int = 1) -> Behaviour:
    """The bytes a few at a time, ``interval`` seconds apart; again and again until cut off."""

    def behave(exchange: Exchange) -> None:
        exchange.close()
        start = 0
        while True:
            exchange.send(data[start : start + size])
            if exchange.wait(interval):
                return
            start = (start + size) % len(data)

    return behave


def stall(first: bytes = b"") -> Behaviour:
    """A few bytes, then nothing until the server stops."""

    def behave(exchange: Exchange) -> None:
        exchange.send(first)
        exchange.wait()
        exchange.close()

    return behave


def truncate(body: bytes, missing: int = 1, headers: Pairs = ()) -> Behaviour:
    """Fewer bytes than Content-Length says."""
    return raw(head(200, [*headers, ("Content-Length", str(len(body) + missing))]) + body)


def reset(first: bytes = b"") -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send(first)
        exchange.reset()

    return behave


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked(*pieces: bytes, headers: Pairs = (), end: bytes = b"0\r\n\r\n") -> Behaviour:
    """A chunked answer; with ``end=b""`` the last chunk is missing and the connection ends."""
    said = head(200, [*headers, ("Transfer-Encoding", "chunked")])
    said += b"".join(map(chunk, pieces)) + end
    return kept(said) if end else raw(said)


def big(size: int, headers: Pairs = (), declared: bool = False) -> Behaviour:
    """So many bytes, without Content-Length unless ``declared``."""

    def behave(exchange: Exchange) -> None:
        exchange.close()
        length = [("Content-Length", str(size))] if declared else []
        exchange.send(head(200, [*headers, *length]))
        piece = b"x" * (1 << 16)
        for start in range(0, size, len(piece)):
            exchange.send(piece[: size - start])

    return behave


def bomb(size: int) -> Behaviour:
    """A short gzip stream of so many zeros."""
    return zipped(bytes(size))


def sequence(*behaviours: Behaviour) -> Behaviour:
    """One after the other, a request each; the last again and again."""
    left = list(behaviours)
    lock = threading.Lock()

    def behave(exchange: Exchange) -> None:
        with lock:
            now = left.pop(0) if len(left) > 1 else left[0]
        now(exchange)

    return behave


class Loopback:
    """The server; a context manager.

    Args:
        routes: behaviours by path, or by host and path. Others are answered 404. May be changed
            while the server runs.
        tls: server context; see :func:`server_tls`.
        on_connect: meets each new connection before anything is read or, with TLS, agreed.
        on_tunnel: what CONNECT is answered with, in place of 200.
    """

    def __init__(
        self,
        routes: Mapping[str, Behaviour] | None = None,
        tls: ssl.SSLContext | None = None,
        on_connect: Behaviour | None = None,
        on_tunnel: Behaviour | None = None,
    ):
        self.routes = dict(routes or {})
        self._tls = tls
        self._on_connect = on_connect
        self._on_tunnel = on_tunnel
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: set[socket.socket] = set()
        self.names: list[str | None] = []
        """Server names of TLS handshakes (SNI)."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.names.append(name)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """All requests so far, in the order in which they came."""
        with self._lock:
            return list(self._requests)

    @property
    def asked(self) -> list[str]:
        """Host, without port, and path of every request so far."""
        return [request.host.partition(":")[0] + request.path for request in self.requests]

    @property
    def connections(self) -> int:
        """Connections so far."""
        with self._lock:
            return len(self._threads)

    def __enter__(self) -> "Loopback":
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        # Closing a socket does not wake the thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for sock in sockets:
            _shut(sock)
        for thread in threads:
            thread.join()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                number = len(self._threads)
                thread = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
                self._threads.append(thread)
                self._sockets.add(sock)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._on_connect is not None:
                exchange = Exchange(sock, None, self._stopped)
                self._on_connect(exchange)
                if not exchange.is_open:
                    return
            if self._tls is not None and not self._is_tunnel(sock):
                sock = self._secured(sock)
            while (exchange := self._exchange(sock, number)) is not None:
                if exchange.request.method == "CONNECT":
                    (self._on_tunnel or kept(head(200)))(exchange)
                    if exchange.is_open and self._tls is not None:
                        sock = self._secured(sock)
                else:
                    self._behaviour(exchange.request)(exchange)
                if not exchange.is_open:
                    return
        except OSError:
            return  # the client went away, or the server stops
        finally:
            with self._lock:
                self._sockets.discard(sock)
            _shut(sock)
            sock.close()

    @staticmethod
    def _is_tunnel(sock: socket.socket) -> bool:
        """A TLS handshake begins with the byte 22, CONNECT with a letter."""
        return sock.recv(1, socket.MSG_PEEK) == b"C"

    def _secured(self, sock: socket.socket) -> socket.socket:
        with self._lock:
            self._sockets.discard(sock)
        secured = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._sockets.add(secured)
        try:
            secured.do_handshake()
        except OSError:
            with self._lock:
                self._sockets.discard(secured)
            secured.close()
            raise
        return secured

    def _exchange(self, sock: socket.socket, number: int) -> Exchange | None:
        """Read a request; None at the end of the connection."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            # One byte at a time: there is never more than one request on its way.
            piece = sock.recv(1)
            if not piece or len(data) > _LARGEST_HEAD:
                return None
            data += piece
        first, *lines = data.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = tuple(tuple(line.split(": ", 1)) for line in lines)
        host = next((value for name, value in pairs if name.lower() == "host"), "")
        path = target
        if method == "CONNECT":
            host, path = target, ""
        elif not target.startswith("/"):
            parts = urlsplit(target)
            host = parts.netloc
            path = target.partition(host)[2]
        request = Request(method, target, host, path, pairs, time.monotonic(), number)
        with self._lock:
            self._requests.append(request)
        return Exchange(sock, request, self._stopped)

    def _behaviour(self, request: Request) -> Behaviour:
        host = request.host.partition(":")[0]
        path = request.path.partition("?")[0]
        for route in (host + request.path, host + path, request.path, path):
            if route in self.routes:
                return self.routes[route]
        return answer(404)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def resolve_to(server: Loopback) -> Callable[..., list[tuple[Any, ...]]]:
    """A :func:`socket.getaddrinfo` for which every name, at every port, is the server."""
    return lambda *_, **__: [address_info("127.0.0.1", server.port)]


def address_info(address: str, port: int) -> tuple[Any, ...]:
    """One entry of what :func:`socket.getaddrinfo` gives."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    where = (address, port, 0, 0) if ":" in address else (address, port)
    return (family, socket.SOCK_STREAM, 6, "", where)


def server_tls(authority: trustme.CA, names: Sequence[str]) -> ssl.SSLContext:
    """A context whose certificate is for these names or addresses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context
