"""One partnership as one of its members sees it: the base of the pair's pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.compiled import CompiledQuery
from partnerships.header import Header
from partnerships.models import Membership, Partnership, Person
from retros.models import Action, Draft, Series, Session
from retros.models.action import lines_of
from retros.recurrence import adherence
from retros.recurrence.adherence import Kept
from retros.recurrence.common_hours import next_time
from retros.recurrence.wall_time import which_pass

AFTERNOON = time(14)
RECENTLY = timedelta(days=14)  # how long a finished action stays among the open ones, struck through


@dataclass(frozen=True)
class ActionRow:
    """One action in a list: whose, by when, what became of it. `today` is the reader's."""

    action: Action
    owner: Membership
    today: date

    @property
    def is_due(self) -> bool:
        """Whether it is an experiment to be looked at now."""
        return self.action.is_open and self.action.is_experiment and self.action.due <= self.today

    @property
    def when(self) -> str:
        if self.action.is_open:
            return _("by %(date)s") % {"date": short_date(self.action.due, self.today)}
        closed = short_date(self.action.closed_on or self.today, self.today)
        if self.action.closed_as == Action.Closed.DROPPED:
            return _("Didn’t fit, %(date)s") % {"date": closed}
        return _("Done on %(date)s") % {"date": closed}


@dataclass(frozen=True)
class ListedAction:
    """One line of a list of actions: an action, or the two that both took, each with its own mark."""

    rows: list[ActionRow]

    @property
    def action(self) -> Action:
        """Whose words the line has."""
        return self.rows[0].action

    @property
    def is_of_both(self) -> bool:
        return len(self.rows) > 1

    @property
    def is_open(self) -> bool:
        """While it is open for one of the two."""
        return any(row.action.is_open for row in self.rows)

    @property
    def is_dropped(self) -> bool:
        return all(row.action.closed_as == Action.Closed.DROPPED for row in self.rows)

    @property
    def ended_on(self) -> date:
        """The day when the last of them ended, or by when it was due."""
        return max(row.action.closed_on or row.action.due for row in self.rows)


def _open_since(person: Person, partnership: Partnership, day: date) -> QuerySet[Action]:
    listed = Q(closed_as="") | Q(closed_on__gte=day)
    return Action.objects.visible_to(person).filter(listed, partnership=partnership)


_open_or_lately = CompiledQuery(_open_since, Person, Partnership, date)
# All that the person may read of the pair's.
all_actions: CompiledQuery[Action] = CompiledQuery(
    lambda person, partnership: Action.objects.visible_to(person).filter(partnership=partnership), Person, Partnership
)


class Pair(Header):
    """A partnership as one of its two members sees it, with what they write and do in it."""

    @property
    def together(self) -> str:
        if ended := self.partnership.archived_at:
            month = date_format(ended.astimezone(self.person.tz), "F Y")
            return _("Worked together until %(month)s.") % {"month": month}
        return together_since(self.partnership.since, self.today)

    @property
    def draft_key(self) -> str:
        return Draft.Box.ACTION.key(self.partnership.pk)

    @cached_property
    def draft(self) -> Draft | None:
        """The words that the viewer began to write into the box of this page: an action, unless it is another page."""
        return Draft.of(self.person, [self.draft_key]).get(self.draft_key)

    def draft_of(self, action: Action) -> Draft | None:
        """New words for an action that the viewer began to write."""
        key = Draft.Box.EDIT.key(action.pk)
        return Draft.of(self.person, [key]).get(key)

    @cached_property
    def actions(self) -> list[ListedAction]:
        """The open ones by their date, then what was finished; what both took is one line."""
        return sorted(self._in_lines(self._listed), key=lambda line: not line.is_open)

    @property
    def _listed(self) -> Iterable[Action]:
        """The actions that stand on this page: what is open, and what was finished lately."""
        return _open_or_lately(self.person, self.partnership, self.today - RECENTLY)

    def line_of(self, action: Action) -> ListedAction:
        """The line that the action stands in: of this page, or of one that was open until it ended too long ago."""
        found = {row.action: line for line in self.actions for row in line.rows}
        if action not in found:
            ever = self._in_lines(all_actions(self.person, self.partnership))
            found = {row.action: line for line in ever for row in line.rows}
        return found[action]

    def _in_lines(self, actions: Iterable[Action]) -> list[ListedAction]:
        return [ListedAction([self.row(each) for each in line.actions]) for line in lines_of(actions, each=True)]

    def row(self, action: Action) -> ActionRow:
        return ActionRow(action, self.by_person[action.owner_id], self.today)


