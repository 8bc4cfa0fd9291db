"""Where everything lies in a lake.

::

    <lake>/articles/date=YYYY-MM-DD/*.parquet    tables: only committed files, only .parquet
    <lake>/duplicates/… rejects/… runs/… polls/…
    <lake>/raw/date=YYYY-MM-DD/*.warc.gz         fetched documents as they came, when asked for
    <lake>/_newsbeam/commits/00000001.json       one record a commit; its presence is the commit
    <lake>/_newsbeam/keys/00000001-….arrow       the history of known items, derived from the tables
    <lake>/_newsbeam/keys/00000001-….index       where in it a key stands
    <lake>/_newsbeam/feeds/00000001-….arrow      what is remembered of feeds and hosts
    <lake>/_newsbeam/staging/00000002-a1/        what a run has written and not yet committed
    <lake>/_newsbeam/trash/…                     on its way out
    <lake>/_newsbeam/lock                        who is writing

Nothing that is not committed ends in ``.parquet``: DuckDB and polars read hidden and underscored
folders when a pattern reaches them.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

TABLE_FOLDERS = ("articles", "duplicates", "rejects", "runs", "polls")
RAW = "raw"
MACHINERY = "_newsbeam"
DATA_SUFFIX = ".parquet"
KEYS_SUFFIX = ".arrow"
INDEX_SUFFIX = ".index"
CLAIM_SUFFIX = ".claim"
SIGHTINGS_SUFFIX = ".sightings"


def partition(day: date) -> str:
    """Folder name of a day: ``date=2026-01-31``."""
    return f"date={day.isoformat()}"


def commit_name(number: int) -> str:
    """Eight digits: names sort as numbers do."""
    return f"{number:08d}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one lake.

    Args:
        root: absolute path of the lake's folder.
    """

    root: str

    @property
    def machinery(self) -> Path:
        """The folder analysts never look into."""
        return Path(self.root) / MACHINERY

    @property
    def commits(self) -> Path:
        """Commit records."""
        return self.machinery / "commits"

    @property
    def staging(self) -> Path:
        """One folder a run."""
        return self.machinery / "staging"

    @property
    def trash(self) -> Path:
        """Staging of dead runs, moved aside before it is deleted."""
        return self.machinery / "trash"

    @property
    def keys(self) -> Path:
        """Segments of the history."""
        return self.machinery / "keys"

    @property
    def feeds(self) -> Path:
        """What is remembered of feeds and hosts."""
        return self.machinery / "feeds"

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.machinery / "lock"

    def absolute(self, relative: str) -> Path:
        """Path of a file that a commit record names."""
        return Path(self.root) / relative


@dataclass(frozen=True, slots=True)
class Staging:
    """Paths of one run's staging.

    Args:
        root: absolute path of the lake.
        name: ``<commit number>-a<attempt>``: attempts of one commit never share a folder, so a
            worker left over from a killed run cannot mix its files into the next one's.
    """

    root: str
    name: str

    @property
    def folder(self) -> Path:
        """The run's own folder."""
        return Layout(self.root).staging / self.name

    @property
    def claims(self) -> Path:
        """Normalised rows, waiting to be judged."""
        return self.folder / "claims"

    @property
    def files(self) -> Path:
        """Finished files, waiting for the commit."""
        return self.folder / "files"

    @property
    def raw(self) -> Path:
        """Answers of servers, as they came."""
        return self.folder / "raw"

    @property
    def stop(self) -> Path:
        """While this file is there, no further feed is asked."""
        return self.folder / "stop"

    def make(self) -> None:
        """Create the folders."""
        self.claims.mkdir(parents=True)
        self.files.mkdir()
        self.raw.mkdir()
