"""Plans for tests that build the graph themselves, in an order of their own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.graph import RunPlan
from pipeline.sources import find_files
from transforms.feeds.ask import PollSettings
from transforms.feeds.clock import SystemClock
from transforms.lake.layout import Layout, Staging

STARTED = datetime(2026, 3, 2, tzinfo=UTC)


def plan_over(files: Sequence[Path], lake: Path) -> RunPlan:
    """The plan of a lake's first run, files in the order given."""
    layout = Layout(str(lake))
    staging = Staging(layout.root, "00000001-a1")
    staging.make()
    return RunPlan(
        lake=layout,
        staging=staging,
        number=1,
        started_at=STARTED,
        files=tuple(find_files(str(path))[0] for path in files),
        requests=(),
        poll=PollSettings(),
        clock=SystemClock(),
        feeds=(),
        segments=(),
        headline_window=timedelta(hours=72),
        target_file_bytes=64 << 20,
        max_document_bytes=32 << 20,
        max_items_per_document=100_000,
        language_engine="langdetect",
    )
