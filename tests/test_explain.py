"""``newsbeam explain``: what a person is told of an item, over whole lakes of invented feeds."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from runs import data_files, run_over

from benchmarks.lakes import rows_of
from pipeline.cli import main
from pipeline.errors import ExitCode
from pipeline.explain import MOST_SHOWN, print_facts
from transforms.lake import explain as gathering
from transforms.lake.errors import DamagedLakeError
from transforms.lake.explain import Facts, Revision, explain
from transforms.lake.layout import Layout, Staging

COAST, CITY = "https://coast.example/rss", "https://city.example/rss"
FERRY = "https://coast.example/ferry"
TEXT = "The ferry will cross the sound every hour from Monday, the harbour office said on Sunday."


def item(title: str, text: str, *, guid: str, link: str, at: str = "08:00", extra: str = "") -> str:
    return (
        f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{guid}</guid>"
        f"<description>{text}</description><pubDate>Sun, 01 Mar 2026 {at}:00 GMT</pubDate>"
        f"{extra}</item>"
    )


def poll(folder: Path, name: str, feed: str, hour: int, *items: str) -> Path:
    """A feed as it was fetched at an hour of the first of March."""
    path = folder / f"{name}.xml"
    path.write_text(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
        f"<title>News</title><link>{feed}</link><language>en-gb</language>"
        f"{''.join(items)}</channel></rss>"
    )
    fetched = datetime(2026, 3, 1, hour, tzinfo=UTC).isoformat()
    Path(f"{path}.meta.json").write_text(json.dumps({"url": feed, "fetched_at": fetched}))
    return path


@pytest.fixture(scope="module")
def drop(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("drop")


@pytest.fixture(scope="module")
def lake(drop) -> Path:
    """Three runs: a story, the story changed and copied by another feed, a broken file."""
    other_date = "<dc:date>2026-02-28T10:00:00Z</dc:date>"
    first = item("Ferry crosses the sound again", TEXT, guid="f1", link=FERRY, extra=other_date)
    late = item("CORRECTED-Ferry crosses the sound", TEXT, guid="f1", link=FERRY, at="11:00")
    copy = item("Ferry is back", TEXT, guid="c7", link=f"{FERRY}?utm_source=city")
    broken = drop / "broken.bin"
    broken.write_bytes(bytes(range(256)))
    fetched = datetime(2026, 3, 1, 14, tzinfo=UTC).isoformat()
    Path(f"{broken}.meta.json").write_text(json.dumps({"source": "lab", "fetched_at": fetched}))
    lake = drop / "lake"
    for files in (
        [poll(drop, "coast-1", COAST, 9, first)],
        [poll(drop, "coast-2", COAST, 12, late), poll(drop, "city-1", CITY, 13, copy)],
        [broken],
    ):
        assert run_over(files, lake) == ExitCode.DONE
    return lake


@pytest.fixture
def told(lake, drop, capsys, monkeypatch):
    """What explain prints, with what differs from run to run and from judge to judge named."""
    monkeypatch.setattr("pipeline.page.WIDTH_WITHOUT_TERMINAL", 1000)
    names = {row["item_id"]: "COPY" for row in rows_of(lake, "duplicates")}
    names |= {row["article_id"]: "ARTICLE" for row in rows_of(lake, "articles")}
    names |= {row["reject_id"]: "REJECT" for row in rows_of(lake, "rejects")}
    names |= {row["evidence"]: "EVIDENCE" for row in rows_of(lake, "duplicates")}
    names |= {str(drop): "DROP"}

    def tell(*arguments: str) -> list[str]:
        capsys.readouterr()
        assert main(["explain", str(lake), *arguments]) == ExitCode.DONE
        text = capsys.readouterr().out
        for value, name in names.items():
            text = text.replace(value, name)
        text = re.sub(r"started [-0-9: ]+ UTC", "started NOW", text)
        text = re.sub(r"[0-9a-f]{16}\.parquet", "HASH.parquet", text)
        return text.splitlines()

    return tell


ARTICLE = """\
CORRECTED-Ferry crosses the sound

