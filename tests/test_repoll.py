"""The rules by which the re-poll benchmark tells what is one story, and how it counts."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import repoll_truth
from benchmarks.repoll import Placed, Score, judge_at_once, judge_poll_by_poll, read_polls, report
from benchmarks.repoll_truth import Relation, Truth

STORY = (
    "The harbour bridge opened on Monday, two days ahead of plan, after its bearing was replaced."
)
OTHER = "Ferries will stop for a week in March while both of the island's piers are being rebuilt."
FOOT = "Watch all our films at https://coast.example/films or on your set."


def entry(guid: str, title: str, text: str, *, day: int = 1, link: str | None = None) -> str:
    published = f"{datetime(2026, 3, day, 9, tzinfo=UTC):%a, %d %b %Y %H:%M:%S +0000}"
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>{link or f'https://coast.example/{guid}'}</link><description>{text}</description>"
        f"<pubDate>{published}</pubDate></item>"
    )


def polls(folder: Path, **feeds: list[list[str]]) -> Path:
    """One poll an hour of each feed."""
    for feed, versions in feeds.items():
        (folder / f"{feed}.xml").mkdir(parents=True)
        for hour, entries in enumerate(versions):
            text = f"<rss version='2.0'><channel>{''.join(entries)}</channel></rss>"
            (folder / f"{feed}.xml" / f"2026-03-02T{hour:02}0000p0000.xml").write_text(text)
    return folder


def relation_of(folder: Path, *entries: str) -> Relation:
    truth = Truth(polls(folder, coast=[list(entries)]))
    assert len(truth.items) == len(entries)
    return truth.relation((0, 1))


def test_an_item_is_its_guid_or_its_address(tmp_path):
    first = entry("a", "Bridge opens", STORY)
    renamed = entry("a", "Bridge open", STORY, link="https://coast.example/new?at_medium=rss#top")
    moved = entry("b", "Bridge open at last", STORY, link="https://coast.example/new")
    truth = Truth(
        polls(tmp_path, rnz=[[first], [renamed, entry("c", "x", OTHER)]], coast=[[moved]])
    )
    assert truth.item_at == {
        ("coast.xml/2026-03-02T000000p0000.xml", 0): 0,
        ("rnz.xml/2026-03-02T000000p0000.xml", 0): 1,
        ("rnz.xml/2026-03-02T010000p0000.xml", 0): 1,
        ("rnz.xml/2026-03-02T010000p0000.xml", 1): 2,
    }
    assert (
        len(Truth(polls(tmp_path / "one", rnz=[[first], [renamed]], rnzcovid19=[[moved]])).items)
        == 1
    )


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        (("a", "Bridge opens", STORY), ("b", "Bridge: opens!", STORY), Relation.SAME),
        (("a", "Bridge opens", STORY), ("b", "Bridge opens", OTHER), Relation.OTHER),
        (("a", "Bridge opens", STORY), ("b", "Bridge is open", STORY), Relation.OTHER),
        (("a", "Bridge opens", "Soon."), ("b", "Bridge opens", "Soon."), Relation.UNCLEAR),
        (("a", "Bridge opens | Coast", STORY), ("b", "Bridge opens", STORY), Relation.SAME),
        (("a", "Bridge | Coast 1 March", STORY), ("b", "Bridge", STORY), Relation.OTHER),
    ],
)
def test_a_title_and_its_text(tmp_path, one, other, relation):
    assert relation_of(tmp_path, entry(*one), entry(*other)) is relation


def test_one_title_days_apart_is_another_story(tmp_path):
    late = entry("b", "Bridge opens", STORY, day=5)
    assert relation_of(tmp_path, entry("a", "Bridge opens", STORY), late) is Relation.OTHER


def test_an_article_number_makes_one_story_of_two_titles(tmp_path):
    one = entry("a", "Bridge opens", STORY, link="https://coast.example/2009001/bridge")
    other = entry("b", "Ferries stop", OTHER, link="https://coast.example/2009001/ferries")
    assert relation_of(tmp_path, one, other) is Relation.SAME


def test_a_title_of_three_items_is_a_column(tmp_path):
    column = [entry(guid, "Morning update", STORY) for guid in "abc"]
    assert relation_of(tmp_path, *column) is Relation.COLUMN


def test_lines_that_stand_under_every_text_say_nothing(tmp_path):
    others = [entry(guid, f"Film {guid}", f"{OTHER}\n{FOOT}") for guid in "cd"]
    two = [entry(guid, "Evening film", FOOT) for guid in "ab"]
    assert relation_of(tmp_path, *two, *others) is Relation.UNCLEAR


def test_a_label_decides(tmp_path, monkeypatch):
    labels = tmp_path / "labels.tsv"
    labels.write_text("# guids\na\tb\tcolumn\tdaily\na\tnowhere\tsame\tretitled\n")
    monkeypatch.setattr(repoll_truth, "LABELS", labels)
    two = [entry(guid, "Morning update", STORY) for guid in "ab"]
    assert relation_of(tmp_path / "polls", *two) is Relation.COLUMN


def test_every_label_is_two_guids_a_relation_and_a_word():
    lines = repoll_truth.LABELS.read_text(encoding="utf-8").splitlines()
    assert all(line.count("\t") == 3 for line in lines if not line.startswith("#"))
    assert {line.split("\t")[2] for line in lines[1:]} <= set(Relation)


def test_what_is_torn_and_what_is_merged_is_counted(tmp_path):
    a, b = entry("a", "Bridge opens", STORY), entry("b", "Ferries stop", OTHER)
    c, d = entry("c", "Bridge opens", STORY), entry("d", "Pier rebuilt", OTHER)
    truth = Truth(polls(tmp_path, coast=[[a, b], [a, b], [c, d]]))
    became = ["A", "B", "X", "B", "A", "B"]
    start = datetime(2026, 3, 2, tzinfo=UTC)
    places = sorted(truth.item_at)
    placed = [
        Placed(place, start + timedelta(hours=at), article, "same_headline", None)
        for at, (place, article) in enumerate(zip(places, became, strict=True))
    ]
    score = Score(truth, placed)
    said: list[str] = []
    assert not report(truth, score, said.append)
    assert (score.pairs, score.torn) == (2, [(placed[0], placed[2])])
    assert score.merged(Relation.SAME) == [(0, 2)]
    assert score.merged(Relation.OTHER) == [(1, 3)]
    assert "merges             2: 1 right, 1 false, 0 unclear" in said
    assert "re-publications    1 of 1 (100.00%) found" in said


def test_pairs_that_the_window_alone_keeps_apart_are_told(tmp_path):
    days = {"a": 1, "b": 2, "c": 9}
    column = [entry(guid, "Morning update", STORY, day=day) for guid, day in days.items()]
    truth = Truth(polls(tmp_path, coast=[column]))
    said: list[str] = []
    report(truth, Score(truth, ()), said.append)
    assert "recurring columns  0 of 3 pairs merged; 1 pairs lie within 72 hours" in said


def test_polls_are_judged_alike_at_once_and_one_by_one(tmp_path):
    texts = (STORY, f"{STORY} It is closed again.", STORY, OTHER)
    versions = [
        [entry("a", "Bridge opens", text), entry(f"b{number}", "Ferries stop", OTHER)]
        for number, text in enumerate(texts)
    ]
    folder = polls(tmp_path, coast=versions, quay=versions)
    found, refused = read_polls(folder)
    sightings = [sighting for sighting, _ in found]
    assert not refused
    assert all(a.fetched_at <= b.fetched_at for a, b in pairwise(sightings))
    assert judge_poll_by_poll(sightings) == judge_at_once(sightings)
