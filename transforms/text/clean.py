"""Characters put in order, once, when an item is normalised.

What a feed gives as text can hold lone surrogates (which Arrow and HTML parsers refuse), control
characters, byte order marks in mid-sentence, directional overrides, and text that was decoded with
the wrong table. :func:`clean_text` leaves none of these; it changes characters, never words, and
what it gives it gives again unchanged.

What stays, though it cannot be seen: the zero-width joiner and non-joiner behind a letter, a mark
or an emoji (Persian, Indic scripts and emoji families are misspelt without them), the zero-width
space between letters of Thai, Lao, Burmese and Khmer (there it parts words), variation selectors,
and the tag characters of a flag emoji.
"""

import re
import unicodedata

import ftfy

# Soft hyphen, directional marks and overrides, word joiner and the invisible operators, deprecated
# format characters, byte order mark, annotation anchors.
_DROPPED_FORMATS = [
    0xAD, 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
    *range(0xFFF9, 0xFFFC),
]  # fmt: skip
# The 66 noncharacters (Unicode, chapter 23.7).
_NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
]
_SPACES = [0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_BREAKS = [0x0B, 0x0C, 0x2028, 0x2029]

_REPLACEMENTS = {
    **{chr(code): "" for code in [*range(0x20), 0x7F, *_DROPPED_FORMATS, *_NONCHARACTERS]},
    # A C1 control in a text is in truth a windows-1252 byte that was read as Latin-1; HTML reads
    # numeric references to them in the same way (WHATWG HTML 13.2.5.80).
    **{chr(byte): bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)},
    **{chr(code): " " for code in _SPACES},
    **{chr(code): "\n" for code in _BREAKS},
}
del _REPLACEMENTS["\n"]

_ZERO_WIDTH_SPACES = re.compile("\u200b+")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao; Burmese; Khmer
# A joiner behind a Latin letter, a digit, a space or punctuation joins nothing.
_IDLE_JOINER = re.compile("(?<![^\x00-\u02ff\u2000-\u206f\u3000-\u303f])[\u200c\u200d]+")
_IDLE_TAG = re.compile(
    "(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0000-\U000e007f]+|[\U000e0000-\U000e001f]+"
)

# The gate: a UTF-8 lead byte read as Latin-1 or windows-1252, followed by what its continuation
# bytes read as. Text in capitals passes it now and then (`CAFÉ»`); ftfy then decides. A no-break
# space counts only behind Â and Ã, for French sets one before every `:` and `»`.
_CONTINUATION = "\x80-\x9f\xa1-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_WINDOWS_1251 = "\u0400-\u040f\u0450-\u045f\u0490\u0491\xa0-\xbf€‚„…†‡‰‹‘’“”•–—™›"
# Two sets stand first and the rest looks back at them: `re` finds a leading set far faster than
# any of several alternatives.
_MOJIBAKE = re.compile(
    f"[Â-ð‚РС][ Ä\xa0{_CONTINUATION}{_WINDOWS_1251}](?:"
    f"(?<=[ÂÃ][\xa0{_CONTINUATION}])|(?<=Ã[ ])|(?<=[Ä-ß][{_CONTINUATION}])|"
    f"(?<=[à-ï][{_CONTINUATION}])[{_CONTINUATION}]|(?<=ð[\x9fŸ])[{_CONTINUATION}]{{2}}|"
    # UTF-8 read as Mac Roman, and Cyrillic UTF-8 read as windows-1251.
    f"(?<=‚Ä)[ôòìîúù¢]|(?<=[РС][{_WINDOWS_1251}])[РС][{_WINDOWS_1251}])"
)
_ENCODING_ONLY = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)

_ROUNDS = 16
"""More than any text needs: every repair makes the text shorter or lowers its control count."""

_LIST_LINE = re.compile(r"(?:[•‣◦▪●○∙·*–—-]|\(?[0-9]{1,3}[.)])\s")
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")
# Han, kana and fullwidth punctuation: lines of these are joined without a space.
_WIDE = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U000323af"
_WIDE_JOINT = re.compile(f"(?<=[{_WIDE}])\n(?=[{_WIDE}])")