article    ARTICLE: 2 revisions, 1 duplicate merged into it
kept       as new by run 00000001: no known item had its guid or its address, and no article of the window had its address, its headline with its text, or nearly its text
source     https://coast.example/rss (the feed's own canonical address)
guid       f1 (its document gives it to no other entry)
url        https://coast.example/ferry (its document gives it to no other entry)
published  2026-03-01 11:00:00 UTC, read from “Sun, 01 Mar 2026 11:00:00 GMT”
           published: the entry's own publication date (RSS pubDate, Atom published, JSON Feed date_published, a wire's date)
           precise to the second; offset given: the string names its offset
language   en, confidence 1.00; the publisher declares en-gb
topics     TOPICS
flags      correction: the publisher marks this version as corrected, in its headline or at the head or foot of its text

Revisions
  1  fetched 2026-03-01 09:00:00 UTC: first version
     read from     DROP/coast-1.xml, item 1 (rss20)
     stored by     run 00000001, started NOW
  2  fetched 2026-03-01 12:00:00 UTC: changed headline, published_at; this one counts now
     headline      Ferry crosses the sound again → CORRECTED-Ferry crosses the sound
     published_at  2026-03-01 08:00:00 UTC → 2026-03-01 11:00:00 UTC
     correction    the publisher marks this version as corrected, in its headline or at the head or foot of its text
     read from     DROP/coast-2.xml, item 1 (rss20)
     stored by     run 00000002, started NOW

Duplicates merged into it
  same_url 1.00, fetched 2026-03-01 13:00:00 UTC: Ferry is back
     evidence      EVIDENCE
     source        https://city.example/rss
     url           https://coast.example/ferry
     item          COPY
     stored by     run 00000002, started NOW
""".splitlines()  # noqa: E501

DUPLICATE = """\
Ferry is back

duplicate  COPY
repeats    ARTICLE
kind       same_url: another source has the same canonical URL
score      1.00
evidence   EVIDENCE
source     https://city.example/rss (the feed's own canonical address)
guid       c7 (its document gives it to no other entry)
url        https://coast.example/ferry (its document gives it to no other entry)
published  2026-03-01 08:00:00 UTC, read from “Sun, 01 Mar 2026 08:00:00 GMT”
           published: the entry's own publication date (RSS pubDate, Atom published, JSON Feed date_published, a wire's date)
           precise to the second; offset given: the string names its offset
read from  DROP/city-1.xml, item 1 (rss20)
stored by  run 00000002, started NOW

The article it repeats
  headline   CORRECTED-Ferry crosses the sound
  source     https://coast.example/rss
  url        https://coast.example/ferry
  published  2026-03-01 11:00:00 UTC
  all of it  newsbeam explain DROP/lake ARTICLE
""".splitlines()  # noqa: E501

REJECT = """\
DETAIL

reject     REJECT
stage      parse: the bytes could not be understood
reason     unknown_format: No format recognises the content.
source     lab
read from  DROP/broken.bin, the whole document
fetched    2026-03-01 14:00:00 UTC
bytes      256 bytes, kept in the column payload
stored by  run 00000003, started NOW

Replay it
  Mend the document, its sidecar or the options, and read it again:
    newsbeam run --input DROP/broken.bin --output DROP/lake
  The bytes as they were refused:
    python -c "import pyarrow.parquet as p; open('refused.bin', 'wb').write(p.read_table('DROP/lake/rejects/date=2026-03-01/00000003-HASH.parquet', filters=[('reject_id', '=', 'REJECT')])['payload'][0].as_py())"
""".splitlines()  # noqa: E501


def without_topics(lines: list[str]) -> list[str]:
    """The tagger's own tests say what it finds."""
    start = next(at for at, line in enumerate(lines) if line.startswith("topics"))
    end = next(at for at, line in enumerate(lines) if line.startswith("flags"))
    return [*lines[:start], "topics     TOPICS", *lines[end:]]


def test_an_article_is_told_by_its_id(lake, told):
    article = rows_of(lake, "articles")[0]["article_id"]
    assert without_topics(told(article)) == ARTICLE
    assert without_topics(told(article[:12].upper())) == ARTICLE


