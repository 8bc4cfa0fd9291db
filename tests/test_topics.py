"""Topic tags: what they say about plain texts, and that they say the same each time."""

import hashlib
import importlib.util
import json
import lzma
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Topic
from transforms.topics import vocabulary
from transforms.topics.folding import fold, forms, primary_language
from transforms.topics.tagger import MAX_EVIDENCE, MAX_TAGS, Tagger, main_topic

REPO = Path(__file__).resolve().parent.parent
DATA = REPO / "transforms" / "topics" / "data"

ECONOMY = "medtop:04000000"
POLITICS = "medtop:11000000"
SPORT = "medtop:15000000"
HEALTH = "medtop:07000000"

EXAMPLES = [
    (
        "en",
        "Central bank holds interest rate as inflation slows",
        "Economists had expected the central bank to wait. Exports rose and unemployment fell.",
        ECONOMY,
    ),
    (
        "en-GB",
        "Coalition wins parliamentary election",
        "Voters gave the coalition a majority in parliament. The prime minister thanked them.",
        POLITICS,
    ),
    (
        "de",
        "Zentralbank senkt Leitzins",
        "Die Inflation sank, die Wirtschaft wächst. Auch der Export und die Aktien legten zu.",
        ECONOMY,
    ),
    (
        "fr",
        "Élections législatives : la coalition gagne",
        "Le parlement aura une nouvelle majorité, et le gouvernement présentera son programme.",
        POLITICS,
    ),
    ("es", "El banco central y la inflación", "Suben los precios y la deuda.", ECONOMY),
    ("pt-BR", "Futebol: o campeonato começa no domingo", "Vinte equipes jogam.", SPORT),
    ("sv", "Fotboll: finalen i cupen avgörs på söndag", "Två lag möts i en match.", SPORT),
    ("da", "Ny vaccine mod influenza", "Lægerne venter færre patienter på hospitalet.", HEALTH),
    ("nb", "Ny vaksine mot influensa", "Sykehuset venter færre pasienter med sykdom.", HEALTH),
    ("zh-cn", "央行与通货膨胀", "经济增长放缓,国际贸易和投资下降。", ECONOMY),
    (
        "ar",
        "الانتخابات البرلمانية",
        "أعلنت الحكومة موعد الانتخابات وستجتمع الأحزاب السياسية.",
        POLITICS,
    ),
]


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load()


@pytest.mark.parametrize(("language", "headline", "body", "expected"), EXAMPLES)
def test_strongest_topic(
    tagger: Tagger, language: str, headline: str, body: str, expected: str
) -> None:
    topics = tagger.tag(headline, body, language)
    assert topics[0].id == expected
    assert main_topic(topics) == vocabulary.concepts()[expected].name


@pytest.mark.parametrize(("language", "headline", "body", "expected"), EXAMPLES)
def test_tags_are_well_formed(
    tagger: Tagger, language: str, headline: str, body: str, expected: str
) -> None:
    topics = tagger.tag(headline, body, language)
    text = fold(f"{headline} {body}")
    chosen = {topic.id for topic in topics}
    assert len(topics) <= MAX_TAGS
    assert len(chosen) == len(topics)
    assert list(topics) == sorted(topics, key=lambda t: (-t.score, t.level, t.id))
    for topic in topics:
        concept = vocabulary.concepts()[topic.id]
        assert (topic.name, topic.level) == (concept.name, concept.level)
        assert topic.origin == "text"
        assert 0 < topic.score <= 1
        assert 1 <= len(topic.evidence) <= MAX_EVIDENCE
        assert all(word in text for word in topic.evidence)
        assert concept.path[0] in chosen, "a deep concept implies its top-level topic"


def test_deeper_concepts_name_their_words(tagger: Tagger) -> None:
    topics = tagger.tag(*EXAMPLES[0][1:3], "en")
    by_name = {topic.name: topic for topic in topics}
    assert by_name["central bank"].evidence == ("central bank",)
    assert by_name["central bank"].level > 1
    assert by_name["central bank"].score < by_name["economy, business and finance"].score


@pytest.mark.parametrize("language", [None, "", "xx", "fi", "e", "-", "EN_us_nothing"])
def test_only_the_texts_own_language(tagger: Tagger, language: str | None) -> None:
    tags = tagger.tag(EXAMPLES[0][1], EXAMPLES[0][2], language)
    assert bool(tags) == (language == "EN_us_nothing")


@pytest.mark.parametrize(
    ("headline", "body"),
    [
        (None, None),
        ("", ""),
        ("Morning briefing", "Here is what you need to know today."),
        ("A rather royal breakfast", None),  # one weak word is thin
        # as much of one as of another
        ("Election, vaccine, football, church, earthquake, university, novel, pollution", None),
    ],
)
def test_rather_no_tag_than_a_wrong_one(
    tagger: Tagger, headline: str | None, body: str | None
) -> None:
    topics = tagger.tag(headline, body, "en")
    assert topics == ()
    assert main_topic(topics) is None


def test_the_headline_counts_more(tagger: Tagger) -> None:
    economy, politics = "central bank and interest rate", "parliament and coalition government"
    first = tagger.tag(economy, politics, "en")
    second = tagger.tag(politics, economy, "en")

    def share(topics: tuple[Topic, ...], qcode: str) -> float:
        return next((t.score for t in topics if t.id == qcode), 0.0)

    assert share(first, ECONOMY) > share(second, ECONOMY)


