"""The Prometheus endpoint, asked over HTTP."""

import math
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import UsageError
from pipeline.health import STATES, FeedsHealth, FilesHealth, Health
from pipeline.live import RoundReport
from pipeline.metrics import METRICS, MetricsServer, parse_address

ROOT = Path(__file__).resolve().parent.parent
BEGAN = datetime(2026, 3, 9, 12, tzinfo=UTC)
START = Health(state="running", pid=4711, started_at=BEGAN, lake="/data/lake")
BUSY = Health(
    state="waiting",
    pid=4711,
    started_at=BEGAN,
    lake="/data/lake",
    last_commit=34,
    last_commit_at=BEGAN,
    lag_seconds=12.5,
    files=FilesHealth(waiting=4, writing=1),
    feeds=FeedsHealth(total=30, due=5, failing=4, gone=3, forbidden=2, gaps=9),
)
ROUND = RoundReport(
    round=1,
    commit=34,
    started_at=BEGAN,
    seconds=0.7,
    files=3,
    feeds=9,
    documents=5,
    counts={
        "documents_rejected": 1,
        "items_new": 40,
        "items_revised": 2,
        "items_unchanged": 70,
        "items_duplicate": 5,
        "items_rejected": 1,
    },
    polls=Counter(fetched=2, not_modified=6, failed=1),
    gaps=1,
)


@pytest.fixture
def server():
    server = MetricsServer("127.0.0.1:0")
    yield server
    server.close()


def samples(server: MetricsServer) -> dict[str, float]:
    """What a scrape brings, without the histogram's buckets."""
    with urllib.request.urlopen(server.url, timeout=5) as answer:
        text = answer.read().decode()
    return {
        "".join([sample.name, *(f" {value}" for value in sample.labels.values())]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


ZERO = {
    "newsbeam_rounds_total committed": 0,
    "newsbeam_rounds_total empty": 0,
    "newsbeam_rounds_total failed": 0,
    "newsbeam_round_seconds_count": 0,
    "newsbeam_round_seconds_sum": 0,
    "newsbeam_documents_total parsed": 0,
    "newsbeam_documents_total rejected": 0,
    "newsbeam_items_total new": 0,
    "newsbeam_items_total revised": 0,
    "newsbeam_items_total unchanged": 0,
    "newsbeam_items_total duplicate": 0,
    "newsbeam_items_total rejected": 0,
    "newsbeam_polls_total fetched": 0,
    "newsbeam_polls_total not_modified": 0,
    "newsbeam_polls_total failed": 0,
    "newsbeam_polls_total gone": 0,
    "newsbeam_polls_total forbidden": 0,
    "newsbeam_polls_total deferred": 0,
    "newsbeam_feed_gaps_total": 0,
    **{f"newsbeam_state {state}": 0 for state in STATES},
    "newsbeam_failed_rounds": 0,
    "newsbeam_lag_seconds": 0,
    "newsbeam_files waiting": 0,
    "newsbeam_files writing": 0,
    "newsbeam_feeds_configured": 0,
    "newsbeam_feeds due": 0,
    "newsbeam_feeds failing": 0,
    "newsbeam_feeds gone": 0,
    "newsbeam_feeds forbidden": 0,
}


def test_every_series_is_there_before_the_first_round(server):
    found = samples(server)
    assert math.isnan(found.pop("newsbeam_last_commit"))
    assert math.isnan(found.pop("newsbeam_last_commit_timestamp_seconds"))
    assert found == ZERO


def test_a_round_and_a_state(server):
    server.update(START)
    server.update(BUSY, ROUND)
    assert samples(server) == {
        **ZERO,
        "newsbeam_rounds_total committed": 1,
        "newsbeam_round_seconds_count": 1,
        "newsbeam_round_seconds_sum": 0.7,
        "newsbeam_documents_total parsed": 4,
        "newsbeam_documents_total rejected": 1,
        "newsbeam_items_total new": 40,
        "newsbeam_items_total revised": 2,
        "newsbeam_items_total unchanged": 70,
        "newsbeam_items_total duplicate": 5,
        "newsbeam_items_total rejected": 1,
        "newsbeam_polls_total fetched": 2,
        "newsbeam_polls_total not_modified": 6,
        "newsbeam_polls_total failed": 1,
        "newsbeam_feed_gaps_total": 1,
        "newsbeam_state waiting": 1,
        "newsbeam_last_commit": 34,
        "newsbeam_last_commit_timestamp_seconds": BEGAN.timestamp(),
        "newsbeam_lag_seconds": 12.5,
        "newsbeam_files waiting": 4,
        "newsbeam_files writing": 1,
        "newsbeam_feeds_configured": 30,
        "newsbeam_feeds due": 5,
        "newsbeam_feeds failing": 4,
        "newsbeam_feeds gone": 3,
        "newsbeam_feeds forbidden": 2,
    }


def test_a_round_is_counted_once(server):
    server.update(BUSY, ROUND)
    once = samples(server)
    server.update(BUSY, ROUND)
    assert samples(server) == once


def test_a_failed_and_an_empty_round_count_as_rounds_alone(server):
    server.update(BUSY, RoundReport(1, None, BEGAN, 0.5, documents=3, error="the disk is full"))
    server.update(BUSY, RoundReport(2, None, BEGAN, 0.25))
    found = samples(server)
    counted = {name: value for name, value in found.items() if "_total" in name and value}
    assert counted == {"newsbeam_rounds_total failed": 1, "newsbeam_rounds_total empty": 1}
    assert found["newsbeam_round_seconds_sum"] == 0.75


def test_every_metric_is_listed_with_its_help(server):
    with urllib.request.urlopen(server.url, timeout=5) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    helps = {
        f"{family.name}_total" if family.type == "counter" else family.name: family.documentation
        for family in families
    }
    assert helps == METRICS


def test_a_port_that_is_taken_is_wrong_usage(server):
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    with pytest.raises(UsageError, match=f"metrics at 127.0.0.1:{port}: Address already in use"):
        MetricsServer(f"127.0.0.1:{port}")


def test_closing_frees_the_port():
    server = MetricsServer("127.0.0.1:0")
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    server.close()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("address", "means"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("[::1]:0", ("::1", 0)),
        ("metrics.example:65535", ("metrics.example", 65535)),
    ],
)
def test_addresses(address, means):
    assert parse_address(address) == means


@pytest.mark.parametrize(
    "address", ["", "9464", ":9464", "127.0.0.1", "host:", "::1:9464", "host:65536", "host:http"]
)
def test_what_is_no_address(address):
    with pytest.raises(UsageError, match="not of the form host:port"):
        MetricsServer(address)


def test_a_host_that_is_not_this_machine_is_wrong_usage():
    with pytest.raises(UsageError, match=r"metrics at 192\.0\.2\.1:9464: "):
        MetricsServer("192.0.2.1:9464")


def test_without_the_extra_it_says_what_to_install():
    script = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "from pipeline.errors import UsageError\n"
        "from pipeline.metrics import MetricsServer\n"
        "try:\n    MetricsServer()\n"
        "except UsageError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "metrics need: pip install 'newsbeam[metrics]'\n"
