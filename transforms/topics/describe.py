"""Language and topics of an article that is kept."""

from collections.abc import Sequence

from schemas.records import Topic
from transforms.text.language import LanguageDetector
from transforms.topics.tagger import Tagger


class Describer:
    """Finds the language and the topics of a text. Made once a worker, never pickled.

    Args:
        engine: see :class:`~transforms.text.language.LanguageDetector`.
    """

    def __init__(self, engine: str) -> None:
        self._detector = LanguageDetector(engine=engine)
        self._tagger = Tagger.load()

    def __call__(
        self, headline: str | None, body: str | None
    ) -> tuple[str | None, float | None, Sequence[Topic]]:
        """Language, its confidence, topics strongest first."""
        language, confidence = self._detector.detect(headline, body)
        return language, confidence, self._tagger.tag(headline, body, language)
