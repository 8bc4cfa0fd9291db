"""The ledger: what was read equals what was accounted for, or there is no commit.

Two equations hold for the run and for each source. Their left sides are counted where documents
are read and parsed; their right sides come from the judge and from the files as written. A row that
is lost or doubled anywhere in between breaks one of them.

::

    documents planned = parsed + rejected
    items read        = new + revised + unchanged + duplicate + rejected
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.judgement import Outcome
from schemas.ledger import DocumentCount, LedgerRow, OutcomeCount
from transforms.lake.errors import LedgerMismatchError

STORED = (Outcome.NEW, Outcome.REVISED, Outcome.DUPLICATE, Outcome.REJECTED)
"""Outcomes that leave a row in a table."""

Counts = Counter[tuple[str, Outcome, bool]]


def reconcile(
    run_id: str,
    started_at: datetime,
    documents_planned: int,
    read: Iterable[DocumentCount],
    judged: Iterable[OutcomeCount],
    written: Iterable[OutcomeCount],
) -> list[LedgerRow]:
    """Check both equations and return the ledger, the run's own row first.

    Args:
        run_id: the run.
        started_at: when it was started.
        documents_planned: how many documents were to be read.
        read: what was counted when documents were read and parsed.
        judged: what the judge decided.
        written: what lies in the files.

    Raises:
        LedgerMismatchError: an equation does not hold; the text names source and numbers.
    """
    decided, stored = _total(judged), _total(written)
    documents: dict[str, list[int]] = {}
    for count in read:
        sums = documents.setdefault(count.source, [0, 0, 0])
        sums[0] += count.documents_parsed
        sums[1] += count.documents_rejected
        sums[2] += count.items_read
    for source, _, _ in (*decided, *stored):
        documents.setdefault(source, [0, 0, 0])
    rows = [
        _row(run_id, source, started_at, sums, decided)
        for source, sums in sorted(documents.items())
    ]
    total = _sum_of(run_id, started_at, rows)
    if total.documents_read != documents_planned:
        raise LedgerMismatchError(
            f"the ledger does not add up: {documents_planned} documents were to be read and "
            f"{total.documents_read} were; nothing was committed"
        )
    for row in rows:
        _check(row, decided)
    _check_stored(decided, stored)
    return [total, *rows]


def _total(counts: Iterable[OutcomeCount]) -> Counts:
    total: Counts = Counter()
    for source, outcome, whole, number in counts:
        total[source, outcome, whole] += number
    return total


def _row(
    run_id: str, source: str, started_at: datetime, sums: Sequence[int], decided: Counts
) -> LedgerRow:
    parsed, rejected, items = sums

    def of(outcome: Outcome) -> int:
        return decided[source, outcome, False]

    return LedgerRow(
        run_id=run_id,
        source=source,
        started_at=started_at,
        documents_read=parsed + rejected,
        documents_parsed=parsed,
        documents_rejected=rejected,
        items_read=items,
        items_new=of(Outcome.NEW),
        items_revised=of(Outcome.REVISED),
        items_unchanged=of(Outcome.UNCHANGED),
        items_duplicate=of(Outcome.DUPLICATE),
        items_rejected=of(Outcome.REJECTED) + of(Outcome.REPEATED),
        rejects_repeated=of(Outcome.REPEATED) + decided[source, Outcome.REPEATED, True],
    )


def _sum_of(run_id: str, started_at: datetime, rows: Sequence[LedgerRow]) -> LedgerRow:
    sums = {
        name: sum(getattr(row, name) for row in rows)
        for name in LedgerRow.__dataclass_fields__
        if name not in ("run_id", "source", "started_at")
    }
    return LedgerRow(run_id=run_id, source=None, started_at=started_at, **sums)


def _check(row: LedgerRow, decided: Counts) -> None:
    accounted = (
        row.items_new
        + row.items_revised
        + row.items_unchanged
        + row.items_duplicate
        + row.items_rejected
    )
    if accounted != row.items_read:
        raise LedgerMismatchError(
            f"the ledger does not add up for {row.source}: {row.items_read} items read, "
            f"{accounted} accounted for ({row.items_new} new, {row.items_revised} revised, "
            f"{row.items_unchanged} unchanged, {row.items_duplicate} duplicate, "
            f"{row.items_rejected} rejected); nothing was committed"
        )
    whole = sum(
        decided[row.source or "", outcome, True] for outcome in (Outcome.REJECTED, Outcome.REPEATED)
    )
    if whole != row.documents_rejected:
        raise LedgerMismatchError(
            f"the ledger does not add up for {row.source}: {row.documents_rejected} documents "
            f"rejected, {whole} of them accounted for; nothing was committed"
        )


def _check_stored(decided: Counts, stored: Counts) -> None:
    for key in sorted({*decided, *stored}):
        source, outcome, _ = key
        if outcome in STORED and decided[key] != stored[key]:
            raise LedgerMismatchError(
                f"the ledger does not add up for {source}: {decided[key]} rows were judged "
                f"{outcome} and {stored[key]} were written; nothing was committed"
            )
