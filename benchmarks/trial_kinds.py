"""How servers of the polling trial behave; each answer notes what it obliges the client to."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.trial_feeds import HOUR, Feed

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from loopback import (  # noqa: E402
    Behaviour,
    Request,
    answer,
    big,
    chunked,
    drip,
    redirect,
    reset,
    stall,
    truncate,
)

SHARED = "shared.example"
SLOW_SECONDS = 8.0
LIE = '"always the same"'
_HUGE = 100 << 20
_BOMB = gzip.compress(bytes(64 << 20), mtime=0)
_SY = "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>"
_SKIPPED = range(15, 19)


@dataclass(slots=True)
class Reply:
    """An answer, and what the server knows of it."""

    behaviour: Behaviour
    status: int | None
    """None: it is no usable answer."""
    delivers: bool = False
    """It is complete and a feed."""
    given: tuple[str | None, str | None] = (None, None)
    """ETag and Last-Modified."""
    not_before: datetime | None = None
    """The feed wants no request before."""
    hold_until: datetime | None = None
    """The host wants no request before."""
    location: str | None = None
    wire: int | None = None
    """Bytes of the body; None when it does not come to its end."""
    seconds: float = 0.0
    """Of the fake clock that it takes."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a feed."""

    feed: Feed
    request: Request
    now: datetime
    start: datetime
    number: int
    """Of the round's visit, from 1."""
    at_home: bool = field(default=True)
    """At the address of the list."""

    @property
    def hours(self) -> float:
        """Since the trial began."""
        return (self.now - self.start) / HOUR

    def every(self, number: int) -> bool:
        """Whether it is such a visit."""
        return self.number % number == 0

    def serve(
        self,
        *,
        etag: bool = True,
        modified: bool = True,
        tag: str | None = None,
        stamp: str | None = None,
        head: str = "",
        headers: Iterable[tuple[str, str]] = (),
        code: Callable[[bytes, list[tuple[str, str]]], tuple[Behaviour, int]] | None = None,
        encoding: str = "utf-8",
        charset: str | None = None,
        not_before: datetime | None = None,
    ) -> Reply:
        """The feed, or 304 by RFC 9110, section 13.2.2."""
        tag = tag or self.feed.tag(self.now)
        # No date of HTTP: a client that makes a date of it gives another text back.
        stamp = stamp or f"{self.feed.changed_at(self.now):%a, %d %b %Y %H:%M:%S +0000}"
        given = (tag if etag else None, stamp if modified else None)
        said = [("ETag", tag)] if etag else []
        said += [("Last-Modified", stamp)] if modified else []
        said += headers
        asked = self.request.header("If-None-Match")
        since = self.request.header("If-Modified-Since")
        same = asked == tag if asked is not None and etag else modified and since == stamp
        if same:
            return Reply(answer(304, said), 304, False, given, not_before, wire=0)
        said.append(("Content-Type", f"application/rss+xml; charset={charset or encoding}"))
        body = self.feed.document(self.now, head, encoding)
        behaviour, wire = code(body, said) if code else (answer(200, said, body), len(body))
        return Reply(behaviour, 200, True, given, not_before, wire=wire)

    def after(self, **time: float) -> datetime:
        """So much later."""
        return self.now + timedelta(**time)



Kind = Callable[[Visit], Reply]


def _fault(often: int, fault: Kind) -> Kind:
    return lambda visit: fault(visit) if visit.every(often) else visit.serve()


def _no_answer(behaviour: Behaviour) -> Kind:
    return lambda _: Reply(behaviour, None)


def _led(to: str, status: int) -> Reply:
    return Reply(redirect(to, status), status, location=to, wire=None)


def _moved(status: int, to: Callable[[Visit], str]) -> Kind:
    return lambda v: _led(to(v), status) if v.at_home else v.serve()


def _chain(visit: Visit) -> Reply:
    """A permanent redirect whose target redirects for now: nothing to be remembered."""
    if visit.at_home:
        return _led(f"http://{visit.feed.host}/middle{visit.feed.path}", 301)
    if visit.request.path.startswith("/middle"):
        return _led(f"http://{visit.feed.host}/end{visit.feed.path}", 302)
    return visit.serve()


def _shared(visit: Visit) -> Reply:
    if visit.at_home:
        return _led(f"http://{SHARED}{visit.feed.path}", 307 if visit.feed.number % 2 else 302)
    reply = visit.serve()
    reply.seconds = SLOW_SECONDS if visit.feed.number % 4 == 0 else 0.0
    return reply


def _circle(visit: Visit) -> Reply:
    path = visit.feed.path
    other = f"/round{path}" if visit.at_home else path
    return _led(f"http://{visit.feed.host}{other}", 302)


def _slow(visit: Visit) -> Reply:
    reply = visit.serve()
    reply.seconds = SLOW_SECONDS
    return reply


def _busy(visit: Visit) -> Reply:
    if 1 <= visit.hours % 7 < 2:
        head = [("Retry-After", "1800")]
        return Reply(answer(429, head), 429, hold_until=visit.after(minutes=30), wire=0)
    return visit.serve()


def _brief(visit: Visit) -> Reply:
    if 3 <= visit.hours % 7 < 4:
        return Reply(answer(429), 429, hold_until=visit.after(minutes=5), wire=0)
    return visit.serve()


