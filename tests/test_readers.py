"""Every documented query is run, and the readers agree with each other."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
from runs import run_over

from benchmarks.lakes import rows_of
from benchmarks.synthetic import write_polls
from schemas.parquet import table_schema
from schemas.tables import TABLES

PAGE = (Path(__file__).parent.parent / "docs" / "querying.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:sql|python)\n(?:--|#) (\w+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("readers")
    files = write_polls(root / "polls", polls=6, feeds=3, items=8, seed=7)
    broken = root / "broken.bin"
    broken.write_bytes(bytes(range(256)))
    feeds = root / "feeds.txt"
    feeds.write_text("http://127.0.0.1/refused-before-any-request\n")
    run_over([*files, broken], root / "lake", "--feeds", str(feeds))
    return root / "lake"


@pytest.fixture
def database():
    with duckdb.connect() as connection:
        yield connection


def by_day(lake: Path) -> dict[date, int]:
    days: dict[date, int] = {}
    for row in rows_of(lake, "articles"):
        day = date.fromisoformat(row["date"])
        days[day] = days.get(day, 0) + 1
    return days


def block(reader: str, lake: Path) -> str:
    return next(text for name, text in BLOCKS if name == reader).replace("LAKE", str(lake))


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_documented_query_runs(lake, database, number):
    reader, text = BLOCKS[number]
    text = text.replace("LAKE", str(lake))
    if reader == "duckdb":
        database.execute(text)
    else:
        modules = {"pandas": pandas, "polars": polars, "pyarrow": pyarrow}
        assert eval(text, modules) is not None


def test_duckdb_counts_the_rows_by_true_dates(lake, database):
    assert dict(database.execute(block("duckdb", lake)).fetchall()) == by_day(lake)


def test_pandas_counts_the_same(lake):
    counts = eval(block("pandas", lake), {"pandas": pandas})
    assert {date.fromisoformat(str(day)): n for day, n in counts.items()} == by_day(lake)


def test_polars_counts_the_same(lake):
    counts = eval(block("polars", lake), {"polars": polars})
    assert dict(counts.iter_rows()) == by_day(lake)


def test_pyarrow_counts_the_same(lake):
    table = eval(block("pyarrow", lake), {"pyarrow": pyarrow})
    counts = table.group_by("date").aggregate([([], "count_all")]).to_pylist()
    assert {row["date"]: row["count_all"] for row in counts} == by_day(lake)


def test_the_current_view_has_each_article_once(lake, database):
    views = [text for name, text in BLOCKS if name == "duckdb" and "articles_current" in text]
    database.execute(views[0].replace("LAKE", str(lake)))
    rows = database.execute("SELECT article_id, revision FROM articles_current").fetchall()
    articles = rows_of(lake, "articles")
    assert len(rows) == len({row["article_id"] for row in articles}) < len(articles)


@pytest.mark.parametrize("table", TABLES)
def test_files_carry_the_written_out_schema_and_its_descriptions(lake, table):
    path = next((lake / table).glob("date=*/*.parquet"))
    schema = pyarrow.parquet.read_schema(path)
    assert schema.equals(table_schema(table))
    for field in schema:
        due = table_schema(table).field(field.name).metadata[b"description"]
        assert field.metadata[b"description"] == due


@pytest.mark.parametrize("table", TABLES)
def test_duckdb_sees_the_documented_types(lake, database, table):
    pattern = f"{lake}/{table}/date=*/*.parquet"
    described = database.execute(
        f"DESCRIBE SELECT * EXCLUDE (date) FROM read_parquet('{pattern}')"
    ).fetchall()
    assert [(name, kind.replace('"', "")) for name, kind, *_ in described] == [
        (column.name, column.type) for column in TABLES[table]
    ]


def test_nothing_outside_the_tables_looks_like_a_table(lake):
    assert not list((lake / "_newsbeam").rglob("*.parquet"))
