"""Labelled texts on a page keep to its width."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from pipeline.page import Page

WORDS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "M"]), max_size=60)


@given(st.integers(40, 140), WORDS, WORDS, WORDS)
def test_no_line_is_wider_than_the_console(width, label, old, new):
    out = io.StringIO()
    page = Page(Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    page.title(old)
    page.entry(label[:8], new, 2)
    page.paragraph(old * 5, 2)
    page.change("headline", old * 3, new * 3)
    lines = out.getvalue().split("\n")
    assert all(cell_len(line) <= width for line in lines)
    assert all(line == line.rstrip(" ") for line in lines)