def _closed(visit: Visit) -> Reply:
    if 5 <= visit.hours % 9 < 6:
        until = visit.after(minutes=50).replace(microsecond=0)
        head = [("Retry-After", f"{until:%a, %d %b %Y %H:%M:%S} GMT")]
        return Reply(answer(503, head), 503, hold_until=until, wire=0)
    return visit.serve()


def _gzip(body: bytes, said: list[tuple[str, str]]) -> tuple[Behaviour, int]:
    packed = gzip.compress(body, mtime=0)
    return answer(200, [*said, ("Content-Encoding", "gzip")], packed), len(packed)


def _deflate(body: bytes, said: list[tuple[str, str]]) -> tuple[Behaviour, int]:
    packed = zlib.compress(body)
    return answer(200, [*said, ("Content-Encoding", "deflate")], packed), len(packed)


def _chunks(body: bytes, said: list[tuple[str, str]]) -> tuple[Behaviour, int]:
    return chunked(body[:100], body[100:], headers=said), len(body)


def _charsets(visit: Visit) -> Reply:
    encoding = ("utf-8", "iso-8859-1", "utf-16", "utf-8")[visit.number % 4]
    # The fourth is declared wrongly in the header and rightly in the document.
    charset = "iso-8859-1" if visit.number % 4 == 3 else None
    return visit.serve(encoding=encoding, charset=charset, etag=False, modified=False)


def _expires(visit: Visit) -> Reply:
    until = visit.after(minutes=80).replace(microsecond=0)
    said = [("Expires", f"{until:%a, %d %b %Y %H:%M:%S} GMT")]
    return visit.serve(headers=said, not_before=until)


def _skip_hours(visit: Visit) -> Reply:
    hours = "".join(f"<hour>{hour}</hour>" for hour in _SKIPPED)
    return visit.serve(head=f"<skipHours>{hours}</skipHours>")


def _cut(visit: Visit) -> bytes:
    return visit.feed.document(visit.now, "", "utf-8")[:-60]


_PAGE = b"<!DOCTYPE html><html><title>Sorry</title><p>Please come back later.</html>"

KINDS: dict[str, Kind] = {
    "honest": lambda v: v.serve(),
    "etag": lambda v: v.serve(modified=False),
    "modified": lambda v: v.serve(etag=False),
    "bare": lambda v: v.serve(etag=False, modified=False),
    "liar": lambda v: v.serve(tag=LIE, modified=False),
    "old date": lambda v: v.serve(etag=False, stamp="Thu, 01 Jan 2026 00:00:00 GMT"),
    "moved": _moved(301, lambda v: f"http://{v.feed.host}/new{v.feed.path}"),
    "moved host": _moved(308, lambda v: f"http://new-{v.feed.host}{v.feed.path}"),
    "chain": _chain,
    "detour": _moved(302, lambda v: f"http://{v.feed.host}/detour{v.feed.path}"),
    "shared": _shared,
    "lured": _moved(302, lambda v: f"http://{v.feed.host}/private{v.feed.path}"),
    "circle": _fault(3, _circle),
    "gone": lambda v: Reply(answer(410), 410, wire=0) if v.hours >= 4 else v.serve(),
    "busy": _busy,
    "brief": _brief,
    "closed": _closed,
    "broken": lambda v: (
        Reply(answer(500, [], b"no"), 500, wire=2) if 1 <= v.hours % 6 < 2 else v.serve()
    ),
    "stall": _fault(6, _no_answer(stall(b"HTTP/1.1 200 "))),
    "drip": _fault(6, _no_answer(drip(b"HTTP/1.1 200 Slow\r\nX-Filler: ", 1.0))),
    "truncated": _fault(3, lambda v: Reply(truncate(_cut(v), 60), None)),
    "reset": _fault(3, lambda v: Reply(reset(_cut(v)), None)),
    "huge": _fault(3, _no_answer(big(_HUGE))),
    "declared huge": _fault(3, _no_answer(big(_HUGE, declared=True))),
    "bomb": _fault(3, _no_answer(answer(200, [("Content-Encoding", "gzip")], _BOMB))),
    "gzip": lambda v: v.serve(code=_gzip),
    "deflate": lambda v: v.serve(code=_deflate),
    "chunked": lambda v: v.serve(code=_chunks),
    "charsets": _charsets,
    "max-age": lambda v: v.serve(
        headers=[("Cache-Control", "public, max-age=5400")], not_before=v.after(seconds=5400)
    ),
    "expires": _expires,
    "ttl": lambda v: v.serve(head="<ttl>90</ttl>", not_before=v.after(minutes=90)),
    "sy": lambda v: v.serve(head=_SY, not_before=v.after(hours=1)),
    "skipHours": _skip_hours,
    "page": _fault(5, lambda _: Reply(answer(200, [("ETag", '"page"')], _PAGE), 200, wire=74)),
    "empty": _fault(5, lambda _: Reply(answer(200), 200, wire=0)),
    "burst": lambda v: v.serve(),
    "flood": lambda v: v.serve(),
    "edits": lambda v: v.serve(),
    "forbidden": lambda v: v.serve(),
    "slow": _slow,
}
"""By name. Those with a fault have it every so many visits."""


def skips(kind: str, moment: datetime) -> bool:
    """Whether a feed of this kind wants no request at this moment."""
    return kind == "skipHours" and moment.hour in _SKIPPED
