"""Whatever the two do to an agreement, in whatever order: nothing is in force without two signatures on identical
text, nobody signs a text they did not see, and no proposal is ever lost.

Hypothesis lets them propose, answer, sign and wait at random; after each verb the rows are compared with a model that
knows people, texts and marks, and nothing of locks, digests or numbers.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import models, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from partnerships import limits
from partnerships.models import Agreement, Clause, Person, Signature, Version
from partnerships.refusals import Invalid, Refusal, Stale
from partnerships.wording import Wording, digest_of
from tests.cast import make_cast

pytestmark = pytest.mark.one_database

WHO = st.sampled_from("ab")
LINES = [uuid.UUID(int=n) for n in range(1, 5)]
TEXTS = st.lists(
    st.tuples(st.sampled_from(LINES), st.sampled_from(["Early.", "Late.", "Never."])),
    min_size=1, max_size=3, unique_by=lambda clause: clause[0],
).map(tuple)  # fmt: skip
PICK = st.integers(0, 7)
LATEST = st.sampled_from([True, True, True, False])

Text = tuple[tuple[uuid.UUID, str], ...]
COLUMNS = ("number", "base", "ended_at", "deferred_at", "in_force_at", "title", "reason", "digest")
PEOPLE: dict[str, Person]  # made once; every run takes its own agreement back
SEATS: dict[uuid.UUID, str]
AGREEMENT: uuid.UUID


def said(text: Text) -> tuple[str, ...]:
    return tuple(words for _line, words in text)


@dataclass
class Told:
    """One proposal, as the two would tell of it."""

    text: Text
    base: uuid.UUID | None
    proposer: str
    signed: set[str] = field(default_factory=set)
    number: int | None = None
    ended: bool = False
    answered: bool = False
    deferred: bool = False

    @property
    def waits(self) -> bool:
        return self.number is None and not self.ended


class No(Exception):
    """The model refuses; `kind` is how the rules say it."""

    def __init__(self, kind: type[Refusal]) -> None:
        self.kind = kind


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.told: dict[uuid.UUID, Told] = {}
        self.in_force: uuid.UUID | None = None
        self.read: dict[tuple[str, uuid.UUID], str] = {}  # the digest on somebody's open page
        self.written: dict[uuid.UUID, list[str]] = {}  # each version's title, reason and digest, as they were stored
        self.clauses: dict[uuid.UUID, list[tuple[uuid.UUID, str, str]]] = {}  # and its clauses

    def teardown(self) -> None:
        try:
            self.no_word_ever_changed()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    # --- how the two are compared ------------------------------------------------------------------------------------

    @contextmanager
    def expecting(self, kind: type[Refusal] | None) -> Iterator[None]:
        said: Refusal | None = None
        try:
            with transaction.atomic():
                yield
        except Refusal as refusal:
            said = refusal
        assert said is None or kind is not None, f"Refused, though the rules allow it: {said!r}"
        assert kind is None or isinstance(said, kind), f"{said!r} where the rules say {kind}"

    def promised(self, rule_: Callable[[], None]) -> type[Refusal] | None:
        try:
            rule_()
        except No as no:
            return no.kind
        return None

    def agreement(self) -> Agreement:
        return Agreement.objects.select_related("partnership").get(pk=AGREEMENT)

    def version(self, key: uuid.UUID) -> Version:
        return Version.objects.select_related("agreement__partnership", "base").get(pk=key)

    def any_of(self, pick: int, *, waiting: bool) -> uuid.UUID:
        keys = [key for key, told in self.told.items() if told.waits] if waiting else list(self.told)
        keys = keys or list(self.told)
        return keys[-1 - pick % len(keys)]

    def check_waits(self, told: Told) -> None:
        if not told.waits:
            raise No(Refusal)

    def check_current(self, told: Told) -> None:
        if told.base != self.in_force:
            raise No(Stale)

    def text_in_force(self) -> Text | None:
        return self.told[self.in_force].text if self.in_force else None

    # --- verbs -------------------------------------------------------------------------------------------------------

    @rule(who=WHO, text=TEXTS, latest=LATEST, pick=PICK)
    def propose(self, who: str, text: Text, latest: bool, pick: int) -> None:
        known: list[uuid.UUID | None] = [key for key, told in self.told.items() if told.number]
        base = self.in_force if latest or not known else known[pick % len(known)]

        def may() -> None:
            if sum(told.waits for told in self.told.values()) >= limits.PROPOSALS:
                raise No(Refusal)
            if base != self.in_force:
                raise No(Stale)
            current = self.text_in_force()
            if current is not None and said(current) == said(text):
                raise No(Invalid)

        kind = self.promised(may)
        key = uuid.uuid4()
        with self.expecting(kind):
            self.agreement().propose(
                [Wording(words, "", line) for line, words in text],
                by=PEOPLE[who], reason="R", base=self.version(base) if base else None, id=key,
            )  # fmt: skip
        if kind is None:
            self.told[key] = Told(text, base, who, {who})

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK)
    def look(self, who: str, pick: int) -> None:
        """Somebody opens the page of a proposal, and may press on it much later."""
        key = self.any_of(pick, waiting=True)
        self.read[(who, key)] = self.version(key).digest

    @precondition(lambda self: self.read)
    @rule(pick=PICK)
    def sign(self, pick: int) -> None:
        (who, key), digest = list(self.read.items())[-1 - pick % len(self.read)]
        told = self.told[key]

        def may() -> None:
            if told.number is not None:
                return
            if told.answered:
                raise No(Stale)
            self.check_waits(told)
            self.check_current(told)

        kind = self.promised(may)
        with self.expecting(kind):
            in_force = self.version(key).sign(by=PEOPLE[who], digest=digest)
            assert in_force == (told.number is not None or told.signed | {who} == {"a", "b"})
        if kind is None and told.number is None:
            told.signed.add(who)
            if told.signed == {"a", "b"}:
                told.number = 1 + max((t.number or 0 for t in self.told.values()), default=0)
                self.in_force = key

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK, other=TEXTS)
    def sign_something_else(self, who: str, pick: int, other: Text) -> None:
        key = self.any_of(pick, waiting=True)
        told = self.told[key]
        digest = digest_of("Relaunch", [Wording(words) for words in said(other)])
        if not told.waits or said(told.text) == said(other):
            return
        with self.expecting(Stale):
            self.version(key).sign(by=PEOPLE[who], digest=digest)

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK, waiting=LATEST)
    def unsign(self, who: str, pick: int, waiting: bool) -> None:
        key = self.any_of(pick, waiting=waiting)
        kind = self.promised(lambda: self.check_waits(self.told[key]))
        with self.expecting(kind):
            self.version(key).unsign(by=PEOPLE[who])
        if kind is None:
            self.told[key].signed.discard(who)

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK, text=TEXTS, waiting=LATEST)
    def counter_or_edit(self, who: str, pick: int, text: Text, waiting: bool) -> None:
        """Suggest other words; for one's own proposal that is an edit."""
        key = self.any_of(pick, waiting=waiting)
        told = self.told[key]

        def may() -> None:
            if told.answered:
                raise No(Stale)
            self.check_waits(told)
            self.check_current(told)
            current = self.text_in_force()
            if said(text) == said(told.text) or (current is not None and said(text) == said(current)):
                raise No(Invalid)

        kind = self.promised(may)
        newer = uuid.uuid4()
        with self.expecting(kind):
            wordings = [Wording(words, "", line) for line, words in text]
            self.version(key).counter(wordings, by=PEOPLE[who], reason="Q", id=newer)
        if kind is None:
            told.ended = told.answered = True
            self.told[newer] = Told(text, self.in_force, who, {who})

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK, waiting=LATEST)
    def defer(self, who: str, pick: int, waiting: bool) -> None:
        key = self.any_of(pick, waiting=waiting)
        kind = self.promised(lambda: self.check_waits(self.told[key]))
        with self.expecting(kind):
            self.version(key).defer(by=PEOPLE[who])
        if kind is None:
            self.told[key].deferred = True

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK, waiting=LATEST)
    def withdraw(self, who: str, pick: int, waiting: bool) -> None:
        key = self.any_of(pick, waiting=waiting)
        told = self.told[key]

        def may() -> None:
            if told.proposer != who or told.number is not None:
                raise No(Refusal)

        kind = self.promised(may)
        with self.expecting(kind):
            self.version(key).withdraw(by=PEOPLE[who])
        if kind is None:
            told.ended = True

    @precondition(lambda self: self.told)
    @rule(who=WHO, pick=PICK, waiting=LATEST)
    def bring_up_to_date(self, who: str, pick: int, waiting: bool) -> None:
        key = self.any_of(pick, waiting=waiting)
        told = self.told[key]
        version = self.version(key)
        merged = version.brought_up_to_date()
        digest = digest_of("Relaunch", merged)

        def may() -> None:
            self.check_waits(told)
            if self.in_force is None or told.base == self.in_force:
                raise No(Refusal)
            if not merged or tuple(w.text for w in merged) == said(self.text_in_force() or ()):
                raise No(Invalid)

        if told.answered:
            return  # a second press, which answers what the first one made: test_agreement.py
        kind = self.promised(may)
        with self.expecting(kind):
            newer = version.bring_up_to_date(by=PEOPLE[who], digest=digest)
        if kind is None:
            told.ended = told.answered = True
            text = tuple((w.line, w.text) for w in merged)
            self.told[newer.pk] = Told(text, self.in_force, told.proposer, {who}, deferred=told.deferred)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_rows_are_what_was_told(self) -> None:
        """After every verb. Plain values of all rows, since this is most of what a run costs."""
        rows = {row[0]: row[1:] for row in self.versions().values_list("pk", *COLUMNS)}
        assert rows.keys() == self.told.keys()  # never a lost proposal, never one that nobody made
        signed: dict[uuid.UUID, dict[str, str]] = {key: {} for key in rows}
        signatures = Signature.objects.filter(version__agreement=AGREEMENT)
        for key, person, digest in signatures.values_list("version", "person", "digest"):
            signed[key][SEATS[person]] = digest
        for key, told in self.told.items():
            number, base, ended_at, deferred_at, in_force_at, *words = rows[key]
            assert (number, base, ended_at is not None) == (told.number, told.base, told.ended)
            assert (deferred_at is not None, in_force_at is not None) == (told.deferred, number is not None)
            assert signed[key].keys() == told.signed
            if number is not None:
                assert signed[key] == {"a": words[-1], "b": words[-1]}
            assert self.written.setdefault(key, words) == words
        numbers = {row[0]: key for key, row in rows.items() if row[0]}
        assert numbers.get(max(numbers, default=0)) == self.in_force
        self.new_texts_are_what_was_said()

    def new_texts_are_what_was_said(self) -> None:
        for key in self.told.keys() - self.clauses.keys():
            self.clauses[key] = self.stored(key)
            title, _reason, digest = self.written[key]
            assert tuple((line, text) for line, text, _heading in self.clauses[key]) == self.told[key].text
            assert digest == digest_of(title, [Wording(text, heading) for _line, text, heading in self.clauses[key]])

    def no_word_ever_changed(self) -> None:
        """At the end of a run, over everything that was ever written in it."""
        assert {key: self.stored(key) for key in self.told} == self.clauses
        current = self.agreement().in_force
        assert (current.pk if current else None) == self.in_force
        assert all(v.is_waiting == self.told[v.pk].waits for v in self.versions())

    def versions(self) -> models.QuerySet[Version]:
        return Version.objects.filter(agreement=AGREEMENT)

    def stored(self, key: uuid.UUID) -> list[tuple[uuid.UUID, str, str]]:
        return list(Clause.objects.filter(version=key).order_by("position").values_list("line", "text", "heading"))


@pytest.fixture
def pair(db: None) -> None:
    global PEOPLE, SEATS, AGREEMENT
    people = make_cast()
    PEOPLE = {"a": people.ines, "b": people.tom}
    SEATS = {person.pk: seat for seat, person in PEOPLE.items()}
    AGREEMENT = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch").pk


@pytest.mark.django_db
@pytest.mark.parametrize("runs", [pytest.param(40, id="some"), pytest.param(1000, id="many", marks=pytest.mark.deep)])
def test_the_two_and_the_rules_agree(pair: None, runs: int) -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=runs, stateful_step_count=50, deadline=None))
