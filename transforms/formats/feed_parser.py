"""feedparser, driven so that nothing an entry says is thrown away or repaired.

feedparser folds several elements into one key (``pubDate`` and ``dcterms:issued``; ``updated``
and ``dc:date``), takes a photo's caption for the article's text, resolves guids as if they were
links, and spends time on dates that are read elsewhere. Its two parser classes are extended here
where that happens; finding the encoding, the fallback from the strict to the loose parser and
the counting of entries stay its own.

What is added to an entry has keys that begin with ``nb:``, which no element can: feedparser
turns the colon of a prefix into an underscore.
"""

import io
import re
import types
import xml.sax
import xml.sax.saxutils
from typing import Any

import feedparser.api
import feedparser.namespaces.cc
import feedparser.namespaces.georss
import feedparser.namespaces.mediarss
import feedparser.namespaces.psc

from schemas.reasons import Reason
from transforms.formats.errors import UnreadableError
from transforms.formats.markup import MAX_ATTRIBUTES, MAX_DEPTH

LEAKED_ERRORS = (
    # sgmllib's declaration scanner: https://github.com/kurtmckee/feedparser/issues/431
    AssertionError,
    # replace_doctype() puts the document's text into a regular expression's replacement, and
    # int() and chr() meet numbers that are none, expat's driver splits a namespace at a blank:
    # https://github.com/kurtmckee/feedparser/issues/599
    re.error,
    ValueError,
    OverflowError,
    # A handler finds its container gone, for the loose parser closes elements in any order:
    # https://github.com/kurtmckee/feedparser/issues/275 and 305
    LookupError,
    TypeError,
    AttributeError,
)
"""What feedparser.parse is known to raise instead of setting ``bozo``."""

# Method that ends an element: (key feedparser files it under, origin it has for us).
_DATES = {
    "published": ("published", "published"),
    "issued": ("published", "published"),
    "pubdate": ("published", "published"),
    "dcterms_issued": ("published", "dc_date"),
    "dc_date": ("updated", "dc_date"),
    # Atom 0.3's created is the element dcterms:created was modelled on.
    "created": ("created", "dc_date"),
    "dcterms_created": ("created", "dc_date"),
    "updated": ("updated", "updated"),
    "modified": ("updated", "updated"),
    "lastbuilddate": ("updated", "updated"),
    "dcterms_modified": ("updated", "updated"),
}

# Descriptions that are not the entry's own: feedparser would make the second of two descriptions
# the content, and so a photo's caption or a podcast's note the article's text.
_LESSER = ("dc_description", "itunes_summary", "media_description")


# When a channel is not worth asking: (element, the list it stands in), all kept.
_SKIPPED = {"hour": "skiphours", "day": "skipdays"}
_SCHEDULE = ("ttl", "sy_updateperiod", "sy_updatefrequency", *_SKIPPED, *_SKIPPED.values())

# Elements without a handler are filed under their own name, and these names hold something else.
_RENAMED = {
    name: f"{name}_element"
    for name in (
        *("links", "authors", "contributors", "author_detail", "publisher_detail"),
        *("title_detail", "summary_detail", "content_detail"),
        *(f"{name}_detail" for name in _LESSER),
    )
}


def _absent(_: Any) -> Any:
    # feedparser treats an element without a handler as plain text under its own name.
    raise AttributeError


def _start_lesser(name: str) -> Any:
    return lambda self, attrs_d: self.push_content(name, attrs_d, "text/html", 1)


def _end_lesser(name: str) -> Any:
    return lambda self: self.pop_content(name)


def _start_text(name: str) -> Any:
    return lambda self, _: self.push(name, 1)


def _end_skipped(name: str, parent: str) -> Any:
    return lambda self: self.keep_skipped(name, parent)


def _end_date(key: str, origin: str) -> Any:
    return lambda self: self.keep_date(key, origin)


