"""Who is reminded of what, when: the cases of docs/rules/scheduling.md S18, and what they leave open."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partnerships.models import Delivery, Partnership, Person, Preference
from retros.dates import one_date
from retros.models import Session
from retros.notifications.plan import plan_deliveries
from retros.worker import tick
from tests.retros import play
from tests.retros.planned_dates import CASES, moment, pair, people, planned, rhythm, session

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def start_of(case: dict[str, Any]) -> str:
    return str(case["given"]["session_start_utc"]).removesuffix("Z")


@pytest.mark.parametrize("name", ["NOT-01", "NOT-02", "NOT-03"])
def test_the_cases_of_the_ordinary_way(name: str) -> None:
    case = CASES[name]
    ours = pair(*case["given"]["recipients"].values())
    made = session(ours, start_of(case), "UTC", rhythm(ours))
    plan_deliveries(made.start_utc - 13 * DAY)
    for seat, person in zip("AB", people(ours), strict=True):
        found = planned(person)
        for kind in ("prep_open", "day_ahead"):
            if seat in case["expected"].get(kind, {}):
                assert found[kind] == case["expected"][kind][seat], (seat, kind)


def test_planned_two_days_before() -> None:
    """NOT-04: on a Sunday, for Tuesday: one mail before the start, on Monday at eight."""
    case = CASES["NOT-04"]
    ours = pair(*case["given"]["recipients"].values())
    made = session(ours, start_of(case))
    person = people(ours)[0]
    now = moment(case["given"]["now"])
    before = []
    while now < made.start_utc:
        tick(now)
        before.append(planned(person))
        now += HOUR / 2
    assert before[0]["prep_open"] == case["expected"]["prep_open"]["A"]
    assert not any("day_ahead" in found for found in before)
    sent = Delivery.objects.filter(person=person, status="sent", channel="email", kind__in=Delivery.REMINDERS)
    assert sent.count() == case["expected"]["mails_to_A_before_start"]


def test_the_one_that_speaks_for_two_is_of_use_for_as_long() -> None:
    """NOT-04, and the worker was away when its hour came: it goes out late, for there is no other."""
    ours = pair("Europe/Tallinn")
    session(ours, "2027-02-09T12:00")
    plan_deliveries(moment("2027-02-07T12:00Z"))
    tick(moment("2027-02-08T16:00Z"))
    assert set(planned(people(ours)[0], status="sent")) == {"prep_open"}


def test_moved_after_the_day_ahead_was_sent() -> None:
    """NOT-06: the announced start is the key, so a new start is announced anew, and writing ahead is not."""
    case = CASES["NOT-06"]
    ours = pair("Europe/Tallinn", "America/New_York")
    a, b = people(ours)
    made = session(ours, "2027-02-09T14:00", "Europe/Tallinn", rhythm(ours))
    for at in ("2027-01-26T08:00Z", "2027-02-02T16:00Z", "2027-02-08T15:00Z"):
        tick(moment(at))
    assert {*planned(a, status="sent")} >= {*case["given"]["sent"]}
    one_date.move(
        made,
        by=a,
        start=moment("2027-02-16T14:00Z").replace(tzinfo=None),
        zone="Europe/Tallinn",
        now=made.start_utc - DAY,
    )
    plan_deliveries(moment("2027-02-08T15:01Z"))
    for person, seat in ((a, "A"), (b, "B")):
        assert planned(person, status="pending")["day_ahead"] == case["expected"]["day_ahead"][seat]
        assert "prep_open" not in planned(person, status="pending")
        (update,) = Delivery.objects.filter(person=person, kind="update")
        assert update.for_key.split(".")[:2] == ["1", "1"]


@pytest.mark.parametrize(
    ("unit", "interval", "lead"), [("month", 2, 7), ("week", 4, 7), ("week", 3, 3), ("week", 1, 3), ("month", 1, 7)]
)
def test_a_short_cycle_asks_three_days_before(unit: str, interval: int, lead: int) -> None:
    ours = pair("Europe/Berlin")
    session(ours, "2027-03-19T12:00", "UTC", rhythm(ours, unit=unit, interval=interval))  # a Friday
    plan_deliveries(moment("2027-03-08T00:00Z"))
    assert planned(people(ours)[0])["prep_open"] == f"2027-03-{19 - lead}T08:00Z"


def test_who_works_on_other_days_hears_on_those() -> None:
    ours = pair("Europe/Berlin")
    a, b = people(ours)
    Person.objects.filter(pk=a.pk).update(working_days="1467")
    session(ours, "2027-03-18T12:00")  # a Thursday; a week earlier is one too
    plan_deliveries(moment("2027-03-08T00:00Z"))
    assert planned(a) == {
        "prep_open": "2027-03-11T08:00Z",
        "day_ahead": "2027-03-15T08:00Z",  # Monday: Tuesday and Wednesday are off
        "wrap_up": "2027-03-20T08:00Z",
    }
    assert planned(b)["day_ahead"] == "2027-03-17T08:00Z"


def test_starting_stands_in_the_app_for_twenty_minutes() -> None:
    ours = pair("Europe/Berlin")
    a, _b = people(ours)
    made = session(ours, "2027-03-20T21:00")  # a Saturday evening: it knows no quiet hours
    tick(made.start_utc - timedelta(minutes=11))
    assert not Delivery.objects.notices_for(a, made.start_utc).exists()
    tick(made.start_utc - timedelta(minutes=9))
    (notice,) = Delivery.objects.notices_for(a, made.start_utc)
    assert notice.kind == "starting"
    assert not Delivery.objects.notices_for(a, made.start_utc + timedelta(minutes=10)).exists()


def test_what_is_not_closed_is_asked_about_on_the_next_working_day() -> None:
    ours = pair("Europe/Berlin")
    a, b = people(ours)
    session(ours, "2027-03-19T12:00")  # a Friday
    tick(moment("2027-03-19T14:00Z"))
    assert planned(a, status="pending") == {"wrap_up": "2027-03-22T08:00Z"}
    tick(moment("2027-03-22T08:00Z"))
    assert "wrap_up" in planned(a, status="sent")
    assert [n.kind for n in Delivery.objects.notices_for(b, moment("2027-03-22T08:00Z"))] == ["wrap_up"]


def test_what_was_held_is_not_asked_about() -> None:
    ours = pair("Europe/Berlin")
    made = session(ours, "2027-03-19T12:00")
    tick(moment("2027-03-19T14:00Z"))
    Session.objects.filter(pk=made.pk).update(status="held", held_on=date(2027, 3, 19))
    tick(moment("2027-03-22T08:00Z"))
    assert not Delivery.objects.filter(kind="wrap_up").exclude(status="cancelled").exists()


def test_a_missed_one_is_told_in_working_hours() -> None:
    ours = pair("Europe/Berlin")
    made = session(ours, "2027-03-19T20:00")  # grace ends on Friday 2 April, at nine in the evening in Berlin
    Session.objects.filter(pk=made.pk).update(status="missed")
    tick(moment("2027-04-02T19:30Z"))
    assert planned(people(ours)[0]) == {"missed_notice": "2027-04-05T06:00Z"}  # Monday at eight


def test_an_action_reminds_its_owner_of_its_date() -> None:
    ours = pair("Europe/Berlin")
    a, b = people(ours)
    made = play.agree(ours, owners="b", due=date(2027, 3, 14))  # a Sunday
    plan_deliveries(moment("2027-03-08T00:00Z"))
    assert planned(a) == {}
    assert planned(b) == {"action_due_soon": "2027-03-12T08:00Z", "action_due": "2027-03-15T08:00Z"}
    tick(moment("2027-03-12T09:00Z"))
    made.edit(by=a, version=1, text=made.text, due=date(2027, 3, 18), owner="b")
    tick(moment("2027-03-13T09:00Z"))
    assert planned(b, status="pending") == {"action_due_soon": "2027-03-16T08:00Z", "action_due": "2027-03-18T08:00Z"}
    made.finish(by=b)
    tick(moment("2027-03-18T09:00Z"))
    assert planned(b, status="sent") == {"action_due_soon": "2027-03-12T08:00Z"}


def test_a_change_of_mind_counts_at_once() -> None:
    ours = pair("Europe/Berlin")
    a, b = people(ours)
    made = session(ours, "2027-03-18T12:00")
    plan_deliveries(moment("2027-03-08T00:00Z"))
    Preference.keep({("prep_open", "email"): False, ("day_ahead", "in_app"): True}, by=a)
    Person.objects.filter(pk=b.pk).update(timezone="America/New_York")
    plan_deliveries(moment("2027-03-08T01:00Z"))
    assert planned(a) == {"day_ahead": "2027-03-17T08:00Z", "wrap_up": "2027-03-19T08:00Z"}
    assert "day_ahead" in planned(a, "in_app")
    assert planned(b)["day_ahead"] == "2027-03-17T13:00Z"
    Preference.keep({("prep_open", "email"): True}, by=a)
    Session.objects.filter(pk=made.pk).update(status="skipped")
    plan_deliveries(moment("2027-03-08T02:00Z"))
    assert planned(a) == planned(b) == {}


def test_a_pause_ends_on_its_day() -> None:
    ours = pair("Europe/Berlin")
    a, _b = people(ours)
    session(ours, "2027-03-18T12:00")
    Person.objects.filter(pk=a.pk).update(paused_until=date(2027, 3, 15))
    for day in (10, 11, 12):
        tick(moment(f"2027-03-{day}T12:00Z"))
    assert planned(a, status="sent") == {}
    tick(moment("2027-03-15T12:00Z"))
    assert set(planned(a, status="sent")) == {"prep_open"}
    assert Delivery.objects.filter(person=a, kind="invite").exists()  # calendar mail knows no pause


def test_nobody_is_told_of_what_is_over() -> None:
    ours, gone = pair("Europe/Berlin"), pair("Europe/Berlin")
    for each in (ours, gone):
        session(each, "2027-03-18T12:00")
    a, b = people(ours)
    Person.objects.filter(pk=a.pk).update(is_active=False)
    plan_deliveries(moment("2027-03-08T00:00Z"), gone)
    Partnership.objects.filter(pk=gone.pk).update(archived_at=moment("2027-03-09T00:00Z"))
    plan_deliveries(moment("2027-03-09T01:00Z"))
    assert planned(a) == {}
    assert planned(b) != {}
    assert set(Delivery.objects.filter(person__in=people(gone)).values_list("status", flat=True)) == {"cancelled"}


def test_three_days_asleep_bring_no_flood() -> None:
    ours = pair("Europe/Berlin")
    a, _b = people(ours)
    session(ours, "2027-03-09T12:00")
    session(ours, "2027-03-16T12:00")
    session(ours, "2027-03-23T12:00")
    tick(moment("2027-03-05T12:00Z"))
    before = Delivery.objects.filter(person=a, status="sent", channel="email").count()
    tick(moment("2027-03-08T23:00Z"))  # in the quiet hours
    assert Delivery.objects.filter(person=a, status="sent", channel="email").count() == before
    tick(moment("2027-03-12T12:00Z"))
    late = Delivery.objects.filter(person=a, channel="email", sent_at=moment("2027-03-12T12:00Z"))
    assert sorted(late.values_list("kind", flat=True)) == ["invite", "prep_open", "wrap_up"]


def test_a_second_plan_changes_nothing_and_no_question_is_asked_for_each() -> None:
    def queries(pairs: int) -> int:
        for _ in range(pairs):
            ours = pair("Europe/Berlin")
            session(ours, "2027-03-18T12:00", "UTC", rhythm(ours))
            play.agree(ours, due=date(2027, 3, 11))
        now = moment("2027-03-08T12:00Z")
        tick(now)
        rows = list(Delivery.objects.order_by("pk").values_list())
        with CaptureQueriesContext(
            connection,
        ) as found:
            tick(now)
        assert list(Delivery.objects.order_by("pk").values_list()) == rows
        assert plan_deliveries(now) == []
        return len(found)

    assert queries(1) == queries(9)


def test_one_partnership_is_planned_as_all_are() -> None:
    first, second = pair("Europe/Berlin"), pair("Europe/Berlin")
    for ours in (first, second):
        session(ours, "2027-03-18T12:00", "UTC", rhythm(ours))
        play.agree(ours, due=date(2027, 3, 11))
    now = moment("2027-03-08T12:00Z")
    alone = {(d.kind, d.for_key, d.channel, d.send_at) for d in plan_deliveries(now, first)}
    assert alone
    assert not Delivery.objects.filter(person__in=people(second), kind__in=Delivery.REMINDERS).exists()
    assert {(d.kind, d.for_key, d.channel, d.send_at) for d in plan_deliveries(now)} == alone
