"""The promises of a run, kept over whole runs: nothing lost, nothing double, any order, any cut."""

import json
import random
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import plan_over
from runs import copied, data_files, problems_of, run_over

from benchmarks.lakes import contents_of, rows_of
from benchmarks.synthetic import write_polls
from pipeline.cli import main
from pipeline.errors import ExitCode
from pipeline.graph import build
from transforms import stage
from transforms.lake import claims
from transforms.lake.layout import Layout

FEW = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def polls(tmp_path_factory) -> list[Path]:
    return write_polls(tmp_path_factory.mktemp("polls"), polls=10, feeds=3, items=8, seed=7)


@pytest.fixture(scope="module")
def one_run(polls, tmp_path_factory) -> Path:
    lake = tmp_path_factory.mktemp("lake") / "one"
    assert run_over(polls, lake) == ExitCode.DONE
    return lake


def test_a_run_keeps_every_item_in_one_place(one_run):
    assert problems_of(one_run) == ()
    contents = contents_of(one_run)
    assert all(contents.values()), "the invented feeds must exercise all three tables"
    assert any(row["revision"] > 1 for row in contents["articles"])


def test_the_same_input_again_adds_nothing(polls, tmp_path):
    run_over(polls, tmp_path / "lake")
    before = data_files(tmp_path / "lake")
    assert run_over(polls, tmp_path / "lake") == ExitCode.DONE
    assert data_files(tmp_path / "lake") == before
    assert problems_of(tmp_path / "lake") == ()


def test_the_same_bytes_under_new_names_add_nothing(polls, tmp_path):
    """Without sidecars, so that names, folders and times all differ."""
    bare = copied(polls, tmp_path / "drop")
    run_over(bare, tmp_path / "lake")
    before = data_files(tmp_path / "lake")
    assert run_over(copied(bare, tmp_path / "elsewhere"), tmp_path / "lake") == ExitCode.DONE
    assert data_files(tmp_path / "lake") == before
    assert problems_of(tmp_path / "lake") == ()


@given(seed=st.integers(0, 1000), rows=st.integers(1, 60), batch=st.integers(1, 40))
@FEW
def test_any_order_of_arrival_and_any_bundling_give_the_same_lake(
    polls, one_run, tmp_path_factory, seed, rows, batch
):
    folder = tmp_path_factory.mktemp("order")
    shuffled = list(polls)
    random.Random(seed).shuffle(shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "FLUSH_ROWS", rows)
        patch.setattr(claims, "ROWS_PER_BATCH", batch)
        plan = plan_over(shuffled, folder / "lake")
        root = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
        build(root, plan)
        root.run().wait_until_finish()
    assert contents_of(folder / "lake") == contents_of(one_run)
    assert problems_of(folder / "lake") == ()


@given(cuts=st.sets(st.integers(1, 29), min_size=9, max_size=9))
@settings(FEW, max_examples=3)
def test_ten_runs_in_the_order_of_fetching_give_the_lake_of_one_run(
    polls, one_run, tmp_path_factory, cuts
):
    lake = tmp_path_factory.mktemp("ten") / "lake"
    edges = [0, *sorted(cuts), len(polls)]
    for start, end in pairwise(edges):
        assert run_over(polls[start:end], lake) == ExitCode.DONE
    assert contents_of(lake) == contents_of(one_run)
    assert problems_of(lake) == ()


def stored_versions(lake: Path) -> set[tuple[str, str]]:
    """(item, content) over articles and duplicates; guids do not flip in the invented feeds."""
    rows = rows_of(lake, "articles") + rows_of(lake, "duplicates")
    return {(row["item_id"], row["content_hash"]) for row in rows}


@given(seed=st.integers(0, 1000))
@settings(FEW, max_examples=3)
def test_runs_in_any_other_order_store_the_same_versions(polls, one_run, tmp_path_factory, seed):
    lake = tmp_path_factory.mktemp("any") / "lake"
    shuffled = list(polls)
    random.Random(seed).shuffle(shuffled)
    for start in range(0, len(shuffled), 8):
        assert run_over(shuffled[start : start + 8], lake) == ExitCode.DONE
    assert stored_versions(lake) == stored_versions(one_run)
    assert problems_of(lake) == ()


def test_the_current_version_does_not_depend_on_the_order_of_runs(polls, one_run, tmp_path):
    for path in reversed(polls):
        run_over([path], tmp_path / "lake")

    def current(lake: Path) -> dict[str, str]:
        latest: dict[str, tuple[datetime, int, str]] = {}
        for row in rows_of(lake, "articles"):
            found = (row["fetched_at"], row["revision"], row["content_hash"])
            latest[row["article_id"]] = max(latest.get(row["article_id"], found), found)
        return {article: content for article, (_, _, content) in latest.items()}

    ours, theirs = current(tmp_path / "lake"), current(one_run)
    assert {key: ours[key] for key in ours.keys() & theirs.keys()} == {
        key: theirs[key] for key in ours.keys() & theirs.keys()
    }


