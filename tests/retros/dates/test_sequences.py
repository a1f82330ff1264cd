"""Whatever is done to a rhythm in whatever order: no date is lost, none doubled, and mails go out as the rules say.

Hypothesis makes sequences of changes, pauses, ends, archivings, moves and undoings. `Model` is written from
docs/rules/scheduling.md (S6 to S11, S16, S23), not from the code: which days a rhythm comes to, and which of them are
left out. `Calendars` holds what each of the two was mailed, and says what is owed to them.
"""

from __future__ import annotations

import uuid
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerships.models import Delivery, Person
from partnerships.refusals import Refusal
from retros.administration import bulk
from retros.administration.bulk_acts import BulkRequest
from retros.dates import one_date, rhythm
from retros.lifecycle import ending
from retros.models import Bulk, Series, Session
from retros.recurrence.rule import HORIZON, PRESETS, Rule
from retros.worker import tick
from tests.cast import Cast
from tests.clock import Clock

pytestmark = pytest.mark.django_db

ZONE = "Europe/Berlin"
CADENCES = ["weekly", "every_2_weeks", "every_4_weeks", "monthly"]


@dataclass
class Model:
    """The days that a rhythm comes to. Each rule is in force from a slot on, until the next one."""

    rules: list[tuple[date, Rule]]
    last: date | None = None
    pauses: list[tuple[date, date | None]] = field(default_factory=list)
    moved: dict[date, datetime] = field(default_factory=dict)
    skipped: set[date] = field(default_factory=set)

    def slots(self, until: date) -> dict[date, Rule]:
        found = {}
        for n, (_since, rule) in enumerate(self.rules):
            end = self.rules[n + 1][0] if n + 1 < len(self.rules) else date.max
            for day in rule.days():
                if day >= end or day > until:
                    break
                found[day] = rule
        return found

    def start(self, day: date, rule: Rule) -> datetime:
        return self.moved.get(day) or rule.slot(day).start_utc

    def planned(self, now: datetime) -> dict[date, datetime]:
        """What is to come, up to the horizon: its slot and its start."""
        found = {day: self.start(day, rule) for day, rule in self.slots((now + HORIZON).date()).items()}
        return {day: start for day, start in found.items() if start > now and not self.is_left_out(day)}

    def is_left_out(self, day: date) -> bool:
        paused = any(first <= day and (last is None or day <= last) for first, last in self.pauses)
        return paused or day in self.skipped or (self.last is not None and day > self.last)

    def change(self, since: date, rule: Rule) -> None:
        self.rules = [(day, old) for day, old in self.rules if day < since] + [(since, rule)]
        self.moved = {day: start for day, start in self.moved.items() if day < since}
        if self.last is not None:
            self.last = max(self.last, rule.start_date)

    def resume(self, today: date) -> None:
        over = today - timedelta(days=1)
        begun = [pause for pause in self.pauses if pause[0] < today]
        self.pauses = [(first, last if last and last < today else over) for first, last in begun]


class Calendars:
    """What stands in the calendars of the two, by what was mailed to them."""

    def __init__(self, people: list[Person]) -> None:
        self.known: dict[uuid.UUID, dict[tuple[uuid.UUID, int], tuple[int, datetime]]] = {p.pk: {} for p in people}
        self.seen: set[uuid.UUID] = set()

    def take(self, now: datetime) -> None:
        """After a round of the worker: exactly what was owed went out."""
        rows = {row.pk: row for row in Session.objects.filter(start_utc__gt=now)}
        owed = {(person, *each) for person in self.known for each in self._owed(person, rows)}
        sent = Delivery.objects.filter(kind__in=Delivery.CALENDAR, status="sent").exclude(pk__in=self.seen)
        went = []
        for delivery in sent.order_by("pk"):
            self.seen.add(delivery.pk)
            generation = int(delivery.for_key.split(".")[0])
            uid = (delivery.subject_id, generation)
            if delivery.subject_id in rows:
                went.append((delivery.person_id, delivery.kind, *uid))
            row = Session.objects.get(pk=delivery.subject_id)
            if delivery.kind == "cancel":
                self.known[delivery.person_id].pop(uid)
            else:
                self.known[delivery.person_id][uid] = (row.sequence, row.start_utc)
        assert Counter(went) == Counter(owed)

    def _owed(self, person: uuid.UUID, rows: dict[uuid.UUID, Session]) -> list[tuple[str, uuid.UUID, int]]:
        owed = []
        for (pk, generation), (sequence, start) in self.known[person].items():
            if (row := rows.get(pk)) is None:
                continue
            as_before = row.taken_back_at == row.ical_stamp and row.start_utc == start
            if row.uid_generation != generation or not row.is_planned:
                owed.append(("cancel", pk, generation))
            elif row.sequence != sequence and not as_before:
                owed.append(("update", pk, generation))
        coming = sorted((row for row in rows.values() if row.is_planned), key=lambda row: row.start_utc)
        new = [row for row in coming[:2] if (row.pk, row.uid_generation) not in self.known[person]]
        return owed + [("invite", row.pk, row.uid_generation) for row in new]


