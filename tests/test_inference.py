"""Two runs of one story, in one of which Ines also writes alone: nobody else can tell which one they are in.

Alone are drafts, cards and answers that are “only me”, cards put away before they opened, answers taken back before
they were given; in the room, and ahead in the planned retros. Told apart the runs would be by an answer (its status,
its bytes, the number of its queries), by a mail, or by a row that is not hers alone: what happens to what is shared
depends on what both can see.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import unified_diff
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.core import mail
from django.db import models, transaction
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from partnerships.models import Agreement, Person
from partnerships.wording import Wording
from retros import worker
from retros.agreements.verbs import sign_and_go_on, to_sign
from retros.dates import one_date, rhythm
from retros.lifecycle import ending
from retros.lifecycle.erasure import erase
from retros.lifecycle.export import everything
from retros.models import (
    Action,
    ClauseLink,
    Draft,
    Entry,
    EntryRevision,
    Note,
    Ready,
    SearchText,
    Series,
    Session,
    creation,
)  # fmt: skip
from retros.recurrence.rule import PRESETS, Rule
from retros.room.decisions import name_decision, settle_decision
from retros.room.page import room_at
from tests.cast import Cast, client_of
from tests.clock import Clock
from tests.queries import asked
from tests.retros.play import CLOSE, PULSE, WRITE, Participant
from tests.retros.regions import shown_in, with_known_ids, without_digests
from tests.world import HTMX, whole

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

# Nonces, tokens, digests over ids, the mark of a card, which is of its id, and when a calendar was told, which is the
# real time here.
NEW_EACH_TIME = re.compile(
    r"nonce-[\w+/=-]+|nonce=\"[^\"]*\"|name=\"csrfmiddlewaretoken\" value=\"[^\"]*\"|(?:csrf|session|expires)=[^;\n]*"
    r"|name=\"digest\" value=\"\w+\"|(?<=[~.])[0-9a-f]{12}(?=[~\"])|(?<=/unsubscribe/)[\w:.-]+"
    r"|DTSTAMP:\w+|(?<=table-note-)[\w-]{8}|(?<=\")[\w-]{8}(?=-due\")"
)
NOT_COMPARED = {
    "Session": {"version_a", "ical_stamp"},  # the number that only Ines is told; the real time
    "Entry": {"version", "opened_version", "created_at"},  # which only its author is told, or nobody
    "Person": {"password", "last_login"},
    "Delivery": {"for_key"},  # may hold the number of a line of the record
}
# The questions of a retro and of a contract: what Ines gives in the end, what stays hers, what she takes back.
GIVEN = ("changed", "appreciation", "purpose", "role_mine")
FOR_HERSELF = ("life_career", "change_tags", "unowned", "role_yours", "decide_scope")
TAKEN_BACK = ("weather_overall", "impacted", "hopes", "decide_date", "hard")
Told = tuple[str, int, Any]  # what was asked, how many queries it took, the answer


@dataclass
class Stage:
    """A pair with a rhythm, two retros behind them; what everybody but Ines is told is kept in `told`."""

    cast: Cast
    clock: Clock
    series: Series
    alone: bool = False  # whether Ines writes alone in this run
    told: list[Told] = field(default_factory=list)
    rooms: list[Session] = field(default_factory=list)  # those in which she may have written
    known: set[str] = field(default_factory=set)

    def coming(self, number: int = 0) -> Session:
        return Session.objects.filter(series=self.series).upcoming()[number]

    def hands(self, session: Session) -> tuple[Participant, Participant]:
        return Participant(self.cast.ines, session.pk), Participant(self.cast.tom, session.pk)

    # --- what Ines does alone -------------------------------------------------------------------------------------

    def write_alone(self, session: Session) -> None:
        """Everything that one can write without the other knowing, a second apart; the hour is the same after it."""
        hour = self.clock.now
        if session not in self.rooms:
            self.rooms.append(session)
        if self.alone:
            ines = self.hands(session)[0]
            for step in ines.session.steps:
                ready = step.marked(Ready.Purpose.REVEAL, ines.person) is not None  # which more than that would undo
                for prompt in step.prompts if step.written_alone else []:
                    self._write_to(ines, prompt.key, ready=ready)
            for box in self._boxes(session):
                if not Draft.objects.filter(person=ines.person, key=box).exists():
                    Draft.keep(box, "Begun", version=0, by=ines.person)
        self.clock.now = hour

    def _write_to(self, ines: Participant, key: str, *, ready: bool) -> None:
        prompt = ines.prompt(key)
        if prompt.takes_cards:
            self.clock.now += timedelta(seconds=1)
            ines.fold("For myself", key, only_me=True)
            if not ready:
                ines.fold("Put away", key).soft_delete(by=ines.person)
            return
        known = Entry.objects.visible_to(ines.person).filter(prompt=prompt, author=ines.person).first()
        if key in GIVEN and not ready and not known:
            ines.answer(key, "Begun")  # and given later, in other words
        elif key in FOR_HERSELF:
            ines.answer(key, f"For myself at {self.clock.now}", version=known.version if known else 0, only_me=True)
        elif key in TAKEN_BACK and not ready and not known:
            text, value = ("", 4) if prompt.choices else ("Begun", None)
            begun = ines.answer(key, text, value=value)
            ines.answer(key, version=begun.version)  # and taken back

    def _boxes(self, session: Session) -> list[str]:
        prompts = [f"card:{prompt.pk}" for step in session.steps for prompt in step.prompts]
        steps = [f"{name}:{step.pk}" for step in session.steps for name in ("learn", "decision")]
        return [*prompts, *steps, f"try:{session.pk}", f"action:{self.cast.checkout.pk}"]

    # --- what the others are told ---------------------------------------------------------------------------------

    def look(self, where: str) -> None:
        self._visit(where, self.cast.tom, self._of_a_member())
        self.keep(f"{where}: what Tom exports", lambda: everything(self.cast.tom))
        self.told.append((f"{where}: the rows", 0, self._rows()))

    def look_from_outside(self, where: str) -> None:
        """What the lead and the admin see."""
        self._visit(where, self.cast.sara, self._of_a_lead())
        self._visit(where, self.cast.ada, self._of_an_admin())

    def by_itself(self, days: int) -> None:
        """So many days of the worker, each with its mails."""
        for day in range(days):
            self.clock.now += timedelta(days=1)
            mail.outbox.clear()
            self.keep(f"the worker on day {day}", lambda: worker.tick(self.clock.now))
            told = [m for m in mail.outbox if m.to != [self.cast.ines.email]]
            hers = [m.subject for m in mail.outbox if m.to == [self.cast.ines.email]]
            self.told.append((f"mails on day {day}", 0, sorted([repr(self._mail(m)) for m in told] + hers)))

    def _of_a_member(self) -> list[str]:
        pair, rooms = self.cast.checkout.pk, []
        for session in self.rooms:
            rooms += [reverse(name, args=[session.pk]) for name in ("session_version", "session_print")]
            alone = [step.position for step in session.steps if step.written_alone]
            rooms += [reverse("step_detail", args=[session.pk, position]) for position in alone]
            rooms.append(f"{reverse('session_live', args=[session.pk])}?step={alone[len(alone) // 2]}")
        names = (
            "partnership_detail",
            "partnership_course",
            "action_list",
            "agreement_list",
            "history_detail",
            "series_detail",
            "release_list",
        )
        agreements = [reverse("agreement_detail", args=[a.pk]) for a in self.cast.checkout.agreements.all()]
        return [reverse("home"), *(reverse(name, args=[pair]) for name in names), *agreements, *rooms]

    def _of_a_lead(self) -> list[str]:
        return [reverse("lead_list"), reverse("history_detail", args=[self.cast.checkout.pk])]

    def _of_an_admin(self) -> list[str]:
        names = ("schedule", "schedule_month", "schedule_load", "schedule_checks", "mail_list", "audit_list")
        frames = ("admin_partnership_detail", "admin_partnership_dates")
        of_pair = [reverse(name, args=[self.cast.checkout.pk]) for name in frames]
        return [*(reverse(name) for name in names), reverse("person_list"), *of_pair]

    def _visit(self, where: str, person: Person, urls: list[str]) -> None:
        client = client_of(Person.objects.get(pk=person.pk))
        client.get(urls[0])  # the first look of a sign-in writes into its session
        for url in urls:
            self.keep(self._canonical(f"{where}: {person.first_name} at {url}"), partial(self._get, client, url))

    def _get(self, client: Client, url: str) -> str:
        headers = HTMX if "/live/" in url or "/course/" in url else {}
        return self._canonical(whole(client.get(url, headers=headers)).decode())

    def keep(self, what: str, ask: Callable[[], Any]) -> None:
        with asked() as queries:
            answer = ask()
        self.told.append((what, len(queries), answer))

    def _canonical(self, text: str) -> str:
        """Without nonces and tokens; ids that were made in this run look alike."""
        return with_known_ids(NEW_EACH_TIME.sub("~", without_digests(text)), self.known)

    def _mail(self, message: Any) -> tuple[Any, ...]:
        parts = [str(part) for part in getattr(message, "alternatives", ())]
        return message.to, message.subject, *map(self._canonical, [str(message.body), *parts])

    def _rows(self) -> Counter[tuple[str, ...]]:
        """Every row that is not hers alone."""
        ines = self.cast.ines
        hers: dict[type[models.Model], Q] = {
            Draft: Q(person=ines), Entry: Q(author=ines, opened_at=None),
            EntryRevision: Q(entry__author=ines, entry__opened_at=None), SearchText: Q(shelf=ines.pk),
        }  # fmt: skip
        rows: Counter[tuple[str, ...]] = Counter()
        for app in ("partnerships", "retros"):
            for model in apps.get_app_config(app).get_models():
                if model.__name__ not in {"SignIn", "RateCounter", "Tick"}:
                    rows.update(self._cells(model, model._base_manager.exclude(hers.get(model, Q(pk=None)))))
        return rows

    def _cells(self, model: type[models.Model], rows: Any) -> Iterator[tuple[str, ...]]:
        left_out = {"id", *NOT_COMPARED.get(model.__name__, ())}
        columns = [c.attname for c in model._meta.concrete_fields if c.attname not in left_out]
        for row in rows.values_list(*columns):
            cells = zip(columns, (self._canonical(str(cell)) for cell in row), strict=True)
            yield model.__name__, *(f"{name}={cell}" for name, cell in cells)


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    with Clock().running() as clock:
        first = Rule.starting(clock.now.date() + timedelta(days=1), PRESETS["quarterly"], clock.now.time(), "UTC")
        series = rhythm.begin(cast.checkout, by=cast.ines, rule=first, now=clock.now)
        made = Stage(cast, clock, series)
        agreement = cast.checkout.agreements.create(kind="contract", title="A contract")
        clause = Wording("A clause")
        agreement.propose([clause], by=cast.tom, reason="").sign(by=cast.ines, digest=agreement.proposals[0].digest)
        ClauseLink.set_tags(agreement, clause.line, ["life", "career"], by=cast.tom)
        made.known = {
            str(pk)
            for model in apps.get_models() if model._meta.pk.get_internal_type() == "UUIDField"
            for pk in model._base_manager.values_list("pk", flat=True)
        }  # fmt: skip
        yield made


# --- the stories: what the two do together, and where Ines may have written before ------------------------------------


def meet(stage: Stage, session: Session, *, upto: int = CLOSE, looked_at: bool = True) -> None:
    """A retro up to the reveal of a step. Ines writes alone ahead, in the room, after her Ready, beside the board."""
    ines, tom = stage.hands(session)
    stage.write_alone(session)
    stage.clock.now = max(stage.clock.now, session.start_utc)
    tom.session.start(by=tom.person)
    for position in range(upto + 1):
        stage.clock.pass_minutes(1)
        if position in (PULSE, WRITE, CLOSE):
            open_together(stage, session, position, looked_at=looked_at)
        if position < upto:
            ines.next(position)
            tom.next(position)


def open_together(stage: Stage, session: Session, position: int, *, looked_at: bool) -> None:
    ines, tom = stage.hands(session)
    for hands, text in ((ines, "From Ines"), (tom, "From Tom")):
        stage.clock.pass_minutes(1)
        give(hands, position, text)
    stage.write_alone(session)
    ines.ready(position)
    stage.write_alone(session)
    if looked_at:
        stage.look(f"Ines is ready at step {position}")
    tom.ready(position)
    stage.write_alone(session)
    if looked_at:
        stage.look(f"step {position} is open")


def give(hands: Participant, position: int, text: str) -> None:
    """What both come to read, in a retro; what Ines began before she ends in the same words."""
    if position == WRITE:
        hands.fold(text)
    else:
        hands.answer_again("changed" if position == PULSE else "appreciation", text)
    if position == PULSE:
        hands.answer("weather_us", value=3)


def held(stage: Stage) -> None:
    """Two retros, closed by both; the second is reopened."""
    for looked_at in (False, True):
        session = stage.coming()
        meet(stage, session, looked_at=looked_at)
        for hands in stage.hands(session):
            hands.next(CLOSE)
    stage.look("closed")
    stage.look_from_outside("closed")
    for hands in stage.hands(session):
        hands.session.reopen(by=hands.person)
    stage.write_alone(session)
    stage.look("reopened")


def talked(stage: Stage) -> None:
    """A board with everything that hangs on a card, and the retro after it with a look back."""
    session = stage.coming()
    meet(stage, session, upto=WRITE)
    ines, tom = stage.hands(session)
    card = Entry.objects.visible_to(tom.person).get(author=ines.person, text="From Ines", is_card=True)
    tom.entry(card.pk).pick(by=tom.person)
    tom.entry(card.pk).put_on_table(by=tom.person)
    Note.came_up(tom.step(WRITE), entry=tom.entry(card.pk), by=tom.person, text="It came up", version=0)
    due = (stage.clock.now + timedelta(days=4)).date()
    Action.agree(
        stage.cast.checkout, by=tom.person, id=uuid.UUID(int=5), owners=["b"], text="Do it", due=due,
        session=tom.session, entry=tom.entry(card.pk),
    )  # fmt: skip
    stage.write_alone(session)
    stage.look("on the table")
    stage.by_itself(16)
    stage.look("closed by time")
    stage.look_from_outside("closed by time")


def not_held(stage: Stage) -> None:
    """One is moved, one skipped, one discarded in the room and planned again; the rhythm pauses; the rest is missed."""
    tom = stage.cast.tom
    for number in range(3):
        stage.write_alone(stage.coming(number))
    moved, skipped, discarded = (stage.coming(number) for number in range(3))
    one_date.move(moved, by=tom, start=moved.wall_start + timedelta(days=1), zone="UTC", now=stage.clock.now)
    one_date.skip(skipped, by=tom, reason="holiday", now=stage.clock.now)
    discarded.start(by=tom)
    stage.write_alone(discarded)
    discarded.discard(by=tom)
    stage.look("moved, skipped, discarded")
    one_date.restore(discarded, by=tom, now=stage.clock.now)
    rhythm.pause(Series.objects.get(), stage.clock.now.date() + timedelta(days=100), by=tom, now=stage.clock.now)
    stage.look("planned again, paused later")
    stage.by_itself(18)
    stage.look("missed")
    rhythm.resume(Series.objects.get(), by=tom, now=stage.clock.now)
    missed = Session.objects.filter(status="missed").order_by("start_utc").last()
    assert missed is not None
    one_date.met_on(missed, missed.wall_start.date(), by=tom, now=stage.clock.now)
    stage.look("resumed, and met on that day")
    stage.look_from_outside("resumed, and met on that day")


def ended(stage: Stage) -> None:
    """Half a retro, then the end, and taken up again."""
    session = stage.coming()
    meet(stage, session, upto=PULSE)
    stage.write_alone(stage.coming())
    ending.end(stage.cast.checkout, by=stage.cast.tom)
    stage.look("ended")
    ending.reopen(stage.cast.checkout, by=stage.cast.tom)
    stage.look("taken up again")
    stage.look_from_outside("taken up again")


def left(stage: Stage) -> None:
    """Half a retro, then Ines erases what is hers."""
    session = stage.coming()
    meet(stage, session, upto=WRITE)
    stage.write_alone(stage.coming())
    erase(Person.objects.get(pk=stage.cast.ines.pk))
    stage.look("erased")
    stage.look_from_outside("erased")
    stage.by_itself(3)


def sat(stage: Stage) -> None:
    """A contract sitting with its table of decisions, up to the sentences in the agreement."""
    agreement = Agreement.begin(stage.cast.checkout, by=stage.cast.tom, kind="contract", title="Relaunch")
    session = creation.begin(agreement, by=stage.cast.tom)
    stage.write_alone(session)
    ines, tom = stage.hands(session)
    for hands in (ines, tom):
        stage.clock.pass_minutes(1)
        hands.answer_again("purpose", "What for")
        hands.answer_again("role_mine", "This and that")
        hands.answer("decide_design", value=2)
    decision = name_decision(tom.step(0), by=tom.person, title="Who plans", id=uuid.UUID(int=9))
    stage.look("alone")
    ines.ready(0)
    stage.write_alone(session)
    stage.look("Ines is ready")
    tom.ready(0)
    settle_decision(tom.prompt(decision.key), by=tom.person, value=3)
    stage.write_alone(session)
    stage.look("open")
    for hands in (ines, tom):
        hands.next(0)
    for hands in (ines, tom):
        sign_and_go_on(hands.step(1), by=hands.person, digest=to_sign(hands.session, hands.person))
    stage.look("agreed")
    stage.look_from_outside("agreed")


STORIES = (held, not_held, *(pytest.param(each, marks=pytest.mark.deep) for each in (talked, sat, ended, left)))


def run(stage: Stage, story: Callable[[Stage], None], *, alone: bool) -> list[Told]:
    began = stage.clock.now
    stage.alone, stage.told, stage.rooms = alone, [], []
    with transaction.atomic():
        story(stage)
        transaction.set_rollback(True)
    stage.clock.now = began
    return stage.told


def told_apart(one: list[Told], other: list[Told]) -> list[str]:
    """By what the two runs differ, in words."""
    assert [what for what, *_rest in one] == [what for what, *_rest in other]
    found = []
    for (what, few, before), (_what, many, after) in zip(one, other, strict=True):
        if few != many:
            found.append(f"{what}: {few} queries, {many} with it")
        if before != after:
            found.append(f"{what}: {differing(before, after)}")
    return found


def differing(before: Any, after: Any) -> list[str]:
    if isinstance(before, Counter):
        return [f"-{row}" for row in before - after] + [f"+{row}" for row in after - before]
    one, other = (str(told).replace("}", "}\n").splitlines() for told in (before, after))
    return list(unified_diff(one, other, lineterm="", n=0))[2:]


@pytest.mark.parametrize("story", STORIES)
def test_nobody_can_tell_whether_she_wrote_alone(stage: Stage, story: Callable[[Stage], None]) -> None:
    quiet, written = run(stage, story, alone=False), run(stage, story, alone=True)
    found = told_apart(quiet, written)
    assert not found, "\n".join(found)


def test_one_card_more_is_told_apart(stage: Stage) -> None:
    """The comparison itself: a card that is folded for both is counted."""

    def story(stage: Stage) -> None:
        stage.rooms.append(session := stage.coming())
        if stage.alone:
            stage.hands(session)[0].fold()
        stage.look("ahead")

    found = "\n".join(told_apart(run(stage, story, alone=False), run(stage, story, alone=True)))
    assert "Ines has folded 1 card" in found


# --- what was written alone, once it lies open ------------------------------------------------------------------------


@pytest.fixture
def client(stage: Stage) -> Client:
    """Tom's."""
    return client_of(stage.cast.tom)