class _AsWritten:
    """What both parsers do differently from feedparser's."""

    entries: list[Any]
    depth: int
    baseuri: str
    lang: str | None
    guidislink: Any
    inauthor: int
    inentry: int
    insource: int
    feeddata: Any
    contentparams: Any
    elementstack: list[list[Any]]
    push: Any
    pop: Any
    _get_context: Any
    _save: Any

    exact = True
    """Depth is what the document says; an unclosed tag would make it grow."""
    item_depth = 0

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        if self.exact and self.depth >= MAX_DEPTH:
            raise UnreadableError(
                Reason.HOSTILE_MARKUP, f"elements more than {MAX_DEPTH} levels deep"
            )
        parent: Any = super()
        parent.unknown_starttag(_RENAMED.get(tag, tag), attrs)

    def unknown_endtag(self, tag: str) -> None:
        parent: Any = super()
        parent.unknown_endtag(_RENAMED.get(tag, tag))

    def handle_data(self, text: str, escape: int = 1) -> None:
        # Called for every 30 characters or so: the same as feedparser's, without its dict's
        # translation of keys.
        if self.elementstack:
            if escape and dict.get(self.contentparams, "type") == "application/xhtml+xml":
                text = xml.sax.saxutils.escape(text)
            self.elementstack[-1][2].append(text)

    def push_content(
        self, tag: str, attrs_d: dict[str, str], default_content_type: str, expecting_text: Any
    ) -> None:
        parent: Any = super()
        parent.push_content(tag, attrs_d, default_content_type, expecting_text)
        self.contentparams["nb:declared"] = "type" in attrs_d

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        self.item_depth = self.depth
        parent: Any = super()
        parent._start_item(attrs_d)
        self.entries[-1].update(
            {
                "nb:base": self.baseuri,
                "nb:inherited_language": self.lang,
                "nb:language": attrs_d.get("xml:lang", attrs_d.get("lang")),
            }
        )

    _start_entry = _start_item

    def keep_date(self, key: str, origin: str) -> None:
        value = self.pop(key)
        if not value or not self.inentry or self.insource:
            return
        # A date of something inside the entry (an enclosure, a comment) is not the entry's.
        # CDF gives the date as an attribute of the item itself.
        if self.exact and self.depth - self.item_depth > 1:
            return
        self.entries[-1].setdefault("nb:dates", []).append((origin, value))

    def keep_skipped(self, name: str, parent: str) -> None:
        value = self.pop(name)
        if value and not self.inentry and self.elementstack and self.elementstack[-1][0] == parent:
            self.feeddata.setdefault(f"nb:{parent}", []).append(value)

    def _end_guid(self) -> None:
        # With guidislink set, pop() would resolve the guid against xml:base.
        is_link, self.guidislink = self.guidislink, 0
        value = self.pop("id")
        self.guidislink = is_link
        self._save("nb:guid_is_link", bool(is_link))
        if value is None:
            return
        self._save("nb:guid", value, overwrite=True)

    _end_id = _end_guid

    def _end_author(self) -> None:
        text = self.pop("author")
        self.inauthor = 0
        authors = self._get_context().get("authors")
        if text and authors and not authors[-1]:
            authors[-1]["name"] = text

    _end_managingeditor = _end_author

    def _end_link(self) -> None:
        # pop() fills in the last link of where it is, even when the link began elsewhere.
        is_entry = self.inentry and not self.insource
        links = (self.entries[-1] if is_entry else self._get_context()).setdefault("links", [])
        if not links:
            links.append(feedparser.FeedParserDict(rel="alternate"))
        self.pop("link")

    def _sync_author_detail(self, key: str = "author") -> None:
        # feedparser splits name and address with an expression that takes quadratic time, and
        # the author is to be kept as written.
        pass

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        # feedparser compares each category with all before it.
        context = self._get_context()
        tags = context.setdefault("tags", [])
        key = (term, scheme, label)
        if any(key) and key not in context.setdefault("nb:tags", set()):
            context["nb:tags"].add(key)
            tags.append({"term": term, "scheme": scheme, "label": label})

    def _end_category(self) -> None:
        value = self.pop("category")
        if not value:
            return
        tags = self._get_context().setdefault("tags", [])
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = value
        else:
            self._add_tag(value, None, None)

    _end_keywords = _end_category

    def _start_textinput(self, attrs_d: dict[str, str]) -> None:
        # The handlers inside look for it in the feed even when it stands in an entry.
        self.feeddata.setdefault("textinput", feedparser.FeedParserDict())
        parent: Any = super()
        parent._start_textinput(attrs_d)


