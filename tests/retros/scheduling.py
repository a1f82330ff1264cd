"""The examples of the scheduling rules (scheduling_cases.json), as the tests need them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from partnerships.models import Partnership, Person
from retros.dates import rhythm, upkeep
from retros.models import Session
from retros.recurrence.rule import PRESETS, Rule
from tests.retros import play

CASES: dict[str, Any] = json.loads((Path(__file__).parent / "scheduling_cases.json").read_text(encoding="utf-8"))
DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
BEFORE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def cases(kind: str) -> list[Any]:
    return [case for case in CASES["cases"] if case["kind"] == kind]


def case(id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(case for case in CASES["cases"] if case["id"] == id)
    return found


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def rule_of(data: dict[str, Any]) -> Rule:
    """A rule as the cases write it: with the pattern that it names, or the one that its first date means."""
    start, pattern, cadence = date.fromisoformat(data["start_date"]), data.get("pattern"), PRESETS[data["cadence"]]
    rule = Rule.starting(
        start, cadence, time.fromisoformat(data["local_time"]), data["timezone"],
        by_day=bool(pattern and pattern["type"] == "monthday"), duration_min=data.get("duration_min", 60),
        ends_on=date.fromisoformat(data["ends_on"]) if "ends_on" in data else None,
    )  # fmt: skip
    assert not pattern or pattern.get("n", pattern.get("day")) in {rule.nth_weekday, rule.month_day}
    return rule


def change_of(action: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `rhythm.change_from` for what a case wants."""
    read: dict[str, Any] = {
        "weekday": DAYS.get, "cadence": PRESETS.get, "local_time": time.fromisoformat,
        "start_date": date.fromisoformat, "timezone": str,
    }  # fmt: skip
    return {("first" if key == "start_date" else key): read[key](value) for key, value in action.items()}


class Planned:
    """A series of the cases, with its rows."""

    def __init__(self, name: str, partnership: Partnership, now: str) -> None:
        self.partnership = partnership
        self.now = utc(now)
        self.by: Person = play.members(partnership)[0]
        self.series = rhythm.begin(partnership, by=self.by, rule=rule_of(CASES["base_series"][name]), now=BEFORE)
        upkeep.materialise(self.now)
        self.series.refresh_from_db()

    def at(self, day: str) -> Session:
        """The row of a slot."""
        return Session.objects.get(series=self.series, slot_date=date.fromisoformat(day))

    def rows(self) -> list[Session]:
        return list(Session.objects.filter(series=self.series).order_by("slot_date"))

    def set(self, day: str, **fields: Any) -> None:
        Session.objects.filter(series=self.series, slot_date=date.fromisoformat(day)).update(**fields)

    def invite(self, *days: str) -> None:
        for day in days:
            self.set(day, invited_at=self.now)

    def held(self, *days: str) -> None:
        """So that what lies behind is no open question."""
        for day in days:
            self.set(day, status="held", held_on=date.fromisoformat(day))
