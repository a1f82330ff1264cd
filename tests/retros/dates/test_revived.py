"""What a pause or an end left out and what comes back: which dates, and which invitations follow."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from partnerships.models import Delivery, Person
from retros.dates import rhythm
from retros.models import Session
from retros.worker import tick
from tests.cast import Cast
from tests.retros.scheduling import Planned

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
    return {f"{row.slot_date:%m-%d}": row.status for row in planned.rows() if row.start_utc > planned.now}


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
