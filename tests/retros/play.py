"""A pair goes through a retro, through the verbs: what the tests of the pages need behind them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from partnerships.models import Partnership, Person
from retros.dates import one_date
from retros.models import Action, Entry, Session, Step, creation

Answer = int | None | tuple[int, str]  # a weather, none, or (weather, "only me")


def members(partnership: Partnership) -> list[Person]:
    return [m.person for m in partnership.memberships.select_related("person").order_by("seat")]


def plan(
    partnership: Partnership, *, days: int = 5, hour: int = 14, zone: str = "UTC", by: Person | None = None
) -> Session:
    """A retro at that hour, in `zone`, so many days ahead."""
    a = by or members(partnership)[0]
    start = (timezone.now() + timedelta(days=days)).replace(tzinfo=None, hour=hour, minute=0, second=0, microsecond=0)
    return one_date.plan(partnership, by=a, start=start, zone=zone)


def step_of(session: Session, kind: str) -> Step:
    return next(s for s in Session.objects.get(pk=session.pk).steps if s.kind == kind)


def fold(session: Session, by: Person, text: str, *, column: str = "good", only_me: bool = False) -> Entry:
    prompt = next(p for p in step_of(session, "write").prompts if p.column == column)
    return Entry.fold(prompt, by=by, text=text, client_id=uuid.uuid4(), only_me=only_me)


def reveal(session: Session, kind: str) -> None:
    for person in members(session.partnership):
        step = step_of(session, kind)
        step.ready(by=person, digest=step.digest(person))


def go_on(session: Session, kind: str) -> None:
    for person in members(session.partnership):
        step_of(session, kind).ready_for_next(by=person)


def answer_pulse(session: Session, person: Person, us: Answer, overall: Answer = None) -> None:
    for key, given in {"weather_us": us, "weather_overall": overall}.items():
        if given is None:
            continue
        value, only_me = (given[0], True) if isinstance(given, tuple) else (given, False)
        prompt = next(p for p in step_of(session, "pulse").prompts if p.key == key)
        Entry.answer(prompt, by=person, version=0, value=value, only_me=only_me)


def start(partnership: Partnership) -> Session:
    return creation.start_now(partnership, by=members(partnership)[0])


def hold(partnership: Partnership, a: Answer = 4, b: Answer = 3, *, on: datetime | None = None, **more: Any) -> Session:
    """A whole retro, held. `a`, `b`: the weathers of the two for “our collaboration”; `on` moves it in time."""
    session = start(partnership)
    go_on(session, "look_back")
    for person, us, overall in zip(
        members(partnership), (a, b), (more.get("overall_a"), more.get("overall_b")), strict=True
    ):
        answer_pulse(session, person, us, overall)
    for kind in ("pulse", "write"):
        reveal(session, kind)
        go_on(session, kind)
    go_on(session, "conclude")
    reveal(session, "close")
    go_on(session, "close")
    if on:
        moved = {"started_at": on, "closed_at": on, "held_on": on.date(), "start_utc": on}
        Session.objects.filter(pk=session.pk).update(**moved)
    return Session.objects.get(pk=session.pk)


def agree(partnership: Partnership, text: str = "Sketch on Thursdays", *, owners: str = "a", **more: Any) -> Action:
    a, _b = members(partnership)
    due = more.pop("due", timezone.localdate() + timedelta(days=7))
    return Action.agree(partnership, by=a, id=uuid.uuid4(), owners=list(owners), text=text, due=due, **more)[0]


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, 0, tzinfo=UTC)
