"""A broadcast script's lines, put back into shape and parted into its stories.

What a mail gateway or a web form flattened is broken up again: before each cue, each section label,
each numbered shot and each copy of the headline. What holds several stories is parted where a new
header or a new headline stands.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from transforms.formats.plain_header import date_line, labelled_field, reporter_line
from transforms.formats.plain_lines import is_headline, line_key, tidy_lines, unwrap
from transforms.formats.transcript_cues import is_whole_cue, split_at_cues, starts_with_cue

SECTION = re.compile(
    r"[~*•]{0,2}\s?(?P<name>(?:VIDEO |FILM )?SHOWS|SHOT ?LIST|STORY ?LINE|STORY|"
    r"(?:VOICE ?OVER )?SCRIPT)"
    r"(?:\s?:\s?(?P<rest>.*)|\s?$|(?<=SHOTLIST|TORYLINE)\s(?P<bare>[A-Z0-9(+\"“].*))"
)
"""A line that begins a part of a script; capitals only."""

BULLETIN = re.compile(r"AP-(?:APTN|SNTV)-\d{3,4}\b")
"""The line above each story of an AP bulletin: ``AP-APTN-1830: Exton Ferry``."""

NUMBERED = re.compile(r"\d{1,3}[.)] ?(?=\S)")
"""A shot's number at the head of a line."""

SEPARATOR = re.compile(r"[-=*_#~.+·•–— ]{3,}$")
"""A line drawn between parts."""

_RUNDOWN_END = re.compile(r"(?<!-)-{3,80}\s?End of rundown\s?-{3,80}", re.IGNORECASE)
_LABELS_INSIDE = re.compile(
    r"(?<=\S )(?=(?:STORY|LENGTH|FIRST RUN|RESTRICTIONS|TYPE|SOURCE|STORY NUMBER|DATELINE|SHOTLIST|"
    r"STORYLINE|VIDEO SHOWS|~SHOWS)\s?:)"
)
_BARE_SECTIONS_INSIDE = re.compile(r"(?<=\S )(?=(?:SHOTLIST|STORYLINE)\s[A-Z0-9(+])")
_SHOT_INSIDE = re.compile(r"(?:^|(?<=\s))(\d{1,3})\. ?(?=[A-Z(+\[\"“])")
_REPORTER_INSIDE = re.compile(
    r"(?<=[.!?] )(?=(?:[A-Z][\w'’.-]{1,30} ){2,4}(?:reports|has more|REPORTS)\.(?: |$))"
)

_LONGEST_HEADLINE = 40
_LONGEST_REGION = 4


def script_lines(text: str) -> list[str]:
    """Give a script's lines in the shape its writer meant.

    Args:
        text: the document, decoded.

    Returns:
        Tidy lines, each nonempty one a paragraph, a cue, a label or a headline.
    """
    lines: list[str] = []
    for line in tidy_lines(text):
        lines.extend(_unflatten(line) if line else ("",))
    return unwrap(lines, _stands_alone)


def _stands_alone(line: str) -> bool:
    return bool(
        starts_with_cue(line)
        or SECTION.match(line)
        or NUMBERED.match(line)
        or BULLETIN.match(line)
        or SEPARATOR.match(line)
        or labelled_field(line)
        or date_line(line)
        or reporter_line(line)
    )


def _unflatten(line: str) -> list[str]:
    parts = [line]
    if len(_LABELS_INSIDE.findall(line)) > 1:
        parts = _LABELS_INSIDE.split(line)
    parts = [piece for part in parts for piece in _RUNDOWN_END.split(part)]
    if "SHOTLIST" in line:
        parts = [piece for part in parts for piece in _BARE_SECTIONS_INSIDE.split(part)]
    parts = [piece for part in parts for piece in _split_shots(part)]
    parts = [piece for part in parts for piece in split_at_cues(part.strip())]
    return [piece for part in parts for piece in _split_headlines(part)]


def _split_shots(line: str) -> list[str]:
    cuts, expected = [0], None
    for shot in _SHOT_INSIDE.finditer(line):
        number = int(shot[1])
        if expected is None and (number == 1 or shot.start() == 0):
            expected = number
        if number == expected:
            cuts.append(shot.start())
            expected += 1
    if len(cuts) < 3:  # one number is no list
        return [line]
    cuts.append(len(line))
    return [line[start:end].strip() for start, end in pairwise(cuts)]


