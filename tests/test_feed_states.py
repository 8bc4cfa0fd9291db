"""What is remembered of feeds and hosts is read as it was written."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from schemas.feeds import FeedState, HostState
from schemas.parquet import FEED_STATES, HOST_STATES
from schemas.records import FeedSchedule
from transforms.feeds.hosts import merged
from transforms.lake.errors import DamagedLakeError
from transforms.lake.feeds import read_feed_states, write_feed_states
from transforms.lake.layout import Layout, Staging

AT = datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC)
FULL = FeedState(
    key="0123456789abcdef",
    url="https://quay.example/feed?key=***",
    moved_to="https://quay.example/new",
    etag='W/"ö"',
    last_modified="some day",
    distrusted_at=AT,
    next_due=AT + timedelta(hours=1),
    interval=1800.5,
    asked_at=AT,
    answered_at=AT + timedelta(seconds=1),
    changed_at=AT - timedelta(days=1),
    probed_at=AT - timedelta(days=2),
    status=503,
    outcome="failed",
    detail="status 503",
    failures=3,
    gone=True,
    items=(1, 2**64 - 1),
    contents=2**63,
    schedule=FeedSchedule(3600, (0, 23), (6,)),
    busiest=0.25,
)
HOST = HostState("quay.example:8080", AT, AT, b"User-agent: *\nDisallow:\xff", 200, AT)


def test_every_field_has_a_column_and_every_column_a_field():
    assert FEED_STATES.names == [field.name for field in fields(FeedState)]
    assert HOST_STATES.names == [field.name for field in fields(HostState)]
    plain = FeedState("k", "https://quay.example/")
    assert all(getattr(FULL, f.name) != getattr(plain, f.name) for f in fields(FeedState))


def test_states_are_read_as_they_were_written(tmp_path):
    layout = Layout(str(tmp_path))
    staging = Staging(layout.root, "00000001-a1")
    staging.make()
    feeds = {state.key: state for state in (FULL, FeedState("k", "https://pier.example/"))}
    hosts = {host.host: host for host in (HOST, HostState("pier.example"))}
    written = write_feed_states(staging, "00000001", feeds, hosts)
    for file in written:
        target = layout.absolute(file.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging.folder / file.staged).rename(target)
    assert read_feed_states(layout, [file.path for file in written]) == (feeds, hosts)
    target.write_bytes(target.read_bytes()[:-40])
    with pytest.raises(DamagedLakeError, match=target.name):
        read_feed_states(layout, [file.path for file in written])


def test_two_workers_together_know_the_later_of_each():
    early, late = AT, AT + timedelta(minutes=5)
    one = HostState("a", asked_at=late, hold_until=None, robots=b"old", robots_at=early)
    other = HostState("a", early, late, b"new", 200, late)
    due = HostState("a", late, late, b"new", 200, late)
    assert merged(one, other) == merged(other, one) == due
