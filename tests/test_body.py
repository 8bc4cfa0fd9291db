"""Markup to plain text: its form, its rules, and what hostile markup costs."""

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text.body import html_to_text, inline_to_text, read_line, read_text
from transforms.text.clean import clean_text, fold_line, fold_paragraphs

MARKUP = st.lists(
    st.sampled_from(
        [
            "<p>", "</p>", "<br>", "<div>", "</div>", "<ul>", "<li>", "</li>", "<b>", "</b>",
            "<a href='x>'>", "<a href=\"", "</a>", "<!--", "-->", "<![CDATA[", "]]>", "<script>",
            "</script>", "<table>", "<td>", "<title>", "<select>", "<svg>", "<plaintext>",
            "<i x=1>", "&lt;p&gt;", "&amp;", "&nbsp;", "&#0;", "&#xD800;", "&#xFFFE;",
            "&#99999999999;", "&",
            "<", ">", "x", " ", "\n", "\n\n", "\t", "Ã©", "\x00", "\ud800", "\u200b", "中", "é",
            "<figure>", "<pre>", "'", '"', "/", "=", "&amp;#8217;", "\t\t", "<ol>", "\xad", "\x85",
        ]
    ),
    max_size=25,
).map("".join)  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=50)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One.</p><p>Two &amp; three&nbsp;&#8217;s</p>", "One.\n\nTwo & three ’s"),
        ("<p>soft\n  wrapped\ttext</p>", "soft wrapped text"),
        ("one<br><br>two<br />three", "one\n\ntwo\nthree"),
        ("one<br> &nbsp; <br>two", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<h2>Head</h2>text<blockquote><p>quote</p></blockquote>", "Head\n\ntext\n\nquote"),
        ("<p>To do:</p><ul><li>milk</li><li>salt</li></ul>", "To do:\n\n• milk\n• salt"),
        ("<ol><li>go</li><li>stop</li></ol>", "1. go\n2. stop"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "• a\n• b"),
        ("<ul><li><p>one</p><p>more</p></li></ul>", "• one\n\nmore"),
        (
            "<table><tr><th>Team</th><th>Points</th></tr><tr><td>A</td><td>3</td></tr></table>",
            "Team | Points\nA | 3",
        ),
        ("<table><tr><td><img src=x></td><td>story</td></tr></table>", "story"),
        ("un<b>break</b>able <i>word</i>s", "unbreakable words"),
        ('<img src="x" alt="A photo"/>Text', "Text"),
        ("a<script>var x = '<p>no</p>';</script>b<style>p{}</style>c", "abc"),
        ("<iframe src='https://v.example/1'>no frames</iframe>text", "text"),
        ("<noscript><img src=x></noscript>text<svg><title>t</title></svg>", "text"),
        ("a<!-- hidden <b>x</b> -->b<!-->c", "abc"),
        ("<figure><img src=x><figcaption>Photo: X</figcaption></figure>text", "text"),
        ("<figure><blockquote>Said so.</blockquote></figure>text", "Said so.\ntext"),
        ("<p>smart &ldquo;quotes&rdquo; &#x2014; &#150;</p>", "smart “quotes” — –"),
        ("<P CLASS='a>b'>upper</P>", "upper"),
        ("<p>Zażółć 日本語 हिन्दी العربية</p>", "Zażółć 日本語 हिन्दी العربية"),
        ("<p>\ud83d\ude00 \ud800x\x00y</p>", "😀 xy"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_form(markup, text):
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain text", "plain text"),
        ("wrapped\nline\n\nnext", "wrapped line\n\nnext"),
        ("AT&T &amp; R&D", "AT&T & R&D"),
        ("5 < 6 and 7 > 2 &amp; so", "5 < 6 and 7 > 2 & so"),
        ("- one\n- two", "- one\n- two"),
    ],
)
def test_text_without_tags(markup, text):
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two&amp;nbsp;x&lt;/p&gt;", "One.\n\nTwo x"),
        ("Teaser&lt;br/&gt;more&lt;br /&gt;", "Teaser\nmore"),
        ("&lt;img src=&quot;x&quot;&gt; Caption", "Caption"),
        ("&lt;!-- on --&gt;&lt;div&gt;text&lt;/div&gt;&lt;!-- off --&gt;", "text"),
        ("The &lt;b&gt; tag is old", "The <b> tag is old"),
        ("Use &lt;T&gt; here", "Use <T> here"),
        ("<p>the &lt;p&gt; tag</p>", "the <p> tag"),
        ("<p>it&amp;#8217;s&amp;nbsp;so &amp;amp; &amp;lt;</p>", "it’s so &amp; &lt;"),
    ],
)
def test_escaped_twice(markup, text):
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<script>never closed", "never closed"),
        ("text <textarea>more <p>and more</p>", "text more\n\nand more"),
        ("text <!-- never closed <p>more</p>", "text never closed\n\nmore"),
        ("<title>What", "What"),
        ("<![CDATA[<p>wrapped</p>]]>", "wrapped"),
        ("<p>text<plaintext><p>more", "text\n\nmore"),
        ("a<select>b<p>two", "ab\n\ntwo"),
    ],
)
def test_a_typing_error_does_not_swallow_the_text(markup, text):
    assert html_to_text(markup) == text