@pytest.fixture
def board(stage: Stage) -> Session:
    """A retro whose board lies open; Ines put a card away before it did."""
    session = creation.start_now(stage.cast.checkout, by=stage.cast.tom)
    ines, tom = stage.hands(session)
    ines.fold("Put away").soft_delete(by=ines.person)
    stage.clock.pass_minutes(1)
    tom.fold("From Tom")
    ines.ready()
    assert tom.ready()
    stage.clock.pass_minutes(1)
    return session


def live(client: Client, session: Session, *, shown: str = "") -> bytes:
    url = reverse("session_live", args=[session.pk])
    return whole(client.get(f"{url}?{urlencode({'step': WRITE, 'shown': shown})}", headers=HTMX))


def test_a_card_that_comes_back_to_an_open_board_comes_like_a_new_one(
    stage: Stage, board: Session, client: Client
) -> None:
    """That it was there before, and put away, nobody knew: its place and the bytes of its coming do not say so."""
    ines, _tom = stage.hands(board)
    shown, came = shown_in(live(client, board).decode()), []
    put_away = Entry.objects.deleted_by(ines.person).get()
    for come in (lambda: ines.fold("Put away"), lambda: ines.entry(put_away.pk, deleted=True).restore(by=ines.person)):
        with transaction.atomic():
            come()
            came.append([stage._canonical(live(client, board, shown=said).decode()) for said in (shown, "")])
            transaction.set_rollback(True)
    assert came[0] == came[1]
    assert "From Tom" not in came[0][0]  # the card alone


