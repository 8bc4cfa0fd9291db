"""Ask a lake one question with DuckDB: ``python examples/query.py LAKE``."""

import sys

import duckdb

QUERY = """
SELECT date, language, main_topic, published_origin AS dated_by, headline
FROM read_parquet('{lake}/articles/date=*/*.parquet', hive_partitioning = true)
ORDER BY date, headline
"""


def main() -> None:
    """Print the query and its answer."""
    lake = sys.argv[1] if len(sys.argv) > 1 else "out/lake"
    query = QUERY.format(lake=lake.replace("'", "''"))
    print(query)
    print(duckdb.sql(query))


if __name__ == "__main__":
    main()
