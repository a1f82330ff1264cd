"""Two verbs at once, in every order of their four moments, end where one after the other would have ended.

The moments of a verb: its transaction begins, it reads, it commits, it tells the streams. A lock may hold one of the
two back, and then the order is not walked to the letter; that it may is what is tested.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from itertools import combinations, product
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from partnerships.refusals import Refusal, Stale
from retros.models import Entry, EntryRevision, Ready, Session
from tests.clock import Clock
from tests.presses import AtOnce
from tests.retros.models.rules import Model, Outdated, Refused, Written
from tests.retros.play import LAST, WRITE, Pair, make_pair

pytestmark = pytest.mark.django_db(transaction=True)

ACTIONS = ("ready", "unready", "edit", "fold", "delete", "open", "next", "close")
BASES = ("folded", "a ready", "b ready", "a open", "revealed", "a next", "last", "a closing")
MOMENTS = 4
ORDERS = [tuple(i in first for i in range(2 * MOMENTS)) for first in combinations(range(2 * MOMENTS), MOMENTS)]
CASES = list(product(ACTIONS, ACTIONS, range(len(ORDERS))))
BLOCKED = 0.02  # seconds after which a verb that was let go is taken to wait for the other one's lock


class Turns:
    """Lets two threads go on from moment to moment in a given order."""

    def __init__(self, order: tuple[bool, ...]) -> None:
        self.order = order
        self.free = {True: threading.Semaphore(0), False: threading.Semaphore(0)}
        self.changed = threading.Condition()
        self.arrived = {True: 0, False: 0}
        self.done = {True: False, False: False}
        self.mine = threading.local()

    @contextmanager
    def taking(self, first: bool) -> Iterator[None]:
        self.mine.first, self.mine.passed = first, set()
        try:
            yield
        finally:
            with self.changed:
                self.done[first] = True
                self.changed.notify_all()

    def moment(self, name: str) -> None:
        if not hasattr(self.mine, "first") or name in self.mine.passed:
            return
        self.mine.passed.add(name)
        with self.changed:
            self.arrived[self.mine.first] += 1
            self.changed.notify_all()
        assert self.free[self.mine.first].acquire(timeout=30), "Nobody let this verb go on."

    def conduct(self) -> None:
        let_go = {True: 0, False: 0}
        self._wait(lambda: all(self.arrived[t] or self.done[t] for t in (True, False)), 30)
        for turn in self.order:
            let_go[turn] += 1
            was_stuck = self.arrived[turn] < let_go[turn] and not self.done[turn]
            self.free[turn].release()
            if not was_stuck:
                self._wait(partial(self._is_past, turn, let_go[turn]), BLOCKED)
        for turn in (True, False):
            self.free[turn].release(MOMENTS)

    def _is_past(self, turn: bool, moment: int) -> bool:
        return self.arrived[turn] > moment or self.done[turn]

    def _wait(self, until: Callable[[], bool], seconds: float) -> None:
        with self.changed:
            self.changed.wait_for(until, seconds)


@contextmanager
def moments(turns: Turns) -> Iterator[None]:
    read, commit = Session.refresh_from_db, BaseDatabaseWrapper.commit
    notify = BaseDatabaseWrapper.run_and_clear_commit_hooks

    def refresh_from_db(self: Session, *args: Any, **kwargs: Any) -> None:
        turns.moment("read")
        read(self, *args, **kwargs)

    def committing(self: Any) -> None:
        turns.moment("commit")
        commit(self)

    def notifying(self: Any) -> None:
        turns.moment("notify")
        notify(self)

    with (
        mock.patch.object(Session, "refresh_from_db", refresh_from_db),
        mock.patch.object(BaseDatabaseWrapper, "commit", committing),
        mock.patch.object(BaseDatabaseWrapper, "run_and_clear_commit_hooks", notifying),
    ):
        yield


class Case:
    """One session at one of the bases, in the database and in the model, and two verbs on it."""

    def __init__(self, pair: Pair, clock: Clock, base: str) -> None:
        self.clock, self.model = clock, Model()
        with transaction.atomic():
            session = pair.started()
            self.model.start(clock.now)
            self.hands = dict(zip("ab", pair.hands(session), strict=True))
            self.keys = {}
            for who, hands in self.hands.items():
                entry = hands.fold(f"From {who}")
                self.keys[who] = entry.pk
                self.model.entries[entry.pk] = Written(who, WRITE, "good", f"From {who}")
            self._come_to(base, session)
        session.refresh_from_db()
        self.told = {"a": session.version_a, "b": session.version_b}

    def _come_to(self, base: str, session: Session) -> None:
        position = {"last": LAST, "a closing": LAST, "revealed": WRITE, "a next": WRITE}.get(base, WRITE)
        Session.objects.filter(pk=session.pk).update(position=position)
        self.model.position = position
        step = LAST if position == LAST else WRITE
        if base in {"a ready", "revealed", "a next", "last", "a closing"}:
            self._both("a", "ready", step)
        if base in {"b ready", "revealed", "a next", "last", "a closing"}:
            self._both("b", "ready", step)
        if base == "a open":
            self._both("a", "open", step)
        if base in {"a next", "a closing"}:
            self._both("a", "next", step)

    def _both(self, who: str, verb: str, step: int) -> None:
        hands, now = self.hands[who], self.clock.now
        if verb == "next":
            hands.next(step)
            self.model.press_next(who, step, now, alone=False)
        else:
            getattr(hands, {"ready": "ready", "open": "open_side"}[verb])(step)
            getattr(self.model, f"press_{verb}")(who, step, self.model.shown(who, step), now)

    def load(self, who: str, action: str, label: str) -> Callable[[], Any]:
        """What a view does before the verb."""
        hands, by = self.hands[who], self.hands[who].person
        if action == "fold":
            prompt = hands.prompt("bad")
            return lambda: Entry.fold(prompt, by=by, text=f"New {label}", client_id=uuid.uuid4())
        if action in {"edit", "delete"}:
            entry = hands.entry(self.keys[who])
            if action == "edit":
                return lambda: entry.edit(by=by, text=f"Edited {label}", version=entry.version)
            return lambda: entry.soft_delete(by=by)
        if action in {"next", "close"}:
            step = hands.step(LAST if action == "close" else hands.session.position)
            return lambda: step.ready_for_next(by=by)
        step = hands.step(WRITE)
        digest = step.digest(by)
        verbs: dict[str, Callable[[], Any]] = {
            "ready": lambda: step.ready(by=by, digest=digest),
            "unready": lambda: step.unready(by=by),
            "open": lambda: step.open_side(by=by, digest=digest),
        }
        return verbs[action]

    def promise(self, *pressed: tuple[str, str, str]) -> tuple[Any, ...]:
        """Where the rules end when these (who, action, label) come one after the other."""
        model, told, now = deepcopy(self.model), dict(self.told), self.clock.now
        pages = {who: self.model.shown(who, WRITE) for who in "ab"}
        versions = {key: written.version for key, written in self.model.entries.items()}
        said = {}
        for who, action, label in pressed:
            key = self.keys[who]
            try:
                match action:
                    case "ready":
                        shared = model.press_ready(who, WRITE, pages[who], now)
                    case "unready":
                        shared = model.press_unready(who, WRITE)
                    case "open":
                        shared = model.press_open(who, WRITE, pages[who], now)
                    case "edit":
                        shared = model.edit(who, key, f"Edited {label}", versions[key])
                    case "fold":
                        shared = model.fold(who, label, WRITE, "bad", f"New {label}", False)
                    case "delete":
                        gone = model.entries[key].is_deleted
                        shared = False if gone and model.status == "in_progress" else model.delete(who, key)
                    case _:
                        position = LAST if action == "close" else self.model.position
                        shared = model.press_next(who, position, now, alone=False)
            except Outdated:
                said[label] = "stale"
                continue
            except Refused:
                said[label] = "refused"
                continue
            said[label] = "done"
            for seat in "ab" if shared else who:
                told[seat] += 1
        entries = {
            (w.text, w.version, w.is_open, w.is_deleted, w.prompt, tuple(w.earlier)) for w in model.entries.values()
        }
        marks = {(position, "reveal", who) for position, of in model.ready.items() for who in of}
        marks |= {(position, "next", who) for position, of in model.next.items() for who in of}
        sides = {(position, who) for position, of in model.sides.items() for who in of}
        seen = {who: set(model.visible(who).values()) for who in "ab"}
        return (said, model.status, model.position, told, entries, marks, sides, seen)

    def outcome(self, said: dict[str, str]) -> tuple[Any, ...]:
        """Where the database ended."""
        session = Session.objects.get(pk=self.hands["a"].session_id)
        seats = {hands.person.pk: who for who, hands in self.hands.items()}
        rows = list(Entry.unrestricted.filter(step__session=session).select_related("prompt"))
        earlier: dict[uuid.UUID, list[str]] = {}
        for revision in EntryRevision.objects.filter(entry__in=rows).order_by("version"):
            earlier.setdefault(revision.entry_id, []).append(revision.text)
        entries = {
            (
                row.text, row.version, row.opened_at is not None, row.deleted_at is not None, row.prompt.key,
                tuple(earlier.get(row.pk, [])),
            )
            for row in rows
        }  # fmt: skip
        marks = {
            (mark.step.position, mark.purpose, seats[mark.person_id])
            for mark in Ready.objects.filter(step__session=session).select_related("step")
        }
        sides = {(step.position, seat) for step in session.steps for seat in "ab" if getattr(step, f"opened_{seat}_at")}
        told = {"a": session.version_a, "b": session.version_b}
        seen = {who: hands.sees() for who, hands in self.hands.items()}
        return (said, session.status, session.position, told, entries, marks, sides, seen)


def walk(pair: Pair, clock: Clock, both: AtOnce, case: tuple[str, str, int], base: str, second: str = "b") -> None:
    """One pair of actions in one order. `second`: who does the other one; "a" is the same person in two tabs."""
    one, two, order = case
    it = Case(pair, clock, base)
    turns = Turns(ORDERS[order])
    loads = {True: it.load("a", one, "one"), False: it.load(second, two, "two")}

    def job(first: bool) -> str:
        with turns.taking(first):
            turns.moment("begin")
            try:
                loads[first]()
            except Stale:
                return "stale"
            except Refusal:
                return "refused"
            return "done"

    conductor = threading.Thread(target=turns.conduct)
    with moments(turns):
        conductor.start()
        results = both.run(lambda: job(True), lambda: job(False))
        conductor.join()
    for result in results:
        assert not isinstance(result, Exception), f"{case} from “{base}”: {result!r}"
    found = it.outcome({"one": results[0], "two": results[1]})
    pressed = ("a", one, "one"), (second, two, "two")
    serial = [it.promise(*pressed), it.promise(*reversed(pressed))]
    assert found in serial, f"{case} from “{base}” ended where no serial order ends:\n{found}\nnot in\n{serial}"


def test_the_bases_and_the_model_agree(transactional_db: None, clock: Clock) -> None:
    pair = make_pair()
    for base in BASES:
        case = Case(pair, clock, base)
        assert case.outcome({}) == case.promise(), base


@pytest.mark.one_database
def test_one_after_the_other_is_what_the_model_says(transactional_db: None, clock: Clock) -> None:
    """The measure itself: without any haste each pair of verbs ends where the model says."""
    pair, pick = make_pair(), random.Random(1)
    for one, two, base in pick.sample(list(product(ACTIONS, ACTIONS, BASES)), 60):
        case, said = Case(pair, clock, base), {}
        loaded = [("one", case.load("a", one, "one")), ("two", case.load("b", two, "two"))]
        for label, verb in loaded:
            try:
                verb()
                said[label] = "done"
            except Stale:
                said[label] = "stale"
            except Refusal:
                said[label] = "refused"
        assert case.outcome(said) == case.promise(("a", one, "one"), ("b", two, "two")), (one, two, base)


def test_some_orders_end_as_a_serial_one(transactional_db: None, clock: Clock, both: AtOnce) -> None:
    pair, pick = make_pair(), random.Random(20261121)
    for case in pick.sample(CASES, 60):  # what the default run has time for, on each of two databases
        walk(pair, clock, both, case, pick.choice(BASES))


def test_some_orders_of_one_persons_two_tabs(transactional_db: None, clock: Clock, both: AtOnce) -> None:
    """A Ready of the page that was loaded, at once with a change in the other tab, opens nothing that was not on it."""
    pair, pick = make_pair(), random.Random(20261121)
    for press, change in product(("ready", "open"), ("edit", "fold", "delete")):
        for order in pick.sample(range(len(ORDERS)), 8):
            walk(pair, clock, both, (press, change, order), pick.choice(["folded", "b ready"]), second="a")


@pytest.mark.deep
@pytest.mark.parametrize("second", ["b", "a"])
@pytest.mark.parametrize("action", ACTIONS)
def test_all_orders_end_as_a_serial_one(
    transactional_db: None, clock: Clock, both: AtOnce, action: str, second: str
) -> None:
    pair = make_pair()
    for n, case in enumerate(case for case in CASES if case[0] == action):
        if second == "b" or n % 7 == 0:
            walk(pair, clock, both, case, BASES[n % len(BASES)], second=second)
