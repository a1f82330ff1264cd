"""What an admin does to the dates of many pairs at once: looked at first, done once, taken back within ten minutes.

A preview is the act itself in a transaction that is rolled back, so the two cannot differ
(docs/rules/scheduling.md S23).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.mail import letters
from partnerships.models import Audit, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import Refusal
from retros.administration.placing import YEAR, BusySpan, BusyTimes, Placed, Reason, Two, WorkingPerson, plan
from retros.dates import one_date, rhythm, taking_back
from retros.dates.planning import Outdated
from retros.dates.preview import dry_run
from retros.dates.taking_back import dates_of, difference
from retros.models import Bulk, Series, Session
from retros.models.session import key_is_taken, undecided
from retros.recurrence.rule import PRESETS, Rule
from retros.recurrence.wall_time import which_pass

DATES_SHOWN = 3  # dates of a new rhythm that are shown with both local times
WHY_NOT = {
    Reason.NO_COMMON_HOURS: gettext_lazy("They have no working hours in common."),
    Reason.NO_FREE_SLOT: gettext_lazy("No time of theirs is free all year."),
}


@dataclass(frozen=True)
class BulkRequest:
    """What an admin wants done: to which pairs, and how. `versions` are the series' as the preview showed them."""

    act: str
    partnerships: tuple[uuid.UUID, ...]
    cadence: str = ""
    first_day: date | None = None
    duration_min: int = 60
    weeks: int = 1
    until: date | None = None
    versions: dict[str, int] = field(default_factory=dict)

    def version(self, partnership: Partnership) -> int | None:
        return self.versions.get(str(partnership.pk))


@dataclass
class BulkLine:
    """What happens to one pair: its dates before and after, or why not."""

    partnership: str
    title: str
    label: str
    before: str = ""
    after: list[str] = field(default_factory=list)
    remark: str = ""
    refused: str = ""
    series: str = ""
    version: int = 0
    undo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BulkPreview:
    lines: list[BulkLine]
    mails: int

    @property
    def done(self) -> list[BulkLine]:
        return [line for line in self.lines if not line.refused]

    @property
    def refused(self) -> list[BulkLine]:
        return [line for line in self.lines if line.refused]

    @property
    def digest(self) -> str:
        """Of all that is shown. Whoever commits says what they saw."""
        seen = [{**asdict(line), "undo": None, "version": None, "series": None} for line in self.lines]  # ids are new
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def preview(wish: BulkRequest, *, by: Person, now: datetime | None = None) -> BulkPreview:
    """What would happen. Writes nothing."""
    lines: list[BulkLine] = []
    chosen = list(Partnership.objects.filter(pk__in=wish.partnerships))
    counted = dry_run(chosen, lambda: lines.extend(_perform(wish, by=by, now=now or timezone.now())))
    return BulkPreview(lines, counted.mails)


def commit(wish: BulkRequest, *, by: Person, key: uuid.UUID, digest: str, now: datetime | None = None) -> Bulk:
    """Do what the preview with that digest showed, all of it or nothing. With the same key again: what was done then.

    Raises Refusal, and does nothing, when the dates changed since the preview.
    """
    now = now or timezone.now()
    with transaction.atomic():
        by.check_admin()
        bulk, is_new = Bulk.objects.get_or_create(pk=key, defaults={"by": by, "act": wish.act, "at": now})
        if not is_new:
            if bulk.by_id != by.pk:
                raise key_is_taken()
            return bulk
        lines = _perform(wish, by=by, now=now, strict=True)
        if BulkPreview(lines, 0).digest != digest:
            raise Refusal(_("The dates changed since you looked. Nothing was done. Look once more."))
        bulk.lines = [asdict(line) for line in lines]
        bulk.save(update_fields=["lines"])
        Audit.record(Audit.Act.BULK_DONE, by=by, about=bulk)
    return bulk


def undo(bulk: Bulk, *, by: Person, now: datetime | None = None) -> Bulk:
    """Take it back, within ten minutes. A pair whose dates changed since is left as it is, and named.

    Raises Refusal when it is too late; pressed twice it is done once.
    """
    now = now or timezone.now()
    with transaction.atomic():
        by.check_admin()
        bulk = Bulk.objects.select_for_update(no_key=True).get(pk=bulk.pk)
        if bulk.undone_at is not None:
            return bulk
        if not bulk.can_be_undone(now):
            raise Refusal(_("This was more than ten minutes ago. Change the dates of the pairs one by one."))
        for line in sorted(bulk.lines, key=lambda line: str(line["partnership"])):
            if not line["refused"]:
                line["left"] = _take_back(line, by=by, now=now)
        bulk.undone_at = now
        bulk.save(update_fields=["lines", "undone_at"])
        Audit.record(Audit.Act.BULK_UNDONE, by=by, about=bulk)
    return bulk


def _take_back(line: dict[str, Any], *, by: Person, now: datetime) -> str:
    """Returns why not, or nothing."""
    partnership = Partnership.objects.get(pk=line["partnership"])
    try:
        with transaction.atomic():
            taking_back.take_back(partnership, line["undo"], by=by, version=line["version"], now=now)
    except Outdated:
        return _("Its dates changed since, so it stays as it is.")
    except Refusal as refusal:
        return str(refusal.message)
    return ""


