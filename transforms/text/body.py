"""From a publisher's markup to plain text.

Paragraphs are parted by one blank line; a line break inside one (`<br>`, the end of a `<div>` or
of a table row) is a newline. List items begin with `• `, those of numbered lists with `1. `, at the
start of the line however deep the list. Cells of a table row are parted by ` | `. Alternative
texts, captions, forms, scripts, styles and embedded players leave nothing.

Markup comes from strangers. It is parsed by resiliparse (lexbor, a browser's tokeniser and tree in
C), which is linear in most things but not in all: attributes on one tag, and formatting elements
that are opened and never closed, cost time or memory with their square. As plain text needs
neither, longer markup goes to the parser without them.
"""

import html
import re

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLParserException

from transforms.text.clean import clean_text, fold_line, fold_paragraphs, without_surrogates

_TAG = re.compile("<[a-zA-Z/!?]")
_ATTRIBUTES = r"""(?:[^<>"']++|"[^"]*+"|'[^']*+')*+"""

# Elements whose content is never shown as text, or shown only when something else cannot be.
_HIDDEN = (
    "script|style|iframe|noscript|noembed|noframes|template|select|textarea|title|xmp|object|audio|"
    "video|svg|button"
)
_HIDDEN_START = re.compile(rf"<({_HIDDEN})(?=[\s/>]){_ATTRIBUTES}>", re.IGNORECASE)
# The first letters of the elements treated here: most markup has none of them, and one cheap look
# tells. No flag for case: `re` is three times slower with it.
_PERHAPS_SPECIAL = re.compile(
    "<(?:[sS](?:[cC][rR]|[tT][yY]|[eE][lL]|[vV])|[iI][fF]|[nN][oO][sSeEfF]|[tT](?:[eE]|[iI][tT])|"
    "[xX]|[oO][bB]|[aA][uU]|[vV][iI]|[bB][uU]|[pP][lL]|[fF](?:[rR]|[iI][gG]))"
)
# These would turn all that follows into text, or into nothing.
_SWALLOWING = re.compile(r"</?(?:plaintext|frameset)(?=[\s/>])[^>]*>", re.IGNORECASE)
# The parser leaves figures out as a whole, but quotations and tables are set in figures, too; it
# still leaves out the figcaption.
_FIGURE = re.compile(r"<(/?)figure(?=[\s/>])", re.IGNORECASE)

_SHORT = 4096
"""Characters of markup up to which the parser's worst case is some ten milliseconds."""
# What may stand between a tag's name and its end. The first alternative is the common tag, which
# has no `>` inside quotation marks; the second is the tokeniser's grammar (WHATWG HTML 13.2.5), in
# which quotation marks count only behind an equals sign. Every quantifier is possessive and what
# is scanned is consumed, so both are linear and leave no attribute.
_REST_OF_TAG = (
    r"""(?:[^>"']*+(?:(?:"[^">]*+"|'[^'>]*+')[^>"']*+)*+(?=>)|"""
    r"""(?:[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+)*+)"""
)
_ANY_TAG = re.compile(rf"<(/?[a-zA-Z][^\s/>]*+){_REST_OF_TAG}")
# Elements that the parser opens again in every later paragraph until they are closed, and `span`.
_FORMATTING = re.compile(
    "</?(?:[abisuABISU]|[bB][iI][gG]|[cC][oO][dD][eE]|[eE][mM]|[fF][oO][nN][tT]|[nN][oO][bB][rR]|"
    "[sS](?:[mM][aA][lL][lL]|[pP][aA][nN]|[tT][rR][iI][kK][eE]|[tT][rR][oO][nN][gG])|[tT][tT])"
    rf"(?=[\s/>]){_REST_OF_TAG}[\s/]*+>?"
)
_MANY_ATTRIBUTES = re.compile(
    r"""<[a-zA-Z](?:[\s/]*+[^\s/>][^\s/>=]{0,200}+"""
    r"""(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+){64}"""
)

