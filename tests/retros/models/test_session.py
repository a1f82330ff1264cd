"""A session: planned, started, moved, paused, discarded, closed, reopened."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from partnerships.models import Agreement, Partnership
from partnerships.refusals import NotAllowed, Refusal
from retros.access import get_session
from retros.dates import one_date, upkeep
from retros.models import Entry, Presence, Ready, Session, creation
from retros.recurrence.wall_time import wall_to_utc
from tests.clock import Clock
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros.play import LAST, LOOK_BACK, PULSE, WRITE, Pair, Participant, at, make_pair, reveal, wall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def session(pair: Pair) -> Session:
    return pair.started()


def closed(pair: Pair) -> Session:
    session = pair.started()
    ines, tom = pair.hands(session)
    at(session, LAST)
    reveal(ines.session, LAST)
    ines.next()
    assert tom.next()
    return session


# --- planned ---------------------------------------------------------------------------------------------------------


def test_a_planned_session_has_the_steps_and_prompts_of_its_template(pair: Pair) -> None:
    session = pair.planned()
    assert [step.kind for step in session.steps] == ["look_back", "pulse", "write", "conclude", "close"]
    assert [prompt.key for prompt in session.steps[WRITE].prompts] == ["good", "bad", "talk"]
    assert (session.status, session.number, session.title) == ("scheduled", None, "Next retro")
    assert [(p.seat, p.person) for p in session.presences.order_by("seat")] == [("a", pair.ines), ("b", pair.tom)]


def test_it_stands_at_its_wall_time_in_its_zone(pair: Pair) -> None:
    session = pair.planned(start=wall(2027, 7, 2, 14, 0), zone="Europe/Tallinn")
    assert session.start_utc == datetime(2027, 7, 2, 11, 0, tzinfo=UTC)
    assert Session.objects.get().wall_start == wall(2027, 7, 2, 14, 0)


def test_the_same_press_twice_plans_one(pair: Pair) -> None:
    key = uuid.uuid4()
    assert pair.planned(id=key).pk == pair.planned(id=key).pk == key
    assert Session.objects.count() == 1


def test_one_day_has_one_planned_retro_wherever_the_reader_is(pair: Pair) -> None:
    pair.planned(start=wall(2027, 3, 2, 14, 0))
    with timezone.override("Pacific/Kiritimati"), pytest.raises(Refusal, match="on that day already"):
        pair.planned(start=wall(2027, 3, 2, 23, 0))
    with timezone.override("Pacific/Kiritimati"):
        pair.planned(start=wall(2027, 3, 3, 9, 0))


def test_what_has_gone_by_is_not_planned(pair: Pair, clock: Clock) -> None:
    with pytest.raises(Refusal, match="already gone by"):
        pair.planned(start=wall(2026, 11, 3, 8, 0))


@pytest.mark.parametrize("start", [wall(9999, 12, 31, 23, 59), wall(1, 1, 1)])
def test_a_time_at_the_ends_of_the_calendar_is_refused(pair: Pair, start: datetime) -> None:
    for zone in ("Etc/GMT+12", "Etc/GMT-14"):
        with pytest.raises(Refusal):
            pair.planned(start=start, zone=zone)
    assert not Session.objects.exists()


def test_a_time_that_the_clocks_jump_over_is_refused_with_the_next_one() -> None:
    with pytest.raises(Refusal, match="03:30"):
        wall_to_utc(wall(2027, 3, 28, 2, 30), "Europe/Berlin")
    assert wall_to_utc(wall(2027, 10, 31, 2, 30), "Europe/Berlin") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_retro_needs_two(db: None) -> None:
    ines = PersonFactory.create()
    alone = PartnershipFactory.create(a=ines)
    with pytest.raises(Refusal, match="needs two"):
        creation.start_now(alone, by=ines)
    assert not Session.objects.exists()
    planned = one_date.plan(alone, by=ines, start=wall(2027, 3, 2, 14, 0), zone="UTC")
    with pytest.raises(Refusal, match="needs two"):
        planned.start(by=ines)
    assert Session.objects.get().is_planned


def test_somebody_else_plans_and_starts_nothing(pair: Pair) -> None:
    mei = PersonFactory.create()
    with pytest.raises(NotAllowed):
        one_date.plan(pair.partnership, by=mei, start=wall(2027, 3, 2, 14, 0), zone="UTC")
    with pytest.raises(NotAllowed):
        creation.start_now(pair.partnership, by=mei)
    assert not Session.objects.exists()


def test_a_partnership_that_has_ended_plans_nothing(pair: Pair) -> None:
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at=timezone.now())
    with pytest.raises(Refusal):
        pair.planned()
    with pytest.raises(Refusal):
        creation.start_now(pair.partnership, by=pair.ines)
    assert not Session.objects.exists()


def test_another_pairs_key_plans_nothing_and_says_no_more(pair: Pair) -> None:
    theirs = make_pair().planned()
    with pytest.raises(Refusal):
        pair.planned(id=theirs.pk)
    with pytest.raises(Refusal):
        creation.start_now(pair.partnership, by=pair.ines, id=theirs.pk)
    assert Session.objects.count() == 1


# --- started ---------------------------------------------------------------------------------------------------------


def test_starting_gives_the_number_and_the_clock(pair: Pair, clock: Clock) -> None:
    closed(pair)
    session = pair.planned(start=wall(2027, 5, 5, 9, 0))
    session.start(by=pair.tom)
    session = Session.objects.get(pk=session.pk)
    assert (session.status, session.number, session.started_at) == ("in_progress", 2, clock.now)
    assert session.current_step.started_at == clock.now
    assert session.current_step.minutes_left(clock.now) == 6


def test_starting_twice_is_starting_once(session: Session, pair: Pair) -> None:
    ines, tom = pair.hands(session)
    before = (session.version_a, tom.version())
    tom.session.start(by=pair.tom)
    after = Session.objects.get(pk=session.pk)
    assert (after.number, after.started_at) == (session.number, session.started_at)
    assert ines.version() == before[0]


def test_starting_leads_to_the_retro_that_is_open(session: Session, pair: Pair) -> None:
    planned = pair.planned()
    before = (planned.version_a, planned.version_b, session.version_a, session.version_b)
    assert planned.start(by=pair.tom) == session
    planned, session = (Session.objects.get(pk=row.pk) for row in (planned, session))
    assert (planned.status, planned.number, planned.started_at) == ("scheduled", None, None)
    assert (planned.version_a, session.version_a, session.version_b) == (before[0], *before[2:])
    Session.objects.filter(pk=session.pk).update(status=Session.Status.HELD)
    assert planned.start(by=pair.tom) == planned
    assert Session.objects.get(pk=planned.pk).number == 2


@pytest.mark.parametrize("kind", [Session.Kind.DREAM_TEAM, Session.Kind.CONTRACT])
def test_an_agreement_may_be_written_beside_a_retro(session: Session, pair: Pair, kind: str) -> None:
    beside = Agreement.begin(pair.partnership, by=pair.ines, kind=kind, title="Growth")
    assert creation.begin(beside, by=pair.tom).is_running
    assert Session.objects.running().count() == 2
    Session.objects.filter(pk=session.pk).update(status=Session.Status.HELD)
    assert pair.started().is_running


def test_a_closed_retro_is_not_reopened_beside_an_open_one(pair: Pair) -> None:
    first = closed(pair)
    second = pair.started()
    ines, tom = pair.hands(first)
    with pytest.raises(Refusal, match="Retro 2 is open now"):
        ines.session.reopen(by=pair.ines)
    Session.objects.filter(pk=second.pk).update(status=Session.Status.HELD)
    assert not ines.session.reopen(by=pair.ines)
    assert tom.session.reopen(by=pair.tom)


def test_starting_now_finds_the_one_that_runs(pair: Pair) -> None:
    first = creation.start_now(pair.partnership, by=pair.ines)
    assert creation.start_now(pair.partnership, by=pair.tom) == first
    assert first.is_running
    assert first.number == 1


def test_a_replay_of_starting_now_after_the_close_opens_nothing_new(pair: Pair) -> None:
    key = uuid.uuid4()
    first = creation.start_now(pair.partnership, by=pair.ines, id=key)
    Session.objects.filter(pk=first.pk).update(status=Session.Status.HELD)
    assert creation.start_now(pair.partnership, by=pair.ines, id=key) == first
    assert Session.objects.count() == 1


def test_nobody_else_gets_through_the_door(session: Session, pair: Pair) -> None:
    other = make_pair()
    for person in (other.ines, PersonFactory.create(is_staff=True)):
        with pytest.raises(Http404):
            get_session(person, session.pk)
        with pytest.raises(NotAllowed):
            Session.objects.get(pk=session.pk).pause(by=person)


def test_who_has_left_reads_and_no_longer_writes(session: Session, pair: Pair) -> None:
    ines, _tom = pair.hands(session)
    entry = ines.fold("Before the end")
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at=timezone.now())
    for verb in (
        ines.fold,
        ines.ready,
        lambda: session.pause(by=pair.ines),
        lambda: entry.edit(by=pair.ines, text="x", version=1),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert ines.sees() == {"Before the end"}


# --- moved -----------------------------------------------------------------------------------------------------------


def test_moving_keeps_the_writing_and_raises_the_calendars_sequence(pair: Pair) -> None:
    session = pair.planned()
    ines, tom = pair.hands(session)
    ines.fold("Written ahead")
    one_date.move(tom.session, by=pair.tom, start=wall(2027, 3, 4, 15, 0), zone="Europe/Berlin")
    one_date.move(tom.session, by=pair.tom, start=wall(2027, 3, 4, 15, 0), zone="Europe/Berlin")
    session = Session.objects.get(pk=session.pk)
    assert (session.start_utc, session.moved, session.sequence) == (datetime(2027, 3, 4, 14, 0, tzinfo=UTC), True, 1)
    assert ines.sees() == {"Written ahead"}


def test_what_has_started_is_not_moved(session: Session, pair: Pair) -> None:
    with pytest.raises(Refusal, match="has started"):
        one_date.move(session, by=pair.ines, start=wall(2027, 3, 4, 15, 0), zone="UTC")


def test_it_is_not_moved_into_the_past(pair: Pair, clock: Clock) -> None:
    session = pair.planned()
    with pytest.raises(Refusal, match="gone by"):
        one_date.move(session, by=pair.ines, start=wall(2026, 11, 3, 8, 59), zone="UTC")
    assert Session.objects.get().start_utc == session.start_utc


# --- paused ----------------------------------------------------------------------------------------------------------


def test_a_pause_stops_the_clock_for_both(pair: Pair, clock: Clock) -> None:
    session = pair.started()
    ines, tom = pair.hands(session)
    clock.pass_minutes(2)
    ines.session.pause(by=pair.ines)
    clock.pass_minutes(60 * 24)
    tom.session.resume(by=pair.tom)
    assert tom.session.current_step.minutes_left(clock.now) == 4
    assert tom.session.paused_at is None


def test_pausing_twice_keeps_the_first_moment(pair: Pair, clock: Clock) -> None:
    session = pair.started()
    session.pause(by=pair.ines)
    first = session.paused_at
    clock.pass_minutes(3)
    session.pause(by=pair.tom, reason=Session.PauseReason.BETWEEN_US)
    session = Session.objects.get(pk=session.pk)
    assert session.paused_at == first
    assert session.paused_between_us


def test_a_step_begun_during_a_pause_gets_no_more_than_its_minutes(pair: Pair, clock: Clock) -> None:
    session = pair.started()
    ines, tom = pair.hands(session)
    ines.session.pause(by=pair.ines)
    clock.pass_minutes(30)
    ines.next()
    assert tom.next()
    clock.pass_minutes(30)
    tom.session.resume(by=pair.tom)
    step = tom.step(PULSE)
    assert step.minutes_left(clock.now) == step.minutes == 10


def test_resuming_what_is_not_paused_moves_no_clock(pair: Pair, clock: Clock) -> None:
    session = pair.started()
    began = session.current_step.started_at
    clock.pass_minutes(3)
    session.resume(by=pair.ines)
    assert session.step_set.get(position=LOOK_BACK).started_at == began


def test_what_has_not_started_is_not_paused(pair: Pair) -> None:
    with pytest.raises(Refusal, match="not started"):
        pair.planned().pause(by=pair.ines)


# --- discarded -------------------------------------------------------------------------------------------------------


def test_a_discarded_session_leaves_what_each_wrote_to_its_author(session: Session, pair: Pair) -> None:
    ines, tom = pair.hands(session)
    ines.fold("Mine")
    ines.ready()
    tom.session.discard(by=pair.tom)
    session = Session.objects.get(pk=session.pk)
    assert (session.status, session.number) == ("cancelled", None)
    assert ines.sees() == {"Mine"}
    assert tom.sees() == set()
    with pytest.raises(Refusal):
        ines.fold("More")


def test_discarding_twice_is_discarding_once(session: Session, pair: Pair) -> None:
    ines, tom = pair.hands(session)
    late = tom.session
    ines.session.discard(by=pair.ines)
    late.discard(by=pair.tom)
    assert Session.objects.get(pk=session.pk).status == "cancelled"


@pytest.mark.parametrize("opened", ["one side", "both"])
def test_what_was_opened_is_not_discarded(session: Session, pair: Pair, opened: str) -> None:
    ines, tom = pair.hands(session)
    ines.fold()
    ines.open_side()
    if opened == "both":
        tom.ready()
    with pytest.raises(Refusal, match="opened here already"):
        session.discard(by=pair.tom)
    assert Session.objects.get(pk=session.pk).is_running


def test_the_number_of_a_discarded_session_is_free_again(session: Session, pair: Pair) -> None:
    session.discard(by=pair.ines)
    assert pair.started().number == 1


def test_planned_again_a_discarded_session_begins_at_its_beginning(session: Session, pair: Pair) -> None:
    ines, tom = pair.hands(session)
    for one in (ines, tom):
        one.next(LOOK_BACK)
    answer = ines.answer("changed", "A new boss")
    ines.ready(PULSE)
    tom.session.pause(by=pair.tom)
    tom.session.discard(by=pair.tom)
    one_date.restore(tom.session, by=pair.tom)
    planned = tom.session
    assert (planned.position, planned.started_at, planned.paused_at) == (0, None, None)
    planned.start(by=pair.ines)
    assert tom.session.position == LOOK_BACK
    assert [step.started_at is None for step in tom.session.steps] == [False, True, True, True, True]
    assert not tom.ready(PULSE)  # Ines was ready for the one that was discarded
    assert ines.entry(answer.pk).sealed_at is None


def test_what_one_began_alone_is_discarded(pair: Pair) -> None:
    alone = PartnershipFactory.create(a=pair.ines, b=None)
    session = creation.begin(Agreement.begin(alone, by=pair.ines, kind="dream_team", title="Us"), by=pair.ines)
    Participant(pair.ines, session.pk).ready(0)
    session.discard(by=pair.ines)
    assert Session.objects.get(pk=session.pk).status == "cancelled"


# --- closed and reopened ---------------------------------------------------------------------------------------------


def test_closed_is_read_only(pair: Pair) -> None:
    session = closed(pair)
    ines, tom = pair.hands(session)
    session = Session.objects.get(pk=session.pk)
    assert (session.status, session.is_open, session.held_on) == ("held", False, timezone.now().date())
    for verb in (ines.fold, tom.ready, lambda: ines.session.pause(by=pair.ines), ines.open_side):
        with pytest.raises(Refusal, match="closed"):
            verb()


def test_the_day_it_was_held_is_the_day_in_its_zone(pair: Pair, clock: Clock) -> None:
    session = pair.started()
    Session.objects.filter(pk=session.pk).update(timezone="Pacific/Auckland")
    ines, tom = pair.hands(session)
    at(session, LAST)
    reveal(ines.session, LAST)
    clock.now = datetime(2026, 11, 3, 12, 30, tzinfo=UTC)  # half past one at night on the 4th, over there
    ines.next()
    tom.next()
    assert Session.objects.get(pk=session.pk).held_on == date(2026, 11, 4)


def test_closing_takes_both(session: Session, pair: Pair) -> None:
    ines, tom = pair.hands(session)
    at(session, LAST)
    reveal(ines.session, LAST)
    assert not ines.next()
    assert not ines.next()
    assert ines.session.is_running
    assert tom.next()
    assert ines.session.is_closed


def test_closing_again_answers_that_it_is_closed(pair: Pair) -> None:
    session = closed(pair)
    ines, tom = pair.hands(session)
    before = dict(Session.objects.values().get(pk=session.pk))
    assert ines.next(LAST)
    assert tom.next(LAST)
    after = dict(Session.objects.values().get(pk=session.pk))
    assert {name for name in before if before[name] != after[name]} <= {"version_a", "version_b"}


def test_reopening_takes_both_within_a_day(pair: Pair, clock: Clock) -> None:
    session = closed(pair)
    ines, tom = pair.hands(session)
    clock.pass_minutes(23 * 60)
    assert not ines.session.reopen(by=pair.ines)
    assert not ines.session.reopen(by=pair.ines)
    assert ines.session.is_closed
    assert tom.session.reopen(by=pair.tom)
    assert tom.session.reopen(by=pair.tom)
    session = Session.objects.get(pk=session.pk)
    assert (session.status, session.held_on, session.closed_at) == ("in_progress", None, None)
    # The old “close” no longer counts: closing takes both again.
    assert not ines.next()
    assert ines.session.is_running
    assert not Ready.objects.filter(purpose=Ready.Purpose.REOPEN).exists()


def test_reopened_after_its_grace_it_stays_open_for_a_day(pair: Pair, clock: Clock) -> None:
    session = closed(pair)
    planned = clock.now - timedelta(days=15)
    Session.objects.filter(pk=session.pk).update(start_utc=planned, start_local=planned)
    for person in (pair.ines, pair.tom):
        Session.objects.get(pk=session.pk).reopen(by=person)
    for minutes, running in ((1, True), (24 * 60 - 2, True), (1, False)):
        clock.pass_minutes(minutes)
        upkeep.close_grace(clock.now)
        assert Session.objects.get(pk=session.pk).is_running is running


def test_after_a_day_it_stays_closed(pair: Pair, clock: Clock) -> None:
    session = closed(pair)
    ines, tom = pair.hands(session)
    ines.session.reopen(by=pair.ines)
    clock.pass_minutes(24 * 60)
    with pytest.raises(Refusal, match="24 hours"):
        tom.session.reopen(by=pair.tom)
    assert Session.objects.get(pk=session.pk).is_closed


def test_reopening_folds_nothing_and_forgets_no_ready(pair: Pair, clock: Clock) -> None:
    """Ines opened her side and went on alone; after the reopening Tom's Ready is the reveal, as it was before."""
    session = pair.started()
    ines, tom = pair.hands(session)
    at(session, LAST)
    ines.answer("appreciation", "You stayed calm")
    ines.open_side(LAST)
    clock.pass_minutes(6)
    assert ines.next(LAST, alone=True)
    ines.session.reopen(by=pair.ines)
    assert tom.session.reopen(by=pair.tom)
    assert tom.sees() == {"You stayed calm"}
    assert tom.ready(LAST)
    assert ines.step(LAST).is_revealed


