"""Write the generated pages of docs/, or with --check say which are stale."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.options import own_parser
from schemas.describe import as_markdown, rejects_as_markdown

DOCS = Path(__file__).resolve().parent.parent / "docs"


def options_as_markdown() -> str:
    """The options of ``newsbeam run`` as a Markdown page."""
    lines = [
        "# Options of `newsbeam run`",
        "",
        "Every option of Apache Beam can be given too.",
        "",
        "| option | meaning |",
        "|---|---|",
    ]
    parser = own_parser()
    for action in parser._actions:
        if action.dest == "help":
            continue
        value = f" {action.metavar}" if action.metavar else ""
        if action.choices:
            value = " " + "\\|".join(action.choices)
        lines.append(f"| `{action.option_strings[0]}{value}` | {action.help} |")
    return "\n".join([*lines, ""])


PAGES = {
    "schema.md": as_markdown,
    "rejects.md": rejects_as_markdown,
    "options.md": options_as_markdown,
}


def main() -> int:
    """Write or check; 1 when a page is stale."""
    stale = 0
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"docs/{name} is stale: run python tools/make_docs.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
