"""Which files a run is to read, and what their paths say of them."""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.options import parse_options
from pipeline.sources import compile_pattern, find_files
from schemas.records import PathFacts

POLL = r"/(?P<source>[^/]+)/(?P<fetched_at>[0-9][^/]*)\.xml$"


@pytest.fixture
def polls(tmp_path) -> Path:
    for name in ("coast/2026-03-01T061500p1300.xml", "coast/notes.txt", "quay/20260301T0700Z.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def in_paths(polls: Path, pattern: str) -> dict[str, PathFacts]:
    return {
        str(Path(file.uri).relative_to(polls)): file.in_path
        for file in find_files(str(polls), pattern)
    }


def test_each_file_has_what_its_path_says(polls):
    assert in_paths(polls, POLL) == {
        "coast/2026-03-01T061500p1300.xml": PathFacts("2026-03-01T061500p1300", "coast"),
        "coast/notes.txt": PathFacts(),
        "quay/20260301T0700Z.xml": PathFacts("20260301T0700Z", "quay"),
    }


def test_a_pattern_adds_to_a_file_and_changes_nothing_else(polls):
    plain = find_files(str(polls))
    matched = find_files(str(polls), "/(?P<source>nobody|quay)/")
    assert matched[:2] == plain[:2]
    assert [(file.uri, file.size, file.modified_at) for file in matched] == [
        (file.uri, file.size, file.modified_at) for file in plain
    ]


def test_groups_that_take_no_part_say_nothing(polls):
    found = in_paths(polls, "(?P<source>coast)/notes|(?P<fetched_at>2026[^/]*).xml")
    assert list(found.values()) == [
        PathFacts("2026-03-01T061500p1300"),
        PathFacts(source="coast"),
        PathFacts("20260301T0700Z"),
    ]


def test_the_first_of_several_matches_counts(polls):
    found = in_paths(polls, r"/(?P<source>coast|2026-03-01T)")
    assert found["coast/2026-03-01T061500p1300.xml"] == PathFacts(source="coast")


@pytest.mark.parametrize(
    ("folder", "url"),
    [
        ("https%3A%2F%2Fcoast.example%2Ffeed%3Fpage=1", "https://coast.example/feed?page=1"),
        ("HTTP%3a%2F%2Fcoast.example%2F100%2525", "HTTP://coast.example/100%25"),
        ("coast.example%2Ffeed", "coast.example%2Ffeed"),
    ],
)
def test_an_address_in_a_name_is_percent_encoded(tmp_path, folder, url):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "1.xml").write_text("x")
    (file,) = find_files(str(tmp_path), r"/(?P<url>[^/]+)/1\.xml")
    assert file.in_path == PathFacts(url=url)


def test_a_pattern_that_matches_no_file_is_wrong_usage(polls):
    with pytest.raises(UsageError, match=r"matches no path, .*coast/2026-03-01T061500p1300\.xml"):
        find_files(str(polls), r"(?P<source>harbour)/")


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "missing \\), unterminated subpattern"),
        ("", "has no named group"),
        ("([^/]+)/[^/]+$", "has no named group"),
        ("(?P<feed>[^/]+)/", "unknown group 'feed'; known are fetched_at, source, url"),
        ("(?P<source>.)(?P<headers>.)", "unknown group 'headers'"),
        ("(?P<source>.)(?P<source>.)", "redefinition of group name"),
        ("(?P<url>x{99999999999})", "too large"),
    ],
)
def test_wrong_patterns(pattern, says, polls):
    with pytest.raises(UsageError, match=says):
        compile_pattern(pattern)
    with pytest.raises(UsageError, match=says):
        parse_options(["--input", "nowhere", "--output", "lake", "--path_pattern", pattern])
