"""At the rows: what Ines writes alone changes nothing that Tom could read, count or time.

Two runs share everything that Tom may know (who is ready when, how many cards lie folded) and differ in everything
else: texts, columns, order, hours, drafts, “only me”, what was taken back. All that Tom can load must be the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from retros.models import Action, Draft, Entry, EntryRevision, Note, Pick, Presence, Ready, Session, Step
from retros.room.page import room_at
from retros.room.steps.asks import Asks
from retros.room.steps.board import Board
from tests.clock import Clock
from tests.retros.play import CLOSE, COLUMNS, PULSE, WRITE, Participant, make_pair

pytestmark = pytest.mark.one_database

MINUTES = st.integers(0, 50)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip)
COLUMN = st.sampled_from(COLUMNS)
Op = Callable[[Participant], None]


def _changing_a_folded_card(verb: Callable[[Entry, Participant], None]) -> Op:
    def op(hands: Participant) -> None:
        mine = Entry.objects.visible_to(hands.person).filter(author=hands.person, is_card=True, opened_at=None)
        if (entry := mine.order_by("pk").first()) is not None:
            verb(hands.entry(entry.pk), hands)

    return op


def fold(text: str, column: str, only_me: bool) -> Op:
    return lambda hands: (hands.fold(text, column, only_me=only_me), None)[1]


def answer(prompt: str, text: str, only_me: bool) -> Op:
    return lambda hands: (hands.answer_again(prompt, text, only_me=only_me), None)[1]


def draft(text: str, box: str) -> Op:
    def op(hands: Participant) -> None:
        kept = Draft.objects.filter(person=hands.person, key=box).first()
        Draft.keep(box, text, version=kept.version if kept else 0, by=hands.person)

    return op


def replaced(text: str, column: str) -> Op:
    """One card less, one card more."""

    def op(hands: Participant) -> None:
        before = hands.step(WRITE).folded_cards(hands.person)
        if before:
            _changing_a_folded_card(lambda entry, h: entry.soft_delete(by=h.person))(hands)
            if hands.step(WRITE).folded_cards(hands.person) < before:
                hands.fold(text, column)

    return op


TOUCHED = st.one_of(
    st.builds(lambda t: _changing_a_folded_card(lambda e, h: e.edit(by=h.person, text=t, version=e.version)), TEXT),
    st.builds(lambda c: _changing_a_folded_card(lambda e, h: e.move(h.prompt(c), by=h.person)), COLUMN),
    st.builds(replaced, TEXT, COLUMN),
    st.builds(answer, st.sampled_from(["changed", "impacted", "appreciation"]), TEXT, st.booleans()),
)
PRIVATE = st.one_of(
    st.builds(fold, TEXT, COLUMN, st.just(True)),
    st.builds(answer, st.just("life_career"), TEXT, st.just(True)),
    st.builds(draft, TEXT, st.sampled_from(["card:good", "edit:1", "action:1"])),
)


@dataclass
class Block:
    """A stretch of work alone: the cards it folds are counted, nothing else of it may be noticed."""

    cards: list[tuple[str, str]]
    touched: list[Op]
    private: list[Op]
    minutes: int


@st.composite
def two_runs(draw: Any) -> tuple[list[Block], list[Block]]:
    """Two lists of blocks that fold the same number of cards, block by block."""
    runs: tuple[list[Block], list[Block]] = ([], [])
    for _block in range(2):
        cards = draw(st.integers(0, 3))
        for run in runs:
            run.append(
                Block(
                    draw(st.lists(st.tuples(TEXT, COLUMN), min_size=cards, max_size=cards)),
                    draw(st.lists(TOUCHED, max_size=3)), draw(st.lists(PRIVATE, max_size=3)), draw(MINUTES),
                )
            )  # fmt: skip
    return runs


class Story:
    """The same retro twice, as Tom can know it."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.began = clock, clock.now
        pair = make_pair()
        self.session: Session = pair.planned()
        self.ines, self.tom = pair.hands(self.session)
        self.tom.fold("Tom’s own card", client_id=uuid.UUID(int=7))

    def told(self, blocks: list[Block]) -> list[Any]:
        """What Tom could read at each point, and how many queries it took."""
        with self.taken_back():
            seen = [self.toms_view()]
            for chapter, block in enumerate(blocks):
                self.alone(block)
                seen.append(self.toms_view())
                if chapter == 0:
                    self.at_minute(60)
                    self.tom.session.start(by=self.tom.person)
            self.at_minute(120)
            self.ines.ready(WRITE)
            self.ines.ready(PULSE)
            seen.append(self.toms_view())
            for block in blocks:
                for op in block.private:  # after the Ready: what is nobody's business does not upset it
                    op(self.ines)
            seen.append(self.toms_view())
            self.ines.unready(WRITE)
            self.ines.unready(PULSE)
            self.at_minute(180)
            self.alone(Block([], blocks[0].touched, blocks[1].private, blocks[1].minutes))
            seen.append(self.toms_view())
            self.tom.open_side(WRITE)  # Tom opens his; hers stays hers
            self.alone(Block([], blocks[1].touched, [], blocks[0].minutes))
            seen.append(self.toms_view())
            return seen

    def alone(self, block: Block) -> None:
        until = self.clock.now
        self.clock.pass_minutes(block.minutes)
        for text, column in block.cards:
            self.ines.fold(text, column)
        for op in [*block.touched, *block.private]:
            self.clock.now += timedelta(seconds=block.minutes)
            op(self.ines)
        self.clock.now = until

    def at_minute(self, minute: int) -> None:
        self.clock.now = self.began + timedelta(minutes=minute)

    def toms_view(self) -> dict[str, Any]:
        queries: list[str] = []

        def count(execute: Any, sql: str, *rest: Any) -> Any:
            queries.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(count):
            view = self._toms_view()
        return {**view, "queries": queries}

    def _toms_view(self) -> dict[str, Any]:
        tom, ines = self.tom.person, self.ines.person
        session = Session.objects.filter(pk=self.session.pk)
        rooms = [room_at(self.tom.session, tom, position) for position in (PULSE, WRITE, CLOSE)]
        mine = Entry.objects.visible_to(tom).filter(step__session=self.session)
        return {
            "session": list(session.values(*self._columns(Session, {"version_a"}))),
            "steps": list(Step.objects.filter(session=self.session).values()),
            "marks": list(
                Ready.objects.filter(step__session=self.session).order_by("pk").values("step", "person", "at")
            ),
            "presences": list(Presence.objects.filter(session=self.session).values()),
            "entries": list(mine.order_by("pk").values()),
            "revisions": list(EntryRevision.objects.filter(entry__in=mine).values()),
            "picks": list(Pick.objects.filter(entry__in=mine).values()),
            "notes": list(Note.objects.visible_to(tom).values()),
            "actions": list(Action.objects.visible_to(tom).values()),
            "drafts": list(Draft.objects.filter(person=tom).values()),
            "counts": [Step.objects.get(session=self.session, position=n).folded_cards(ines) for n in (PULSE, WRITE)],
            "rooms": [
                (
                    room.step_digest,
                    room.phase,
                    room.folded,
                    room.dock.ready_label,
                    room.partner.is_ready,
                    room.partner.doing,
                )
                for room in rooms
            ],
            "cards": [[card.entry.text for card in room.cards] for room in rooms if isinstance(room, Board)],
            "answers": [[q.partners.is_empty for q in room.questions] for room in rooms if isinstance(room, Asks)],
        }

    @staticmethod
    def _columns(model: type[Session], but: set[str]) -> list[str]:
        return [field.attname for field in model._meta.concrete_fields if field.attname not in but]

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        self.clock.now = self.began


