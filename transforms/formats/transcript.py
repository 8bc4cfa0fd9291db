"""Broadcast transcripts: scripts that agencies send with their video.

A script has a header, the headline (often several times, once for each screen of the newsroom's
system), a teaser and a byline, then narrative and soundbites in turn; AP puts a shotlist before the
narrative. Everything the writer said ends in the item: the narrative and the quotes, in order, in
``content``; the rest in fields of its own. Shot descriptions and technical notes, which are about
the video, stay in ``raw`` alone.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.reasons import Reason
from schemas.records import FeedInfo, FeedItem, ItemReject, ParsedDocument, Quote, RawDocument
from transforms.formats.decode import charset_of, decode_text
from transforms.formats.errors import UnreadableError
from transforms.formats.plain_header import (
    date_at_end,
    date_line,
    labelled_field,
    reporter_line,
    split_reporter,
)
from transforms.formats.plain_lines import is_headline, line_key, looks_like_markup
from transforms.formats.transcript_cues import is_whole_cue, parse_cue, starts_with_cue
from transforms.formats.transcript_days import days_named
from transforms.formats.transcript_quotes import take_quote
from transforms.formats.transcript_stories import (
    BULLETIN,
    NUMBERED,
    SECTION,
    SEPARATOR,
    has_rundown,
    repeats_headline,
    script_lines,
    split_stories,
)

# Notes for the cutting room inside narrative or quotes. In brackets; capitals, or "Natural sound".
_NOTE = re.compile(
    r"[\[(]\s?(?:CUTAWAYS?|NATS?|NAT\.? ?(?:SOUND|SOT|POP)|NATSOUND|NATURAL SOUND|UPSOT|UPSOUND|"
    r"MUTE|(?:PART )?(?:NIGHT|DAY|AERIAL) ?SHOTS?|VOICE ?OVER|VO|PKG|"
    r"END(?:S| OF)? ?(?:SOUNDBITE|SOT|BITE)|SOUNDBITE ENDS|ENDS?|WHITE FLASH|BLACK)\b"
    r"[^()\[\]]{0,60}[\])]|\+\+[^+]{1,120}\+\+"
)
_END_OF_BITE = re.compile(
    r"[\[(]\s?(?:END(?:S| OF)? ?(?:SOUNDBITE|SOT|BITE)|SOUNDBITE ENDS)\s?[\])]"
)
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][\w'’., /À-Þ-]{1,60}\((?:Reuters|REUTERS|AP|AFP|dpa|DPA|ANI|Xinhua)\)(?= ?[-–—])"
)
# A newsroom's key for the story (``EXTON-BRIDGE/PROTEST``), which is no headline.
_SLUG = re.compile(r"[A-Z0-9][A-Z0-9().-]{0,60}/[A-Z0-9()./-]{0,60}$")
# AP's STORY: line: the slug, what kind of edit it is, the headline.
_SLUG_AND_HEADLINE = re.compile(
    r".{1,60}?\w ?-{1,2} (?:(?:REPLAY|NEW|WRAP|ADDS|UPDATE|PREVIEW|FILE) )?(?P<headline>\S.*)"
)
# Who may show the pictures; stands in AP's header without a label.
_RIGHTS = re.compile(
    r"\b(?:CLIENTS ONLY|NO ACCESS|ACCESS ALL|MUST CREDIT|MUST COURTESY|NO RESALE|"
    r"NO ARCHIVE|SEE SCRIPT)\b"
)
_SENTENCE_END = (".", "!", "?", "…", '"', "”", "»")

_HEADER_LINES = 30
"""Where a label for the headline is looked for."""

_LONGEST_TEASER = 3
"""Paragraphs between copies of the headline that are still a teaser."""


def owns(content: bytes) -> bool:
    """Tell whether a document is a broadcast transcript.

    Args:
        content: the bytes, decompressed.

    Returns:
        True when the text, which is no markup, holds a whole soundbite cue at the head of a line
        (or in a flattened line), an AP shotlist with its storyline, or below a date header a
        headline that is repeated. The mere word in a sentence does not count.
    """
    try:
        text, _ = decode_text(content)
    except UnreadableError:
        return False
    if looks_like_markup(text):
        return False
    lines = script_lines(text)
    sections = {found["name"].replace(" ", "") for line in lines if (found := SECTION.match(line))}
    return (
        {"SHOTLIST", "STORYLINE"} <= sections
        or any(map(is_whole_cue, lines))
        or repeats_headline(lines)
    )


def parse(content: bytes, document: RawDocument) -> ParsedDocument:
    """Read a broadcast transcript.

    Args:
        content: the bytes, decompressed.
        document: where they come from; its media type may declare a charset.

    Returns:
        One item a story, in order. Dates are strings as written. A bulletin's rundown is rejected
        by itself.

    Raises:
        UnreadableError: the bytes are no text (``bad_encoding``) or hold none (``empty_document``).
    """
    text, guessed = decode_text(content, charset_of(document.media_type))
    stories = split_stories(script_lines(text))
    if not stories:
        raise UnreadableError(Reason.EMPTY_DOCUMENT, "no line with text")
    items: list[FeedItem] = []
    rejects: list[ItemReject] = []
    for position, story in enumerate(stories):
        raw = "\n".join(story).strip("\n")
        if has_rundown(story):
            detail = "a bulletin's list of contents, not a story"
            rejects.append(ItemReject(position, Reason.MALFORMED_ITEM, detail, raw))
        else:
            items.append(_Story(story).item(position, raw, guessed))
    return ParsedDocument("transcript", FeedInfo(), tuple(items), tuple(rejects))


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph of the story and its place among the lines."""

    text: str
    line: int
    quoted: bool = False


