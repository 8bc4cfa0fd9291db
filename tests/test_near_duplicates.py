"""Bodies that only their bands bring together: near copies are found, strangers are not."""

import random

import pytest

from transforms.text.fingerprint import (
    MIN_SHARED_BANDS,
    MOST_BANDS,
    Fingerprint,
    Likeness,
    agree,
    alike,
    fingerprint,
)

SYLLABLES = "ka ro min tel su var ond pli bra chen dor fal gim hest jul".split()


def words(seed: int, length: int) -> list[str]:
    chosen = random.Random(seed)
    return ["".join(chosen.choices(SYLLABLES, k=chosen.randint(1, 3))) for _ in range(length)]


def body(seed: int, length: int) -> str:
    return " ".join(words(seed, length))


def han(seed: int, length: int) -> str:
    chosen = random.Random(seed)
    return "".join(chr(0x4E00 + chosen.randrange(3000)) for _ in range(length))


def of(text: str) -> Fingerprint:
    found = fingerprint(text)
    assert found is not None
    return found


def shared(one: str, other: str) -> int:
    return len(set(of(one).bands) & set(of(other).bands))


def found(one: str, other: str) -> Likeness | None:
    """What the whole path says of two bodies, asked both ways."""
    likeness = alike(of(one), of(other))
    assert alike(of(other), of(one)) == likeness
    return likeness if shared(one, other) >= MIN_SHARED_BANDS else None


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_cut_is_found(seed, share):
    text = words(seed, 400)
    assert found(" ".join(text), " ".join(text[: int(400 * share)])) is not None


@pytest.mark.parametrize("seed", range(8))
def test_a_cut_in_a_script_without_spaces_is_found(seed):
    text = han(seed, 900)
    assert found(text, text[:400]) is not None


@pytest.mark.parametrize("seed", range(8))
def test_another_lead_is_found(seed):
    text = words(seed, 300)
    assert found(" ".join(text), " ".join([*words(seed + 50, 40), *text[40:]])) is not None


@pytest.mark.parametrize("seed", range(8))
def test_house_style_is_found(seed):
    text = words(seed, 400)
    chosen = random.Random(seed)
    styled = ["percent" if chosen.random() < 0.04 else word for word in text]
    assert found(" ".join(text), " ".join(styled)) is not None


@pytest.mark.parametrize("seed", range(8))
def test_an_update_of_a_long_text_is_found(seed):
    text = words(seed, 400)
    older, newer = text[:], text[:]
    for at in range(30, 400, 70):
        older[at], newer[at] = str(at), str(at + 1)
    assert found(" ".join(older), " ".join(newer)) is not None


@pytest.mark.parametrize("seed", range(8))
def test_background_merged_in_is_found(seed):
    text = words(seed, 300)
    merged = [*text[:120], *words(seed + 50, 100), *text[120:]]
    assert found(" ".join(text), " ".join(merged)) is not None


@pytest.mark.parametrize("make", [body, han])
def test_strangers_share_nothing(make):
    for seed in range(20):
        assert shared(make(seed, 600), make(seed + 100, 600)) == 0
        assert alike(of(make(seed, 600)), of(make(seed + 100, 600))) is None


@pytest.mark.parametrize("length", [40, 80, 300])
def test_a_common_foot_or_greeting_is_no_likeness(length):
    common = body(999, 60)
    for seed in range(10):
        one, other = body(seed, length), body(seed + 100, length)
        assert alike(of(f"{one} {common}"), of(f"{other} {common}")) is None
        assert alike(of(f"{common} {one}"), of(f"{common} {other}")) is None


def test_common_background_is_no_likeness():
    background = body(999, 100)
    for seed in range(10):
        one, other = body(seed, 300), body(seed + 100, 300)
        assert alike(of(f"{one} {background}"), of(f"{other} {background}")) is None


def test_two_reports_of_one_affair_are_no_likeness():
    # Three fifths of the shorter are in the longer, which has as much of its own.
    for seed in range(10):
        both, one, other = words(seed, 210), words(seed + 50, 140), words(seed + 100, 380)
        first = [*one[:70], *both, *one[70:]]
        second = [*other[:100], *both, *other[100:]]
        assert alike(of(" ".join(first)), of(" ".join(second))) is None


TABLE = (
    "The {0} index closed at {1} points on {2}, after {3} the day before, on volume of {4} million "
    "shares. Advancing issues outnumbered decliners by {5} to {6}. The yield on the ten year bond "
    "was {7} percent, and a barrel of oil for delivery next month was sold at {8} dollars when the "
    "exchange in the old harbour district closed its doors for the weekend."
)
FOOT = (
    " These figures are compiled by the exchange itself and may be corrected without notice until "
    "the books of the month are closed. Readers will find longer tables in the printed edition."
)


