"""What an admin wants done to the dates of many pairs, and what it would do to each: worked out in memory, with as many
queries for a hundred pairs as for one, and never written (docs/rules/scheduling.md S23).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.models import Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import Refusal
from retros.administration.clashes import busy_of, spans_of
from retros.administration.placing import Placed, Reason, Two, occurrences, plan, two_of
from retros.dates import one_date, rhythm
from retros.dates.planning import Outdated, Planning, looked_at
from retros.dates.preview import shifts
from retros.dates.warnings import warnings
from retros.models import Bulk, BulkLine, Session
from retros.models.session import undecided
from retros.notifications.plan import count_calendar_mails
from retros.recurrence.rule import PRESETS, Rule
from retros.recurrence.wall_time import by_its_clock, with_zone

DATES_SHOWN = 3  # dates of a new rhythm that are shown with both local times
WHY_NOT = {
    Reason.NO_COMMON_HOURS: gettext_lazy("They have no working hours in common."),
    Reason.NO_FREE_SLOT: gettext_lazy("No time of theirs is free all year."),
}


@dataclass(frozen=True)
class BulkRequest:
    """What an admin wants done: to which pairs, and how. `versions` are the series' as the page showed them."""

    act: str
    partnerships: tuple[uuid.UUID, ...]
    cadence: str = ""
    first_day: date | None = None
    duration_min: int = 60
    weeks: int = 1
    until: date | None = None
    last_day: date | None = None
    weekday: int | None = None
    hour: int | None = None
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def known_versions(self) -> dict[uuid.UUID, int | None]:
        return {uuid.UUID(pk): version for pk, version in self.versions.items()}

    @property
    def how(self) -> dict[str, Any]:
        """All but the pairs, which stand in the lines."""
        return {name: value for name, value in vars(self).items() if name not in {"act", "partnerships", "versions"}}

    @classmethod
    def kept(cls, bulk: Bulk) -> BulkRequest:
        days = {
            name: date.fromisoformat(str(bulk.wish[name]))
            for name in ("first_day", "last_day", "until")
            if bulk.wish.get(name)
        }
        return cls(bulk.act, (), **{**bulk.wish, **days})


@dataclass(frozen=True)
class BulkPreview:
    lines: list[BulkLine]
    mails: int
    outdated: list[str]  # what somebody else changed since the page was read that named the versions

    @property
    def done(self) -> list[BulkLine]:
        return [line for line in self.lines if not line.refused]

    @property
    def refused(self) -> list[BulkLine]:
        return [line for line in self.lines if line.refused]

    @property
    def digest(self) -> str:
        """Of all that is shown. Whoever commits says what they saw."""
        seen = [(str(line.partnership_id), line.title, line.label, *line.shown) for line in self.lines]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


class BulkPair:
    """One of the chosen, with its two and its rhythm, in memory."""

    def __init__(self, change: Planning) -> None:
        self.change = change
        self.partnership = change.partnership
        self.people: list[Person] = [member.person for member in change.members]

    @property
    def title(self) -> str:
        """Whoever is here. The label stands beside it, and nobody's address is kept in a line."""
        if not self.people:
            return _("Nobody here yet")
        a, *others = (person.first_name for person in self.people)
        return _("%(a)s and %(b)s") % {"a": a, "b": others[0]} if others else a

    @property
    def two(self) -> Two:
        return two_of(self.partnership.pk, self.people)

    @property
    def has_rhythm(self) -> bool:
        return self.change.series is not None and not self.change.series.is_ended

    def line(self) -> BulkLine:
        version = self.change.series.version if self.change.series else None
        return BulkLine(partnership=self.partnership, title=self.title, label=self.partnership.label, version=version)

    def times(self, moment: datetime) -> str:
        """“9 February 2027, 14:00 (Europe/Berlin)”; with both clocks, by their people, where they differ."""
        a, *others = (moment.astimezone(p.tz) for p in self.people)
        words = by_its_clock(moment, self.people[0].timezone, "D j F Y, H:i")
        b = others[0] if others else a
        if a.replace(tzinfo=None) == b.replace(tzinfo=None):
            return with_zone(words, self.people[0].timezone)
        other = by_its_clock(moment, self.people[1].timezone, "H:i" if a.date() == b.date() else "D j F, H:i")
        known = {"when": words, "a": self.people[0].first_name, "other": other, "b": self.people[1].first_name}
        return _("%(when)s for %(a)s, %(other)s for %(b)s") % known

    def ahead(self) -> list[Session]:
        """The retros that are planned, the earliest first. Raises Refusal without one."""
        found = [row for row in self.change.sessions() if row.is_planned and row.start_utc > self.change.now]
        if not found:
            raise Refusal(_("No retro of theirs is planned."))
        return found

    def rule(self) -> Rule:
        """Raises Refusal without a rhythm that goes on."""
        if self.change.series is None or self.change.series.is_ended:
            raise Refusal(_("They have no rhythm yet."))
        return self.change.series.rule


