"""Two runs that differ only in what Ines wrote alone: to everybody else they are the same, byte for byte.

Between two looks she folds, edits, moves and deletes, keeps cards to herself, begins drafts, answers; in another order,
at other times, in other columns. At every look the number of her folded cards is the same in both runs: of all that, it
is what the partner may know, with her Ready (docs/rules/visibility.md V3).
"""

from __future__ import annotations

import logging
import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import unified_diff
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partnerships import limits
from retros.models import Draft, Entry, Session
from tests.cast import Cast
from tests.retros.model import CLOSE, COLUMNS, PULSE, WRITE, Clock, Hands
from tests.world import HTMX, NEW_EACH_TIME, whole

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORDS = ["", "a", "no", "Ünï ☂ 👩‍👩‍👧", "<b>&amp;", "x" * 9_000, "two\nlines", "{% now %}", " ", "-" * 40, "I am ready"]


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 10**6)
    monkeypatch.setattr(limits, "DRAFT_SAVES_PER_MINUTE", 10**6)
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@dataclass
class Stage:
    """A retro that runs, and next to it one that is planned; everybody is signed in and has looked once."""

    cast: Cast
    session: Session
    ahead: Session
    clock: Clock
    clients: dict[str, Client]
    known: set[str] = field(default_factory=set)

    def urls(self) -> list[str]:
        pair, session, ahead = self.cast.checkout.pk, self.session.pk, self.ahead.pk
        found = [reverse(name, args=[pair]) for name in ("partnership_detail", "action_list", "session_create")]
        found += [reverse("session_version", args=[s]) for s in (session, ahead)]
        found += [reverse("session_move", args=[ahead]), reverse("home"), reverse("lead_list")]
        found += [reverse(name, args=[pair]) for name in ("history_detail", "release_list")]
        found += [reverse("session_print", args=[s]) for s in (session, ahead)]
        for position in (PULSE, WRITE, CLOSE):
            found.append(reverse("step_detail", args=[session, position]))
            found.append(
                f"{reverse('session_live', args=[session])}?step={position}&room_key=write.in_progress..{position}"
            )
        found += [reverse("step_detail", args=[ahead, WRITE]), f"{reverse('session_live', args=[ahead])}?step={WRITE}"]
        return found


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    with Clock().running() as clock:
        at = clock.now.replace(tzinfo=None)
        ahead = Session.plan(cast.checkout, by=cast.ines, start=at.replace(month=12), zone="UTC")
        session = Session.start_now(cast.checkout, by=cast.tom)
        Session.objects.filter(pk=session.pk).update(position=WRITE)
        for person in (cast.ines, cast.tom):
            Hands(person, session.pk).fold("From the start")
            Hands(person, ahead.pk).fold("Written ahead", "talk")
        clients = {}
        for name in ("tom", "sara", "ada", "ines"):
            clients[name] = Client()
            clients[name].force_login(getattr(cast, name))
        made = Stage(cast, session, ahead, clock, clients)
        made.known = {
            str(pk) for s in (session, ahead) for step in s.steps for pk in (step.pk, *(p.pk for p in step.prompts))
        }
        made.known |= {
            str(pk) for pk in (session.pk, ahead.pk, cast.checkout.pk, cast.tom.pk, cast.sara.pk, cast.ada.pk)
        }
        made.known |= {str(e.pk) for e in Entry.unrestricted.all()}
        for who, client in clients.items():
            if who != "ines":
                look(made, client)  # the first look of a sign-in writes into its session
        yield made


def look(stage: Stage, client: Client) -> list[tuple[str, int, str]]:
    """Everything that somebody is told: each address, how many queries it took, and every byte of the answer."""
    told = []
    for url in stage.urls():
        for headers in ({}, HTMX) if "live" in url else ({},):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(url, headers=headers)
            told.append((url, len(queries), canonical(stage, whole(answer).decode())))
    return told


