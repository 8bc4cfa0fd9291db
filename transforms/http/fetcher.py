"""Fetching one address: redirects are followed here, and nowhere else.

Every hop is looked at like the first: its address is checked, the caller is asked before it, and
what is secret goes to the server it was meant for only.
"""

import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from transforms.http.connections import Resolver
from transforms.http.errors import (
    BadAddressError,
    FetchError,
    KeptConnectionClosedError,
    RedirectError,
    TimedOutError,
)
from transforms.http.exchange import PERMANENT, REDIRECTS, Exchange, FetchLimits, Reply
from transforms.http.headers import header
from transforms.http.secrets import hide, public_url, split_credentials
from transforms.http.target import Target, parse_location, parse_target

__all__ = ["Answer", "FetchLimits", "Fetcher", "Hop"]


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect that was followed."""

    status: int
    public_url: str
    """Where it led."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """In the order in which they came; a name may come twice."""
    raw: bytes = field(repr=False)
    """The body on the wire, without the framing."""
    body: bytes = field(repr=False)
    """The body, its Content-Encoding undone. Of an answer that is no success it is empty when it is
    larger than 64 KiB, broken or late."""
    url: str = field(repr=False)
    """Where it came from after redirects, secrets included, user name and password not."""
    public_url: str
    """The same for people."""
    permanent_to: str | None
    """:attr:`public_url`, when there were redirects, all of them permanent (301 or 308), and it
    hides nothing: it can be asked instead. None otherwise."""
    requests: int
    """Requests that were sent; one sent again since a kept connection had closed counts once."""
    hops: tuple[Hop, ...]
    """The redirects that were followed."""


class Fetcher:
    """Fetches addresses with GET. Many threads may share one.

    Args:
        limits: of each fetch.
        resolve: finds the addresses of a name, as :func:`socket.getaddrinfo` does.

    Raises:
        ValueError: the proxy's address is none.
    """

    def __init__(self, limits: FetchLimits, resolve: Resolver = socket.getaddrinfo) -> None:
        self._limits = limits
        self._exchange = Exchange(limits, resolve)

    def close(self) -> None:
        """Close the kept connections. No fetch may be under way."""
        self._exchange.close()

    def fetch(
        self,
        url: str,
        headers: Mapping[str, str],
        own_headers: Mapping[str, str],
        before_request: Callable[[str], None],
        secrets: Collection[str] = (),
    ) -> Answer:
        """Ask for an address and follow redirects.

        Args:
            url: absolute, http or https; user name and password in it become an Authorization
                header of its own, when ``own_headers`` has none.
            headers: go with every request, validators too.
            own_headers: secrets; they go to the scheme, host and port of ``url``, until a redirect
                leads away from there.
            before_request: called with host and port (:func:`transforms.http.target.server_of`)
                before each request; it may wait, which no limit of time counts. What it raises is
                not caught.
            secrets: texts that must not be shown wherever they come up: what ``${NAME}`` meant.

        Raises:
            FetchError: there is no usable answer. An answer of any status is one.
        """
        bare, basic = split_credentials(url)
        own = dict(own_headers)
        if basic is not None and "authorization" not in {name.lower() for name in own}:
            own["Authorization"] = basic
        trail = _Trail(secrets, self._limits.total_seconds)
        try:
            return self._follow(trail, bare, headers, own, before_request)
        except FetchError as error:
            detail = trail.located(error.detail)
            raise type(error)(detail, trail.requests, error.status) from None

    def _follow(
        self,
        trail: "_Trail",
        url: str,
        headers: Mapping[str, str],
        own: Mapping[str, str],
        before_request: Callable[[str], None],
    ) -> Answer:
        try:
            target = first = parse_target(url)
        except ValueError as error:
            raise BadAddressError(str(error)) from None
        while True:
            trail.seen.add(target.url)
            self._exchange.check(target)
            before_request(target.server)
            if target.origin != first.origin:
                own = {}
            lines = _merged(self._limits, headers, own)
            try:
                reply = self._ask(trail, target, lines)
            except KeptConnectionClosedError:
                before_request(target.server)
                reply = self._ask(trail, target, lines, anew=True)
            location = header(reply.headers, "location")
            if reply.status not in REDIRECTS or location is None:
                return trail.answer(reply, target)
            target = self._next(trail, target, reply.status, location)

    def _ask(
        self, trail: "_Trail", target: Target, headers: Mapping[str, str], *, anew: bool = False
    ) -> Reply:
        if trail.seconds <= 0:
            raise TimedOutError(f"no complete answer within {self._limits.total_seconds:g} s")
        started = time.monotonic()
        try:
            return self._exchange.ask(target, headers, trail.seconds, trail.sent, anew=anew)
        finally:
            trail.seconds -= time.monotonic() - started

    def _next(self, trail: "_Trail", target: Target, status: int, location: str) -> Target:
        if len(trail.hops) >= self._limits.max_redirects:
            raise RedirectError(f"more than {self._limits.max_redirects} redirects", status=status)
        try:
            led_to = parse_location(location, target)
        except ValueError as error:
            raise RedirectError(f"a redirect leads nowhere: {error}", status=status) from None
        if led_to.url in trail.seen:
            raise RedirectError("redirects go in a circle", status=status)
        trail.hops.append(Hop(status, trail.shown(led_to.url)))
        return led_to


class _Trail:
    """What one fetch has done so far."""

    def __init__(self, secrets: Collection[str], seconds: float) -> None:
        self._secrets = secrets
        self.seconds = seconds
        """That are left."""
        self.requests = 0
        self.hops: list[Hop] = []
        self.seen: set[str] = set()

    def sent(self) -> None:
        self.requests += 1

    def shown(self, url: str) -> str:
        return hide(public_url(url), self._secrets)

    def located(self, detail: str) -> str:
        """The detail, with the address when it is not the one that was asked for."""
        detail = hide(detail, self._secrets)
        return f"{detail}, after a redirect to {self.hops[-1].public_url}" if self.hops else detail

    def answer(self, reply: Reply, target: Target) -> Answer:
        shown = self.shown(target.url)
        moved = bool(self.hops) and all(hop.status in PERMANENT for hop in self.hops)
        return Answer(
            status=reply.status,
            headers=reply.headers,
            raw=reply.raw,
            body=reply.body,
            url=target.url,
            public_url=shown,
            permanent_to=shown if moved and shown == target.url else None,
            requests=self.requests,
            hops=tuple(self.hops),
        )


def _merged(
    limits: FetchLimits, headers: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, str]:
    """Own headers before the others before ours, whatever the case of their names."""
    ours = {"User-Agent": limits.user_agent, "Accept": "*/*"}
    merged = {
        name.lower(): (name, value) for said in (ours, headers, own) for name, value in said.items()
    }
    return dict(merged.values())
