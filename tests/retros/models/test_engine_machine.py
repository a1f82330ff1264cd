"""Whatever the two do, in whatever order, the rows are what the rules say (docs/rules/visibility.md).

Hypothesis lets them press and write at random; after each verb the database is compared with `rules.py` beside it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from partnerships.models import Person
from partnerships.refusals import Refusal, Stale
from retros.models import Draft, Entry, EntryRevision, Note, Pick, Presence, Ready, Session
from tests.clock import Clock
from tests.retros.models.rules import Model, Outdated, Refused, Written
from tests.retros.play import ALONE, COLUMNS, LAST, PULSE, QUESTIONS, WRITE, Pair, Participant, make_pair

pytestmark = pytest.mark.one_database

WHO = st.sampled_from("ab")
TEXTS = st.sampled_from(["One", "Two", "Three"])
MOSTLY = st.sampled_from([True, True, True, False])
STEPS = st.sampled_from([WRITE, WRITE, WRITE, PULSE, LAST])
ANY_STEP = st.sampled_from([0, 1, 2, 2, 3, 4])

PAIR: Pair  # made once, and its session, too: every run takes back what it did
PLANNED: Session
OUTSIDER: Person


class Engine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.watching = connection.execute_wrapper(self._watch)
        self.watching.__enter__()
        self.clock = Clock()
        self.ticking = self.clock.running()
        self.ticking.__enter__()
        self.model = Model()
        self.session_id = PLANNED.pk
        self.hands = dict(zip("ab", PAIR.hands(PLANNED), strict=True))
        self.pages: dict[tuple[str, int], tuple[str, frozenset[tuple[Any, int]]]] = {}
        self.was_open: set[uuid.UUID] = set()
        self.versions = {"a": PLANNED.version_a, "b": PLANNED.version_b}
        self.has_written = True  # since the rows were compared
        self.compared = ""  # the model then

    def teardown(self) -> None:
        self.watching.__exit__(None, None, None)
        self.ticking.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def _watch(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.has_written |= not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        return execute(sql, params, many, context)

    def same(self, who: str, promised: Any, done: Any) -> Any:
        """Do it to both; the two must agree on yes and no, and on whether the partner is told."""
        expected: type[Refusal] | None = None
        shared = False
        try:
            shared = promised(self.model)
        except Outdated:
            expected = Stale
        except Refused:
            expected = Refusal
        before = self.versions
        result, refusal = None, None
        try:
            with transaction.atomic():
                result = done(self.hands[who])
        except Refusal as error:
            refusal = error
        if expected is None:
            assert refusal is None, f"Refused, though the rules allow it: {refusal}"
        else:
            assert refusal is not None, f"Allowed, though the rules say {expected}"
            assert isinstance(refusal, Stale) == (expected is Stale), f"{refusal!r} for {expected}"
        row = Session.objects.values("version_a", "version_b").get(pk=self.session_id)
        self.versions = {"a": row["version_a"], "b": row["version_b"]}
        other = "b" if who == "a" else "a"
        assert self.versions[who] - before[who] == (expected is None)
        assert self.versions[other] - before[other] == (expected is None and shared), "What the partner is told"
        return result

    def some(self, data: Any, *, by: str = "", **is_so: bool) -> Any:
        """The key of an entry with these marks, or None."""
        keys = [
            key
            for key, written in self.model.entries.items()
            if (not by or written.author == by) and all(getattr(written, name) == want for name, want in is_so.items())
        ]
        return data.draw(st.sampled_from(keys)) if keys else None

    # --- the course ----------------------------------------------------------------------------------------------

    @initialize(started=MOSTLY)
    def begin(self, started: bool) -> None:
        if started:
            self.start("a")

    @rule(who=WHO)
    def start(self, who: str) -> None:
        self.same(who, lambda m: m.start(self.clock.now), lambda h: h.session.start(by=h.person))

    @rule(minutes=st.sampled_from([1, 4, 5, 6]))
    def time_passes(self, minutes: int) -> None:
        self.clock.pass_minutes(minutes)

    @precondition(lambda self: self.model.status == "held")
    @rule()
    def a_day_passes(self) -> None:
        self.clock.pass_minutes(24 * 60)

    @rule(who=WHO)
    def is_here(self, who: str) -> None:
        hands = self.hands[who]
        hands.session.see(hands.person)
        self.model.seen[who] = self.clock.now

    @rule(who=WHO)
    def pause(self, who: str) -> None:
        self.same(who, lambda m: m.pause(), lambda h: h.session.pause(by=h.person))

    @rule(who=WHO)
    def resume(self, who: str) -> None:
        self.same(who, lambda m: m.resume(), lambda h: h.session.resume(by=h.person))

    @precondition(lambda self: self.clock.now.minute % 7 == 0)  # seldom, or no run would get anywhere
    @rule(who=WHO)
    def discard(self, who: str) -> None:
        self.same(who, lambda m: m.discard(), lambda h: h.session.discard(by=h.person))

    @rule(who=WHO)
    def reopen(self, who: str) -> None:
        self.same(who, lambda m: m.press_reopen(who, self.clock.now), lambda h: h.session.reopen(by=h.person))

    @rule(who=WHO, alone=st.booleans(), here=MOSTLY, position=ANY_STEP)
    def press_next(self, who: str, alone: bool, here: bool, position: int) -> None:
        position = self.model.position if here else position
        self.same(
            who,
            lambda m: m.press_next(who, position, self.clock.now, alone=alone),
            lambda h: h.next(position, alone=alone),
        )

    @rule(who=WHO, here=MOSTLY, position=ANY_STEP)
    def stay(self, who: str, here: bool, position: int) -> None:
        position = self.model.position if here else position
        self.same(who, lambda m: m.press_stay(who, position), lambda h: h.step(position).stay(by=h.person))

    # --- ready and reveal ----------------------------------------------------------------------------------------

    @rule(who=WHO, position=STEPS)
    def look(self, who: str, position: int) -> None:
        """Load the page, and press on it later."""
        self.pages[who, position] = (self.hands[who].digest(position), self.model.shown(who, position))

    @rule(who=WHO, position=STEPS, fresh=MOSTLY)
    def ready(self, who: str, position: int, fresh: bool) -> None:
        digest, page = self._page(who, position, fresh)
        self.same(
            who,
            lambda m: m.press_ready(who, position, page, self.clock.now),
            lambda h: h.ready(position, digest=digest),
        )

    @rule(who=WHO, position=STEPS, fresh=MOSTLY)
    def open_side(self, who: str, position: int, fresh: bool) -> None:
        digest, page = self._page(who, position, fresh)
        self.same(
            who,
            lambda m: m.press_open(who, position, page, self.clock.now),
            lambda h: h.open_side(position, digest=digest),
        )

    @rule(who=WHO, data=st.data(), text=TEXTS, press=st.sampled_from(["ready", "open"]))
    def change_in_one_tab_and_press_in_the_other(self, who: str, data: Any, text: str, press: str) -> None:
        if (key := self.some(data, by=who, is_card=True, is_deleted=False)) is None:
            return
        self.look(who, WRITE)
        version = self.model.entries[key].version
        self.same(
            who,
            lambda m: m.edit(who, key, text, version),
            lambda h: h.entry(key).edit(by=h.person, text=text, version=version),
        )
        (self.ready if press == "ready" else self.open_side)(who, WRITE, False)

    @rule(who=WHO, position=st.one_of(STEPS, ANY_STEP))
    def unready(self, who: str, position: int) -> None:
        self.same(who, lambda m: m.press_unready(who, position), lambda h: h.unready(position))

    def _page(self, who: str, position: int, fresh: bool) -> tuple[str, frozenset[tuple[Any, int]]]:
        if fresh or (who, position) not in self.pages:
            self.look(who, position)
        return self.pages[who, position]

    # --- writing -------------------------------------------------------------------------------------------------

    @rule(who=WHO, text=TEXTS, column=st.sampled_from(COLUMNS), only_me=MOSTLY)
    def fold(self, who: str, text: str, column: str, only_me: bool) -> None:
        only_me = not only_me
        key = uuid.uuid4()
        entry = self.same(
            who,
            lambda m: m.fold(who, key, WRITE, column, text, only_me),
            lambda h: h.fold(text, column, client_id=key, only_me=only_me),
        )
        if entry is not None:
            self.model.entries[entry.pk] = self.model.entries.pop(key)

    @rule(
        who=WHO, text=TEXTS, only_me=MOSTLY, fresh=MOSTLY,
        question=st.sampled_from([(position, key) for position, keys in QUESTIONS.items() for key in keys[-2:]]),
    )  # fmt: skip
    def answer(self, who: str, text: str, only_me: bool, fresh: bool, question: tuple[int, str]) -> None:
        only_me = not only_me
        position, prompt = question
        mine = [k for k, w in self.model.entries.items() if (w.author, w.prompt) == (who, prompt) and not w.is_card]
        key = mine[0] if mine else uuid.uuid4()
        version = self.model.entries[key].version if mine else 0
        version += 0 if fresh else 1
        entry = self.same(
            who,
            lambda m: m.answer(who, key, position, prompt, text, only_me, version),
            lambda h: h.answer(prompt, text, version=version, only_me=only_me),
        )
        if entry is not None and not mine:
            self.model.entries[entry.pk] = self.model.entries.pop(key)

    @rule(who=WHO, data=st.data(), text=TEXTS, fresh=MOSTLY, only_me=st.sampled_from([None, None, True, False]))
    def edit(self, who: str, data: Any, text: str, fresh: bool, only_me: bool | None) -> None:
        key = self.some(data, is_card=True, is_deleted=False)
        if key is None or key not in self.model.visible(who):
            return
        version = self.model.entries[key].version - (not fresh)
        self.same(
            who,
            lambda m: m.edit(who, key, text, version, only_me),
            lambda h: h.entry(key).edit(by=h.person, text=text, version=version, only_me=only_me),
        )

    @rule(who=WHO, data=st.data(), column=st.sampled_from(COLUMNS))
    def move(self, who: str, data: Any, column: str) -> None:
        key = self.some(data, is_card=True, is_deleted=False)
        if key is not None and key in self.model.visible(who):
            self.same(
                who, lambda m: m.move(who, key, column), lambda h: h.entry(key).move(h.prompt(column), by=h.person)
            )  # fmt: skip

    @rule(who=WHO, data=st.data())
    def delete(self, who: str, data: Any) -> None:
        key = self.some(data, is_deleted=False)
        if key is not None and key in self.model.visible(who):
            self.same(who, lambda m: m.delete(who, key), lambda h: h.entry(key).soft_delete(by=h.person))

    @rule(who=WHO, data=st.data())
    def restore(self, who: str, data: Any) -> None:
        key = self.some(data, by=who, is_deleted=True)
        if key is not None:
            self.same(who, lambda m: m.restore(who, key), lambda h: h.entry(key, deleted=True).restore(by=h.person))

    @rule(who=WHO, text=TEXTS)
    def draft(self, who: str, text: str) -> None:
        """Typing is nobody's business: nothing may change but the draft."""
        person = self.hands[who].person
        now = Draft.objects.filter(person=person, key="card:x").values_list("version", flat=True).first()
        Draft.keep("card:x", text, version=now or 0, by=person)

    # --- talking -------------------------------------------------------------------------------------------------

    @rule(who=WHO, data=st.data(), take_back=st.booleans())
    def pick(self, who: str, data: Any, take_back: bool) -> None:
        if (key := self._seen(who, data)) is not None:
            verb = Entry.unpick if take_back else Entry.pick
            self.same(
                who, lambda m: m.pick(who, key, take_back=take_back), lambda h: verb(h.entry(key), by=h.person)
            )  # fmt: skip

    @rule(who=WHO, data=st.data())
    def table(self, who: str, data: Any) -> None:
        if (key := self._seen(who, data)) is not None:
            self.same(who, lambda m: m.table(key), lambda h: h.entry(key).put_on_table(by=h.person))

    @rule(who=WHO, data=st.data(), talk=st.sampled_from(["", "talked", "parked"]))
    def talk(self, who: str, data: Any, talk: str) -> None:
        if (key := self._seen(who, data)) is not None:
            self.same(who, lambda m: m.talk(key, talk), lambda h: h.entry(key).set_talk(talk, by=h.person))

    @rule(who=WHO, data=st.data(), text=TEXTS, fresh=MOSTLY)
    def note(self, who: str, data: Any, text: str, fresh: bool) -> None:
        key = self._seen(who, data)
        if key is None or not self.model.entries[key].is_card:
            return
        version = self.model.entries[key].note_version + (not fresh)

        def write(hands: Participant) -> Note:
            entry = hands.entry(key)
            return Note.came_up(entry.step, entry=entry, by=hands.person, text=text, version=version)

        if not fresh and self.model.entries[key].note is None:
            return  # a version of a note that never was
        self.same(who, lambda m: m.note(key, text, version), write)

    def _seen(self, who: str, data: Any) -> Any:
        """Mostly something open; sometimes one's own folded card."""
        key = self.some(data, is_deleted=False, is_open=data.draw(MOSTLY))
        return key if key in self.model.visible(who) else None

    # --- what must hold after every verb --------------------------------------------------------------------------

    @invariant()
    def all_that_the_rules_say(self) -> None:
        """Where neither a row nor the model changed, all is as it was compared."""
        model = repr(vars(self.model))
        if self.has_written or model != self.compared:
            self.rows_are_what_the_rules_say()
            self.each_sees_what_the_rules_allow()
            self.the_session_is_where_the_rules_say()
            self.has_written, self.compared = False, model

    def rows_are_what_the_rules_say(self) -> None:
        model = self.model
        rows = {
            entry.pk: entry
            for entry in Entry.unrestricted.filter(step__session=self.session_id).select_related("prompt")
        }
        assert rows.keys() == model.entries.keys()
        is_open = {key for key, row in rows.items() if row.opened_at}
        assert self.was_open <= is_open, "What was opened never folds again."
        self.was_open = is_open
        for key, written in model.entries.items():
            row = rows[key]
            assert self._of(row) == self._promised(written), key
            if not row.is_card and not row.only_me:
                sealed = written.author in model.ready[written.position] or written.is_open
                assert (row.sealed_at is not None) == sealed, "An answer is sealed by its author's Ready alone."
            assert row.opened_version is None or row.opened_version <= row.version
        earlier: dict[uuid.UUID, list[str]] = {}
        for revision in EntryRevision.objects.filter(entry__in=rows).order_by("version"):
            earlier.setdefault(revision.entry_id, []).append(revision.text)
        assert earlier == {key: w.earlier for key, w in model.entries.items() if w.earlier}
        assert {(p.entry_id, p.person_id) for p in Pick.objects.filter(entry__in=rows)} == {
            (key, self.hands[who].person.pk) for key, w in model.entries.items() for who in w.picks
        }
        assert dict(Note.objects.filter(entry__in=rows).values_list("entry_id", "text")) == {
            key: w.note for key, w in model.entries.items() if w.note is not None
        }

    def each_sees_what_the_rules_allow(self) -> None:
        seen = {}
        for who, hands in self.hands.items():
            visible = Entry.objects.visible_to(hands.person).filter(step__session=self.session_id)
            seen[who] = dict(visible.values_list("pk", "text"))
            assert seen[who] == self.model.visible(who)
        for who, other in (("a", "b"), ("b", "a")):
            strangers = [self.model.entries[key] for key in seen[who] if self.model.entries[key].author == other]
            assert not any(written.only_me for written in strangers)
            assert all(other in self.model.sides[written.position] for written in strangers)
        assert not Entry.objects.visible_to(OUTSIDER).exists()

    def the_session_is_where_the_rules_say(self) -> None:
        model = self.model
        session = Session.objects.get(pk=self.session_id)
        assert (session.status, session.paused_at is not None) == (model.status, model.is_paused)
        assert session.position == model.position
        marks: dict[tuple[int, str], set[str]] = {}
        seats = {hands.person.pk: who for who, hands in self.hands.items()}
        for mark in Ready.objects.filter(step__session=session).select_related("step"):
            marks.setdefault((mark.step.position, mark.purpose), set()).add(seats[mark.person_id])
        promised = {(position, "reveal"): set(of) for position, of in model.ready.items() if of}
        promised |= {(position, "next"): set(of) for position, of in model.next.items() if of}
        promised |= {(LAST, "reopen"): model.reopen} if model.reopen else {}
        assert marks == promised
        for step in session.step_set.all():
            opened = {seat for seat in "ab" if getattr(step, f"opened_{seat}_at")}
            assert opened == model.sides[step.position]
            assert step.is_revealed == model.revealed(step.position)
            assert not opened or step.position in ALONE
            if step.position == WRITE:
                counts = {who: step.folded_cards(hands.person) for who, hands in self.hands.items()}
                assert counts == {who: model.folded(who, WRITE) for who in "ab"}
        assert Presence.objects.filter(session=session).count() == 2

    @staticmethod
    def _of(row: Entry) -> tuple[object, ...]:
        return (
            row.text, row.prompt.key, row.version, row.only_me, row.opened_at is not None, row.deleted_at is not None,
            row.talk,
        )  # fmt: skip

    @staticmethod
    def _promised(written: Written) -> tuple[object, ...]:
        return (
            written.text, written.prompt, written.version, written.only_me, written.is_open, written.is_deleted,
            written.talk,
        )  # fmt: skip


@pytest.fixture
def two(db: None) -> None:
    global PAIR, PLANNED, OUTSIDER
    PAIR, OUTSIDER = make_pair(), make_pair().ines
    with Clock().running():
        PLANNED = PAIR.planned()


def test_the_engine_keeps_its_rules(two: None) -> None:
    run_state_machine_as_test(Engine, settings=settings(max_examples=200, stateful_step_count=30))


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_the_engine_keeps_its_rules_for_longer(two: None, part: int) -> None:
    """In four parts, so that they can run beside each other; each begins elsewhere by itself."""
    run_state_machine_as_test(Engine, settings=settings(max_examples=200, stateful_step_count=50))
