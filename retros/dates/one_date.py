"""The verbs that change one date of a pair: plan, move, skip, restore, “we did meet”."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.models import Audit, Partnership, Person
from partnerships.refusals import Invalid, Refusal
from retros.dates.planning import Planning, planning
from retros.models import Session
from retros.models.told import Told
from retros.recurrence.adherence import LATE
from retros.recurrence.wall_time import Misplaced, by_its_clock, gone_by, in_words, stored, wall_to_utc


def plan(
    partnership: Partnership,
    *,
    by: Person,
    start: datetime,
    zone: str,
    template_key: str = "",
    duration_min: int = 60,
    id: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Session:
    """Plan one retro, outside of any rhythm, at the wall time `start` (naive) in `zone`.

    The same press twice plans one session, by the client's own `id` or by what was asked. Raises Refusal when the time
    does not exist or lies in the past, when the other seat is still free, or when another retro already stands on that
    day, by that zone's clock, or is not over by then.
    """
    start_utc = wall_to_utc(start, zone)
    if start_utc < (now or timezone.now()) - timedelta(minutes=5):
        raise gone_by()
    with planning(partnership, by=by, now=now) as change:
        if existing := Session.sent_before(id, partnership):
            return existing
        for row in change.rows:
            if not row.is_planned:
                continue
            if (row.start_utc, row.timezone, row.duration_min) == (start_utc, zone, duration_min) and (
                template_key in {row.template_key, ""}
            ):
                return row
            if row.start_utc.astimezone(ZoneInfo(zone)).date() == start.date():
                raise Refusal(_("There is a retro on that day already. Move that one, or pick another day."))
            if row.overlaps(start_utc, duration_min):
                raise stands_there(row, zone)
        session = Session(
            id=id or uuid.uuid4(), start_local=stored(start), timezone=zone, start_utc=start_utc,
            duration_min=duration_min, template_key=template_key,
        )  # fmt: skip
        change.add([session])
        change.did(Audit.Act.PLANNED, _("Planned %(when)s.") % {"when": in_words(start_utc, zone)}, session)
        return session


def move(
    session: Session, *, by: Person, start: datetime, zone: str, version: int | None = None, now: datetime | None = None
) -> None:
    """Move a planned session to another wall time. Only this one moves; its slot and its writing stay.

    Raises Misplaced for a time that does not exist, has gone by, or would change the order of the retros; Refusal
    for a session that has started.
    """
    with planning(session.partnership, by=by, now=now, version=version) as change:
        move_in(change, change.take(session), start, zone)


def move_in(change: Planning, session: Session, start: datetime, zone: str) -> None:
    """`move`, on dates in memory."""
    start_utc = wall_to_utc(start, zone)
    stands_there_now = session.is_planned and (start_utc, zone) == (session.start_utc, session.timezone)
    if stands_there_now and start_utc >= change.now:
        return
    change.check_seen()
    _must_be_planned(session, _("This session has started. It cannot be moved any more."))
    if start_utc < change.now:
        raise gone_by()
    unmade = _next_unmade(change) if session.series_id else None
    _check_place(session, start_utc, change, unmade=unmade)
    dates = {"old": by_its_clock(session.start_utc, zone), "new": in_words(start_utc, zone)}
    change.did(Audit.Act.MOVED, _("Moved %(old)s to %(new)s.") % dates, session)
    session.place(start, zone, start_utc, session.duration_min, change.now)
    session.moved = True


def skip(session: Session, *, by: Person, reason: str, version: int | None = None, now: datetime | None = None) -> None:
    """Leave this one out. Nothing else moves, and what was written ahead stays each one's own."""
    if reason not in session.SkipReason.values:
        raise Invalid(_("Say why, in one of the words offered."))
    with planning(session.partnership, by=by, now=now, version=version) as change:
        if change.take(session).status == session.Status.SKIPPED:
            return
        change.check_seen()
        _must_be_planned(session, _("This session has started. It cannot be skipped any more."))
        session.drop(session.Status.SKIPPED, reason, change.now)
        words = _("Skipped %(when)s.") % {"when": in_words(session.start_utc, session.timezone)}
        change.did(Audit.Act.SKIPPED, words, session)


def restore(session: Session, *, by: Person, version: int | None = None, now: datetime | None = None) -> None:
    """Plan a skipped or discarded one again, at its time. Raises Misplaced when that is gone or taken, Refusal in a
    pause.
    """
    with planning(session.partnership, by=by, now=now, version=version) as change:
        if change.take(session).is_planned:
            return
        change.check_seen()
        if session.status not in session.NOT_TO_COME:
            raise Refusal(_("This retro took place. There is nothing to plan again."))
        if session.start_utc < change.now:
            raise gone_by()
        pauses = change.pauses if session.series_id else []
        if pause := next((pause for pause in pauses if pause.takes(session.slot_date)), None):
            raise Refusal(_("%(pause)s Resume first.") % {"pause": pause})
        _check_place(session, session.start_utc, change)
        session.restore(change.now)
        words = _("Planned %(when)s again.") % {"when": in_words(session.start_utc, session.timezone)}
        change.did(Audit.Act.PLANNED, words, session)


