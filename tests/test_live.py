"""What a person sees of a stream: on a terminal, in a log, in a log that machines read."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pipeline.health import FeedsHealth, FilesHealth, Health
from pipeline.live import (
    JsonDisplay,
    LineDisplay,
    RoundReport,
    TableDisplay,
    draw,
    make_display,
    one_line,
    round_line,
)
from pipeline.metrics import METRICS

ROOT = Path(__file__).resolve().parent.parent
BEGAN = datetime(2026, 3, 9, 12, tzinfo=UTC)
HEALTH = Health(
    state="waiting",
    pid=4711,
    started_at=BEGAN,
    lake="/data/[lake]",
    round=12,
    last_commit=34,
    next_round_at=BEGAN + timedelta(minutes=1),
    lag_seconds=125.4,
    files=FilesHealth(waiting=1200, writing=3),
    feeds=FeedsHealth(total=3000, due=12, failing=41, gone=7, forbidden=2, gaps=5),
    totals={
        "documents": 5230,
        "items_new": 40123,
        "items_revised": 234,
        "items_unchanged": 1234567,
        "items_duplicate": 34,
        "items_rejected": 2,
    },
)
ROUND = RoundReport(
    round=12,
    commit=34,
    started_at=BEGAN,
    seconds=1.44,
    files=20,
    feeds=3,
    documents=22,
    counts={"items_new": 40, "items_unchanged": 76, "items_revised": 2, "documents_rejected": 0},
    polls=Counter(fetched=2, not_modified=1),
)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {},
            "round 12: commit 34, 20 files, 3 feeds, 118 items: 40 new, 2 revised, 76 unchanged "
            "in 1.4 s",
        ),
        (
            {"counts": {"items_new": 1}, "files": 1, "feeds": 1, "seconds": 61.25},
            "round 12: commit 34, 1 file, 1 feed, 1 item: 1 new in 61.2 s",
        ),
        (
            {"counts": {"documents_rejected": 2}},
            "round 12: commit 34, 20 files, 3 feeds, 0 items in 1.4 s; 2 documents rejected",
        ),
        (
            {"commit": None, "counts": {}, "files": 0, "feeds": 0, "seconds": 0.01},
            "round 12: nothing to commit, 0 files, 0 feeds in 0.0 s",
        ),
        (
            {"commit": None, "error": "the disk\nis full"},
            "round 12: failed in 1.4 s: the disk is full",
        ),
        (
            {
                "counts": {"items_duplicate": 1000, "items_rejected": 1},
                "polls": {"failed": 2, "gone": 1, "forbidden": 1, "deferred": 9},
                "gaps": 1,
                "waiting_files": 1200,
                "waiting_feeds": 1,
                "lag_seconds": 3605.4,
            },
            "round 12: commit 34, 20 files, 3 feeds, 1,001 items: 1,000 duplicate, 1 rejected "
            "in 1.4 s; 2 feeds failed; 1 feed gone; 1 feed forbidden; 9 feeds deferred; 1 gap; "
            "1,200 files and 1 feed waiting, lag 3,605 s",
        ),
    ],
)
def test_a_round_in_a_line(changes, line):
    assert round_line(replace(ROUND, **changes)) == line


def test_a_log_has_a_line_a_round_and_a_line_a_message():
    stream = io.StringIO()
    display = make_display("text", terminal=False, stream=stream)
    assert isinstance(display, LineDisplay)
    display.doing(HEALTH)
    display.message("reading /data/drop every 60 s")
    display.round_done(ROUND, HEALTH)
    display.message("/drop/a\x1b[2J\n.xml: not put away", level="warning")
    display.close()
    assert stream.getvalue() == (
        "newsbeam: reading /data/drop every 60 s\n"
        "newsbeam: round 12: commit 34, 20 files, 3 feeds, 118 items: 40 new, 2 revised, "
        "76 unchanged in 1.4 s\n"
        "newsbeam: warning: /drop/a\\x1b[2J .xml: not put away\n"
    )


def test_standard_error_is_looked_up_when_a_line_is_written(capsys):
    display = make_display("text", terminal=False)
    display.message("here")
    assert capsys.readouterr().err == "newsbeam: here\n"


def test_a_log_for_machines_has_an_object_a_line():
    stream = io.StringIO()
    display = make_display("json", terminal=True, stream=stream, clock=lambda: BEGAN)
    assert isinstance(display, JsonDisplay)
    display.doing(HEALTH)
    display.message("stopping after this round", level="warning")
    display.round_done(replace(ROUND, next_at=BEGAN + timedelta(minutes=1)), HEALTH)
    display.round_done(replace(ROUND, commit=None, error="full", lag_seconds=1.23456), HEALTH)
    display.close()
    message, done, failed = map(json.loads, stream.getvalue().splitlines())
    assert message == {
        "ts": "2026-03-09T12:00:00.000+00:00",
        "level": "warning",
        "event": "message",
        "text": "stopping after this round",
    }
    assert done == {
        "ts": "2026-03-09T12:00:00.000+00:00",
        "level": "info",
        "event": "round",
        "round": 12,
        "commit": 34,
        "started_at": "2026-03-09T12:00:00.000+00:00",
        "seconds": 1.44,
        "files": 20,
        "feeds": 3,
        "documents": 22,
        "counts": {
            "documents_rejected": 0,
            "items_new": 40,
            "items_revised": 2,
            "items_unchanged": 76,
        },
        "polls": {"fetched": 2, "not_modified": 1},
        "gaps": 0,
        "waiting_files": 0,
        "waiting_feeds": 0,
        "lag_seconds": 0.0,
        "next_at": "2026-03-09T12:01:00.000+00:00",
        "error": None,
        "state": "waiting",
    }
    assert failed == {
        **done,
        "level": "error",
        "commit": None,
        "error": "full",
        "lag_seconds": 1.235,
        "next_at": None,
    }


def drawn(rounds: list[RoundReport], health: Health) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(draw(rounds, health))
    text = console.file.getvalue()
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip()


def test_the_picture():
    failed = replace(ROUND, round=13, commit=None, counts={}, documents=0, error="full")
    empty = replace(failed, round=14, error=None)
    assert drawn([ROUND, failed, empty], HEALTH) == (
        """\
