"""The verbs of a rhythm: begin, change from a date on, pause, resume, end; and what time makes of it.

Each runs in `planning()`: the pair's dates are locked, rights are read again, the mails are planned at the end.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.content import clean_name
from partnerships.limits import TITLE_LENGTH
from partnerships.models import Audit, Partnership, Person
from partnerships.refusals import Invalid, Refusal
from retros.dates.one_date import fits, stands_there
from retros.dates.planning import Planning, Unconfirmed, planning
from retros.models import Pause, RuleVersion, Series, Session
from retros.recurrence.rule import CENTURY, HORIZON, LEAST_AHEAD, Cadence, Rule, Slot
from retros.recurrence.wall_time import Misplaced, gone_by, stored

Status = Session.Status
REVIVED = frozenset({  # left out by a rule or a pause, so another rule may bring them back
    (Status.CANCELLED, Session.ENDED), (Status.CANCELLED, Session.ARCHIVED), (Status.CANCELLED, Session.SURPLUS),
    (Status.SKIPPED, Session.PAUSED),
})  # fmt: skip


def begin(
    partnership: Partnership, *, by: Person, rule: Rule, title: str = "", meeting_url: str = "",
    version: int | None = None, now: datetime | None = None,
) -> Series:  # fmt: skip
    """Plan a rhythm, and make its first dates. One that has ended begins anew, with another rule.

    Pressed twice with the same rule it is one. Raises Misplaced when the first date has gone by or a retro stands
    in its way, Refusal while there is a rhythm already.
    """
    with planning(partnership, by=by, now=now, version=version) as change:
        return begin_in(change, rule, title=title, meeting_url=meeting_url)


def begin_in(change: Planning, rule: Rule, *, title: str = "", meeting_url: str = "") -> Series:
    """`begin`, on dates in memory."""
    series = change.series
    if series is not None and not series.is_ended:
        if series.rule == rule:
            return series
        raise Refusal(_("There is a rhythm already. Change that one."))
    if rule.slot(rule.start_date).start_utc < change.now:
        raise gone_by()
    if series is None:
        title = clean_name(title, limit=TITLE_LENGTH)
        series = change.series = Series(partnership=change.partnership, title=title, version=0)
    series.status, series.meeting_url = Series.Status.ACTIVE, meeting_url or series.meeting_url
    add_rule(series, rule, change)
    _cut(change.pauses, series, change)  # they were the former rhythm's
    _follow(series, [], None, change)
    change.did(Audit.Act.RHYTHM_SET, _("Planned a rhythm: %(rule)s.") % {"rule": rule.words})
    return series


def change_from(
    series: Series, session: Session, *, by: Person, first: date | None = None, weekday: int | None = None,
    cadence: Cadence | None = None, local_time: time | None = None, timezone: str | None = None,
    duration_min: int | None = None, confirmed: bool = False, version: int | None = None,
    now: datetime | None = None,
) -> None:  # fmt: skip
    """From this session on, another rule: the one that made it, changed. The rows that are still to come keep their
    order and what is in them. One that was put off past its slot stays, unless it gets another first date.

    Raises Unconfirmed when dates that were moved by hand would be put back, Misplaced when the first one cannot
    be there, Refusal when it has begun or gone by.
    """
    with planning(series.partnership, by=by, now=now, version=version) as change:
        change.take_series(series)
        change_from_in(
            change, change.take(session), first=first, weekday=weekday, cadence=cadence, local_time=local_time,
            timezone=timezone, duration_min=duration_min, confirmed=confirmed,
        )  # fmt: skip


def change_from_in(
    change: Planning, session: Session, *, first: date | None = None, weekday: int | None = None,
    cadence: Cadence | None = None, local_time: time | None = None, timezone: str | None = None,
    duration_min: int | None = None, confirmed: bool = False,
) -> None:  # fmt: skip
    """`change_from`, on dates in memory."""
    series = _living(change)
    if session.series_id != series.pk or session.slot_date is None:
        raise Refusal(_("This retro stands outside of the rhythm."))
    if not session.is_planned or session.start_utc <= change.now:
        raise Refusal(_("What has begun or gone by never moves. Pick a later one."))
    since = session.slot_date
    rule = rule_at(series, session).following(
        since, first=first, weekday=weekday, cadence=cadence, local_time=local_time,
        timezone=timezone, duration_min=duration_min,
    )  # fmt: skip
    if first in {None, since} and weekday is None and rule.slot(since).start_utc < change.now:
        # It was put off past its slot: it stays where it is, and the rule begins behind it.
        rule, since = rule.after_moment(session.end_utc), since + timedelta(days=1)
    movable = _movable(since, change)
    _check_first(rule, movable, session, change)
    reset = [row.slot_date for row in movable if row.moved and row.slot_date]
    if rule == series.rule and not reset:
        return
    change.check_seen()
    if reset and not confirmed:
        raise Unconfirmed(reset)
    add_rule(series, rule, change)
    _follow(series, movable, since, change)
    known = {"day": date_format(rule.start_date, "j F Y"), "rule": rule.words}
    change.did(Audit.Act.RHYTHM_CHANGED, _("From %(day)s on: %(rule)s.") % known)


def _movable(since: date, change: Planning) -> list[Session]:
    """The rows from that slot on which a new rule places anew: to come, or left out by a pause only."""
    return [
        row
        for row in change.of_rhythm()
        if row.slot_date and row.slot_date >= since and row.start_utc > change.now
        and (row.is_planned or (row.status, row.reason) == (Status.SKIPPED, Session.PAUSED))
    ]  # fmt: skip


def rule_at(series: Series, session: Session) -> Rule:
    """The rule that made the slot of this session, with the last day that holds now."""
    own = session.rule_version
    now = series.rule
    return replace(own.rule, ends_on=now.ends_on, ends_after=now.ends_after) if own else now


def _check_first(rule: Rule, movable: list[Session], target: Session, change: Planning) -> None:
    """Raises Misplaced when the first of them would begin before now, or before the retro ahead of it is over."""
    start = rule.slot(rule.start_date).start_utc
    if start < change.now:
        raise gone_by()
    stay = [row for row in change.sessions() if row not in movable]
    before = [row for row in stay if row.start_utc <= target.start_utc]
    if before and start < before[-1].end_utc:
        raise Misplaced("overlaps_previous", _("The retro before ends later than that. Pick a later time."))


def pause(
    series: Series, from_date: date, to_date: date | None = None, *, by: Person, version: int | None = None,
    now: datetime | None = None,
) -> None:  # fmt: skip
    """No retros on these days, the last one included; without a last day, until somebody resumes."""
    with planning(series.partnership, by=by, now=now, version=version) as change:
        change.take_series(series)
        pause_in(change, from_date, to_date)


def pause_in(change: Planning, from_date: date, to_date: date | None = None) -> None:
    """`pause`, on dates in memory."""
    if to_date is not None and to_date < from_date:
        raise Invalid(_("The pause ends before it begins."))
    _check_century(from_date, to_date)
    others = change.open_pauses()
    if any(p.from_date <= from_date and p.to_date == to_date for p in others):
        return
    change.check_seen()
    series = _living(change)
    if other := next((p for p in others if p.overlaps(from_date, to_date)), None):
        raise Refusal(_("%(pause)s Resume first, or pick other days.") % {"pause": other})
    pause = Pause(series=series, from_date=from_date, to_date=to_date)
    change.pauses.append(pause)
    _settle(series, change)
    set_next_due(series, change)
    change.did(Audit.Act.RHYTHM_PAUSED, str(pause))


def resume(
    series: Series, *, by: Person, pause: int | None = None, version: int | None = None, now: datetime | None = None
) -> None:
    """End this pause (by its key), or all that are not over, and go on in the same phase. What is still ahead comes
    back; nothing is caught up on. Of a pause that is over or gone nothing is left to do.
    """
    with planning(series.partnership, by=by, now=now, version=version) as change:
        change.take_series(series)
        pauses = [each for each in change.open_pauses() if pause in {None, each.pk}]
        if not pauses and change.open_pauses():
            change.check_seen()  # another one came since
        if series.is_ended or not pauses:
            return
        change.check_seen()
        _cut(pauses, series, change)
        _settle(series, change)
        _fill(series, change)
        change.did(Audit.Act.RHYTHM_RESUMED, _("Resumed."))


def _cut(pauses: Iterable[Pause], series: Series, change: Planning) -> None:
    """None of these pauses from today on."""
    today = series.today(change.now)
    for pause in list(pauses):
        if pause.from_date >= today:
            change.pauses.remove(pause)
        elif pause.to_date is None or pause.to_date >= today:
            pause.to_date = today - timedelta(days=1)


def _check_century(*days: date | None) -> None:
    """Raises Invalid for a day that can only be a slip of the finger."""
    if any(day is not None and day.year not in CENTURY for day in days):
        raise Invalid(_("Pick a date in this century."))


def end(
    series: Series, last: date | None, *, by: Person, version: int | None = None, now: datetime | None = None
) -> None:
    """No retro after the day `last`; without one, it goes on without end. What a later end takes in comes back."""
    _check_century(last)
    with planning(series.partnership, by=by, now=now, version=version) as change:
        change.take_series(series)
        rule = replace(series.rule, ends_on=last, ends_after=None)
        if rule == series.rule and not series.is_ended:
            return
        change.check_seen()
        add_rule(series, rule.after_moment(change.now) if series.is_ended else rule, change)
        _settle(series, change)
        _fill(series, change)
        ends = _("Ends on %(day)s.") % {"day": date_format(last, "j F Y")} if last else _("Goes on without an end.")
        change.did(Audit.Act.RHYTHM_ENDED if last else Audit.Act.RHYTHM_CHANGED, ends)


def describe(
    series: Series, *, by: Person, title: str = "", meeting_url: str = "", version: int | None = None,
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Another title, another meeting link: the calendars of those invited learn it, as no new time."""
    with planning(series.partnership, by=by, now=now, version=version) as change:
        change.take_series(series)
        title = clean_name(title, limit=TITLE_LENGTH)
        if (title, meeting_url) == (series.title, series.meeting_url):
            return
        change.check_seen()
        series.title, series.meeting_url = title, meeting_url
        for row in change.of_rhythm():
            if row.is_planned and row.start_utc > change.now and row.invited_at:
                row.ical_stamp = change.now
        change.did(Audit.Act.RHYTHM_CHANGED, _("Changed the title or the meeting link."))


