"""What each character is to the words of a body: a separator, a letter, a digit, a word.

The tables are written out, so that they are the same in every year: the Unicode database of the
interpreter changes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]

SEPARATOR, LETTER, DIGIT, WORD = range(4)
"""Classes of characters; a WORD is a character of a script without spaces."""

_SEPARATORS = (
    (0x00, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0xA9), (0xAB, 0xB4), (0xB6, 0xB9),
    (0xBB, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x2B9, 0x2DF), (0x37E, 0x37E), (0x387, 0x387),
    (0x55A, 0x55F), (0x589, 0x58F), (0x5BE, 0x5BE), (0x5C0, 0x5C0), (0x5C3, 0x5C3),
    (0x5C6, 0x5C6), (0x5F3, 0x5F4), (0x600, 0x60F), (0x61B, 0x61F), (0x66A, 0x66D),
    (0x6D4, 0x6D4), (0x700, 0x70D), (0x964, 0x965), (0x970, 0x970), (0xE3F, 0xE3F),
    (0xE4F, 0xE4F), (0xE5A, 0xE5B), (0xF01, 0xF14), (0x104A, 0x104F), (0x1360, 0x1368),
    (0x166D, 0x166E), (0x1680, 0x1680), (0x17D4, 0x17DB), (0x1800, 0x180A), (0x2000, 0x206F),
    (0x207A, 0x207E), (0x208A, 0x208E), (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F), (0x3000, 0x3004), (0x3008, 0x3020), (0x3030, 0x3030), (0x303D, 0x303F),
    (0x30A0, 0x30A0), (0x30FB, 0x30FB), (0xA4FE, 0xA4FF), (0xD800, 0xF8FF), (0xFD3E, 0xFD3F),
    (0xFE00, 0xFE1F), (0xFE30, 0xFE6F), (0xFEFF, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65), (0xFFE0, 0xFFFF),
)  # fmt: skip
"""Code points that part words: Unicode blocks of punctuation and symbols, and the punctuation
inside letter blocks."""
_UNSPACED = (
    (0xE01, 0xE3A), (0xE40, 0xE4E), (0xE81, 0xECE), (0x1000, 0x103F), (0x1050, 0x109F),
    (0x1780, 0x17D3), (0x3005, 0x3007), (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA),
    (0x30FC, 0x30FF), (0x3105, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9D),
)  # fmt: skip
"""Thai, Lao, Burmese, Khmer, kana, bopomofo and Han: every character a word."""
_ZEROS = (
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xFF10
)  # fmt: skip
"""Each begins a row of ten digits. Thai digits and Han numerals are words like their letters."""

_FIRST_PLANE = 0x10000


def _classes() -> _Array:
    table = np.full(_FIRST_PLANE + 3, LETTER, np.uint8)
    for first, last in _SEPARATORS:
        table[first : last + 1] = SEPARATOR
    for first, last in _UNSPACED:
        table[first : last + 1] = WORD
    for zero in _ZEROS:
        table[zero : zero + 10] = DIGIT
    # Three places behind the first plane stand for what lies beyond it; see classes_of.
    table[_FIRST_PLANE:] = SEPARATOR, LETTER, WORD
    return table


_CLASSES = _classes()


def classes_of(codes: _Array, ascii_only: bool) -> _Array:
    """The class of each character.

    Args:
        codes: code points.
        ascii_only: whether all are ASCII, which saves a look.
    """
    if not ascii_only and codes.max() >= _FIRST_PLANE:
        # Han; musical and other notation, emoji, tags; letters of historic and small scripts.
        beyond = codes >= _FIRST_PLANE
        symbol = (
            ((codes >= 0x1CF00) & (codes < 0x1D400))
            | ((codes >= 0x1F000) & (codes < 0x20000))
            | (codes >= 0xE0000)
        )
        kinds = np.where(symbol, 0, np.where(codes >= 0x20000, 2, 1))
        codes = np.where(beyond, _FIRST_PLANE + kinds, codes)
    return _CLASSES.take(codes)
