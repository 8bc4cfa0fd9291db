"""The tables of the lake: every column's name, type and meaning, and the closed vocabularies.

This list is the one source: the Parquet schema (:mod:`schemas.parquet`), ``newsbeam schema`` and
docs/schema.md are made from it. A column is never renamed, retyped or removed within a schema
version; columns may be added at the end, and :data:`SCHEMA_VERSION` then goes up by one.

Types are written as DuckDB writes them, for they are what most readers will see.
"""

from dataclasses import dataclass

from schemas.feeds import POLL_OUTCOMES

SCHEMA_VERSION = 1

PAYLOAD_LIMIT = 1 << 20
"""Bytes of a rejected input that are kept in the ``rejects`` table."""

SOURCE_ORIGINS = {
    "configured": "the name the operator gave it, in a feed list, a sidecar or by --path_pattern",
    "feed": "the feed's own canonical address",
    "host": "the publisher's host",
    "folder": "the folder the file lay in, for want of anything better",
}
"""How a source got its name."""

PUBLISHED_ORIGINS = {
    "published": "the entry's own publication date (RSS pubDate, Atom published, JSON Feed "
    "date_published, a wire's date)",
    "dc_date": "dc:date or dcterms:issued / created of the entry",
    "header": "the date in a transcript's or text's header line",
    "updated": "the entry's date of change, used when it gives no other",
    "none": "no usable date; published_at is NULL and the row lies under the day it was first seen",
}
"""Where a published date comes from, most trusted first."""

DATE_PRECISIONS = ("second", "minute", "hour", "day", "month", "year")

DATE_ZONES = {
    "given": "the string names its offset",
    "assumed": "the string has a time but no offset: read as UTC",
    "none": "the string has no time of day, so an offset means nothing",
}

DATE_REFUSALS = {
    "unreadable": "no known reading",
    "ambiguous": "more than one reading and nothing to choose by (03/04/2020)",
    "year_out_of_range": "before 1900, such as the year 0001 that empty values become",
    "epoch": "exactly 1970-01-01T00:00:00Z, the value of a missing number",
    "future": "more than a day ahead of the fetch",
    "less_trusted": "readable, but a more trusted date was",
    "contradicts": "found in the text; differs from the date that won",
}

FLAGS = {
    "undated": "no usable date; the partition is the day it was first seen",
    "date_conflict": "the text names another day than published_at; see date_candidates",
    "date_from_updated": "published_at is the date of the last change, for want of a better",
    "date_refused": "at least one of the item's own date fields was refused; see date_candidates",
    "fetch_time_assumed": "fetched_at is the file's modification time, for want of a better",
    "no_headline": "the publisher gave no headline",
    "no_body": "no text besides the headline",
    "guid_untrusted": "the document gives this guid to different entries; it was not used as key",
    "link_untrusted": "the document gives this link to different entries; it was not used as key",
    "malformed_feed": "the document breaks its format's rules but could be read",
    "encoding_guessed": "the document's encoding was missing or wrong and was guessed",
    "mojibake_repaired": "text that was decoded twice was put right",
    "correction": "the publisher marks this version as corrected, in its headline or at the head "
    "or foot of its text",
    "withdrawn": "the publisher withdraws or kills this item",
    "unclosed_quote": "a soundbite has no closing quotation mark; it was ended at the next cue or "
    "at the end of its paragraph",
    "flapping": "the item has gone back to an older text three times; later returns are counted "
    "as unchanged and not stored",
    "redated": "for the third time nothing but the date has changed; from now on a new date alone "
    "is counted as unchanged and not stored",
    "guid_reused": "its guid belongs to another article, with which it agrees in nothing; it was "
    "not used as key",
    "link_reused": "its URL belongs to another article, with which it agrees in nothing; it was "
    "not used as key",
}
"""What can stand in the ``flags`` column."""

BODY_ORIGINS = {
    "content": "the full text the publisher gave",
    "summary": "the publisher gave only a summary; body repeats it",
    "none": "there is no text",
}

DUPLICATE_KINDS = {
    "same_url": "another source has the same canonical URL",
    "same_guid": "another source has the same globally unique guid",
    "same_headline": "same headline within the window, and the texts agree or one has none",
    "near_duplicate": "nearly the same text under another headline",
    "same_item": "the article itself under another guid or URL and with nothing else new, or an "
    "item that carries the keys of two articles that are stored apart (then linked to the elder)",
}

