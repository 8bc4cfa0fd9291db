"""Where a soundbite's words end: quotation marks of every shape, over any number of paragraphs.

Rules, in this order: a mark that closes the first one ends the quote, however many paragraphs on;
a paragraph that begins with a mark goes on with it; marks of the same shape inside count up and
down; without any end before the next cue the quote ends with its paragraph, and is flagged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Opening mark -> the marks that close it. Typists close a low or curly mark with whatever is near.
_CLOSERS = {
    '"': '"”“',
    "“": '”"“',
    "”": '”"',
    "„": '“”"',
    "‟": '”"',
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
    "『": "』",
    "'": "'’",
    "‘": "'’",
    "‚": "‘'’",
    "`": "'’",
}
_SINGLE = "'‘‚`"
_TWO_SINGLES = re.compile(r"''|``|‘‘|’’|´´")
_MARK = re.compile(r"""["“”„‟«»‹›「」『』]+|['‘’]+""")
_AFTER_CLOSE = frozenset(" .,;:!?)]-–—…")


@dataclass(frozen=True, slots=True)
class Span:
    """What was found behind a cue."""

    paragraphs: tuple[str, ...]
    """The quote's paragraphs as they stand in the text, with their marks."""
    text: str
    """The words without the marks, paragraphs parted by an empty line."""
    remainder: str
    """What follows the closing mark in the last paragraph: narrative."""
    used: int
    """How many of the given paragraphs the quote takes."""
    unclosed: bool


def take_quote(paragraphs: Sequence[str]) -> Span:
    """Take a quote from the head of a run of paragraphs.

    Args:
        paragraphs: the text behind a cue, up to the next one; none of them empty.

    Returns:
        The quote. Without an opening mark it is the first paragraph, or less where a mark closes.
    """
    if not paragraphs:
        return Span((), "", "", 0, False)
    # Two single marks are one double mark of typewriters.
    first = _TWO_SINGLES.sub('"', paragraphs[0]) if _TWO_SINGLES.match(paragraphs[0]) else ""
    if first:
        paragraphs = [_TWO_SINGLES.sub('"', paragraph) for paragraph in paragraphs]
    opening = paragraphs[0][0]
    if opening not in _CLOSERS or len(paragraphs[0]) < 2:
        return _unmarked(paragraphs[0])
    closers = _CLOSERS[opening]
    size = 2 if opening == '"' and paragraphs[0].startswith('""') else 1
    if opening in _SINGLE:
        end = _single_end(paragraphs, closers)
    else:
        end = _double_end(paragraphs, opening, closers, size)
        if end is None and size == 2:  # not a doubled mark, but a quote that begins with a quote
            size = 1
            end = _double_end(paragraphs, opening, closers, size)
    unclosed = end is None
    if end is None:
        end = _fallback_end(paragraphs, opening, closers)
        unclosed = end[2]
    index, cut, _ = end
    taken = [*paragraphs[:index], paragraphs[index][:cut].rstrip()]
    remainder = paragraphs[index][cut:].strip()
    used = index + 1
    # Paragraphs that are each quoted as a whole belong to the same speaker.
    while not remainder and not unclosed and used < len(paragraphs):
        more = _whole_quote(paragraphs[used], opening, closers, size)
        if not more:
            break
        taken.append(paragraphs[used])
        used += 1
    words = [
        _bare(paragraph, opening, closers, size, ends=at >= index and not unclosed)
        for at, paragraph in enumerate(taken)
    ]
    text = "\n\n".join(word for word in words if word)
    return Span(tuple(filter(None, taken)), text, remainder, used, unclosed)


_End = tuple[int, int, bool]
"""Paragraph, place behind the closing mark in it, and whether the end had to be assumed."""


def _unmarked(paragraph: str) -> Span:
    mark = _MARK.search(paragraph)
    if (
        mark
        and mark.group()[0] in '"”»'
        and _closes(paragraph, mark)
        and paragraph[mark.start() - 1] in ".!?…,"
    ):
        # The opening mark was lost, the closing one was not.
        said, rest = paragraph[: mark.end()], paragraph[mark.end() :].strip()
        return Span((said,), paragraph[: mark.start()].strip(), rest, 1, False)
    return Span((paragraph,), paragraph, "", 1, False)