def materialise(series: Series, now: datetime) -> None:
    """Make the rows of all slots that are due to be made; a pause begins or is over. Safe twice at once."""
    with planning(series.partnership, by=None, now=now) as change:
        change.take_series(series)
        if not series.is_ended and not change.partnership.is_archived:
            _fill(series, change)


def _living(change: Planning) -> Series:
    """Raises Refusal without a rhythm that goes on."""
    if change.series is None or change.series.is_ended:
        raise Refusal(_("This rhythm has ended. Plan a new one."))
    return change.series


def _made_by(series: Series, change: Planning, *, but: Collection[uuid.UUID] = ()) -> tuple[list[date], list[date]]:
    """The slots to come before the anchor of the rule in force, `but` for these rows; and those of the rule itself
    that have rows on that day.
    """
    today, anchor = series.today(change.now), series.rule.start_date
    known = [row for row in change.of_rhythm() if row.status != Status.CANCELLED and row.pk not in but]
    earlier = [row.slot_date for row in known if row.slot_date and today <= row.slot_date < anchor]
    return earlier, series.rule.made_by(today, len(earlier))


def add_rule(series: Series, rule: Rule, change: Planning) -> None:
    last = max((version.n for version in change.rules), default=0)
    change.add_rule(series, RuleVersion(series=series, n=last + 1, **asdict(rule)))


