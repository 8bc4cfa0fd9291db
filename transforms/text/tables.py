"""Reads the tab-separated tables in ``transforms/text/data``."""

from importlib.resources import files


def read_table(name: str) -> list[list[str]]:
    """Return the rows of a table, comments and blank lines left out.

    Args:
        name: the file's name.
    """
    text = (files("transforms.text") / "data" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