def test_a_card_that_both_knew_comes_back_to_its_place(stage: Stage, board: Session, client: Client) -> None:
    ines, tom = stage.hands(board)
    first = Entry.objects.visible_to(tom.person).get(text="From Tom")
    stage.clock.pass_minutes(1)
    ines.fold("After it")
    tom.entry(first.pk).soft_delete(by=tom.person)
    stage.clock.pass_minutes(1)
    tom.entry(first.pk, deleted=True).restore(by=tom.person)
    cards = live(client, board).partition(b'id="step"')[2]  # below what is said aloud
    assert cards.index(b"From Tom") < cards.index(b"After it")


def test_the_form_of_a_card_is_its_authors_alone(stage: Stage, board: Session, client: Client) -> None:
    """It says how often the card was changed, also before it lay open."""
    ines, tom = stage.hands(board)
    card = ines.fold("From Ines")
    url = reverse("entry_update", args=[board.pk, card.pk])
    assert client.get(url).status_code == 403
    assert client.post(url, {"text": "x", "version": 1}).status_code == 403
    own = reverse("entry_update", args=[board.pk, Entry.objects.visible_to(tom.person).get(text="From Tom").pk])
    assert client.get(own).status_code == 200


def test_who_began_to_answer_first_is_not_told(stage: Stage, client: Client) -> None:
    """Not by the order on the page of a whole retro, not by a time or the order in what the other one exports."""
    session = creation.start_now(stage.cast.checkout, by=stage.cast.tom)
    told, began = [], stage.clock.now
    for first, second in (stage.hands(session), stage.hands(session)[::-1]):
        stage.clock.now = began
        with transaction.atomic():
            for hands in (first, second):
                stage.clock.pass_minutes(7)
                hands.answer("changed", f"From {hands.person.first_name}")
            stage.clock.now = began + timedelta(minutes=20)
            for hands in stage.hands(session):
                hands.ready(PULSE)
            page = client.get(reverse("session_print", args=[session.pk])).text
            exported = everything(stage.cast.tom)["partnerships"][0]["sessions"]
            written = [w for s in exported for step in s["steps"] for w in step["written"]]
            told.append((page.index("From Ines") < page.index("From Tom"), written))
            transaction.set_rollback(True)
    (order, before), (other_order, after) = told
    assert (order, other_order) == (True, True)
    assert [entry["by"] for entry in before] == [entry["by"] for entry in after] == ["Ines Okafor", "Tom Lindqvist"]
    assert before[0] == after[0]
    assert before[0]["at"] == before[0]["open_since"]
    assert before[1]["at"] > after[1]["at"]  # his own