def _follow(series: Series, movable: list[Session], since: date | None, change: Planning) -> None:
    """After a new rule: place `movable` on its slots in their order, drop what is too much, make what is missing.

    `since` is the slot from which it takes the place of the rules before; None: of all of them. Dates that a rule
    dropped before come back first, on their own day or, with what was written for them, on another one: so changing
    to and fro makes no more rows. A slot that a person decided about (skipped, discarded, begun) keeps that row and
    gets no second one.
    """
    placed = {row.pk for row in movable}
    days = _made_by(series, change, but=placed)[1]
    rows = [row for row in change.of_rhythm() if row.pk not in placed]
    others = {row.slot_date: row for row in rows if row.slot_date}
    since = since and min(since, series.rule.start_date)
    dropped = [row for row in rows if (row.status, row.reason) in REVIVED and _is_replaced(row, since, change)]
    back = {row.slot_date: row for row in dropped if row.slot_date}
    free = [day for day in days if day not in others or day in back]
    _check_free(series, [series.rule.slot(day) for day in free], placed, change)
    former = {row.pk: row.slot_date for row in [*movable, *dropped]}
    given = set(free[: len(movable)])
    for day in given.intersection(back):
        back[day].slot_date = None  # two never stand on one slot
    for row, day in zip(movable, free, strict=False):
        _place(series, row, series.rule.slot(day), change)
    for row in movable[len(free) :]:
        _drop(series, row, former[row.pk], given | set(others), change)
    spare = iter([row for row in dropped if former[row.pk] in {None, *given} and row.start_utc > change.now])
    for day in free[len(movable) :]:
        if again := back.get(day) or next(spare, None):
            _place(series, again, series.rule.slot(day), change)
    for row in dropped:
        if row.rule_version is not series.current and row.start_utc > change.now:
            _drop(series, row, former[row.pk], given, change)
    _fill(series, change)