def _perform(wish: BulkRequest, *, by: Person, now: datetime, strict: bool = False) -> list[BulkLine]:
    """Each pair in a savepoint of its own: one that cannot be keeps none of the others from it.

    With `strict` it is for good: a pair that somebody else changed since the preview stops all of it, and each line
    holds what takes it back.
    """
    chosen = Partnership.objects.filter(pk__in=wish.partnerships).with_members().order_by("pk")
    pairs = [BulkPair(partnership) for partnership in chosen]
    places = _places(wish, pairs, now) if wish.act == Bulk.Act.PLAN else {}
    lines = []
    for pair in pairs:
        line = pair.line()
        before = dates_of(pair.partnership, now) if strict else None
        try:
            with transaction.atomic():
                _ACTS[wish.act](wish, pair, line, places.get(pair.partnership.pk), by, now)
            if before is not None:
                line.undo = difference(before, dates_of(pair.partnership, now))
        except Outdated as outdated:
            if strict:
                raise Refusal(f"{pair.title}: {outdated.message}") from outdated
            line.refused = str(outdated.message)
        except Refusal as refusal:
            line.refused = str(refusal.message)
        lines.append(line)
    return sorted(lines, key=lambda line: (line.title, line.partnership))


class BulkPair:
    """One of the chosen, with its two and its rhythm."""

    def __init__(self, partnership: Partnership) -> None:
        self.partnership = partnership
        self.people: list[Person] = [m.person for m in partnership.memberships.all()]
        self.series = Series.objects.filter(partnership=partnership).first()

    @property
    def title(self) -> str:
        if len(self.people) < len(Seat):
            return self.partnership.label
        a, b = self.people
        return _("%(a)s and %(b)s") % {"a": a.first_name, "b": b.first_name}

    @property
    def two(self) -> Two:
        a, b = (WorkingPerson(p.pk, p.timezone, frozenset(int(n) - 1 for n in p.working_days)) for p in self.people)
        return Two(self.partnership.pk, a, b)

    def line(self) -> BulkLine:
        return BulkLine(str(self.partnership.pk), self.title, self.partnership.label)

    def times(self, moment: datetime) -> str:
        """“9 February 2027, 14:00”; with both clocks where they differ."""
        a, b = (moment.astimezone(p.tz) for p in self.people)
        words = date_format(a, "D j F Y, H:i") + which_pass(a)
        if a.replace(tzinfo=None) == b.replace(tzinfo=None):
            return words
        other = date_format(b, "H:i" if a.date() == b.date() else "D j F, H:i") + which_pass(b)
        known = {"when": words, "a": self.people[0].first_name, "other": other, "b": self.people[1].first_name}
        return _("%(when)s for %(a)s, %(other)s for %(b)s") % known

    def rhythm(self) -> Series:
        """Raises Refusal without one that goes on."""
        if self.series is None or self.series.is_ended:
            raise Refusal(_("They have no rhythm yet."))
        return self.series

    def next(self, now: datetime) -> Session:
        """The next retro that is planned. Raises Refusal without one."""
        ahead = Session.objects.filter(partnership=self.partnership, kind=Session.Kind.RETRO, start_utc__gt=now)
        if (found := ahead.upcoming().first()) is None:
            raise Refusal(_("No retro of theirs is planned."))
        return found

    def open_date(self, now: datetime) -> datetime | None:
        """The date that they have, as somebody outside of the pair may know it: the next one, else one gone by."""
        own = Session.objects.filter(partnership=self.partnership, kind=Session.Kind.RETRO).known_outside(now)
        starts = own.filter(Q(status=Session.Status.SCHEDULED) | undecided(now)).order_by("start_utc")
        found = list(starts.values_list("start_utc", flat=True))
        return next((start for start in found if start > now), found[-1] if found else None)


def _begin(
    wish: BulkRequest, pair: BulkPair, line: BulkLine, place: Placed | Reason | None, by: Person, now: datetime
) -> None:
    if isinstance(place, Reason):
        raise Refusal(str(WHY_NOT[place]))
    if place is None:
        raise Refusal(
            _("They have a rhythm already.") if len(pair.people) == len(Seat) else _("The other seat is still free.")
        )
    series = rhythm.begin(pair.partnership, by=by, rule=place.rule, version=wish.version(pair.partnership), now=now)
    line.after = [place.rule.words, *(pair.times(slot.start_utc) for slot in place.slots[:DATES_SHOWN])]
    if shifted := sum(place.is_shifted(slot) for slot in place.slots):
        line.remark = ngettext(
            "On %(n)d date of the year somebody’s clock shows another time.",
            "On %(n)d dates of the year somebody’s clock shows another time.",
            shifted,
        ) % {"n": shifted}
    _note(line, series)