def test_an_answer_that_was_taken_back_never_was(stage: Stage, client: Client) -> None:
    session = creation.start_now(stage.cast.checkout, by=stage.cast.tom)
    ines, tom = stage.hands(session)
    begun = ines.answer("changed", "Begun")
    ines.answer("changed", version=begun.version)
    for hands in (ines, tom):
        hands.ready(PULSE)
    assert "What has changed recently?" not in client.get(reverse("session_print", args=[session.pk])).text
    assert not Entry.objects.visible_to(tom.person).exists()
    ines.answer("changed", "After all", version=2)
    assert tom.sees() == {"After all"}


# --- who is here ------------------------------------------------------------------------------------------------------


def test_who_was_in_the_room_before_and_when_is_not_told_while_they_write_alone(stage: Stage) -> None:
    """Ahead of the retro, and at a step that is written alone, there is “Here” and “Away”."""
    session = stage.coming()
    ines, tom = stage.hands(session)
    assert partner_is(tom) == "Away"
    ines.session.see(ines.person)
    assert partner_is(tom) == "Here"
    stage.clock.pass_minutes(5)
    assert partner_is(tom) == "Away"
    tom.session.start(by=tom.person)
    assert partner_is(tom).startswith("Away since ")  # they look back, together
    for hands in (ines, tom):
        hands.next()
    assert partner_is(tom) == "Away"
    for hands in (ines, tom):
        hands.ready(PULSE)
    assert partner_is(tom).startswith("Away since ")