def _is_replaced(row: Session, since: date | None, change: Planning) -> bool:
    """Whether a rule that comes into force with the slot of that day decides about this row, which another rule, an
    end or a pause left out.
    """
    if row.reason == Session.PAUSED and row.start_utc <= change.now:
        return False
    return since is None or row.slot_date is None or row.slot_date >= since


def _fill(series: Series, change: Planning) -> None:
    """Make the rows of the slots that have none, and say when to look again.

    A retro that was planned outside of the rhythm on the day of such a slot takes it: a pair has one on a day. A
    rhythm that waited for its two people begins with the first slot to come.
    """
    rule = series.rule
    days, known = _made_by(series, change)[1], {row.slot_date for row in change.of_rhythm()}
    if not known:
        days = [day for day in days if rule.slot(day).start_utc >= change.now]
    slots = [rule.slot(day) for day in days if day not in known]
    outside = [row for row in change.sessions() if row.is_planned and row.series_id is None] if slots else []
    rows = []
    for slot in slots:
        paused = any(pause.takes(slot.day) for pause in change.pauses)
        taken = next((row for row in outside if _is_on_its_day(row, slot, rule)), None)
        if taken and not paused:
            taken.series, taken.rule_version, taken.slot_date = series, series.current, slot.day
            taken.moved = (taken.start_utc, taken.duration_min) != (slot.start_utc, rule.duration_min)
            continue
        rows.append(
            Session(
                series=series, rule_version=series.current, slot_date=slot.day, timezone=rule.timezone,
                start_local=stored(slot.start_local), start_utc=slot.start_utc, duration_min=rule.duration_min,
                ical_stamp=change.now,
            )
        )  # fmt: skip
        if paused:
            rows[-1].leave_out(Status.SKIPPED, Session.PAUSED)
    if rows:
        change.add(rows)
    set_next_due(series, change)


def _place(series: Series, row: Session, slot: Slot, change: Planning) -> None:
    inside = any(pause.takes(slot.day) for pause in change.pauses)
    if inside and row.is_planned:
        row.drop(Status.SKIPPED, Session.PAUSED, change.now)
    row.series, row.rule_version, row.slot_date, row.moved = series, series.current, slot.day, False
    row.place(slot.start_local, series.current.timezone, slot.start_utc, series.current.duration_min, change.now)
    if inside:
        row.leave_out(Status.SKIPPED, Session.PAUSED)
    elif not row.is_planned:
        row.restore(change.now)


def _drop(series: Series, row: Session, former: date | None, taken: set[date], change: Planning) -> None:
    """There is no slot for it any more, or only one beyond the last day. It is called off and never deleted, whether
    or not anything was written for it: what becomes of a date may depend only on what both can see.
    """
    rule, reason = series.rule, Session.SURPLUS
    comes = former is not None and former in _slots_until(replace(rule, ends_on=None), former)
    if former in taken or former is None:
        row.slot_date = None
    elif comes and rule.ends_on and former > rule.ends_on:  # a later last day brings it back
        reason = Session.ENDED
    else:
        row.slot_date = None if comes else former  # a date that is made later has a row of its own
    _call_off(row, Status.CANCELLED, reason, change)
    if reason == Session.ENDED and former:
        slot = rule.slot(former)
        row.slot_date, row.rule_version, row.moved = former, series.current, False
        row.place(slot.start_local, rule.timezone, slot.start_utc, rule.duration_min, change.now)


