"""The tables' columns in words, for ``newsbeam schema`` and docs/schema.md."""

import json
from collections.abc import Callable
from dataclasses import asdict

from schemas.reasons import REASON_MEANINGS, STAGE_MEANINGS
from schemas.tables import SCHEMA_VERSION, TABLE_MEANINGS, TABLES


def as_markdown() -> str:
    """All tables as a Markdown page."""
    parts = [
        "# The tables and their columns",
        f"Schema version {SCHEMA_VERSION}. Types are DuckDB's. Printed by `newsbeam schema`; the "
        "same descriptions are in each Parquet file's field metadata.",
        "The partition column `date` lives in the path only (`date=YYYY-MM-DD`): DuckDB and polars "
        "read it as a date, pandas as a category of strings, pyarrow as a string or as a date when "
        "told so.",
    ]
    for table, columns in TABLES.items():
        parts.append(f"## {table}\n\n{TABLE_MEANINGS[table]}")
        rows = [
            f"| `{c.name}` | `{c.type}` | {'yes' if c.nullable else 'no'} | {c.description} |"
            for c in columns
        ]
        parts.append("\n".join(["| column | type | NULL | meaning |", "|---|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def as_json() -> str:
    """All tables as one JSON object."""
    tables = {
        table: {"description": TABLE_MEANINGS[table], "columns": [asdict(c) for c in columns]}
        for table, columns in TABLES.items()
    }
    document = {"schema_version": SCHEMA_VERSION, "tables": tables}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[], str]] = {"markdown": as_markdown, "json": as_json}


def rejects_as_markdown() -> str:
    """The reason codes as a Markdown page."""
    stages = [f"| `{stage}` | {meaning} |" for stage, meaning in STAGE_MEANINGS.items()]
    reasons = [f"| `{reason}` | {meaning} |" for reason, meaning in REASON_MEANINGS.items()]
    return "\n".join(
        [
            "# Why an input was refused",
            "",
            "Every refused document or item is a row of the `rejects` table with a stage, a reason "
            "code, one line of detail and its bytes. A code never changes its meaning.",
            "",
            "| stage | meaning |",
            "|---|---|",
            *stages,
            "",
            "| reason | meaning |",
            "|---|---|",
            *reasons,
            "",
        ]
    )
