"""What must hold after newsbeam has polled a :class:`polling_world.World`, found out independently.

Truth comes from the server's log and from what it delivered; newsbeam's own rules are not asked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from polling_world import Asked, Feed, World, by_host

from benchmarks.lakes import rows_of

DAY = timedelta(days=1)
SLACK = timedelta(seconds=1)


def polls_of(lake: Path) -> list[dict[str, Any]]:
    """All rows of ``polls``, by run and feed."""
    files = sorted(lake.glob("polls/date=*/*.parquet"))
    rows = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
    return sorted(rows, key=lambda row: (row["run_id"], row["feed_url"]))


class Plan:
    """Finds requests that should not have been made.

    Args:
        world: the server.
        delay: seconds between two requests to a host.
        least: seconds between two polls of a feed.
        failed: when runs began and ended that made no commit: what was said in them is forgotten.
    """

    def __init__(
        self,
        world: World,
        delay: float,
        least: float,
        failed: Sequence[tuple[datetime, datetime]] = (),
    ) -> None:
        self._world = world
        self._delay = delay
        self._least = least
        self._failed = failed

    def broken(self) -> Iterator[str]:
        """What was against it, a line each."""
        for host, log in by_host(self._world.log).items():
            yield from self._too_soon(host, log)
            yield from self._while_held(host, log)
            robots = [asked for asked in log if asked.path == "/robots.txt"]
            for one, other in pairwise(robots):
                lasts = one.status in (200, 404) and not self._is_forgotten(one)
                if lasts and other.at - one.at < DAY - SLACK:
                    yield f"{host}: robots.txt asked at {one.at} and at {other.at}"
        logs: defaultdict[int | None, list[Asked]] = defaultdict(list)
        for asked in self._world.log:
            logs[asked.feed].append(asked)
        for feed in self._world.feeds:
            yield from self._too_often(feed, logs[feed.number])

    def _is_forgotten(self, asked: Asked) -> bool:
        return any(start <= asked.at <= end for start, end in self._failed)

    def _too_soon(self, host: str, log: list[Asked]) -> Iterator[str]:
        digits = "".join(filter(str.isdigit, host)) or "0"
        slow = int(digits) % 10 == 3
        knows = False
        for one, other in pairwise(log):
            knows = knows or one.path == "/robots.txt"
            due = timedelta(seconds=max(self._delay, 20.0 if slow and knows else 0.0))
            if other.at - one.at < due:
                yield f"{host}: {other.path} {other.at - one.at} after {one.path}"

    def _while_held(self, host: str, log: list[Asked]) -> Iterator[str]:
        """Retry-After of 429 is 30 minutes, of 503 40."""
        until = None
        for asked in log:
            if until is not None and asked.at < until - SLACK:
                yield f"{host}: {asked.path} at {asked.at}, held until {until}"
            if asked.status in (429, 503) and not self._is_forgotten(asked):
                until = asked.at + timedelta(minutes=30 if asked.status == 429 else 40)

    def _too_often(self, feed: Feed, log: list[Asked]) -> Iterator[str]:
        if feed.kind == "forbidden":
            yield from (f"{asked.path} is forbidden" for asked in log)
            return
        home = [asked for asked in log if (asked.host, asked.path) == (feed.host, feed.path)]
        away = [asked for asked in log if (asked.host, asked.path) != (feed.host, feed.path)]
        hint = {"aged": 5400.0, "ttl": 5400.0}.get(feed.kind, self._least)
        for one, other in pairwise(away if feed.kind.startswith("moved") else home):
            least = hint if one.status in (200, 304) else self._least
            passed = (other.at - one.at).total_seconds()
            # A connection that breaks off may mean that it had been closed before.
            is_again = one.status == 0 and feed.kind == "reset" and passed < 60
            if passed < least - 1 and not self._is_forgotten(one) and not is_again:
                yield f"feed {feed.number} ({feed.kind}): {passed} s between two polls"
        known = [asked for asked in home if not self._is_forgotten(asked)]
        after = [one for one in known if one.status in (301, 308, 410)]
        for asked in home:
            if after and asked.at > after[0].at:
                yield f"feed {feed.number} was asked again after {after[0].status}"
        given = {validator for pair in feed.given for validator in pair}
        for asked in log:
            if not set(asked.validators) <= given | {None}:
                yield f"feed {feed.number}: {asked.validators} were never given"


def losses(world: World, lake: Path, until: datetime) -> tuple[list[str], Counter[str]]:
    """What is wrong with the items of a lake, a line each, and what became of all items.

    An item that was delivered must be in the lake, and none may be there twice. One that never was
    must have an excuse that the lake tells of.
    """
    rows = rows_of(lake, "articles")
    firsts = Counter(row["guid"] for row in rows if row["revision"] == 1)
    wrong = [f"{guid} is there {number} times" for guid, number in firsts.items() if number > 1]
    wrong += [f"{row['guid']} is a duplicate" for row in rows_of(lake, "duplicates")]
    polls: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in polls_of(lake):
        polls[row["feed_url"]].append(row)
    fate: Counter[str] = Counter()
    for feed in world.feeds:
        known = {guid for guid in firsts if guid.split("-")[0] == str(feed.number)}
        wrong += [f"{guid} was delivered and is not there" for guid in feed.delivered - known]
        wrong += [f"{guid} is there and was not delivered" for guid in known - feed.delivered]
        fate["stored"] += len(known)
        last = range(feed.count(until) - 20, feed.count(until))
        in_window = {feed.guid(item) for item in last}
        for item in range(feed.count(until)):
            guid = feed.guid(item)
            if guid in known:
                continue
            reason = "not asked for yet" if guid in in_window else None
            reason = reason or _excuse(feed, feed.appeared(item), polls[feed.url])
            fate[reason or "without an excuse"] += 1
            if reason is None:
                wrong.append(f"{guid} ({feed.kind}) was missed without a word")
    return wrong, fate


def _excuse(feed: Feed, appeared: datetime, rows: list[dict[str, Any]]) -> str | None:
    gaps = [row for row in rows if row["gap_since"] is not None]
    if any(row["gap_since"] <= appeared <= row["answered_at"] for row in gaps):
        return "in a gap that is told"
    firsts = [row["answered_at"] for row in rows if row["outcome"] == "fetched"]
    if firsts and appeared < min(firsts):
        return "scrolled away before the first answer"
    if rows[-1]["outcome"] == "gone":
        return "of a feed that is gone"
    if not feed.delivered:
        return "of a feed that never gave anything"
    return "behind the 304 of a liar" if feed.kind == "liar" else None