@dataclass
class BulkFacts:
    """What an act asks beside the dates of a pair: where a plan puts it, or what it is reminded of."""

    places: dict[uuid.UUID, Placed | Reason] = field(default_factory=dict)
    reminded: set[uuid.UUID] = field(default_factory=set)
    open_dates: dict[uuid.UUID, datetime] = field(default_factory=dict)


def preview(wish: BulkRequest, *, by: Person, now: datetime) -> BulkPreview:
    """What would happen. Locks nothing and writes nothing."""
    changes = looked_at(wish.partnerships, by=by, now=now, versions=wish.known_versions)
    pairs = [BulkPair(change) for change in changes]
    facts = facts_for(wish, pairs, now)
    lines, outdated = [], []
    for pair in pairs:
        line = pair.line()
        try:
            act(wish, pair, line, facts)
        except Refusal as refusal:
            line.refused = str(refusal.message)
            if isinstance(refusal, Outdated):
                outdated.append(f"{line.label} ({line.title}): {line.refused}")
        lines.append(line)
    _warn(wish, pairs, lines, now)
    told = {p.partnership: p.change.rows for p, line in zip(pairs, lines, strict=True) if not line.refused}
    mails = count_calendar_mails(now, told) if wish.act in Bulk.REVERSIBLE else 0
    return BulkPreview(
        sorted(lines, key=lambda line: (line.label, line.title, str(line.partnership_id))), mails, outdated
    )


def act(wish: BulkRequest, pair: BulkPair, line: BulkLine, facts: BulkFacts) -> None:
    """Do it to the dates of one pair in memory, and say so on its line. Raises Refusal when it cannot be."""
    pair.change.check()
    _ACTS[wish.act](wish, pair, line, facts)


def _warn(wish: BulkRequest, pairs: Sequence[BulkPair], lines: Sequence[BulkLine], now: datetime) -> None:
    """Say on each line what people would rather know of its new dates: holidays, nights, who sits elsewhere then."""
    sits = _sitting(pairs, now) if wish.act in {Bulk.Act.MOVE, Bulk.Act.RHYTHM} else {}
    for pair, line in zip(pairs, lines, strict=True):
        if not line.refused:
            starts = moments(pair.change)
            words = [*_elsewhere(pair, starts, sits), *warnings(starts, pair.people)]
            line.remark = "\n".join(filter(None, [line.remark, *words]))


def _elsewhere(
    pair: BulkPair, starts: Collection[datetime], sits: Mapping[uuid.UUID, Sequence[SittingTime]]
) -> list[str]:
    rows = [row for row in pair.change.sessions() if row.start_utc in starts]
    return [
        _("%(name)s sits with %(label)s then: %(when)s.")
        % {"name": person.first_name, "label": other.label, "when": pair.times(other.start)}
        for row in rows
        for person in pair.people
        for other in sits.get(person.pk, ())
        if other.partnership_id != pair.partnership.pk and row.start_utc < other.end and other.start < row.end_utc
    ]


