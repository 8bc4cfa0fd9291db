"""Runs that ask segments for what their keys lead to judge as if they held the whole history."""

from datetime import timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented import NOON, WINDOW, histories, sighting

from schemas.judgement import Outcome, Status
from transforms.identity.columns import known_from, known_table, latest_of_each, sightings_table
from transforms.identity.judge import Judge, visit_order
from transforms.identity.known import document_row
from transforms.identity.memory import MOST_BEARERS
from transforms.identity.shards import LOOKUPS, keys_in, repeated, shards_of
from transforms.identity.verdicts import PlainRows, judge_all
from transforms.lake.commit import Commit, make_commit, publish
from transforms.lake.history import (
    find_known,
    live_segments,
    read_all_known,
    read_found,
    write_history,
)
from transforms.lake.layout import Layout, Staging, commit_name
from transforms.lake.segment import TablePart


def new_lake(folder):
    layout = Layout(str(folder / "lake"))
    layout.machinery.mkdir(parents=True)
    return layout


def run(layout, number, sightings):
    """Group keys, ask the segments, judge, commit; what was counted."""
    staging = Staging(layout.root, f"{commit_name(number)}-a1")
    staging.make()
    half = len(sightings) // 2
    files = {
        name: sightings_table(part, [(0, row) for row in range(len(part))])
        for name, part in (("a.claim", sightings[:half]), ("b.claim", sightings[half:]))
    }
    segments = live_segments(layout)
    groups = {}
    for table in files.values():
        for shard, keys in shards_of(table):
            groups.setdefault(shard, []).append(keys)
    names, meet = [], [np.empty(0, np.uint64)]
    for shard, parts in groups.items():
        names += find_known(layout, staging, segments, keys_in(parts), shard)
        if shard != LOOKUPS:
            meet.append(repeated(keys_in(parts)))
    known = read_found(staging, names)
    judgement = judge_all(
        list(files), files.__getitem__, known, np.unique(np.concatenate(meet)), WINDOW
    )
    plain = [
        PlainRows(partial(files.__getitem__, name), places)
        for name, places in judgement.plain.items()
    ]
    parts = [*plain, TablePart(known_table(judgement.changed))]
    written, history = write_history(layout, staging, commit_name(number), segments, parts)
    documents = tuple(f"{key:016x}" for key in judgement.documents)
    started = "2026-03-01T00:00:00+00:00"
    commit = Commit(number, staging.name, started, written, history, documents, {}, {})
    make_commit(layout, commit)
    publish(layout, number)
    return judgement.counts


def judged_with_everything(known, sightings):
    """The same run by a judge that holds every row there is; what is known after it."""
    judge = Judge(known.values(), WINDOW)
    read_at = {}
    for one in sightings:
        if not one.is_reject:
            read_at[one.document] = min(one.fetched_at, read_at.get(one.document, one.fetched_at))
    before = {row.content for row in known.values() if row.status is Status.DOCUMENT}
    documents = [document_row(key, read_at[key]) for key in sorted(read_at.keys() - before)]
    for document in documents:
        judge.note_document(document.content, document.fetched_at)
    for one in sorted(sightings, key=visit_order):
        judge.judge(one)
    return {**known, **{row.item_id: row for row in (*judge.changed(), *documents)}}


def stored(layout):
    return {row.item_id: row for row in known_from(latest_of_each(read_all_known(layout)))}


@given(history=histories(), cuts=st.lists(st.integers(0, 14), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_runs_over_segments_remember_what_one_with_everything_would(
    history, cuts, tmp_path_factory
):
    layout = new_lake(tmp_path_factory.mktemp("runs"))
    known = {}
    bounds = [0, *sorted(cuts), len(history)]
    for number, (start, end) in enumerate(pairwise(bounds), start=1):
        run(layout, number, history[start:end])
        known = judged_with_everything(known, history[start:end])
        assert stored(layout) == known


def borne(number, *, body=None, hours=0, guid=None, source="https://coast.example/feed"):
    """One of many items under one headline, a minute apart, each with a text of its own."""
    at = NOON + timedelta(minutes=number, hours=hours)
    return sighting(
        guid=guid or str(number),
        url=f"{source.removesuffix('/feed')}/{guid or number}",
        body=body or text_of(number),
        at=at,
        published=at,
        source=source,
        document=1000 * hours + number,
    )


def text_of(number):
    return " ".join(f"w{number}x{place}" for place in range(8))


@pytest.mark.parametrize(("place", "found"), [(1, 1), (2, 2)])
def test_a_headline_that_many_bear_is_judged_alike_from_segments(tmp_path, place, found):
    """More bearers than a lookup gives back, over several segments; some are revised later.

    The copies of the first and the fiftieth are not known again, for those are not among the
    latest bearers; they become articles and so push two more out.
    """
    layout, known = new_lake(tmp_path), {}
    count = 3 * MOST_BEARERS
    many = [borne(number) for number in range(count)]
    again = [
        borne(number, body=text_of(number) + " and more", hours=5) for number in (0, 1, 100, 190)
    ]
    other = "https://other.example/feed"
    copies = [
        borne(200 + number, guid=f"copy-{number}", body=text_of(number), source=other, hours=6)
        for number in (0, 50, count - MOST_BEARERS + place, count - 1)
    ]
    duplicates = []
    for number, part in enumerate((many[:150], many[150:], again, copies), start=1):
        counts = run(layout, number, part)
        known = judged_with_everything(known, part)
        assert stored(layout) == known
        duplicates.append(
            sum(n for (_, outcome, _), n in counts.items() if outcome is Outcome.DUPLICATE)
        )
    # Texts too short for bands: a copy is found among the latest bearers of its headline only.
    assert duplicates == [0, 0, 0, found]
