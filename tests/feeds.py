"""Feeds that are to be asked, for tests that need no lake."""

from typing import Any

from loopback import Loopback

from schemas.feeds import FeedRequest, FeedSettings, FeedState, HostState, Secret
from transforms.feeds.plan import host_of_feed
from transforms.http.fetcher import FetchLimits
from transforms.http.secrets import feed_key, public_url


def settings_of(address: str, headers: dict[str, str] | None = None, **more: Any) -> FeedSettings:
    """A feed of a list, as a list gives it."""
    secrets = tuple((name, Secret(value)) for name, value in (headers or {}).items())
    return FeedSettings(
        feed_key(address), public_url(address), Secret(address), headers=secrets, **more
    )


def request_of(settings: FeedSettings, **remembered: Any) -> FeedRequest:
    """A feed that is due, and what is remembered of it."""
    state = FeedState(settings.key, settings.url, **remembered)
    return FeedRequest(settings, state, HostState(host_of_feed(settings, state)))


def asked(address: str, **more: Any) -> FeedRequest:
    """A feed that was never asked."""
    return request_of(settings_of(address, **more))


def limits_over(server: Loopback) -> FetchLimits:
    """Limits of a fetcher for which the server is the proxy, so that it plays every host."""
    return FetchLimits(total_seconds=5, user_agent="a test", proxy=server.url)
