"""Whole runs over feeds of a server on loopback: what is asked, remembered and stored."""

import re
import shutil
from datetime import timedelta

import pytest
from clocks import START
from loopback import Loopback, answer, chunked, redirect, sequence, truncate, zipped
from polled import NONE, Lake, feed, listed, paths, sent
from runs import problems_of, run_over

from benchmarks.lakes import contents_of, rows_of
from pipeline.cli import main
from transforms.lake import finish
from transforms.lake.commit import latest_number, read_commit
from transforms.lake.errors import LedgerMismatchError


def test_a_poll_from_request_to_row(tmp_path):
    routes = {"/robots.txt": NONE, "/quay": zipped(feed(1, 2), [("ETag", "a-tag")])}
    with Loopback(routes) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay", name='"quay"'), "--contact=a@b.example")
        (row,) = lake.poll()
        asked, robots = server.requests[1], server.requests[0]
    assert paths([robots, asked]) == ["/robots.txt", "/quay"]
    assert re.fullmatch(r"newsbeam/\S+ \(\+a@b\.example\)", asked.header("User-Agent"))
    size = row.pop("bytes")
    assert 0 < size < len(feed(1, 2))
    due = row.pop("next_due")
    assert START + timedelta(minutes=27) <= due <= START + timedelta(minutes=33, seconds=1)
    assert row == {
        "run_id": "00000001",
        "feed_url": f"{server.url}/quay",
        "asked_url": f"{server.url}/quay",
        "source": "quay",
        "outcome": "fetched",
        "asked_at": START,
        "answered_at": START + timedelta(seconds=1),
        "status": 200,
        "detail": None,
        "requests": 1,
        "conditional": False,
        "items": 2,
        "items_fresh": 2,
        "gap_since": None,
        "validators_distrusted": False,
        "schema_version": 1,
    }
    rows = rows_of(lake.path, "articles")
    assert {row["fetched_at"] for row in rows} == {START + timedelta(seconds=1)}
    assert {(row["source"], row["document_uri"]) for row in rows} == {
        ("quay", f"{server.url}/quay")
    }
    assert not any("fetch_time_assumed" in row["flags"] for row in rows)
    assert problems_of(lake.path) == ()


