"""Soundbite cues of broadcast scripts: where one stands, who speaks, in which language.

The two great agencies write them in opposite order. Reuters: ``(SOUNDBITE) (English) U.S. SECRETARY
OF STATE, JANE ROE, SAYING:``; AP: ``7. SOUNDBITE (English) Jane Roe, US Secretary of State:``.
Stations add ``SOT``, brackets, and leave out what they like.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_MARK = r"(?:SOUND[ -]?BITES?|SOTS?|STAND[ -]?UP|PIECE TO CAMERA)"
_BRACKETED = rf"[\[(<]\s?{_MARK}(?:\s?[-:,/]\s?(?P<inside>[A-Za-z ]{{3,30}}))?\s?[\])>]"
_NUMBER = r"\d{1,3}[.)]?\s"

# At the head of a line a bare mark will do. Inside a line only what nobody writes in prose counts.
_AT_HEAD = re.compile(
    rf"[~*•\-–—]{{0,2}}\s?(?:{_NUMBER})?(?:(?i:{_BRACKETED})"
    rf"|(?:SOUND ?BITE|SOT)(?:-{{1,2}}|\b)(?=\s?$|\s?[:(\[,]|\s[A-Z\"“«„]))"
)
_INSIDE = re.compile(
    rf"(?:{_NUMBER})?(?:(?i:{_BRACKETED})(?=\s?[\[(:\"“«„,]|\s?[A-Z])"
    r"|\bSOUND ?BITE\s?:?\s?(?=\([A-Za-z]))"
)

_PARENTHESIS = re.compile(r"[\s,:;-]{0,4}[\[(]([^()\[\]]{1,80})[\])]")
_NOT_A_LANGUAGE = re.compile(
    r"\d|\b(?:NAT|NATS|SOUND|CUTAWAYS?|MUTE|PHONE|TELEPHONE|FILE|RECENT|OVERLAID|CAMERA|VOICE|VIA|"
    r"AUDIO|VIDEO|VISUALS?|UPSOT|DUR|SPEAKING|SHOTS?|ACCESS|PART|OFF|ON)\b",
    re.IGNORECASE,
)
# Only where a parenthesis stands behind the name, and could be a party or a place as well.
_LANGUAGES_LIST = """
    afrikaans albanian amharic arabic armenian azeri bengali bosnian bulgarian burmese cantonese
    catalan chinese creole croatian czech danish dari dutch english estonian farsi filipino
    finnish french georgian german greek hausa hebrew hindi hungarian icelandic indonesian
    italian japanese kazakh khmer korean kurdish kyrgyz latvian lithuanian macedonian malay
    mandarin mongolian nepali norwegian pashto persian polish portuguese punjabi romanian
    russian serbian sinhala slovak slovenian somali spanish swahili swedish tagalog tamil thai
    tibetan turkish turkmen ukrainian urdu uyghur uzbek vietnamese zulu
