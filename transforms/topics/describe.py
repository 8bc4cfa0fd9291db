"""Language and topics of an article that is kept."""

from collections.abc import Sequence

from schemas.records import Topic
from transforms.text.language import LanguageDetector
from transforms.topics.tagger import Tagger
from transforms.topics.vocabulary import concepts

FROM_FEED_LIST = "feed list"
"""The evidence of topics that the operator gave."""


class Describer:
    """Finds the language and the topics of a text. Made once a worker, never pickled.

    Args:
        engine: see :class:`~transforms.text.language.LanguageDetector`.
    """

    def __init__(self, engine: str) -> None:
        self._detector = LanguageDetector(engine=engine)
        self._tagger = Tagger.load()

    def __call__(
        self, headline: str | None, body: str | None, feed_topics: Sequence[str] = ()
    ) -> tuple[str | None, float | None, Sequence[Topic]]:
        """Language, its confidence, topics: the feed's own, then the text's, strongest first."""
        language, confidence = self._detector.detect(headline, body)
        tagged = self._tagger.tag(headline, body, language)
        if not feed_topics:
            return language, confidence, tagged
        given = [_given(topic) for topic in feed_topics]
        known = {topic.id for topic in given}
        return language, confidence, (*given, *(one for one in tagged if one.id not in known))


def _given(topic: str) -> Topic:
    """A topic of the feed list; one that another release of the vocabulary had keeps its id."""
    concept = concepts().get(topic)
    name, level = (concept.name, concept.level) if concept else (topic, 1)
    return Topic(topic, name, 1.0, level, "feed", (FROM_FEED_LIST,))