def met_on(session: Session, day: date, *, by: Person, version: int | None = None, now: datetime | None = None) -> None:
    """“We did meet on …”: held, without the app. For one whose date has gone by; when missed, for sixty days.

    An admin may later too. Raises Refusal for another one, Invalid for a day that cannot be.
    """
    with planning(session.partnership, by=by, now=now, version=version) as change:
        if change.take(session).status == session.Status.HELD and session.held_on == day:
            return
        change.check_seen()
        if session.start_utc > change.now or session.status not in {session.Status.SCHEDULED, session.Status.MISSED}:
            raise Refusal(_("This one is still to come, or is settled already."))
        if change.now - session.start_utc > LATE and not by.is_staff:
            raise Refusal(_("This one is more than sixty days ago. Your admin can still settle it."))
        before, after = _neighbours(session, change)
        earliest = max((row.day for row in before), default=date.min)
        latest = min((row.wall_start.date() for row in after), default=date.max)
        if not earliest <= day <= min(latest, change.today(session.timezone)):
            raise Invalid(_("Pick a day between the retro before and today."))
        last = max((row.number or 0 for row in change.rows if row.kind == session.kind), default=0)
        session.number = session.number or last + 1
        session.status, session.held_on, session.closed_at = session.Status.HELD, day, change.now
        change.did(Audit.Act.HELD, _("Met on %(day)s.") % {"day": date_format(day, "j F Y")}, session)


def stands_there(row: Session, zone: str) -> Misplaced:
    return Misplaced(
        "overlaps_next",
        _("There is a retro on %(when)s already. Move that one, or pick another time.")
        % {"when": in_words(row.start_utc, zone)},
    )


def _must_be_planned(session: Session, no: str) -> None:
    if not session.is_planned:
        raise Refusal(no)


def _neighbours(session: Session, change: Planning) -> tuple[list[Session], list[Session]]:
    """The retros before and after it that were not called off: by their slots, those outside by their time."""
    before: list[Session] = []
    after: list[Session] = []
    for row in change.sessions():
        slots = row.slot_date, session.slot_date
        earlier = slots[0] < slots[1] if slots[0] and slots[1] else row.start_utc < session.start_utc
        if row.pk != session.pk:
            (before if earlier else after).append(row)
    return before, after


def fits(session: Session, change: Planning) -> bool:
    """Whether it could stand where it stands."""
    try:
        _check_place(session, session.start_utc, change)
    except Misplaced:
        return False
    return True


def _check_place(session: Session, start_utc: datetime, change: Planning, *, unmade: datetime | None = None) -> None:
    """Raises Misplaced unless it could stand there, between its neighbours; `unmade`: a slot without a row yet."""
    before, after = _neighbours(session, change)
    if any(start_utc < row.end_utc for row in before):
        raise Misplaced("overlaps_previous", _("The retro before ends later than that. Pick a later time."))
    next_start = min((row.start_utc for row in after), default=unmade)
    if next_start and start_utc >= next_start:
        raise Misplaced(
            "past_next",
            _("The next retro is on %(when)s, before that. Skip this one, or move all of them.")
            % {"when": in_words(next_start, session.timezone)},
            offers=("skip_this", "shift_following"),
        )
    if next_start and start_utc + timedelta(minutes=session.duration_min) > next_start:
        raise Misplaced("overlaps_next", _("The next retro begins before this one ends. Pick an earlier time."))


def plan_next(session: Session, *, by: Person, start: datetime, id: uuid.UUID, zone: str = "") -> Session:
    """Plan the next one from this one's wrap-up: same template. Raises Refusal like `plan`."""
    with transaction.atomic():
        following = plan(
            session.partnership, by=by, start=start, zone=zone or session.timezone, id=id,
            template_key=session.template_key,
        )  # fmt: skip
        with session.writing(by=by, closed=True) as change:
            change.tell(Told.PLANNED)
    return following


def move_next(session: Session, *, by: Person, start: datetime, version: int | None, zone: str = "") -> None:
    """Move the planned one that follows this one, from its wrap-up. Raises like `move`, Refusal when there is none."""
    with transaction.atomic():
        following = Session.objects.upcoming_after(session).first()
        if following is None:
            raise Refusal(_("No retro is planned after this one any more. Plan the next one."))
        move(following, by=by, start=start, zone=zone or session.timezone, version=version)
        with session.writing(by=by, closed=True) as change:
            change.tell(Told.PLANNED_AGAIN)


def take_back_start(session: Session, *, by: Person, now: datetime | None = None) -> None:
    """Planned for its date again, as if nobody had started it. Raises Refusal once something was opened or its time has
    come, Misplaced when another retro was planned there meanwhile.

    Nothing is recorded: outside of the pair nobody learns that it had begun (docs/rules/visibility.md V8).
    """
    with planning(session.partnership, by=by, now=now) as dates, session.writing(by=by) as change:
        if session.is_planned:
            return
        if not session.can_be_taken_back(dates.now):
            raise Refusal(_("Its start can no longer be taken back. You can pause or close this retro."))
        _check_place(session, session.start_utc, dates)
        session.rewind()
        change.tell(Told.TAKEN_BACK)


def _next_unmade(change: Planning) -> datetime | None:
    """When the first slot of the rhythm begins that has no row yet."""
    series = change.series
    if series is None or series.is_ended:
        return None
    made = [row for row in change.of_rhythm() if row.status != Session.Status.CANCELLED]
    last = max((row.slot_date for row in made if row.slot_date), default=None)
    day = series.rule.after(last) if last else series.rule.start_date
    return series.rule.slot(day).start_utc if day else None