def moments(change: Planning) -> list[datetime]:
    """The new starts among the dates that differ from what was loaded."""
    return [shift.becomes for shift in shifts(change) if shift.becomes]


class SittingTime(NamedTuple):
    """When somebody sits in a retro of a pair."""

    start: datetime
    end: datetime
    partnership_id: uuid.UUID
    label: str


def _sitting(pairs: Sequence[BulkPair], now: datetime) -> dict[uuid.UUID, list[SittingTime]]:
    """When the people of these pairs (by id) sit in a retro: in one of these pairs, as it would be after the act."""
    own = {pair.partnership.pk: pair for pair in pairs}
    spans = spans_of({person.pk for pair in pairs for person in pair.people}, now)
    known = {span.partnership_id for found in spans.values() for span in found}
    labels = dict(Partnership.objects.filter(pk__in=known).values_list("pk", "label"))
    sits = {
        person: [SittingTime(s.start, s.end, s.partnership_id, labels[s.partnership_id]) for s in found
                 if s.partnership_id not in own]
        for person, found in spans.items()
    }  # fmt: skip
    for pk, pair in own.items():
        for row in pair.change.sessions():
            if row.is_planned and row.start_utc > now:
                for person in pair.people:
                    there = SittingTime(row.start_utc, row.end_utc, pk, pair.partnership.label)
                    sits.setdefault(person.pk, []).append(there)
    return sits


def _rhythm(rule: Rule) -> str:
    return with_zone(rule.words, rule.timezone)


def _begin(wish: BulkRequest, pair: BulkPair, line: BulkLine, facts: BulkFacts) -> None:
    place = facts.places.get(pair.partnership.pk)
    if isinstance(place, Reason):
        chosen = (wish.weekday, wish.hour, wish.last_day) != (None, None, None)
        raise Refusal(_("Nothing within what you chose is free for both, all year.") if chosen else WHY_NOT[place])
    if place is None:
        raise Refusal(_("They have a rhythm already.") if pair.has_rhythm else _("The other seat is still free."))
    rhythm.begin_in(pair.change, place.rule)
    line.rule = asdict(place.rule)
    line.after = [_rhythm(place.rule), *(pair.times(slot.start_utc) for slot in place.slots[:DATES_SHOWN])]
    if shifted := sum(place.is_shifted(slot) for slot in place.slots):
        line.remark = ngettext(
            "On %(n)d date of the year somebody’s clock shows another time.",
            "On %(n)d dates of the year somebody’s clock shows another time.",
            shifted,
        ) % {"n": shifted}


def _move(wish: BulkRequest, pair: BulkPair, line: BulkLine, _facts: BulkFacts) -> None:
    session = pair.ahead()[0]
    line.before = pair.times(session.start_utc)
    wall = session.wall_start + timedelta(weeks=wish.weeks)
    one_date.move_in(pair.change, session, start=wall, zone=session.timezone)
    line.after = [pair.times(session.start_utc)]


def _change(wish: BulkRequest, pair: BulkPair, line: BulkLine, _facts: BulkFacts) -> None:
    pair.rule()
    first = next((row for row in pair.ahead() if row.slot_date), None)
    if first is None or pair.change.series is None:
        raise Refusal(_("No retro of theirs is planned."))
    line.before = _rhythm(rhythm.rule_at(pair.change.series, first))
    rhythm.change_from_in(pair.change, first, cadence=PRESETS[wish.cadence])
    if _rhythm(pair.rule()) == line.before and not shifts(pair.change):
        raise Refusal(_("They have this rhythm already."))
    dates = [pair.times(row.start_utc) for row in pair.ahead() if row.slot_date]
    line.after = [_rhythm(pair.rule()), *dates[:DATES_SHOWN]]


def _pause(wish: BulkRequest, pair: BulkPair, line: BulkLine, _facts: BulkFacts) -> None:
    line.before = _rhythm(pair.rule())
    change = pair.change
    known = len(change.pauses)
    rhythm.pause_in(change, wish.first_day or change.today(pair.rule().timezone), wish.until)
    if len(change.pauses) == known:
        raise Refusal(_("They are paused then already."))
    line.after = [str(change.pauses[-1])]


