"""Polls over HTTP leave the lake that the same documents leave as files."""

import logging
from pathlib import Path

from runs import problems_of, run_over

from benchmarks.lakes import rows_of
from benchmarks.repoll_served import PATTERN, differences, poll_moments, run_served

ENTRY = """<item><guid>{name}</guid><title>{title}</title><link>https://{feed}.example/{name}</link>
<pubDate>{date}</pubDate><description>{text}</description></item>"""
SHIPS = "The {0} came in at noon with salt and left with timber for the northern yards, as it does."


def poll(folder: Path, feed: str, moment: str, *names: str, text: str = "") -> None:
    entries = "".join(
        ENTRY.format(
            feed=feed,
            name=name,
            title=f"The {name} is back in the old harbour",
            date="Sun, 01 Mar 2026 10:00:00 GMT",
            text=f"{SHIPS.format(name)} {text}",
        )
        for name in names
    )
    path = folder / feed / f"{moment}p0000.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<rss version='2.0'><channel><title>{feed}</title>{entries}</channel></rss>")


def test_polls_over_http_leave_the_lake_of_a_file_run(tmp_path):
    folder = tmp_path / "polls"
    poll(folder, "quay", "2026-03-01T110000", "Anna", "Berta")
    poll(folder, "pier", "2026-03-01T110000", "Clara")
    poll(folder, "quay", "2026-03-01T120000", "Anna", "Berta")
    poll(folder, "pier", "2026-03-01T121500", "Clara", "Dora", text="It needs paint.")
    poll(folder, "quay", "2026-03-01T130000", "Berta", "Clara", "Emma")
    (folder / "quay" / "2026-03-01T140000p0000.xml").write_text("<rss><channel><title>cut")
    moments = poll_moments(folder)
    assert [len(files) for _, files in moments] == [2, 1, 1, 1, 1]

    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    shelf = run_served(moments, tmp_path / "served", tmp_path)
    extra = ("--path_pattern", PATTERN, "--language_engine=fast")
    assert run_over([folder], tmp_path / "filed", *extra) == 0

    assert shelf.answers == {200: 5, 304: 1}
    assert differences(tmp_path / "served", tmp_path / "filed") == []
    assert len(rows_of(tmp_path / "served", "articles")) > 4
    assert len(rows_of(tmp_path / "served", "rejects")) == 1
    assert problems_of(tmp_path / "served") == ()
