"""What all items of a document share, and the records of what a parser refused."""

from hashlib import sha256

from schemas.ledger import DocumentCount
from schemas.reasons import Stage
from schemas.records import FeedInfo, ItemReject, Origin, ParsedDocument, RawDocument, Reject
from transforms.formats.document import as_address, source_of
from transforms.formats.errors import UnreadableError
from transforms.identity.keys import reject_id
from transforms.identity.rejects import reject_item
from transforms.text.clean import as_written


def parse_document(document: RawDocument, parsed: ParsedDocument) -> tuple[Origin, DocumentCount]:
    """The origin of a parsed document's items, and how many there are."""
    source, source_origin, feed_url = source_of(document, parsed.info, parsed.items)
    origin = Origin(
        document_uri=as_address(document.uri),
        document_sha256=sha256(document.content).hexdigest(),
        format=parsed.format,
        fetched_at=document.fetched_at,
        source=source,
        source_origin=source_origin,
        feed_url=feed_url,
        fetched_known=document.fetched_known,
        language=document.language,
        topics=document.topics,
    )
    return origin, DocumentCount(source, 1, 0, len(parsed.items) + len(parsed.rejects))


def whole_refused(document: RawDocument, error: UnreadableError) -> tuple[Reject, DocumentCount]:
    """The reject of a document that no format can read, and its place in the ledger."""
    source, _, _ = source_of(document, FeedInfo(), ())
    digest = sha256(document.content).hexdigest()
    reject = Reject(
        reject_id=reject_id(digest, document.uri, None, Stage.PARSE, error.reason),
        stage=Stage.PARSE,
        reason=error.reason,
        detail=as_written(f"{as_address(document.uri)}: {error.detail}"),
        source=source,
        document_uri=as_address(document.uri),
        document_sha256=digest,
        document_position=None,
        fetched_at=document.fetched_at,
        payload=document.content,
        payload_size=len(document.content),
    )
    return reject, DocumentCount(source, 0, 1, 0, document.uri)


def item_refused(origin: Origin, refused: ItemReject) -> Reject:
    """The reject of one item whose neighbours could be read."""
    payload = refused.payload.encode("utf-8", "replace")
    return reject_item(
        origin, refused.position, Stage.PARSE, refused.reason, refused.detail, payload
    )
