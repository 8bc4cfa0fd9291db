"""``newsbeam sources``: what a lake knows of its sources, for people and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from pipeline.page import Page, plain_console
from transforms.identity.who import MOST_CONTRADICTIONS
from transforms.lake.sources import SourceFacts

_SEEN = {
    "guid_flips": "known items came under another guid",
    "guid_reuses": "guids came on items with which their owner agrees in nothing",
    "link_moves": "known items came under another URL",
    "link_reuses": "URLs came on items with which their owner agrees in nothing",
}


def as_json(facts: Sequence[SourceFacts]) -> str:
    """The same facts as one JSON array."""
    return json.dumps([asdict(one) for one in facts], indent=1, ensure_ascii=False, default=_time)


def print_sources(facts: Sequence[SourceFacts]) -> None:
    """A table of all sources, then what was seen of the keys that contradict themselves."""
    console = plain_console()
    table = Table(box=None, pad_edge=False)
    table.add_column("source", overflow="fold")
    for name in ("read", "new", "revised", "unchanged", "duplicate", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("guids")
    for one in facts:
        numbers = [f"{number:,}" for number in one.items.values()]
        table.add_row(one.source, *numbers, "believed" if one.guids_believed else "not believed")
    console.print(table)
    page = Page(console)
    for one in facts:
        seen = {name: getattr(one, name) for name in _SEEN if getattr(one, name)}
        if not seen:
            continue
        page.heading(one.source)
        for name, number in seen.items():
            page.paragraph(f"{number:,} x {_SEEN[name]}", indent=2)
        contradictions = one.guid_flips + one.guid_reuses
        page.paragraph(
            f"Its guids are {'' if one.guids_believed else 'no longer '}believed without other "
            f"evidence: {contradictions} of {MOST_CONTRADICTIONS} contradictions.",
            indent=2,
        )
        for example in one.examples:
            page.paragraph(
                f"{example.table} {example.id}, fetched {example.fetched_at:%Y-%m-%d %H:%M}: "
                f"{example.what}; guid {example.guid}, {example.url}",
                indent=2,
            )


def _time(value: object) -> str:
    return str(value)
