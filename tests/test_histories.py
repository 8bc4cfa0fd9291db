"""Whole runs over histories that publishers should not make: flipping guids, shared addresses …"""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import data_files, problems_of, run_over

from benchmarks.lakes import contents_of

START = datetime(2026, 3, 1, 6, tzinfo=UTC)

ENTRIES = st.fixed_dictionaries(
    {
        "guid": st.sampled_from(["a", "b", "c", None]),
        "link": st.sampled_from(["/1", "/2", "/", None]),
        "title": st.sampled_from(["Ferry crosses the sound again", "Library stays open", None]),
        "description": st.sampled_from(
            ["The ferry runs hourly from Monday on, says the office.", "The council voted.", None]
        ),
        "pubDate": st.sampled_from([format_datetime(START), "yesterday", None]),
    }
)
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "feed": st.sampled_from(["north", "south"]),
            "hour": st.integers(0, 4),
            "entries": st.lists(ENTRIES, max_size=4),
        }
    ),
    min_size=1,
    max_size=7,
)


def write(documents: list[dict], folder: Path) -> list[tuple[int, Path]]:
    """The documents as files with sidecars, in the order of their fetch times."""
    files = []
    for number, document in enumerate(sorted(documents, key=lambda one: one["hour"])):
        items = []
        for entry in document["entries"]:
            link = entry["link"] and f"https://news.example{entry['link']}"
            fields = {**entry, "link": link}
            inside = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in fields.items() if v)
            items.append(f"<item>{inside}</item>")
        path = folder / f"{number}.xml"
        path.write_text(
            f"<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>"
        )
        fetched = START + timedelta(hours=document["hour"])
        sidecar = {"fetched_at": fetched.isoformat(), "source": document["feed"]}
        path.with_name(f"{path.name}.meta.json").write_text(json.dumps(sidecar))
        files.append((document["hour"], path))
    return files


@given(documents=DOCUMENTS)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_one_run_is_the_runs_of_each_hour_and_again_is_nothing(documents, tmp_path_factory):
    root = tmp_path_factory.mktemp("history")
    files = write(documents, root)
    assert run_over([path for _, path in files], root / "one") == 0
    for _, fetched_together in groupby(files, key=lambda pair: pair[0]):
        assert run_over([path for _, path in fetched_together], root / "each") == 0
    one, each = contents_of(root / "one"), contents_of(root / "each")
    assert one == each
    assert problems_of(root / "one") == problems_of(root / "each") == ()
    before = data_files(root / "one")
    assert run_over([path for _, path in reversed(files)], root / "one") == 0
    assert data_files(root / "one") == before
    assert problems_of(root / "one") == ()
