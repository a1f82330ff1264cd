"""What a pause or an end left out and what comes back: which dates, and which invitations follow."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest

from partnerships.models import Delivery, Person
from partnerships.refusals import Invalid, Refusal
from retros.administration.schedule import by_date, health
from retros.dates import one_date, rhythm, upkeep
from retros.lifecycle import ending
from retros.models import Series, Session
from retros.recurrence.rule import PRESETS, Rule
from retros.recurrence.wall_time import Misplaced
from retros.worker import tick
from tests.cast import Cast
from tests.retros.scheduling import Planned, utc

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def planned(cast: Cast) -> Planned:
    """Every 2 weeks, Tuesdays from 5 January; the clock stands on 1 December."""
    return Planned("S1", cast.checkout, "2026-12-01T09:00Z")


def told(person: Person) -> Counter[str]:
    """How many calendar mails of each kind were sent to this person."""
    mails = Delivery.objects.filter(person=person, kind__in=Delivery.CALENDAR, status=Delivery.Status.SENT)
    return Counter(mails.values_list("kind", flat=True))


def states(planned: Planned) -> dict[str, str]:
    ahead = [row for row in planned.rows() if row.start_utc > planned.now and row.reason != Session.SURPLUS]
    return {f"{row.slot_date:%m-%d}": row.status for row in ahead}


def test_only_the_next_two_of_what_comes_back_are_invited_to(planned: Planned, cast: Cast) -> None:
    series, now = planned.series, planned.now
    tick(now)
    rhythm.pause(series, date(2027, 1, 1), date(2027, 2, 28), by=planned.by, now=now + MINUTE)
    tick(now + MINUTE)  # called off: 5 and 19 January; invited to: 2 and 16 March
    rhythm.resume(series, by=planned.by, now=now + 2 * MINUTE)
    tick(now + 2 * MINUTE)  # invited to: 5 and 19 January, as new events
    rhythm.end(series, date(2027, 1, 1), by=planned.by, now=now + 3 * MINUTE)
    tick(now + 3 * MINUTE)  # called off: all four
    for person in (cast.ines, cast.tom):
        assert told(person) == {"invite": 6, "cancel": 6}
    rhythm.end(series, None, by=planned.by, now=now + 4 * MINUTE)
    for minute in range(4, 8):
        tick(now + minute * MINUTE)
    for person in (cast.ines, cast.tom):
        assert told(person) == {"invite": 8, "cancel": 6}
    tick(planned.at("2027-01-05").start_utc + MINUTE)
    tick(planned.at("2027-01-19").start_utc + MINUTE)
    assert told(cast.ines) == {"invite": 10, "cancel": 6}


def test_an_invitation_that_waits_is_taken_back_when_others_come_first(planned: Planned) -> None:
    tick(planned.now)
    rhythm.pause(planned.series, date(2027, 1, 1), date(2027, 2, 28), by=planned.by, now=planned.now + MINUTE)
    rhythm.resume(planned.series, by=planned.by, now=planned.now + 2 * MINUTE)
    march = Session.objects.filter(series=planned.series, slot_date__gte=date(2027, 3, 1)).values("pk")
    assert set(Delivery.objects.filter(subject_id__in=march).values_list("kind", "status")) == {("invite", "cancelled")}


# --- dates of an older rule ------------------------------------------------------------------------------------------


def in_two_rules(planned: Planned) -> None:
    """Thursdays from 18 March on."""
    rhythm.change_from(planned.series, planned.at("2027-03-16"), by=planned.by, weekday=3, now=planned.now)
    assert states(planned)["03-18"] == "scheduled"


def test_dates_before_a_later_rule_come_back_with_the_others(planned: Planned) -> None:
    in_two_rules(planned)
    before = states(planned)
    rhythm.pause(planned.series, date(2027, 1, 1), by=planned.by, now=planned.now)
    assert set(states(planned).values()) == {"skipped"}
    rhythm.resume(planned.series, by=planned.by, now=planned.now)
    assert states(planned) == before
    rhythm.end(planned.series, date(2027, 1, 20), by=planned.by, now=planned.now)
    assert [day for day, state in states(planned).items() if state == "scheduled"] == ["01-05", "01-19"]
    rhythm.end(planned.series, None, by=planned.by, now=planned.now)
    assert states(planned) == before


def test_what_a_rule_took_the_place_of_does_not_come_back(planned: Planned) -> None:
    """The rhythm moved by a week while its later dates were called off: they are no dates of it any more."""
    rhythm.end(planned.series, date(2027, 1, 31), by=planned.by, now=planned.now)
    rhythm.change_from(
        planned.series, planned.at("2027-01-19"), by=planned.by, first=date(2027, 1, 26), now=planned.now
    )
    rhythm.end(planned.series, None, by=planned.by, now=planned.now)
    days = [day for day, state in states(planned).items() if state == "scheduled"]
    assert days[:4] == ["01-05", "01-26", "02-09", "02-23"]
    assert "03-02" not in states(planned)


def test_an_end_within_a_pause_is_taken_back_into_the_pause(planned: Planned) -> None:
    rhythm.pause(planned.series, date(2027, 2, 1), date(2027, 3, 31), by=planned.by, now=planned.now)
    paused = states(planned)
    rhythm.end(planned.series, date(2027, 2, 10), by=planned.by, now=planned.now)
    assert states(planned)["03-02"] == "cancelled"
    rhythm.end(planned.series, None, by=planned.by, now=planned.now)
    assert states(planned) == paused
    rhythm.resume(planned.series, by=planned.by, now=planned.now)
    assert set(states(planned).values()) == {"scheduled"}


# --- a retro outside of the rhythm on the day of a slot --------------------------------------------------------------


@pytest.mark.parametrize(("hour", "moved"), [(10, False), (16, True)])
def test_a_retro_beyond_the_horizon_is_that_days_slot_once_it_is_made(planned: Planned, hour: int, moved: bool) -> None:
    start = datetime(2027, 9, 14, hour)  # noqa: DTZ001 (a wall time)
    outside = one_date.plan(planned.partnership, by=planned.by, start=start, zone="Europe/Berlin", now=planned.now)
    upkeep.materialise(utc("2027-03-20T09:00Z"))
    there = [row for row in Session.objects.filter(partnership=planned.partnership) if row.day == start.date()]
    assert [(row.pk, row.slot_date, row.moved) for row in there] == [(outside.pk, start.date(), moved)]
    assert (there[0].wall_start, there[0].sequence, there[0].uid_generation) == (start, 0, 1)


def test_a_rhythm_does_not_begin_on_the_day_of_another_retro(planned: Planned) -> None:
    start = datetime(2027, 1, 14, 16)  # noqa: DTZ001 (a wall time)
    one_date.plan(planned.partnership, by=planned.by, start=start, zone="Europe/Berlin", now=planned.now)
    with pytest.raises(Misplaced, match="14 January 2027, 16:00"):
        rhythm.change_from(planned.series, planned.at("2027-01-05"), by=planned.by, weekday=3, now=planned.now,
                           cadence=PRESETS["weekly"])  # fmt: skip


# --- a pause and the end of its rhythm -------------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["ended", "archived"])
def test_a_pause_without_a_last_day_ends_with_its_rhythm(planned: Planned, over: str) -> None:
    series, now = planned.series, planned.now
    rhythm.pause(series, date(2026, 12, 1), by=planned.by, now=now)
    if over == "ended":
        rhythm.end(series, date(2026, 12, 1), by=planned.by, now=now)
        upkeep.materialise(now + timedelta(days=2))
    else:
        ending.end(planned.partnership, by=planned.by)
        ending.reopen(planned.partnership, by=planned.by)
    again = Rule.starting(date(2027, 1, 13), PRESETS["every_2_weeks"], time(10), "Europe/Berlin")
    later = now + timedelta(days=3)
    series = rhythm.begin(planned.partnership, by=planned.by, rule=again, now=later)
    ahead = [row for row in planned.rows() if row.rule_version == series.current]
    assert {row.status for row in ahead} == {"scheduled"}
    assert series.status == "active"
    rhythm.pause(series, date(2027, 1, 1), by=planned.by, now=later)
    assert {row.status for row in planned.rows() if row.rule_version == series.current} == {"skipped"}
    rhythm.resume(series, by=planned.by, now=later)
    assert {row.status for row in planned.rows() if row.rule_version == series.current} == {"scheduled"}


def test_the_pause_of_an_ended_rhythm_stays_when_that_one_goes_on(planned: Planned) -> None:
    rhythm.pause(planned.series, date(2026, 12, 1), by=planned.by, now=planned.now)
    rhythm.end(planned.series, date(2026, 12, 1), by=planned.by, now=planned.now)
    upkeep.materialise(planned.now + timedelta(days=2))
    rhythm.end(planned.series, None, by=planned.by, now=planned.now + timedelta(days=3))
    planned.series.refresh_from_db()
    assert planned.series.status == "paused"
    assert set(states(planned).values()) == {"skipped"}


# --- a pause that is still to come -----------------------------------------------------------------------------------


def test_a_pause_that_is_to_come_pauses_nothing_yet(planned: Planned) -> None:
    series = planned.series
    rhythm.pause(series, date(2027, 7, 1), date(2027, 7, 31), by=planned.by, now=planned.now)
    assert status_of(series) == "active"
    rhythm.pause(series, date(2027, 2, 1), date(2027, 2, 28), by=planned.by, now=planned.now)
    for day, status in (("2027-01-31", "active"), ("2027-02-01", "paused"), ("2027-03-01", "active"),
                        ("2027-06-30", "active"), ("2027-07-02", "paused"), ("2027-08-01", "active")):  # fmt: skip
        upkeep.materialise(utc(f"{day}T12:00Z"))
        assert (day, status_of(series)) == (day, status)


def test_a_pair_with_a_pause_to_come_is_still_on_the_list_of_what_did_not_take_place(planned: Planned) -> None:
    rhythm.pause(planned.series, date(2027, 7, 1), date(2027, 7, 31), by=planned.by, now=planned.now)
    now = utc("2027-01-13T09:00Z")
    tick(now)
    found = {key: by_date(now).filter(health(now)[key]).exists() for key in ("overdue", "paused")}
    assert found == {"overdue": True, "paused": False}


def status_of(series: Series) -> str:
    return Series.objects.get(pk=series.pk).status


def test_pauses_do_not_overlap_and_are_taken_back_one_by_one(planned: Planned) -> None:
    series = planned.series
    rhythm.pause(series, date(2027, 3, 1), date(2027, 3, 31), by=planned.by, now=planned.now)
    rhythm.pause(series, date(2027, 1, 1), date(2027, 1, 31), by=planned.by, now=planned.now)
    taken = ((date(2027, 1, 31), None), (date(2026, 12, 5), date(2027, 1, 1)), (date(2027, 3, 2), date(2027, 3, 3)))
    for first, last in taken:
        with pytest.raises(Refusal, match="Paused from"):
            rhythm.pause(series, first, last, by=planned.by, now=planned.now)
    rhythm.pause(series, date(2027, 1, 1), date(2027, 1, 31), by=planned.by, now=planned.now)  # the same press again
    assert series.pauses.count() == 2
    march = series.pauses.get(from_date=date(2027, 3, 1))
    rhythm.resume(series, by=planned.by, pause=march.pk, now=planned.now)
    assert [day for day, state in states(planned).items() if state == "skipped"] == ["01-05", "01-19"]
    rhythm.resume(series, by=planned.by, now=planned.now)
    assert set(states(planned).values()) == {"scheduled"}


def test_a_pause_of_another_century_is_refused(planned: Planned) -> None:
    with pytest.raises(Invalid, match="this century"):
        rhythm.pause(planned.series, date(2027, 1, 1), date(9999, 12, 31), by=planned.by, now=planned.now)
    with pytest.raises(Invalid, match="this century"):
        rhythm.end(planned.series, date(9999, 12, 31), by=planned.by, now=planned.now)
