from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Max
from django.utils import timezone as clock
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships import limits
from partnerships.models import Audit, Partnership
from partnerships.refusals import Invalid, Refusal
from retros.dates.planning import Planning, planning
from retros.recurrence import adherence, wall_time
from retros.recurrence.rule import GRACE, Cadence
from retros.recurrence.wall_time import Misplaced, gone_by, in_words, stored, wall_to_utc

if TYPE_CHECKING:
    from partnerships.models import Person
    from retros.models.session import Session


class Planned(models.Model):
    """What has a date: the calendar's side of a session, and the verbs that change one date
    (docs/rules/scheduling.md S6 to S8).

    Wall time and zone are the truth about when it is (`start_local`, `timezone`); `start_utc` is a cache.
    """

    class Kind(models.TextChoices):
        RETRO = "retro"
        DREAM_TEAM = "dream_team"
        CONTRACT = "contract"
        DIFFERENCE = "difference"
        HEALTH = "health"

    class Status(models.TextChoices):
        SCHEDULED = "scheduled"
        IN_PROGRESS = "in_progress"
        HELD = "held"
        MISSED = "missed"
        SKIPPED = "skipped"
        CANCELLED = "cancelled"

    class SkipReason(models.TextChoices):
        """What a member may say; `rhythm.EXCUSED` are those that count neither way."""

        HOLIDAY = "holiday", gettext_lazy("A holiday")
        LEAVE = "leave", gettext_lazy("One of us is away")
        TOO_BUSY = "too_busy", gettext_lazy("Too much going on")
        NOT_NEEDED = "not_needed", gettext_lazy("Not needed this time")

    NOT_TO_COME: ClassVar = (Status.SKIPPED, Status.CANCELLED)
    PAUSED, ARCHIVED, ENDED, SURPLUS, DISCARDED = "paused", "archived", "ended", "surplus", "discarded"

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RETRO)
    number = models.PositiveSmallIntegerField(null=True)  # given when it starts: retro 7

    series = models.ForeignKey("retros.Series", models.SET_NULL, null=True, related_name="+")
    rule_version = models.ForeignKey("retros.RuleVersion", models.SET_NULL, null=True, related_name="+")
    slot_date = models.DateField(null=True)
    start_local = models.DateTimeField()  # naive wall time in `timezone`, stored as if it were UTC
    timezone = models.CharField(max_length=64)
    duration_min = models.PositiveSmallIntegerField(default=60)
    start_utc = models.DateTimeField()
    moved = models.BooleanField(default=False)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.SCHEDULED)
    reason = models.CharField(max_length=limits.TITLE_LENGTH, blank=True)
    excused = models.BooleanField(default=False)
    held_on = models.DateField(null=True)
    auto_closed = models.BooleanField(default=False)
    uid_generation = models.PositiveSmallIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    ical_stamp = models.DateTimeField(default=clock.now)
    invited_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def wall_start(self) -> datetime:
        """The planned wall time, naive, in `self.timezone`."""
        return self.start_local.replace(tzinfo=None)

    @property
    def day(self) -> date:
        """The day it was held on; before that, the one it is planned for, by its own wall clock."""
        return self.held_on or self.wall_start.date()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def start_by_zone(self) -> datetime:
        """When it begins by today's knowledge of its zone. A slot that was not moved asks its rule, gaps and all."""
        rule, wall = self.rule_version, self.wall_start
        if rule is not None and self.slot_date and not self.moved:
            wall = datetime.combine(self.slot_date, rule.local_time)
        return wall_time.to_utc(wall, self.timezone)

    @property
    def end_utc(self) -> datetime:
        return self.start_utc + timedelta(minutes=self.duration_min)

    @property
    def dates_version(self) -> int | None:
        """The version of the pair's dates, for forms; None without a rhythm."""
        from retros.models.series import Series  # the series imports the session

        series = Series.objects.filter(partnership=self.partnership_id).first()
        return series.version if series else None

    @property
    def is_planned(self) -> bool:
        return self.status == self.Status.SCHEDULED

    @property
    def comes_twice(self) -> bool:
        return wall_time.comes_twice(self.wall_start, self.timezone)

    @property
    def grace(self) -> timedelta:
        """How long it waits after its date (docs/rules/scheduling.md S12)."""
        rule = self.rule_version
        return Cadence(rule.unit, rule.interval).grace if rule else GRACE

    def grace_end(self, next_start: datetime | None) -> datetime:
        return adherence.grace_end(self.wall_start, self.timezone, self.grace, next_start)

    # --- what the calendar must be told: kept with every change of a date -----------------------------------------

    def place(self, wall: datetime, zone: str, start_utc: datetime, duration_min: int, now: datetime) -> None:
        """Stand at another time. Only another start or end is news for the calendar."""
        if (start_utc, duration_min) != (self.start_utc, self.duration_min) and self.is_planned:
            self.sequence, self.ical_stamp = self.sequence + 1, now
        self.start_local, self.timezone, self.start_utc = stored(wall), zone, start_utc
        self.duration_min = duration_min

    def save_dates(self, *more: str) -> None:
        """Store the columns of this class, and `more`: the rest of the row belongs to the room."""
        own = [field.name for field in Planned._meta.local_fields if field.name not in {"partnership", "kind"}]
        self.save(update_fields=[*own, *more])

    def drop(self, status: str, reason: str, now: datetime) -> None:
        """Not to take place."""
        self.status, self.reason, self.excused = status, reason, reason in adherence.EXCUSED
        self.sequence, self.ical_stamp = self.sequence + 1, now

    def bring_back(self, now: datetime) -> None:
        """To take place after all. For calendars it is another event: what was cancelled is dead there."""
        self.status, self.reason, self.excused = self.Status.SCHEDULED, "", False
        self.uid_generation, self.sequence, self.ical_stamp = self.uid_generation + 1, 0, now
        self.invited_at = None

    # --- planning one ---------------------------------------------------------------------------------------------

    @classmethod
    def plan(
        cls,
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

        `id` is the client's own: the same press twice plans one session. Raises Refusal when the time does not exist
        or lies in the past, when the other seat is still free, or when a retro already stands on that day.
        """
        from retros.models.session import Session  # the session is one of these

        start_utc = wall_to_utc(start, zone)
        if start_utc < (now or clock.now()) - timedelta(minutes=5):
            raise gone_by()
        with planning(partnership, by=by, now=now) as change:
            if existing := Session.sent_before(id, partnership):
                return existing
            day = [datetime.combine(start.date(), end, UTC) for end in (time.min, time.max)]
            same_day = Session.objects.filter(
                partnership=partnership,
                status=cls.Status.SCHEDULED,
                start_local__range=day,  # not `__date`, which asks the reader's zone
            )
            if same_day.exists():
                raise Refusal(_("There is a retro on that day already. Move that one, or pick another day."))
            session = Session(
                id=id or uuid.uuid4(), start_local=stored(start), timezone=zone, start_utc=start_utc,
                duration_min=duration_min,
            )  # fmt: skip
            Session.insert(change.partnership, [session], template_key=template_key)
            change.did(Audit.Act.PLANNED, _("Planned %(when)s.") % {"when": in_words(start_utc, zone)}, session)
            return session

    def proposed_dates(self, now: datetime) -> list[datetime]:
        """Two wall times for the next retro, in `self.timezone`: the same weekday and time, eight and nine weeks on.

        What began at once began at any minute; nobody plans for 14:39, so it is the quarter hour before.
        """
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        first = self.wall_start + timedelta(weeks=8) - timedelta(minutes=self.wall_start.minute % 15)
        while first.date() <= today:
            first += timedelta(weeks=1)
        return [first, first + timedelta(weeks=1)]

    # --- changing one ---------------------------------------------------------------------------------------------

    def move(
        self, *, by: Person, start: datetime, zone: str, version: int | None = None, now: datetime | None = None
    ) -> None:
        """Move a planned session to another wall time. Only this one moves; its slot and its writing stay.

        Raises Misplaced for a time that does not exist, has gone by, or would change the order of the retros; Refusal
        for a session that has started.
        """
        start_utc = wall_to_utc(start, zone)
        with planning(self.partnership, by=by, now=now, version=version) as change:
            self._must_be_planned(_("This session has started. It cannot be moved any more."))
            if start_utc < change.now:
                raise gone_by()
            if (start_utc, zone) == (self.start_utc, self.timezone):
                return
            unmade = change.series.next_unmade() if self.series_id and change.series else None
            self._check_place(start_utc, change, unmade=unmade)
            dates = {"old": in_words(self.start_utc, self.timezone), "new": in_words(start_utc, zone)}
            change.did(Audit.Act.MOVED, _("Moved %(old)s to %(new)s.") % dates, self)
            self.place(start, zone, start_utc, self.duration_min, change.now)
            self.moved = True
            self._keep(change)

    def skip(self, *, by: Person, reason: str, version: int | None = None, now: datetime | None = None) -> None:
        """Leave this one out. Nothing else moves, and what was written ahead stays each one's own."""
        if reason not in self.SkipReason.values:
            raise Invalid(_("Say why, in one of the words offered."))
        with planning(self.partnership, by=by, now=now, version=version) as change:
            if self._reread().status == self.Status.SKIPPED:
                return
            self._must_be_planned(_("This session has started. It cannot be skipped any more."))
            self.drop(self.Status.SKIPPED, reason, change.now)
            change.did(
                Audit.Act.SKIPPED, _("Skipped %(when)s.") % {"when": in_words(self.start_utc, self.timezone)}, self
            )
            self._keep(change)

    def restore(self, *, by: Person, version: int | None = None, now: datetime | None = None) -> None:
        """Plan a skipped or discarded one again, at its time. Raises Misplaced when that is gone or taken."""
        with planning(self.partnership, by=by, now=now, version=version) as change:
            if self._reread().is_planned:
                return
            if self.status not in self.NOT_TO_COME:
                raise Refusal(_("This retro took place. There is nothing to plan again."))
            if self.start_utc < change.now:
                raise gone_by()
            self._check_place(self.start_utc, change)
            self.bring_back(change.now)
            words = _("Planned %(when)s again.") % {"when": in_words(self.start_utc, self.timezone)}
            change.did(Audit.Act.PLANNED, words, self)
            self._keep(change)

    def met_on(self, day: date, *, by: Person, version: int | None = None, now: datetime | None = None) -> None:
        """“We did meet on …”: held, without the app. For one whose date has gone by; when missed, for sixty days.

        An admin may later too. Raises Refusal for another one, Invalid for a day that cannot be.
        """
        with planning(self.partnership, by=by, now=now, version=version) as change:
            if self._reread().status == self.Status.HELD:
                return
            if self.start_utc > change.now or self.status not in {self.Status.SCHEDULED, self.Status.MISSED}:
                raise Refusal(_("This one is still to come, or is settled already."))
            if change.now - self.start_utc > adherence.LATE and not by.is_staff:
                raise Refusal(_("This one is more than sixty days ago. Your admin can still settle it."))
            before, after = self._neighbours(change)
            earliest = max((row.day for row in before), default=date.min)
            latest = min((row.wall_start.date() for row in after), default=date.max)
            if not earliest <= day <= min(latest, change.today(self.timezone)):
                raise Invalid(_("Pick a day between the retro before and today."))
            last = type(self)._default_manager.filter(partnership=self.partnership_id, kind=self.kind)
            self.number = self.number or (last.aggregate(n=Max("number"))["n"] or 0) + 1
            self.status, self.held_on, self.closed_at = self.Status.HELD, day, change.now
            change.did(Audit.Act.HELD, _("Met on %(day)s.") % {"day": date_format(day, "j F Y")}, self)
            self._keep(change)

    def _reread(self) -> Self:
        self.refresh_from_db()
        return self

    def _must_be_planned(self, no: str) -> None:
        if not self._reread().is_planned:
            raise Refusal(no)

    def _keep(self, change: Planning) -> None:
        self.save_dates()
        change.changed.add(self.pk)

    def _neighbours(self, change: Planning) -> tuple[list[Session], list[Session]]:
        """The retros before and after it that were not called off: by their slots, those outside by their time."""
        before: list[Session] = []
        after: list[Session] = []
        for row in change.sessions():
            slots = row.slot_date, self.slot_date
            earlier = slots[0] < slots[1] if slots[0] and slots[1] else row.start_utc < self.start_utc
            if row.pk != self.pk:
                (before if earlier else after).append(row)
        return before, after

    def fits(self, change: Planning) -> bool:
        """Whether it could stand where it stands."""
        try:
            self._check_place(self.start_utc, change)
        except Misplaced:
            return False
        return True

    def _check_place(self, start_utc: datetime, change: Planning, *, unmade: datetime | None = None) -> None:
        """Raises Misplaced unless it could stand there, between its neighbours; `unmade`: a slot without a row yet."""
        before, after = self._neighbours(change)
        if any(start_utc < row.end_utc for row in before):
            raise Misplaced("overlaps_previous", _("The retro before ends later than that. Pick a later time."))
        next_start = min((row.start_utc for row in after), default=unmade)
        if next_start and start_utc >= next_start:
            raise Misplaced(
                "past_next",
                _("The next retro is on %(when)s, before that. Skip this one, or move all of them.")
                % {"when": in_words(next_start, self.timezone)},
                offers=("skip_this", "shift_following"),
            )
        if next_start and start_utc + timedelta(minutes=self.duration_min) > next_start:
            raise Misplaced("overlaps_next", _("The next retro begins before this one ends. Pick an earlier time."))
