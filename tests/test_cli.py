"""The command line as a person meets it: exit codes, one-line errors, help and docs that agree."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import ANY

import pytest
from runs import problems_of, run_over

from benchmarks.kill_test import newsbeam
from benchmarks.lakes import rows_of
from benchmarks.synthetic import write_polls
from pipeline.cli import COMMANDS, main
from pipeline.errors import ExitCode
from pipeline.options import own_parser
from schemas.describe import as_json, as_markdown
from transforms.lake.layout import Layout
from transforms.lake.lock import locked

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def feed(tmp_path) -> Path:
    return write_polls(tmp_path / "polls", polls=1, feeds=1, items=3, seed=2)[0]


def last_line(capsys) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], None),
        (["rnu"], "unknown command rnu"),
        (["run", "--output", "x"], "--input or --feeds is missing"),
        (["run", "--input", "x"], "--output is missing"),
        (["run", "--input", "nowhere/*.xml", "--output", "x"], "nowhere/*.xml: no file matches"),
        (["run", "--input", "x", "--output", "x", "--runer=F"], "did you mean --runner?"),
        (["run", "--input", "x", "--output", "s3://b/l"], "must be a folder on a local disk"),
        (["run", "--input", "x", "--output", "x", "--target_file_mb=0"], "must be at least 1"),
        (
            ["run", "--input", "x", "--output", "x", "--direct_running_mode=multi_threading"],
            "loses rows silently",
        ),
        (["run", "--input", "x", "--output", "x", "--direct_num_workers=2"], "has no effect"),
        (["run", "--input", "x", "--output", "x", "--runner=DaskRunner"], "DaskRunner drops"),
        (["run", "--input", "x", "--output", "x", "--runner=DirectRunner"], "name one"),
        (["run", "--input", "x", "--output", "x", "--runner=directrunner"], "name one"),
        (["run", "--input", "x", "--output", "x", "--runner=BundleBasedDirectRunner"], "mixes up"),
        (["run", "--input", "x", "--output", "x", "--max_rejects=x"], "invalid int value: 'x'"),
        (["run", "--input", "x", "--output", "x", "--headline_window_hours=nan"], "between 0 and"),
        (
            ["run", "--input", "x", "--output", "x", "--path_pattern=(?P<when>.)"],
            "unknown group 'when'",
        ),
        (["check", "nowhere"], "no such folder"),
        (["check"], "arguments are required: LAKE"),
        (["schema", "--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_wrong_usage_is_code_2_and_one_line(arguments, says, capsys):
    assert main(arguments) == ExitCode.USAGE
    captured = capsys.readouterr()
    if says is not None:
        assert says in captured.err
        assert captured.err.count("\n") == 1
        assert "Traceback" not in captured.err


def test_a_missing_engine_is_wrong_usage(feed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("pipeline.options.find_spec", lambda _: None)
    assert run_over([feed], tmp_path / "lake", "--language_engine=fast") == ExitCode.USAGE
    assert "pip install 'newsbeam[fast]'" in last_line(capsys)
    assert not (tmp_path / "lake").exists()


def test_output_that_is_a_file_is_wrong_usage(feed, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run_over([feed], tmp_path / "file") == ExitCode.USAGE
    assert "is a file, not a folder" in last_line(capsys)


def test_too_many_rejects_is_code_3_and_the_rest_is_committed(feed, tmp_path):
    broken = tmp_path / "broken.bin"
    broken.write_bytes(bytes(range(256)))
    lake = tmp_path / "lake"
    assert run_over([feed, broken], lake, "--max_rejects=0") == ExitCode.TOO_MANY_REJECTS
    assert problems_of(lake) == ()
    assert run_over([feed, broken], lake, "--max_rejects=1") == ExitCode.DONE


def test_a_held_lake_is_code_4_and_says_who_holds_it(feed, tmp_path, capsys):
    with locked(Layout(str(tmp_path / "lake")), datetime.now(UTC)):
        assert run_over([feed], tmp_path / "lake") == ExitCode.LOCKED
    assert f"process {os.getpid()} on " in last_line(capsys)


def test_a_list_of_paths_comes_from_standard_input(feed, tmp_path, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{feed}\n\n"))
    assert main(["run", "--input", "-", "--output", str(tmp_path / "lake")]) == ExitCode.DONE


def test_folders_globs_and_hidden_files(feed, tmp_path):
    from pipeline.sources import find_files

    folder = feed.parent
    (folder / ".hidden.xml").write_text("x")
    (folder / "_partial.xml").write_text("x")
    (folder / "deep").mkdir()
    (folder / "deep" / "b.xml").write_text("x")
    everything = [Path(file.uri).name for file in find_files(str(folder))]
    assert everything == sorted([feed.name, "b.xml"])
    assert find_files(str(folder))[0].sidecar == f"{feed}.meta.json"
    assert [Path(f.uri).name for f in find_files(f"{folder}/**/b.xml")] == ["b.xml"]
    assert len(find_files(f"{feed},{feed}")) == 1


@pytest.mark.parametrize(
    "sidecar",
    [
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"fetched_at": "0001-01-01T00:00:00+14:00"}',
        b'{"fetched_at": "2026-03-01T00:00:00"}',
        b'{"colour": "blue"}',
        b'{"headers": {"content-type": 1}}',
    ],
)
def test_a_bad_sidecar_rejects_its_file_and_keeps_its_bytes(feed, tmp_path, sidecar):
    feed.with_name(f"{feed.name}.meta.json").write_bytes(sidecar)
    lake = tmp_path / "lake"
    assert run_over([feed], lake) == ExitCode.DONE
    (row,) = rows_of(lake, "rejects")
    assert (row["reason"], row["payload"]) == ("bad_sidecar", feed.read_bytes())


def test_a_path_pattern_from_the_command_line_to_the_rows(feed, tmp_path):
    polls, lake = tmp_path / "drop" / "coast", tmp_path / "lake"
    polls.mkdir(parents=True)
    for name in ("2026-03-01T061500p1300.xml", "2026-03-01T061500.xml", "latest.xml"):
        (polls / name).write_bytes(feed.read_bytes())
    pattern = r"/(?P<source>[^/]+)/(?P<fetched_at>[0-9][^/]+)\.xml$"
    assert run_over([polls.parent], lake, f"--path_pattern={pattern}") == ExitCode.DONE
    rows = rows_of(lake, "articles")
    fetched = datetime(2026, 2, 28, 17, 15, tzinfo=UTC)
    assert {(row["source"], row["first_seen_at"]) for row in rows} == {("coast", fetched)}
    assert not any("fetch_time_assumed" in row["flags"] for row in rows)
    (reject,) = rows_of(lake, "rejects")
    assert (reject["reason"], reject["source"]) == ("bad_path_time", "coast")
    assert reject["payload"] == feed.read_bytes()
    named = [polls / "latest.xml"]
    assert run_over(named, tmp_path / "none", f"--path_pattern={pattern}") == ExitCode.USAGE
    assert not (tmp_path / "none").exists()


def test_names_with_brackets_are_shown_as_they_are(feed, tmp_path, capsys):
    feed.with_name(f"{feed.name}.meta.json").write_text(json.dumps({"source": "[/north] desk"}))
    assert run_over([feed], tmp_path / "[/b] lake") == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "[/north] desk" in shown
    assert "[/b] lake/articles" in shown


def test_a_lake_inside_its_input_is_not_read(feed):
    lake = feed.parent / "lake"
    for _ in range(2):
        assert run_over([feed.parent], lake) == ExitCode.DONE
    assert [row["documents_read"] for row in rows_of(lake, "runs")] == [1] * 4


def test_a_file_name_that_is_no_text_is_read_all_the_same(feed, tmp_path):
    odd = os.fsencode(tmp_path) + b"/caf\xe9.xml"
    with open(odd, "wb") as handle:
        handle.write(feed.read_bytes())
    lake = tmp_path / "lake"
    assert run_over([Path(os.fsdecode(odd))], lake) == ExitCode.DONE
    assert {row["document_uri"] for row in rows_of(lake, "articles")} == {
        f"{tmp_path}/caf\\xe9.xml"
    }
    assert problems_of(lake) == ()


def test_surrogates_in_what_a_document_says_of_itself_do_no_harm(tmp_path):
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "feed_url": "https://x.example/\ud800",
        "items": [{"id": "1", "title": "Ferry", "content_text": "It runs."}, 7],
    }
    path, lake = tmp_path / "feed.json", tmp_path / "lake"
    path.write_text(json.dumps(feed))
    sidecar = tmp_path / "feed.json.meta.json"
    assert run_over([path], lake) == ExitCode.DONE
    sidecar.write_text(json.dumps({"source": "north\ud800", "url": "https://x.example/\udfff"}))
    assert run_over([path], lake) == ExitCode.DONE
    assert [row["feed_url"] for row in rows_of(lake, "articles")] == ["https://x.example/"] * 2
    assert problems_of(lake) == ()


def test_a_damaged_file_is_named_and_check_fails(feed, tmp_path, capsys):
    lake = tmp_path / "lake"
    run_over([feed], lake)
    damaged = next((lake / "articles").rglob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert main(["check", str(lake)]) == ExitCode.FAILED
    assert f"{damaged}: damaged" in capsys.readouterr().out
    damaged.unlink()
    assert main(["check", str(lake)]) == ExitCode.FAILED
    assert f"{damaged}: missing" in capsys.readouterr().out


def test_a_stray_record_is_named(feed, tmp_path):
    run_over([feed], tmp_path / "lake")
    stray = tmp_path / "lake" / "_newsbeam" / "commits" / "mine.json"
    stray.write_text("{}")
    assert problems_of(tmp_path / "lake") == (f"{stray}: not a commit record",)
    assert run_over([feed], tmp_path / "lake") == ExitCode.DONE


def test_a_stray_file_is_named(feed, tmp_path):
    lake = tmp_path / "lake"
    run_over([feed], lake)
    stray = lake / "articles" / "date=2020-01-01" / "mine.parquet"
    stray.parent.mkdir()
    stray.write_bytes(b"")
    assert problems_of(lake) == (f"{stray}: no commit names this file",)


def test_a_folder_that_is_no_lake_fails_the_check(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == ExitCode.FAILED
    assert "not a lake" in capsys.readouterr().out


def test_schema_prints_what_the_docs_hold(capsys):
    assert main(["schema"]) == ExitCode.DONE
    assert capsys.readouterr().out == as_markdown()
    assert main(["schema", "--format", "json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == json.loads(as_json())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme_and_has_help(command, capsys):
    assert f"newsbeam {command}" in README
    try:
        code = main([command, "--help"])
    except SystemExit as left:
        code = left.code
    assert code == 0
    assert "usage:" in capsys.readouterr().out


def test_every_option_is_in_the_docs():
    page = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    for action in own_parser()._actions:
        assert action.dest == "help" or action.option_strings[0] in page


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_in_the_readme(code):
    assert f"| {code.value} |" in README


def test_worker_processes_keep_their_logs_to_themselves(feed, tmp_path):
    several = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    done = subprocess.run(
        newsbeam("run", "--input", str(feed), "--output", str(tmp_path / "lake"), *several),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said = f"newsbeam: run 1: reading 1 file into {tmp_path}/lake"
    assert done.stderr.strip() == said


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_signal_ends_the_run_at_once_and_the_next_one_is_whole(tmp_path, number, code):
    files = write_polls(tmp_path / "polls", polls=6, feeds=5, items=30, seed=3)
    lake = tmp_path / "lake"
    process = subprocess.Popen(
        newsbeam("run", "--input", str(files[0].parent), "--output", str(lake)),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    staging = lake / "_newsbeam" / "staging"
    deadline = time.monotonic() + 60
    while not any(staging.glob("*/claims")) and time.monotonic() < deadline:
        pass
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (code, ANY)
    assert f"stopped by {number.name}" in error
    assert run_over(files, lake) == ExitCode.DONE
    assert problems_of(lake) == ()