class Life:
    """A pair, its rhythm and its model, under one clock."""

    def __init__(self, cast: Cast, clock: Clock) -> None:
        self.clock, self.cast, self.pair, self.by = clock, cast, cast.checkout, cast.ines
        self.calendars = Calendars([cast.ines, cast.tom])
        self.model = Model([])
        self.done: Bulk | None = None
        self.former: Model | None = None
        self.at = clock.now
        self.begin("every_2_weeks", 7)
        self.check()

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(ZONE)).date()

    @property
    def series(self) -> Series:
        return Series.objects.get(partnership=self.pair)

    def coming(self) -> list[Session]:
        return list(Session.objects.filter(partnership=self.pair, start_utc__gt=self.now).upcoming())

    def pick(self, n: int) -> Session | None:
        found = [row for row in self.coming() if row.slot_date]
        return found[n % len(found[:5])] if found else None

    def waiting(self) -> set[uuid.UUID]:
        """The calendar mails that are to go out."""
        mails = Delivery.objects.waiting().filter(kind__in=Delivery.CALENDAR)
        return set(mails.values_list("pk", flat=True))

    def begin(self, cadence: str, days: int) -> None:
        rule = Rule.starting(self.today + timedelta(days=days), PRESETS[cadence], time(10), ZONE)
        rhythm.begin(self.pair, by=self.by, rule=rule)
        self.model = Model([(date.min, rule)], skipped=self.model.skipped)

    def check(self) -> None:
        rows = self.coming()
        horizon = (self.now + HORIZON).date()
        assert {row.slot_date: row.start_utc for row in rows if row.day <= horizon} == {
            day: start for day, start in self.model.planned(self.now).items() if start.date() <= horizon
        }
        assert all(early.end_utc <= late.start_utc for early, late in pairwise(rows))
        days = [row.slot_date for row in Session.objects.filter(series=self.series) if row.slot_date]
        assert len(days) == len(set(days))

    def round(self) -> None:
        tick(self.now)
        self.calendars.take(self.now)
        self.check()

    # what may be done

    def wait(self, days: int) -> None:
        self.clock.now += timedelta(days=days)
        self.round()

    def change(self, n: int, what: str, value: int) -> None:
        if (row := self.pick(n)) is None or (since := row.slot_date) is None:
            return
        own = next(rule for day, rule in self.model.slots(since).items() if day == since)
        changes: dict[str, dict[str, Any]] = {
            "weekday": {"weekday": value % 7},
            "time": {"local_time": time(9 + value % 8)},
            "cadence": {"cadence": PRESETS[CADENCES[value % 4]]},
            "first": {"first": since + timedelta(days=1 + value % 3)},
        }
        change, end = changes[what], row.end_utc
        rhythm.change_from(self.series, row, by=self.by, confirmed=True, **change)
        rule = own.following(since, **change)
        if what in {"time", "cadence"} and rule.slot(since).start_utc < self.now:
            rule, since = rule.after_moment(end), since + timedelta(days=1)
        self.model.change(since, rule)

    def pause(self, days: int, length: int) -> None:
        first = self.today + timedelta(days=days)
        last = first + timedelta(days=length) if length < 60 else None
        if (first, last) not in self.model.pauses:
            rhythm.pause(self.series, first, last, by=self.by)
            self.model.pauses.append((first, last))

    def resume(self) -> None:
        rhythm.resume(self.series, by=self.by)
        if not self.series.is_ended:
            self.model.resume(self.today)

    def end(self, days: int) -> None:
        self.model.last = self.today + timedelta(days=days)
        rhythm.end(self.series, self.model.last, by=self.by)

    def extend(self) -> None:
        rhythm.end(self.series, None, by=self.by)
        self.model.last = None

    def archive(self, n: int, days: int) -> None:
        ending.end(self.pair, by=self.by)
        ending.reopen(self.pair, by=self.by)
        self.begin(CADENCES[n % 4], days)

    def move(self, n: int, days: int) -> None:
        row = self.pick(n)
        if row is not None and row.slot_date is not None and not row.moved:
            start = row.wall_start + timedelta(days=days, hours=1)
            one_date.move(row, by=self.by, start=start, zone=ZONE)
            self.model.moved[row.slot_date] = row.start_utc

    def skip(self, n: int) -> None:
        if (row := self.pick(n)) is not None and row.slot_date is not None:
            one_date.skip(row, by=self.by, reason="leave")
            self.model.skipped.add(row.slot_date)

    def many(self, act: str, n: int) -> None:
        row = self.pick(0)
        if act == "move" and (row is None or row.moved or self.series.rule.cadence == PRESETS["weekly"]):
            return
        former = deepcopy(self.model)
        wish = BulkRequest(act, (self.pair.pk,), cadence=CADENCES[n % 4], first_day=self.today + timedelta(days=n))
        seen, waiting = bulk.preview(wish, by=self.cast.ada), self.waiting()
        self.check()
        done = bulk.commit(wish, by=self.cast.ada, key=uuid.uuid4(), digest=seen.digest)
        assert len(self.waiting() - waiting) == seen.mails
        assert [line.shown for line in done.lines.all()] == [line.shown for line in seen.lines]
        if done.lines.get().refused:
            return
        if act == "move" and row is not None and row.slot_date is not None:
            row.refresh_from_db()
            self.model.moved[row.slot_date] = row.start_utc
        elif act == "pause":
            self.model.pauses.append((self.today + timedelta(days=n), None))
        elif row is not None and row.slot_date is not None:
            own = next(rule for day, rule in self.model.slots(row.slot_date).items() if day == row.slot_date)
            rule, since = own.following(row.slot_date, cadence=PRESETS[wish.cadence]), row.slot_date
            if rule.slot(since).start_utc < self.now:
                rule, since = rule.after_moment(row.end_utc), since + timedelta(days=1)
            self.model.change(since, rule)
        self.done, self.former, self.at = done, former, self.now

    def undo(self) -> None:
        if self.done is None or self.former is None or self.now - self.at >= timedelta(minutes=10):
            return
        version = self.series.version
        undone = bulk.undo(self.done, by=self.cast.ada)
        untouched = version == self.done.lines.get().version
        assert bool(undone.lines.get().left) is not untouched
        if untouched:
            self.model = self.former
        self.done = None


