from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retros.administration.placing import (
    BUFFER,
    BusyTimes,
    Plan,
    Reason,
    Two,
    WorkingPerson,
    conflicts,
    occurrences,
    plan,
)
from retros.recurrence.rule import PRESETS, Rule
from tests.retros.scheduling import case

pytestmark = pytest.mark.one_database

HOUR = timedelta(hours=1)
ZONES = ["Europe/Tallinn", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata"]


def broken_promises(found: Plan, busy: BusyTimes | None = None, *, duration_min: int = 60) -> list[str]:
    """What a plan must hold over the whole year, counted afresh from its rules."""
    length = timedelta(minutes=duration_min)
    days: dict[WorkingPerson, list[datetime]] = defaultdict(list)
    wrong = []
    for placed in found.placed:
        assert placed.slots == occurrences(placed.rule)
        for slot in placed.slots:
            for who in placed.two:
                days[who].append(slot.start_utc)
                start, end = who.local(slot.start_utc), who.local(slot.start_utc + length)
                if start.weekday() > 4 or start.time() < time(8) or end.time() > time(18) or end.date() != start.date():
                    wrong.append(f"{who.key} does not work at {start}")
    for who, starts in days.items():
        taken = [start for start, _end in (busy.of(who) if busy else [])]
        for one, two in pairwise(sorted({*starts, *taken})):
            if two - one < length + BUFFER:
                wrong.append(f"{who.key} has {one} and {two}")
        weeks = [who.local(start).isocalendar()[:2] for start in starts]
        wrong += [f"{who.key} has two in week {week}" for week in set(weeks) if weeks.count(week) > 1]
    return wrong


def test_nine_pairs_of_five_zones() -> None:
    given_ = case("BLK-01")["given"]
    people = {name: WorkingPerson(name, zone) for name, zone in given_["people"].items()}
    pairs = [Two((a, b), people[a], people[b]) for a, b in given_["partnerships"]]
    cadence, first = PRESETS[given_["cadence"]], date.fromisoformat(given_["from"])
    found = plan(pairs, cadence=cadence, first_day=first)
    assert found.unplaced == []
    assert {placed.two.key for placed in found.placed} == {two.key for two in pairs}
    assert all(placed.rule.start_date >= first for placed in found.placed)
    assert broken_promises(found) == []
    assert plan(pairs, cadence=cadence, first_day=first) == found


def test_a_collision_that_comes_later_in_the_year() -> None:
    known = case("BLK-02")
    d1 = WorkingPerson("d1", "Europe/Tallinn")
    rules = []
    for part in ("existing", "new"):
        what = known["given"][part]
        day = date.fromisoformat(what["start_date"])
        at = time.fromisoformat(what["local_time"])
        rules.append(Rule.starting(day, PRESETS[what["cadence"]], at, what["timezone"]))
    old, new = rules
    busy = BusyTimes({"d1": [(slot.start_utc, slot.start_utc + HOUR) for slot in occurrences(old)]})
    until = datetime.fromisoformat(known["given"]["check_until"]).replace(tzinfo=UTC)
    found = [moment for moment in conflicts(occurrences(new), 60, d1, busy) if moment < until]
    assert [f"{moment:%Y-%m-%dT%H:%MZ}" for moment in found] == known["expected"]["conflicts_at"]


def forty() -> list[Two]:
    busy = WorkingPerson("busy", "Europe/Tallinn")
    pairs = [Two(("busy", n), busy, WorkingPerson(("with", n), ZONES[n % 3])) for n in range(6)]
    for n in range(34):
        pairs.append(Two(n, WorkingPerson(("a", n), ZONES[n % 5]), WorkingPerson(("b", n), ZONES[(n + n // 5) % 3])))
    return pairs


def test_forty_pairs_with_one_person_in_six_of_them() -> None:
    pairs = forty()
    found = plan(pairs, cadence=PRESETS["every_2_months"], first_day=date(2027, 1, 6))
    assert broken_promises(found) == []
    assert len(found.placed) + len(found.unplaced) == 40
    assert {placed.two.key for placed in found.placed} >= {("busy", n) for n in range(6)}
    firsts = [placed.rule.start_date.isocalendar()[:2] for placed in found.placed]
    assert len(set(firsts)) >= 8  # spread over the round, not all in one week


def test_who_has_no_hour_in_common_is_named() -> None:
    far = Two("far", WorkingPerson("a", "Asia/Kolkata"), WorkingPerson("b", "America/New_York"))
    apart = Two("apart", WorkingPerson("c", "UTC", frozenset({0, 1})), WorkingPerson("d", "UTC", frozenset({2, 3})))
    near = Two("near", WorkingPerson("e", "UTC"), WorkingPerson("f", "UTC"))
    found = plan([far, near, apart], cadence=PRESETS["monthly"], first_day=date(2027, 1, 4))
    reasons = {two.key: reason for two, reason in found.unplaced}
    assert reasons == {"far": Reason.NO_COMMON_HOURS, "apart": Reason.NO_COMMON_HOURS}
    assert [placed.two.key for placed in found.placed] == ["near"]


def test_who_has_no_free_week_is_named() -> None:
    """Two retros every week are one too many: nobody has two in a week."""
    one = WorkingPerson("one", "Europe/Berlin")
    pairs = [Two(n, one, WorkingPerson(n, "Europe/Berlin")) for n in range(3)]
    found = plan(pairs, cadence=PRESETS["every_2_weeks"], first_day=date(2027, 1, 4))
    assert [reason for _two, reason in found.unplaced] == [Reason.NO_FREE_SLOT]
    assert broken_promises(found) == []


def test_what_is_planned_already_is_not_touched() -> None:
    who = WorkingPerson("who", "Europe/Berlin")
    standing = Rule.starting(date(2027, 1, 4), PRESETS["every_2_weeks"], time(10), "Europe/Berlin")
    spans = [(slot.start_utc, slot.start_utc + HOUR) for slot in occurrences(standing)]
    busy = BusyTimes({"who": spans})
    found = plan(
        [Two(1, who, WorkingPerson("b", "Europe/Berlin"))],
        cadence=PRESETS["every_4_weeks"],
        first_day=date(2027, 1, 4),
        busy=busy,
    )
    (placed,) = found.placed
    taken = {who.week(start) for start, _end in spans}
    assert not taken & {who.week(slot.start_utc) for slot in placed.slots}


def test_dates_that_shift_for_one_of_the_two_are_marked() -> None:
    pair = Two(1, WorkingPerson("a", "Europe/Berlin"), WorkingPerson("b", "America/New_York"))
    (placed,) = plan([pair], cadence=PRESETS["weekly"], first_day=date(2027, 2, 1)).placed
    shifted = [slot.day for slot in placed.slots if placed.is_shifted(slot)]
    assert shifted
    assert all(date(2027, 3, 14) <= day < date(2027, 3, 28) or day >= date(2027, 10, 31) for day in shifted)


@settings(max_examples=15)
@given(
    edges=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] != pair[1]), max_size=9),
    zones=st.lists(st.sampled_from([*ZONES, "Australia/Lord_Howe", "Africa/Casablanca"]), min_size=8, max_size=8),
    key=st.sampled_from(sorted(PRESETS)),
    first=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
)
def test_no_plan_breaks_a_promise(edges: list[tuple[int, int]], zones: list[str], key: str, first: date) -> None:
    people = [WorkingPerson(n, zone) for n, zone in enumerate(zones)]
    pairs = [Two(number, people[a], people[b]) for number, (a, b) in enumerate(edges)]
    found = plan(pairs, cadence=PRESETS[key], first_day=first)
    assert broken_promises(found) == []
    assert len(found.placed) + len(found.unplaced) == len(pairs)
    assert all(placed.rule.start_date >= first for placed in found.placed)


@pytest.mark.parametrize("minutes", [30, 90])
def test_other_lengths(minutes: int) -> None:
    found = plan(forty()[:12], cadence=PRESETS["quarterly"], first_day=date(2027, 1, 6), duration_min=minutes)
    assert broken_promises(found, duration_min=minutes) == []
    assert found.placed
