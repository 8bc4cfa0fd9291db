"""What ``newsbeam sources`` tells of feeds whose guids do not hold."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from runs import problems_of, run_over

from pipeline.cli import main
from transforms.identity.who import MOST_CONTRADICTIONS
from transforms.lake.layout import Layout
from transforms.lake.sources import Example, SourceFacts, source_facts

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
STORY = "The ferry to the outer islands sails every hour from Monday on, the harbour office says."


def write_poll(folder: Path, number: int, source: str, guid: str) -> Path:
    """One poll of a feed with one item, whose guid is the only thing that changes."""
    path = folder / f"{source}-{number}.xml"
    path.write_text(
        "<rss version='2.0'><channel><title>x</title><item>"
        f"<guid isPermaLink='false'>{guid}</guid><link>https://{source}.example/ferry</link>"
        f"<title>The {source} ferry sails every hour</title>"
        f"<description>{STORY} Read by {source}.</description>"
        "<pubDate>Sun, 01 Mar 2026 05:30:00 GMT</pubDate></item></channel></rss>"
    )
    fetched = START + timedelta(hours=number)
    sidecar = {"fetched_at": fetched.isoformat(), "source": source}
    path.with_name(f"{path.name}.meta.json").write_text(json.dumps(sidecar))
    return path


@pytest.fixture
def lake(tmp_path):
    """A steady source, and one that gives its only item another guid at each of eight polls."""
    polls = [write_poll(tmp_path, n, "steady", "g") for n in range(2)]
    polls += [write_poll(tmp_path, n, "flipping", f"g{n}") for n in range(8)]
    for one in polls[:6], polls[6:]:
        assert run_over(one, tmp_path / "lake") == 0
    assert problems_of(tmp_path / "lake") == ()
    return tmp_path / "lake"


def test_flipping_guids_are_counted_until_they_are_not_believed(lake):
    flipping, steady = source_facts(Layout(str(lake)))
    examples = flipping.examples
    assert (flipping.guids_believed, steady.guids_believed) == (False, True)
    assert steady == SourceFacts(
        "steady",
        {"read": 2, "new": 1, "revised": 0, "unchanged": 1, "duplicate": 0, "rejected": 0},
        guids_believed=True,
        guid_flips=0,
        guid_reuses=0,
        link_moves=0,
        link_reuses=0,
        examples=(),
    )
    assert flipping.items == {
        "read": 8,
        "new": 1,
        "revised": 0,
        "unchanged": 7 - MOST_CONTRADICTIONS,
        "duplicate": MOST_CONTRADICTIONS,
        "rejected": 0,
    }
    assert flipping.guid_flips == MOST_CONTRADICTIONS
    assert examples[0] == Example(
        table="duplicates",
        id=examples[0].id,
        what="the same content under another guid",
        guid=f"g{MOST_CONTRADICTIONS}",
        url="https://flipping.example/ferry",
        fetched_at=START + timedelta(hours=MOST_CONTRADICTIONS),
    )
    assert [one.guid for one in examples] == [f"g{n}" for n in range(MOST_CONTRADICTIONS, 0, -1)]


def test_the_command_tells_the_same_in_words_and_as_json(lake, capsys):
    assert main(["sources", str(lake), "flipping"]) == 0
    words = capsys.readouterr().out
    assert "not believed" in words
    assert f"{MOST_CONTRADICTIONS} x known items came under another guid" in words
    assert main(["sources", str(lake), "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [(one["source"], one["guids_believed"]) for one in facts] == [
        ("flipping", False),
        ("steady", True),
    ]


def test_an_article_that_came_under_other_guids_was_never_a_duplicate(lake, capsys):
    assert main(["explain", str(lake), "https://flipping.example/ferry"]) == 0
    words = capsys.readouterr().out
    assert f"1 revision, {MOST_CONTRADICTIONS} duplicates merged into it" in words
    assert "as new by run 00000001" in words
    assert "Before it became an article" not in words


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [(["nobody"], 1, "no source is named nobody"), ([], 2, "not a lake")],
)
def test_what_is_not_there_is_one_line(lake, tmp_path, capsys, arguments, code, line):
    where = lake if arguments else tmp_path / "nowhere"
    assert main(["sources", str(where), *arguments]) == code
    assert line in capsys.readouterr().err
