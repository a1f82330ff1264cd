"""Every operation on the rhythm, against the examples; who may; what it says no to; and what never gets lost."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from unittest import mock

import pytest

from partnerships import limits
from partnerships.models import Agreement, Delivery, Partnership, Person
from partnerships.refusals import Invalid, NotAllowed, Refusal
from retros.dates import one_date, rhythm, upkeep
from retros.dates.planning import Outdated, Unconfirmed
from retros.lifecycle import ending
from retros.models import Series, Session, creation
from retros.recurrence import wall_time
from retros.recurrence.rule import PRESETS, Rule
from retros.recurrence.wall_time import Misplaced
from tests.cast import Cast
from tests.factories import PartnershipFactory
from tests.retros import play
from tests.retros.scheduling import Planned, case, change_of, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(cast: Cast) -> Any:
    def made(id: str, **given: Any) -> tuple[Planned, dict[str, Any], dict[str, Any]]:
        example = case(id)
        found = example["given"] | given
        return Planned(found["series"], cast.checkout, found["now"]), found, example["expected"]

    return made


def state(planned: Planned) -> list[tuple[Any, ...]]:
    names = ("pk", "slot_date", "start_utc", "status", "reason", "sequence", "uid_generation", "moved")
    return [tuple(getattr(row, name) for name in names) for row in planned.rows()]


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def said(session: Session) -> tuple[str, str, bool]:
    return session.status, session.reason, session.excused


# --- one date --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["OPS-01", "OPS-02", "OPS-03", "OPS-04", "OPS-17"])
def test_reschedule_one(plan: Any, id: str) -> None:
    planned, given, expected = plan(id)
    row = planned.at(given["target_slot"])
    before, sequence = state(planned), row.sequence
    start = wall(case(id)["action"]["reschedule_one"])
    if not expected["accepted"]:
        with pytest.raises(Misplaced) as refused:
            one_date.move(row, by=planned.by, start=start, zone=row.timezone, now=planned.now)
        assert refused.value.code == expected["error"]
        assert list(refused.value.offers) == expected.get("offered", [])
        if "suggest" in expected:
            assert refused.value.suggestion == wall(expected["suggest"])
            assert wall_time.to_utc(refused.value.suggestion, row.timezone) == utc(expected["suggest_utc"])
        assert state(planned) == before
        return
    if "start_utc_before" in expected:
        assert row.start_utc == utc(expected["start_utc_before"])
    one_date.move(row, by=planned.by, start=start, zone=row.timezone, now=planned.now)
    single = {"slot_date": given["target_slot"], "sequence_delta": 1, **expected}
    for wanted in expected.get("sessions", [single]):
        found = planned.at(wanted["slot_date"])
        assert found.start_utc == utc(wanted["start_utc"])
        assert found.uid_generation == 1
        assert found.sequence - sequence == wanted.get("sequence_delta", 0)
    unmoved = [old for old in before if old[1] != row.slot_date]
    assert [new for new in state(planned) if new[1] != row.slot_date] == unmoved


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("2027-01-10T10:00", "in_past"),
        ("2027-01-05T10:59", "in_past"),
        ("2027-02-02T09:01", "overlaps_next"),
        ("2027-02-02T10:00", "past_next"),
    ],
)
def test_reschedule_says_why_not(plan: Any, start: str, code: str) -> None:
    planned, given, _expected = plan("OPS-01", series="S1", target_slot="2027-01-19")
    with pytest.raises(Misplaced) as refused:
        one_date.move(
            planned.at(given["target_slot"]), by=planned.by, start=wall(start), zone="Europe/Berlin", now=planned.now
        )
    assert refused.value.code == code


def test_reschedule_before_the_previous_one_is_refused(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-01", series="S1")
    row = planned.at("2027-02-02")
    with pytest.raises(Misplaced, match="ends later") as refused:
        one_date.move(row, by=planned.by, start=wall("2027-01-19T10:59"), zone="Europe/Berlin", now=planned.now)
    assert refused.value.code == "overlaps_previous"
    one_date.move(row, by=planned.by, start=wall("2027-01-19T11:00"), zone="Europe/Berlin", now=planned.now)


def test_the_last_row_is_not_moved_past_a_slot_that_has_no_row_yet(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-01", series="S1")
    last = planned.rows()[-1]
    beyond = planned.series.rule.after(last.slot_date or date.min)
    assert beyond is not None
    with pytest.raises(Misplaced) as refused:
        one_date.move(
            last, by=planned.by, start=datetime.combine(beyond, time(10)), zone="Europe/Berlin", now=planned.now
        )
    assert refused.value.code == "past_next"


def test_what_was_left_out_is_no_neighbour(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-02")
    one_date.skip(planned.at("2027-02-02"), by=planned.by, reason="holiday", now=planned.now)
    row = planned.at("2027-01-19")
    one_date.move(row, by=planned.by, start=wall("2027-02-03T10:00"), zone="Europe/Berlin", now=planned.now)
    assert planned.at("2027-01-19").start_utc == utc("2027-02-03T09:00Z")
    with pytest.raises(Misplaced):  # and what comes back must not stand before it
        one_date.restore(planned.at("2027-02-02"), by=planned.by, now=planned.now)


@pytest.mark.parametrize(
    ("reason", "excused"), [("holiday", True), ("leave", True), ("too_busy", False), ("not_needed", False)]
)
def test_skip_leaves_one_out_and_moves_nothing(plan: Any, reason: str, excused: bool) -> None:
    planned, _given, _expected = plan("OPS-01", series="S1")
    before = state(planned)
    for _press in range(2):
        one_date.skip(planned.at("2027-02-02"), by=planned.by, reason=reason, now=planned.now)
    row = planned.at("2027-02-02")
    assert (*said(row), row.sequence) == ("skipped", reason, excused, 1)
    assert [r for r in state(planned) if r[0] != row.pk] == [r for r in before if r[0] != row.pk]
    upkeep.materialise(planned.now + timedelta(days=1))
    assert planned.at("2027-02-02").status == "skipped"


def test_skip_wants_a_reason_and_something_to_skip(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-01", series="S1")
    for reason in ("", "paused", "archived", "because"):
        with pytest.raises(Invalid):
            one_date.skip(planned.at("2027-02-02"), by=planned.by, reason=reason, now=planned.now)
    planned.held("2027-01-05")
    with pytest.raises(Refusal, match="has started"):
        one_date.skip(planned.at("2027-01-05"), by=planned.by, reason="leave", now=planned.now)


def test_cancel_then_recreate_is_another_event_of_the_same_row(plan: Any) -> None:
    planned, given, expected = plan("OPS-10")
    planned.invite(given["target_slot"])
    row = planned.at(given["target_slot"])
    row.discard(by=planned.by)
    row.refresh_from_db()
    assert (row.status, row.sequence, row.uid_generation) == ("cancelled", expected["mail_1"]["sequence"], 1)
    one_date.restore(planned.at(given["target_slot"]), by=planned.by, now=planned.now)
    again = planned.at(given["target_slot"])
    assert (again.pk, again.status, again.sequence, again.uid_generation) == (row.pk, "scheduled", 0, 2)
    assert len([r for r in planned.rows() if r.slot_date == again.slot_date]) == expected["rows_for_slot"]


# --- this and following ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["OPS-05", "OPS-06", "OPS-13", "OPS-18"])
def test_this_and_following(plan: Any, id: str) -> None:
    planned, given, expected = plan(id)
    rows = planned.rows()
    ids = {f"s{n}": row.pk for n, row in enumerate(rows, 1)}
    target = planned.at(given["target_slot"])
    order = [row.pk for row in rows if row.slot_date and target.slot_date and row.slot_date >= target.slot_date]
    sequences = {row.pk: row.sequence for row in rows}
    before = {row.pk: row.start_utc for row in rows}
    rhythm.change_from(
        planned.series, target, by=planned.by, now=planned.now, **change_of(case(id)["action"]["this_and_following"])
    )

    found = {row.pk: row for row in planned.rows()}
    following = [found[pk] for pk in order if pk in found]
    for wanted, row in zip(expected["following_in_order"], following, strict=False):
        if "session" in wanted:
            assert row.pk == ids[wanted["session"]]
        assert row.wall_start == wall(wanted["start_local"])
        assert row.start_utc == utc(wanted["start_utc"])
        delta = wanted.get("sequence_delta", expected.get("sequence_delta_for_following", 1))
        assert row.sequence - sequences[row.pk] == delta
        assert (row.uid_generation, row.moved) == (1, False)
    for day in expected.get("unchanged", []):
        row = planned.at(day)
        assert (row.start_utc, row.sequence) == (before[row.pk], sequences[row.pk])
    assert planned.series.rules.count() == expected.get("rule_versions", 2)
    if "next_after" in expected:
        last = date.fromisoformat(expected["following_in_order"][-1]["start_local"][:10])
        after = planned.series.current.rule.after(last)
        assert after is not None
        assert planned.series.rule.slot(after).start_utc == utc(expected["next_after"]["start_utc"])
        count = len(expected["following_in_order"])
        assert [row.is_planned for row in following] == [n < count for n in range(len(following))]
        assert {said(row) for row in following[count:]} == {("cancelled", "surplus", False)}


def test_surplus_rows_are_called_off_alike_invited_written_or_empty(plan: Any, cast: Cast) -> None:
    planned, given, _expected = plan("OPS-06")
    invited, written, empty = (planned.at(day) for day in ("2027-05-11", "2027-05-25", "2027-06-08"))
    planned.invite("2027-05-11")
    play.Participant(cast.ines, written.pk).fold("Written far ahead")
    rhythm.change_from(
        planned.series,
        planned.at(given["target_slot"]),
        by=planned.by,
        cadence=PRESETS["every_2_months"],
        now=planned.now,
    )
    for row in (invited, written, empty):
        row.refresh_from_db()
        assert (*said(row), row.sequence) == ("cancelled", "surplus", False, 1)
    # And back again: the same rows come back, as other events.
    rhythm.change_from(planned.series,
        planned.at("2027-05-04"), by=planned.by, first=date(2027, 4, 27), cadence=PRESETS["every_2_weeks"],
        now=planned.now,
    )  # fmt: skip
    rows = [row for row in planned.rows() if row.status == "scheduled" and row.slot_date]
    days = [row.slot_date for row in rows if row.slot_date and row.slot_date >= date(2027, 4, 27)]
    assert days == [date(2027, 4, 27) + timedelta(weeks=2 * n) for n in range(len(days))]
    assert len({row.slot_date for row in rows}) == len(rows)
    assert {written.pk, empty.pk} <= {row.pk for row in rows}


def test_changing_to_and_fro_makes_no_more_rows_and_no_mail_about_far_dates(plan: Any, cast: Cast) -> None:
    planned, given, _expected = plan("OPS-06")
    Delivery.objects.all().delete()
    written = planned.at("2027-06-08")
    play.Participant(cast.ines, written.pk).fold("Written far ahead")
    counts, calendar = [], Delivery.objects.filter(kind__in=Delivery.CALENDAR)
    for cadence in ("every_2_months", "every_2_weeks") * 3:
        rhythm.change_from(
            planned.series, planned.at(given["target_slot"]), by=planned.by, cadence=PRESETS[cadence], now=planned.now
        )
        counts.append(Session.objects.filter(series=planned.series).count())
    assert counts[1:] == [counts[1]] * 5
    written.refresh_from_db()
    assert written.is_planned
    soonest = Session.objects.filter(series=planned.series, start_utc__gt=planned.now).upcoming()[:2]
    assert {mail.subject_id for mail in calendar} <= {row.pk for row in soonest}


def test_dates_moved_by_hand_are_named_before_they_are_put_back(plan: Any) -> None:
    planned, given, expected = plan("OPS-19")
    moved = given["sessions"]["2027-03-02"]["moved_to"]
    one_date.move(planned.at("2027-03-02"), by=planned.by, start=wall(moved), zone="Europe/Berlin", now=planned.now)
    change = change_of(case("OPS-19")["action"]["this_and_following"])
    before = state(planned)
    target = planned.at(given["target_slot"])
    with pytest.raises(Unconfirmed, match="2 March") as refused:
        rhythm.change_from(planned.series, target, by=planned.by, now=planned.now, **change)
    assert [day.isoformat() for day in refused.value.reset] == expected["preview_lists_reset"]
    assert state(planned) == before
    rhythm.change_from(planned.series, target, by=planned.by, now=planned.now, confirmed=True, **change)
    assert planned.at("2027-03-02").start_utc == utc(expected["sessions"]["2027-03-02"]["start_utc"])


def test_what_a_person_left_out_stays_left_out(plan: Any) -> None:
    planned, given, _expected = plan("OPS-05")
    one_date.skip(planned.at("2027-03-02"), by=planned.by, reason="holiday", now=planned.now)
    rhythm.change_from(
        planned.series, planned.at(given["target_slot"]), by=planned.by, local_time=time(11), now=planned.now
    )
    assert planned.at("2027-03-02").status == "skipped"
    scheduled = [row.slot_date for row in planned.rows() if row.status == "scheduled"]
    assert date(2027, 3, 2) not in scheduled
    assert len(set(scheduled)) == len(scheduled)


def test_slots_inside_a_pause_stay_in_it(plan: Any) -> None:
    planned, given, _expected = plan("OPS-05")
    rhythm.pause(planned.series, date(2027, 3, 1), date(2027, 3, 20), by=planned.by, now=planned.now)
    change = change_of(case("OPS-05")["action"]["this_and_following"])
    rhythm.change_from(planned.series, planned.at(given["target_slot"]), by=planned.by, now=planned.now, **change)
    states = {row.slot_date: said(row) for row in planned.rows() if row.slot_date and row.slot_date > date(2027, 2, 10)}
    assert list(states)[:4] == [date(2027, 2, 18), date(2027, 3, 4), date(2027, 3, 18), date(2027, 4, 1)]
    assert [kind for kind, _reason, _excused in states.values()][:4] == ["scheduled", "skipped", "skipped", "scheduled"]


def test_an_anchor_before_the_retro_ahead_is_refused(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-05")
    for first, code in ((date(2027, 2, 2), "in_past"), (date(2027, 2, 16), "overlaps_previous")):
        with pytest.raises(Misplaced) as refused:
            rhythm.change_from(planned.series, planned.at("2027-03-02"), by=planned.by, first=first, now=planned.now)
        assert refused.value.code == code
    for gone in ("2027-01-05", "2027-02-02"):
        with pytest.raises(Refusal, match="never moves"):
            rhythm.change_from(planned.series, planned.at(gone), by=planned.by, local_time=time(11), now=planned.now)


# --- pause, resume, end ----------------------------------------------------------------------------------------------


def test_pause_leaves_out_what_lies_inside(plan: Any) -> None:
    planned, _given, expected = plan("OPS-07")
    first, last = (date.fromisoformat(day) for day in case("OPS-07")["action"]["pause"])
    rhythm.pause(planned.series, first, last, by=planned.by, now=planned.now)
    skipped = [row for row in planned.rows() if row.status == "skipped"]
    assert [row.slot_date.isoformat() for row in skipped if row.slot_date] == expected["skipped_paused"]
    assert {said(row) for row in skipped} == {("skipped", "paused", True)}
    coming = next(row for row in planned.rows() if row.status == "scheduled" and row.start_utc > planned.now)
    assert coming.slot_date == date.fromisoformat(expected["next_scheduled"]["slot_date"])
    assert coming.start_utc == utc(expected["next_scheduled"]["start_utc"])


def test_resume_revives_what_is_still_ahead(plan: Any) -> None:
    planned, given, expected = plan("OPS-08", now="2027-01-25T12:00Z")
    planned.invite(*given["invited"])
    first, last = (date.fromisoformat(day) for day in given["paused"])
    rhythm.pause(planned.series, first, last, by=planned.by, now=planned.now)
    rhythm.resume(planned.series, by=planned.by, now=utc(case("OPS-08")["given"]["now"]))
    for day in expected["still_skipped"]:
        assert planned.at(day).status == "skipped"
    for day in expected["revived"]:
        row = planned.at(day)
        assert (row.status, row.uid_generation, row.sequence) == ("scheduled", 2, expected["revived_sequence"])
    planned.series.refresh_from_db()
    assert planned.series.status == "active"


def test_an_open_pause_lasts_until_somebody_resumes(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-07")
    rhythm.pause(planned.series, date(2027, 2, 1), by=planned.by, now=planned.now)
    upkeep.materialise(utc("2028-01-01T00:00Z"))
    ahead = [row for row in planned.rows() if row.slot_date and row.slot_date >= date(2027, 2, 1)]
    assert {row.status for row in ahead} == {"skipped"}
    planned.series.refresh_from_db()
    assert planned.series.status == "paused"
    rhythm.resume(planned.series, by=planned.by, now=utc("2028-01-01T00:00Z"))
    coming = [row for row in planned.rows() if row.status == "scheduled" and row.start_utc > utc("2028-01-01T00:00Z")]
    assert (coming[0].slot_date, len(coming)) == (date(2028, 1, 4), 14)


def test_a_pause_that_is_over_is_over_by_itself(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-07")
    rhythm.pause(planned.series, date(2027, 2, 1), date(2027, 3, 5), by=planned.by, now=planned.now)
    for now, status in (("2027-03-05T22:00Z", "paused"), ("2027-03-05T23:00Z", "active")):
        upkeep.materialise(utc(now))
        planned.series.refresh_from_db()
        assert planned.series.status == status


def test_ending_earlier_calls_off_and_ending_later_revives(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-05")
    before = [row.slot_date for row in planned.rows()]
    rhythm.end(planned.series, date(2027, 3, 2), by=planned.by, now=planned.now)
    rows = {row.slot_date: row for row in planned.rows()}
    assert said(rows[date(2027, 3, 16)]) == ("cancelled", "ended", False)
    assert rows[date(2027, 3, 2)].status == "scheduled"
    upkeep.materialise(planned.now + timedelta(days=10))
    assert [row.slot_date for row in planned.rows()] == before
    rhythm.end(planned.series, date(2027, 3, 30), by=planned.by, now=planned.now)
    revived = planned.at("2027-03-30")
    assert (revived.status, revived.uid_generation, revived.sequence) == ("scheduled", 2, 0)
    assert planned.at("2027-04-13").status == "cancelled"
    rhythm.end(planned.series, None, by=planned.by, now=planned.now)
    assert {row.status for row in planned.rows() if row.start_utc > planned.now} == {"scheduled"}


def test_a_rhythm_that_ran_out_has_ended_and_can_begin_anew(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-05")
    rhythm.end(planned.series, date(2027, 3, 2), by=planned.by, now=planned.now)
    upkeep.materialise(utc("2027-03-02T23:00Z"))
    planned.series.refresh_from_db()
    assert planned.series.status == "ended"
    now = utc("2027-04-01T09:00Z")
    again = Rule.starting(date(2027, 4, 13), PRESETS["every_2_weeks"], time(10), "Europe/Berlin")
    series = rhythm.begin(planned.partnership, by=planned.by, rule=again, now=now)
    assert (series.pk, series.status, series.rules.count()) == (planned.series.pk, "active", 3)
    row = planned.at("2027-04-13")  # it had been called off by the end
    assert (row.status, row.uid_generation) == ("scheduled", 2)
    assert planned.at("2027-03-16").status == "cancelled"


# --- the end of the partnership --------------------------------------------------------------------------------------


def test_archiving_calls_off_everything_that_was_not_held(plan: Any, cast: Cast) -> None:
    planned, given, expected = plan("OPS-09")
    planned.held("2027-01-05", "2027-01-19")
    planned.invite(*given["invited"])
    ending.end(planned.partnership, by=planned.by)
    for day, wanted in expected["sessions"].items():
        row = planned.at(day)
        assert {name: getattr(row, name) for name in wanted} == wanted
    ahead = [row for row in planned.rows() if row.start_utc > planned.now]
    assert {row.status for row in ahead} == {expected["future_status"]}
    count = len(planned.rows())
    upkeep.materialise(planned.now + timedelta(days=60))
    assert len(planned.rows()) == count
    # Un-archived, nothing comes back by itself; planning again adds a rule.
    ending.reopen(planned.partnership, by=planned.by)
    upkeep.materialise(planned.now + timedelta(days=60))
    assert not [row for row in planned.rows() if row.status == "scheduled"]
    rule = Rule.starting(date(2027, 3, 2), PRESETS["every_2_weeks"], time(10), "Europe/Berlin")
    series = rhythm.begin(planned.partnership, by=planned.by, rule=rule, now=planned.now)
    assert series.rules.count() == 2
    assert (planned.at("2027-03-02").status, planned.at("2027-03-02").uid_generation) == ("scheduled", 2)
    assert planned.at("2027-02-16").status == "cancelled"


def test_what_was_revealed_in_an_open_room_was_held(plan: Any, cast: Cast) -> None:
    planned, _given, _expected = plan("OPS-09")
    row = planned.at("2027-02-02")
    row.start(by=cast.ines)
    play.go_on(row, "look_back")
    play.reveal(row, "pulse")
    ending.end(planned.partnership, by=planned.by)
    row.refresh_from_db()
    assert (row.status, row.auto_closed) == ("held", True)


# --- two at once -----------------------------------------------------------------------------------------------------


def test_the_second_of_two_editors_sees_what_changed(plan: Any, cast: Cast) -> None:
    planned, _given, _expected = plan("OPS-05")
    series = planned.series
    Series.objects.filter(pk=series.pk).update(version=7)
    one_date.move(
        planned.at("2027-02-16"),
        by=cast.ada,
        start=wall("2027-02-17T10:00"),
        zone="Europe/Berlin",
        version=7,
        now=planned.now,
    )
    before = state(planned)
    with pytest.raises(Outdated, match="Moved 16 February 2027, 10:00 to 17 February 2027, 10:00") as refused:
        rhythm.change_from(series, planned.at("2027-03-02"), by=cast.tom, weekday=3, version=7, now=planned.now)
    assert refused.value.version == 8
    assert "Ada Osei" in str(refused.value)
    assert state(planned) == before
    assert series.rules.count() == 1
    rhythm.change_from(series, planned.at("2027-03-02"), by=cast.tom, weekday=3, version=8, now=planned.now)
    assert series.version == 9


@pytest.mark.parametrize("verb", ["move", "skip", "pause", "resume", "end", "describe", "restore", "change_from"])
def test_every_verb_refuses_an_old_version(plan: Any, cast: Cast, verb: str) -> None:
    planned, _given, _expected = plan("OPS-05")
    row, series = planned.at("2027-02-16"), planned.series
    left_out = planned.at("2027-03-02")
    one_date.skip(left_out, by=cast.ines, reason="leave", now=planned.now)
    rhythm.pause(series, date(2027, 3, 30), by=cast.ines, now=planned.now)
    args: dict[str, Any] = {"by": cast.tom, "version": 0, "now": planned.now}
    verbs = {
        "move": lambda: one_date.move(row, start=wall("2027-02-17T10:00"), zone="UTC", **args),
        "skip": lambda: one_date.skip(row, reason="leave", **args),
        "restore": lambda: one_date.restore(left_out, **args),
        "pause": lambda: rhythm.pause(series, date(2027, 2, 16), **args),
        "resume": lambda: rhythm.resume(series, **args),
        "end": lambda: rhythm.end(series, date(2027, 3, 16), **args),
        "describe": lambda: rhythm.describe(series, title="Ours", **args),
        "change_from": lambda: rhythm.change_from(series, row, weekday=3, **args),
    }
    with pytest.raises(Outdated):
        verbs[verb]()


# --- who may ---------------------------------------------------------------------------------------------------------


def test_members_and_admins_may_and_nobody_else(plan: Any, cast: Cast) -> None:
    planned, _given, _expected = plan("OPS-05")
    for day, person in ((17, cast.ines), (18, cast.tom), (19, cast.ada)):
        one_date.move(
            planned.at("2027-02-16"),
            by=person,
            start=wall(f"2027-02-{day}T10:00"),
            zone="Europe/Berlin",
            now=planned.now,
        )
    before = state(planned)
    for person in (cast.sara, cast.mei, cast.priya):
        with pytest.raises(NotAllowed):
            one_date.move(
                planned.at("2027-02-16"), by=person, start=wall("2027-02-20T10:00"), zone="UTC", now=planned.now
            )
        with pytest.raises(NotAllowed):
            rhythm.pause(planned.series, date(2027, 2, 16), by=person, now=planned.now)
        with pytest.raises(NotAllowed):
            rhythm.begin(planned.partnership, by=person, rule=planned.series.rule, now=planned.now)
    Person.objects.filter(pk=cast.ada.pk).update(is_staff=False)  # since the request began
    with pytest.raises(NotAllowed):
        one_date.skip(planned.at("2027-02-16"), by=cast.ada, reason="leave", now=planned.now)
    assert state(planned) == before
    Partnership.objects.update(archived_at=planned.now)
    with pytest.raises(NotAllowed, match="no longer write"):
        rhythm.resume(planned.series, by=cast.ines, now=planned.now)


# --- beginning -------------------------------------------------------------------------------------------------------


def test_begin_pressed_twice_is_one_and_another_one_is_refused(cast: Cast) -> None:
    rule = Rule.starting(date(2027, 1, 5), PRESETS["every_2_weeks"], time(10), "Europe/Berlin")
    now = utc("2026-12-20T09:00Z")
    first = rhythm.begin(cast.checkout, by=cast.ines, rule=rule, now=now)
    assert rhythm.begin(cast.checkout, by=cast.tom, rule=rule, now=now) == first
    assert Series.objects.count() == 1
    other = Rule.starting(date(2027, 1, 6), PRESETS["weekly"], time(10), "Europe/Berlin")
    with pytest.raises(Refusal, match="rhythm already"):
        rhythm.begin(cast.checkout, by=cast.tom, rule=other, now=now)
    with pytest.raises(Misplaced) as refused:
        rhythm.begin(cast.search, by=cast.priya, rule=rule, now=utc("2027-01-05T09:01Z"))
    assert refused.value.code == "in_past"
    assert not Series.objects.filter(partnership=cast.search).exists()


def test_begin_needs_two_and_a_free_slot(cast: Cast) -> None:
    rule = Rule.starting(date(2027, 1, 5), PRESETS["every_2_weeks"], time(10), "UTC")
    alone = PartnershipFactory.create(label="Wallet", a=cast.mei)
    now = utc("2026-12-20T09:00Z")
    with pytest.raises(Refusal, match="needs two"):
        rhythm.begin(alone, by=cast.mei, rule=rule, now=now)
    one_date.plan(cast.checkout, by=cast.ines, start=wall("2027-02-02T10:30"), zone="UTC", now=now)
    with pytest.raises(Misplaced, match="2 February 2027, 10:30"):
        rhythm.begin(cast.checkout, by=cast.ines, rule=rule, now=now)
    assert not Series.objects.exists()


def test_the_rows_have_the_steps_of_the_pairs_template(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-05")
    for row in planned.rows()[:2]:
        assert [step.kind for step in row.steps] == ["look_back", "pulse", "write", "conclude", "close"]
        assert row.steps[2].prompts
        assert len(row.sides) == 2


# --- time passes -----------------------------------------------------------------------------------------------------


def test_materialise_makes_the_horizon_once(cast: Cast) -> None:
    example = case("OPS-12")
    planned = Planned("S1", cast.checkout, example["given"]["now"])
    for _run in range(example["action"]["times"]):
        upkeep.materialise(planned.now)
    days = [row.slot_date for row in planned.rows()]
    assert len(days) == len(set(days)) == example["expected"]["rows_after"]


def test_materialise_goes_on_for_years_and_asks_only_when_due(cast: Cast) -> None:
    planned = Planned("S2", cast.checkout, "2026-12-01T00:00Z")
    asked = 0
    for day in range(0, 900, 3):
        asked += upkeep.materialise(planned.now + timedelta(days=day))
    found = [row.slot_date for row in planned.rows()]
    assert found == planned.series.rule.made_by((planned.now + timedelta(days=897)).date())
    assert asked < 30


def test_nothing_due_takes_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    planned = Planned("S2", cast.checkout, "2026-12-01T00:00Z")
    with django_assert_num_queries(1):
        upkeep.materialise(planned.now)


@pytest.mark.parametrize("id", ["OPS-14", "OPS-15"])
def test_grace(plan: Any, cast: Cast, id: str) -> None:
    planned, given, expected = plan(id)
    for day, fields in given["sessions"].items():
        planned.set(day, status=fields["status"])
    upkeep.close_grace(planned.now)
    for day, wanted in expected["sessions"].items():
        row = planned.at(day)
        assert row.status == wanted["status"]
        assert row.auto_closed == wanted.get("auto_closed", False)
    upkeep.close_grace(utc("2027-01-12T09:00Z"))
    assert planned.at("2027-01-05").status == ("missed" if id == "OPS-15" else "held")


def test_grace_ends_when_the_next_one_begins(cast: Cast) -> None:
    start = wall("2027-01-04T10:00")
    now = utc("2026-12-20T09:00Z")
    first = one_date.plan(cast.checkout, by=cast.ines, start=start, zone="UTC", now=now)
    one_date.plan(cast.checkout, by=cast.ines, start=start + timedelta(days=3), zone="UTC", now=now)
    for at, status in (("2027-01-07T09:59:59Z", "scheduled"), ("2027-01-07T10:00Z", "missed")):
        upkeep.close_grace(utc(at))
        first.refresh_from_db()
        assert first.status == status


def test_what_was_begun_early_or_is_written_over_days_is_left_alone(plan: Any, cast: Cast) -> None:
    dream = Agreement.begin(cast.checkout, by=cast.ines, kind=Agreement.Kind.DREAM_TEAM, title="Ours")
    sitting = creation.begin(dream, by=cast.ines)
    Session.objects.filter(pk=sitting.pk).update(start_utc=utc("2026-01-01T09:00Z"))
    assert upkeep.close_grace(utc("2027-01-12T09:00Z")) == 0


def test_we_did_meet(plan: Any, cast: Cast) -> None:
    planned, _given, _expected = plan("OPS-15", now="2027-01-08T12:00Z")
    for day in (date(2027, 1, 9), date(2027, 1, 19)):
        with pytest.raises(Invalid, match="between"):
            one_date.met_on(planned.at("2027-01-05"), day, by=cast.tom, now=planned.now)
    for _press in range(2):
        one_date.met_on(planned.at("2027-01-05"), date(2027, 1, 6), by=cast.tom, now=planned.now)
    row = planned.at("2027-01-05")
    assert (row.status, row.held_on, row.number) == ("held", date(2027, 1, 6), 1)
    with pytest.raises(Refusal, match="still to come"):
        one_date.met_on(planned.at("2027-01-19"), date(2027, 1, 8), by=cast.tom, now=planned.now)


def test_a_missed_one_can_be_marked_as_held_for_sixty_days(plan: Any, cast: Cast) -> None:
    planned, _given, _expected = plan("OPS-15")
    upkeep.close_grace(utc("2027-01-12T09:00Z"))
    late = utc("2027-03-07T12:00Z")
    with pytest.raises(Refusal, match="sixty days"):
        one_date.met_on(planned.at("2027-01-05"), date(2027, 1, 6), by=cast.tom, now=late)
    one_date.met_on(planned.at("2027-01-05"), date(2027, 1, 6), by=cast.ada, now=late)
    assert planned.at("2027-01-05").status == "held"


def test_a_country_that_changes_its_clocks_moves_the_instant_not_the_wall_time(plan: Any) -> None:
    planned, _given, _expected = plan("OPS-05")
    before = state(planned)
    assert upkeep.resync_timezones(planned.now) == 0
    assert state(planned) == before
    real = wall_time.to_utc
    hour = timedelta(hours=1)
    with mock.patch("retros.recurrence.wall_time.to_utc", lambda wall, zone: real(wall, zone) - hour):
        moved = upkeep.resync_timezones(planned.now)
    ahead = [row for row in planned.rows() if row.start_utc > planned.now]
    assert moved == len(ahead) > 5
    assert {row.sequence for row in ahead} == {1}
    old = {row[0]: row[2] for row in before}
    assert {old[row.pk] - row.start_utc for row in ahead} == {hour}


def test_title_and_link_renew_the_stamp_of_those_invited_only(plan: Any, cast: Cast) -> None:
    planned, _given, _expected = plan("OPS-05")
    planned.invite("2027-02-16")
    stamps = {row.pk: row.ical_stamp for row in planned.rows()}
    for _press in range(2):
        rhythm.describe(
            planned.series, by=cast.tom, title="Our hour", meeting_url="https://meet.example.org/x", now=planned.now
        )
    changed = [row for row in planned.rows() if row.ical_stamp != stamps[row.pk]]
    assert [row.slot_date for row in changed] == [date(2027, 2, 16)]
    assert changed[0].sequence == 0
    assert planned.series.version == 2
    rhythm.describe(planned.series, by=cast.tom, title="T" * limits.TITLE_LENGTH, now=planned.now)
    assert len(Series.objects.get().title) == 120
