"""Rhythms for many pairs at once, so that nobody sits in two retros at a time, all year (docs/rules/scheduling.md S23).

Pure: people, zones and rules in, rules out. Greedy and deterministic: the busiest people first, and for each pair the
first week, weekday and hour at which every date of a year lies in both people's working hours and in nobody's way.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from retros.recurrence.common_hours import BEGIN, END
from retros.recurrence.rule import Cadence, Rule, Slot

if TYPE_CHECKING:
    from partnerships.models import Person

YEAR = timedelta(days=366)
BUFFER = timedelta(minutes=15)
WORKING_DAYS = frozenset(range(5))
HOURS = (10, 11, 14, 15, 9, 13, 16, 12, 8, 17)  # in the order in which people like to meet


class Reason(enum.Enum):
    """Why a pair has no place. It is never forced into one."""

    NO_COMMON_HOURS = "no_common_hours"
    NO_FREE_SLOT = "no_free_slot"


@dataclass(frozen=True)
class WorkingPerson:
    """Somebody whose hours count."""

    key: Hashable
    zone: str
    days: frozenset[int] = WORKING_DAYS

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone))

    def works(self, start: datetime, end: datetime) -> bool:
        """Whether all of it lies in one working day of theirs, between 08:00 and 18:00."""
        first, last = self.local(start), self.local(end)
        same_day = first.date() == last.date() and first.weekday() in self.days
        return same_day and first.time() >= BEGIN and last.time() <= END

    def week(self, moment: datetime) -> tuple[int, int]:
        return self.local(moment).isocalendar()[:2]


@dataclass(frozen=True)
class Two:
    """A pair to be placed."""

    key: Hashable
    a: WorkingPerson
    b: WorkingPerson

    def __iter__(self) -> Iterator[WorkingPerson]:
        return iter((self.a, self.b))


def two_of(key: Hashable, people: Sequence[Person]) -> Two:
    """The two of a pair, with their working days."""
    a, b = (WorkingPerson(p.pk, p.timezone, frozenset(int(n) - 1 for n in p.working_days)) for p in people)
    return Two(key, a, b)


BusySpan = tuple[datetime, datetime]


class BusyTimes:
    """When each person sits in a retro, sorted; and in which of their weeks."""

    def __init__(self, spans: Mapping[Hashable, Sequence[BusySpan]] | None = None) -> None:
        self._spans: dict[Hashable, list[BusySpan]] = {key: sorted(found) for key, found in (spans or {}).items()}

    def of(self, worker: WorkingPerson) -> list[BusySpan]:
        return self._spans.setdefault(worker.key, [])

    def add(self, worker: WorkingPerson, spans: Sequence[BusySpan]) -> None:
        self._spans[worker.key] = sorted([*self.of(worker), *spans])

    def clash(self, worker: WorkingPerson, start: datetime, end: datetime) -> bool:
        """Whether they sit in another one then, or less than a quarter of an hour before or after."""
        spans = self.of(worker)
        place = bisect_left(spans, (start, end))
        before = place > 0 and spans[place - 1][1] + BUFFER > start
        after = place < len(spans) and spans[place][0] < end + BUFFER
        return before or after

    def without(self, span: BusySpan) -> BusyTimes:
        """The same, but for one retro at that time. Whoever sits in two then still sits in the other."""
        spans = {key: list(found) for key, found in self._spans.items()}
        for found in spans.values():
            if span in found:
                found.remove(span)
        return BusyTimes(spans)

    def weeks(self, worker: WorkingPerson) -> set[tuple[int, int]]:
        return {worker.week(start) for start, _end in self.of(worker)}


@dataclass(frozen=True)
class Placed:
    """A pair with its rule, and every date of it in the year that was looked at."""

    two: Two
    rule: Rule
    slots: list[Slot]

    def is_free(self, busy: BusyTimes) -> bool:
        """Whether both can still be there, every time."""
        minutes = self.rule.duration_min
        return all(is_free(who, self.slots, minutes, busy, busy.weeks(who)) for who in self.two)

    def is_shifted(self, slot: Slot) -> bool:
        """Whether somebody's clock shows another time than at the first date: the zones change theirs apart."""
        first = self.slots[0].start_utc
        return any(who.local(slot.start_utc).time() != who.local(first).time() for who in self.two)


@dataclass
class Plan:
    placed: list[Placed] = field(default_factory=list)
    unplaced: list[tuple[Two, Reason]] = field(default_factory=list)


