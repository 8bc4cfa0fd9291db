"""The reject of one item, whichever step refused it."""

from schemas.reasons import Reason, Stage
from schemas.records import Origin, Reject
from transforms.identity.keys import reject_id
from transforms.text.clean import as_written


def reject_item(
    origin: Origin, position: int, stage: Stage, reason: Reason, detail: str, payload: bytes
) -> Reject:
    """Make the reject of an item whose document could be read.

    Args:
        origin: the document.
        position: 0-based place in it; the text for people counts from 1.
        stage: where it was refused.
        reason: why.
        detail: what is wrong with it.
        payload: what there is of it.
    """
    return Reject(
        reject_id=reject_id(origin.document_sha256, origin.document_uri, position, stage, reason),
        stage=stage,
        reason=reason,
        detail=as_written(f"{origin.document_uri}, item {position + 1}: {detail}"),
        source=origin.source,
        document_uri=origin.document_uri,
        document_sha256=origin.document_sha256,
        document_position=position,
        fetched_at=origin.fetched_at,
        payload=payload,
        payload_size=len(payload),
    )
