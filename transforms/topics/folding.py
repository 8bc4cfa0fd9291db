"""How text and vocabulary terms are brought to one form, and which forms of a term are looked for.

Both the build tool and the tagger use this module: a term is found exactly when the folded text
holds one of the term's forms between two spaces (or anywhere: in scripts without spaces, and for
long terms in languages that write compounds as one word).
"""

import re
import unicodedata
from collections.abc import Callable

UNSPACED = frozenset({"ja", "lo", "my", "km", "th", "zh"})
"""Languages whose scripts do not part words: terms match anywhere in the text."""

COMPOUNDING = frozenset({"da", "de", "nl", "no", "sv"})
"""Languages that write compounds as one word: a long term matches inside words too."""

MIN_COMPOUND = 8
"""Letters a term needs to be looked for inside words; shorter ones hit by chance."""

_ALIASES = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}


class _WordTable(dict[int, str]):
    """A ``str.translate`` table that keeps letters, digits and combining marks, learned by use.

    Marks belong to words: without them every Devanagari word with a vowel sign falls to pieces.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = char if char.isalnum() or unicodedata.category(char)[0] == "M" else " "
        if code < 0x10000:  # the table stays small whatever it is fed
            self[code] = kept
        return kept


_WORD_TABLE = _WordTable()
# Most English text is ASCII but for its quotation marks and dashes; with those gone, translating
# by a string is five times as fast as by a dictionary.
_ASCII_TABLE = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))
_TYPOGRAPHIC = "‘’“”–—…•·«»£€\xa0"
# Tatweel and the short vowels are ornament in Arabic print, and the dot that case folding leaves
# behind a Turkish capital I is no letter of its own.
_ORNAMENT = re.compile("[\u0640\u064b-\u0652\u0670]|(?<=i)\u0307")
_HAS_ORNAMENT = re.compile("[\u0307\u0640\u064b-\u0652\u0670]")


def primary_language(tag: str | None) -> str | None:
    """Returns the ISO 639-1 language of a tag (``zh-cn`` gives ``zh``, ``nb-NO`` gives ``no``)."""
    if not tag:
        return None
    primary = tag.replace("_", "-").split("-", 1)[0].strip().lower()
    return _ALIASES.get(primary, primary) or None


def fold(text: str) -> str:
    """Returns the words of ``text``, case folded, parted by single spaces, none at the ends."""
    folded = text.casefold()
    if not folded.isascii():
        for char in _TYPOGRAPHIC:
            folded = folded.replace(char, " ")
    if folded.isascii():
        return " ".join(folded.translate(_ASCII_TABLE).split())
    folded = unicodedata.normalize("NFC", folded)
    if _HAS_ORNAMENT.search(folded):
        folded = _ORNAMENT.sub("", folded)
    return " ".join(folded.translate(_WORD_TABLE).split())


def english_base(word: str) -> str:
    """Returns what an English noun's singular and plural have in common, as a key to group by."""
    if len(word) > 4:
        if word.endswith("ies"):
            return word[:-3] + "y"
        if word.endswith(("ches", "shes", "sses", "xes")):
            return word[:-2]
        if word.endswith("s") and not word.endswith("ss"):
            return word[:-1]
    return word


def _english(word: str) -> set[str]:
    base = english_base(word)
    if base.endswith("y") and base[-2:-1] not in set("aeiou"):
        return {word, base, base[:-1] + "ies"}
    if base.endswith(("s", "x", "ch", "sh")):
        return {word, base, base + "es"}
    return {word, base, base + "s"}


# Endings that an inflected noun may add. Over-generation is cheap: a form nobody writes never
# matches; so the lists are short where an ending would make another word.
_ENDINGS = {
    "da": ("e", "en", "er", "erne", "ene", "et", "s"),
    "de": ("e", "en", "er", "es", "n", "s"),
    "es": ("es", "s"),
    "fr": ("s", "x"),
    "no": ("a", "en", "ene", "er", "et", "s"),
    "pt": ("es", "s"),
    "sv": ("ar", "arna", "en", "er", "erna", "et", "n", "or", "s"),
}
_MIN_INFLECTED = 4
_ARABIC_PREFIXES = ("ال", "وال", "بال", "لل", "و")


def _arabic(words: list[str]) -> set[str]:
    """Returns the forms with article and clitics; in a phrase each adjective takes the article."""
    head, rest = words[0], words[1:]
    plain, definite = " ".join(words), ["ال" + word for word in rest]
    forms = {plain, " ".join([head, *definite])}
    for prefix in _ARABIC_PREFIXES:
        if not head.startswith("ال"):
            forms.add(" ".join([prefix + head, *rest]))
            forms.add(" ".join([prefix + head, *definite]))
    return forms


def forms(term: str, language: str) -> list[str]:
    """Returns the folded forms under which ``term`` (folded) is looked for, sorted."""
    words = term.split()
    if not words or language in UNSPACED:
        return [term] if term else []
    if language == "ar":
        return sorted(_arabic(words))
    head, last = words[:-1], words[-1]
    inflect: Callable[[str], set[str]] | None = _english if language == "en" else None
    if len(last) < _MIN_INFLECTED:
        # Three letters and less are acronyms as often as words: only English adds its plural.
        lasts = {last, last + "s"} if language == "en" and len(last) == 3 else {last}
    elif inflect is not None:
        lasts = inflect(last)
    else:
        lasts = {last, *(last + ending for ending in _ENDINGS.get(language, ()))}
    return sorted(" ".join([*head, form]) for form in lasts)