def _closes(paragraph: str, mark: re.Match[str]) -> bool:
    """A mark that touches the word before it and not the one behind it."""
    before = paragraph[mark.start() - 1 : mark.start()]
    after = paragraph[mark.end() : mark.end() + 1]
    return before not in ("", " ") and (not after or after in _AFTER_CLOSE)


def _opens(paragraph: str, mark: re.Match[str]) -> bool:
    before = paragraph[mark.start() - 1 : mark.start()]
    after = paragraph[mark.end() : mark.end() + 1]
    return (not before or before in " ([-–—") and after not in ("", " ")


def _behind(paragraph: str, at: int) -> int:
    """Take a full stop or comma behind the mark along with it."""
    while at < len(paragraph) and paragraph[at] in ".,;!?":
        at += 1
    return at


def _double_end(paragraphs: Sequence[str], opening: str, closers: str, size: int) -> _End | None:
    depth = 0
    for index, paragraph in enumerate(paragraphs):
        for mark in _MARK.finditer(paragraph):
            run = mark.group()
            if run[0] in "'‘’" or (run[0] != opening and run[0] not in closers):
                continue
            count = -(-len(run) // size)
            if size == 2 and len(run) == 1:
                continue
            if mark.start() == 0:
                # The first one, or a paragraph that reopens it.
                depth = count if index == 0 else max(depth, 1)
            elif _closes(paragraph, mark):
                depth -= count
                if depth <= 0:
                    return index, _behind(paragraph, mark.end()), False
            elif _opens(paragraph, mark):
                depth += count
            elif mark.end() == len(paragraph) or (run[0] != opening and run[0] in closers):
                # A space before the mark: only the end of the paragraph or a mark that
                # cannot open tells that it closes.
                return index, _behind(paragraph, mark.end()), False
    return None


def _single_end(paragraphs: Sequence[str], closers: str) -> _End | None:
    """A single mark is an apostrophe as well: only behind a sentence's end is it sure to close."""
    for index, paragraph in enumerate(paragraphs):
        for mark in _MARK.finditer(paragraph):
            if mark.group()[0] not in closers or not mark.start() or not _closes(paragraph, mark):
                continue
            if paragraph[mark.start() - 1] in ".!?…," or mark.end() == len(paragraph):
                return index, _behind(paragraph, mark.end()), False
            if mark.group()[0] in closers and paragraph[mark.end()] in ".,!?":
                return index, _behind(paragraph, mark.end()), False
    return None


def _fallback_end(paragraphs: Sequence[str], opening: str, closers: str) -> _End:
    """Where a quote ends whose marks do not add up."""
    index = 0
    while index + 1 < len(paragraphs) and paragraphs[index + 1][0] == opening:
        index += 1  # each paragraph reopens it
    paragraph = paragraphs[index]
    found = 0
    for mark in _MARK.finditer(paragraph):
        if mark.group()[0] in closers and mark.start() and _closes(paragraph, mark):
            before = paragraph[mark.start() - 1]
            if before in ".!?…" or mark.end() == len(paragraph):
                found = _behind(paragraph, mark.end())
    return (index, found, False) if found else (index, len(paragraph), True)


def _whole_quote(paragraph: str, opening: str, closers: str, size: int) -> bool:
    if paragraph[0] != opening or len(paragraph) < 2:
        return False
    if opening in _SINGLE:
        end = _single_end([paragraph], closers)
    else:
        end = _double_end([paragraph], opening, closers, size)
    return end is not None and end[1] == len(paragraph)


def _bare(paragraph: str, opening: str, closers: str, size: int, *, ends: bool) -> str:
    """The words of a quote's paragraph: without the mark at its head and the one at its end."""
    text = paragraph
    if text.startswith(opening):
        text = text[size if text.startswith(opening * size) else 1 :]
    if not ends:
        return text.strip()
    stop = ""
    while text and text[-1] in ".,;!?" and text[-2:-1] in tuple(closers):
        text, stop = text[:-1], text[-1] + stop
    marks = 0
    while marks < size and text and text[-1] in closers:
        text, marks = text[:-1], marks + 1
    if marks and text and text[-1] in ".!?…,":
        stop = ""
    return (text.rstrip() + stop if marks else text + stop).strip()
