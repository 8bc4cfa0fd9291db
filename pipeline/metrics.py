"""The Prometheus endpoint of a local stream; it needs ``pip install 'newsbeam[metrics]'``.

No metric has a label for a single feed or source: with thousands of feeds each would be thousands
of time series. What is known of one feed is in the lake.
"""

import math
import re
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.health import STATES, Health
from pipeline.live import ITEM_COUNTS, RoundReport
from schemas.feeds import PollOutcome

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

DEFAULT_ADDRESS = "127.0.0.1:9464"

METRICS = {
    "newsbeam_rounds_total": "Rounds, by result: committed, empty (nothing to read) or failed.",
    "newsbeam_round_seconds": "How long rounds took, a histogram.",
    "newsbeam_documents_total": "Documents read, by outcome: parsed or rejected.",
    "newsbeam_items_total": "Items read, by outcome: new, revised, unchanged, duplicate, rejected.",
    "newsbeam_polls_total": "Feeds that were due, by outcome of the poll.",
    "newsbeam_feed_gaps_total": "Times that items of a feed may have been missed between polls.",
    "newsbeam_state": "1 for the state the stream is in, 0 for the others.",
    "newsbeam_failed_rounds": "Rounds that failed in a row; 0 after a good one.",
    "newsbeam_last_commit": "Number of the last commit; NaN before the first.",
    "newsbeam_last_commit_timestamp_seconds": "Unix time of the last commit; NaN before the first.",
    "newsbeam_lag_seconds": "Age of the oldest waiting file, or of the most overdue feed.",
    "newsbeam_files": "Files not read yet, by state: waiting or writing.",
    "newsbeam_feeds_configured": "Feeds in the feed list.",
    "newsbeam_feeds": "Feeds by state: due, failing, gone, forbidden; one may count in several.",
}
"""Every metric and its help text."""

_ROUND_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):([0-9]{1,5})")
_FEED_STATES = ("due", "failing", "gone", "forbidden")
_FILE_STATES = ("waiting", "writing")


class MetricsServer:
    """Serves metrics over HTTP from a thread of its own, at ``/metrics``.

    Args:
        address: host and port to listen at: ``127.0.0.1:9464``, ``[::1]:9464``, ``0.0.0.0:9464``.
            There is no access control, so the default is this machine alone. Port 0 takes any.

    Raises:
        UsageError: the extra is not installed, the address is wrong or the port is taken.
    """

    def __init__(self, address: str = DEFAULT_ADDRESS) -> None:
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError as error:
            raise UsageError("metrics need: pip install 'newsbeam[metrics]'") from error
        host, port = parse_address(address)
        registry = CollectorRegistry(auto_describe=True)
        self._metrics = _Metrics(registry)
        try:
            self._server, self._thread = start_http_server(port, addr=host, registry=registry)
        except OSError as error:
            raise UsageError(f"metrics at {address}: {error.strerror or error}") from error
        self._last_round = 0

    @property
    def url(self) -> str:
        """Where the metrics are: ``http://127.0.0.1:9464/metrics``."""
        host, port = self._server.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}/metrics"

    def update(self, health: Health, report: RoundReport | None = None) -> None:
        """Take over how the stream is and, once, what a round came to.

        Args:
            health: the gauges.
            report: the round that has ended, for the counters; a round that was counted is not
                counted again.
        """
        self._metrics.show(health)
        if report is not None and report.round > self._last_round:
            self._last_round = report.round
            self._metrics.count(report)

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def parse_address(address: str) -> tuple[str, int]:
    """Read ``host:port``; an IPv6 address stands in brackets.

    Raises:
        UsageError: it is something else.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[3]) > 65535:
        raise UsageError(f"metrics at {address}: not of the form host:port, as {DEFAULT_ADDRESS}")
    return match[1] or match[2], int(match[3])


class _Metrics:
    """The metrics themselves. Every label value is there from the start, with 0."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

        # Series that tell when each counter was made: twice as many, and nobody asks.
        disable_created_metrics()  # type: ignore[no-untyped-call]

        def counter(name: str, label: str = "", values: tuple[str, ...] = ()) -> Counter:
            made = Counter(name, METRICS[name], [label] if label else [], registry=registry)
            for value in values:
                made.labels(value)
            return made

        def gauge(name: str, label: str = "", values: tuple[str, ...] = ()) -> Gauge:
            made = Gauge(name, METRICS[name], [label] if label else [], registry=registry)
            for value in values:
                made.labels(value)
            return made

        self._rounds = counter("newsbeam_rounds_total", "result", ("committed", "empty", "failed"))
        name = "newsbeam_round_seconds"
        self._seconds = Histogram(name, METRICS[name], buckets=_ROUND_SECONDS, registry=registry)
        self._documents = counter("newsbeam_documents_total", "outcome", ("parsed", "rejected"))
        self._items = counter("newsbeam_items_total", "outcome", tuple(ITEM_COUNTS.values()))
        self._polls = counter("newsbeam_polls_total", "outcome", tuple(map(str, PollOutcome)))
        self._gaps = counter("newsbeam_feed_gaps_total")
        self._state = gauge("newsbeam_state", "state", tuple(STATES))
        self._failed = gauge("newsbeam_failed_rounds")
        self._commit = gauge("newsbeam_last_commit")
        self._commit_at = gauge("newsbeam_last_commit_timestamp_seconds")
        self._lag = gauge("newsbeam_lag_seconds")
        self._files = gauge("newsbeam_files", "state", _FILE_STATES)
        self._configured = gauge("newsbeam_feeds_configured")
        self._feeds = gauge("newsbeam_feeds", "state", _FEED_STATES)
        self._commit.set(math.nan)
        self._commit_at.set(math.nan)

    def show(self, health: Health) -> None:
        for state in STATES:
            self._state.labels(state).set(state == health.state)
        self._failed.set(health.failed_rounds)
        if health.last_commit is not None:
            self._commit.set(health.last_commit)
        if health.last_commit_at is not None:
            self._commit_at.set(health.last_commit_at.timestamp())
        self._lag.set(health.lag_seconds)
        for name in _FILE_STATES:
            self._files.labels(name).set(getattr(health.files, name))
        self._configured.set(health.feeds.total)
        for name in _FEED_STATES:
            self._feeds.labels(name).set(getattr(health.feeds, name))

    def count(self, report: RoundReport) -> None:
        failed = report.error is not None
        result = "failed" if failed else "empty" if report.commit is None else "committed"
        self._rounds.labels(result).inc()
        self._seconds.observe(report.seconds)
        if failed:
            # It is done again, and what it read is counted then.
            return
        rejected = report.counts.get("documents_rejected", 0)
        self._documents.labels("rejected").inc(rejected)
        self._documents.labels("parsed").inc(report.documents - rejected)
        for name, outcome in ITEM_COUNTS.items():
            self._items.labels(outcome).inc(report.counts.get(name, 0))
        for outcome, number in report.polls.items():
            self._polls.labels(outcome).inc(number)
        self._gaps.inc(report.gaps)