def test_validators_go_back_as_they_came_and_are_taken_anew(tmp_path):
    stamp = "Mon, 2 Mar 2026 9:0:0 whatever"
    quay = sequence(
        answer(200, [("ETag", 'W/"odd'), ("Last-Modified", stamp)], feed(1)),
        answer(304, [("ETag", '"other"')]),
        answer(304),
        answer(200, [], feed(1, 2)),
        answer(200, [], feed(1, 2)),
    )
    with Loopback({"/quay": quay}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore")
        outcomes = []
        for _ in range(5):
            outcomes += [row["outcome"] for row in lake.poll()]
            lake.later(hours=4)
        asked = server.requests
    assert outcomes == ["fetched", "not_modified", "not_modified", "fetched", "fetched"]
    assert [sent(request) for request in asked] == [
        (None, None),
        ('W/"odd', stamp),
        ('"other"', stamp),
        ('"other"', stamp),
        (None, None),
    ]
    assert lake.guids() == ["ship-1", "ship-2"]


def test_nothing_is_asked_before_it_is_due(tmp_path):
    routes = {
        "/age": answer(200, [("Cache-Control", "max-age=7200")], feed(1)),
        "/ttl": answer(200, [], feed(2, head="<ttl>180</ttl>")),
        "/own": answer(200, [("Cache-Control", "max-age=7200")], feed(3)),
    }
    with Loopback(routes) as server:
        text = listed(f"{server.url}/age", f"{server.url}/ttl")
        text += listed(f"{server.url}/own", interval='"20m"')
        lake = Lake(tmp_path, text, "--robots=ignore", "--host_delay_seconds=0")
        asked = []
        for _ in range(20):
            before = len(server.requests)
            lake.poll()
            asked.append(set(paths(server.requests[before:])))
            lake.later(minutes=12)
    at = {name: [n for n, found in enumerate(asked) if name in found] for name in routes}
    assert all(b - a >= 10 for a, b in zip(at["/age"], at["/age"][1:], strict=False))
    assert all(b - a >= 15 for a, b in zip(at["/ttl"], at["/ttl"][1:], strict=False))
    assert (len(at["/age"]), len(at["/ttl"]), len(at["/own"])) == (2, 2, 10)


def test_validators_advance_with_the_commit_and_never_without(tmp_path, monkeypatch):
    quay = sequence(*(answer(200, [("ETag", f'"{n}"')], feed(n, n + 1)) for n in range(3)))
    with Loopback({"/quay": quay}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore")
        lake.poll()
        lake.later(days=0.5)

        def fails(*_, **__):
            raise LedgerMismatchError("made to fail")

        with monkeypatch.context() as patched:
            patched.setattr(finish, "reconcile", fails)
            with pytest.raises(LedgerMismatchError, match="made to fail"):
                lake.poll()
        assert latest_number(lake.layout) == 1
        lake.poll()
        asked = [sent(request)[0] for request in server.requests]
    assert asked == [None, '"0"', '"0"']
    assert lake.guids() == ["ship-0", "ship-1", "ship-2", "ship-3"]
    assert problems_of(lake.path) == ()


def test_a_commit_that_was_made_and_not_published_counts(tmp_path, monkeypatch):
    quay = sequence(*(answer(200, [("ETag", f'"{n}"')], feed(n, n + 1)) for n in range(3)))
    with Loopback({"/quay": quay}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore", "--archive")

        def fails(*_):
            raise LedgerMismatchError("made to fail")

        with monkeypatch.context() as patched:
            patched.setattr(finish, "publish", fails)
            with pytest.raises(LedgerMismatchError, match="made to fail"):
                lake.poll()
        assert latest_number(lake.layout) == 1
        lake.later(hours=1)
        lake.poll()
        asked = [sent(request)[0] for request in server.requests]
    assert asked == [None, '"0"']
    assert lake.guids() == ["ship-0", "ship-1", "ship-2"]
    assert problems_of(lake.path) == ()


@pytest.mark.parametrize(
    ("status", "remembered"), [(301, True), (308, True), (302, False), (303, False), (307, False)]
)
def test_permanent_redirects_are_remembered(tmp_path, status, remembered):
    routes = {"/old": redirect("/new", status), "/new": answer(200, [], feed(1))}
    with Loopback(routes) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/old", name='"quay"'), "--robots=ignore")
        first = lake.poll()
        lake.later(days=2)
        second = lake.poll()
        asked = paths(server.requests)
    assert asked == ["/old", "/new", *([] if remembered else ["/old"]), "/new"]
    assert [row["requests"] for row in (*first, *second)] == [2, 1 if remembered else 2]
    new = f"{server.url}/{'new' if remembered else 'old'}"
    assert [row["asked_url"] for row in second] == [new]
    assert {row["feed_url"] for row in rows_of(lake.path, "articles")} == {f"{server.url}/old"}


def test_a_chain_with_one_temporary_step_is_not_remembered(tmp_path):
    routes = {
        "/old": redirect("/mid", 301),
        "/mid": redirect("/new", 302),
        "/new": answer(200, [], feed(1)),
    }
    with Loopback(routes) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/old"), "--robots=ignore")
        lake.poll()
        (state,) = lake.states().values()
    assert state.moved_to is None


def test_gone_is_for_good(tmp_path):
    with Loopback({"/quay": answer(410)}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore")
        (row,) = lake.poll()
        assert (row["outcome"], row["next_due"]) == ("gone", None)
        lake.later(days=400)
        assert lake.poll() == []
        assert len(server.requests) == 1


def test_validators_that_lie_are_found_out(tmp_path):
    lying = [("ETag", '"always"')]
    quay = sequence(
        answer(200, lying, feed(1)),
        answer(304, lying),
        answer(200, lying, feed(1, 2)),
        answer(200, lying, feed(1, 2, 3)),
    )
    with Loopback({"/quay": quay}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore")
        rows = []
        for hours in (4, 30, 4, 4):
            rows += lake.poll()
            lake.later(hours=hours)
        asked = [sent(request)[0] for request in server.requests]
    # The third is the daily look without them; afterwards they are not believed.
    assert asked == [None, '"always"', None, None]
    assert [row["validators_distrusted"] for row in rows] == [False, False, True, True]
    assert lake.guids() == ["ship-1", "ship-2", "ship-3"]


def test_a_gap_is_told_with_its_time(tmp_path):
    quay = sequence(
        answer(200, [], feed(1, 2)), answer(200, [], feed(2, 3)), answer(200, [], feed(7, 8))
    )
    with Loopback({"/quay": quay}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore")
        rows = []
        for _ in range(3):
            rows += lake.poll()
            lake.later(hours=1)
    assert [row["gap_since"] for row in rows] == [None, None, rows[1]["answered_at"]]
    assert [row["items_fresh"] for row in rows] == [2, 1, 2]
    assert read_commit(lake.layout, 3).ledger["gaps"] == 1


def test_what_cannot_be_read_is_a_failure_and_is_asked_again_in_full(tmp_path):
    page = b"<!doctype html><html><body>Please log in</body></html>"
    quay = sequence(
        answer(200, [("ETag", '"a"')], feed(1)),
        answer(200, [("ETag", '"b"')], page),
        answer(200, [("ETag", '"c"')], feed(1, 2)),
    )
    with Loopback({"/quay": quay}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/quay"), "--robots=ignore")
        rows = []
        for _ in range(3):
            rows += lake.poll()
            lake.later(days=0.5)
        asked = [sent(request)[0] for request in server.requests]
    assert asked == [None, '"a"', '"a"']
    assert [(row["outcome"], row["items"]) for row in rows] == [
        ("fetched", 1),
        ("fetched", None),
        ("fetched", 2),
    ]
    assert len(rows_of(lake.path, "rejects")) == 1
    assert lake.guids() == ["ship-1", "ship-2"]


def test_failures_are_told_and_cost_nobody_else_anything(tmp_path):
    routes = {
        "/cut": truncate(feed(1), 20),
        "/round": redirect("/round"),
        "/500": answer(500, [], b"<html>broken</html>"),
        "/304": answer(304),
        "/big": answer(200, [], feed(*range(2000))),
        "/good": chunked(feed(5)[:40], feed(5)[40:]),
    }
    with Loopback(routes) as server:
        text = listed(*(f"{server.url}{path}" for path in routes))
        text += listed("http://nowhere.invalid/feed", f"{server.url}/none?key=${{NOT_SET}}")
        lake = Lake(tmp_path, text, "--robots=ignore", "--max_document_bytes=65536")
        rows = {row["feed_url"].rpartition("/")[2]: row for row in lake.poll()}
        assert lake.poll() == []
    failed = ["cut", "round", "500", "304", "big", "feed", "none?key=${NOT_SET}"]
    assert {name: row["outcome"] for name, row in rows.items()} == {
        **dict.fromkeys(failed, "failed"),
        "good": "fetched",
    }
    assert all(row["detail"] for name, row in rows.items() if name != "good")
    assert "NOT_SET" in next(row["detail"] for name, row in rows.items() if "none" in name)
    assert lake.guids() == ["ship-5"]
    ledger = read_commit(lake.layout, 1).ledger
    assert (ledger["feeds_due"], ledger["feeds_failed"], ledger["feeds_fetched"]) == (8, 7, 1)
    assert problems_of(lake.path) == ()


def test_an_archive_read_again_gives_the_same_rows(tmp_path, capsys):
    routes = {
        "/a": zipped(feed(1, 2), [("Content-Type", "application/rss+xml; charset=utf-8")]),
        "/b": answer(200, [], "<rss><channel><item><title>Größe zählt</title></item>".encode()),
        "/c": answer(200, [], b"%PDF-1.7 not a feed"),
    }
    with Loopback(routes) as server:
        text = listed(f"{server.url}/a", name='"Kai — quay"', language='"en"', topics='["sport"]')
        text += listed(f"{server.url}/b", f"{server.url}/c")
        lake = Lake(tmp_path, text, "--robots=ignore", "--archive")
        lake.poll()
        lake.later(days=1)
        lake.poll()
    assert {row["language_declared"] for row in rows_of(lake.path, "articles")} == {"en", None}
    sport = [row for row in rows_of(lake.path, "articles") if row["feed_topics"]]
    assert {(row["main_topic"], row["topics"][0]["origin"]) for row in sport} == {("sport", "feed")}
    again = tmp_path / "again"
    assert run_over([lake.path / "raw"], again, "--language_engine=fast") == 0
    assert contents_of(again) == contents_of(lake.path)
    (reject,) = rows_of(lake.path, "rejects")
    assert main(["explain", str(lake.path), reject["reject_id"]]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "its feed will be asked again" in told
    assert "--input http" not in told
    before = contents_of(lake.path)
    assert run_over([lake.path / "raw"], lake.path, "--language_engine=fast") == 0
    assert contents_of(lake.path) == before
    assert problems_of(lake.path) == ()
    (damaged,) = lake.path.glob("raw/*/00000001-*")
    damaged.write_bytes(b"no longer what it was")
    assert len(problems_of(lake.path)) == 1
    shutil.rmtree(lake.path / "raw")
    assert problems_of(lake.path) == ()
