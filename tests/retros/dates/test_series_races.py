"""Two at the dates of one pair at the same moment: one row a slot, one change, and the other sees what it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from retros.dates import one_date, rhythm, upkeep
from retros.dates.planning import Outdated
from retros.models import Series, Session, creation
from tests.cast import Cast, make_cast
from tests.presses import AtOnce, Gate, at_once
from tests.retros.scheduling import BEFORE, CASES, Planned, case, rule_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = [pytest.param(3, id="some"), pytest.param(200, id="many", marks=pytest.mark.deep)]
Load = Callable[[], Callable[[], Any]]


@pytest.fixture
def pair(transactional_db: None) -> Cast:
    return make_cast()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_materialise_runs_make_each_slot_once(pair: Cast, both: AtOnce, rounds: int) -> None:
    planned = Planned("S1", pair.checkout, case("OPS-12")["given"]["now"])
    for turn in range(1, rounds + 1):
        now = planned.now + timedelta(weeks=2 * turn)

        def load(now: datetime = now) -> Callable[[], Any]:
            return lambda: upkeep.materialise(now)

        for result in both.press(load, load):
            assert not isinstance(result, Exception), repr(result)
        days = [row.slot_date for row in planned.rows()]
        assert len(days) == len(set(days)) == case("OPS-12")["expected"]["rows_after"] + turn


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_two_who_save_at_once_one_sees_what_changed(pair: Cast, both: AtOnce, rounds: int) -> None:
    planned = Planned("S1", pair.checkout, "2027-02-10T12:00Z")
    for turn in range(rounds):
        version = Series.objects.get().version
        starts = [f"2027-02-{16 + turn % 2}T{10 + n}:{turn % 59 + 1:02}" for n in range(2)]

        def load(start: str, by: Any, version: int = version) -> Load:
            def press() -> Callable[[], Any]:
                row = planned.at("2027-02-16")
                wall = datetime.fromisoformat(start)
                return lambda: one_date.move(
                    row, by=by, start=wall, zone=row.timezone, version=version, now=planned.now
                )

            return press

        results = both.press(load(starts[0], pair.ada), load(starts[1], pair.tom))
        refused = [result for result in results if result is not None]
        assert [type(result) for result in refused] == [Outdated], results
        moved_to = planned.at("2027-02-16").wall_start.isoformat(timespec="minutes")
        assert moved_to in starts
        assert Series.objects.get().version == version + 1
        assert f"{moved_to[-5:]}" in str(refused[0])


@pytest.mark.parametrize("rounds", ROUNDS)
def test_skip_and_start_at_once_is_one_of_them(pair: Cast, both: AtOnce, rounds: int) -> None:
    planned = Planned("S1", pair.checkout, "2027-01-04T12:00Z")
    for row in planned.rows()[:rounds]:

        def skip(pk: Any = row.pk) -> Callable[[], Any]:
            session = Session.objects.get(pk=pk)
            return lambda: one_date.skip(session, by=pair.tom, reason="leave", now=planned.now)

        def start(pk: Any = row.pk) -> Callable[[], Any]:
            session = Session.objects.get(pk=pk)
            return lambda: session.start(by=pair.ines)

        results = both.press(skip, start)
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        row.refresh_from_db()
        assert row.status == ("skipped" if results[0] is None else "in_progress")
        Session.objects.running().update(status=Session.Status.HELD)


def test_two_who_plan_a_rhythm_at_once_plan_one(pair: Cast, both: AtOnce) -> None:
    rule = rule_of(CASES["base_series"]["S1"])

    def load(by: Any) -> Load:
        return lambda: lambda: rhythm.begin(pair.checkout, by=by, rule=rule, now=BEFORE).pk

    results = both.press(load(pair.ines), load(pair.tom))
    assert results[0] == results[1]
    assert Series.objects.count() == 1
    assert Session.objects.count() == len(rule.made_by(BEFORE.date()))


def test_one_is_settled_while_another_is_begun(pair: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets a number of its own, in a rhythm too, whose dates are locked before the pair."""
    planned, gate = Planned("S1", pair.checkout, "2027-02-18T12:00Z"), Gate()
    row = planned.at("2027-02-16")
    start = Session.start

    def stop_first(session: Session, **by: Any) -> Session:
        gate.stop()
        return start(session, **by)

    monkeypatch.setattr(Session, "start", stop_first)
    begun, met = at_once(
        lambda: creation.start_now(pair.checkout, by=pair.tom).number,
        gate.then(lambda: one_date.met_on(row, row.day, by=pair.ines, now=planned.now)),
    )
    assert (begun, met) == (1, None)
    assert Session.objects.get(pk=row.pk).number == 2