def _remind(_wish: BulkRequest, pair: BulkPair, line: BulkLine, facts: BulkFacts) -> None:
    if pair.partnership.pk in facts.reminded:
        raise Refusal(_("They were reminded less than a week ago."))
    if not settings.MAIL_IS_SENT:
        raise Refusal(_("This installation sends no mail, so nobody can be reminded."))
    found = facts.open_dates.get(pair.partnership.pk)
    if found is None:
        line.after = [_("Both get a mail: it is time to find a date.")]
    else:
        line.after = [_("Both get a mail that names their date: %(when)s.") % {"when": pair.times(found)}]


_ACTS: dict[str, Callable[[BulkRequest, BulkPair, BulkLine, BulkFacts], None]] = {
    Bulk.Act.PLAN: _begin,
    Bulk.Act.MOVE: _move,
    Bulk.Act.RHYTHM: _change,
    Bulk.Act.PAUSE: _pause,
    Bulk.Act.REMIND: _remind,
}


# --- what is asked once for all of them -------------------------------------------------------------------------------


def facts_for(wish: BulkRequest, pairs: Sequence[BulkPair], now: datetime) -> BulkFacts:
    if wish.act == Bulk.Act.PLAN:
        return BulkFacts(places=_places(wish, pairs, now))
    if wish.act == Bulk.Act.REMIND:
        pks = [pair.partnership.pk for pair in pairs]
        return BulkFacts(reminded=Partnership.reminded_lately(pks, now), open_dates=open_dates(pks, now))
    return BulkFacts()


def _places(wish: BulkRequest, pairs: Sequence[BulkPair], now: datetime) -> dict[uuid.UUID, Placed | Reason]:
    free = [pair for pair in pairs if len(pair.people) == len(Seat) and not pair.has_rhythm]
    found = plan(
        [pair.two for pair in free],
        cadence=PRESETS[wish.cadence],
        first_day=max(wish.first_day or now.date(), now.date() + timedelta(days=1)),
        last_day=wish.last_day,
        weekday=wish.weekday,
        hour=wish.hour,
        duration_min=wish.duration_min,
        busy=busy_of({person.pk for pair in free for person in pair.people}, now),
    )
    places: dict[Any, Placed | Reason] = {placed.two.key: placed for placed in found.placed}
    return places | {two.key: reason for two, reason in found.unplaced}


def place_again(pair: BulkPair, line: BulkLine, now: datetime) -> BulkFacts:
    """Where the preview put this pair. Raises Refusal when that is not free any more."""
    if line.rule is None or pair.has_rhythm or len(pair.people) < len(Seat):
        return BulkFacts()
    rule = read(line.rule)
    placed = Placed(pair.two, rule, occurrences(rule))
    if not placed.is_free(busy_of({person.pk for person in pair.people}, now)):
        raise Refusal(_("One of them sits in another retro then, since a moment ago. Nothing was planned for them."))
    return BulkFacts({pair.partnership.pk: placed})


def open_dates(pks: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, datetime]:
    """The date that each of these pairs (by id) has, as somebody outside of it may know it: the next one, else one gone
    by.
    """
    own = Session.objects.filter(partnership__in=pks, kind=Session.Kind.RETRO).known_outside(now)
    starts = own.filter(Q(status=Session.Status.SCHEDULED) | undecided(now)).order_by("start_utc")
    found: dict[uuid.UUID, datetime] = {}
    for pk, start in starts.values_list("partnership_id", "start_utc"):
        if pk not in found or found[pk] <= now:
            found[pk] = start
    return found


def read(kept: dict[str, Any]) -> Rule:
    """A rule that a plan made, from JSON."""
    day, clock = date.fromisoformat(kept["start_date"]), time.fromisoformat(kept["local_time"])
    return Rule(**{**kept, "start_date": day, "local_time": clock})