_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|nobr|q|s|samp|small|"
    "span|strike|strong|sub|sup|time|tt|u|var"
)
_BLOCK = "p|div|h[1-6]|center|blockquote|li|ul|ol"
_VOID = "br|hr|img|wbr"
_ATTRIBUTES_OF_TITLE = r"""(?:\s(?:[^<>"']++|"[^"]*+"|'[^']*+')*+)?+"""
_TITLE_TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>{_INLINE}|{_BLOCK}|{_VOID})(?P<attributes>{_ATTRIBUTES_OF_TITLE})/?>",
    re.IGNORECASE,
)
_PARTING = re.compile(f"(?:{_BLOCK}|br|hr)", re.IGNORECASE)
_VOID_NAMES = frozenset(_VOID.split("|"))

_KNOWN = f"{_INLINE}|{_BLOCK}|table|tr|td|th|tbody|figure|section|article|pre|iframe"
_ESCAPED_START = re.compile(rf"\s*<(?:!--|(?:{_KNOWN}|{_VOID})(?:\s[^<>]*)?/?>)", re.IGNORECASE)
_ESCAPED_END = re.compile(
    rf"(?:</(?:{_KNOWN})>|<(?:br|img)(?:\s[^<>]*)?/?>|-->)\s*+\Z", re.IGNORECASE
)
# Of these no text speaks but one on HTML; references that such texts do name (`&amp;`, `&lt;`) are
# left as they are.
_STRAY_REFERENCE = re.compile(
    "&(?:nbsp|[lr][sd]quo|[mn]dash|hellip|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5});"
)

_OUTER_CELLS = re.compile(r"^(?:\t\t)+|(?:\t\t)+$", re.MULTILINE)
_LONG_REFERENCE = re.compile("&#[0-9]{8,};?")


def html_to_text(markup: str) -> str:
    """Return markup as clean plain text; see the module's docstring for its form.

    Text without a single tag is plain text that may hold entities: blank lines part its
    paragraphs, other line ends are spaces.

    Markup that was escaped once too often: when there is no tag at all, but one decoding gives a
    text that begins or ends with a tag of HTML, that text is read as markup. A sentence that only
    mentions a tag (`the &lt;b&gt; tag is old`) keeps it. References to spaces, quotation marks,
    dashes and code points that were escaped twice (`&amp;nbsp;`, `&amp;#8217;`) are decoded, too;
    `&amp;amp;` and `&amp;lt;` are decoded once only.

    Args:
        markup: any text, lone surrogates included. Never raises.
    """
    return read_text(markup, is_html=True)[0]


def read_text(text: str, *, is_html: bool) -> tuple[str, bool]:
    """Return a body or summary as clean plain text, and whether mojibake was repaired.

    Stray references are decoded in plain text as well: feeds declare text as plain and escape it
    all the same.

    Args:
        text: as published.
        is_html: whether it is to be read as HTML; else it is plain text.
    """
    if is_html:
        is_markup = _TAG.search(text) is not None
        if not is_markup and "&" in text:
            text = _unescape(text)
            is_markup = _reads_as_markup(text)
        if is_markup:
            text = _extract(text)
            if "\t\t" in text:
                # The parser parts cells by two tabs; outer empty ones say nothing.
                text = _OUTER_CELLS.sub("", text).replace("\t\t", " | ")
            cleaned, repaired = clean_text(_without_stray_references(text))
            return fold_paragraphs(cleaned, unwrap=False), repaired
    cleaned, repaired = clean_text(_without_stray_references(text))
    return fold_paragraphs(cleaned), repaired


def inline_to_text(markup: str) -> str:
    """Return a title as one line of clean text.

    Entities are decoded once, and then nothing more: a title may speak of `&amp;`. A tag is
    removed when it is one of HTML's text-level or block elements and is used as one: it has its
    partner, has attributes, needs no partner (`<br>`), or opens the title. So `1 < 2 & 3 > 2`,
    `Vec<T> explained` and `The <title> tag` keep their words.

    Args:
        markup: any text, lone surrogates included. Never raises.
    """
    return read_line(markup, is_html=True)[0]


def read_line(text: str, *, is_html: bool) -> tuple[str, bool]:
    """Return a title or name as one line of clean text, and whether mojibake was repaired.

    As in :func:`read_text`, stray references are decoded in plain text.

    Args:
        text: as published.
        is_html: whether it is to be read as HTML; else it is plain text.
    """
    if is_html:
        if "<" in text:
            text = _without_title_tags(text)
        if "&" in text:
            text = _unescape(text)
    else:
        text = _without_stray_references(text)
    cleaned, repaired = clean_text(text)
    return fold_line(cleaned), repaired