def test_nobody_is_there_who_was_seen_under_a_clock_that_was_wrong(stage: Stage) -> None:
    ines, tom = stage.hands(stage.coming())
    ines.session.see(ines.person)
    stage.clock.pass_minutes(-60)
    assert partner_is(tom) == "Away"
    ines.session.see(ines.person)
    assert partner_is(tom) == "Here"


def test_coming_to_write_alone_is_not_counted(stage: Stage) -> None:
    """Tom's version would say how often Ines was there; who comes to something shared is shown at once."""
    session = stage.coming()
    ines, tom = stage.hands(session)
    before = tom.version()
    ines.session.arrived(ines.person)
    assert tom.version() == before
    assert partner_is(tom) == "Here"
    tom.session.start(by=tom.person)
    before = tom.version()
    ines.session.arrived(ines.person)
    assert tom.version() == before + 1


def partner_is(hands: Participant) -> str:
    return room_at(hands.session, hands.person).partner.doing


# --- ids --------------------------------------------------------------------------------------------------------------

PRESSES = ("entry_delete", "entry_restore", "entry_pick_create", "entry_pick_delete", "entry_table", "entry_talk")


@pytest.mark.parametrize("name", ["entry_update", "entry_clause", "entry_note_update", "surprise_create", *PRESSES])
def test_what_the_other_one_keeps_does_not_exist(stage: Stage, board: Session, client: Client, name: str) -> None:
    """A card that is hers alone, one that she put away, an answer that is not given: all as an id that never was."""
    ines, _tom = stage.hands(board)
    hers = [
        ines.fold("For myself", only_me=True), Entry.objects.deleted_by(ines.person).get(), ines.answer("changed", "x"),
    ]  # fmt: skip
    for pk in (uuid.uuid4(), uuid.uuid4(), *(entry.pk for entry in hers)):  # the first ones write into the session
        url, data = reverse(name, args=[board.pk, pk]), {"text": "y", "version": 1, "client_id": uuid.UUID(int=3)}
        for method, ask in (("GET", partial(client.get, url)), ("POST", partial(client.post, url, data))):
            stage.keep(method, lambda ask=ask, pk=pk: whole(ask()).decode().replace(str(pk), "~"))  # type: ignore[misc]
    _get, _post, *told = [(what, few, NEW_EACH_TIME.sub("~", answer)) for what, few, answer in stage.told]
    assert len(set(told)) == 2  # one for each method


@pytest.mark.both_databases
def test_the_key_of_a_card_of_hers_is_free_for_him(stage: Stage, board: Session) -> None:
    ines, tom = stage.hands(board)
    key = ines.fold("For myself", only_me=True).client_id
    assert tom.fold("From Tom too", client_id=key).author == tom.person