"""
_LANGUAGES = frozenset(_LANGUAGES_LIST.split())

_SAYING = re.compile(
    r"[,;]?\s?\bSAYING\b(?P<how>[^:\"“”«»\n]{0,60})(?::|(?=[\"“«„])|$)", re.IGNORECASE
)
_SAYING_IN = re.compile(r"\s?[\[(]?\s?IN\s([A-Za-z][A-Za-z -]{2,40}?)\s?[\])]?\s?$", re.IGNORECASE)
_COLON = re.compile(r":(?=\s|$|[\"“«„'‘])")
_DOUBLE_MARK = re.compile(r"[\"“«„]")
_SENTENCE = re.compile(r"[a-z]{3}[.!?]\s")
_NEXT_LINE_NAME = re.compile(r"[^\"“«„]{2,200}:(?=$|\s?[\"“«„'‘])")

_LONGEST_ATTRIBUTION = 300


@dataclass(frozen=True, slots=True)
class Cue:
    """A soundbite cue that has been read."""

    speaker: str | None
    role: str | None
    language: str | None
    rest: str
    """What stands behind the cue on its line: the beginning of the quote, as a rule."""
    lines: int
    """How many lines the cue takes, that of the rest included."""


def starts_with_cue(line: str) -> bool:
    """Tell whether a line begins with a soundbite's mark.

    Args:
        line: a tidy line.
    """
    return _AT_HEAD.match(line) is not None


def split_at_cues(line: str) -> list[str]:
    """Break a line before each cue inside it (flattened scripts have many on one line).

    Args:
        line: a tidy line.

    Returns:
        The parts, none empty, in order.
    """
    cuts = [0, *(found.start() for found in _INSIDE.finditer(line)), len(line)]
    parts = [line[start:end].strip() for start, end in pairwise(cuts)]
    return [part for part in parts if part]


def is_whole_cue(line: str) -> bool:
    """Tell whether a line is certainly a cue, and not a text that merely names the mark.

    Args:
        line: a tidy line.

    Returns:
        True when the mark is followed by a language, by an attribution with its colon or SAYING,
        or by a quote, or when it stands alone.
    """
    mark = _AT_HEAD.match(line)
    if mark is None:
        return False
    after = line[mark.end() : mark.end() + _LONGEST_ATTRIBUTION].lstrip(" :,-")
    if not after or mark["inside"] or after[0] in '"“«„' or _PARENTHESIS.match(after):
        return True
    attribution, _, ended = _attribution(after)
    return ended and bool(attribution)


def parse_cue(lines: Sequence[str], at: int) -> Cue:
    """Read the cue at the head of a line.

    Args:
        lines: tidy lines.
        at: the index of one for which :func:`starts_with_cue` holds.

    Returns:
        Speaker and role as written; which of two parts is the name is decided by
        :func:`split_speaker`. A cue may go on over two more lines.
    """
    mark = _AT_HEAD.match(lines[at])
    if mark is None:
        raise ValueError("not a cue")
    language = (mark["inside"] or "").strip() or None
    text, used = lines[at][mark.end() :].lstrip(" :,-"), 1

    def after() -> tuple[str, int] | None:
        """The next line that could belong to the cue; an empty line may part them."""
        for ahead in range(at + used, min(at + used + 2, len(lines))):
            if lines[ahead]:
                return None if starts_with_cue(lines[ahead]) else (lines[ahead], ahead - at + 1)
        return None

    language, text = _leading_language(text, language)
    if not text:
        following = after()
        if following and (_NEXT_LINE_NAME.match(following[0]) or _PARENTHESIS.match(following[0])):
            language, text = _leading_language(following[0], language)
            used = following[1]
    attribution, rest, ended = _attribution(text)
    while not ended and attribution and used < 3 and (following := after()):
        # The attribution itself is wrapped: its second line ends it with SAYING or a colon.
        whole, beyond, ended = _attribution(f"{attribution} {following[0]}")
        quoted = _DOUBLE_MARK.match(following[0])
        if not ended or quoted or following[1] != used + 1:
            break
        attribution, rest, used = whole, beyond, following[1]

    saying = _SAYING.search(attribution)
    role_first = saying is not None
    if saying:
        spoken = _SAYING_IN.match(saying["how"])
        _, _, named = saying["how"].partition("(")
        language = language or (spoken[1].strip() if spoken else named.strip(" )") or None)
        attribution = attribution[: saying.start()]
    trailing = re.search(r"\s?\(([A-Za-z]{3,20})\)$", attribution.rstrip(" :,"))
    if trailing and trailing[1].casefold() in _LANGUAGES:
        language = language or trailing[1]
        attribution = attribution[: trailing.start()]
    speaker, role = split_speaker(attribution, role_first=role_first)
    return Cue(speaker, role, language, rest, used)


def _leading_language(text: str, language: str | None) -> tuple[str | None, str]:
    for _ in range(4):
        found = _PARENTHESIS.match(text)
        if not found:
            break
        if text[found.end() : found.end() + 1] == ":" and _is_person(found[1]):
            return language, f"{found[1]}{text[found.end() :]}"  # SOT (Jane Roe): …
        if language is None and not _NOT_A_LANGUAGE.search(found[1]):
            language = found[1].strip()
        text = text[found.end() :].lstrip(" :,-")
    return language, text


def _is_person(inside: str) -> bool:
    words = inside.split()
    return len(words) > 1 and not any(
        word.strip(",").casefold() in _LANGUAGES or word == "translation" for word in words
    )


def _attribution(text: str) -> tuple[str, str, bool]:
    """Part who speaks from what is said.

    Returns:
        The attribution (SAYING still in it, its colon not), the rest, and whether something ended
        it. Without an end, a short text is an attribution and a sentence is the quote itself.
    """
    window = text[:_LONGEST_ATTRIBUTION]
    colon, mark = _COLON.search(window), _DOUBLE_MARK.search(window)
    saying = _SAYING.search(window)
    colon_at = colon.start() if colon else len(text)
    mark_at = mark.start() if mark else len(text)
    if saying and saying.end() <= colon_at + 1 and (saying.end() < len(text) or colon or mark):
        cut = saying.end()
        if cut <= mark_at or colon is not None:
            return window[:cut].rstrip(" :"), text[cut:].strip(), True
    if saying and saying.end() == len(text):
        return text, "", True
    nickname = (
        colon is not None
        and mark_at < colon_at
        and window[colon_at + 1 :].lstrip()[:1] in ('"', "“", "«", "„", "")
        and not _SENTENCE.search(window[:colon_at])
    )
    if mark is not None and mark_at < colon_at and not nickname:
        if _plausible(window[:mark_at]):
            return window[:mark_at].strip(), text[mark_at:], True
    elif colon is not None and _plausible(window[:colon_at]):
        return window[:colon_at].strip(), text[colon_at + 1 :].strip(), True
    if text and len(text.split()) <= 16 and not (text[-1] in ".!?" and _is_sentence(text)):
        return text, "", False
    return "", text, False


def _plausible(attribution: str) -> bool:
    return len(attribution.split()) <= 30 and not _SENTENCE.search(attribution)


def _is_sentence(text: str) -> bool:
    return not re.search(r"\b(?:[A-Z]|Jr|Sr|Inc|Ltd|Co|JR|SR|INC|LTD|CO)\.$", text)


_ROLE_WORDS_LIST = """
    activist actor actress adviser advisor ambassador analyst anchor artist attorney author
    bishop cardinal captain ceo cfo chairman chairperson chairwoman chancellor chief coach
    coordinator colonel columnist commander commissioner congressman congresswoman correspondent
    councillor counsel delegate demonstrator deputy director doctor driver economist editor
    emperor employee engineer envoy executive expert eyewitness farmer father fisherman founder
    general governor head historian inspector journalist judge king lawmaker lawyer leader
    lecturer legislator lieutenant local major manager mayor member minister monk mother
    neighbour neighbor nurse officer official organiser organizer owner partner passenger pastor
    patient pilot player politician pope premier president priest prince princess principal
    producer professor prosecutor protester protestor queen rabbi refugee reporter
    representative rescuer researcher resident scientist secretary senator sergeant sheriff
    shopkeeper singer soldier speaker specialist spokesman spokesperson spokeswoman strategist
    student superintendent supporter survivor teacher tourist trader trainer veteran vice victim
    villager visitor volunteer voter witness worker writer