def plan(
    pairs: Sequence[Two], *, cadence: Cadence, first_day: date, last_day: date | None = None,
    weekday: int | None = None, hour: int | None = None, duration_min: int = 60, busy: BusyTimes | None = None,
) -> Plan:  # fmt: skip
    """Place every pair that has a place. The first date lies from `first_day` to `last_day`, on that `weekday` (0 is
    Monday) and at that `hour` by the clock of one of the two, where these are given.

    The first dates are spread over one round of the cadence: each pair begins to look a week after the one before.
    """
    busy, found = busy or BusyTimes(), Plan()
    monday = first_day - timedelta(days=first_day.weekday())
    weeks = max(cadence.interval_days // 7, 1)
    for number, two in enumerate(busiest_first(pairs)):
        spread = [(number + week) % weeks if week < weeks else weeks for week in range(weeks + 1)]
        days = [monday + timedelta(weeks=week, days=n) for week in spread for n in range(7)]
        firsts = [
            day for day in days if first_day <= day <= (last_day or date.max) and weekday in {None, day.weekday()}
        ]
        search = _Search(two, cadence, firsts, HOURS if hour is None else (hour,), duration_min, busy)
        if placed := search.first_free():
            for who in two:
                busy.add(who, _spans(placed.slots, duration_min))
            found.placed.append(placed)
        else:
            found.unplaced.append((two, Reason.NO_FREE_SLOT if search.has_common_hours else Reason.NO_COMMON_HOURS))
    return found


def nearest_free(two: Two, start: datetime, duration_min: int, busy: BusyTimes, now: datetime) -> datetime | None:
    """The start, closest to that one and within two weeks of it, at which both work and sit in nothing else: UTC, on a
    full hour of the first one's clock. None without one.
    """
    length, zone = timedelta(minutes=duration_min), ZoneInfo(two.a.zone)
    free = busy.without((start, start + length))
    days = (two.a.local(start).date() + timedelta(days=n) for n in range(-14, 15))
    moments = [datetime.combine(day, time(hour), zone).astimezone(UTC) for day in days for hour in HOURS]
    for moment in sorted(moments, key=lambda each: (abs(each - start), each)):
        end = moment + length
        if moment > now and all(who.works(moment, end) and not free.clash(who, moment, end) for who in two):
            return moment
    return None


def busiest_first(pairs: Sequence[Two]) -> list[Two]:
    """Those whose people sit in most of the pairs come first; the order they came in decides the rest."""
    count = Counter(who.key for two in pairs for who in two)
    return sorted(pairs, key=lambda two: sorted(-count[who.key] for who in two))


def occurrences(rule: Rule, *, since: datetime | None = None) -> list[Slot]:
    """Every date of a rule within 366 days of its first, or of a moment."""
    found: list[Slot] = []
    until = (since.date() if since else rule.start_date) + YEAR
    for day in rule.days():
        if day > until:
            break
        slot = rule.slot(day)
        if since is None or slot.start_utc >= since:
            found.append(slot)
    return found


def conflicts(slots: Sequence[Slot], duration_min: int, worker: WorkingPerson, busy: BusyTimes) -> list[datetime]:
    """When somebody would have to sit in two retros at once."""
    spans = _spans(slots, duration_min)
    return [start for start, end in spans if busy.clash(worker, start, end)]


def is_free(
    who: WorkingPerson, slots: Sequence[Slot], duration_min: int, busy: BusyTimes, taken: set[tuple[int, int]]
) -> bool:
    """Nothing of theirs at that time, and no second retro in a week of theirs; `taken`: the weeks in which they have
    one.
    """
    weeks = [who.week(slot.start_utc) for slot in slots]
    if len(set(weeks)) < len(weeks) or taken.intersection(weeks):
        return False
    return not conflicts(slots, duration_min, who, busy)


class _Search:
    """The places of one pair, in the order in which they are tried."""

    def __init__(
        self, two: Two, cadence: Cadence, firsts: list[date], hours: Sequence[int], duration_min: int, busy: BusyTimes
    ) -> None:
        self.two, self.cadence, self.firsts, self.hours = two, cadence, firsts, hours
        self.duration_min, self.busy = duration_min, busy
        self.length = timedelta(minutes=duration_min)
        self.weeks = {who.key: busy.weeks(who) for who in two}
        self.has_common_hours = False

    def first_free(self) -> Placed | None:
        for rule in self._rules():
            slots = occurrences(rule)
            if all(who.works(s.start_utc, s.start_utc + self.length) for s in slots for who in self.two):
                self.has_common_hours = True
                if all(is_free(who, slots, self.duration_min, self.busy, self.weeks[who.key]) for who in self.two):
                    return Placed(self.two, rule, slots)
        return None

    def _rules(self) -> Iterator[Rule]:
        zones = dict.fromkeys(who.zone for who in self.two)
        for day in self.firsts:
            for hour in self.hours:
                for zone in zones:
                    if self._could_be(day, hour, zone):
                        yield Rule.starting(day, self.cadence, time(hour), zone, duration_min=self.duration_min)

    def _could_be(self, day: date, hour: int, zone: str) -> bool:
        """Whether the first date of all lies in both people's hours: a cheap question before the whole year."""
        start = datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)
        return all(who.works(start, start + self.length) for who in self.two)


def _spans(slots: Sequence[Slot], duration_min: int) -> list[BusySpan]:
    length = timedelta(minutes=duration_min)
    return [(slot.start_utc, slot.start_utc + length) for slot in slots]
