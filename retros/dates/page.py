"""The dates of a pair as one of the two sees them: the rhythm, what comes, what is asked. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from retros.dates import rhythm
from retros.dates.planning import Planning
from retros.dates.preview import preview
from retros.dates.warnings import holidays, warnings
from retros.models import Pause, Series, Session
from retros.pair import Pair, PlannedRetro, kept_of, long_time, proposal
from retros.recurrence.adherence import Kept
from retros.recurrence.rule import DEFAULT, PRESETS, Rule

if TYPE_CHECKING:
    from partnerships.models import Partnership, Person


DATES_SHOWN = 6  # dates that a page names ahead


@dataclass(frozen=True)
class NewDate:
    """One line of a preview. `was` is empty for a new date, `becomes` for one that is called off."""

    was: str
    becomes: str
    reset: bool
    warnings: list[str]


class ComingDate(PlannedRetro):
    """A date ahead, or one that was left out."""

    pair: Dates

    @property
    def state(self) -> str:
        session = self.session
        if session.is_planned:
            return _("Moved") if session.moved and session.slot_date else ""
        if session.reason == Session.PAUSED:
            return _("Paused")
        if session.status == Session.Status.SKIPPED:
            reason = dict(Session.SkipReason.choices).get(session.reason, "")
            return _("Skipped: %(reason)s") % {"reason": reason} if reason else _("Skipped")
        return _("Called off")

    @property
    def holidays(self) -> list[str]:
        """Whose public holiday it is by now."""
        people = [member.person for member in self.pair.members]
        return holidays(self.session.start_utc, people) if self.session.is_planned else []

    @property
    def can_return(self) -> bool:
        return self.session.status == Session.Status.SKIPPED and not self.is_paused

    @property
    def is_paused(self) -> bool:
        return any(pause.takes(self.session.slot_date) for pause in self.pair.pauses)


class Dates(Pair):
    """The page of a pair's rhythm."""

    def __init__(self, partnership: Partnership, person: Person, series: Series) -> None:
        super().__init__(partnership, person, place="partnership_detail")
        self.series = series

    @property
    def words(self) -> str:
        return self.series.rule.words

    @cached_property
    def _sessions(self) -> list[Session]:
        retros = Session.objects.filter(partnership=self.partnership, kind=Session.Kind.RETRO)
        return list(retros.order_by("start_utc"))

    @property
    def kept(self) -> Kept:
        return kept_of(self._sessions, self)

    @property
    def coming(self) -> list[ComingDate]:
        """What is ahead, with what was left out of it; called off dates are gone."""
        shown = {Session.Status.SCHEDULED, Session.Status.SKIPPED}
        ahead = [s for s in self._sessions if s.status in shown and s.start_utc > self.now]
        return [ComingDate(session, self) for session in ahead]

    @property
    def shown(self) -> list[ComingDate]:
        return self.coming[:DATES_SHOWN]

    @property
    def later(self) -> list[ComingDate]:
        return self.coming[DATES_SHOWN:]

    @cached_property
    def pauses(self) -> list[Pause]:
        """Those that are not over, the earliest first."""
        return list(self.series.open_pauses(self.now))

    @property
    def paused(self) -> Pause | None:
        """The one that is on."""
        today = self.series.today(self.now)
        return next((pause for pause in self.pauses if pause.takes(today)), None)

    @property
    def ends(self) -> str:
        ends_on = self.series.rule.ends_on
        return date_format(ends_on, "j F Y") if ends_on else ""

    @property
    def as_it_is(self) -> dict[str, object]:
        """What the forms of the page start with."""
        return {
            "version": self.series.version, "meeting_url": self.series.meeting_url, "title": self.series.title,
            "from_date": self.today, "last": self.series.rule.ends_on,
        }  # fmt: skip

    @property
    def moved_away(self) -> bool:
        """Whether the rhythm runs by the clock of neither of the two: somebody changed zones."""
        return self.series.rule.timezone not in {m.person.timezone for m in self.members}

    @property
    def left_behind(self) -> bool:
        """Whether the viewer moved to another zone, and the rhythm runs by the clock that was theirs."""
        return self.person.timezone != self.series.rule.timezone == self.person.zone_before

    @property
    def next_slot(self) -> Session | None:
        """From where on the rhythm can be changed."""
        return next((date.session for date in self.coming if date.session.is_planned and date.session.slot_date), None)


def first_rule(pair: Pair) -> dict[str, object]:
    """What planning a rhythm starts with: every 2 months, after what is planned, else with what is proposed."""
    planned = Session.objects.filter(partnership=pair.partnership, kind=Session.Kind.RETRO).upcoming().last()
    start: dict[str, Any] = {"cadence": DEFAULT, "pattern": "weekday", "duration": 60}
    if planned is not None:
        rule = Rule.starting(planned.wall_start.date(), PRESETS[DEFAULT], planned.wall_start.time(), planned.timezone)
        day = rule.after(planned.wall_start.date())
        return {**start, "day": day, "time": planned.wall_start.time(), "zone": planned.timezone}
    return {**start, **proposal(pair)}


def from_slot(series: Series, session: Session) -> dict[str, object]:
    """What changing a rhythm starts with: the rule that made this slot."""
    rule = rhythm.rule_at(series, session)
    cadence = next((key for key, known in PRESETS.items() if known == rule.cadence), DEFAULT)
    return {
        "day": session.slot_date, "time": rule.local_time, "zone": rule.timezone, "cadence": cadence,
        "duration": rule.duration_min, "version": series.version,
    }  # fmt: skip


def first_dates(rule: Rule | None, pair: Pair) -> list[NewDate]:
    """The first dates of a rule that is being chosen, in the reader's time."""
    people, slots = [member.person for member in pair.members], rule.first(DATES_SHOWN) if rule else []
    return [NewDate("", in_time_of(pair, s.start_utc), False, warnings([s.start_utc], people)) for s in slots]


def preview_change(session: Session, pair: Pair, change: dict[str, Any]) -> tuple[list[NewDate], int]:
    """What “this and following” would do: old and new dates, and how many calendar mails it causes."""
    version = change["version"]
    new = {name: value for name, value in change.items() if name != "version"}

    def do(planned: Planning) -> None:
        rhythm.change_from_in(planned, planned.row(session), confirmed=True, **new)

    people = [member.person for member in pair.members]
    found = preview(pair.partnership, do, by=pair.person, version=version)
    lines = [
        NewDate(
            in_time_of(pair, shift.was) if shift.was else "",
            in_time_of(pair, shift.becomes) if shift.becomes else "",
            shift.reset,
            warnings([shift.becomes] if shift.becomes else [], people),
        )
        for shift in found.shifts
    ]
    return lines, found.mails


def in_time_of(pair: Pair, moment: datetime) -> str:
    return long_time(moment.astimezone(pair.person.tz), pair.today)
