"""Whatever a pair did: each export and the shelf hold exactly what their reader may read, found by reading them.

What somebody may read is said here once more, over plain rows (docs/rules/visibility.md V1, V2, V22).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partnerships import limits
from partnerships.models import Partnership, Person
from partnerships.refusals import Refusal
from retros.bring_in.verbs import BringIn
from retros.lifecycle.export import archive
from retros.lifecycle.take_along import File, Form, take
from retros.models import Action, Entry, EntryRevision, Jot, KindWord, Note, creation
from retros.shelf.page import Shelf
from tests.cast import Cast, client_of, make_cast
from tests.retros import play
from tests.retros.lifecycle.files import files
from tests.retros.play import CLOSE, LOOK_BACK, PULSE, WRITE, Participant

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

MARK = re.compile(r"zq\d+zq")
CAST = ("ines", "tom", "priya", "daniel", "sara", "mei", "ada")


class History:
    """What one pair does, act by act; each text has a mark of its own. What is refused does not happen."""

    def __init__(self, pair: Partnership) -> None:
        self.pair = pair
        self.people = play.members(pair)
        self.session = creation.start_now(pair, by=self.people[0])
        self.ahead = play.plan(pair)
        self.number = 0

    def mark(self) -> str:
        self.number += 1
        return f"zq{self.pair.pk.int % 10**6}{self.number:04}zq"

    def do(self, act: int, who: int, odd: bool) -> None:
        person = self.people[who]
        try:
            with transaction.atomic():
                ACTS[act % len(ACTS)](
                    self, Participant(person, (self.ahead if odd and act % 2 else self.session).pk), odd
                )
        except Refusal:
            pass

    def fold(self, hand: Participant, odd: bool) -> None:
        column = hand.step(WRITE).prompts[0].key
        hand.fold(self.mark(), column, only_me=odd)

    def bring(self, hand: Participant, _odd: bool) -> None:
        BringIn(Partnership.objects.of(hand.person).with_members().get(pk=self.pair.pk), hand.person).put_in_cards(
            f"{self.mark()}\n{self.mark()}", id=uuid.uuid4()
        )

    def edit(self, hand: Participant, _odd: bool) -> None:
        for card in self._own(hand, deleted_at=None):
            card.edit(by=hand.person, text=self.mark(), version=card.version)

    def delete(self, hand: Participant, _odd: bool) -> None:
        for card in self._own(hand, deleted_at=None):
            card.soft_delete(by=hand.person)

    def restore(self, hand: Participant, _odd: bool) -> None:
        for card in self._own(hand, deleted_at__isnull=False):
            card.restore(by=hand.person)

    def _own(self, hand: Participant, **which: object) -> list[Entry]:
        rows = Entry.unrestricted.filter(author=hand.person, step__session=hand.session_id, is_card=True, **which)
        return list(rows.select_related("step__session").order_by("created_at")[:1])

    def answer(self, hand: Participant, odd: bool) -> None:
        for key in ("changed", "appreciation"):
            hand.answer_again(key, self.mark(), only_me=odd)

    def ready(self, hand: Participant, _odd: bool) -> None:
        for position in (PULSE, WRITE, CLOSE):
            hand.ready(position)

    def open_side(self, hand: Participant, _odd: bool) -> None:
        hand.open_side(WRITE)

    def note(self, hand: Participant, _odd: bool) -> None:
        Note.came_up(hand.step(LOOK_BACK), by=hand.person, text=self.mark(), version=self._noted(hand))

    def _noted(self, hand: Participant) -> int:
        note = Note.objects.filter(step=hand.step(LOOK_BACK)).first()
        return note.version if note else 0

    def agree(self, hand: Participant, odd: bool) -> None:
        card = Entry.objects.visible_to(hand.person).filter(is_card=True, step__session__partnership=self.pair).first()
        play.agree(
            self.pair, self.mark(), owners="ab" if odd else "a", entry=card if odd else None, due=date(2030, 1, 1)
        )

    def bring_actions(self, hand: Participant, _odd: bool) -> None:
        pair = Partnership.objects.of(hand.person).with_members().get(pk=self.pair.pk)
        BringIn(pair, hand.person).put_in_actions(f"action,due\n{self.mark()},2030-01-01", id=uuid.uuid4())

    def jot(self, hand: Participant, odd: bool) -> None:
        jot = Jot.keep(self.pair, by=hand.person, text=self.mark(), id=uuid.uuid4())
        if odd:
            jot.soft_delete(by=hand.person)

    def give(self, hand: Participant, odd: bool) -> None:
        word = KindWord.give(self.pair, by=hand.person, text=self.mark(), id=uuid.uuid4())
        if odd:
            word.soft_delete(by=word.receiver)


ACTS: tuple[Callable[[History, Participant, bool], None], ...] = (
    History.fold, History.bring, History.edit, History.delete, History.restore, History.answer, History.ready,
    History.open_side, History.note, History.agree, History.bring_actions, History.jot, History.give,
)  # fmt: skip


def may_read(person: Person, pair: Partnership) -> dict[str, set[str]]:
    """The marks that this person may read, by the kind of thing."""
    if person not in play.members(pair):
        return {name: set() for name in ("entries", "earlier", "notes", "actions", "jots", "words", "said")}
    entries = Entry.unrestricted.filter(step__session__partnership=pair, deleted_at=None).select_related("prompt")
    readable = [e for e in entries if e.author_id == person.pk or (e.opened_at and not e.only_me)]
    own = [e.pk for e in readable if e.author_id == person.pk]
    earlier = EntryRevision.objects.filter(entry__in=own)
    said = [e for e in readable if e.prompt.key == "appreciation" and e.opened_at and e.author_id != person.pk]
    texts = {
        "entries": [e.text for e in readable],
        "earlier": [e.text for e in earlier],
        "notes": [n.text for n in Note.objects.filter(step__session__partnership=pair, deleted_at=None)],
        "actions": [a.text for a in Action.objects.filter(partnership=pair, deleted_at=None)],
        "jots": [j.text for j in Jot.objects.filter(partnership=pair, person=person, dropped_at=None)],
        "words": [w.text for w in KindWord.objects.filter(partnership=pair, receiver=person, dropped_at=None)],
        "said": [e.text for e in said],
    }
    return {name: {mark for text in found for mark in MARK.findall(text)} for name, found in texts.items()}


def marks(text: str) -> set[str]:
    return set(MARK.findall(text))


def taken(pair: Partnership, person: Person, form: Form) -> str:
    made = take(pair, by=person, form=form)
    assert isinstance(made, File)
    return made.content.decode("utf-8-sig")


def check(cast: Cast, pairs: tuple[Partnership, ...], *, pages: bool = False) -> None:
    """`pages`: by the pages, too."""
    for name in CAST:
        person = getattr(cast, name)
        everything: set[str] = set()
        shelf: set[str] = set()
        for pair in pairs:
            allowed = may_read(person, pair)
            all_of_pair = set().union(*allowed.values())
            everything |= all_of_pair
            shelf |= allowed["said"] | allowed["words"]
            if person in play.members(pair):
                own = Partnership.objects.of(person).with_members().get(pk=pair.pk)
                assert marks(taken(own, person, Form.JSON)) == all_of_pair
                assert marks(taken(own, person, Form.MARKDOWN)) == all_of_pair
                table = marks(taken(own, person, Form.ACTIONS))
                assert allowed["actions"] <= table <= allowed["actions"] | allowed["entries"]
            elif pages:
                assert client_of(person).get(reverse("partnership_export", args=[pair.pk])).status_code == 404
        for text in files(archive(person)).values():
            assert marks(text) == everything
        assert marks("".join(word.text for word in Shelf(person).words)) == shelf
        if pages:
            assert marks(client_of(person).get(reverse("shelf_detail")).text) == shelf


STEPS = st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 1), st.booleans()), min_size=8, max_size=24)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(checkout=STEPS, search=STEPS)
def test_each_export_and_the_shelf_hold_exactly_what_is_theirs_to_read(
    monkeypatch: pytest.MonkeyPatch, checkout: list[tuple[int, int, bool]], search: list[tuple[int, int, bool]]
) -> None:
    monkeypatch.setattr(limits, "EXPORTS_PER_HOUR", 10**6)
    with transaction.atomic():
        cast = make_cast()
        for pair, steps in ((cast.checkout, checkout), (cast.search, search)):
            history = History(pair)
            for act, who, odd in steps:
                history.do(act, who, odd)
        check(cast, (cast.checkout, cast.search))
        transaction.set_rollback(True)


def test_a_history_comes_across_every_kind_of_text(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the property above speaks of something."""
    monkeypatch.setattr(limits, "EXPORTS_PER_HOUR", 10**6)
    cast = make_cast()
    history = History(cast.checkout)
    for odd in (False, True):
        for act in range(len(ACTS)):
            for who in (0, 1):
                history.do(act, who, odd)
    found = may_read(cast.ines, cast.checkout)
    assert all(found.values()), found
    check(cast, (cast.checkout, cast.search), pages=True)
