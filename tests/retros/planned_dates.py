"""Pairs, rhythms and sessions on given dates, for the tests of what comes by itself."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from partnerships.models import Delivery, Partnership, Person
from retros.dates import one_date
from retros.models import RuleVersion, Series, Session
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros import scheduling

CASES = {case["id"]: case for case in scheduling.CASES["cases"]}


def moment(text: str) -> datetime:
    """“2027-02-09T12:00Z”."""
    return datetime.fromisoformat(text)


def pair(*zones: str) -> Partnership:
    """Two people, A and B, in these zones (or both in the one)."""
    number = Person.objects.count()
    a, b = (
        PersonFactory.create(name=f"{name} Pair{number}", timezone=zone)
        for name, zone in zip(("Ana", "Bo"), (*zones, zones[-1])[:2], strict=True)
    )
    return PartnershipFactory.create(label="Checkout", a=a, b=b)


LONG_BEFORE = datetime.fromisoformat("2020-01-01T00:00Z")  # when the sessions here are planned


def people(partnership: Partnership) -> tuple[Person, Person]:
    a, b = partnership.memberships.select_related("person").order_by("seat")
    return a.person, b.person


def rhythm(partnership: Partnership, *, unit: str = "month", interval: int = 2, **series: Any) -> RuleVersion:
    """A bare rule: what hangs on how often they meet."""
    made = Series.objects.create(partnership=partnership, **series)
    return RuleVersion.objects.create(
        series=made, n=1, start_date=date(2026, 12, 8), unit=unit, interval=interval, nth_weekday=2,
        local_time=time(14), timezone="Europe/Tallinn",
    )  # fmt: skip


def session(
    partnership: Partnership, start: str, zone: str = "UTC", rule: RuleVersion | None = None, **more: Any
) -> Session:
    """A retro at that wall time in the zone; planned long before."""
    wall = datetime.fromisoformat(start)
    before = LONG_BEFORE
    made = one_date.plan(partnership, by=people(partnership)[0], start=wall, zone=zone, now=before)
    if rule:
        more |= {"series": rule.series, "rule_version": rule, "slot_date": wall.date()}
    Session.objects.filter(pk=made.pk).update(ical_stamp=before, **more)
    return Session.objects.get(pk=made.pk)


def planned(person: Person, channel: str = "email", **like: Any) -> dict[str, str]:
    """When each kind of reminder will be sent, in the words of the cases."""
    rows = Delivery.objects.filter(person=person, channel=channel, kind__in=Delivery.REMINDERS, **like)
    waiting = rows.exclude(status__in=["cancelled", "expired"])
    return {kind: f"{at:%Y-%m-%dT%H:%MZ}" for kind, at in waiting.order_by("send_at").values_list("kind", "send_at")}
