"""Counting words in every script.

A word is a run without white space or dash that holds a letter or a digit: `don't`, `U.S.`,
`well-known` and `3.5` are one each, a lone `&` or bullet is none. Every Han ideograph, kana and
bopomofo letter is a word by itself, as in the word counts of editors and of office programs.
Korean is written with spaces and needs no rule.

Thai, Lao, Burmese and Khmer part phrases, not words, with spaces, and only a dictionary knows where
a word ends. No estimate is made: a run counts as one, a zero-width space ends it, and counts in
these languages are low.
"""

import re

IDEOGRAPHS = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U0001aff0-\U0001b16f"
    "\U00020000-\U000323af"
)
"""Han, kana and bopomofo, as ranges of a character class (Unicode blocks, letters only)."""

UNSPACED = IDEOGRAPHS + "\u0e01-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u109f"
"""Scripts written without spaces between words: those above, Thai, Lao and Burmese, Khmer below."""
UNSPACED += "\u1780-\u17d3\u17dc\u17dd"

_END = r"\s\u200b–—―…/|"
_WORD = re.compile(f"[^\\W_][^{_END}]*")
# The same rule for ASCII without a regular expression, four times as fast: what is left between
# white space, once all that is neither letter nor digit is gone, is a word.
_ASCII = {
    code: " " if chr(code) in "/|" else None
    for code in range(128)
    if not chr(code).isalnum() and not chr(code).isspace()
}
# What makes most English text other than ASCII, and an ASCII character that is treated alike.
_TYPOGRAPHY = [*((mark, "'") for mark in "’‘“”•"), *((end, "/") for end in "–—…")]
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")


def word_count(text: str) -> int:
    """Return the number of words in a text; the module's docstring defines them.

    Never raises; 0 for an empty text.
    """
    plain = text
    if not text.isascii():
        for character, stand_in in _TYPOGRAPHY:
            plain = plain.replace(character, stand_in)
    if plain.isascii():
        return len(plain.translate(_ASCII).split())
    if not _IDEOGRAPH.search(text):
        return len(_WORD.findall(text))
    spaced, ideographs = _IDEOGRAPH.subn(" ", text)
    return ideographs + len(_WORD.findall(spaced))
