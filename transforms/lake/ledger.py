"""The ledger: what was read equals what was accounted for, or there is no commit.

Two equations hold for the run and for each source, two more for the run. Their left sides are
planned, or counted where documents are read and parsed; their right sides come from the judge and
from the files as written. A row that is lost or doubled anywhere in between breaks one of them.

::

    feeds due      = fetched + not modified + failed + gone + forbidden + deferred
    inputs planned = inputs read, where inputs are files and the answers of fetched feeds
    documents read = parsed + rejected
    items read     = new + revised + unchanged + duplicate + rejected
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.feeds import PollOutcome
from schemas.judgement import Outcome
from schemas.ledger import Counted, LedgerRow, OutcomeCount
from transforms.lake.errors import LedgerMismatchError

STORED = (Outcome.NEW, Outcome.REVISED, Outcome.DUPLICATE, Outcome.REJECTED)
"""Outcomes that leave a row in a table."""

Counts = Counter[tuple[str, Outcome, bool]]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run was to do.

    Attributes:
        run_id: the run.
        started_at: when it was started, UTC.
        files: how many files were to be read.
        feeds: how many feeds were to be asked.
    """

    run_id: str
    started_at: datetime
    files: int
    feeds: int


def reconcile(
    planned: Planned, counted: Counted, judged: Iterable[OutcomeCount], gaps: int
) -> list[LedgerRow]:
    """Check the equations and return the ledger, the run's own row first.

    Args:
        planned: what was to be done.
        counted: what was counted when it was done, and what lies in the files.
        judged: what the judge decided.
        gaps: how many feeds shared no item with their last poll.

    Raises:
        LedgerMismatchError: an equation does not hold; the text names source and numbers.
    """
    polls = Counter(poll.outcome for poll in counted.polls)
    _check_equal("feeds were to be asked", planned.feeds, "of them accounted for", polls.total())
    inputs = planned.files + polls[PollOutcome.FETCHED]
    _check_equal("inputs were to be read", inputs, "were", len(counted.inputs))
    decided = _total(judged)
    stored = _total(count for one in counted.written for count in one.counts)
    documents: dict[str, list[int]] = {}
    for count in counted.documents:
        sums = documents.setdefault(count.source, [0, 0, 0])
        sums[0] += count.documents_parsed
        sums[1] += count.documents_rejected
        sums[2] += count.items_read
    for source, _, _ in (*decided, *stored):
        documents.setdefault(source, [0, 0, 0])
    rows = [_row(planned, source, sums, decided) for source, sums in sorted(documents.items())]
    total = _sum_of(planned, rows, polls, gaps)
    held = sum(one.documents for one in counted.inputs)
    _check_equal("documents were there to be read", held, "were", total.documents_read)
    for row in rows:
        _check(row, decided)
    _check_stored(decided, stored)
    return [total, *rows]


def _check_equal(left: str, due: int, right: str, found: int) -> None:
    if due != found:
        raise LedgerMismatchError(
            f"the ledger does not add up: {due} {left} and {found} {right}; nothing was committed"
        )


def _total(counts: Iterable[OutcomeCount]) -> Counts:
    total: Counts = Counter()
    for source, outcome, whole, number in counts:
        total[source, outcome, whole] += number
    return total


def _row(planned: Planned, source: str, sums: Sequence[int], decided: Counts) -> LedgerRow:
    parsed, rejected, items = sums

    def of(outcome: Outcome) -> int:
        return decided[source, outcome, False]

    return LedgerRow(
        run_id=planned.run_id,
        source=source,
        started_at=planned.started_at,
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


def _sum_of(
    planned: Planned, rows: Sequence[LedgerRow], polls: Counter[PollOutcome], gaps: int
) -> LedgerRow:
    sums = {
        name: sum(getattr(row, name) for row in rows)
        for name in LedgerRow.__dataclass_fields__
        if name not in ("run_id", "source", "started_at")
    }
    sums |= {f"feeds_{outcome}": polls[outcome] for outcome in PollOutcome}
    sums |= {"feeds_due": planned.feeds, "gaps": gaps}
    return LedgerRow(planned.run_id, None, planned.started_at, **sums)


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
