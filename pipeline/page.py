"""Labelled texts, folded to the width of a terminal; plain text everywhere else."""

from itertools import zip_longest

from rich.console import Console
from rich.text import Text

WIDTH_WITHOUT_TERMINAL = 100

_LABEL, _FIELD, _NARROW, _LEAST = 11, 14, 70, 20


def plain_console() -> Console:
    """Standard output, whose texts are never read as markup."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    return console


class Page:
    """Lines of labels and texts, as wide as the console.

    Args:
        console: where they go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def title(self, text: str) -> None:
        """What is being told of."""
        for line in self._wrapped(Text(text, style="bold"), self._console.width):
            self._put(line)
        self.line()

    def heading(self, text: str) -> None:
        """What the next lines tell of."""
        self.line()
        self._put(Text(text, style="bold"))

    def line(self) -> None:
        """An empty line."""
        self._console.print()

    def verbatim(self, text: str) -> None:
        """A command to be copied: never broken."""
        self._put(Text(f"    {text}"))

    def paragraph(self, text: str, indent: int = 0) -> None:
        """A text without a label."""
        self._labelled("", text, indent, 0)

    def entry(self, label: str, text: str, indent: int = 0) -> None:
        """A label and what it stands for."""
        self._labelled(label, text, indent, _LABEL)

    def field(self, label: str, text: str, indent: int = 5) -> None:
        """The same, one step further in."""
        self._labelled(label, text, indent, _FIELD)

    def _labelled(self, label: str, text: str, indent: int, width: int) -> None:
        lead = indent + width
        head = Text(" " * indent) + Text(label, style="cyan")
        for number, line in enumerate(self._wrapped(Text(text), self._console.width - lead)):
            start = head if number == 0 else Text()
            start.pad_right(max(0, lead - start.cell_len))
            self._put(start + line)

    def change(self, name: str, old: str, new: str, indent: int = 5) -> None:
        """Old and new side by side; one behind the other when there is no room."""
        room = self._console.width - indent - _FIELD
        if self._console.width < _NARROW:
            self.field(name, f"{old} → {new}", indent)
            return
        half = (room - 3) // 2
        lefts = self._wrapped(Text(old, style="red"), half)
        wide = max(line.cell_len for line in lefts)
        rights = self._wrapped(Text(new, style="green"), half)
        for number, (one, other) in enumerate(zip_longest(lefts, rights)):
            left, right = one or Text(), other or Text()
            start = Text(" " * indent) + Text("" if number else name, style="cyan")
            start.pad_right(indent + _FIELD - start.cell_len)
            left.pad_right(wide - left.cell_len)
            self._put(start + left + Text("   " if number else " → ") + right)

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        return list(text.wrap(self._console, max(width, _LEAST), overflow="fold"))

    def _put(self, line: Text) -> None:
        line.rstrip()
        self._console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