def _call_off(row: Session, status: str, reason: str, change: Planning) -> None:
    """Not to take place, for this reason. To calendars it is news only when it was to."""
    if row.is_planned:
        row.drop(status, reason, change.now)
    else:
        row.leave_out(status, reason)


def _settle(series: Series, change: Planning) -> None:
    """Make the rows to come agree with the last day and the pauses: what lies beyond the one is called off, what lies
    in one of the others is left out, and all else comes back, unless another retro stands there by now.

    Rows that a person decided about stay as they are, and those that a later rule took the place of.
    """
    rule = series.rule
    rows = [row for row in change.of_rhythm() if row.start_utc > change.now and (row.is_planned or _is_settled(row))]
    dated = [(row.slot_date, row) for row in rows if row.slot_date]
    slots = _slots_until(replace(rule, ends_on=None), max((day for day, _row in dated), default=rule.start_date))
    back = []
    for day, row in dated:
        if rule.ends_on and day > rule.ends_on:
            left_out = (Status.CANCELLED, Session.ENDED)
        elif any(pause.takes(day) for pause in change.pauses):
            left_out = (Status.SKIPPED, Session.PAUSED)
        else:
            if not row.is_planned and (day < rule.start_date or day in slots):
                back.append(row)
            continue
        if (row.status, row.reason) != left_out:
            _call_off(row, *left_out, change)
    for row in back:
        if fits(row, change):
            row.restore(change.now)


def _is_settled(row: Session) -> bool:
    """Whether the last day or a pause left it out."""
    return (row.status, row.reason) in {(Status.SKIPPED, Session.PAUSED), (Status.CANCELLED, Session.ENDED)}


def _slots_until(rule: Rule, last: date) -> set[date]:
    return set(takewhile(lambda day: day <= last, rule.days()))


def _check_free(series: Series, slots: list[Slot], placed: set[uuid.UUID], change: Planning) -> None:
    """Raises Misplaced when another retro stands where a slot comes, or one outside of the rhythm on its day."""
    rule = series.rule
    for row in change.sessions():
        if row.is_open and row.pk not in placed:
            for slot in slots:
                if row.overlaps(slot.start_utc, rule.duration_min) or _is_on_its_day(row, slot, rule):
                    raise stands_there(row, rule.timezone)


def _is_on_its_day(row: Session, slot: Slot, rule: Rule) -> bool:
    """Whether a retro outside of the rhythm stands on the day of a slot, by the clock of the rhythm."""
    return row.series_id is None and row.start_utc.astimezone(rule.tz).date() == slot.day


def set_next_due(series: Series, change: Planning) -> None:
    """Say whether it is paused now, and when time has something to do here next: a slot to make, a pause that begins
    or ends, the end itself.
    """
    today = series.today(change.now)
    earlier, made = _made_by(series, change)
    ahead = [*earlier, *(day for day in made if day >= today)]
    beyond = series.rule.after(ahead[-1] if ahead else today)
    pauses = change.open_pauses()
    series.status = series.Status.PAUSED if any(p.takes(today) for p in pauses) else series.Status.ACTIVE
    wakes = [p.from_date for p in pauses if p.from_date > today]
    wakes += [p.to_date + timedelta(days=1) for p in pauses if p.to_date]
    if beyond is not None:
        wakes.append(min(beyond - HORIZON, ahead[-LEAST_AHEAD] + timedelta(days=1)))
    elif ahead:
        wakes.append(ahead[-1] + timedelta(days=1))
    else:
        series.status = series.Status.ENDED
    zone = ZoneInfo(series.current.timezone)
    series.work_at = (
        datetime.combine(max(min(wakes), today + timedelta(days=1)), time.min, zone).astimezone(UTC)
        if wakes and not series.is_ended
        else None
    )
