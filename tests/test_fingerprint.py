"""Bodies that agree, and bodies that do not."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text.fingerprint import (
    MOST_BANDS,
    Fingerprint,
    Likeness,
    agree,
    alike,
    fingerprint,
)

WORDS = [f"w{number:03x}" for number in range(2000)]

VERSION_2 = Fingerprint(
    body_hash=15328464051145219241,
    lead_hash=13904402447559535603,
    words=48,
    sketch=bytes.fromhex(
        "0101ab2a1e3d9694242a7d2a4a68716a20722a8273f2657dccb67fe825890e9a8f4e21968669967ac9a5b617"
        "a70c2ab3a66ec48662f7"
    ),
    bands=(
        11638131946837449784,
        11932614931156372582,
        15160253662960970531,
        2952105180852368843,
        17139887856816972346,
        4453624442166968138,
    ),
)


def body(seed: int, length: int) -> str:
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(length))


def han(seed: int, length: int) -> str:
    chosen = random.Random(seed)
    return "".join(chr(0x4E00 + chosen.randrange(3000)) for _ in range(length))


def of(text: str) -> Fingerprint:
    found = fingerprint(text)
    assert found is not None
    return found


def both_ways(one: str, other: str) -> float | None:
    score = agree(of(one), of(other))
    assert agree(of(other), of(one)) == score
    return score


@pytest.mark.parametrize("text", [None, "", " \n", "— … !", "👍"])
def test_no_words_no_fingerprint(text):
    assert fingerprint(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“It’s over,” he said.", '"It\'s over," he said'),
        ("The END.\n\nIt is over", "the end. It is over"),
        ("STRASSE", "straße"),
        ("日本語。新聞", "日本語 新聞"),
    ],
)
def test_typography_does_not_show(one, other):
    # Not in the sketch: there, capitals tell names.
    a, b = of(one), of(other)
    assert (a.body_hash, a.lead_hash, a.words, a.bands) == (
        b.body_hash,
        b.lead_hash,
        b.words,
        b.bands,
    )
    assert both_ways(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [("ab c", "a bc"), ("ab", "a b"), ("schön", "schon"), ("not a deal", "a deal not")],
)
def test_other_words_show(one, other):
    assert of(one).body_hash != of(other).body_hash


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one", 1),
        ("one two-three", 3),
        ("日本語", 3),
        ("iPhone 15 发布", 4),
        ("हिन्दी समाचार", 2),
        ("𠀀𠀁 👍 𝔸", 3),
        ("한국어 뉴스", 2),
    ],
)
def test_words(text, words):
    assert of(text).words == words


def test_repeats_do_not_show_in_the_sketch():
    assert of("a b c " * 50).sketch == of("a b c " * 40).sketch


def test_lead_needs_six_words():
    assert of("one two three four five").lead_hash == 0
    assert of("one two three four five six").lead_hash != 0
    assert of(han(1, 17)).lead_hash == 0
    assert of(han(1, 18)).lead_hash != 0
    assert of(body(1, 12) + " x").lead_hash == of(body(1, 12) + " y").lead_hash
    assert of(han(1, 36) + "中").lead_hash == of(han(1, 36) + "文").lead_hash


@pytest.mark.parametrize("make", [body, han])
def test_small_edits_agree(make):
    text = make(7, 400)
    edited = text[:300] + text[320:]
    score = both_ways(text, edited)
    assert score is not None
    assert 0.5 <= score < 1


@pytest.mark.parametrize("make", [body, han])
@pytest.mark.parametrize("length", [40, 100, 300])
def test_an_excerpt_agrees(make, length):
    full = make(3, 600)
    cut = length if make is han else length * 5 - 1
    assert both_ways(full, full[:cut] + "…") is not None


@pytest.mark.parametrize("make", [body, han])
def test_different_bodies_differ(make):
    for seed in range(20):
        assert both_ways(make(seed, 200), make(seed + 100, 200)) is None


@pytest.mark.parametrize("length", [40, 120, 400])
def test_a_common_greeting_is_no_agreement(length):
    greeting = "Good morning, and welcome to our daily briefing with all you need to know today. "
    for seed in range(20):
        assert both_ways(greeting + body(seed, length), greeting + body(seed + 50, length)) is None


def test_the_estimate_is_near_the_truth():
    shared = " ".join(body(seed, 60) for seed in range(32))
    scores = []
    for seed in range(40):
        one = shared + " " + body(1000 + seed, 480)
        other = body(2000 + seed, 480) + " " + shared
        scores.append(both_ways(one, other) or 0.45)
    # 32 parts of 60 words are shared, 8 more are in each: a Jaccard index of 32 in 48.
    assert abs(sum(scores) / len(scores) - 32 / 48) < 0.06


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.text())
def test_never_raises_and_is_symmetric(one, other):
    a, b = fingerprint(one), fingerprint(other)
    if a and b:
        assert 0 <= a.body_hash < 1 << 64
        assert 0 <= a.lead_hash < 1 << 64
        assert len(a.sketch) <= 256
        assert len(set(a.bands)) == len(a.bands) <= MOST_BANDS
        assert all(0 <= band < 1 << 64 for band in a.bands)
        assert agree(a, a) == 1.0
        score = agree(a, b)
        assert score == agree(b, a)
        assert score is None or 0 < score <= 1
        assert alike(a, b) == alike(b, a)
        assert alike(a, a) == Likeness(1.0, 1.0, 1.0)


def test_long_bodies():
    text = body(1, 60_000)
    assert of(text).words == 60_000
    assert of(text) == of(text)
    assert len(of(text).sketch) <= 256
    assert len(of(text).bands) == MOST_BANDS


def test_values_are_those_of_version_2():
    # Stored in every lake: a change here is a new SKETCH_VERSION.
    found = of("The minister said on Tuesday that 23,000 plans would go ahead; 日本語 news. " * 3)
    assert found == VERSION_2


def test_values_do_not_depend_on_the_process():
    code = (
        "from transforms.text.fingerprint import fingerprint;"
        "f = fingerprint('Ein Text mit Wörtern, über den nichts bekannt ist, ' * 9);"
        "print(f)"
    )
    root = Path(__file__).parent.parent
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            cwd=root,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


SHORT_REPORTS = [
    (
        "The winning numbers in Monday evening's drawing of the lottery were: 7-0-2",
        "The winning numbers in Monday evening's drawing of the lottery were: 3-1-9",
    ),
    (
        "The winning numbers in Monday evening's drawing of the lottery were: 7-0-2",
        "The winning numbers in Monday evening's drawing of the lottery were: 2-0-7",
    ),
    (
        "Health officials in the county reported 41 new cases of the virus on Friday morning.",
        "Health officials in the county reported 51 new cases of the virus on Friday morning.",
    ),
    (
        "जिले में शुक्रवार को ४१ नए मामले सामने आए और सभी मरीज अस्पताल में भर्ती हैं",
        "जिले में शुक्रवार को ५१ नए मामले सामने आए और सभी मरीज अस्पताल में भर्ती हैं",
    ),
    (
        "市卫生部门星期五上午通报全市新增确诊病例41例患者均已送往医院接受治疗情况稳定",
        "市卫生部门星期五上午通报全市新增确诊病例51例患者均已送往医院接受治疗情况稳定",
    ),
]


@pytest.mark.parametrize(("one", "other"), SHORT_REPORTS)
def test_short_reports_with_other_numbers_differ(one, other):
    assert both_ways(one, other) is None


def test_numbers_are_read_past_their_typography():
    text = body(4, 30)
    assert both_ways(f"{text} 10,000 people", f"{text} 10 000 people came") is not None
    assert both_ways(f"{text} 10,000 people", f"{text} 10000 people came") is not None
    assert both_ways(f"{text} $5m more", f"{text} 5 million more") is not None
    assert both_ways(f"{text} 10,000 people", f"{text} 10,001 people came") is None


def test_an_excerpt_may_have_fewer_numbers():
    text = f"In 1987 {body(4, 40)} 33"
    assert both_ways(text, f"{text} {body(5, 40)} 44 and 55") is not None


def test_one_other_number_in_a_long_text_agrees():
    text = body(4, 80)
    assert both_ways(f"{text} 41 {text}", f"{text} 51 {text}") is not None


@pytest.mark.parametrize(
    "noise",
    [
        "https://wire.example/a-1?b=2#c",
        "www.wire.example/story",
        "@reporter",
        "desk@wire.example",
        "#Harbour",
        "wire.com/abc123",
    ],
)
def test_addresses_and_handles_are_no_words(noise):
    text = body(6, 60)
    assert of(f"{text} {noise} {text}") == of(f"{text} {text}")
    assert fingerprint(noise) is None


def test_ranks_are_words():
    assert of("the #1 song").body_hash != of("the #2 song").body_hash


def test_a_run_of_letters_is_walked_once():
    assert of("a" * 200_000 + " someone@wire.example wire.com/x").words == 1
    assert of("#" + "1" * 200_000).words == 1


def test_an_excerpt_behind_a_dateline_agrees_with_the_whole():
    text = (
        "The ferry to the outer islands sails every hour from Monday on, said the harbour office."
    )
    text += (
        " Tickets stay as they are, and bicycles travel free until the end of the summer months."
    )
    rest = " Below the text stand lines about other programmes of the station," * 3
    excerpt, whole = fingerprint(f"HARBOUR - {text}"), fingerprint(text + rest)
    assert excerpt is not None
    assert whole is not None
    assert agree(excerpt, whole) is not None


def test_what_stands_at_the_foot_of_a_text_does_not_agree_with_it():
    foot = "Follow the harbour desk every day of the week and write to us with news of the coast."
    foot += " All rights are ours alone, and nothing may be printed again without our leave."
    story = " ".join(f"word{n} word{n + 500}" for n in range(120))
    alone, under = fingerprint(foot), fingerprint(f"{story} {foot}")
    assert alone is not None
    assert under is not None
    assert agree(alone, under) is None