def _unescape(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:
        # A reference of more digits than int() takes; all above seven are no character.
        return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


def _without_stray_references(text: str) -> str:
    if "&" not in text:
        return text
    return _STRAY_REFERENCE.sub(lambda match: html.unescape(match[0]), text)


def _reads_as_markup(text: str) -> bool:
    return "<" in text and bool(_ESCAPED_START.match(text) or _ESCAPED_END.search(text))


def _extract(markup: str) -> str:
    """The parser's plain text: lines indented in lists, table cells parted by two tabs."""
    markup = without_surrogates(markup)
    if "<!" in markup:
        # A CDATA section inside HTML is a comment to a parser, but text to who wrote it.
        markup = _without_comments(markup.replace("<![CDATA[", "").replace("]]>", ""))
    if _PERHAPS_SPECIAL.search(markup):
        markup = _without_hidden(markup)
        markup = _SWALLOWING.sub("", markup)
        markup = _FIGURE.sub(r"<\1div", markup)
    if len(markup) > _SHORT:
        markup = _FORMATTING.sub("", markup)
        if _MANY_ATTRIBUTES.search(markup):
            markup = _ANY_TAG.sub(r"<\1", markup)
        if _FORMATTING.search(markup):
            # Tags put together from the remains of others: no accident.
            return _without_tags(markup)
    try:
        text: str = extract_plain_text(
            markup, preserve_formatting=True, list_bullets=True, alt_texts=False
        )
    except HTMLParserException:
        return _without_tags(markup)
    return text


def _without_tags(markup: str) -> str:
    """What is left when nothing is asked of the markup but where its tags are."""
    return _unescape(_ANY_TAG.sub("\n", markup).replace("\n>", "\n"))


def _without_comments(markup: str) -> str:
    """The markup without comments; one that is never closed only loses its opening."""
    parts = []
    start = 0
    while (opening := markup.find("<!--", start)) >= 0:
        parts.append(markup[start:opening])
        # `<!-->` is a whole comment.
        closing = markup.find("-->", opening + 2)
        start = opening + 4 if closing < 0 else closing + 3
        if closing < 0:
            parts.append(markup[start:].replace("<!--", ""))
            return "".join(parts)
    parts.append(markup[start:])
    return "".join(parts)


def _without_hidden(markup: str) -> str:
    """The markup without hidden elements; of one that is never closed only the tag goes.

    A browser would hide everything behind it, and an item would lose its text over a typing error.
    """
    parts = []
    start = 0
    unclosed: set[str] = set()
    while opening := _HIDDEN_START.search(markup, start):
        parts.append(markup[start : opening.start()])
        name = opening[1].lower()
        start = opening.end()
        if name not in unclosed:
            end = re.compile(rf"</{name}(?=[\s/>])[^>]*>", re.IGNORECASE).search(markup, start)
            if end:
                start = end.end()
            else:
                unclosed.add(name)
    parts.append(markup[start:])
    return "".join(parts)


def _without_title_tags(text: str) -> str:
    tags = list(_TITLE_TAG.finditer(text))
    if not tags:
        return text
    # Tags pair as brackets do, a stray one aside.
    real: set[int] = set()
    open_tags: dict[str, list[int]] = {}
    head = 0  # where the tags that open the title end
    for index, tag in enumerate(tags):
        name = tag["name"].lower()
        at_head = head >= 0 and not text[head : tag.start()].strip()
        head = tag.end() if at_head else -1
        if name in _VOID_NAMES:
            real.add(index)
        elif not tag["end"]:
            open_tags.setdefault(name, []).append(index)
            if at_head or tag["attributes"].strip():
                real.add(index)
        elif open_tags.get(name):
            real.update((open_tags[name].pop(), index))
        else:
            real.add(index)
    parts = []
    start = 0
    for index, tag in enumerate(tags):
        if index in real:
            parts.append(text[start : tag.start()])
            parts.append(" " if _PARTING.fullmatch(tag["name"]) else "")
            start = tag.end()
    parts.append(text[start:])
    return "".join(parts)
