"""The facts about dates in memory are those that the database gives, for every kind of date and at every time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partnerships.models import Delivery
from retros.dates.planning import looked_at
from retros.notifications.facts import CalendarEvent, Facts
from retros.notifications.plan import plan_deliveries
from tests.retros.planned_dates import moment, pair, people, rhythm, session

pytestmark = pytest.mark.django_db

Near = dict[str, object]


def chosen(facts: Facts) -> tuple[Near, dict[str, CalendarEvent], set[object]]:
    near = {str(s.pk): s.next_start for s in facts.near}  # type: ignore[attr-defined]  # annotated
    return near, {str(pk): event for pk, event in facts.invitable.items()}, set(facts.calendar | facts.reminders)


@pytest.mark.parametrize("ended", [False, True], ids=["going on", "ended"])
def test_what_is_in_memory_is_chosen_as_the_database_chooses(ended: bool) -> None:
    ours, other = pair("Europe/Berlin"), pair("Europe/Paris")
    rule = rhythm(ours, interval=1)
    dates: list[tuple[str, dict[str, Any]]] = [
        ("held", {}), ("missed", {}), ("scheduled", {}), ("skipped", {"reason": "holiday"}), ("in_progress", {}),
        ("scheduled", {"kind": "difference"}), ("cancelled", {"invited_at": moment("2027-01-02T09:00Z")}),
        ("scheduled", {"uid_generation": 2}), ("scheduled", {"unplanned": True}), ("missed", {}), ("scheduled", {}),
    ]  # fmt: skip
    for number, (status, more) in enumerate(dates):
        day = moment("2027-02-02T14:00Z") + timedelta(days=11 * number)
        made = session(ours, f"{day:%Y-%m-%dT%H:%M}", rule=rule if number % 3 else None, status=status, **more)
        session(other, f"{day:%Y-%m-%dT%H:%M}")
        if number % 2:
            kinds = (Delivery.Kind.UPDATE, Delivery.Kind.DAY_AHEAD)
            for person in people(ours):
                Delivery.objects.bulk_create(
                    Delivery.new(person=person, kind=kind, subject_type="session", subject_id=made.pk, send_at=day)
                    for kind in kinds
                )
    plan_deliveries(moment("2027-02-01T09:00Z"))
    if ended:
        ours.archived_at = moment("2027-03-01T09:00Z")
        ours.save(update_fields=["archived_at"])
    seen = 0
    for days in range(0, 160, 3):
        now = moment("2027-01-10T10:00Z") + timedelta(days=days)
        (planned,) = looked_at([ours.pk], by=people(ours)[0], now=now, versions={})
        in_memory = chosen(Facts(now, ours, planned.rows, planned.members))
        assert in_memory == chosen(Facts(now, ours))
        seen += len(in_memory[0]) + len(in_memory[1])
    assert seen > (30 if ended else 150)