def test_long_markup_reads_as_short_markup_does():
    short = (
        "<p class='x'>A <a href='https://e.example/?a=1&b=\">\"'>link</a>, <b title=\"a>b\">bold"
        "</b> <i>it</i> 1 < 2</p><ul class=c><li>x<br/>y</li></ul><blockquote>z</blockquote>"
        '<!-- <a href=" --><p>q <font color=red>r</font></p><table><tr><td id=1>c<td>d</table>'
    )
    one = html_to_text(short)
    assert len(short) < 4096
    assert html_to_text(short * 40) == "\n\n".join([one] * 40)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("Vec<T> explained", "Vec<T> explained"),
        ("The <title> tag explained", "The <title> tag explained"),
        ("Why <b> is old", "Why <b> is old"),
        ("List<String> vs <i>arrays</i>", "List<String> vs arrays"),
        ("AT&amp;T buys &#8216;X&#8217;", "AT&T buys ‘X’"),
        ("On &amp;amp; and &lt;b&gt;", "On &amp; and <b>"),
        ("<b>Bold</b> <em class=x>news</em>", "Bold news"),
        ("<p>Title</p>", "Title"),
        ("<p>Title", "Title"),
        ("H<sub>2</sub>O", "H2O"),
        ("One<br>two<br/>three", "One two three"),
        ('<img src="a>b.png" alt="x"> News', "News"),
        ('An <a href="https://x.example/">unclosed link', "An unclosed link"),
        ("  many \n lines\t", "many lines"),
        ("Ã‰lections", "Élections"),
        ("\ud800 x", "x"),
        ("<", "<"),
        ("&", "&"),
        ("", ""),
    ],
)
def test_titles(markup, text):
    assert inline_to_text(markup) == text


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("<b>kept</b> &amp; kept &lt;", "<b>kept</b> &amp; kept &lt;"),
        ("FCC says &#8216;jokes&#8217; it&nbsp;wrote", "FCC says ‘jokes’ it wrote"),
    ],
)
def test_plain_text_is_not_read_as_markup(plain, text):
    assert read_line(plain, is_html=False) == (text, False)
    assert read_text(plain, is_html=False) == (text, False)


def test_repairs_are_told():
    assert read_text("<p>dÃ©jÃ\xa0 vu</p>", is_html=True) == ("déjà vu", True)
    assert read_text("d&Atilde;&copy;j", is_html=True) == ("déj", True)
    assert read_line("dÃ©j", is_html=False) == ("déj", True)


@settings(max_examples=500, deadline=None)
@given(MARKUP | ANY_TEXT)
def test_never_raises_and_gives_clean_text(markup):
    text = html_to_text(markup)
    assert clean_text(text) == (text, False)
    assert fold_paragraphs(text, unwrap=False) == text
    line = inline_to_text(markup)
    assert clean_text(line) == (line, False)
    assert fold_line(line) == line
    assert pa.array([text, line], pa.string()).to_pylist() == [text, line]


@settings(max_examples=60, deadline=None)
@given(MARKUP)
def test_long_markup_never_raises(markup):
    text = html_to_text(markup * 300)
    assert clean_text(text) == (text, False)


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1, max_size=5))
def test_paragraphs_survive(paragraphs):
    paragraphs = [clean_text(paragraph)[0] for paragraph in paragraphs]
    markup = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    assert html_to_text(markup) == "\n\n".join(paragraphs)


NUMBERS = range(20_000)
HOSTILE = {
    "attributes": "<a " + " ".join(f"a{number}=1" for number in range(100_000)) + ">x</a>",
    "attributes with >": "<a " + " ".join(f"a{number}='>'" for number in range(50_000)) + ">x</a>",
    "attributes of signs": "<a == " + " ".join(f"<{number}" for number in range(50_000)) + ">x</a>",
    "formatting": "".join(f"<font color=c{number}><p>x" for number in NUMBERS),
    "formatting in pieces": "".join(f"<<b>font color=c{number}><p>x" for number in NUMBERS),
    "formatting, odd quotes": "".join(f"<b c{number}'=\"><p>x" for number in NUMBERS),
    "plain formatting": "<p>" + "<b><i><u><s><tt><em><big>" * 3 + "<p>x" * 20_000,
    "deep": "<div>" * 100_000 + "x",
    "deep tables": "<table><tr><td>" * 20_000 + "x",
    "comments": "<!--" * 100_000,
    "scripts": "<script>" * 50_000,
    "tag starts": "<a" * 200_000,
    "script starts": '<script "' * 50_000,
    "quotes": '<a b="' * 50_000,
    "references": "&#x41;&" * 50_000,
    "digits": "&#" + "9" * 100_000 + ";",
    "blank lines": " \n" * 200_000,
    "zero width": "\u200b\u200c" * 50_000,
    "mojibake": "Ã©â€™" * 30_000,
    "less than": "<" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_costs_little(name):
    started = time.process_time()
    html_to_text(HOSTILE[name])
    inline_to_text(HOSTILE[name])
    # Each takes well below a second; quadratic behaviour takes minutes.
    assert time.process_time() - started < 5
