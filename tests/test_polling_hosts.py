"""Whole runs over feeds: hosts are spared, secrets are kept, private addresses are refused."""

import gzip
import io
from datetime import timedelta

import pytest
from clocks import START
from loopback import Loopback, answer, redirect, sequence, truncate
from polled import Lake, feed, listed, paths

from benchmarks.lakes import rows_of
from pipeline.driver import run
from pipeline.options import parse_options
from transforms.lake.feeds import read_feed_states


@pytest.mark.parametrize("form", ["3600", "{http_date}"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_to_wait_is_left_alone(tmp_path, form, status):
    # The clock of the test is where the date is counted from.
    until = START + timedelta(hours=1)
    said = form.format(http_date=f"{until:%a, %d %b %Y %H:%M:%S} GMT")
    routes = {"/a": answer(status, [("Retry-After", said)]), "/b": answer(200, [], feed(1))}
    with Loopback(routes) as server, Loopback({"/c": answer(200, [], feed(2))}) as other:
        text = listed(*(f"{server.url}/{name}" for name in "ab"), f"{other.url}/c")
        lake = Lake(tmp_path, text, "--robots=ignore")
        first = sorted(row["outcome"] for row in lake.poll())
        lake.later(minutes=50)
        lake.poll()
        asked_in_between = paths(server.requests)
        lake.later(minutes=15)
        third = {row["feed_url"][-1]: row["outcome"] for row in lake.poll()}
    # Which of the two is asked first depends on the hash of their addresses.
    assert first in (["deferred", "failed", "fetched"], ["failed", "fetched", "fetched"])
    assert asked_in_between in (["/a"], ["/b", "/a"])
    assert third["a"] == "failed"
    assert "a" in third


def test_robots_txt_is_asked_once_a_day_and_obeyed(tmp_path):
    rules = b"User-agent: newsbeam\nDisallow: /private\nCrawl-delay: 30\n"
    routes = {"/robots.txt": answer(200, [], rules)}
    routes |= {f"/{name}": answer(200, [], feed(n)) for n, name in enumerate(["a", "b"])}
    with Loopback(routes) as server:
        text = listed(*(f"{server.url}/{name}" for name in ("a", "b", "private")))
        text += listed(f"{server.url}/private/mine", robots="false")
        lake = Lake(tmp_path, text)
        rows = {row["feed_url"].removeprefix(server.url): row for row in lake.poll()}
        ended = lake.clock.now()
        lake.later(hours=20)
        lake.poll()
        within_a_day = paths(server.requests).count("/robots.txt")
        lake.later(hours=20)
        lake.poll()
        asked = paths(server.requests)
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "/a": "fetched",
        "/b": "fetched",
        "/private": "forbidden",
        "/private/mine": "failed",
    }
    assert rows["/private"]["detail"] == f"{server.url}/robots.txt forbids it"
    assert rows["/private"]["asked_at"] is None
    assert ended - START >= timedelta(seconds=60)
    assert within_a_day == 1
    assert asked.count("/robots.txt") == 2
    assert "/private" not in asked


@pytest.mark.parametrize(("status", "outcome"), [(404, "fetched"), (500, "failed")])
def test_a_robots_txt_that_is_not_there(tmp_path, status, outcome):
    with Loopback({"/robots.txt": answer(status), "/a": answer(200, [], feed(1))}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/a"))
        (row,) = lake.poll()
    assert row["outcome"] == outcome
    assert (row["detail"] is None) == (outcome == "fetched")


SECRETS = ("s3cr3t-user", "s3cr3t-word", "s3cr3t-key", "s3cr3t-path", "s3cr3t-token")


def test_no_secret_is_ever_shown_or_stored(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("QUAY_PATH", SECRETS[3])
    monkeypatch.setenv("QUAY_TOKEN", SECRETS[4])
    routes = {
        "/a": answer(401),
        f"/b?api_key={SECRETS[2]}": answer(200, [("Set-Cookie", "x=s3cr3t-key")], feed(1)),
        f"/{SECRETS[3]}/c": redirect(f"/{SECRETS[3]}/d", 301),
        f"/{SECRETS[3]}/d": truncate(feed(2), 5),
        "/e": answer(200, [], feed(3)),
    }
    with Loopback(routes) as server:
        host = server.url.removeprefix("http://")
        text = listed(
            f"http://{SECRETS[0]}:{SECRETS[1]}@{host}/a",
            f"{server.url}/b?api_key={SECRETS[2]}",
            f"{server.url}/${{QUAY_PATH}}/c",
        )
        text += listed(f"{server.url}/e") + '[feeds.headers]\nX-Token = "${QUAY_TOKEN}"\n'
        lake = Lake(tmp_path, text, "--robots=ignore", "--archive")
        lake.poll()
        authorization = {
            request.path: request.header("Authorization") for request in server.requests
        }
        tokens = {request.path: request.header("X-Token") for request in server.requests}
    assert authorization["/a"].startswith("Basic ")
    assert authorization["/e"] is None
    assert (tokens["/e"], tokens["/a"]) == (SECRETS[4], None)
    assert len(lake.guids()) == 2
    told = capfd.readouterr()
    stored = [told.out.encode(), told.err.encode(), repr(lake.polls()).encode()]
    for table in ("articles", "duplicates", "rejects", "runs"):
        stored.append(repr(rows_of(lake.path, table)).encode())
    for path in lake.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            stored.append(content)
            if content.startswith(b"\x1f\x8b"):
                stored.append(gzip.GzipFile(fileobj=io.BytesIO(content)).read())
    for state in read_feed_states(lake.layout):
        stored.append(repr(state).encode())
    for secret in SECRETS:
        assert not any(secret.encode() in content for content in stored), secret


def test_header_secrets_stay_with_their_host(tmp_path, monkeypatch):
    monkeypatch.setenv("QUAY_TOKEN", SECRETS[4])
    with Loopback({"/feed": answer(200, [], feed(1))}) as other:
        with Loopback({"/old": redirect(f"{other.url}/feed", 301)}) as server:
            text = listed(f"{server.url}/old") + '[feeds.headers]\nX-Token = "${QUAY_TOKEN}"\n'
            lake = Lake(tmp_path, text, "--robots=ignore")
            lake.poll()
            lake.later(days=2)
            lake.poll()
            assert [request.header("X-Token") for request in server.requests] == [SECRETS[4]]
        assert [request.header("X-Token") for request in other.requests] == [None, None]


def test_private_addresses_are_refused_unless_they_are_allowed(tmp_path):
    with Loopback({"/a": answer(200, [], feed(1))}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/a"), "--robots=ignore")
        arguments = ["--feeds", str(lake.list), "--output", str(lake.path), "--robots=ignore"]
        run(parse_options(arguments), lake.clock)
        assert server.requests == []
    (row,) = lake.polls()
    assert (row["outcome"], row["requests"]) == ("failed", 0)


def test_a_run_that_was_told_to_stop_asks_no_more(tmp_path, monkeypatch):
    from transforms.feeds import ask

    with Loopback({f"/{n}": answer(200, [], feed(n)) for n in range(3)}) as server:
        lake = Lake(tmp_path, listed(*(f"{server.url}/{n}" for n in range(3))), "--robots=ignore")
        real = ask.Asker.ask

        def and_stop(self, request):
            (folder,) = lake.layout.staging.iterdir()
            (folder / "stop").touch()
            return real(self, request)

        monkeypatch.setattr(ask.Asker, "ask", and_stop)
        rows = lake.poll()
        assert len(server.requests) == 1
    assert sorted(row["outcome"] for row in rows) == ["deferred", "deferred", "fetched"]
    deferred = [row for row in rows if row["outcome"] == "deferred"]
    assert {(row["detail"], row["requests"]) for row in deferred} == {("the run was stopped", 0)}


def test_hosts_are_spared_over_the_end_of_a_run(tmp_path):
    with Loopback({f"/{n}": answer(200, [], feed(n)) for n in range(2)}) as server:
        lake = Lake(
            tmp_path, listed(f"{server.url}/0"), "--robots=ignore", "--host_delay_seconds=60"
        )
        lake.poll()
        lake.list.write_text(listed(f"{server.url}/1"))
        began = lake.clock.now()
        (row,) = [row for row in lake.poll() if row["feed_url"].endswith("/1")]
    assert began == START
    assert row["answered_at"] == START + timedelta(seconds=60)


def test_a_server_that_repeats_a_secret_does_not_bring_it_into_the_lake(tmp_path, monkeypatch):
    secret = "tell-nobody-77"
    monkeypatch.setenv("QUAY_KEY", secret)
    address = f"http://quay.example/feed?q={secret}"
    own = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{address}'/>"
    said = [("Link", f"<{address}>; rel=self"), ("Content-Location", address)]
    with Loopback({f"/feed?q={secret}": answer(200, said, feed(1, head=own))}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/feed?q=${{QUAY_KEY}}"), "--robots=ignore")
        lake.poll("--archive")
    (row,) = rows_of(lake.path, "articles")
    assert (row["source"], row["feed_url"]) == (
        "https://quay.example/feed?q=***",
        "http://quay.example/feed?q=***",
    )
    for path in lake.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            plain = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
            assert secret.encode() not in plain, path


def test_a_robots_txt_that_was_had_before_counts_when_a_new_one_cannot_be_had(tmp_path):
    rules = answer(200, [], b"User-agent: *\nDisallow: /private\n")
    robots = sequence(rules, answer(500), rules)
    routes = {"/robots.txt": robots, "/a": answer(200, [], feed(1))}
    with Loopback(routes) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/a", f"{server.url}/private"))
        outcomes = []
        for _ in range(3):
            outcomes.append(sorted(str(row["outcome"]) for row in lake.poll()))
            lake.later(hours=30)
        asked = paths(server.requests)
    assert outcomes == [["fetched", "forbidden"]] * 3
    assert asked.count("/robots.txt") == 3
    assert "/private" not in asked


def test_long_headers_harm_nobody(tmp_path):
    many = [(f"X-Filler-{n}", "x" * 60_000) for n in range(6)]
    with Loopback({"/a": answer(200, many, feed(1)), "/b": answer(200, [], feed(2))}) as server:
        lake = Lake(tmp_path, listed(f"{server.url}/a", f"{server.url}/b"), "--robots=ignore")
        lake.poll("--max_document_bytes=3000")
    assert lake.guids() == ["ship-1", "ship-2"]


def test_polling_ends_in_time(tmp_path):
    routes = {f"/{n}": answer(200, [], feed(n)) for n in range(6)}
    routes["/robots.txt"] = answer(200, [], b"User-agent: *\nCrawl-delay: 100\n")
    with Loopback(routes) as server:
        lake = Lake(tmp_path, listed(*(f"{server.url}/{n}" for n in range(6))))
        rows = lake.poll("--poll_seconds=250")
    outcomes = [row["outcome"] for row in rows]
    assert outcomes.count("fetched") in (2, 3)
    left = {row["detail"] for row in rows if row["outcome"] == "deferred"}
    assert left == {"the time for feeds was over"}
    assert lake.clock.now() - START < timedelta(seconds=401)
