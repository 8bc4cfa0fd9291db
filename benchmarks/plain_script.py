"""The script one would write without newsbeam: the yardstick of throughput.py.

feedparser with its defaults, an HTML stripper, langdetect, a pandas drop_duplicates, Parquet by
date. No identity, no revisions, no history, no provenance, no ledger, no crash safety; dates are
feedparser's own.
"""

import argparse
import sys
from html.parser import HTMLParser
from io import BytesIO
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import feedparser
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from langdetect import DetectorFactory, LangDetectException, detect

DetectorFactory.seed = 0


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def strip(html: str) -> str:
    """The text of an HTML fragment."""
    stripper = _Stripper()
    stripper.feed(html)
    return " ".join("".join(stripper.parts).split())


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of one file."""
    rows = []
    for entry in feedparser.parse(BytesIO(path.read_bytes())).entries:
        content = entry.get("content") or [{}]
        body = strip(content[0].get("value") or entry.get("summary", ""))
        title = strip(entry.get("title", ""))
        try:
            language = detect(f"{title} {body}")
        except LangDetectException:
            language = None
        moment = entry.get("published_parsed")
        rows.append(
            {
                "guid": entry.get("id"),
                "url": entry.get("link"),
                "headline": title,
                "body": body,
                "language": language,
                "published_at": pd.Timestamp(*moment[:6], tz="UTC") if moment else None,
                "date": f"{moment[0]:04d}-{moment[1]:02d}-{moment[2]:02d}" if moment else "undated",
            }
        )
    return rows


def main() -> None:
    """Read a folder of feeds, write a folder of Parquet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("feeds", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    paths = sorted(options.feeds.iterdir())
    if options.processes > 1:
        with Pool(options.processes) as pool:
            found = [row for rows in pool.imap(rows_of, paths, 8) for row in rows]
    else:
        found = [row for path in paths for row in rows_of(path)]
    frame = pd.DataFrame(found).drop_duplicates("guid").drop_duplicates("headline")
    pq.write_to_dataset(
        pa.Table.from_pandas(frame, preserve_index=False),
        options.target,
        partition_cols=["date"],
        compression="zstd",
    )
    print(len(frame), "rows")


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main()
