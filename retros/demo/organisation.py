"""The rest of the organisation: pairs in several time zones with the dates of a year, so that what admins and leads
look at is worth a look.

Frames only: dates, states and counts, straight into the tables; nobody wrote a word in them (a retro that is over has
not even questions), and nobody has an address of the demo to come in by. The same at each run but for the day.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import count, takewhile
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress

from partnerships.models import Lead, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from retros.models import Action, Pause, RuleVersion, Series, Session, creation
from retros.recurrence.rule import HORIZON, PRESETS, Rule
from retros.recurrence.wall_time import stored

Kind, Status = Partnership.Kind, Session.Status
LABELS = (
    "Accounts", "Analytics", "Android", "Billing", "Booking", "Catalogue", "Checkin", "Claims", "Contracts", "Data",
    "Delivery", "Design system", "Discounts", "Exports", "Feeds", "Fraud", "Gifts", "Growth", "Help centre",
    "Identity", "Imports", "Invoices", "iOS", "Loyalty", "Maps", "Messages", "Onboarding", "Orders", "Partners",
    "Payments", "Pricing", "Ratings", "Refunds", "Reports", "Returns", "Stock", "Tax", "Travel",
)  # fmt: skip
FIRST = (
    "Aino", "Amir", "Ananya", "Anton", "Beatriz", "Bruno", "Camille", "Carlos", "Chen", "Dana", "Diego", "Elif",
    "Emeka", "Eva", "Farah", "Felix", "Grace", "Hana", "Hugo", "Ida", "Ivan", "Jonas", "Julia", "Kai", "Kavya",
    "Lars", "Leila", "Liam", "Lucia", "Maja", "Marek", "Maria", "Mina", "Nadia", "Nils", "Noor", "Olga", "Oskar",
    "Paulo", "Petra", "Rafael", "Rosa", "Samir", "Sanna", "Sofia", "Teo", "Tuuli", "Uma", "Vera", "Wei", "Yara",
    "Yusuf", "Zofia", "Zuri", "Ada-Lou", "Birk", "Celeste",
)  # fmt: skip
LAST = ("Aalto", "Berg", "Costa", "Das", "Eriksen", "Fischer", "Gupta", "Hansen", "Ito", "Jansen", "Kask")
ZONES = ("Europe/Tallinn", "Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
CADENCES = ("every_2_months", "every_2_months", "every_8_weeks", "monthly", "every_4_weeks")
YEAR, LENGTH = timedelta(weeks=50), timedelta(hours=1)
ACTIONS = ("Write the brief together before the sprint", "Show work that is half done", "Say no in the same week")
PAUSED, WITHOUT_RHYTHM, HALF, CLASHING = {7, 21}, {12, 30}, {37}, {3, 17}  # pairs, by their number


@dataclass(frozen=True)
class Drawn:
    """What chance decides: the same at each run."""

    chance: random.Random
    now: datetime

    def fate(self, start: datetime) -> tuple[str, str, bool]:
        """What became of a date that has gone by: its state, the reason, and whether that counts neither way."""
        since = self.now - start
        if since < LENGTH or (since < timedelta(days=6) and self.chance.random() < 0.5):
            return Status.SCHEDULED, "", False  # nothing is decided about it yet
        return self.chance.choices(
            [(Status.HELD, "", False), (Status.MISSED, "", False), (Status.SKIPPED, "too_busy", False),
             (Status.SKIPPED, "holiday", True)],
            weights=[78, 12, 5, 5],
        )[0]  # fmt: skip


def people_there() -> list[Person]:
    """As many as the pairs need: each of the first sits in two pairs. None has an address to come in by."""
    needed = len(LABELS) // 2 * 3
    people = [
        Person(
            email=f"{first.lower()}@people.demo.example", name=f"{first} {LAST[n % len(LAST)]}",
            timezone=ZONES[n % len(ZONES)],
            role_label=("Product manager", "Designer", "Engineering manager")[n // (needed // 3)],
        )
        for n, first in enumerate(FIRST[:needed])
    ]  # fmt: skip
    for person in people:
        person.set_unusable_password()
    Person.objects.bulk_create(people)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, primary=True, verified=True) for person in people
    )
    return people


def fill(now: datetime, leads: list[Person], admin: Person) -> None:
    """Every pair with its year until `now`. Called while the clock of the story stands before that year."""
    people, drawn = people_there(), Drawn(random.Random(18), now)  # noqa: S311  # nothing is kept secret by it
    half = len(LABELS) // 2
    for n, label in enumerate(LABELS):
        a, b = people[n % half], people[half + n]
        kind = Kind.PM_DESIGNER if n < half else Kind.EM_PM
        pair = Partnership.objects.create(kind=kind, label=label, since=(now - YEAR).date())
        seats = [(Seat.A, a), (Seat.B, b)][: 1 if n in HALF else 2]
        members = [Membership(partnership=pair, person=p, seat=seat, role_label=p.role_label) for seat, p in seats]
        Membership.objects.bulk_create(members)
        if n % 9 != 8:
            Lead.objects.create(partnership=pair, person=leads[n % len(leads)], assigned_by=admin)
        if n not in WITHOUT_RHYTHM | HALF:
            _rhythm(pair, members, _rule(n, half, a, now), drawn, is_paused=n in PAUSED)


def _rule(n: int, half: int, a: Person, now: datetime) -> Rule:
    """Two pairs of one person meet on different days, but for those that clash."""
    twin = n - half if n - half in CLASHING else n
    first = (now - YEAR).date() + timedelta(days=(twin * 5) % 56)
    weekday = twin % 2 + (2 if twin >= half else 0)  # Monday to Thursday
    first += timedelta(days=(weekday - first.weekday()) % 7)
    cadence = PRESETS[CADENCES[twin % len(CADENCES)]]
    return Rule.starting(first, cadence, time((9, 10, 11, 14, 15)[twin % 5]), a.timezone)


def _rhythm(pair: Partnership, members: list[Membership], rule: Rule, drawn: Drawn, *, is_paused: bool) -> None:
    now, state = drawn.now, Series.Status.PAUSED if is_paused else Series.Status.ACTIVE
    series = Series.objects.create(partnership=pair, status=state, work_at=now)
    version = RuleVersion.objects.create(series=series, n=1, **asdict(rule))
    today = now.astimezone(ZoneInfo(rule.timezone)).date()
    if is_paused:
        Pause.objects.create(series=series, from_date=today - timedelta(days=20))
    numbers = count(1)
    sessions = [_session(pair, series, version, day, drawn, numbers, is_paused) for day in _days(rule, today)]
    coming = [s for s in sessions if s.start_utc > now and s.is_planned]
    if coming and drawn.chance.random() < 0.2:
        _move(coming[0])
    for session in coming[:2]:
        session.invited_at = now - timedelta(days=9)
    ahead = [session for session in sessions if session.start_utc > now or session.is_planned]
    creation.new(pair, ahead, members).insert()
    Session.objects.bulk_create(session for session in sessions if session not in ahead)
    held = [session for session in sessions if session.status == Status.HELD]
    Action.objects.bulk_create(_actions(pair, held[-2:], drawn, today))


def _days(rule: Rule, today: date) -> Iterator[date]:
    return takewhile(lambda day: day <= today + HORIZON, rule.days())


def _session(
    pair: Partnership, series: Series, version: RuleVersion, day: date, drawn: Drawn, numbers: Iterator[int],
    is_paused: bool,
) -> Session:  # fmt: skip
    slot = version.rule.slot(day)
    session = Session(
        partnership=pair, series=series, rule_version=version, slot_date=day, start_local=stored(slot.start_local),
        timezone=version.timezone, start_utc=slot.start_utc,
    )  # fmt: skip
    if slot.start_utc > drawn.now:
        if is_paused:
            session.status, session.reason, session.excused = Status.SKIPPED, Session.PAUSED, True
        return session
    session.status, session.reason, session.excused = drawn.fate(slot.start_utc)
    if session.status == Status.HELD:
        if drawn.chance.random() < 0.15:
            _move(session, days=-1)
        session.number, session.held_on = next(numbers), session.wall_start.date()
        session.started_at = session.start_utc + timedelta(minutes=3)
        session.closed_at = session.start_utc + timedelta(minutes=58)
    return session


def _move(session: Session, days: int = 1) -> None:
    """By hand, to another day."""
    session.start_local += timedelta(days=days)
    session.start_utc, session.moved = session.start_by_zone(), True
    session.sequence += 1


def _actions(pair: Partnership, held: list[Session], drawn: Drawn, today: date) -> Iterator[Action]:
    for session in held:
        for text in drawn.chance.sample(ACTIONS, 2):
            due = session.day + timedelta(weeks=4)
            is_done = due < today and drawn.chance.random() < 0.7
            owner = session.partnership.memberships.all()[drawn.chance.randrange(2)].person
            yield Action(
                partnership=pair, session=session, owner=owner, text=text, due=max(due, today + timedelta(days=5)),
                closed_as=Action.Closed.DONE if is_done else "", closed_on=due if is_done else None,
                helped=Action.Helped.HELPED if is_done else "",
            )  # fmt: skip
