"""Rules and slots, wall times, grace, adherence: the pure part, against the examples and against properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retros.recurrence import adherence, wall_time
from retros.recurrence.adherence import EXCUSED, Kept, kept
from retros.recurrence.rule import PRESETS, Rule
from retros.recurrence.wall_time import to_utc
from tests.retros.scheduling import CASES, case, cases, rule_of, utc

pytestmark = pytest.mark.one_database

ZONES = [
    "Europe/Tallinn",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kolkata",
]
RULES = st.builds(
    Rule.starting,
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.sampled_from(list(PRESETS.values())),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
    by_day=st.booleans(),
)


@pytest.mark.parametrize("example", cases("expand"), ids=lambda c: c["id"])
def test_expand(example: dict[str, Any]) -> None:
    slots = rule_of(example["rule"]).first(example["n"])
    assert [
        (slot.day.isoformat(), f"{slot.start_local:%Y-%m-%dT%H:%M}", f"{slot.start_utc:%Y-%m-%dT%H:%MZ}")
        for slot in slots
    ] == [(row["slot_date"], row["start_local"], row["start_utc"]) for row in example["expected"]]
    for slot, row in zip(slots, example["expected"], strict=True):
        for member in example["rule"].get("members", []):
            local = slot.start_utc.astimezone(ZoneInfo(member["timezone"]))
            assert f"{local:%Y-%m-%dT%H:%M}" == row["member_local"][member["name"]]


@pytest.mark.parametrize("name", CASES["base_series"])
def test_the_base_series(name: str) -> None:
    series = CASES["base_series"][name]
    slots = rule_of(series).first(len(series["slots"]))
    assert [slot.start_utc for slot in slots] == [utc(slot["start_utc"]) for slot in series["slots"]]


@given(RULES)
def test_no_slot_is_lost_and_wall_time_stays(rule: Rule) -> None:
    slots = rule.first(30)
    assert [slot.day for slot in slots] == sorted({slot.day for slot in slots})
    assert slots[0].day == rule.start_date
    for slot in slots:
        asked = datetime.combine(slot.day, rule.local_time)
        assert slot.start_utc == to_utc(asked, rule.timezone)
        exists = slot.start_utc.astimezone(rule.tz).replace(tzinfo=None) == asked
        assert slot.start_local == asked if exists else slot.start_local > asked
    if rule.unit == "week":
        gaps = {(b.day - a.day).days for a, b in pairwise(slots)}
        assert gaps == {7 * rule.interval}
    else:
        months = [slot.day.year * 12 + slot.day.month for slot in slots]
        assert months == [months[0] + n * rule.interval for n in range(30)]


@given(RULES, st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_rows_are_made_up_to_the_horizon_and_three_ahead(rule: Rule, today: date) -> None:
    days = rule.made_by(today)
    assert days == [slot.day for slot in rule.first(len(days))]
    assert sum(day >= today for day in days) >= 3
    beyond = rule.after(days[-1])
    assert beyond is not None
    assert beyond > today + timedelta(days=190)


def test_a_first_date_outside_of_its_pattern_is_an_error() -> None:
    with pytest.raises(ValueError, match="pattern"):
        Rule(date(2026, 12, 9), "month", 2, time(14), "UTC", nth_weekday=1)
    with pytest.raises(ValueError, match="months need a pattern"):
        Rule(date(2026, 12, 9), "month", 2, time(14), "UTC")


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ("EXP-01", "Every 2 months, second Tuesday, 14:00"),
        ("EXP-04", "Every month, last Tuesday, 15:00"),
        ("EXP-02", "Every 2 months, day 31, 10:00"),
        ("EXP-11", "Every 2 weeks, on Tuesday, 09:00"),
    ],
)
def test_in_words(example: str, words: str) -> None:
    assert rule_of(case(example)["rule"]).words == words


def test_presets_in_words() -> None:
    assert [cadence.words for cadence in PRESETS.values()] == [
        "Every week", "Every 2 weeks", "Every 4 weeks", "Every 6 weeks", "Every 8 weeks", "Every month",
        "Every 2 months", "Every quarter",
    ]  # fmt: skip


# --- wall times and grace --------------------------------------------------------------------------------------------


def test_a_time_that_comes_twice_is_named() -> None:
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    said = [wall_time.in_words(first + timedelta(hours=n), "Europe/Berlin") for n in range(3)]
    times = ["02:30 CEST", "02:30 CET", "03:30"]
    assert said == [f"31 October 2027, {time} (Europe/Berlin)" for time in times]
    assert wall_time.comes_twice(datetime(2027, 10, 31, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    assert not wall_time.comes_twice(datetime(2027, 3, 28, 2, 30), "Europe/Berlin")  # noqa: DTZ001  (never comes)
    assert not wall_time.comes_twice(datetime(2027, 10, 31, 12, 0), "Europe/Berlin")  # noqa: DTZ001


@pytest.mark.parametrize(("preset", "days"), CASES["how_to_use"]["grace_days"].items())
def test_days_of_grace(preset: str, days: int) -> None:
    assert PRESETS[preset].grace == timedelta(days=days)


def test_grace_is_counted_by_the_wall_clock() -> None:
    example = case("OPS-16")
    wall = datetime.fromisoformat(example["given"]["start_local"])
    end = adherence.grace_end(wall, example["given"]["timezone"], PRESETS[example["given"]["cadence"]].grace)
    assert end == utc(example["expected"]["grace_end_utc"])
    assert adherence.grace_end(wall, "Europe/Tallinn", timedelta(days=14), utc("2027-03-30T11:00Z")) == utc(
        "2027-03-30T11:00Z"
    )


# --- adherence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", cases("adherence"), ids=lambda c: c["id"])
def test_adherence(example: dict[str, Any]) -> None:
    today = date.fromisoformat(example["given"].get("today", "2027-03-01"))
    slots = []
    for slot in example["given"]["slots"]:
        text = slot.get("slot_date", today.isoformat())
        day = date.fromisoformat(text) if text else None
        slots.append((day, slot["status"], slot.get("reason") in EXCUSED))
    found, expected = kept(slots, today), example["expected"]
    rate = round(found.held / found.due, 4) if found.due else None
    assert (found.held, found.due, rate) == (expected["held"], expected["expected"], expected["rate"])


def test_kept_in_words_is_never_a_percentage() -> None:
    assert Kept(3, 5).words == "3 of 5 kept"
    assert Kept(0, 0).words == "None was due"
