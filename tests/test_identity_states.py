"""Publishers at work: items are printed, changed, moved, renamed and copied, poll after poll.

A state machine plays two publishers whose feeds are polled whenever they please. Every poll is a
run of its own, over a history that went through Arrow. What must hold at every moment: the ledger
adds up, no stored id ever changes, ids are unique, the stored rows alone make the history again,
one run over all polls ends in the same place, and reading everything once more changes nothing.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from invented import BODY_A, BODY_B, NOON, SOURCES, WINDOW, sighting

from schemas.judgement import KnownItem, Outcome, Sighting, Verdict
from transforms.identity.columns import known_from, known_table
from transforms.identity.judge import Judge, visit_order

STORED = (Outcome.NEW, Outcome.REVISED, Outcome.DUPLICATE)
HEADLINES = (
    "Ferry crosses the sound again",
    "Ferry crosses the sound again after the storm",
    "Library stays open on Sundays",
    "Live",
)
BODIES = (BODY_A, BODY_B, BODY_A + BODY_B, "Five things to know about the coast today.", None)


@dataclass(frozen=True)
class Item:
    """An item as its publisher has it now."""

    source: str
    guid: str | None
    url: str | None
    headline: str
    body: str | None
    minutes: int | None

    def seen(self, hour: int, position: int) -> Sighting:
        moment = None if self.minutes is None else NOON + timedelta(minutes=self.minutes)
        return sighting(
            guid=self.guid,
            url=self.url,
            headline=self.headline,
            body=self.body,
            published=moment,
            source=self.source,
            at=NOON + timedelta(hours=hour),
            document=2 * hour + (self.source == SOURCES[1]),
            position=position,
        )


class Newsroom(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.items: list[Item] = []
        self.before: list[Item] = []
        self.hour = 0
        self.made = 0
        self.sightings: list[Sighting] = []
        self.verdicts: list[Verdict] = []
        self.history: dict[bytes, KnownItem] = {}

    @rule(
        source=st.sampled_from(SOURCES),
        has_guid=st.booleans(),
        place=st.sampled_from(["a-{}", "n/{}00007", "live", "", None]),
        headline=st.sampled_from(HEADLINES),
        body=st.sampled_from(BODIES),
        minutes=st.one_of(st.none(), st.integers(0, 5000)),
    )
    def print_item(self, source, has_guid, place, headline, body, minutes):
        self.made += 1
        self.items.append(
            Item(
                source,
                f"g{self.made}" if has_guid else None,
                None if place is None else f"https://coast.example/{place.format(self.made)}",
                headline,
                body,
                minutes,
            )
        )

    @precondition(lambda self: self.items)
    @rule(
        data=st.data(),
        change=st.sampled_from(["guid", "url", "headline", "body", "minutes", "source"]),
    )
    def change_item(self, data, change):
        """Retitle, rewrite, re-date, move, give another guid, or copy into the other feed."""
        place = data.draw(st.integers(0, len(self.items) - 1))
        self.made += 1
        values = {
            "guid": st.sampled_from([f"g{self.made}", "g1", "1"]),
            "url": st.just(f"https://coast.example/moved-{self.made}"),
            "headline": st.sampled_from(HEADLINES),
            "body": st.sampled_from(BODIES),
            "minutes": st.integers(0, 5000),
            "source": st.sampled_from(SOURCES),
        }
        value = data.draw(values[change])
        self.before.append(self.items[place])
        changed = replace(self.items[place], **{change: value})
        if change == "source":
            self.items.append(changed)
        else:
            self.items[place] = changed

    @precondition(lambda self: self.before)
    @rule(data=st.data())
    def go_back(self, data):
        """An older version is printed again."""
        self.items.append(data.draw(st.sampled_from(self.before)))

    @precondition(lambda self: self.items)
    @rule(data=st.data())
    def take_down(self, data):
        self.items.pop(data.draw(st.integers(0, len(self.items) - 1)))

    @precondition(lambda self: self.items)
    @rule(hours=st.integers(1, 40), rng=st.randoms())
    def poll(self, hours, rng):
        """A run over both feeds as they are now, in any order of arrival."""
        self.hour += hours
        seen = [item.seen(self.hour, place) for place, item in enumerate(self.items)]
        rng.shuffle(seen)
        judge = Judge(known_from(known_table(self.history.values())), WINDOW)
        for one in sorted(seen, key=visit_order):
            self.sightings.append(one)
            self.verdicts.append(judge.judge(one))
        self.history |= {item.item_id: item for item in judge.changed()}

    @invariant()
    def the_ledger_adds_up(self):
        outcomes = Counter(verdict.outcome for verdict in self.verdicts)
        assert sum(outcomes.values()) == len(self.sightings)
        assert set(outcomes) <= {*STORED, Outcome.UNCHANGED}

    @invariant()
    def ids_are_unique_and_revisions_count_on(self):
        rows = [
            (verdict.article_id, verdict.revision)
            for verdict in self.verdicts
            if verdict.outcome in (Outcome.NEW, Outcome.REVISED)
        ]
        assert len(set(rows)) == len(rows)
        for article_id, number in Counter(article_id for article_id, _ in rows).items():
            assert sorted(rev for found, rev in rows if found == article_id) == list(
                range(1, number + 1)
            )
        articles = {article_id for article_id, _ in rows}
        assert {
            verdict.article_id
            for verdict in self.verdicts
            if verdict.outcome is Outcome.DUPLICATE and verdict.kind != "same_item"
        } <= articles

    @invariant()
    def one_run_over_all_ends_in_the_same_place(self):
        judge = Judge((), WINDOW)
        assert [judge.judge(one) for one in self.sightings] == self.verdicts
        assert list(judge.changed()) == [self.history[key] for key in sorted(self.history)]

    @invariant()
    def the_stored_rows_make_the_history_again(self):
        replay = Judge((), timedelta(0))
        for one, verdict in zip(self.sightings, self.verdicts, strict=True):
            if verdict.outcome in STORED:
                replay.apply(one, verdict)
        assert list(replay.changed()) == [self.history[key] for key in sorted(self.history)]

    @invariant()
    def reading_it_all_again_changes_nothing(self):
        judge = Judge(self.history.values(), WINDOW)
        again = {judge.judge(one).outcome for one in self.sightings}
        assert again <= {Outcome.UNCHANGED}
        assert not list(judge.changed())


Newsroom.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestNewsroom = Newsroom.TestCase
