"""``newsbeam feeds``: what a run would ask and when, and that nothing is asked."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from loopback import Loopback, answer, stall

from pipeline.errors import ExitCode, UsageError
from pipeline.feed_commands import feeds
from pipeline.feeds_page import MOST_ROWS, outlook_as_json, print_outlook
from schemas.feeds import FeedState, HostState
from transforms.feeds.ask import PollSettings
from transforms.feeds.feed_list import read_feed_list
from transforms.feeds.outlook import (
    ROBOTS,
    WHEN,
    FeedOutlook,
    HostOutlook,
    Outlook,
    outlook,
    robots_wanted,
)
from transforms.http.secrets import feed_key
from transforms.lake.commit import Commit, make_commit, publish
from transforms.lake.feeds import write_feed_states
from transforms.lake.layout import Layout, Staging, commit_name

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = PollSettings()
COAST, QUAY = "https://coast.example/rss", "https://quay.example/rss"
HILL, MOOR = "https://hill.example/rss?key=${HILL_KEY}", "https://coast.example/moor"
LIST = f"""
[defaults]
headers = {{ X-Desk = "north" }}
[[feeds]]
url = "{COAST}"
name = "The Coast"
interval = "1m"
[[feeds]]
url = "{QUAY}"
robots = false
[[feeds]]
url = "{HILL}"
headers = {{ Authorization = "Bearer ${{HILL_TOKEN}}" }}
[[feeds]]
url = "{MOOR}"
"""


def of(text: str, states=(), hosts=(), environment=(), settings=SETTINGS) -> Outlook:
    return outlook(
        read_feed_list(text.encode(), "x").feeds,
        {state.key: state for state in states},
        {host.host: host for host in hosts},
        environment,
        settings,
        NOW,
    )


def feed(url: str, host: str, **facts: object) -> FeedOutlook:
    usual = {
        "name": None, "when": "now", "due": None, "interval": 1800.0, "interval_from": "default",
        "robots": "unknown", "missing": (), "moved_to": None, "failures": 0, "status": None,
        "detail": "", "answered_at": None, "days_silent": None, "changed_at": None,
    }  # fmt: skip
    return FeedOutlook(url=url, host=host, **{**usual, **facts})


def host(name: str, **facts: object) -> HostOutlook:
    usual = {
        "feeds": 1, "due": 1, "requests_per_day": 48.0, "delay": 1.0, "round_seconds": 1.0,
        "hold_until": None, "robots_status": None, "robots_at": None,
    }  # fmt: skip
    return HostOutlook(host=name, **{**usual, **facts})


def test_a_list_that_was_never_polled():
    assert of(LIST) == Outlook(
        (
            feed(MOOR, "coast.example"),
            feed(COAST, "coast.example", name="The Coast", interval=300.0, interval_from="list"),
            feed(QUAY, "quay.example", robots="ignored"),
            feed(HILL, "hill.example", when="unset", missing=("HILL_KEY", "HILL_TOKEN")),
        ),
        (
            host("coast.example", feeds=2, due=2, requests_per_day=336.0, round_seconds=2.0),
            host("hill.example", due=0, round_seconds=0.0),
            host("quay.example", round_seconds=0.0),
        ),
    )


def test_what_a_lake_remembers_counts():
    states = [
        FeedState(
            feed_key(COAST), COAST, next_due=NOW + HOUR, interval=7200.0, asked_at=NOW - HOUR,
            answered_at=NOW - HOUR, changed_at=NOW - 3 * HOUR, status=200, outcome="fetched",
        ),
        FeedState(feed_key(QUAY), QUAY, gone=True, status=410, outcome="gone", detail="410 Gone"),
        FeedState(
            feed_key(HILL), HILL, next_due=NOW - HOUR, interval=900.0, failures=3, status=503,
            outcome="failed", detail="status 503", answered_at=NOW - 48 * HOUR,
        ),
        FeedState(feed_key(MOOR), MOOR, moved_to="https://moor.example/rss", interval=3600.0),
    ]  # fmt: skip
    hosts = [HostState("hill.example", hold_until=NOW + 2 * HOUR), HostState("moor.example")]
    text = LIST.replace('interval = "1m"\n', "")
    found = of(text, states, hosts, {"HILL_KEY", "HILL_TOKEN"})
    assert found.feeds == (
        feed(MOOR, "moor.example", interval=3600.0, interval_from="pace",
             moved_to="https://moor.example/rss"),
        feed(COAST, "coast.example", name="The Coast", when="later", due=NOW + HOUR,
             interval=7200.0, interval_from="pace", status=200, answered_at=NOW - HOUR,
             days_silent=1 / 24, changed_at=NOW - 3 * HOUR),
        feed(HILL, "hill.example", when="later", due=NOW + 2 * HOUR, interval=900.0,
             interval_from="pace", failures=3, status=503, detail="status 503",
             answered_at=NOW - 48 * HOUR, days_silent=2.0),
        feed(QUAY, "quay.example", when="never", robots="ignored", status=410, detail="410 Gone"),
    )  # fmt: skip
    by_name = {one.host: one for one in found.hosts}
    assert by_name["hill.example"].hold_until == NOW + 2 * HOUR
    assert by_name["quay.example"].requests_per_day == 0.0
    assert by_name["coast.example"].due == 0


def robots(status: int | None, body: bytes | None = None, age: timedelta = HOUR) -> HostState:
    return HostState("coast.example", robots=body, robots_status=status, robots_at=NOW - age)


@pytest.mark.parametrize(
    ("known", "verdict", "when", "pause"),
    [
        (
            robots(200, b"User-agent: *\nDisallow: /moor\nCrawl-delay: 9"),
            "forbidden",
            "forbidden",
            9,
        ),
        (robots(200, b"User-agent: *\nCrawl-delay: 99999"), "allowed", "now", 300),
        (robots(200, b"User-agent: newsbeam\nDisallow: /rss"), "allowed", "now", 1),
        (robots(404), "allowed", "now", 1),
        (robots(None), "forbidden", "forbidden", 1),
        (robots(200, b"User-agent: *\nDisallow: /", 25 * HOUR), "forbidden", "now", 1),
        (HostState("coast.example"), "unknown", "now", 1),
    ],
)
def test_verdicts_of_robots_txt(known, verdict, when, pause):
    found = of(f"{MOOR}\n", hosts=[known])
    assert [(one.robots, one.when) for one in found.feeds] == [(verdict, when)]
    assert [one.delay for one in found.hosts] == [pause]
    ignored = of(f"{MOOR}\n", hosts=[known], settings=PollSettings(robots=False))
    assert [(one.robots, one.when) for one in ignored.feeds] == [("ignored", "now")]
    assert [one.delay for one in ignored.hosts] == [1.0]


def test_robots_txt_is_wanted_of_hosts_that_would_be_asked_for_it():
    listed = read_feed_list(LIST.encode(), "x").feeds
    wanted = robots_wanted(listed, {}, {}, SETTINGS, NOW)
    assert wanted == {
        "coast.example": "https://coast.example/robots.txt",
        "hill.example": "https://hill.example/robots.txt",
    }
    fresh = {"coast.example": robots(404), "hill.example": robots(404, age=25 * HOUR)}
    assert list(robots_wanted(listed, {}, fresh, SETTINGS, NOW)) == ["hill.example"]
    gone = {feed_key(HILL): FeedState(feed_key(HILL), HILL, gone=True)}
    assert list(robots_wanted(listed, gone, fresh, SETTINGS, NOW)) == []
    assert list(robots_wanted(listed, {}, {}, PollSettings(robots=False), NOW)) == []


def test_the_page_shows_some_and_json_shows_all(capsys):
    count = MOST_ROWS + 5
    text = "".join(f"https://h{number:02}.example/rss\n" for number in range(count)) + "x\n" * count
    listed = read_feed_list(text.encode(), "x")
    found = of(text)
    print_outlook("x", found, listed.notes, NOW)
    shown = capsys.readouterr().out
    assert "h29.example/rss" in shown
    assert "h30.example" not in shown
    assert shown.count("and 5 more; --format json has all") == 2
    assert "  and 5 more\n" in shown
    facts = json.loads(outlook_as_json("x", found, listed.notes, NOW))
    assert (len(facts["feeds"]), len(facts["hosts"]), len(facts["notes"])) == (count,) * 3
    assert facts["at"] == "2026-03-09T12:00:00+00:00"


def test_the_page_tells_what_needs_a_look(capsys):
    states = [
        FeedState(
            feed_key(COAST), COAST, failures=1, detail="status 500", answered_at=NOW - 48 * HOUR
        ),
        FeedState(feed_key(QUAY), QUAY, gone=True),
        FeedState(feed_key(MOOR), MOOR, moved_to="https://moor.example/[b]", failures=2),
    ]
    found = of(LIST, states, [robots(None)])
    print_outlook("[list]", found, (), NOW)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[list]: 4 feeds on 4 hosts; 1 would be asked now, 0 later, 3 not.")
    for line in (
        f"  {COAST}: 1 failure in a row, a good one 2 d ago; status 500",
        f"  {QUAY}: gone for good (410); take it off the list",
        f"  {MOOR}: 2 failures in a row, never a good one",
        f"  HILL_KEY, HILL_TOKEN: {HILL}",
        f"  {MOOR} to https://moor.example/[b]",
        "Forbidden by robots.txt",
    ):
        assert line in lines


@pytest.fixture
def listed(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "feeds.txt"
        path.write_text(text)
        return str(path)

    return write


def facts_of(capsys, *arguments: str) -> dict:
    assert feeds([*arguments, "--format=json"]) == ExitCode.DONE
    return json.loads(capsys.readouterr().out)


def test_no_request_is_made(listed, capsys):
    with Loopback() as server:
        path = listed(f"{server.url}/rss\n")
        assert feeds([path, "--allow_private_hosts"]) == ExitCode.DONE
        assert server.connections == 0
    assert f"{server.url}/rss" in capsys.readouterr().out


def test_robots_txt_is_asked_once_a_host_when_told_to(listed, capsys):
    rules = b"User-agent: newsbeam\nDisallow: /moor\nCrawl-delay: 7\n"
    with Loopback({"/robots.txt": answer(200, body=rules)}) as server:
        path = listed(f"{server.url}/rss\n{server.url}/moor\n")
        facts = facts_of(capsys, path, "--fetch_robots", "--allow_private_hosts")
        assert server.asked == ["127.0.0.1/robots.txt"]
        ignored = facts_of(
            capsys, path, "--fetch_robots", "--allow_private_hosts", "--robots=ignore"
        )
        assert len(server.requests) == 1
    assert [(one["robots"], one["when"]) for one in facts["feeds"]] == [
        ("allowed", "now"),
        ("forbidden", "forbidden"),
    ]
    assert [one["delay"] for one in facts["hosts"]] == [7.0]
    assert [one["robots"] for one in ignored["feeds"]] == ["ignored"] * 2


def test_a_host_that_cannot_be_asked_forbids(listed, capsys):
    with Loopback({"/robots.txt": stall()}) as server:
        path = listed(f"{server.url}/rss\n")
        patience = ["--fetch_robots", "--fetch_seconds=0.3"]
        late = facts_of(capsys, path, *patience, "--allow_private_hosts")
        refused = facts_of(capsys, path, *patience)
        assert len(server.requests) == 1
    assert [facts["feeds"][0]["robots"] for facts in (late, refused)] == ["forbidden"] * 2


def test_the_options_of_a_run_count(listed, capsys):
    path = listed(f"{COAST}\n{MOOR}\n")
    facts = facts_of(capsys, path, "--poll_interval=1h", "--host_delay_seconds=20")
    assert [one["interval"] for one in facts["feeds"]] == [3600.0] * 2
    assert [(one["delay"], one["round_seconds"]) for one in facts["hosts"]] == [(20.0, 40.0)]


def test_the_examples_can_be_used(capsys):
    facts = facts_of(capsys, str(ROOT / "examples" / "feeds.opml"))
    assert [one["url"] for one in facts["feeds"]] == [
        "https://city-desk.example/feed.json",
        "https://coastal-times.example/feed.xml",
        "https://harbour-notes.example/rss?section=ships&limit=50",
        "https://mountain-post.example/atom.xml",
    ]
    assert [note["kind"] for note in facts["notes"]] == ["duplicate", "include"]
    facts = facts_of(capsys, str(ROOT / "examples" / "feeds.toml"))
    assert 25 <= len(facts["feeds"]) <= 40
    assert facts["notes"] == []
    assert {one["when"] for one in facts["feeds"]} == {"now"}


def test_what_a_lake_on_disk_remembers_is_read(listed, capsys, tmp_path):
    layout = Layout(str(tmp_path / "lake"))
    layout.machinery.mkdir(parents=True)
    staging = Staging(layout.root, "00000001-a1")
    staging.make()
    gone = FeedState(feed_key(COAST), COAST, gone=True, status=410, outcome="gone")
    known = {"coast.example": robots(404)}
    files = write_feed_states(staging, commit_name(1), {gone.key: gone}, known)
    paths = tuple(file.path for file in files)
    make_commit(
        layout, Commit(1, staging.name, NOW.isoformat(), files, (), (), {}, {}, feeds=paths)
    )
    publish(layout, 1)
    facts = facts_of(capsys, listed(f"{COAST}\n{QUAY}\n"), f"--lake={layout.root}")
    assert [(one["url"], one["when"], one["robots"]) for one in facts["feeds"]] == [
        (QUAY, "now", "unknown"),
        (COAST, "never", "allowed"),
    ]


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("https://joe:hush@/x\n", [], "no feed in it; line 1: what stands there cannot be asked"),
        ("", [], "no feed in it"),
        (COAST, ["--lake=nowhere"], "not a lake: no commit"),
        (COAST, ["--robots=never"], "argument --robots"),
        (COAST, ["--robot=obey"], "unrecognized arguments"),
        (COAST, ["--host_delay_seconds=-1"], "--host_delay_seconds must be between"),
        (COAST, ["--poll_interval=often"], "must be seconds or a time"),
        (COAST, ["--fetch_robots", "--proxy=socks:hush"], "--proxy must be"),
    ],
)
def test_wrong_usage(listed, text, arguments, says):
    with pytest.raises(UsageError) as refused:
        feeds([listed(text), *arguments])
    assert says in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_list_that_is_not_there():
    with pytest.raises(UsageError, match=r"nowhere\.toml: No such file"):
        feeds(["nowhere.toml"])


def test_every_word_is_explained():
    found = of(LIST, [FeedState(feed_key(QUAY), QUAY, gone=True)], [robots(None)])
    assert {one.when for one in found.feeds} <= set(WHEN)
    assert {one.robots for one in found.feeds} <= set(ROBOTS)
