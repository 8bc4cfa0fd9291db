"""The one exception a parser may raise.

Everything else that leaves a parser is a defect of newsbeam and fails the run.
"""

from schemas.reasons import Reason


class UnreadableError(Exception):
    """A document that a format cannot read; it becomes a row of ``rejects``.

    Args:
        reason: the reason code.
        detail: one line for a person: what is wrong and where in the document.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