@pytest.fixture
def story(db: None) -> Iterator[Story]:
    with Clock().running() as clock:
        yield Story(clock)


def check(story: Story, runs: tuple[list[Block], list[Block]]) -> None:
    one, other = (story.told(run) for run in runs)
    for point, (left, right) in enumerate(zip(one, other, strict=True)):
        for name in left:
            assert left[name] == right[name], f"At point {point} Tom can tell the two apart by: {name}"


def test_what_is_written_alone_is_not_to_be_inferred(story: Story) -> None:
    @settings(max_examples=20)
    @given(two_runs())
    def inferred(runs: tuple[list[Block], list[Block]]) -> None:
        check(story, runs)

    inferred()


@pytest.mark.deep
def test_what_is_written_alone_is_not_to_be_inferred_ever(story: Story) -> None:
    @settings(max_examples=250)
    @given(two_runs())
    def inferred(runs: tuple[list[Block], list[Block]]) -> None:
        check(story, runs)

    inferred()


def test_the_measure_sees_a_card_more(story: Story) -> None:
    """The measure itself: two runs that differ in what Tom may know do differ."""
    nothing, a_card = Block([], [], [], 0), Block([("A card", "good")], [], [], 0)
    quiet, loud = story.told([nothing, nothing]), story.told([a_card, nothing])
    assert quiet[0] == loud[0]
    assert (quiet[1]["counts"], loud[1]["counts"]) == ([0, 0], [0, 1])
    assert {name for name in quiet[1] if quiet[1][name] != loud[1][name]} == {"counts", "rooms"}