def test_the_same_bytes_twice_at_one_moment_have_one_leader(polls, tmp_path):
    """Two names, one fetch time: which file a row names must not depend on arrival."""
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_bytes(polls[0].read_bytes())
        sidecar = json.dumps({"fetched_at": "2026-03-01T06:00:00+00:00"})
        (tmp_path / f"{name}.meta.json").write_text(sidecar)
    lakes = []
    for order in (("a.xml", "b.xml"), ("b.xml", "a.xml")):
        lake = tmp_path / "-".join(order)
        root = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stage, "FLUSH_ROWS", 3)
            build(root, plan_over([tmp_path / name for name in order], lake))
            root.run().wait_until_finish()
        lakes.append(contents_of(lake))
    assert lakes[0] == lakes[1]
    assert len({row["document_uri"] for row in lakes[0]["articles"]}) == 1


def test_bundles_that_are_repeated_change_nothing(polls, one_run, tmp_path):
    assert run_over(polls, tmp_path / "lake", "--direct_runner_bundle_repeat=2") == ExitCode.DONE
    assert contents_of(tmp_path / "lake") == contents_of(one_run)
    assert problems_of(tmp_path / "lake") == ()


def test_several_processes_give_the_same_lake(polls, one_run, tmp_path):
    several = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    assert run_over(polls, tmp_path / "lake", *several) == ExitCode.DONE
    assert contents_of(tmp_path / "lake") == contents_of(one_run)
    assert problems_of(tmp_path / "lake") == ()


def drop_one_claimed_row(patch: pytest.MonkeyPatch) -> None:
    write = stage.write_claim
    patch.setattr(stage, "write_claim", lambda staging, rows: write(staging, list(rows)[1:]))


def drop_one_written_row(patch: pytest.MonkeyPatch) -> None:
    from transforms.lake import tables

    write = tables.write_table
    patch.setattr(tables, "write_table", lambda s, c, t, d, rows: write(s, c, t, d, rows[1:]))


def drop_one_document(patch: pytest.MonkeyPatch) -> None:
    from transforms import read

    original = read._ReadFile.process
    calls = iter(range(1000))

    def lossy(self, file):
        if next(calls):
            yield from original(self, file)

    patch.setattr(read._ReadFile, "process", lossy)


def drop_one_item(patch: pytest.MonkeyPatch) -> None:
    from transforms import normalize

    original = normalize._NormalizeItem.process
    calls = iter(range(100_000))

    def lossy(self, element):
        if next(calls) != 5:
            yield from original(self, element)

    patch.setattr(normalize._NormalizeItem, "process", lossy)


@pytest.mark.parametrize(
    "lose", [drop_one_claimed_row, drop_one_written_row, drop_one_document, drop_one_item]
)
def test_a_lost_row_is_caught_and_nothing_is_committed(polls, tmp_path, capsys, lose):
    with pytest.MonkeyPatch.context() as patch:
        lose(patch)
        assert run_over(polls, tmp_path / "lake") == ExitCode.FAILED
    error = capsys.readouterr().err.splitlines()[-1]
    assert "error:" in error
    assert "nothing was committed" in error
    assert data_files(tmp_path / "lake") == set()
    assert not list((tmp_path / "lake" / "_newsbeam").glob("commits/*"))
    assert run_over(polls, tmp_path / "lake") == ExitCode.DONE
    assert problems_of(tmp_path / "lake") == ()


def test_a_run_over_nothing_new_is_a_commit_of_its_own(polls, tmp_path):
    empty = tmp_path / "empty.xml"
    empty.write_text("<rss version='2.0'><channel><title>Quiet</title></channel></rss>")
    assert run_over([empty], tmp_path / "lake") == ExitCode.DONE
    assert data_files(tmp_path / "lake") == set()
    assert problems_of(tmp_path / "lake") == ()


def test_started_at_is_the_only_clock_in_the_ledger(one_run):
    rows = rows_of(one_run, "runs")
    assert {row["started_at"] for row in rows} <= {rows[0]["started_at"]}
    assert rows[0]["started_at"] <= datetime.now(UTC)
    assert Layout(str(one_run)).commits.is_dir()


def test_an_empty_folder_is_no_error(tmp_path, capsys):
    (tmp_path / "drop").mkdir()
    lake = tmp_path / "lake"
    assert main(["run", "--input", str(tmp_path / "drop"), "--output", str(lake)]) == 0
    assert f"nothing to do: no file in {tmp_path}/drop" in capsys.readouterr().err
    assert not list(lake.glob("_newsbeam/commits/*"))