SMALL = st.integers(0, 20)
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("change"), SMALL, st.sampled_from(["weekday", "time", "cadence", "first"]), SMALL),
    st.tuples(st.just("pause"), st.integers(0, 60), st.integers(0, 70)),
    st.tuples(st.just("resume")),
    st.tuples(st.just("end"), st.integers(0, 120)),
    st.tuples(st.just("extend")),
    st.tuples(st.just("archive"), SMALL, st.integers(1, 20)),
    st.tuples(st.just("move"), SMALL, st.integers(1, 5)),
    st.tuples(st.just("skip"), SMALL),
    st.tuples(st.just("many"), st.sampled_from(["move", "pause", "rhythm"]), SMALL),
    st.tuples(st.just("undo")),
)


def live(cast: Cast, steps: list[tuple[tuple[Any, ...], bool]]) -> None:
    """Each step a minute after the one before; `True`: a round of the worker follows it."""
    clock = Clock()
    with clock.running():
        life = Life(cast, clock)
        for (name, *values), worker in steps:
            clock.pass_minutes(1)
            before = list(Session.objects.values_list("pk", "start_utc", "status").order_by("pk"))
            try:
                with transaction.atomic():
                    getattr(life, name)(*values)
            except Refusal:
                assert list(Session.objects.values_list("pk", "start_utc", "status").order_by("pk")) == before
            life.check()
            if worker:
                life.round()
        life.round()


@pytest.mark.parametrize("runs", [pytest.param(4, id="some"), pytest.param(2000, id="many", marks=pytest.mark.deep)])
def test_no_date_is_lost_or_doubled_and_mails_are_as_the_rules_say(cast: Cast, runs: int) -> None:
    @settings(max_examples=runs, deadline=None)
    @given(st.lists(st.tuples(STEPS, st.booleans()), min_size=4, max_size=12))
    def sequence(steps: list[tuple[tuple[Any, ...], bool]]) -> None:
        mail.outbox.clear()
        with transaction.atomic():
            live(cast, steps)
            transaction.set_rollback(True)

    sequence()
