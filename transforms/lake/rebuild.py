"""The history, made again from the tables.

Every row that is stored bears witness to one decision of the judge. Replayed in the order in which
they were made, they leave the same known items behind; ``newsbeam check`` compares the two.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from schemas.judgement import KnownItem, Outcome, Sighting, Verdict
from schemas.reasons import Reason, Stage
from schemas.records import Article, DateCandidate, Quote, Reject
from transforms.identity.judge import Judge, visit_order
from transforms.identity.known import document_row
from transforms.identity.sightings import sighting_of_article, sighting_of_reject
from transforms.lake.commit import read_commits
from transforms.lake.layout import Layout
from transforms.lake.live import RunRows, rows_by_run

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def rebuild_known(layout: Layout) -> Iterator[KnownItem]:
    """Known items as the tables and commits of a lake say they must be, by id.

    Documents are left out: their keys are in the commit records, see :func:`known_documents`.
    """
    judge = Judge((), timedelta(0))
    found = rows_by_run(layout, list(read_commits(layout)), tuple(_READ))
    for _, of_run in groupby(found, key=lambda rows: rows.run_id):
        witnessed = (pair for rows in of_run for pair in _witnesses(rows))
        for sighting, verdict in sorted(witnessed, key=lambda pair: visit_order(pair[0])):
            judge.apply(sighting, verdict)
    return judge.changed()


def known_documents(layout: Layout) -> set[bytes]:
    """Ids of the history rows of all documents that commits say were read."""
    return {
        document_row(int(key, 16), _NO_TIME).item_id
        for commit in read_commits(layout)
        for key in commit.documents
    }


def _witnesses(of_run: RunRows) -> Iterator[tuple[Sighting, Verdict]]:
    for row in of_run.rows.to_pylist():
        yield _READ[of_run.file.table](row, of_run.file.date)


def _article_row(row: dict[str, Any], day: Any) -> tuple[Sighting, Verdict]:
    outcome = Outcome.NEW if row["revision"] == 1 else Outcome.REVISED
    verdict = Verdict(
        outcome,
        bytes.fromhex(row["article_id"]),
        day,
        row["first_seen_at"],
        revision=row["revision"],
    )
    return sighting_of_article(_article(row)), verdict


def _duplicate_row(row: dict[str, Any], day: Any) -> tuple[Sighting, Verdict]:
    verdict = Verdict(
        Outcome.DUPLICATE,
        bytes.fromhex(row["kept_article_id"]),
        day,
        row["first_seen_at"],
        kind=row["kind"],
    )
    return sighting_of_article(_article(row)), verdict


def _reject_row(row: dict[str, Any], day: Any) -> tuple[Sighting, Verdict]:
    values = {name: row[name] for name in Reject.__dataclass_fields__}
    values["stage"], values["reason"] = Stage(row["stage"]), Reason(row["reason"])
    sighting = sighting_of_reject(Reject(**values))
    return sighting, Verdict(Outcome.REJECTED, sighting.item_id, day, sighting.fetched_at)


_READ = {"articles": _article_row, "duplicates": _duplicate_row, "rejects": _reject_row}


def _article(row: dict[str, Any]) -> Article:
    """A stored row as the record it was staged as."""
    values = {name: row[name] for name in Article.__dataclass_fields__}
    for name in ("authors", "categories", "feed_topics", "flags"):
        values[name] = tuple(values[name])
    values["quotes"] = tuple(Quote(**quote) for quote in row["quotes"])
    values["date_candidates"] = tuple(DateCandidate(**found) for found in row["date_candidates"])
    return Article(**values)