newsbeam → /data/[lake]
  #    began commit  docs    new revised unchanged duplicate rejected  took
───────────────────────────────────────────────────────────────────────────
 12 12:00:00     34    22     40       2        76         0        0 1.4 s
 13 12:00:00 failed     0      0       0         0         0        0 1.4 s
 14 12:00:00      -     0      0       0         0         0        0 1.4 s

all                 5,230 40,123     234 1,234,567        34        2
  files: 1,200 waiting, 3 being written
  feeds: 3,000 in all, 12 due, 41 failing, 7 gone, 2 forbidden, 5 gaps
  lag: 125 s
  waiting; next round at 12:01:00 UTC"""
    )


def test_the_picture_says_only_what_there_is_to_say():
    quiet = Health(state="running", pid=1, started_at=BEGAN, lake="/data/lake", round=1)
    assert drawn([], quiet).splitlines()[-1] == "  running: round 1"
    assert "feeds:" not in drawn([], quiet)
    failing = replace(quiet, state="failing", failed_rounds=2, last_error="the disk\x07 is full")
    assert drawn([], failing).splitlines()[-2:] == [
        "  2 rounds failed: the disk\\x07 is full",
        "  failing: round 1",
    ]


def screen(text: str) -> list[str]:
    """What a terminal shows after this output; knows what rich writes, and nothing else."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            column_0 = True
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif part[0] != "\x1b":
            lines[row] += part
        else:
            assert re.fullmatch(r"\x1b\[([0-9;]*m|\?25[lh])", part), part
    assert column_0
    return [line.rstrip() for line in lines if line.strip()]


def test_a_terminal_shows_the_last_rounds_and_is_clean_in_the_end():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=90, height=40)
    display = TableDisplay(console=console)
    display.message("reading [b]/data/drop[/b]")
    for number in range(1, 13):
        display.doing(replace(HEALTH, state="running", round=number))
        display.round_done(replace(ROUND, round=number), HEALTH)
    shown = screen(stream.getvalue())
    assert shown[0] == "newsbeam: reading [b]/data/drop[/b]"
    assert [line.split()[0] for line in shown[4:14]] == [str(number) for number in range(3, 13)]
    assert shown[-1] == "  waiting; next round at 12:01:00 UTC"
    display.message("stopped", level="warning")
    display.close()
    text = stream.getvalue()
    assert screen(text) == ["newsbeam: reading [b]/data/drop[/b]", "newsbeam: warning: stopped"]
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


SCRIPT = """
from datetime import UTC, datetime
import os
from pipeline.health import Health
from pipeline.live import RoundReport, make_display
from pipeline.report import quiet_workers
began = datetime(2026, 3, 9, 12, tzinfo=UTC)
health = Health(state="waiting", pid=1, started_at=began, lake="/data/lake", round=1)
display = make_display("text", terminal=True)
with quiet_workers():
    os.write(2, b"noise of a worker")
    display.round_done(RoundReport(1, 1, began, 1.0), health)
    display.message("seen")
display.round_done(RoundReport(2, 2, began, 1.0), health)
display.close()
"""


def test_on_a_real_terminal_while_workers_are_silenced():
    near, far = pty.openpty()
    command = [sys.executable, "-c", SCRIPT]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "90", "LINES": "40"}
    with subprocess.Popen(command, cwd=ROOT, stderr=far, env=env) as process:
        os.close(far)
        written = b""
        while piece := read(near):
            written += piece
        assert process.wait(timeout=60) == 0
    os.close(near)
    text = written.decode()
    assert "waiting: round 1" in text
    assert text[text.index("\x1b[?25l") :].count("\x1b[?25h") == 1
    assert screen(text[text.index("\x1b[?25l") :]) == ["newsbeam: seen"]


def read(terminal: int) -> bytes:
    """The next piece of what was written to a terminal; nothing when its last writer is gone."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


@given(st.text())
def test_a_line_is_one_line_and_steers_nothing(text):
    line = one_line(text)
    assert line.isprintable()
    assert one_line(line) == line
    if text.isprintable():
        assert line == " ".join(text.split())


PAGE = (ROOT / "docs" / "local_stream.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("record", [Health, FilesHealth, FeedsHealth, RoundReport])
def test_the_page_names_every_field(record):
    missing = [field.name for field in fields(record) if f"`{field.name}`" not in PAGE]
    assert missing == []


def test_the_page_tells_every_metric_in_the_words_of_its_help():
    rows = dict(re.findall(r"^\| `(newsbeam_\w+)[^|]*\| (.+) \|$", PAGE, re.MULTILINE))
    assert rows == METRICS
