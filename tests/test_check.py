"""What ``newsbeam check`` finds in a lake of several commits whose parts somebody has changed."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from runs import problems_of, run_over

from benchmarks.synthetic import write_polls
from schemas.judgement import Status
from transforms.identity.columns import known_from, known_table
from transforms.lake.commit import keys_paths, latest_number, read_commit
from transforms.lake.files import file_hash
from transforms.lake.history import live_segments
from transforms.lake.layout import INDEX_SUFFIX, KEYS_SUFFIX, Layout, Staging
from transforms.lake.segment import Segment, TablePart, write_segment


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Four commits, some of whose segments were merged."""
    folder = tmp_path_factory.mktemp("checked")
    polls = write_polls(folder / "polls", polls=8, feeds=2, items=6, seed=11)
    for start in range(0, len(polls), len(polls) // 4):
        run_over(polls[start : start + len(polls) // 4], folder / "lake")
    return folder / "lake"


@pytest.fixture
def lake(made, tmp_path) -> Layout:
    return Layout(str(shutil.copytree(made, tmp_path / "lake")))


def edit(layout, number, change):
    """Let a function change the document of a commit record."""
    path = layout.commits / f"{number:08d}.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def owner_of(layout, path):
    """The number of the commit that wrote a file."""
    numbers = range(1, latest_number(layout) + 1)
    return next(n for n in numbers if path in {file.path for file in read_commit(layout, n).files})


def put(layout, path, content: Path):
    """Replace a file and make its commit record agree, as a clever hand would."""
    shutil.copyfile(content, layout.absolute(path))

    def agree(document):
        for file in document["files"]:
            if file["path"] == path:
                file["bytes"] = content.stat().st_size
                file["xxh128"] = file_hash(content)

    edit(layout, owner_of(layout, path), agree)


def test_a_lake_whose_old_segments_were_merged_is_whole(lake):
    numbers = range(1, latest_number(lake) + 1)
    written = {f.path for n in numbers for f in read_commit(lake, n).files if f.table == "keys"}
    live = set(live_segments(lake))
    assert live < written, "some of the segments must have been merged"
    assert problems_of(Path(lake.root)) == ()


@pytest.mark.parametrize("suffix", [KEYS_SUFFIX, INDEX_SUFFIX])
def test_a_damaged_file_of_a_live_segment_is_named(lake, suffix):
    path = lake.absolute(live_segments(lake)[0].removesuffix(KEYS_SUFFIX) + suffix)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    (problem,) = problems_of(Path(lake.root))
    assert problem.startswith(f"{path}: damaged")


@pytest.mark.parametrize("suffix", [KEYS_SUFFIX, INDEX_SUFFIX])
def test_a_missing_file_of_a_live_segment_is_named(lake, suffix):
    path = lake.absolute(live_segments(lake)[0].removesuffix(KEYS_SUFFIX) + suffix)
    path.unlink()
    (problem,) = problems_of(Path(lake.root))
    assert problem.startswith(f"{path}: missing")


@pytest.mark.parametrize("suffix", [KEYS_SUFFIX, INDEX_SUFFIX])
def test_a_segment_that_is_no_arrow_file_is_named(lake, tmp_path, suffix):
    (tmp_path / "text").write_text("no Arrow file")
    path = live_segments(lake)[0].removesuffix(KEYS_SUFFIX) + suffix
    put(lake, path, tmp_path / "text")
    (problem,) = problems_of(Path(lake.root))
    assert problem.startswith(f"{lake.absolute(path)}: not a file of the history")


@pytest.mark.parametrize("table", ["keys", "index"])
def test_a_segment_of_another_length_than_its_commit_says_is_named(lake, table):
    path = live_segments(lake)[0]
    number = owner_of(lake, path)

    def one_more(document):
        for file in document["files"]:
            if file["table"] == table:
                file["rows"] += 1

    edit(lake, number, one_more)
    assert any("rows, its commit says" in problem for problem in problems_of(Path(lake.root)))


def rewritten(layout, tmp_path, change):
    """The oldest live segment with other rows, as files that a run would write of them."""
    staging = Staging(str(tmp_path / "other"), "00000001-a1")
    staging.make()
    path = live_segments(layout)[0]
    rows = [change(row) for row in known_from(Segment(layout.absolute(path)).read_all())]
    keys, index = write_segment(staging, "00000001", [TablePart(known_table(rows))])
    return path, staging.folder / keys.staged, staging.folder / index.staged


def test_an_index_that_leads_elsewhere_is_named(lake, tmp_path):
    def other_key(row):
        return replace(row, aliases=tuple(key ^ 1 for key in row.aliases))

    path, _, index = rewritten(lake, tmp_path, other_key)
    put(lake, path.removesuffix(KEYS_SUFFIX) + INDEX_SUFFIX, index)
    (problem,) = problems_of(Path(lake.root))
    assert problem == f"{lake.absolute(path)}: its index does not lead to its rows"


def test_a_history_that_differs_from_the_tables_is_named(lake, tmp_path):
    changed = []

    def one_more_return(row):
        if row.status is not Status.ARTICLE or changed:
            return row
        changed.append(row.item_id.hex())
        return replace(row, returns=row.returns + 1)

    path, keys, index = rewritten(lake, tmp_path, one_more_return)
    put(lake, path, keys)
    put(lake, path.removesuffix(KEYS_SUFFIX) + INDEX_SUFFIX, index)
    (problem,) = problems_of(Path(lake.root))
    assert problem.endswith(f"history of item {changed[0]} differs from the tables in returns")


def test_a_segment_that_no_commit_wrote_is_named(lake):
    number, path = latest_number(lake), "_newsbeam/keys/00000001-0000000000000000.arrow"
    edit(lake, number, lambda document: document["history"].append(path))
    found = problems_of(Path(lake.root))
    assert [problem.split(": ")[0] for problem in found] == [
        str(lake.absolute(name)) for name in sorted(keys_paths([path]))
    ]


def first_source(document):
    return document["sources"][min(document["sources"])]


def swap(row):
    """A change after which the row still adds up."""
    row["items_new"], row["items_revised"] = row["items_new"] - 1, row["items_revised"] + 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda document: swap(document["ledger"]), "record and runs row differ for the run"),
        (lambda document: swap(first_source(document)), "record and runs row differ for https:"),
        (
            lambda document: document.update(started_at="2001-01-01T00:00:00+00:00"),
            "differ in started_at",
        ),
        (
            lambda document: document["sources"].update(made_up=first_source(document)),
            "disagree about made_up",
        ),
    ],
    ids=["run", "source", "started_at", "made_up"],
)
def test_a_record_that_differs_from_its_hashed_rows_is_named(lake, change, told):
    edit(lake, 1, change)
    found = problems_of(Path(lake.root))
    assert any(problem.startswith("commit 1: ") and told in problem for problem in found), found


def test_a_count_that_does_not_add_up_is_named(lake):
    ledger = asdict(read_commit(lake, 1))["ledger"]
    edit(lake, 1, lambda document: document["ledger"].update(items_read=ledger["items_read"] + 1))
    assert any("items read are not" in problem for problem in problems_of(Path(lake.root)))