def _split_headlines(line: str) -> list[str]:
    """Break up a line that begins with a header and copies of the headline."""
    header = date_line(line)
    head, rest = "", line
    if header and header.labelled and len(header.rest.split()) > _LONGEST_REGION:
        rest = header.rest
        head = line[: len(line) - len(rest)].rstrip(" ,;:|-–—")
    elif len(line) < 20:
        return [line]
    words = rest.split(" ", 2 * _LONGEST_HEADLINE + _LONGEST_REGION + 1)
    for skip in range(_LONGEST_REGION + 1 if head else 1):
        for length in range(3, _LONGEST_HEADLINE + 1):
            unit = words[skip : skip + length]
            if len(unit) == length and unit == words[skip + length : skip + 2 * length]:
                title = " ".join(unit)
                half = title[: (len(title) - 1) // 2]
                if title == f"{half} {half}":
                    title = half
                if len(set(unit)) == 1:
                    continue
                region = " ".join(words[:skip])
                return [
                    *filter(None, [f"{head} {region}".strip()]),
                    *_split_copies(rest[len(region) :], title),
                ]
    return [head, rest] if head else [line]


def _split_copies(text: str, title: str) -> list[str]:
    parts: list[str] = []
    for at, piece in enumerate(text.split(title)):
        if at:
            parts.append(title)
        parts.extend(_REPORTER_INSIDE.split(piece.strip()))
    out: list[str] = []
    for part in parts:
        found = re.match(r"(?:[A-Z][\w'’.-]{1,30} ){2,4}(?:reports|has more|REPORTS)\.(?= )", part)
        out.extend((found.group(), part[found.end() :]) if found else (part,))
    return [part.strip() for part in out if part.strip()]


def split_stories(lines: Sequence[str]) -> list[list[str]]:
    """Part a script that holds several stories.

    Args:
        lines: as :func:`script_lines` gives them.

    Returns:
        The lines of each story. A bulletin's rundown, when there is one, is the first of them.
    """
    filled = [at for at, line in enumerate(lines) if line and not SEPARATOR.match(line)]
    cuts, lead = [0], None
    titles: set[str] = set()
    body = False
    for order, at in enumerate(filled):
        line = lines[at]
        following = lines[filled[order + 1]] if order + 1 < len(filled) else ""
        header = date_line(line)
        labelled = header is not None and header.labelled
        if labelled and lead is None and len(cuts) == 1:
            # The headline may stand above the date; then it does so in every story.
            lead = order if order <= 1 else 0
        bulletin = BULLETIN.match(line) is not None
        twice = (
            line_key(line) == line_key(following)
            and len(line.split()) >= 3
            and _may_be_title(line)
            and is_headline(line)  # a paragraph pasted twice is not a new story
        )
        new_title = twice and line_key(line) not in titles
        if body and (labelled or bulletin or new_title):
            back = (lead or 0) if labelled else 0
            cut = filled[max(order - back, 0)]
            if cut > cuts[-1]:
                cuts.append(cut)
                body, titles = False, set()
        if twice:
            titles.add(line_key(line))
        if not (header or bulletin or twice or labelled_field(line) or SECTION.match(line)):
            body = body or _is_body(line, titles)
    cuts.append(len(lines))
    stories = [list(lines[start:end]) for start, end in pairwise(cuts)]
    stories = [part for story in stories for part in _split_at_separators(story)]
    return [story for story in stories if any(story)]


def _is_body(line: str, titles: set[str]) -> bool:
    return line_key(line) not in titles and (
        starts_with_cue(line) or not is_headline(line) or len(line.split()) > 14
    )


def _may_be_title(line: str) -> bool:
    return not (
        starts_with_cue(line) or NUMBERED.match(line) or SECTION.match(line) or labelled_field(line)
    )


def _split_at_separators(story: list[str]) -> list[list[str]]:
    """Part at drawn lines where each side is a script by itself: a headline and a cue."""
    drawn = [at for at, line in enumerate(story) if line and SEPARATOR.match(line)]
    if not drawn:
        return [story]
    edges = [0, *drawn, len(story)]
    parts = [story[start:end] for start, end in pairwise(edges)]
    for part in parts:
        plain = [line for line in part if line and not SEPARATOR.match(line)]
        if not plain:
            continue
        heads = date_line(plain[0]) is not None or is_headline(plain[0])
        if not heads or starts_with_cue(plain[0]) or not any(map(is_whole_cue, plain)):
            return [story]
    return [part for part in parts if any(line and not SEPARATOR.match(line) for line in part)]


def repeats_headline(lines: Sequence[str]) -> bool:
    """Tell whether a text has a date header and right below it a headline more than once.

    Args:
        lines: the first lines of a document, as :func:`script_lines` gives them.
    """
    filled = [line for line in lines if line][:12]
    header = date_line(filled[0]) if filled else None
    if header is None or not header.labelled or len(filled) < 3:
        return False
    copies = Counter(line_key(line) for line in filled[1:])
    return len(filled[1].split()) >= 3 and copies[line_key(filled[1])] >= 2


def has_rundown(story: Sequence[str]) -> bool:
    """Tell whether lines before a bulletin's first story are its list of contents.

    Args:
        story: one of the parts of :func:`split_stories`.
    """
    return not any(map(starts_with_cue, story)) and any(
        re.match(r"B-u-l-l-e-t-i-n begins", line) for line in story
    )