def presses(stage: Stage, client: Client) -> list[tuple[str, int, str]]:
    """What a few presses of one's own answer; they change nothing for good."""
    session = stage.session.pk
    prompt = stage.session.steps[WRITE].prompts[0].pk
    told = []
    for name, args, data in (
        ("entry_create", [session, prompt], {"text": "Mine", "client_id": uuid.UUID(int=7)}),
        ("entry_create", [session, prompt], {"text": ""}),
        ("step_ready_delete", [session, WRITE], {}),
        ("step_next_create", [session, WRITE], {}),
        ("session_pause", [session], {"reason": "between_us"}),
        ("draft_update", [f"card:{prompt}"], {"text": "begun", "version": 0}),
    ):
        url = reverse(name, args=args)
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            answer = client.post(url, data, headers=HTMX)
            transaction.set_rollback(True)
        # What Tom's own Ready would open, and what his board draws, goes by the id of the card that he has just folded.
        text = re.sub(r'name="digest" value="\w+"|(?<=[~.])[0-9a-f]{12}(?=[~"])', "~", whole(answer).decode())
        told.append((url, len(queries), canonical(stage, text)))
    return told


def canonical(stage: Stage, text: str) -> str:
    """Without nonces and tokens; ids that were made since the start (of forms, of one's own new rows) look alike."""
    return UUID.sub(lambda m: m[0] if m[0] in stage.known else "~", NEW_EACH_TIME.sub("~", text))


