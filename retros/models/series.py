from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils import timezone as clock
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships import limits
from partnerships.content import clean_name
from partnerships.models import Audit
from partnerships.refusals import Invalid, Refusal
from retros.dates.planning import Planning, Unconfirmed, planning
from retros.models.session import Session
from retros.recurrence.rule import HORIZON, LEAST_AHEAD, Cadence, Rule, Slot
from retros.recurrence.wall_time import Misplaced, gone_by, in_words, stored

if TYPE_CHECKING:
    from partnerships.models import Partnership, Person

Status = Session.Status
REVIVED = (Session.ENDED, Session.ARCHIVED, Session.SURPLUS)  # called off by a rule, so a rule may bring them back


class Series(models.Model):
    """The rhythm of a partnership's retros: one for each, for as long as it lasts (docs/rules/scheduling.md S2 to S10).

    Its rules are `RuleVersion`, append-only; its dates are sessions, made ahead. `version` counts the changes to the
    pair's dates; forms carry it. `work_at` is when time itself has something to do here: make the next slots, end a
    pause.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey("partnerships.Partnership", models.CASCADE, related_name="+")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=limits.TITLE_LENGTH, blank=True)
    meeting_url = models.URLField(max_length=500, blank=True)
    work_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = (models.UniqueConstraint(fields=["partnership"], name="series_one_a_partnership"),)

    def __str__(self) -> str:
        return self.title or str(self.pk)

    # --- reading --------------------------------------------------------------------------------------------------

    @cached_property
    def current(self) -> RuleVersion:
        """The rule in force: the last one that was added."""
        return self.rules.order_by("-n")[:1].get()

    @property
    def rule(self) -> Rule:
        return self.current.rule

    @property
    def is_ended(self) -> bool:
        return self.status == self.Status.ENDED

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.current.timezone)).date()

    def next_unmade(self) -> datetime | None:
        """When the first slot begins that has no row yet."""
        made = Session.objects.filter(series=self).exclude(status=Status.CANCELLED)
        last = made.aggregate(last=models.Max("slot_date"))["last"]
        day = None if self.is_ended else self.rule.after(last) if last else self.rule.start_date
        return self.rule.slot(day).start_utc if day else None

    # --- begin ----------------------------------------------------------------------------------------------------

    @classmethod
    def begin(
        cls, partnership: Partnership, *, by: Person, rule: Rule, title: str = "", meeting_url: str = "",
        version: int | None = None, now: datetime | None = None,
    ) -> Series:  # fmt: skip
        """Plan a rhythm, and make its first dates. One that has ended begins anew, with another rule.

        Pressed twice with the same rule it is one. Raises Misplaced when the first date has gone by or a retro stands
        in its way, Refusal while there is a rhythm already.
        """
        with planning(partnership, by=by, now=now, version=version) as change:
            series = cls.objects.filter(partnership=partnership).first()
            if series is not None and not series.is_ended:
                if series.rule == rule:
                    return series
                raise Refusal(_("There is a rhythm already. Change that one."))
            if rule.slot(rule.start_date).start_utc < change.now:
                raise gone_by()
            if series is None:
                series = cls.objects.create(partnership=change.partnership, title=clean_name(title), version=0)
            series.status, series.meeting_url = cls.Status.ACTIVE, meeting_url or series.meeting_url
            change.series = series
            series._add_rule(rule)
            series._follow([], change)
            series.save(update_fields=["status", "meeting_url"])
            change.did(Audit.Act.RHYTHM_SET, _("Planned a rhythm: %(rule)s.") % {"rule": rule.words})
        return series

    # --- this and following ---------------------------------------------------------------------------------------

    def change_from(
        self, session: Session, *, by: Person, first: date | None = None, weekday: int | None = None,
        cadence: Cadence | None = None, local_time: time | None = None, timezone: str | None = None,
        duration_min: int | None = None, rule: Rule | None = None, confirmed: bool = False,
        version: int | None = None, now: datetime | None = None,
    ) -> None:  # fmt: skip
        """From this session on, another rule: this one changed, or `rule`. The rows that are still to come keep their
        order and what is in them.

        Raises Unconfirmed when dates that were moved by hand would be put back, Misplaced when the first one cannot
        be there, Refusal when it has begun or gone by.
        """
        with planning(self.partnership, by=by, now=now, version=version) as change:
            self._join(change, living=True)
            session.refresh_from_db()
            if session.series_id != self.pk or session.slot_date is None:
                raise Refusal(_("This retro stands outside of the rhythm."))
            if not session.is_planned or session.start_utc <= change.now:
                raise Refusal(_("What has begun or gone by never moves. Pick a later one."))
            rule = rule or self.rule.following(
                session.slot_date, first=first, weekday=weekday, cadence=cadence, local_time=local_time,
                timezone=timezone, duration_min=duration_min,
            )  # fmt: skip
            movable = self._movable(session.slot_date, change)
            self._check_first(rule, movable, change)
            reset = [row.slot_date for row in movable if row.moved and row.is_planned and row.slot_date]
            if reset and not confirmed:
                raise Unconfirmed(reset)
            self._add_rule(rule)
            self._follow(movable, change)
            known = {"day": date_format(rule.start_date, "j F Y"), "rule": rule.words}
            change.did(Audit.Act.RHYTHM_CHANGED, _("From %(day)s on: %(rule)s.") % known)

    def _movable(self, since: date, change: Planning) -> list[Session]:
        """The rows from that slot on which a new rule places anew: to come, or left out by a pause only."""
        rows = self._rows().filter(slot_date__gte=since, start_utc__gt=change.now)
        return list(rows.filter(Q(status=Status.SCHEDULED) | Q(status=Status.SKIPPED, reason=Session.PAUSED)))

    def _check_first(self, rule: Rule, movable: list[Session], change: Planning) -> None:
        """Raises Misplaced when the first of them would begin before now, or before the retro ahead of it is over."""
        start = rule.slot(rule.start_date).start_utc
        if start < change.now:
            raise gone_by()
        stay = [row for row in change.sessions() if row not in movable]
        before = [row for row in stay if row.start_utc < movable[0].start_utc]
        if before and start < before[-1].end_utc:
            raise Misplaced("overlaps_previous", _("The retro before ends later than that. Pick a later time."))

    # --- pause, resume, end ---------------------------------------------------------------------------------------

    def pause(
        self, from_date: date, to_date: date | None = None, *, by: Person, version: int | None = None,
        now: datetime | None = None,
    ) -> None:  # fmt: skip
        """No retros on these days, the last one included; without a last day, until somebody resumes."""
        if to_date is not None and to_date < from_date:
            raise Invalid(_("The pause ends before it begins."))
        with planning(self.partnership, by=by, now=now, version=version) as change:
            self._join(change, living=True)
            if any(p.from_date <= from_date and p.to_date == to_date for p in self._pauses(change)):
                return
            if self.status == self.Status.PAUSED:
                raise Refusal(_("It is paused already. Resume first."))
            pause = Pause.objects.create(series=self, from_date=from_date, to_date=to_date)
            for row in self._rows().filter(status=Status.SCHEDULED, start_utc__gt=change.now):
                if pause.takes(row.slot_date):
                    row.drop(Status.SKIPPED, Session.PAUSED, change.now)
                    self._keep(row, change)
            self.status = self.Status.PAUSED
            self._wake(change)
            change.did(Audit.Act.RHYTHM_PAUSED, str(pause))

    def resume(self, *, by: Person, version: int | None = None, now: datetime | None = None) -> None:
        """Go on in the same phase. What is still ahead comes back; nothing is caught up on."""
        with planning(self.partnership, by=by, now=now, version=version) as change:
            self._join(change)
            if self.status != self.Status.PAUSED:
                return
            today = self.today(change.now)
            self.pauses.filter(from_date__gte=today).delete()
            self.pauses.filter(Q(to_date=None) | Q(to_date__gte=today)).update(to_date=today - timedelta(days=1))
            self.status = self.Status.ACTIVE
            self._revive(change, status=Status.SKIPPED, reason=Session.PAUSED)
            self._fill(change)
            change.did(Audit.Act.RHYTHM_RESUMED, _("Resumed."))

    def end(self, last: date | None, *, by: Person, version: int | None = None, now: datetime | None = None) -> None:
        """No retro after the day `last`; without one, it goes on without end. What a later end takes in comes back."""
        with planning(self.partnership, by=by, now=now, version=version) as change:
            self._join(change)
            rule = self.rule
            self._add_rule(replace(rule, ends_on=last, ends_after=None))
            self.status = self.Status.PAUSED if self._pauses(change) else self.Status.ACTIVE
            beyond = self._rows().filter(status=Status.SCHEDULED, start_utc__gt=change.now)
            for row in beyond.filter(slot_date__gt=last) if last else []:
                row.drop(Status.CANCELLED, Session.ENDED, change.now)
                self._keep(row, change)
            self._revive(change, status=Status.CANCELLED, reason=Session.ENDED)
            self._fill(change)
            ends = _("Ends on %(day)s.") % {"day": date_format(last, "j F Y")} if last else _("Goes on without an end.")
            change.did(Audit.Act.RHYTHM_ENDED if last else Audit.Act.RHYTHM_CHANGED, ends)

    # --- its name and its link ------------------------------------------------------------------------------------

    def describe(
        self, *, by: Person, title: str = "", meeting_url: str = "", version: int | None = None,
        now: datetime | None = None,
    ) -> None:  # fmt: skip
        """Another title, another meeting link: the calendars of those invited learn it, as no new time."""
        with planning(self.partnership, by=by, now=now, version=version) as change:
            self._join(change)
            title = clean_name(title)
            if (title, meeting_url) == (self.title, self.meeting_url):
                return
            self.title, self.meeting_url = title, meeting_url
            self.save(update_fields=["title", "meeting_url"])
            ahead = self._rows().filter(status=Status.SCHEDULED, start_utc__gt=change.now)
            for row in ahead.exclude(invited_at=None):
                row.ical_stamp = change.now
                self._keep(row, change)
            change.did(Audit.Act.RHYTHM_CHANGED, _("Changed the title or the meeting link."))

    # --- time passes ----------------------------------------------------------------------------------------------

    def materialise(self, now: datetime) -> None:
        """Make the rows of all slots that are due to be made; a pause that is over is over. Safe twice at once."""
        with planning(self.partnership, by=None, now=now) as change:
            self._join(change)
            if self.is_ended or change.partnership.is_archived:
                return
            if self.status == self.Status.PAUSED and not self._pauses(change):
                self.status = self.Status.ACTIVE
            self._fill(change)

    # --- rows -----------------------------------------------------------------------------------------------------

    def _join(self, change: Planning, *, living: bool = False) -> None:
        """Read it again under the lock."""
        self.refresh_from_db()
        self.__dict__.pop("current", None)
        change.series = self
        if living and self.is_ended:
            raise Refusal(_("This rhythm has ended. Plan a new one."))

    def _rows(self) -> models.QuerySet[Session]:
        rows: models.QuerySet[Session] = Session.objects.filter(series=self).order_by("slot_date", "start_utc")
        return rows

    def _made_by(self, today: date, *, but: Collection[uuid.UUID] = ()) -> tuple[list[date], list[date]]:
        """The slots to come before the anchor of the rule in force, `but` for these rows; and those of the rule itself
        that have rows on that day.
        """
        before = self._rows().filter(slot_date__gte=today, slot_date__lt=self.rule.start_date)
        known = before.exclude(pk__in=but).exclude(status=Status.CANCELLED)
        earlier = [day for day in known.values_list("slot_date", flat=True) if day]
        return earlier, self.rule.made_by(today, len(earlier))

    def _keep(self, row: Session, change: Planning) -> None:
        row.save_dates()
        change.changed.add(row.pk)

    def _pauses(self, change: Planning) -> list[Pause]:
        """The pauses that are not over."""
        return list(self.pauses.filter(Q(to_date=None) | Q(to_date__gte=self.today(change.now))))

    def _add_rule(self, rule: Rule) -> None:
        last = self.rules.aggregate(n=models.Max("n"))["n"] or 0
        self.current = RuleVersion.objects.create(series=self, n=last + 1, **asdict(rule))

    def _follow(self, movable: list[Session], change: Planning) -> None:
        """After a new rule: place `movable` on its slots in their order, drop what is too much, make what is missing.

        Dates that a rule dropped before come back first, on their own day or, with what was written for them, on
        another one: so changing to and fro makes no more rows. A slot that a person decided about (skipped,
        discarded, begun) keeps that row and gets no second one.
        """
        placed = {row.pk for row in movable}
        days = self._made_by(self.today(change.now), but=placed)[1]
        rows = [row for row in self._rows() if row.pk not in placed]
        others = {row.slot_date: row for row in rows if row.slot_date}
        dropped = [row for row in rows if row.status == Status.CANCELLED and row.reason in REVIVED]
        back = {row.slot_date: row for row in dropped if row.slot_date}
        free = [day for day in days if day not in others or day in back]
        self._check_free([self.rule.slot(day) for day in free], placed, change)
        former = {row.pk: row.slot_date for row in movable}
        given = set(free[: len(movable)])
        parked = placed | {row.pk for day, row in back.items() if day in given}
        Session.objects.filter(pk__in=parked).update(slot_date=None)  # two never stand on one slot
        for row, day in zip(movable, free, strict=False):
            self._place(row, self.rule.slot(day), change)
        for row in movable[len(free) :]:
            self._give_up(row, former[row.pk], given | set(others), change)
        spare = iter([row for row in dropped if row.slot_date in {None, *given} and row.start_utc > change.now])
        for day in free[len(movable) :]:
            if again := back.get(day) or next(spare, None):
                self._place(again, self.rule.slot(day), change)
        self._fill(change)

    def _fill(self, change: Planning) -> None:
        """Make the rows of the slots that have none, and say when to look again.

        One that waited for its two people begins with the first slot to come.
        """
        days, known = self._made_by(self.today(change.now))[1], {row.slot_date for row in self._rows()}
        if not known:
            days = [day for day in days if self.rule.slot(day).start_utc >= change.now]
        rows = [
            Session(
                series=self, rule_version=self.current, slot_date=slot.day, timezone=self.current.timezone,
                start_local=stored(slot.start_local), start_utc=slot.start_utc,
                duration_min=self.current.duration_min, ical_stamp=change.now,
            )
            for slot in (self.rule.slot(day) for day in days if day not in known)
        ]  # fmt: skip
        pauses = list(self.pauses.all())
        for row in rows:
            if any(pause.takes(row.slot_date) for pause in pauses):
                row.status, row.reason, row.excused = Status.SKIPPED, Session.PAUSED, True
        if rows:
            Session.insert(change.partnership, rows)
        self._wake(change)

    def _place(self, row: Session, slot: Slot, change: Planning) -> None:
        inside = any(pause.takes(slot.day) for pause in self.pauses.all())
        if inside and row.is_planned:
            row.drop(Status.SKIPPED, Session.PAUSED, change.now)
        row.series, row.rule_version, row.slot_date, row.moved = self, self.current, slot.day, False
        row.place(slot.start_local, self.current.timezone, slot.start_utc, self.current.duration_min, change.now)
        if inside:
            row.status, row.reason, row.excused = Status.SKIPPED, Session.PAUSED, True
        elif not row.is_planned:
            row.bring_back(change.now)
        self._keep(row, change)

    def _give_up(self, row: Session, former: date | None, taken: set[date], change: Planning) -> None:
        """There is no slot for it any more. It is called off and never deleted, whether or not anything was written
        for it: what becomes of a date may depend only on what both can see.
        """
        row.slot_date = former if former not in taken else None
        if row.is_planned:
            row.drop(Status.CANCELLED, Session.SURPLUS, change.now)
        self._keep(row, change)

    def _revive(self, change: Planning, *, status: str, reason: str) -> None:
        """Bring back what was called off and is still a slot to come; not where another retro stands by now."""
        days, pauses = self._made_by(self.today(change.now))[1], list(self.pauses.all())
        for row in self._rows().filter(status=status, reason=reason, start_utc__gt=change.now):
            if row.slot_date in days and row.fits(change) and not any(pause.takes(row.slot_date) for pause in pauses):
                row.bring_back(change.now)
                self._keep(row, change)

    def _check_free(self, slots: list[Slot], placed: set[uuid.UUID], change: Planning) -> None:
        """Raises Misplaced when a retro outside of the rhythm stands where a slot comes."""
        length = timedelta(minutes=self.current.duration_min)
        for row in change.sessions():
            if row.is_open and row.pk not in placed:
                for slot in slots:
                    if slot.start_utc < row.end_utc and row.start_utc < slot.start_utc + length:
                        raise Misplaced(
                            "overlaps_next",
                            _("There is a retro on %(when)s already. Move that one, or pick another time.")
                            % {"when": in_words(row.start_utc, self.current.timezone)},
                        )

    def _wake(self, change: Planning) -> None:
        """Say when time has something to do here next: a slot to make, a pause that ends, the end itself."""
        today = self.today(change.now)
        earlier, made = self._made_by(today)
        ahead = [*earlier, *(day for day in made if day >= today)]
        beyond = self.rule.after(ahead[-1] if ahead else today)
        wakes = [p.to_date + timedelta(days=1) for p in self._pauses(change) if p.to_date]
        if beyond is not None:
            wakes.append(min(beyond - HORIZON, ahead[-LEAST_AHEAD] + timedelta(days=1)))
        elif ahead:
            wakes.append(ahead[-1] + timedelta(days=1))
        else:
            self.status = self.Status.ENDED
        zone = ZoneInfo(self.current.timezone)
        self.work_at = (
            datetime.combine(max(min(wakes), today + timedelta(days=1)), time.min, zone).astimezone(UTC)
            if wakes and not self.is_ended
            else None
        )
        self.save(update_fields=["status", "work_at"])

    def changed(self, change: Planning) -> None:
        """Count the change, and keep who did what: whoever edits at the same time is shown it."""
        Series.objects.filter(pk=self.pk).update(version=F("version") + 1)
        self.refresh_from_db(fields=["version"])
        if change.by is not None:
            SeriesChange.objects.create(
                series=self, version=self.version, by=change.by, at=change.now, words=change.words[:200]
            )


class RuleVersion(models.Model):
    """One wording of the rule. `start_date` is the anchor; times are wall times in `timezone`."""

    class Unit(models.TextChoices):
        WEEK = "week"
        MONTH = "month"

    series = models.ForeignKey(Series, models.CASCADE, related_name="rules")
    n = models.PositiveSmallIntegerField()
    start_date = models.DateField()
    unit = models.CharField(max_length=5, choices=Unit.choices)
    interval = models.PositiveSmallIntegerField()
    nth_weekday = models.SmallIntegerField(null=True)  # 1..4, -1 for the last
    month_day = models.PositiveSmallIntegerField(null=True)  # 1..31
    local_time = models.TimeField()
    timezone = models.CharField(max_length=64)
    duration_min = models.PositiveSmallIntegerField(default=60)
    ends_on = models.DateField(null=True)
    ends_after = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["series", "n"], name="rule_version_once"),)

    def __str__(self) -> str:
        return f"{self.series_id} v{self.n}"

    @property
    def rule(self) -> Rule:
        return Rule(**{f.name: getattr(self, f.name) for f in fields(Rule)})


class Pause(models.Model):
    """Local days without retros, the last one included; without a last day, until somebody resumes."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="pauses")
    from_date = models.DateField()
    to_date = models.DateField(null=True)

    def __str__(self) -> str:
        first = date_format(self.from_date, "j F Y")
        if self.to_date is None:
            return _("Paused from %(first)s on.") % {"first": first}
        return _("Paused from %(first)s to %(last)s.") % {"first": first, "last": date_format(self.to_date, "j F Y")}

    def takes(self, day: date | None) -> bool:
        """Whether a slot of that day falls into it."""
        return day is not None and self.from_date <= day and (self.to_date is None or day <= self.to_date)


class SeriesChange(models.Model):
    """Who changed the dates of a pair, and what they did. Frame only: dates, never a word of the two."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)
    words = models.CharField(max_length=200)

    class Meta:
        ordering = ("version",)

    def __str__(self) -> str:
        return f"{self.by}: {self.words}"