for _name, (_key, _origin) in _DATES.items():
    setattr(_AsWritten, f"_end_{_name}", _end_date(_key, _origin))
for _name in _SCHEDULE:
    setattr(_AsWritten, f"_start_{_name}", _start_text(_name))
for _name, _parent in _SKIPPED.items():
    setattr(_AsWritten, f"_end_{_name}", _end_skipped(_name, _parent))
for _name in _LESSER:
    setattr(_AsWritten, f"_start_{_name}", _start_lesser(_name))
    setattr(_AsWritten, f"_end_{_name}", _end_lesser(_name))
# Licences, places, chapters, photos, sizes and expiry dates are not kept, and their handlers are
# where most of the exceptions come from.
_KEPT = frozenset(
    f"_{edge}_media_{name}"
    for edge in ("start", "end")
    for name in ("category", "keywords", "title", "group", "description")
)
for _namespace in (
    feedparser.namespaces.cc.Namespace,
    feedparser.namespaces.georss.Namespace,
    feedparser.namespaces.mediarss.Namespace,
    feedparser.namespaces.psc.Namespace,
):
    for _name in vars(_namespace):
        if _name.startswith(("_start_", "_end_")) and _name not in _KEPT:
            setattr(_AsWritten, _name, property(_absent))
for _name in ("expirationdate", "dcterms_valid", "width", "height"):
    setattr(_AsWritten, f"_start_{_name}", property(_absent))
    setattr(_AsWritten, f"_end_{_name}", property(_absent))


class _StrictAsWritten(_AsWritten):
    namespaces_in_use: dict[str, str]

    characters = _AsWritten.handle_data

    def startPrefixMapping(self, prefix: str | None, uri: str | None) -> None:  # noqa: N802
        # Every element of an unknown namespace is compared with all that are declared.
        if len(self.namespaces_in_use) > MAX_ATTRIBUTES:
            raise UnreadableError(Reason.HOSTILE_MARKUP, f"more than {MAX_ATTRIBUTES} namespaces")
        parent: Any = super()
        parent.startPrefixMapping(prefix, uri)

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802
        # Looking a name up is linear in their number, and every one is looked up.
        if len(attrs) > MAX_ATTRIBUTES:
            raise UnreadableError(Reason.HOSTILE_MARKUP, f"a tag with {len(attrs)} attributes")
        parent: Any = super()
        try:
            parent.startElementNS(name, qname, attrs)
        except LEAKED_ERRORS as error:
            # As for any other fault, the loose parser then reads the document.
            raise xml.sax.SAXException(f"{type(error).__name__}: {error}") from error

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802
        parent: Any = super()
        try:
            parent.endElementNS(name, qname)
        except LEAKED_ERRORS as error:
            raise xml.sax.SAXException(f"{type(error).__name__}: {error}") from error


class _LooseAsWritten(_AsWritten):
    exact = False

    def handle_charref(self, ref: str) -> None:
        parent: Any = super()
        try:
            parent.handle_charref(ref)
        except (ValueError, OverflowError):  # beyond Unicode, or half of a surrogate pair
            if self.elementstack:
                self.elementstack[-1][2].append("\ufffd")


# feedparser's own parse() with these two classes in the place of its own. A copy of the function
# with other globals leaves the library as it is for everyone else in the process.
_parse: Any = types.FunctionType(
    feedparser.api.parse.__code__,
    {
        **vars(feedparser.api),
        "StrictFeedParser": type(
            "StrictFeedParser", (_StrictAsWritten, feedparser.api.StrictFeedParser), {}
        ),
        "LooseFeedParser": type(
            "LooseFeedParser", (_LooseAsWritten, feedparser.api.LooseFeedParser), {}
        ),
    },
    "parse",
    feedparser.api.parse.__defaults__,
)


def run_feedparser(content: bytes) -> Any:
    """Return feedparser's result for a document in UTF-8.

    Args:
        content: the document, beginning with its XML declaration. It is handed over as a stream:
            feedparser takes a str or bytes for the name of a file or URL and opens it.

    Raises:
        UnreadableError: ``hostile_markup``.
        LEAKED_ERRORS: feedparser failed over something it does not expect.
    """
    return _parse(
        io.BytesIO(content),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