def test_nothing_to_reopen_in_what_never_started(pair: Pair) -> None:
    with pytest.raises(Refusal):
        pair.planned().reopen(by=pair.ines)


# --- who is told -----------------------------------------------------------------------------------------------------


def test_the_room_notes_who_is_there_and_nothing_else(session: Session, pair: Pair, clock: Clock) -> None:
    before = Session.objects.values().get(pk=session.pk)
    session.see(pair.tom)
    rows = Presence.objects.filter(session=session).values_list("seat", "seen_at").order_by("seat")
    assert list(rows) == [("a", None), ("b", clock.now)]
    assert Session.objects.values().get(pk=session.pk) == before


def test_a_verb_that_refuses_leaves_nothing(session: Session, pair: Pair) -> None:
    ines, _tom = pair.hands(session)
    before = Session.objects.values().get(pk=session.pk)
    with pytest.raises(Refusal):
        ines.fold("   ")
    with pytest.raises(Refusal):
        ines.ready(digest="of another page")
    assert Session.objects.values().get(pk=session.pk) == before
    assert not Entry.unrestricted.exists()
    assert not Ready.objects.exists()


def test_proposed_dates_keep_weekday_and_time_and_lie_ahead(pair: Pair) -> None:
    session = pair.planned(start=wall(2027, 3, 2, 14, 0))
    both = [pair.ines.hours, pair.tom.hours]
    assert session.proposed_dates(datetime(2027, 3, 2, tzinfo=UTC), both) == [
        wall(2027, 4, 27, 14, 0),
        wall(2027, 5, 4, 14, 0),
    ]
    late = session.proposed_dates(datetime(2027, 12, 1, tzinfo=UTC), both)
    assert late[0] > wall(2027, 12, 1)
    assert {d.weekday() for d in late} == {1}
    assert late[1] - late[0] == timedelta(weeks=1)


def test_what_began_on_a_saturday_night_proposes_a_working_day(pair: Pair) -> None:
    session = pair.planned(start=wall(2027, 3, 6, 21, 20))  # in UTC
    both = [pair.ines.hours, pair.tom.hours]
    dates = session.proposed_dates(datetime(2027, 3, 2, tzinfo=UTC), both)
    assert [(day.weekday(), day.date()) for day in dates] == [(0, date(2027, 5, 3)), (0, date(2027, 5, 10))]
    for wall_start in dates:
        for hours in both:
            local = wall_start.replace(tzinfo=UTC).astimezone(hours.tz)
            assert 8 <= local.hour <= 17
