"""A believable year, played through the real verbs at the times when it happened.

The words are in the TOML files beside this module. Time travels inside `Clock.running` alone, and only in the process
of the command that makes the demo.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from dateutil import rrule
from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils import timezone

from partnerships.models import Agreement, Delivery, Lead, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.wording import Wording
from retros.dates import one_date, rhythm
from retros.demo import organisation
from retros.demo.cast import PLAYERS, Player
from retros.models import (
    Action,
    Entry,
    Jot,
    KindWord,
    Measure,
    Need,
    Note,
    Prompt,
    Release,
    Review,
    Series,
    Session,
    Step,
    creation,
)
from retros.models.release import Thing, words_of
from retros.notifications.plan import plan_deliveries
from retros.recurrence.rule import DEFAULT, PRESETS, Rule

THURSDAY, TUESDAY = 3, 1
StoryData = dict[str, Any]


class Clock:
    """What time it is in the story."""

    def __init__(self) -> None:
        self.real = timezone.now()
        self.now = self.real

    @contextmanager
    def running(self) -> Iterator[None]:
        with mock.patch.object(timezone, "now", self.tell_time):
            yield

    def tell_time(self) -> datetime:
        return self.now

    def pass_by(self, **time: int) -> None:
        self.now += timedelta(**time)


def tell_story() -> bool:
    """Make the cast and their year. Returns False, and changes nothing, when they are there already."""
    if Person.objects.filter(email=PLAYERS[0].email).exists():
        return False
    clock = Clock()
    with transaction.atomic(), clock.running():
        people = make_people(clock)
        checkout, search = _read("checkout"), _read("search")
        next_one = _following(THURSDAY, clock.real.date(), least=3)
        pair = DemoPair(clock, Partnership.Kind.PM_DESIGNER, "Checkout", people["ines"], people["tom"], time(14, 0))
        pair.begin(next_one, checkout, lead=people["sara"], admin=people["ada"])
        for data in checkout["agreement"]:
            pair.agree_on(data)
        pair.write_ahead(checkout["ahead"])
        pair.show(checkout["show"], lead=people["sara"])
        other = DemoPair(clock, Partnership.Kind.EM_PM, "Search", people["priya"], people["daniel"], time(10, 30))
        other.begin(_following(TUESDAY, clock.real.date(), least=1), search, lead=people["sara"], admin=people["ada"])
        clock.now = clock.real - timedelta(weeks=51)
        organisation.fill(clock.real, [people["sara"], people["omar"]], people["ada"])
        other.open_now(search["open"])
        clock.now = clock.real
        plan_deliveries(clock.real)
    # What the year would have mailed is not mailed today.
    Delivery.objects.waiting().filter(send_at__lte=clock.real).update(status=Delivery.Status.SENT, sent_at=clock.real)
    read = Delivery.objects.filter(kind=Delivery.Kind.KIND_WORD, send_at__lt=clock.real - timedelta(weeks=4))
    read.update(dismissed_at=clock.real)
    return True


def _read(name: str) -> StoryData:
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def make_people(clock: Clock) -> dict[str, Person]:
    """The cast by the first part of their address; nobody has a password."""
    clock.now = clock.real - timedelta(weeks=55)
    return {player.key: _person(player) for player in PLAYERS}


def _person(player: Player) -> Person:
    person = Person.objects.create_user(
        player.email, name=player.name, role_label=player.role, timezone=player.timezone, is_staff=player.is_admin
    )
    EmailAddress.objects.create(user=person, email=player.email, primary=True, verified=True)
    return person


def _following(weekday: int, today: date, *, least: int) -> date:
    """The next such weekday that is at least so many days away."""
    first = today + timedelta(days=least)
    return first + timedelta(days=(weekday - first.weekday()) % 7)


def _rhythm(next_one: date, slots: int, local_time: time, zone: str) -> Rule:
    """Every two months, begun so long ago that `next_one` comes after so many other dates."""
    nth = (next_one.day - 1) // 7 + 1
    count = rrule.weekday(next_one.weekday(), nth if nth < 5 else -1)
    before = relativedelta(months=-2 * slots, day=1 if nth < 5 else 31, weekday=count)
    return Rule.starting(next_one + before, PRESETS[DEFAULT], local_time, zone)


class DemoPair:
    """One pair and its retros."""

    series: Series | None = None  # without one, each retro is planned by itself

    def __init__(self, clock: Clock, kind: str, label: str, a: Person, b: Person, hour: time) -> None:
        self.clock = clock
        self.people = {Seat.A: a, Seat.B: b}
        self.hour = hour
        self.kind, self.label = kind, label
        self.measures: list[str] = []  # the keys of their questions
        self.fates: dict[uuid.UUID, list[StoryData]] = {}  # what later retros will say of an action

    @property
    def a(self) -> Person:
        return self.people[Seat.A]

    @property
    def b(self) -> Person:
        return self.people[Seat.B]

    def agree_on(self, data: StoryData) -> None:
        """An agreement, its versions signed by both, and perhaps a proposal that still waits for the other one."""
        self.clock.now = self.clock.real - timedelta(weeks=data["weeks_ago"])
        agreement = Agreement.begin(self.partnership, by=self.a, kind=data["kind"], title=data["title"])
        lines: list[Wording] = []
        for version in data["versions"]:
            self.clock.now = self.clock.real - timedelta(weeks=version["weeks_ago"])
            lines = [
                Wording(version["words"][n], line=lines[n].line) if n < len(lines) else Wording(version["words"][n])
                for n in range(len(version["words"]))
            ]
            base = agreement.in_force
            changed = [w.line for n, w in enumerate(lines) if base and base.wordings[n : n + 1] != [w]]
            proposer, other = self.people[Seat(version["by"])], self.people[Seat(version["by"]).other]
            proposal = agreement.propose(
                lines, by=proposer, reason=version.get("reason", ""), base=base,
                line=changed[0] if len(changed) == 1 else None,
            )  # fmt: skip
            if version.get("waits"):
                break
            proposal.sign(by=other, digest=proposal.digest)
            agreement.reread()

    def begin(self, next_one: date, data: StoryData, *, lead: Person, admin: Person) -> None:
        """The partnership with its retros; where the two meet by a link, they have a rhythm."""
        retros = data["retro"]
        rule = _rhythm(next_one, len(retros), self.hour, self.a.timezone)
        days = list(islice(rule.days(), len(retros)))
        self.clock.now = self._instant(days[0]) - timedelta(days=3)
        self.partnership = Partnership.begin(
            by=self.a, kind=self.kind, label=self.label, role_label=self.a.role_label, since=days[0] - timedelta(days=3)
        )
        self.partnership.take_seat(self.b, Seat.B, role_label=self.b.role_label)
        self.partnership.assign_lead(lead, by=admin)
        for text in data.get("measures", []):
            self.clock.pass_by(seconds=40)
            self.measures.append(Measure.define(self.partnership, by=self.a, text=text, id=uuid.uuid4()).key)
        if meeting_url := data.get("meeting_url"):
            self.series = rhythm.begin(self.partnership, by=self.a, rule=rule, meeting_url=meeting_url)
        for day, retro in zip(days, retros, strict=True):
            self._hold(day, retro)
            self._between(day, retro)
        self.partnership.offer_health_checks(data.get("health_every", 0), by=self.a)

    def show(self, data: StoryData, *, lead: Person) -> None:
        """What both released to their lead: the last summary, what an experiment showed, and what they need."""
        self.clock.now = self.clock.real - timedelta(weeks=data["weeks_ago"])
        to = Lead.objects.get(partnership=self.partnership, person=lead)
        need = Need.write(to, by=self.a, text=data["need"], id=uuid.uuid4())
        summaries = Note.objects.visible_to(self.a).filter(kind=Note.Kind.SUMMARY)
        summary = summaries.get(step__session__partnership=self.partnership)
        tried = Action.objects.visible_to(self.a).get(text__startswith=data["experiment"])
        shown: list[tuple[str, Thing]] = [("summary", summary), ("outcome", tried), ("need", need)]
        for kind, thing in shown:
            self.clock.pass_by(minutes=3)
            digest = words_of(kind, thing, to).digest
            release = Release.propose(to, kind, thing, by=self.a, digest=digest)
            self.clock.pass_by(hours=2)
            release.confirm(by=self.b, digest=digest)
        self.clock.now = self.clock.real - timedelta(days=30)
        with to.opening() as look:
            look.shown = 3

    def write_ahead(self, data: StoryData) -> None:
        """Cards for the next one in the rhythm."""
        step = self._step(Session.objects.upcoming().filter(series=self.series)[0], Step.Kind.WRITE)
        for card in data["card"]:
            self.clock.now = self.clock.real - timedelta(days=2)
            self._fold(step, card)
        for jot in data["jot"]:
            self.clock.now = self.clock.real - timedelta(days=jot["days_ago"])
            keeper = self.people[Seat(jot["by"])]
            Jot.keep(self.partnership, by=keeper, text=jot["text"], column=jot.get("column", ""), id=uuid.uuid4())

    def open_now(self, data: StoryData) -> None:
        """A retro that is open right now: everything up to the pulse lies open, the cards are folded."""
        self.clock.now = self.clock.real - timedelta(minutes=data["minutes_ago"])
        session = creation.start_now(self.partnership, by=self.a)
        self._look_back(session)
        self._pulse(session, data["pulse"])
        step = self._step(session, Step.Kind.WRITE)
        for card in data["card"]:
            self._fold(step, card)
        for person in self.people.values():
            session.see(person)

    def _hold(self, day: date, data: StoryData) -> None:
        self.clock.now = max(self.clock.now, self._instant(day) - timedelta(days=14))
        session = self._plan(day)
        self.clock.now = self._instant(day) + timedelta(minutes=2)
        session.start(by=self.b)
        self._look_back(session)
        self._pulse(session, data["pulse"])
        cards = self._write_and_talk(session, data["card"])
        self._conclude(session, day, data, cards)
        step = self._step(session, Step.Kind.CLOSE)
        if summary := data.get("summary"):
            Note.summarise(step, by=self.a, text=summary, version=0)
        self._answer(step, {seat: {"appreciation": text} for seat, text in data["appreciation"].items()})
        self._open(step)
        self._go_on(session, Step.Kind.CLOSE)

    def _between(self, day: date, data: StoryData) -> None:
        """What the two do between this retro and the next: kind words, and other sittings."""
        for word in data.get("kind_word", []):
            self.clock.now = self._instant(day) + timedelta(days=word["days"])
            KindWord.give(self.partnership, by=self.people[Seat(word["by"])], text=word["text"], id=uuid.uuid4())
        for sitting in data.get("sitting", []):
            self.clock.now = self._instant(day) + timedelta(days=sitting["days"])
            template, topic = sitting["template"], sitting.get("topic", "")
            session = creation.start_now(self.partnership, by=self.a, template_key=template, topic=topic)
            step = self._step(session, Step.Kind.QUESTIONS)
            self._answer(step, {seat: sitting[seat] for seat in Seat.values})
            self._open(step)
            self._go_on(session, Step.Kind.QUESTIONS)
            self._conclude(session, day, sitting, {})

    # --- the steps ------------------------------------------------------------------------------------------------

    def _look_back(self, session: Session) -> None:
        session = Session.objects.get(pk=session.pk)
        for action, _review in Review.for_session(session, self.a):
            if fates := self.fates.get(action.pk):
                fate = fates.pop(0)
                due = action.due + timedelta(weeks=8) if fate["verdict"] == Review.Verdict.GOING else None
                self.clock.pass_by(seconds=50)
                action.review(session, by=action.owner, due=due, **fate)
        self._go_on(session, Step.Kind.LOOK_BACK)

    def _pulse(self, session: Session, answers: StoryData) -> None:
        step = self._step(session, Step.Kind.PULSE)
        rated = {
            seat: dict(zip(self.measures, said.get("measures", ()), strict=False)) for seat, said in answers.items()
        }
        self._answer(step, {seat: said | rated[seat] for seat, said in answers.items()})
        self._open(step)
        self._go_on(session, Step.Kind.PULSE)

    def _write_and_talk(self, session: Session, cards: list[StoryData]) -> dict[str, Entry]:
        step = self._step(session, Step.Kind.WRITE)
        folded = {card["text"]: self._fold(step, card) for card in cards}
        self._open(step)
        for card in cards:
            entry = folded[card["text"]]
            for seat in card.get("picks", []):
                entry.pick(by=self.people[Seat(seat)])
        for card in cards:
            entry = folded[card["text"]]
            self.clock.pass_by(minutes=2)
            if note := card.get("note"):
                entry.put_on_table(by=self.a)
                Note.came_up(self._step(session, Step.Kind.WRITE), by=self.b, text=note, version=0, entry=entry)
            if talk := card.get("talk"):
                entry.set_talk(talk, by=self.a)
        self._go_on(session, Step.Kind.WRITE)
        return folded

    def _conclude(self, session: Session, day: date, data: StoryData, cards: dict[str, Entry]) -> None:
        step = self._step(session, Step.Kind.CONCLUDE)
        for learned in data["learned"]:
            self.clock.pass_by(seconds=60)
            Note.learn(step, by=self.people[Seat(learned["by"])], text=learned["text"], id=uuid.uuid4())
        for agreed in data["action"]:
            self.clock.pass_by(seconds=60)
            self._agree(session, day, agreed, cards)
        self._go_on(session, Step.Kind.CONCLUDE)

    def _agree(self, session: Session, day: date, data: StoryData, cards: dict[str, Entry]) -> None:
        made = Action.agree(
            self.partnership, by=self.a, id=uuid.uuid4(), owners=data["owners"], text=data["text"],
            cue=data.get("cue", ""), due=day + timedelta(days=data.get("days", 7 * data.get("weeks", 8))),
            is_experiment=data.get("experiment", False), because=data.get("because", ""),
            seen_by=data.get("seen_by", ""), decider=data.get("decider", ""), session=session,
            entry=next((e for text, e in cards.items() if data.get("card") and data["card"] in text), None),
        )  # fmt: skip
        for action in made:
            self.fates[action.pk] = list(data.get("then", []))
            if days := data.get("done_days_before_today"):
                then, self.clock.now = self.clock.now, self.clock.real - timedelta(days=days)
                action.finish(by=action.owner)
                self.clock.now = then

    # --- the two of them ------------------------------------------------------------------------------------------

    def _fold(self, step: Step, card: StoryData) -> Entry:
        self.clock.pass_by(seconds=45)
        prompt = next(p for p in step.prompts if p.column == card["column"])
        return Entry.fold(prompt, by=self.people[Seat(card["by"])], text=card["text"], client_id=uuid.uuid4())

    def _answer(self, step: Step, answers: StoryData) -> None:
        for seat, given in answers.items():
            for prompt in step.prompts:
                if value := given.get(prompt.key):
                    self.clock.pass_by(seconds=20)
                    Entry.answer(prompt, by=self.people[Seat(seat)], version=0, **self._shape(prompt, value))

    def _shape(self, prompt: Prompt, value: Any) -> dict[str, Any]:
        return {{"scale": "value", "tags": "tags"}.get(prompt.kind, "text"): value}

    def _open(self, step: Step) -> None:
        for person in self.people.values():
            self.clock.pass_by(seconds=15)
            step.ready(by=person, digest=step.digest(person))

    def _go_on(self, session: Session, kind: str) -> None:
        self.clock.pass_by(seconds=60)
        for person in self.people.values():
            self._step(session, kind).ready_for_next(by=person)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _plan(self, day: date) -> Session:
        if self.series is not None:
            rhythm.materialise(self.series, self.clock.now)
            session: Session = Session.objects.get(series=self.series, slot_date=day)
            return session
        start = datetime.combine(day, self.hour)
        return one_date.plan(self.partnership, by=self.a, start=start, zone=self.a.timezone)

    def _instant(self, day: date) -> datetime:
        return datetime.combine(day, self.hour, tzinfo=ZoneInfo(self.a.timezone)).astimezone(UTC)

    def _step(self, session: Session, kind: str) -> Step:
        """The step as it is now, with the session as it is now."""
        fresh = Session.objects.get(pk=session.pk)
        return next(step for step in fresh.steps if step.kind == kind)