def test_a_duplicate_is_told_by_its_id(lake, told):
    assert told(rows_of(lake, "duplicates")[0]["item_id"]) == DUPLICATE


def test_a_guid_is_the_last_resort(told):
    assert without_topics(told("f1")) == ARTICLE
    assert told("c7") == DUPLICATE


def test_an_address_in_any_form_tells_all_that_have_it(told):
    for address in (FERRY, "http://COAST.example:80/ferry?utm_medium=x#top"):
        assert without_topics(told(address)) == [*ARTICLE, "", *DUPLICATE]


def test_a_reject_is_told_and_its_bytes_can_be_had(lake, told, tmp_path, capsys):
    reject = rows_of(lake, "rejects")[0]
    lines = told(reject["reject_id"])
    assert ["DETAIL", *lines[1:]] == REJECT
    assert main(["explain", str(lake), reject["reject_id"]]) == ExitCode.DONE
    code = capsys.readouterr().out.splitlines()[-1].strip().removeprefix('python -c "')[:-1]
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "refused.bin").read_bytes() == bytes(range(256))


def test_dates_that_were_not_taken_are_told(lake):
    facts = explain(Layout(str(lake)), FERRY)
    first = facts.articles[0].revisions[0]
    row = {**first.row, "flags": ["guid_untrusted"], "topics": [TOPIC], "language": None}
    article = replace(
        facts.articles[0], current=1, revisions=(Revision(row, ()),), duplicates=(), earlier=()
    )
    lines = printed(Facts(articles=(article,)), 1000).splitlines()
    assert lines[3:16] == [
        "kept       as new by run 00000001: no known item had its address, and no article of the "
        "window had its address, its headline with its text, or nearly its text",
        "source     https://coast.example/rss (the feed's own canonical address)",
        "guid       f1 (not used: the document gives this guid to different entries; it was not "
        "used as key)",
        "url        https://coast.example/ferry (its document gives it to no other entry)",
        "published  2026-03-01 08:00:00 UTC, read from “Sun, 01 Mar 2026 08:00:00 GMT”",
        "           published: the entry's own publication date (RSS pubDate, Atom published, "
        "JSON Feed date_published, a wire's date)",
        "           precise to the second; offset given: the string names its offset",
        "not taken  dc_date “2026-02-28T10:00:00Z” = 2026-02-28 10:00:00 UTC; less_trusted: "
        "readable, but a more trusted date was",
        "language   not known; the publisher declares en-gb",
        "topics     transport 0.50, level 1, by text: ferry, harbour",
        "",
        "Revisions",
        "  1  fetched 2026-03-01 09:00:00 UTC: first version; this one counts now",
    ]


TOPIC = {
    "id": "medtop:1",
    "name": "transport",
    "score": 0.5,
    "level": 1,
    "origin": "text",
    "evidence": ["ferry", "harbour"],
}