class Ines:
    """Writes alone, at random, and ends with as many folded cards as she is told to."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self.stage, self.chance = stage, chance
        self.client = stage.clients["ines"]

    def write_until(self, folded: dict[uuid.UUID, int]) -> None:
        for _ in range(self.chance.randrange(1, 9)):
            self.stage.clock.pass_minutes(self.chance.choice([0, 0.01, 0.3, 1]))
            self.chance.choice([self.fold, self.fold, self.edit, self.move, self.delete, self.restore, self.private,
                                self.draft, self.answer, self.look_again])()  # fmt: skip
        for session, count in folded.items():
            cards = self.cards(session)
            while len(cards) > count:
                self.press("entry_delete", session, cards.pop().pk)
            for _ in range(count - len(cards)):
                self.fold(session)

    def press(self, name: str, *args: Any, **data: Any) -> None:
        """Over HTTP, as her browser does; she never loads a page, because that shows where she is."""
        headers = HTMX if self.chance.random() < 0.7 else {}
        answer = self.client.post(reverse(name, args=args), data, headers=headers)
        assert answer.status_code in {200, 302}, (name, answer.content[:500])

    def cards(self, session: uuid.UUID | None = None, **fields: Any) -> list[Entry]:
        wanted = {"author": self.stage.cast.ines, "is_card": True, "only_me": False, "deleted_at": None, **fields}
        wanted["step__session"] = session or self.session()
        return list(Entry.unrestricted.filter(**wanted).order_by("created_at", "pk"))

    def session(self) -> uuid.UUID:
        return self.chance.choice([self.stage.session.pk, self.stage.ahead.pk])

    def column(self, session: uuid.UUID) -> uuid.UUID:
        return Hands(self.stage.cast.ines, session).prompt(self.chance.choice(COLUMNS)).pk

    def words(self, *, needed: bool = True) -> str:
        text = self.chance.choice(WORDS) * self.chance.randrange(1, 2) + str(self.chance.random())
        return text if needed or self.chance.random() < 0.8 else ""

    def fold(self, session: uuid.UUID | None = None, **data: Any) -> None:
        session = session or self.session()
        self.press("entry_create", session, self.column(session), text=self.words(), client_id=self.id(), **data)

    def private(self) -> None:
        self.fold(only_me="on")

    def edit(self) -> None:
        for card in self.chance.sample(cards := self.cards(), min(1, len(cards))):
            self.press("entry_update", card.step.session_id, card.pk, text=self.words(), version=card.version)

    def move(self) -> None:
        for card in self.chance.sample(cards := self.cards(), min(1, len(cards))):
            session = card.step.session_id
            data = {"text": card.text, "version": card.version, "prompt": self.column(session)}
            self.press("entry_update", session, card.pk, **data)

    def delete(self) -> None:
        for card in self.chance.sample(cards := self.cards(), min(1, len(cards))):
            self.press("entry_delete", card.step.session_id, card.pk)

    def restore(self) -> None:
        gone = Entry.unrestricted.filter(author=self.stage.cast.ines, deleted_at__isnull=False)
        for card in gone.order_by("created_at")[:1]:
            self.press("entry_restore", card.step.session_id, card.pk)

    def draft(self) -> None:
        key = self.chance.choice(
            [f"card:{self.column(self.session())}", f"action:{self.stage.cast.checkout.pk}", "edit:x"]
        )
        kept = Draft.objects.filter(person=self.stage.cast.ines, key=key).first()
        self.press("draft_update", key, text=self.words(needed=False), version=kept.version if kept else 0)

    def answer(self) -> None:
        session = self.session()
        choices: list[tuple[str, dict[str, Any]]] = [
            ("weather_us", {"value": self.chance.randrange(1, 6)}), ("changed", {"text": self.words(needed=False)}),
            ("life_career", {"text": self.words()}), ("appreciation", {"text": self.words()}),
        ]  # fmt: skip
        key, data = self.chance.choice(choices)
        prompt = Hands(self.stage.cast.ines, session).prompt(key).pk
        before = Entry.unrestricted.filter(author=self.stage.cast.ines, prompt=prompt).first()
        data = {**data, "version": before.version if before else 0}
        if self.chance.random() < 0.3:
            data["only_me"] = "on"
        self.press("answer_update", session, prompt, **data)

    def look_again(self) -> None:
        """Her browser asks for its version, as it does every few seconds without a stream."""
        self.client.get(reverse("session_version", args=[self.stage.session.pk]))

    def id(self) -> uuid.UUID:
        return uuid.UUID(int=self.chance.getrandbits(128))


def run(stage: Stage, plan: random.Random, chance: random.Random) -> list[Any]:
    """One run: what everybody else was told. `plan` says what both runs have in common, `chance` what they have not."""
    told: list[Any] = []
    start = stage.clock.now
    try:
        with transaction.atomic():
            ines = Ines(stage, chance)
            for round_number in range(2):
                counts = {s.pk: plan.randrange(0, 5) for s in (stage.session, stage.ahead)}
                ines.write_until(counts)
                stage.clock.now = start + timedelta(minutes=40 * (round_number + 1))
                if round_number and plan.random() < 0.5:
                    digest = stage.session.steps[WRITE].digest(stage.cast.ines)
                    ines.press("step_ready_create", stage.session.pk, WRITE, digest=digest)
                for who in ("tom", "sara", "ada"):
                    told += look(stage, stage.clients[who])
                told += presses(stage, stage.clients["tom"])
                assert {s: len(ines.cards(s)) for s in counts} == counts
            texts = {e.text for e in Entry.unrestricted.filter(author=stage.cast.ines) if len(e.text) > 15}
            ids = {str(e.pk) for e in Entry.unrestricted.filter(author=stage.cast.ines)}
            for url, _queries, answer in told:
                assert not any(text in answer for text in texts - {"Written ahead"}), url
                assert not any(pk in answer for pk in ids), url
            transaction.set_rollback(True)
    finally:
        stage.clock.now = start
    return told


def compare(stage: Stage, seed: int) -> None:
    first = run(stage, random.Random(seed), random.Random(f"{seed} one"))
    second = run(stage, random.Random(seed), random.Random(f"{seed} other"))
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one[:2] == other[:2], f"seed {seed}: {one[0]} takes other queries"
        lines = list(unified_diff(one[2].splitlines(), other[2].splitlines(), lineterm="", n=0))
        assert not lines, f"seed {seed}: {one[0]} tells the runs apart: {lines}"


@pytest.mark.parametrize("part", range(4))
def test_what_is_written_alone_shows_nowhere(stage: Stage, part: int) -> None:
    for seed in range(5 * part, 5 * part + 5):
        compare(stage, seed)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(25))
def test_what_is_written_alone_shows_nowhere_deep(stage: Stage, part: int) -> None:
    for seed in range(1000 + 10 * part, 1010 + 10 * part):
        compare(stage, seed)


def test_the_test_would_notice(stage: Stage) -> None:
    """One card more, and the runs are not the same."""
    tom = stage.clients["tom"]
    before = look(stage, tom)
    assert look(stage, tom) == before
    Ines(stage, random.Random(1)).fold(stage.session.pk)
    assert look(stage, tom) != before
