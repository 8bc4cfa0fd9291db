"""Feeds that misbehave in every way, polled again and again: nothing lost, doubled or impolite."""

from collections import Counter

import pytest
from clocks import FakeClock
from polled import poll_world
from polling_truth import Plan, losses, polls_of
from polling_world import KINDS, World
from runs import problems_of

from benchmarks.lakes import rows_of
from transforms.lake import finish
from transforms.lake.commit import read_commits
from transforms.lake.errors import LedgerMismatchError
from transforms.lake.layout import Layout

DELAY = 2.0


def test_a_world_of_feeds(tmp_path, monkeypatch):
    clock, lake = FakeClock(), tmp_path / "lake"
    failed = []
    with World(2 * len(KINDS), 5, clock) as world:
        for number in range(14):
            with monkeypatch.context() as patched:
                if number in (4, 9):
                    patched.setattr(finish, "make_commit", fails)
                    began = clock.now()
                    with pytest.raises(LedgerMismatchError):
                        poll_world(world, world.listed(), lake, clock, DELAY)
                    failed.append((began, clock.now()))
                else:
                    poll_world(world, world.listed(), lake, clock, DELAY)
            clock.sleep(1800)
    assert list(Plan(world, DELAY, 300, failed).broken()) == []
    wrong, fate = losses(world, lake, clock.now())
    assert wrong == []
    assert fate["stored"] > 20 * len(KINDS)
    assert problems_of(lake) == ()
    outcomes = Counter(row["outcome"] for row in polls_of(lake))
    assert set(outcomes) >= {
        *("fetched", "not_modified", "failed", "gone", "forbidden", "deferred"),
    }
    commits = list(read_commits(Layout(str(lake))))
    assert len(commits) == 12
    assert sum(commit.ledger["feeds_due"] for commit in commits) == outcomes.total()
    liars = [row for row in polls_of(lake) if row["validators_distrusted"]]
    assert {row["feed_url"] for row in liars} <= {f.url for f in world.feeds if f.kind == "liar"}
    edited = [row for row in rows_of(lake, "articles") if row["revision"] > 1]
    kinds = {world.feeds[int(row["guid"].split("-")[0])].kind for row in edited}
    assert kinds == {"edits"}


def fails(*_):
    """Stands for whatever may go wrong just before the commit."""
    raise LedgerMismatchError("made to fail")