@dataclass
class _Story:
    """One story while it is read, line by line."""

    lines: Sequence[str]
    title: str | None = None
    repeats: int = 0
    date: str | None = None
    region: str | None = None
    dateline: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    slug: str | None = None
    teaser: list[str] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    in_shots: bool = False
    labelled_title: bool = False
    title_lines: list[int] = field(default_factory=list)
    byline_at: int | None = None

    def item(self, position: int, raw: str, guessed: bool) -> FeedItem:
        """Read all lines and give the item."""
        self._read()
        self._take_teaser()
        if self.title is None and self.slug:
            parts = _SLUG_AND_HEADLINE.match(self.slug)
            self.title, self.repeats = parts["headline"] if parts else self.slug, 1
        if self.date is None and self.dateline:
            self.date = date_at_end(self.dateline)
        narrative = [*self.teaser, *(part.text for part in self.parts if not part.quoted)]
        if self.dateline is None:
            head = next((part.text for part in self.parts if not part.quoted), "")
            found = _DATELINE.match(head)
            self.dateline = found.group() if found else None
        return FeedItem(
            position=position,
            title=self.title,
            title_repeats=max(self.repeats, 1),
            summary="\n\n".join(self.teaser) or None,
            summary_html=False,
            content="\n\n".join(part.text for part in self.parts) or None,
            content_html=False,
            authors=self.authors,
            byline=self.byline,
            dateline=self.dateline,
            region=self.region,
            quotes=tuple(self.quotes),
            dates=(("header", self.date),) if self.date else (),
            text_dates=days_named(narrative, self.date),
            flags=(*(["encoding_guessed"] if guessed else []), *dict.fromkeys(self.flags)),
            raw=raw,
        )

    def _read(self) -> None:
        keys = Counter(line_key(line) for line in self.lines if line)
        numbered_bites = any(NUMBERED.match(line) and starts_with_cue(line) for line in self.lines)
        self.labelled_title = any(
            label is not None and label[0] == "title" and bool(label[1])
            for label in map(labelled_field, self.lines[:_HEADER_LINES])
        )
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            if not line or SEPARATOR.match(line):
                at += 1
            elif starts_with_cue(line):
                at = self._soundbite(at)
            elif section := SECTION.match(line):
                at = self._section(section["name"], section["rest"] or section["bare"] or "", at)
            elif self._is_title(line, keys):
                self.title = self.title or line
                self.repeats += 1
                self.title_lines.append(at)
                at += 1
            elif self._header(line, at) or self._shot(at, numbered_bites):
                at += 1
            else:
                self._narrative(line, at)
                at += 1

    def _is_title(self, line: str, keys: Counter[str]) -> bool:
        if self.title is not None:
            return line_key(line) == line_key(self.title)
        if self.parts or self.quotes or self.in_shots or NUMBERED.match(line):
            return False
        if self.labelled_title:
            return False
        if _SLUG.match(line) and keys[line_key(line)] == 1:
            return False
        if date_line(line) or labelled_field(line) or BULLETIN.match(line) or _NOTE.match(line):
            return False
        if keys[line_key(line)] > 1 and any(map(str.isalnum, line)):
            return True
        return is_headline(line) and self.slug is None and not reporter_line(line)

    def _header(self, line: str, at: int) -> bool:
        """Take a line above the story that fills a field; tell whether it was one."""
        if BULLETIN.match(line):
            self.date = self.date or date_at_end(line)  # on the same line in a flattened script
            return True
        early = not self.parts and not self.quotes
        if early and self.slug is None and self.title is None and _SLUG.match(line):
            self.slug = line
            return True
        if early and line.isupper() and _RIGHTS.search(line):
            return True
        header = date_line(line)
        if header and early and self.date is None and (header.labelled or not header.rest):
            self.date, self.region = header.date, header.rest or self.region
            return True
        names = reporter_line(line)
        if names and self.byline is None and self._may_be_byline(at):
            self.byline, self.authors, self.byline_at = line, names, at
            return True
        labelled = labelled_field(line) if early or self.in_shots else None
        if labelled is None:
            return False
        name, value = labelled
        if name == "title" and value and self.title is None:
            self.title, self.repeats, self.labelled_title = value, 1, False
            self.title_lines.append(at)
        elif name == "byline" and value and self.byline is None:
            self.byline, self.authors = line, (value,)
        elif name in ("region", "dateline") and value and getattr(self, name) is None:
            setattr(self, name, value)
        elif name == "summary" and value:
            self.teaser.append(value)
        elif name:
            return False  # a second title, an empty label: not ours to drop
        return True

    def _may_be_byline(self, at: int) -> bool:
        early = not self.quotes and len(self.parts) <= _LONGEST_TEASER
        return early or not any(self.lines[at + 1 :])

    def _section(self, name: str, rest: str, at: int) -> int:
        early = not self.parts and not self.quotes
        if name == "STORY" and rest and early and self.title is None and self._notes_follow(at):
            # AP's header: STORY: gives slug and headline, LENGTH: and its like follow.
            self.slug = rest
            return at + 1
        self.in_shots = name.endswith("SHOWS") or name.startswith("SHOT")
        if rest and not self.in_shots:
            if starts_with_cue(rest):
                self.lines = [*self.lines[:at], rest, *self.lines[at + 1 :]]
                return at
            self._narrative(rest, at)
        return at + 1

    def _notes_follow(self, at: int) -> bool:
        following = next((line for line in self.lines[at + 1 :] if line), "")
        return labelled_field(following) is not None or SECTION.match(following) is not None

    def _shot(self, at: int, numbered_bites: bool) -> bool:
        """Tell whether a line describes pictures."""
        line = self.lines[at]
        if not self.in_shots:
            # A shotlist without its label, as on AP's video pages: it begins with shot 1.
            self.in_shots = numbered_bites and re.match(r"1[.)] ?\S", line) is not None
            return self.in_shots
        if (
            not NUMBERED.match(line)
            and at > 0
            and not self.lines[at - 1]
            and len(line.split()) >= 8
            and line.endswith(_SENTENCE_END)
            and not line.isupper()
        ):
            self.in_shots = False  # no label, but plainly the narrative
        return self.in_shots

    def _narrative(self, line: str, at: int) -> None:
        text = _without_notes(line)
        if any(map(str.isalnum, text)):
            self.parts.append(_Part(text, at))

    def _soundbite(self, at: int) -> int:
        cue = parse_cue(self.lines, at)
        after = at + cue.lines
        ahead = [(cue.rest, after - 1)] if cue.rest else []
        for index in range(after, len(self.lines)):
            line = self.lines[index]
            if self._ends_quote(line):
                break
            if line and not SEPARATOR.match(line):
                ahead.append((line, index))
                if _END_OF_BITE.search(line):
                    break
        cleaned = [(_without_notes(line), index) for line, index in ahead]
        run = [(text, index) for text, index in cleaned if text]
        span = take_quote([text for text, _ in run])
        if span.unclosed:
            self.flags.append("unclosed_quote")
        if span.text:
            self.quotes.append(Quote(cue.speaker, cue.role, cue.language, span.text))
        self.parts.extend(_Part(text, at, quoted=True) for text in span.paragraphs)
        last = run[span.used - 1][1] if span.used else after - 1
        if span.remainder and not self.in_shots:
            self._narrative(span.remainder, last)
        return last + 1

    def _ends_quote(self, line: str) -> bool:
        return bool(
            starts_with_cue(line)
            or SECTION.match(line)
            or BULLETIN.match(line)
            or (self.in_shots and NUMBERED.match(line))
            or (self.title is not None and line_key(line) == line_key(self.title))
        )

    def _take_teaser(self) -> None:
        """Move what stands between copies of the headline, or above the byline, out of the body."""
        self._split_byline()
        first, last = (self.title_lines[0], self.title_lines[-1]) if self.title_lines else (-1, -1)
        bounds = [last]
        if self.byline_at is not None:
            bounds.append(self.byline_at)
        bound = max(bounds)
        teaser = [part for part in self.parts if first < part.line < bound]
        if self.byline_at is not None and any(part.quoted for part in teaser):
            teaser = [part for part in self.parts if first < part.line < last]
        rest = self.parts[len(teaser) :]
        if (
            teaser
            and rest
            and len(teaser) <= _LONGEST_TEASER
            and self.parts[: len(teaser)] == teaser
            and not any(part.quoted for part in teaser)
        ):
            self.teaser.extend(part.text for part in teaser)
            self.parts = rest

    def _split_byline(self) -> None:
        """Find a byline that was run into the end of the teaser."""
        if self.byline is not None:
            return
        for at, part in enumerate(self.parts[:_LONGEST_TEASER]):
            split = None if part.quoted else split_reporter(part.text)
            if part.quoted or (split and at + 1 == len(self.parts)):
                return
            if split:
                self.byline, self.authors = split[1], reporter_line(split[1]) or ()
                self.teaser.extend(one.text for one in self.parts[:at])
                self.teaser.append(split[0])
                self.parts = self.parts[at + 1 :]
                return


def _without_notes(line: str) -> str:
    if "(" not in line and "[" not in line and "++" not in line:
        return line
    return re.sub(r" {2,}", " ", _NOTE.sub(" ", line)).strip()
