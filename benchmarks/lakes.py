"""Whole lakes compared: every column but run_id, and not file names."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

COMPARED = ("articles", "duplicates", "rejects")


def rows_of(lake: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table with their partition, in a fixed order, without run_id."""
    rows: list[dict[str, Any]] = []
    for path in sorted(Path(lake, table).glob("date=*/*.parquet")):
        found = pq.read_table(path, partitioning=None).drop_columns(["run_id"])
        day = path.parent.name.removeprefix("date=")
        rows += found.append_column("date", pa.array([day] * found.num_rows)).to_pylist()
    return sorted(rows, key=repr)


def contents_of(lake: Path) -> dict[str, list[dict[str, Any]]]:
    """The compared tables of a lake."""
    return {table: rows_of(lake, table) for table in COMPARED}