def test_repetition_is_damped(tagger: Tagger) -> None:
    body = "The parliament elected a prime minister and the coalition agreed on its government."
    once = tagger.tag("Election", body + " Football was played.", "en")
    often = tagger.tag("Election", body + " Football was played." * 30, "en")
    assert once[0].id == often[0].id == POLITICS


def test_words_are_whole_but_compounds_are_opened(tagger: Tagger) -> None:
    assert tagger.tag("The warden warned of warts", "Swarms are warm, awards are wary.", "en") == ()
    topics = tagger.tag("Landtagswahlkampf", "Im Parlamentsausschuss stritt die Regierung.", "de")
    assert any("parlament" in word for topic in topics for word in topic.evidence)


def test_case_typography_and_ornament_do_not_matter(tagger: Tagger) -> None:
    _, headline, body, _ = EXAMPLES[0]
    assert tagger.tag(headline.upper(), body.upper(), "en") == tagger.tag(headline, body, "en")
    assert fold("Children’s “music”—now") == fold("children's music now") == "children s music now"
    assert fold("İSTANBUL") == "istanbul"
    assert fold("الحُكُومَة") == fold("الحكومة")
    assert fold("हिन्दी में") == "हिन्दी में"
    assert fold("Cafe\u0301") == fold("café")


def test_forms() -> None:
    assert forms("election", "en") == ["election", "elections"]
    assert "studies" in forms("study", "en")
    assert "central banks" in forms("central bank", "en")
    assert "الانتخابات" in forms("انتخابات", "ar")
    assert forms("央行", "zh") == ["央行"]


def test_primary_language() -> None:
    tags = ["zh-cn", "pt_BR", "NB-no", "nn", "en", None, ""]
    assert [primary_language(t) for t in tags] == ["zh", "pt", "no", "no", "en", None, None]


def test_threads_and_fresh_taggers_agree() -> None:
    shared = Tagger.load()
    jobs = EXAMPLES * 10
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda e: shared.tag(e[1], e[2], e[0]), jobs))
    fresh = {e[0]: Tagger.load().tag(e[1], e[2], e[0]) for e in reversed(EXAMPLES[1:])}
    assert all(got[i + len(EXAMPLES)] == got[i] for i in range(len(jobs) - len(EXAMPLES)))
    assert all(got[i] == fresh[jobs[i][0]] for i in range(1, len(EXAMPLES)))


def test_is_never_pickled(tagger: Tagger) -> None:
    with pytest.raises(TypeError, match=r"setup\(\)"):
        pickle.dumps(tagger)


@settings(max_examples=200, deadline=None)
@given(
    st.none() | st.text(max_size=60),
    st.none() | st.text(max_size=600),
    st.sampled_from(["en", "de", "zh-cn", "ar", "xx", None]) | st.text(max_size=4),
)
def test_any_text(headline: str | None, body: str | None, language: str | None) -> None:
    topics = _shared().tag(headline, body, language)
    assert topics == _shared().tag(headline, body, language)
    assert len(topics) <= MAX_TAGS


def test_long_texts_are_read_at_the_start_only(tagger: Tagger) -> None:
    _, headline, body, _ = EXAMPLES[0]
    start = body + " and so on" * 600
    assert tagger.tag(headline, start, "en") == tagger.tag(headline, start + " football" * 99, "en")
    assert tagger.tag("x" * 10**6, "y" * 10**6, "en") == ()


def test_data_files_match_their_checksums() -> None:
    lines = (DATA / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    data = {p.name for p in DATA.iterdir()} - {"SHA256SUMS", "README.md"}
    assert set(sums) == data
    for name, digest in sums.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest, name


def test_vocabulary_is_whole() -> None:
    concepts = vocabulary.concepts()
    assert sum(c.level == 1 for c in concepts.values()) == 17
    assert all(len(c.path) == c.level and c.name for c in concepts.values())
    assert list(concepts) == sorted(concepts)
    assert vocabulary.languages() >= {"en", "de", "fr", "es", "pt", "ar", "zh", "no", "da", "sv"}


def test_build_gives_the_shipped_bytes(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    source = shared_data("iptc/mediatopics_2023-10-24.json")
    spec = importlib.util.spec_from_file_location("build_topics", REPO / "tools/build_topics.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    (tmp_path / "stopwords.txt").write_bytes((DATA / "stopwords.txt").read_bytes())
    tool.build(source, tmp_path)
    built = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert built == {p.name: p.read_bytes() for p in DATA.iterdir() if p.name != "README.md"}


def test_precision_at_the_floor(shared_data: Callable[[str], Path], tagger: Tagger) -> None:
    """A floor under the measured figures (see benchmarks/topics_accuracy.py), not a target."""
    with lzma.open(shared_data("topics_dev.jsonl.xz"), "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["set"] == "bbc"]
    tops = [
        (tags[0].id, row["gold"])
        for row in rows
        if (tags := tagger.tag(row["headline"], row["text"], row["lang"]))
    ]
    assert len(tops) / len(rows) > 0.35
    assert sum(top in gold for top, gold in tops) / len(tops) > 0.9


_cached: list[Tagger] = []


def _shared() -> Tagger:
    if not _cached:
        _cached.append(Tagger.load())
    return _cached[0]