def printed(facts: Facts, width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    print_facts(facts, "/lake", console)
    return out.getvalue()


def test_of_many_revisions_the_first_and_the_latest_are_shown(lake):
    facts = explain(Layout(str(lake)), FERRY)
    article = facts.articles[0]
    many = tuple(
        Revision({**article.revisions[0].row, "revision": number, "content_hash": f"{number}"}, ())
        for number in range(1, MOST_SHOWN + 11)
    )
    article = replace(
        article, revisions=many, current=len(many), duplicates=article.duplicates * 25
    )
    lines = printed(Facts(articles=(article,)), 100).splitlines()
    shown = [int(line.split()[0]) for line in lines if re.match(r"  \d+  fetched", line)]
    assert shown == [1, *range(12, MOST_SHOWN + 11)]
    assert [line for line in lines if "not shown" in line] == [
        "  … 10 not shown; --format json has all",
        "  … 5 not shown; --format json has all",
    ]


def test_a_return_to_an_older_text_is_told(lake):
    article = explain(Layout(str(lake)), FERRY).articles[0]
    again = {**article.revisions[0].row, "revision": 3, "changed": ["headline"]}
    again["flags"] = ["flapping"]
    article = replace(article, revisions=(*article.revisions, Revision(again, ())), current=3)
    text = printed(Facts(articles=(article,)), 1000)
    assert "changed headline, back to what revision 1 said; this one counts now" in text
    assert "     flapping      the item has gone back to an older text three times" in text


def test_json_gives_the_same_facts(lake, capsys):
    article = rows_of(lake, "articles")[0]["article_id"]
    assert main(["explain", str(lake), FERRY, "--format", "json"]) == ExitCode.DONE
    document = json.loads(capsys.readouterr().out)
    assert (document["asked"], document["lake"]) == (FERRY, str(lake))
    assert [len(document[kind]) for kind in ("articles", "duplicates", "rejects")] == [1, 1, 0]
    told = document["articles"][0]
    assert (told["article_id"], told["current"]) == (article, 2)
    assert told["revisions"][1]["changes"] == [
        {
            "field": "headline",
            "before": "Ferry crosses the sound again",
            "after": "CORRECTED-Ferry crosses the sound",
        },
        {
            "field": "published_at",
            "before": "2026-03-01T08:00:00+00:00",
            "after": "2026-03-01T11:00:00+00:00",
        },
    ]
    row = told["revisions"][0]["row"]
    assert "body" not in row
    assert (row["run_id"], row["partition"]) == ("00000001", "2026-03-01")
    assert (lake / row["file"]).is_file()
    assert document["duplicates"][0]["kept"][article]["revision"] == 2


@pytest.mark.parametrize(
    "asked", ["https://nowhere.example/a", "0" * 32, "0f0f0f0f", "no guid", ""]
)
def test_what_is_not_there_is_one_line_and_code_1(lake, asked, capsys):
    assert main(["explain", str(lake), asked]) == ExitCode.FAILED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"newsbeam: error: {lake}: no item has the id, address or guid {asked}\n"
    )


def test_digits_that_begin_several_ids_are_wrong_usage(lake, capsys, monkeypatch):
    ids = {row["article_id"] for row in rows_of(lake, "articles")}
    ids |= {row["item_id"] for row in rows_of(lake, "duplicates")}
    ids |= {row["reject_id"] for row in rows_of(lake, "rejects")}
    monkeypatch.setattr(gathering, "_HEX", re.compile("[0-9a-f]+"))
    # Ids begin with their version, so the first digits of all are the same.
    assert len({found[:2] for found in ids}) == 1
    assert main(["explain", str(lake), ids.pop()[:2]]) == ExitCode.USAGE
    assert "give more digits" in capsys.readouterr().err


def test_what_is_no_lake_is_wrong_usage(tmp_path, capsys):
    assert main(["explain", str(tmp_path), "x"]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"newsbeam: error: {tmp_path}: not a lake: no commit\n"


def test_nothing_is_changed_and_what_no_commit_names_is_not_read(lake, told):
    before = data_files(lake)
    stray = lake / "articles" / "date=2026-03-01" / "stray.parquet"
    stray.write_bytes(b"no parquet")
    try:
        assert without_topics(told(FERRY))[: len(ARTICLE)] == ARTICLE
    finally:
        stray.unlink()
    assert data_files(lake) == before


def test_a_commit_counts_before_its_files_are_moved(drop, tmp_path):
    lake = tmp_path / "lake"
    run_over([drop / "coast-1.xml"], lake)
    layout = Layout(str(lake))
    before = explain(layout, FERRY)
    commit = next(gathering.read_commits(layout))
    staging = Staging(layout.root, commit.staging)
    staging.make()
    for file in commit.files:
        layout.absolute(file.path).rename(staging.folder / file.staged)
    moved = explain(layout, FERRY).articles[0].revisions[0]
    placed = {**moved.row, "file": before.articles[0].revisions[0].row["file"]}
    assert Revision(placed, ()) == before.articles[0].revisions[0]


def test_a_missing_file_is_named(drop, tmp_path):
    lake = tmp_path / "lake"
    run_over([drop / "coast-1.xml"], lake)
    gone = next((lake / "articles").rglob("*.parquet"))
    gone.unlink()
    with pytest.raises(DamagedLakeError, match=gone.name):
        explain(Layout(str(lake)), FERRY)
