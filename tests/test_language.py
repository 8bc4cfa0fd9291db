"""Language detection: right on plain texts, silent on scraps, the same whatever surrounds it."""

import json
import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text import language
from transforms.text.language import EngineNotInstalledError, LanguageDetector, prepare

REPO = Path(__file__).resolve().parent.parent

TEXTS = {
    "en": "The harbour authority said the new ferry would begin its service next spring.",
    "de": "Die Hafenbehörde teilte mit, die neue Fähre werde im nächsten Frühjahr eingesetzt.",
    "fr": "Le port annonce que le nouveau traversier entrera en service au printemps prochain.",
    "es": "La autoridad portuaria anunció que el nuevo transbordador empezará en primavera.",
    "pt": "A autoridade portuária anunciou que a nova balsa começará a operar na primavera.",
    "it": "L'autorità portuale ha annunciato che il nuovo traghetto partirà in primavera.",
    "nl": "De havenautoriteit meldt dat de nieuwe veerboot volgend voorjaar gaat varen.",
    "pl": "Zarząd portu ogłosił, że nowy prom zacznie kursować następnej wiosny.",
    "sv": "Hamnmyndigheten meddelar att den nya färjan börjar gå nästa vår enligt planen.",
    "tr": "Liman idaresi yeni feribotun gelecek baharda sefere başlayacağını açıkladı.",
    "ru": "Управление порта сообщило, что новый паром начнёт ходить следующей весной.",
    "uk": "Управління порту повідомило, що новий пором почне ходити наступної весни.",
    "ar": "أعلنت سلطة الميناء أن العبارة الجديدة ستبدأ العمل في الربيع المقبل.",
    "hi": "बंदरगाह प्राधिकरण ने कहा कि नई नौका अगले वसंत में सेवा शुरू करेगी।",
    "ja": "港湾局は、新しいフェリーが来年の春に運航を始めると発表しました。",
    "ko": "항만 당국은 새 여객선이 내년 봄에 운항을 시작한다고 밝혔다.",
    "zh-cn": "港务局表示,新渡轮将于明年春天开始运营,票价保持不变。",
}


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector()


@pytest.mark.parametrize("expected", TEXTS)
def test_plain_texts(detector: LanguageDetector, expected: str) -> None:
    found, confidence = detector.detect(None, TEXTS[expected])
    assert found == expected
    assert confidence is not None
    assert 0.5 < confidence <= 1
    assert confidence == round(confidence, 4)


def test_headline_alone_and_headline_with_body(detector: LanguageDetector) -> None:
    assert detector.detect(TEXTS["de"], None)[0] == "de"
    assert detector.detect("Eine Fähre", TEXTS["de"])[0] == "de"


def test_capitals_are_lowered(detector: LanguageDetector) -> None:
    assert detector.detect(TEXTS["en"].upper(), None) == detector.detect(TEXTS["en"].lower(), None)
    assert prepare("NATO", TEXTS["en"]).startswith("NATO The harbour")


@pytest.mark.parametrize(
    ("headline", "body"),
    [
        (None, None),
        ("", ""),
        ("Goal!", None),
        ("12:30 14:45 3-2", "2020-02-02 1,000,000 %%%"),
        ("https://news.example/the/harbour/authority/said/something", None),
        ("Write to the.editor.of.the.paper@news.example", None),
        ("渡轮开始", None),  # four ideographs
    ],
)
def test_too_little_text_has_no_language(
    detector: LanguageDetector, headline: str | None, body: str | None
) -> None:
    assert detector.detect(headline, body) == (None, None)


def test_few_ideographs_suffice(detector: LanguageDetector) -> None:
    assert detector.detect("新しいフェリーが春に", None)[0] == "ja"


def test_addresses_do_not_speak(detector: LanguageDetector) -> None:
    noise = " https://example.com/this/is/the/english/address/of/the/news/that/we/have" * 5
    assert detector.detect(None, noise + " " + TEXTS["pl"])[0] == "pl"


def test_only_the_beginning_counts(detector: LanguageDetector) -> None:
    beginning = (TEXTS["en"] + " ") * 20
    assert detector.detect(None, beginning) == detector.detect(None, beginning + TEXTS["ru"] * 5000)
    assert len(prepare(None, beginning)) == language.MAX_LENGTH


def test_what_was_detected_before_changes_nothing(detector: LanguageDetector) -> None:
    """Mixed texts whose probabilities are far from 1, in many orders: the same to the last bit."""
    languages = list(TEXTS.values())
    mixed = [languages[i % 12] + " " + languages[(i * 5 + 1) % 12] for i in range(24)]
    alone = {text: detector.detect(None, text) for text in mixed}
    assert any((confidence or 0) < 0.99 for _, confidence in alone.values())
    for seed in range(5):
        order = random.Random(seed).sample(mixed, len(mixed))
        assert {text: detector.detect(None, text) for text in order} == alone
    assert {t: LanguageDetector().detect(None, t) for t in mixed} == alone


def test_another_process_and_a_foreign_seed_change_nothing(detector: LanguageDetector) -> None:
    mixed = TEXTS["en"] + " " + TEXTS["de"] + " " + TEXTS["nl"]
    script = (
        "import sys, json, random, langdetect\n"
        "langdetect.DetectorFactory.seed = 99; random.seed(5)\n"
        "from transforms.text.language import LanguageDetector\n"
        "print(json.dumps(LanguageDetector().detect(None, sys.argv[1])))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, mixed], cwd=REPO, capture_output=True, check=True, text=True
    )
    assert tuple(json.loads(out.stdout)) == detector.detect(None, mixed)


def test_threads_agree_even_when_they_load_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_factories", {})
    texts = list(TEXTS.values()) * 6
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda text: LanguageDetector().detect(None, text), texts))
    assert len(language._factories) == 1
    one = LanguageDetector()
    assert got == [one.detect(None, text) for text in texts]


def test_is_never_pickled(detector: LanguageDetector) -> None:
    with pytest.raises(TypeError, match=r"setup\(\)"):
        pickle.dumps(detector)


def test_fast_engine_gives_the_same(detector: LanguageDetector) -> None:
    pytest.importorskip("langdetect_rs", reason="the [fast] extra is not installed")
    fast = LanguageDetector("fast")
    values = list(TEXTS.values())
    texts = values + [a + " " + b for a, b in pairwise(values)]
    assert [fast.detect(None, t) for t in texts] == [detector.detect(None, t) for t in texts]
    assert fast.detect(None, "ꀀ" * 30) == detector.detect(None, "ꀀ" * 30)


def test_auto_is_never_fast() -> None:
    assert LanguageDetector("auto")._factory is LanguageDetector("langdetect")._factory


def test_missing_fast_engine_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langdetect_rs", None)
    with pytest.raises(EngineNotInstalledError, match=r"newsbeam\[fast\]"):
        LanguageDetector("fast")


def test_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown language engine"):
        LanguageDetector("quick")


@settings(max_examples=120, deadline=None)
@given(st.none() | st.text(max_size=80), st.none() | st.text(max_size=400))
def test_any_text(headline: str | None, body: str | None) -> None:
    found, confidence = LanguageDetector().detect(headline, body)
    assert (found is None) == (confidence is None)
    assert confidence is None or 0 <= confidence <= 1
