"""A pair does a retro, by verbs: the one vocabulary of the tests. In a browser: tests/retros/room/side.py.

`Participant` is one of the two in one session, and does what a view does: the loader, then one verb. The functions are
what both do. A step goes by its position, or by its kind where any template may be played.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from partnerships.models import Partnership, Person
from retros.access import get_entry, get_note, get_prompt, get_session, get_step
from retros.dates import one_date
from retros.models import Action, Entry, Note, Prompt, Session, Step, creation
from tests.factories import PartnershipFactory, PersonFactory

LOOK_BACK, PULSE, WRITE, CONCLUDE, CLOSE = range(5)  # the steps of retro-classic
LAST = CLOSE
ALONE = (PULSE, WRITE, CLOSE)  # written alone, then revealed
COLUMNS = ("good", "bad", "talk")
QUESTIONS = {PULSE: ("weather_us", "changed", "change_tags"), CLOSE: ("appreciation",)}
Weather = int | None | tuple[int, str]  # a weather, none, or (weather, "only me")


@dataclass
class Participant:
    """One person in one session. Everything is loaded afresh for each verb, as it is for each request."""

    person: Person
    session_id: uuid.UUID

    @property
    def session(self) -> Session:
        return get_session(self.person, self.session_id)

    def step(self, position: int) -> Step:
        return get_step(self.person, self.session_id, position)

    def prompt(self, key: str) -> Prompt:
        pk = Prompt.objects.values_list("pk", flat=True).get(step__session=self.session_id, key=key)
        return get_prompt(self.person, self.session_id, pk)

    def entry(self, pk: uuid.UUID, *, deleted: bool = False) -> Entry:
        return get_entry(self.person, self.session_id, pk, deleted=deleted)

    def note(self, pk: uuid.UUID, *, deleted: bool = False) -> Note:
        return get_note(self.person, self.session_id, pk, deleted=deleted)

    def fold(
        self, text: str = "A card", column: str = "good", *, client_id: uuid.UUID | None = None, **more: bool
    ) -> Entry:
        return Entry.fold(self.prompt(column), by=self.person, text=text, client_id=client_id or uuid.uuid4(), **more)

    def answer(self, key: str = "changed", text: str = "", *, version: int = 0, **fields: Any) -> Entry:
        return Entry.answer(self.prompt(key), by=self.person, version=version, text=text, **fields)

    def answer_again(self, key: str, text: str = "", **fields: Any) -> Entry:
        """Over what they have answered there, if anything."""
        mine = Entry.objects.visible_to(self.person).filter(author=self.person, prompt=self.prompt(key)).first()
        return self.answer(key, text, version=mine.version if mine else 0, **fields)

    def digest(self, position: int = WRITE) -> str:
        return self.step(position).digest(self.person)

    def ready(self, position: int = WRITE, *, digest: str | None = None) -> bool:
        step = self.step(position)
        return step.ready(by=self.person, digest=step.digest(self.person) if digest is None else digest)

    def unready(self, position: int = WRITE) -> None:
        self.step(position).unready(by=self.person)

    def open_side(self, position: int = WRITE, *, digest: str | None = None) -> None:
        step = self.step(position)
        step.open_side(by=self.person, digest=step.digest(self.person) if digest is None else digest)

    def next(self, position: int | None = None, *, alone: bool = False) -> bool:
        step = self.step(self.session.position if position is None else position)
        return step.ready_for_next(by=self.person, alone=alone)

    def sees(self) -> set[str]:
        """The texts of this session that this person may read."""
        return {e.text for e in Entry.objects.visible_to(self.person).filter(step__session=self.session_id)}

    def version(self) -> int:
        session = self.session
        return session.version_for(session.seat_of(self.person))


@dataclass
class Pair:
    partnership: Partnership
    ines: Person
    tom: Person

    def hands(self, session: Session) -> tuple[Participant, Participant]:
        return Participant(self.ines, session.pk), Participant(self.tom, session.pk)

    def planned(self, **fields: Any) -> Session:
        start = fields.pop("start", next_year(3, 2, 14, 0))
        return one_date.plan(self.partnership, by=self.ines, start=start, zone=fields.pop("zone", "UTC"), **fields)

    def started(self) -> Session:
        """A new one that is open; whatever was open before is held."""
        Session.objects.filter(partnership=self.partnership).running().update(status=Session.Status.HELD)
        session = self.planned(start=next_year(1, 1, 8, 0) + timedelta(days=Session.objects.count()))
        session.start(by=self.ines)
        return session


def make_pair() -> Pair:
    ines = PersonFactory.create(name="Ines Moreau", email=f"ines-{uuid.uuid4()}@example.org")
    tom = PersonFactory.create(name="Tom Keller", email=f"tom-{uuid.uuid4()}@example.org")
    return Pair(PartnershipFactory.create(a=ines, b=tom), ines, tom)


Participants = tuple[Participant, Participant]


def members(partnership: Partnership) -> list[Person]:
    return [m.person for m in partnership.memberships.select_related("person").order_by("seat")]


def plan(
    partnership: Partnership, *, days: int = 5, hour: int = 14, zone: str = "UTC", by: Person | None = None
) -> Session:
    """A retro at that hour, in `zone`, so many days after the day that it is for whoever plans it."""
    a = by or members(partnership)[0]
    day = (timezone.now().astimezone(a.tz) + timedelta(days=days)).date()
    return one_date.plan(partnership, by=a, start=datetime.combine(day, time(hour)), zone=zone)


def start(partnership: Partnership) -> Session:
    return creation.start_now(partnership, by=members(partnership)[0])


def at(session: Session, position: int) -> None:
    """Put the two at this step, without the way there."""
    Session.objects.filter(pk=session.pk).update(position=position)


def step_of(session: Session, step: int | str) -> Step:
    """As it stands now."""
    return next(s for s in Session.objects.get(pk=session.pk).steps if step in (s.position, s.kind))


def _position_of(session: Session, step: int | str) -> int:
    return step if isinstance(step, int) else step_of(session, step).position


def reveal(session: Session, step: int | str = WRITE) -> None:
    """Both are ready, a first."""
    position = _position_of(session, step)
    *_first, opened = [Participant(person, session.pk).ready(position) for person in members(session.partnership)]
    assert opened


def go_on(session: Session, step: int | str) -> None:
    """Both go on to the next step, or close the last one."""
    position = _position_of(session, step)
    for person in members(session.partnership):
        Participant(person, session.pk).next(position)


def answer_pulse(session: Session, person: Person, us: Weather, overall: Weather = None) -> None:
    for key, given in {"weather_us": us, "weather_overall": overall}.items():
        if given is None:
            continue
        value, only_me = (given[0], True) if isinstance(given, tuple) else (given, False)
        Participant(person, session.pk).answer(key, value=value, only_me=only_me)


def hold(
    partnership: Partnership, a: Weather = 4, b: Weather = 3, *, on: datetime | None = None, **more: Any
) -> Session:
    """A whole retro, held. `a`, `b`: the weathers of the two for “our collaboration”; `on` moves it in time."""
    session = start(partnership)
    go_on(session, LOOK_BACK)
    for person, us, overall in zip(
        members(partnership), (a, b), (more.get("overall_a"), more.get("overall_b")), strict=True
    ):
        answer_pulse(session, person, us, overall)
    for step in (PULSE, WRITE):
        reveal(session, step)
        go_on(session, step)
    go_on(session, CONCLUDE)
    reveal(session, CLOSE)
    go_on(session, CLOSE)
    if on:
        moved = {"started_at": on, "closed_at": on, "held_on": on.date(), "start_utc": on}
        Session.objects.filter(pk=session.pk).update(**moved)
    return Session.objects.get(pk=session.pk)


def agree(partnership: Partnership, text: str = "Sketch on Thursdays", *, owners: str = "a", **more: Any) -> Action:
    a, _b = members(partnership)
    due = more.pop("due", timezone.localdate() + timedelta(days=7))
    return Action.agree(partnership, by=a, id=uuid.uuid4(), owners=list(owners), text=text, due=due, **more)[0]


def wall(*parts: int) -> datetime:
    """A wall time, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def next_year(*parts: int) -> datetime:
    """A wall time of the year after this one, which is ahead whenever the tests run."""
    return wall(timezone.now().year + 1, *parts)


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, 0, tzinfo=UTC)
