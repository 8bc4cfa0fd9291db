"""PollFeeds: ask feeds that are due, and put their answers down.

Input: :class:`schemas.feeds.FeedRequest`. Outputs: ``answers`` of
:class:`schemas.records.InputFile`, each a record of a WARC file in staging, for ReadDocuments;
``polls`` of :class:`schemas.feeds.Poll`, one a request; ``hosts`` of
:class:`schemas.feeds.HostState`, what is now known of hosts; ``archived`` of
:class:`schemas.ledger.Written`, the WARC files that are to be kept. A host is asked by one worker
alone. Bounded input, or a window of it: all requests of a shard are asked together.

What goes out depends on the clock and the world, so it is done once and put down; what follows
reads it from there, and a step that is repeated asks nobody again.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import apache_beam as beam

from schemas.feeds import FeedRequest
from schemas.ledger import DataFile, Written
from schemas.records import InputFile
from transforms.feeds.answers import AnswerFile, KeptAnswers
from transforms.feeds.ask import Asker, PollSettings
from transforms.feeds.clock import Clock
from transforms.feeds.hosts import Hosts
from transforms.feeds.poll import poll_all, shard_of
from transforms.feeds.schedule import NEVER_ASKED, due_at
from transforms.http.fetcher import Fetcher
from transforms.lake.feeds import read_feed_states
from transforms.lake.layout import RAW, Layout, Staging, partition
from transforms.outcome import ARCHIVED, HOSTS, POLLS, count


@dataclass
class PollFeeds(beam.PTransform):
    """Ask each feed once, sparing its host.

    Args:
        staging: the run's staging folder.
        settings: how feeds are asked.
        clock: tells the time.
        feeds: the live files with what is remembered of feeds and hosts, relative to the lake.
        commit: the run's commit number, eight digits.
        day: the partition of files that are kept.
        shards: how many workers may poll at once.
    """

    staging: Staging
    settings: PollSettings
    clock: Clock
    feeds: tuple[str, ...]
    commit: str
    day: date
    shards: int = 1

    def expand(self, requests: beam.PCollection) -> Any:
        """Bring the feeds of a host together and ask them."""
        return (
            requests
            | "ByHost" >> beam.Map(_with_shard, self.shards)
            | "GroupByHost" >> beam.GroupByKey()
            | "AskFeeds"
            >> beam.ParDo(_AskFeeds(self)).with_outputs(POLLS, HOSTS, ARCHIVED, main="answers")
        )


def _with_shard(request: FeedRequest, shards: int) -> tuple[int, FeedRequest]:
    return shard_of(request, shards), request


class _AskFeeds(beam.DoFn):
    def __init__(self, settings: PollFeeds) -> None:
        self._staging = settings.staging
        self._settings = settings.settings
        self._clock = settings.clock
        self._feeds = settings.feeds
        self._commit = settings.commit
        self._day = settings.day

    def setup(self) -> None:
        self._fetcher = Fetcher(self._settings.fetch)

    def teardown(self) -> None:
        self._fetcher.close()

    def process(self, group: tuple[int, Iterable[FeedRequest]]) -> Iterator[Any]:
        _, requests = group
        settings, clock = self._settings, self._clock
        # The longest due first: a host that soon asks to wait would be asked for the same always.
        ordered = sorted(
            requests,
            key=lambda one: (
                due_at(one.settings, one.state, settings.schedule) or NEVER_ASKED,
                one.settings.key,
            ),
        )
        # All that is remembered, not the requests' hosts alone: a redirect may lead to any of them.
        known = read_feed_states(Layout(self._staging.root), self._feeds)[1].values()
        hosts = Hosts(known, settings.delay, clock)
        asker = Asker(self._fetcher, settings, hosts, clock, os.environ)
        asker.slow_down(ordered)
        polls = poll_all(
            ordered,
            asker.ask,
            hosts,
            clock,
            settings.connections,
            self._staging.stop.exists,
            settings.seconds,
        )
        with closing(KeptAnswers(self._staging, archive=settings.archive)) as kept:
            for request, poll, answer in polls:
                count(f"feeds_{poll.outcome}")
                yield beam.pvalue.TaggedOutput(POLLS, poll)
                if answer is not None and (full := kept.add(request, poll, answer)):
                    yield from self._answers(full)
            for host in hosts.touched():
                yield beam.pvalue.TaggedOutput(HOSTS, host)
            if last := kept.finish():
                yield from self._answers(last)

    def _answers(self, file: AnswerFile) -> Iterator[Any]:
        if self._settings.archive:
            yield beam.pvalue.TaggedOutput(ARCHIVED, Written(self._data_file(file), ()))
        for feed, offset in file.records:
            yield InputFile(
                str(file.path), file.bytes, file.written_at, record_at=offset, feed=feed
            )

    def _data_file(self, file: AnswerFile) -> DataFile:
        return DataFile(
            table=RAW,
            date=self._day,
            path=f"{RAW}/{partition(self._day)}/{self._commit}-{file.xxh128[:16]}.warc.gz",
            staged=str(file.path.relative_to(self._staging.folder)),
            rows=len(file.records),
            bytes=file.bytes,
            xxh128=file.xxh128,
        )