def without_surrogates(text: str) -> str:
    r"""Return the text with surrogate pairs joined and lone surrogates left out.

    JSON with ``\\ud83d\\ude00`` escapes and bytes decoded with ``surrogateescape`` are how they
    come in.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return text


def clean_text(text: str) -> tuple[str, bool]:
    """Return the text with its characters put in order, and whether a wrong decoding was undone.

    Tabs and all kinds of space become a space, line and page breaks a newline; white space is not
    folded. The result is NFC, encodes to UTF-8, and is a fixed point of this function.

    Args:
        text: any text, lone surrogates included.

    Returns:
        The text, and True when mojibake (UTF-8 or windows-1252 bytes decoded with another table)
        was repaired. Never raises.
    """
    text = without_surrogates(text)
    repaired = False
    for _ in range(_ROUNDS):
        before = text
        if not text.isascii() and _MOJIBAKE.search(text):
            fixed = without_surrogates(ftfy.fix_encoding(text, _ENCODING_ONLY))
            repaired = repaired or fixed != text
            text = fixed
        text = text.replace("\xa0", " ")
        # str.isprintable is one pass in C and false for every character that is handled below.
        if not text.replace("\n", " ").isprintable():
            text, was_c1 = _scrub(text)
            repaired = repaired or was_c1
        if not text.isascii() and not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        if text == before:
            break
    return text, repaired


def _scrub(text: str) -> tuple[str, bool]:
    """Noise replaced or dropped; also, whether a C1 control stood for a windows-1252 character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text, was_c1 = _replace_noise(text)
    if not text.isascii():
        if "\u200b" in text:
            text = _ZERO_WIDTH_SPACES.sub(_one_or_none, text)
        if "\u200c" in text or "\u200d" in text:
            text = _IDLE_JOINER.sub("", text)
        if max(text, default="") >= "\U000e0000":
            text = _IDLE_TAG.sub("", text)
    return text, was_c1


def _replace_noise(text: str) -> tuple[str, bool]:
    was_c1 = False
    # Few kinds of noise stand in one text: a pass in C for each beats looking at every character.
    for noise in _REPLACEMENTS.keys() & set(text):
        replacement = _REPLACEMENTS[noise]
        text = text.replace(noise, replacement)
        was_c1 = was_c1 or (replacement != "" and "\x80" <= noise < "\xa0")
    return text, was_c1


def _one_or_none(match: re.Match[str]) -> str:
    """Zero-width spaces between two letters of a script without spaces are one, others none."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return "\u200b" if _SPACELESS.match(before) and _SPACELESS.match(after) else ""


def as_written(text: str) -> str:
    """Return a publisher's id, date string or tag as written, on one line and fit for any file.

    Nothing is repaired or composed, so that an id stays the id it was; only characters that no
    file can hold (surrogates, controls, noncharacters) go, and white space is folded.
    """
    text = without_surrogates(text)
    if not text.isprintable():
        text, _ = _replace_noise(text)
    return " ".join(text.split())


def fold_line(text: str) -> str:
    """Return the text on one line: every run of white space one space, none at the ends."""
    return " ".join(text.split())


def fold_paragraphs(text: str, *, unwrap: bool = True) -> str:
    """Return the text with its paragraphs parted by exactly one blank line.

    White space inside a line is folded, none stays at its ends.

    Args:
        text: cleaned text; a line with nothing but white space parts paragraphs.
        unwrap: True for plain text, whose line ends are those of a mail or a wire and mean
            nothing: they become spaces (nothing between Han or kana), unless the next line
            begins like a list item: a bullet or dash, or a number with a point or bracket, and
            then a space. False for text made from markup, where each line end was asked for.
    """
    lines = [" ".join(line.split()) for line in text.split("\n")]
    folded = "\n".join(lines)
    if "\n" not in folded:
        return folded
    folded = folded.strip("\n")
    if "\n\n" in folded:
        folded = _PARAGRAPH_BREAK.sub("\n\n", folded)
    if not unwrap:
        return folded
    return "\n\n".join(_unwrap(paragraph) for paragraph in folded.split("\n\n"))


def _unwrap(paragraph: str) -> str:
    if "\n" not in paragraph:
        return paragraph
    lines = [""]
    for line in paragraph.split("\n"):
        if not lines[-1] or _LIST_LINE.match(line):
            lines.append(line)
        else:
            lines[-1] = _WIDE_JOINT.sub("", f"{lines[-1]}\n{line}").replace("\n", " ")
    return "\n".join(lines[1:])
