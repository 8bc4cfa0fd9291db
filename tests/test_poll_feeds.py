"""PollFeeds in a graph of one's own: it needs a staging folder and requests, and nothing else."""

import apache_beam as beam
from apache_beam.testing.util import assert_that, equal_to, is_empty
from clocks import START, FakeClock
from loopback import Loopback, answer

from schemas.feeds import FeedRequest, FeedSettings, FeedState, HostState, Poll, Secret
from schemas.records import RawDocument
from transforms.feeds.ask import PollSettings
from transforms.http.fetcher import FetchLimits
from transforms.lake.layout import Staging
from transforms.poll import PollFeeds
from transforms.read import ReadDocuments

FEED = b"<rss><channel><title>Quay</title></channel></rss>"


def request(server: Loopback, path: str, key: str) -> FeedRequest:
    url = f"{server.url}{path}"
    host = HostState(url.split("/")[2])
    return FeedRequest(FeedSettings(key, url, Secret(url), path), FeedState(key, url), host)


def test_requests_become_documents_polls_and_hosts(tmp_path):
    staging = Staging(str(tmp_path), "00000001-a1")
    staging.make()
    limits = FetchLimits(allow_private_hosts=True, user_agent="a test")
    settings = PollSettings(fetch=limits, robots=False, delay=0.0)
    with Loopback({"/a": answer(200, [], FEED), "/b": answer(500)}) as server:
        asked = [request(server, path, key) for path, key in (("/a", "00a"), ("/b", "00b"))]
        host = server.url.split("/")[2]
        with beam.Pipeline(runner="FnApiRunner") as root:
            polled = (
                root
                | beam.Create(asked, reshuffle=False)
                | PollFeeds(staging, settings, FakeClock(), (), "00000001", START.date(), shards=3)
            )
            read = polled.answers | ReadDocuments(1000)
            documents = read.documents | "OfDocument" >> beam.Map(facts_of_document)
            polls = polled.polls | "OfPoll" >> beam.Map(facts_of_poll)
            due = [(FEED, "/a", "00a", START)]
            assert_that(documents, equal_to(due), label="documents")
            due = [("00a", "fetched", START), ("00b", "failed", START)]
            assert_that(polls, equal_to(due), label="polls")
            assert_that(polled.hosts, equal_to([HostState(host, START)]), label="hosts")
            assert_that(polled.archived, is_empty(), label="archived")


def facts_of_document(document: RawDocument) -> tuple[object, ...]:
    return document.content, document.source, document.feed, document.fetched_at


def facts_of_poll(poll: Poll) -> tuple[object, ...]:
    return poll.key, str(poll.outcome), poll.asked_at
