"""What a person sees of :mod:`transforms.lake.explain`: text for a terminal, or JSON."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from shlex import quote
from typing import Any

from rich.console import Console

from pipeline.page import Page, plain_console
from schemas.reasons import REASON_MEANINGS, STAGE_MEANINGS, Reason, Stage
from schemas.tables import (
    DATE_REFUSALS,
    DATE_ZONES,
    DUPLICATE_KINDS,
    FLAGS,
    PAYLOAD_LIMIT,
    PUBLISHED_ORIGINS,
    SOURCE_ORIGINS,
)
from transforms.lake.explain import ArticleFacts, Change, DuplicateFacts, Facts, Revision, Row

MOST_SHOWN = 20
"""Revisions, and duplicates, of one article."""

_NOTEWORTHY = ("flapping", "correction", "withdrawn")
_TRUSTED = "its document gives it to no other entry"
_NONE = "none"


def as_json(facts: Facts, asked: str, lake: str) -> str:
    """The facts as one JSON object; times are ISO 8601, and ids lead from one part to another."""
    document = {"lake": lake, "asked": asked, **asdict(facts)}
    return json.dumps(_plain(document), indent=1, ensure_ascii=False)


def print_facts(facts: Facts, lake: str, console: Console | None = None) -> None:
    """Print all that was found, one match after another.

    Args:
        facts: what was found.
        lake: the lake's path, as commands that are suggested name it.
        console: where to; standard output when not given.
    """
    page = _Told(console or plain_console(), lake)
    parts: list[Callable[[], None]] = [
        *(lambda article=article: page.article(article) for article in facts.articles),
        *(lambda found=found: page.duplicate(found) for found in facts.duplicates),
        *(lambda row=row: page.reject(row) for row in facts.rejects),
    ]
    for number, show in enumerate(parts):
        if number:
            page.line()
        show()


class _Told(Page):
    """The facts as labels and texts."""

    def __init__(self, console: Console, lake: str) -> None:
        super().__init__(console)
        self._lake = lake

    def article(self, article: ArticleFacts) -> None:
        row = article.latest
        self.title(row["headline"] or "(no headline)")
        counts = f"{_number(len(article.revisions), 'revision')}, "
        counts += f"{_number(len(article.duplicates), 'duplicate')} merged into it"
        self.entry("article", f"{article.article_id}: {counts}")
        self.entry("kept", _why_kept(article))
        self.origin(row)
        self.keys(row)
        self.date(row)
        self.entry("language", _language(row))
        self.topics(row)
        self.flags(row)
        self.revisions(article)
        for name, rows in (
            ("Duplicates merged into it", article.duplicates),
            ("Before it became an article", article.earlier),
        ):
            if rows:
                self.heading(name)
            for duplicate in rows[:MOST_SHOWN]:
                self.merged(duplicate, named=rows is article.earlier)
            self.hidden(len(rows) - MOST_SHOWN)

    def duplicate(self, found: DuplicateFacts) -> None:
        row = found.rows[-1]
        self.title(row["headline"] or "(no headline)")
        self.entry("duplicate", found.item_id)
        self.repeats(row)
        self.origin(row)
        self.keys(row)
        self.date(row)
        self.flags(row)
        self.entry("read from", _document(row))
        self.entry("stored by", _stored(row))
        if len(found.rows) > 1:
            self.heading("Seen before")
        for earlier in found.rows[:-1]:
            self.merged(earlier, named=True)
        self.heading("The article it repeats")
        kept = found.kept[row["kept_article_id"]]
        self.entry("headline", kept["headline"] or _NONE, 2)
        self.entry("source", kept["source"], 2)
        self.entry("url", kept["url"] or _NONE, 2)
        self.entry("published", _moment(kept["published_at"], kept["published_precision"]), 2)
        self.entry("all of it", f"newsbeam explain {self._lake} {kept['article_id']}", 2)

    def reject(self, row: Row) -> None:
        self.title(row["detail"])
        self.entry("reject", row["reject_id"])
        self.entry("stage", f"{row['stage']}: {STAGE_MEANINGS[Stage(row['stage'])]}")
        self.entry("reason", f"{row['reason']}: {REASON_MEANINGS[Reason(row['reason'])]}")
        self.entry("source", row["source"])
        place = row["document_position"]
        what = "the whole document" if place is None else f"item {place + 1} of it"
        self.entry("read from", f"{row['document_uri']}, {what}")
        self.entry("fetched", _moment(row["fetched_at"]))
        size, kept = row["payload_size"], min(row["payload_size"], PAYLOAD_LIMIT)
        cut = "" if kept == size else f"the first {kept:,} of "
        self.entry("bytes", f"{cut}{_number(size, 'byte')}, kept in the column payload")
        self.entry("stored by", _stored(row))
        self.heading("Replay it")
        if row["document_uri"].startswith(("http://", "https://")):
            self.paragraph(
                "It was fetched, and its feed will be asked again. A run with --archive keeps what "
                f"is fetched under {self._lake}/raw, which newsbeam run --input reads.",
                2,
            )
        else:
            mend = "Mend the document, its sidecar or the options, and read it again:"
            self._labelled("", mend, 2, 0)
            document = quote(row["document_uri"])
            self.verbatim(f"newsbeam run --input {document} --output {self._lake}")
        self.paragraph("The bytes as they were refused:", 2)
        self.verbatim(
            f"python -c \"import pyarrow.parquet as p; open('refused.bin', 'wb').write("
            f"p.read_table('{self._lake}/{row['file']}', filters=[('reject_id', '=', "
            f"'{row['reject_id']}')])['payload'][0].as_py())\""
        )

    def origin(self, row: Row) -> None:
        meaning = SOURCE_ORIGINS[row["source_origin"]]
        self.entry("source", f"{row['source']} ({meaning})")

    def keys(self, row: Row) -> None:
        for key, flag in (("guid", "guid_untrusted"), ("url", "link_untrusted")):
            untrusted = flag in row["flags"]
            note = f"not used: {FLAGS[flag]}" if untrusted else _TRUSTED
            self.entry(key, f"{row[key]} ({note})" if row[key] else _NONE)

    def date(self, row: Row) -> None:
        at = _moment(row["published_at"], row["published_precision"])
        if row["published_at"] is None:
            self.entry("published", f"not known: {PUBLISHED_ORIGINS['none']}")
        else:
            self.entry("published", f"{at}, read from “{row['published_raw']}”")
            self.entry(
                "", f"{row['published_origin']}: {PUBLISHED_ORIGINS[row['published_origin']]}"
            )
            self.entry(
                "",
                f"precise to the {row['published_precision']}; "
                f"offset {row['published_zone']}: {DATE_ZONES[row['published_zone']]}",
            )
        for found in row["date_candidates"]:
            value = f" = {_moment(found['value'])}" if found["value"] else ""
            self.entry(
                "not taken",
                f"{found['origin']} “{found['raw']}”{value}; "
                f"{found['reason']}: {DATE_REFUSALS[found['reason']]}",
            )
        if row["updated_at"]:
            self.entry("updated", _moment(row["updated_at"]))

    def topics(self, row: Row) -> None:
        if not row["topics"]:
            self.entry("topics", "none is sure")
        for number, topic in enumerate(row["topics"]):
            words = ", ".join(topic["evidence"])
            self.entry(
                "" if number else "topics",
                f"{topic['name']} {topic['score']:.2f}, level {topic['level']}, "
                f"by {topic['origin']}: {words}",
            )

    def flags(self, row: Row) -> None:
        shown = [flag for flag in row["flags"] if not flag.endswith("_untrusted")]
        for number, flag in enumerate(shown):
            self.entry("" if number else "flags", f"{flag}: {FLAGS.get(flag, '')}".rstrip(": "))

    def repeats(self, row: Row) -> None:
        self.entry("repeats", row["kept_article_id"])
        self.entry("kind", f"{row['kind']}: {DUPLICATE_KINDS[row['kind']]}")
        self.entry("score", f"{row['score']:.2f}")
        self.entry("evidence", row["evidence"])

    def revisions(self, article: ArticleFacts) -> None:
        self.heading("Revisions")
        hidden = len(article.revisions) - MOST_SHOWN
        contents: dict[str, int] = {}
        for place, revision in enumerate(article.revisions):
            back = contents.get(revision.row["content_hash"])
            contents[revision.row["content_hash"]] = revision.row["revision"]
            if place == 1:
                self.hidden(hidden)
            if place == 0 or place > hidden:
                self.revision(revision, back, revision.row["revision"] == article.current)

    def hidden(self, number: int) -> None:
        """Say how many lie between."""
        if number > 0:
            self.paragraph(f"… {number:,} not shown; --format json has all", 2)

    def revision(self, revision: Revision, back: int | None, current: bool) -> None:
        row = revision.row
        what = f"changed {', '.join(row['changed'])}" if row["changed"] else "first version"
        if back is not None:
            what += f", back to what revision {back} said"
        if current:
            what += "; this one counts now"
        self.paragraph(f"{row['revision']}  fetched {_moment(row['fetched_at'])}: {what}", 2)
        for change in _shown(revision.changes):
            self.change(change.field, _shown_value(change.before), _shown_value(change.after))
        if row["item_id"] != row["article_id"]:
            self.field("item", f"{row['item_id']}, made from its new guid or address")
        for flag in _NOTEWORTHY:
            if flag in row["flags"]:
                self.field(flag, FLAGS[flag])
        self.field("read from", _document(row))
        self.field("stored by", _stored(row))

    def merged(self, row: Row, *, named: bool) -> None:
        head = f"{row['kind']} {row['score']:.2f}, fetched {_moment(row['fetched_at'])}: "
        self.paragraph(head + (row["headline"] or "(no headline)"), 2)
        if named:
            self.field("repeated", row["kept_article_id"])
        self.field("evidence", row["evidence"])
        self.field("source", row["source"])
        self.field("url", row["url"] or _NONE)
        self.field("item", row["item_id"])
        self.field("stored by", _stored(row))


def _why_kept(article: ArticleFacts) -> str:
    row = article.revisions[0].row
    if article.earlier:
        return (
            f"by run {row['run_id']}: until then it was taken for a duplicate of "
            f"{article.earlier[-1]['kept_article_id']}, and with its new text it no longer was one"
        )
    keys = [
        f"its {name}"
        for name, column, flag in (
            ("guid", "guid", "guid_untrusted"),
            ("address", "url", "link_untrusted"),
        )
        if row[column] and flag not in row["flags"]
    ]
    for flag, name in (("guid_reused", "guid"), ("link_reused", "address")):
        if flag in row["flags"]:
            return (
                f"as new by run {row['run_id']}: its {name} belongs to another article, with which "
                "it agrees in nothing"
            )
    known_by = " or ".join(keys) or "its headline and text"
    return (
        f"as new by run {row['run_id']}: no known item had {known_by}, and no article of the "
        "window had its address, its headline with its text, or nearly its text"
    )


def _language(row: Row) -> str:
    declared = row["language_declared"]
    words = f"; the publisher declares {declared}" if declared else "; none is declared"
    if row["language"] is None:
        return f"not known{words}"
    return f"{row['language']}, confidence {row['language_confidence']:.2f}{words}"


def _document(row: Row) -> str:
    return f"{row['document_uri']}, item {row['document_position'] + 1} ({row['format']})"


def _stored(row: Row) -> str:
    return f"run {row['run_id']}, started {_moment(datetime.fromisoformat(row['run_started_at']))}"


_PRECISE = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}


def _moment(at: datetime | None, precision: str | None = None) -> str:
    """A time in UTC, no finer than it is known."""
    if at is None:
        return _NONE
    return at.strftime(_PRECISE.get(precision or "", "%Y-%m-%d %H:%M:%S UTC"))


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _shown(changes: Sequence[Change]) -> list[Change]:
    """Without a body that repeats what the summary says already."""
    texts = {change.field: (change.before, change.after) for change in changes}
    same = texts.get("body") == texts.get("summary")
    return [change for change in changes if not (same and change.field == "body")]


def _shown_value(value: Any) -> str:
    if value is None:
        return _NONE
    return _moment(value) if isinstance(value, datetime) else str(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    # Scores are 32-bit numbers: more digits would be noise.
    return round(value, 6) if isinstance(value, float) else value