"""
_ROLE_WORDS = frozenset(_ROLE_WORDS_LIST.split())
_NOT_IN_NAMES_LIST = """
    of for the and at in on to from with agency association authority bank committee company
    corporation council court department federation foundation government group institute
    ministry office organisation organization parliament party police university union
"""
_NOT_IN_NAMES = frozenset(_NOT_IN_NAMES_LIST.split())
_PARTICLES_LIST = """
    al abu ben bin da de del den der di dos du el ibn la le van von ter
"""
_PARTICLES = frozenset(_PARTICLES_LIST.split())
_SUFFIX = re.compile(
    r"(?:INC|LTD|LLC|LLP|PLC|CORP|CO|JR|SR|II|III|IV|PHD|PH\.D|MD|M\.D|S\.A|N\.V|AG|GMBH|ESQ|"
    r"MP|MEP|QC|KC)\.?$",
    re.IGNORECASE,
)
_UNNAMED = re.compile(
    r"(?:UNIDENTIFIED|UNNAMED|ANONYMOUS|UNKNOWN|NAME (?:WITHHELD|NOT GIVEN)|NO NAME)\b",
    re.IGNORECASE,
)


def split_speaker(attribution: str, *, role_first: bool) -> tuple[str | None, str | None]:
    """Part the name of a speaker from the role.

    Args:
        attribution: ``CEO OF ACME, INC., JANE ROE`` or ``Jane Roe, Mayor of Exton``.
        role_first: the order to assume where the words do not tell (Reuters: role first).

    Returns:
        Speaker and role as written. A single part is the speaker, unless words that name an office
        and a name follow each other (``BRITISH PRIME MINISTER JANE ROE``).
    """
    attribution = attribution.strip(" ,:;-–—")
    if not attribution:
        return None, None
    parts: list[str] = []
    for part in re.split(r",\s?(?![^(]{0,80}\))", attribution):
        if parts and _SUFFIX.match(part):
            parts[-1] += f", {part}"
        elif part.strip():
            parts.append(part.strip())
    if not parts:
        return None, None
    if len(parts) == 1:
        return _split_office(parts[0])
    first, last = _is_name(parts[0]), _is_name(parts[-1])
    name_first = first if first != last else not role_first
    if name_first:
        return parts[0], ", ".join(parts[1:])
    return parts[-1], ", ".join(parts[:-1])


def _is_name(part: str) -> bool:
    if _UNNAMED.match(part):
        return True
    words = part.split(", ")[0].split()
    plain = [word.strip(".()\"'“”").casefold() for word in words]
    return (
        2 <= len(words) <= 6
        and not any(word in _ROLE_WORDS or word in _NOT_IN_NAMES for word in plain)
        and not any(map(str.isdigit, part))
        and all(
            word in _PARTICLES or not written[:1].islower()
            for word, written in zip(plain, words, strict=True)
        )
    )


def _split_office(part: str) -> tuple[str, str | None]:
    if _UNNAMED.match(part):
        return part, None
    words = part.split()
    for at in range(len(words) - 1, 0, -1):
        if words[at - 1].strip(".,").casefold() in _ROLE_WORDS:
            name = " ".join(words[at:])
            if len(words) - at <= 4 and _is_name(name):
                return name, " ".join(words[:at])
            break
    return part, None