def _move(wish: BulkRequest, pair: BulkPair, line: BulkLine, _place: object, by: Person, now: datetime) -> None:
    session = pair.next(now)
    line.before = pair.times(session.start_utc)
    wall = session.wall_start + timedelta(weeks=wish.weeks)
    one_date.move(session, by=by, start=wall, zone=session.timezone, version=wish.version(pair.partnership), now=now)
    line.after = [pair.times(session.start_utc)]
    _note(line, pair.series)


def _change(wish: BulkRequest, pair: BulkPair, line: BulkLine, _place: object, by: Person, now: datetime) -> None:
    series = pair.rhythm()
    ahead = Session.objects.filter(series=series, start_utc__gt=now, slot_date__isnull=False).upcoming()
    first = ahead.first()
    if first is None:
        raise Refusal(_("No retro of theirs is planned."))
    line.before = rhythm.rule_at(series, first).words
    rhythm.change_from(
        series, first, cadence=PRESETS[wish.cadence], by=by, version=wish.version(pair.partnership), now=now
    )
    line.after = [series.rule.words, *(pair.times(session.start_utc) for session in ahead.all()[:DATES_SHOWN])]
    _note(line, series)


def _pause(wish: BulkRequest, pair: BulkPair, line: BulkLine, _place: object, by: Person, now: datetime) -> None:
    series = pair.rhythm()
    line.before = series.rule.words
    since = wish.first_day or series.today(now)
    rhythm.pause(series, since, wish.until, by=by, version=wish.version(pair.partnership), now=now)
    line.after = [str(series.pauses.order_by("-pk")[0])]
    _note(line, series)


def _remind(wish: BulkRequest, pair: BulkPair, line: BulkLine, _place: object, by: Person, now: datetime) -> None:
    pair.partnership.remind(by=by, now=now)
    found = pair.open_date(now)
    letters.send_nudge(pair.partnership, by=by, date=found)
    if found is None:
        line.after = [_("Both get a mail: it is time to find a date.")]
    else:
        line.after = [_("Both get a mail that names their date: %(when)s.") % {"when": pair.times(found)}]


_ACTS: dict[str, Callable[[BulkRequest, BulkPair, BulkLine, Any, Person, datetime], None]] = {
    Bulk.Act.PLAN: _begin,
    Bulk.Act.MOVE: _move,
    Bulk.Act.RHYTHM: _change,
    Bulk.Act.PAUSE: _pause,
    Bulk.Act.REMIND: _remind,
}


def _note(line: BulkLine, series: Series | None) -> None:
    if series is not None:
        series.refresh_from_db(fields=["version"])
        line.series, line.version = str(series.pk), series.version


def _places(wish: BulkRequest, pairs: Sequence[BulkPair], now: datetime) -> dict[uuid.UUID, Placed | Reason]:
    free = [p for p in pairs if len(p.people) == len(Seat) and (p.series is None or p.series.is_ended)]
    first_day = max(wish.first_day or now.date(), now.date() + timedelta(days=1))
    found = plan(
        [pair.two for pair in free],
        cadence=PRESETS[wish.cadence],
        first_day=first_day,
        duration_min=wish.duration_min,
        busy=busy_of([person for pair in free for person in pair.people], now),
    )
    places: dict[Any, Placed | Reason] = {placed.two.key: placed for placed in found.placed}
    return places | {two.key: reason for two, reason in found.unplaced}


def busy_of(people: Sequence[Person], now: datetime) -> BusyTimes:
    """When these people sit in a retro: what has a row, and what their rhythms will make within two years."""
    by_partnership: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    own = Partnership.objects.active().filter(memberships__person__in={p.pk for p in people}).with_members().distinct()
    for partnership in own:
        by_partnership[partnership.pk] = [m.person_id for m in partnership.memberships.all()]
    spans: dict[Any, list[BusySpan]] = defaultdict(list)

    def sit(partnership_id: uuid.UUID, start: datetime, minutes: int) -> None:
        for person_id in by_partnership[partnership_id]:
            spans[person_id].append((start, start + timedelta(minutes=minutes)))

    rows = Session.objects.filter(partnership__in=by_partnership, start_utc__gte=now)
    made: dict[uuid.UUID | None, date] = {}
    for pk, start, minutes, status, series_id, slot in rows.values_list(
        "partnership_id", "start_utc", "duration_min", "status", "series_id", "slot_date"
    ):
        if status in {Session.Status.SCHEDULED, Session.Status.IN_PROGRESS}:
            sit(pk, start, minutes)
        if series_id and slot:
            made[series_id] = max(made.get(series_id, slot), slot)
    living = Series.objects.filter(partnership__in=by_partnership).exclude(status=Series.Status.ENDED)
    for series in living.prefetch_related("rules"):
        rule: Rule = max(series.rules.all(), key=lambda version: version.n).rule
        since = made.get(series.pk, now.astimezone(ZoneInfo(rule.timezone)).date())
        for day in rule.days():
            if day > since + 2 * YEAR:
                break
            if day > since:
                sit(series.partnership_id, rule.slot(day).start_utc, rule.duration_min)
    return BusyTimes(spans)