class PlannedRetro:
    """A retro with a date, in the reader's own time."""

    def __init__(self, session: Session, pair: Pair) -> None:
        self.session = session
        self.pair = pair
        self.starts = session.start_utc.astimezone(pair.person.tz)

    @property
    def when(self) -> str:
        return long_time(self.starts, self.pair.today)

    @property
    def partners_time(self) -> str:
        """What the partner's clock says then, when it says something else."""
        partner = self.pair.partner
        if partner is None:
            return ""
        theirs = self.session.start_utc.astimezone(partner.person.tz)
        if theirs.replace(tzinfo=None) == self.starts.replace(tzinfo=None):
            return ""
        same_day = theirs.date() == self.starts.date()
        time = clock_time(theirs) if same_day else long_time(theirs, self.pair.today)
        return _("That is %(time)s for %(name)s.") % {"time": time, "name": partner.person.first_name}


def proposal(pair: Pair) -> dict[str, Any]:
    """What the form of planning starts with, on a working day in the hours of both: a week from now at the hour of the
    rhythm; without one, what the last retro proposes for the next; without that, a week from now in the afternoon.
    """
    both = [member.person.hours for member in pair.members]
    series = Series.objects.filter(partnership=pair.partnership).first()
    rule = series.rule if series and not series.is_ended else None
    retros = Session.objects.of(pair.person).filter(partnership=pair.partnership, kind=Session.Kind.RETRO)
    last = retros.held().first()
    if rule is None and last and (dates := last.proposed_dates(pair.now, both)):
        return _when(dates[0], last.timezone)
    zone = rule.timezone if rule else pair.person.timezone
    wished = datetime.combine(pair.today + timedelta(days=7), rule.local_time if rule else AFTERNOON)
    planned = Session.objects.filter(partnership=pair.partnership).upcoming()
    taken = {session.start_utc.astimezone(ZoneInfo(zone)).date() for session in planned}
    for hours in (both, [pair.person.hours]):  # where the two share no hour, at least the viewer's
        if found := next_time(wished, zone, hours, minutes=60, after=pair.now, taken=taken):
            return _when(found, zone)
    return _when(wished, zone)


def _when(wall: datetime, zone: str) -> dict[str, Any]:
    return {"day": wall.date(), "time": wall.time(), "zone": zone}


def kept_of(sessions: Iterable[Session], pair: Pair) -> Kept:
    return adherence.kept([(s.slot_date, s.status, s.excused) for s in sessions], pair.today)


def short_date(day: date, today: date) -> str:
    """“26 Nov”, with the year when it is another one."""
    return date_format(day, "j M" if day.year == today.year else "j M Y")


def long_time(moment: datetime, today: date) -> str:
    """“Thursday 26 November, 14:00”, with the year when it is another one."""
    day = date_format(moment, "l j F" if moment.year == today.year else "l j F Y")
    return f"{day}, {clock_time(moment)}"


def clock_time(moment: datetime) -> str:
    """“14:00”, or “02:30 CEST” where the clocks show it twice."""
    return date_format(moment, "H:i") + which_pass(moment)


def together_since(since: date, today: date) -> str:
    """How long the two have worked together, in a sentence."""
    days = (today - since).days
    if days < 1:
        return _("Starting together.")
    if days < 14:
        return ngettext("%(days)d day in.", "%(days)d days in.", days) % {"days": days}
    years = today.year - since.year
    this_week = today - timedelta(days=today.weekday())
    if years and this_week <= _anniversary(since, today.year) < this_week + timedelta(days=7):
        return ngettext(
            "Working together for a year this week.", "Working together for %(years)d years this week.", years
        ) % {"years": years}
    return _("Working together since %(month)s.") % {"month": date_format(since, "F Y")}


def _anniversary(since: date, year: int) -> date:
    leap_day = since.month == 2 and since.day == 29
    return date(year, 3, 1) if leap_day else since.replace(year=year)