CHANGES = ("headline", "summary", "body", "published_at")

TOPIC_TYPE = (
    "STRUCT(id VARCHAR, name VARCHAR, score FLOAT, level UTINYINT, origin VARCHAR, "
    "evidence VARCHAR[])"
)
QUOTE_TYPE = "STRUCT(speaker VARCHAR, role VARCHAR, language VARCHAR, text VARCHAR)"
DATE_CANDIDATE_TYPE = (
    "STRUCT(origin VARCHAR, raw VARCHAR, value TIMESTAMP WITH TIME ZONE, reason VARCHAR)"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type as DuckDB writes it, whether NULL may stand, its meaning."""

    name: str
    type: str
    nullable: bool
    description: str


def _required(name: str, kind: str, description: str) -> Column:
    return Column(name, kind, False, description)


def _optional(name: str, kind: str, description: str) -> Column:
    return Column(name, kind, True, description)


def _one_of(words: dict[str, str]) -> str:
    return "; ".join(f"`{word}`: {meaning}" for word, meaning in words.items())


TEXT, TEXTS, TIME = "VARCHAR", "VARCHAR[]", "TIMESTAMP WITH TIME ZONE"

_ITEM_COLUMNS = (
    _required(
        "source",
        TEXT,
        "Who published it: the configured name, else the feed's own canonical URL, else the "
        "publisher's host, else the folder the file lay in.",
    ),
    _required("source_origin", TEXT, "How source got its name. " + _one_of(SOURCE_ORIGINS) + "."),
    _optional("feed_url", TEXT, "The feed's own address, as it gives it or as it was fetched."),
    _optional("guid", TEXT, "The publisher's id of the item, as written."),
    _optional(
        "url",
        TEXT,
        "Canonical address of the article: https, no tracking parameters, no fragment.",
    ),
    _optional("headline", TEXT, "Plain text, white space folded. NULL when there is none."),
    _required(
        "headline_repeats",
        "USMALLINT",
        "How often the document repeats the headline (broadcast scripts do); 1 elsewhere.",
    ),
    _optional("summary", TEXT, "The publisher's teaser or description as plain text."),
    _optional(
        "body",
        TEXT,
        "Plain text; paragraphs are parted by a blank line, list items begin with a bullet. "
        "The summary when nothing fuller was given: see body_origin.",
    ),
    _required("body_origin", TEXT, "Where body comes from. " + _one_of(BODY_ORIGINS) + "."),
    _required(
        "word_count",
        "UINTEGER",
        "Words in body; in scripts without spaces every ideograph or kana counts as one.",
    ),
    _required("authors", TEXTS, "Names as the publisher gives them, in order; empty when none."),
    _optional("byline", TEXT, "The line that names the reporter, as written."),
    _optional("dateline", TEXT, "Place and date at the head of the text, as written."),
    _optional("region", TEXT, "The publisher's editorial region, as written."),
    _required("quotes", QUOTE_TYPE + "[]", "Soundbites, in order, with speaker and role."),
    _optional(
        "published_at",
        TIME,
        "When it was published, UTC. NULL when no date is usable. A date without a time of day is "
        "midnight UTC: see published_precision.",
    ),
    _optional("published_raw", TEXT, "The string published_at was read from."),
    _required("published_origin", TEXT, "Where it comes from. " + _one_of(PUBLISHED_ORIGINS) + "."),
    _optional(
        "published_precision",
        TEXT,
        "Smallest unit the string gives: " + ", ".join(f"`{p}`" for p in DATE_PRECISIONS) + ".",
    ),
    _required("published_zone", TEXT, "Its UTC offset. " + _one_of(DATE_ZONES) + "."),
    _required(
        "date_candidates",
        DATE_CANDIDATE_TYPE + "[]",
        "Dates that were considered and did not win, with the reason. "
        + _one_of(DATE_REFUSALS)
        + ".",
    ),
    _optional("updated_at", TIME, "When the publisher says it last changed, UTC."),
)

_CONTENT_COLUMNS = (
    _optional("language_declared", TEXT, "The language tag the publisher declares, as written."),
    _required("categories", TEXTS, "The publisher's own labels, in order."),
    _required("feed_topics", TEXTS, "Ids of topics that the feed list gives to the whole feed."),
    _required(
        "content_hash",
        TEXT,
        "Hash of headline, summary, body and published_at: another value is another revision.",
    ),
    _required("flags", TEXTS, "What a careful reader should know. " + _one_of(FLAGS) + "."),
    _required("format", TEXT, "What the document was read as: rss20, atom10, transcript …"),
    _required("document_uri", TEXT, "The file or URL the item was read from."),
    _required("document_sha256", TEXT, "SHA-256 of the document's bytes, 64 hex digits."),
    _required("document_position", "UINTEGER", "0-based place of the item in the document."),
    _required("run_id", TEXT, "The run that wrote the row: the number of its commit."),
    _required("schema_version", "USMALLINT", "Version of this table's schema."),
)

ARTICLES = (
    _required(
        "article_id",
        TEXT,
        "Stable id: 32 hex digits, the first two the id's version. All revisions share it.",
    ),
    _required("revision", "UINTEGER", "1 for the first version of an article, then 2, 3 …"),
    _required(
        "item_id",
        TEXT,
        "Id made from this row's own keys; differs from article_id when the publisher changed "
        "guid or URL since the article was first seen.",
    ),
    *_ITEM_COLUMNS,
    _required(
        "first_seen_at",
        TIME,
        "When the article was first fetched, UTC: the same on all its revisions.",
    ),
    _required("fetched_at", TIME, "When this revision's document was fetched, UTC."),
    _required(
        "changed",
        TEXTS,
        "What differs from the revision before: "
        + ", ".join(f"`{c}`" for c in CHANGES)
        + "; empty on the first.",
    ),
    _optional("language", TEXT, "Detected language, ISO 639-1 (zh-cn, zh-tw for Chinese)."),
    _optional("language_confidence", "FLOAT", "Probability of language, 0 to 1."),
    _optional("main_topic", TEXT, "Name of the strongest top-level topic; NULL when none is sure."),
    _required("topic_ids", TEXTS, "Ids of all topics, strongest first: made for filters."),
    _required(
        "topics",
        TOPIC_TYPE + "[]",
        "IPTC Media Topics with score, level, the words that caused each, and origin: `text` or "
        "`feed`, which is the feed list.",
    ),
    *_CONTENT_COLUMNS,
)

DUPLICATES = (
    _required("item_id", TEXT, "Id made from this row's own keys."),
    _required("kept_article_id", TEXT, "The article this row repeats."),
    _required("kind", TEXT, "How it repeats it. " + _one_of(DUPLICATE_KINDS) + "."),
    _required(
        "score",
        "FLOAT",
        "How alike the two are, 0 to 1: 1 when a key is equal, the agreement of the texts for a "
        "headline or near match, 0.5 when only headlines could be compared.",
    ),
    _required("evidence", TEXT, "What the verdict rests on, in words."),
    *_ITEM_COLUMNS,
    _required("first_seen_at", TIME, "When this item was first fetched, UTC."),
    _required("fetched_at", TIME, "When this row's document was fetched, UTC."),
    *_CONTENT_COLUMNS,
)

REJECTS = (
    _required("reject_id", TEXT, "Hash of document, place, stage and reason."),
    _required("stage", TEXT, "Where in the flow it was refused: `read`, `parse`, `normalize`."),
    _required("reason", TEXT, "Reason code; docs/rejects.md explains each."),
    _required("detail", TEXT, "One line: what is wrong and where."),
    _required("source", TEXT, "As in articles."),
    _required("document_uri", TEXT, "The file or URL that was read."),
    _optional("document_sha256", TEXT, "SHA-256 of its bytes; NULL when they could not be had."),
    _optional(
        "document_position", "UINTEGER", "Place of the item; NULL: the whole document was refused."
    ),
    _required("fetched_at", TIME, "When the document was fetched, UTC."),
    _required("payload", "BLOB", f"The refused bytes, at most {PAYLOAD_LIMIT:,}."),
    _required("payload_size", "UBIGINT", "Their full length; larger than payload when cut."),
    _required("run_id", TEXT, "The run that wrote the row."),
    _required("schema_version", "USMALLINT", "Version of this table's schema."),
)

RUNS = (
    _required("run_id", TEXT, "Number of the run's commit, eight digits."),
    _optional("source", TEXT, "The source the row counts; NULL on the row for the whole run."),
    _required("started_at", TIME, "When the run was started, UTC."),
    _required("documents_read", "UBIGINT", "Documents read = parsed + rejected."),
    _required("documents_parsed", "UBIGINT", "Documents that a format could read."),
    _required("documents_rejected", "UBIGINT", "Documents refused as a whole."),
    _required(
        "items_read", "UBIGINT", "Items read = new + revised + unchanged + duplicate + rejected."
    ),
    _required("items_new", "UBIGINT", "First revisions written to articles."),
    _required("items_revised", "UBIGINT", "Later revisions written to articles."),
    _required("items_unchanged", "UBIGINT", "Seen before with the same content; not stored."),
    _required("items_duplicate", "UBIGINT", "Rows written to duplicates."),
    _required("items_rejected", "UBIGINT", "Items refused, stored before or not."),
    _required(
        "rejects_repeated",
        "UBIGINT",
        "Refused documents and items that the lake already holds, so not stored again.",
    ),
    _required(
        "feeds_due",
        "UBIGINT",
        "Feeds that were to be asked = the sum of the columns that follow, `gaps` left out. Feeds "
        "are counted on the row for the whole run only; see `polls` for each.",
    ),
    *(
        _required(f"feeds_{outcome}", "UBIGINT", f"Of them: {meaning}.")
        for outcome, meaning in POLL_OUTCOMES.items()
    ),
    _required("gaps", "UBIGINT", "Feeds that shared no item with their last poll."),
    _required("schema_version", "USMALLINT", "Version of this table's schema."),
)

POLLS = (
    _required("run_id", TEXT, "Number of the run's commit, eight digits."),
    _required("feed_url", TEXT, "The feed's address as configured, credentials hidden."),
    _required("asked_url", TEXT, "The address that was asked: differs after a permanent redirect."),
    _optional("source", TEXT, "The feed's configured name."),
    _required(
        "outcome",
        TEXT,
        "What became of it. "
        + _one_of({str(word): text for word, text in POLL_OUTCOMES.items()})
        + ".",
    ),
    _optional("asked_at", TIME, "When it was asked, UTC; NULL when no request was made."),
    _optional("answered_at", TIME, "When the answer was complete, UTC: the documents' fetched_at."),
    _optional("status", "USMALLINT", "HTTP status of the last answer."),
    _optional("detail", TEXT, "What went wrong, in one line; NULL when nothing did."),
    _required("requests", "UINTEGER", "Requests made, redirects counted, robots.txt not."),
    _required("bytes", "UBIGINT", "Bytes of the answer's body as they came over the wire."),
    _required("conditional", "BOOLEAN", "ETag or Last-Modified were sent."),
    _optional("items", "UINTEGER", "Items of the document; NULL when there was none to be read."),
    _optional("items_fresh", "UINTEGER", "Of them, those that the last poll did not have."),
    _optional(
        "gap_since",
        TIME,
        "The poll shares no item with the one before, which was then: items in between were "
        "probably missed. NULL: no gap.",
    ),
    _required(
        "validators_distrusted",
        "BOOLEAN",
        "The server gave the same validators for other items: they are not sent for a while.",
    ),
    _optional("next_due", TIME, "The earliest next poll, UTC; NULL: it is not asked again."),
    _required("schema_version", "USMALLINT", "Version of this table's schema."),
)

TABLES = {
    "articles": ARTICLES,
    "duplicates": DUPLICATES,
    "rejects": REJECTS,
    "runs": RUNS,
    "polls": POLLS,
}

TABLE_MEANINGS = {
    "articles": "One row a revision of an article. `articles_current` is the latest of each.",
    "duplicates": "One row a duplicate: its own fields and the article it repeats.",
    "rejects": "One row an input that was refused, with its reason and its bytes.",
    "runs": "The ledger: one row a source and run, and one for the run as a whole.",
    "polls": "One row a feed that was due in a run: what was asked, what came of it.",
}