@pytest.mark.parametrize("feet", [0, 1, 3])
def test_reports_of_one_form_are_no_likeness(feet):
    for seed in range(20):
        chosen = random.Random(seed)
        one, other = ([chosen.randrange(100, 9999) for _ in range(9)] for _ in range(2))
        foot = FOOT * feet
        assert alike(of(TABLE.format(*one) + foot), of(TABLE.format(*other) + foot)) is None


@pytest.mark.parametrize("seed", range(8))
def test_a_note_that_is_nearly_all_foot_is_no_likeness(seed):
    foot = body(999, 70)
    note, story = f"{body(seed, 5)} {foot}", f"{body(seed + 50, 100)} {foot}"
    assert alike(of(note), of(story)) is None


APPEAL = (
    "Police are growing concerned for {0} of {1}, who was last seen leaving work on Sunday evening "
    "in the company of {2}. He is described as of slim build with short grey hair and was wearing "
    "a dark jacket. Officers believe that he may have travelled to {3} by train. Anyone who has "
    "seen him since or who has footage from a camera is asked to contact the police at once."
)


@pytest.mark.parametrize("feet", [0, 1, 3])
def test_reports_of_one_form_without_numbers_are_no_likeness(feet):
    one = APPEAL.format("Ansgar", "Fernhill", "Birte", "Seaton") + FOOT * feet
    other = APPEAL.format("Tobias", "Moorgate", "Celia", "Ashby") + FOOT * feet
    assert alike(of(one), of(other)) is None
    same = one.replace("Anyone who has seen him", "Anybody who saw him")
    assert found(one, same) is not None


@pytest.mark.parametrize("seed", range(8))
def test_a_brief_under_lines_that_stand_under_every_text_is_no_likeness(seed):
    lines = f"{body(999, 30)} Harbour Radio {body(998, 20)} 24 {body(997, 10)}"
    one, other = f"{body(seed, 18)}. {lines}", f"{body(seed + 50, 18)}. {lines}"
    assert shared(one, other) >= MIN_SHARED_BANDS
    assert alike(of(one), of(other)) is None
    assert found(one, one.replace("24", "24, it says,")) is not None


@pytest.mark.parametrize("at", range(0, 1000, 100))
def test_a_few_lines_of_a_long_text_are_a_quotation(at):
    text = words(3, 1200)
    assert alike(of(" ".join(text)), of(" ".join(text[at : at + 60]))) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_and_fifty_characters_without_spaces_are_a_short_text(seed):
    start, middle, end = han(seed, 50), han(seed + 50, 50), han(seed + 100, 50)
    one, other, longer = (f"{start}41{middle}{n}{end}33" for n in ("15", "16", "15例"))
    assert alike(of(one), of(other)) is None
    assert agree(of(one), of(other)) is None
    assert alike(of(one), of(longer)) is not None


def test_likeness_says_how_much_is_shared():
    text = words(3, 400)
    likeness = alike(of(" ".join(text)), of(" ".join(text[:200])))
    assert likeness is not None
    assert likeness.containment == 1.0
    assert likeness.score == 0.99
    assert abs(likeness.jaccard - 0.5) < 0.15
    assert alike(of("One word."), of("one WORD")) == Likeness(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        (body(1, 29), 0),
        (body(1, 60), MOST_BANDS),
        (body(1, 5000), MOST_BANDS),
        (han(1, 89), 0),
        (han(1, 90), MOST_BANDS),
        ("of the and to in " * 40, 0),
    ],
)
def test_bands(text, bands):
    found_bands = of(text).bands
    assert len(found_bands) == len(set(found_bands)) == bands


def test_half_of_the_bands_are_of_the_head():
    text = words(7, 3000)
    assert shared(" ".join(text), " ".join(text[:200])) >= MOST_BANDS // 2


def test_short_reports_of_one_form_without_a_number_or_a_name_are_never_alike():
    """Nothing tells a copy of such a report from the report of another day."""
    form = " ".join(words(1, 90))
    other = form.replace(form.split()[20], "kestrel").replace(form.split()[70], "merlin")
    assert found(form, form) is not None
    assert shared(form, other) >= MIN_SHARED_BANDS
    assert alike(of(form), of(other)) is None
    dated = f"{form} On 17 Maranth he said so."
    assert found(dated, f"{other} On 17 Maranth he said so.") is not None
