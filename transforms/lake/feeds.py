"""What is remembered of feeds and hosts: two files, written anew by each commit that polled.

The last commit's record names them, so what they say advances with the commit and never without.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from schemas.feeds import FeedState, HostState
from schemas.ledger import DataFile
from schemas.parquet import FEED_STATES, HOST_STATES
from schemas.records import FeedSchedule
from transforms.lake.commit import latest_number, read_commit
from transforms.lake.errors import DamagedLakeError
from transforms.lake.files import content_name, write_whole
from transforms.lake.layout import KEYS_SUFFIX, Layout, Staging

FEEDS = "feeds"
HOSTS = "hosts"

States = tuple[dict[str, FeedState], dict[str, HostState]]
"""By key, and by host."""

_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def live_feeds(layout: Layout) -> tuple[str, ...]:
    """Paths of the files with the states after the last commit, relative to the lake."""
    number = latest_number(layout)
    return read_commit(layout, number).feeds if number else ()


def read_feed_states(layout: Layout, paths: Iterable[str] | None = None) -> States:
    """Read what is remembered.

    Args:
        layout: the lake.
        paths: the files; those of the last commit when not given.

    Raises:
        DamagedLakeError: a file is missing or cannot be read.
    """
    feeds: dict[str, FeedState] = {}
    hosts: dict[str, HostState] = {}
    for path in live_feeds(layout) if paths is None else paths:
        try:
            with pa.memory_map(str(layout.absolute(path))) as source:
                rows = pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowInvalid) as error:
            raise DamagedLakeError(f"{layout.absolute(path)}: {error}") from error
        if rows.schema.equals(FEED_STATES):
            feeds |= {state.key: state for state in map(_feed, rows.to_pylist())}
        elif rows.schema.equals(HOST_STATES):
            hosts |= {state.host: state for state in (HostState(**row) for row in rows.to_pylist())}
        else:
            raise DamagedLakeError(f"{layout.absolute(path)}: not what is remembered of feeds")
    return feeds, hosts


def write_feed_states(
    staging: Staging,
    commit: str,
    feeds: Mapping[str, FeedState],
    hosts: Mapping[str, HostState],
) -> tuple[DataFile, DataFile]:
    """Write all that is remembered, sorted by key and by host."""
    feed_rows = [_row(feeds[key], FEED_STATES) for key in sorted(feeds)]
    host_rows = [_row(hosts[host], HOST_STATES) for host in sorted(hosts)]
    return (
        _write(staging, commit, FEEDS, pa.Table.from_pylist(feed_rows, schema=FEED_STATES)),
        _write(staging, commit, HOSTS, pa.Table.from_pylist(host_rows, schema=HOST_STATES)),
    )


def _row(state: FeedState | HostState, schema: pa.Schema) -> dict[str, object]:
    row = asdict(state)
    return {name: row[name] for name in schema.names}


def _feed(row: dict[str, Any]) -> FeedState:
    schedule = row["schedule"]
    return FeedState(
        **{
            **row,
            "items": tuple(row["items"]),
            "schedule": FeedSchedule(
                schedule["ttl_seconds"],
                tuple(schedule["skip_hours"]),
                tuple(schedule["skip_days"]),
            ),
        }
    )


def _write(staging: Staging, commit: str, table: str, rows: pa.Table) -> DataFile:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema, options=_OPTIONS) as writer:
        writer.write_table(rows)
    content = sink.getvalue()
    name = content_name(content)
    staged = f"files/{name}{KEYS_SUFFIX}"
    write_whole(staging.folder / staged, content)
    return DataFile(
        table=table,
        date=None,
        path=f"_newsbeam/feeds/{commit}-{table}-{name[:16]}{KEYS_SUFFIX}",
        staged=staged,
        rows=rows.num_rows,
        bytes=len(content),
        xxh128=name,
    )
