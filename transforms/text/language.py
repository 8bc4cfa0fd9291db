"""Which language a text is in: langdetect 1.0.9, made repeatable.

The same text gives the same answer in any process, thread and order, because

- each detection starts from a fixed seed and keeps no state behind it;
- the profiles are loaded in name order, once per process, under a lock. (langdetect's own loader
  takes them as the file system lists them, which moves the last bits of probabilities, and two
  threads that load at once give wrong labels: the trap is in loading, not in detecting.)
- neither langdetect's global factory nor ``DetectorFactory.seed`` is used, so other users of the
  library in the process cannot interfere.

langdetect tells languages apart by short letter sequences. It is unreliable on a few words, so too
short a text gets no language rather than a guess, and on capitals, so those are lowered first.
"""

import re
import threading
from importlib import import_module, resources
from types import ModuleType
from typing import Any, NoReturn

import langdetect

ENGINES = ("auto", "langdetect", "fast")

SEED = 0
MAX_LENGTH = 1_000
"""Characters that are looked at; langdetect's own cut comes after slow work on the whole text."""
MIN_LETTERS = 20
"""Letters an alphabetic text needs."""
MIN_IDEOGRAPHS = 5
"""Ideographs, kana or Hangul syllables that are enough: each says more than a letter."""
CONFIDENCE_DECIMALS = 4
"""The last bits of a probability depend on the Python version (``sum`` became exact in 3.12)."""

# The look-behind keeps a long word without "@" from being tried at each of its letters.
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")

_factories: dict[str, Any] = {}
_factories_lock = threading.Lock()


class EngineNotInstalledError(RuntimeError):
    """The ``fast`` engine was asked for and its package is missing."""


class LanguageDetector:
    """Detects languages; made once per worker, shared by its threads, never pickled.

    The profiles behind all detectors of a process are shared: about 65 MB, loaded in 0.2 s.

    Args:
        engine: ``langdetect``, or ``fast`` for langdetect-rs (the ``[fast]`` extra), which gives
            the same answers many times faster. ``auto`` is always ``langdetect``: what is
            installed must never decide what the lake holds.

    Raises:
        EngineNotInstalledError: ``fast`` without langdetect-rs.
        ValueError: Another engine name.
    """

    def __init__(self, engine: str = "auto") -> None:
        if engine not in ENGINES:
            raise ValueError(f"unknown language engine {engine!r}: one of {', '.join(ENGINES)}")
        library = _library(engine)
        self._factory = _factory(library)
        self._no_features: type[Exception] = library.LangDetectException

    def __reduce__(self) -> NoReturn:
        """Refuses to be pickled: with its profiles a detector is 44 MB."""
        raise TypeError("a LanguageDetector is not pickled: make it in setup()")

    def detect(self, headline: str | None, body: str | None) -> tuple[str | None, float | None]:
        """Returns the language of a text and how probable it is.

        Args:
            headline: Plain text.
            body: Plain text; read up to 1,000 characters together with the headline.

        Returns:
            A language (ISO 639-1; ``zh-cn`` or ``zh-tw`` for Chinese) and its probability, or
            (None, None) when there is too little text to tell.
        """
        text = prepare(headline, body)
        if not text:
            return None, None
        detector = self._factory.create()
        detector.append(text)
        try:
            best = detector.get_probabilities()
        except self._no_features:  # no letter sequence that any profile knows
            return None, None
        if not best:
            return None, None
        return best[0].lang, round(float(best[0].prob), CONFIDENCE_DECIMALS)


def prepare(headline: str | None, body: str | None) -> str:
    """Returns what the detector is given, empty when that is too little to tell a language."""
    # Twice the length is looked at so that addresses which go leave enough behind.
    parts = (part[: 2 * MAX_LENGTH] for part in (headline, body) if part)
    text = "\n".join(parts)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    text = " ".join(text.split())[:MAX_LENGTH]
    letters = sum(map(str.isalpha, text))
    if letters < MIN_LETTERS and len(_IDEOGRAPH.findall(text)) < MIN_IDEOGRAPHS:
        return ""
    # langdetect skips runs of capitals, so a text in capitals has nothing left to tell it by.
    if 2 * sum(map(str.isupper, text)) > letters:
        text = text.lower()
    return text


def _library(engine: str) -> ModuleType:
    """Returns the module that does the work: both have the same interface."""
    if engine != "fast":
        return langdetect  # type: ignore[no-any-return]
    try:
        return import_module("langdetect_rs")
    except ImportError as error:
        raise EngineNotInstalledError(
            "the fast language engine needs langdetect-rs: pip install 'newsbeam[fast]'"
        ) from error


def _factory(library: ModuleType) -> Any:
    """Returns the process's one detector factory of a library, with langdetect's profiles."""
    with _factories_lock:
        if library.__name__ not in _factories:
            folder = resources.files("langdetect") / "profiles"
            files = sorted(folder.iterdir(), key=lambda entry: entry.name)
            factory = library.DetectorFactory()
            factory.load_json_profile([f.read_text("utf-8") for f in files if f.is_file()])
            factory.set_seed(SEED)
            _factories[library.__name__] = factory
        return _factories[library.__name__]
