"""The transaction of every verb that changes dates, and how such a verb says no (docs/rules/scheduling.md S5).

A verb works in memory, on all dates of a pair: what it changed is written when it is over. A preview is the same work,
loaded without a lock and never written (`looked_at`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, Model, QuerySet, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.models import Audit, Look, Membership, Partnership, Person
from partnerships.refusals import NotAllowed, Refusal
from retros.live.publish import publish_all
from retros.models import Pause, RuleVersion, Series, SeriesChange, Session, creation
from retros.models.planned import Planned
from retros.notifications.plan import plan_deliveries_of

M = TypeVar("M", bound=Model)
_SERIES = ("status", "version", "title", "meeting_url", "work_at")
_SESSION = (
    *(each.attname for each in Planned._meta.local_fields if each.name not in {"partnership", "kind"}),
    "paused_at", "pause_reason",
)  # fmt: skip


class Unconfirmed(Refusal):
    """It would put dates back that were moved by hand. Those are named first, and confirmed."""

    def __init__(self, reset: list[date]) -> None:
        dates = ", ".join(date_format(day, "j F") for day in reset)
        super().__init__(_("These dates were moved by hand and would be put back: %(dates)s.") % {"dates": dates})
        self.reset = reset


class Outdated(Refusal):
    """Somebody else changed the dates since the page was read. Nothing was done; the message says what changed."""

    def __init__(self, version: int, changes: Sequence[SeriesChange]) -> None:
        self.changes = [str(change) for change in changes]
        parts = [_("The dates changed while you had this page open."), *self.changes]
        super().__init__("\n".join([*parts, _("Nothing of yours was done yet. Look once more, then decide.")]))
        self.version = version


@dataclass
class Planning:
    """One verb at work on the dates of a pair, in memory. It says what it `did`; without that, nothing is told."""

    partnership: Partnership
    members: list[Membership]  # with their people, seat A first
    series: Series | None
    rules: list[RuleVersion]  # the last one is in force
    pauses: list[Pause]
    rows: list[Session]  # of every kind and time
    by: Person | None  # None: the clock
    now: datetime
    changed_since: list[SeriesChange] | None = None  # what the page of `by` did not show yet; None: it showed all
    by_admin: bool = False  # by what the database says now
    act: Audit.Act | None = None
    words: str = ""  # what was done, in a sentence
    about: Model | None = None

    def __post_init__(self) -> None:
        versions = {version.pk: version for version in self.rules}
        for row in self.rows:
            row.partnership = self.partnership
            if row.rule_version_id:
                row.rule_version = versions[row.rule_version_id]
        if self.series and self.rules:
            self.series.current = self.rules[-1]
        self.before = {row.pk: _values(row, _SESSION) for row in self.rows}
        self._series_before = _values(self.series, _SERIES) if self.series else None
        self._pauses_before = {pause.pk: pause.to_date for pause in self.pauses}

    def did(self, act: Audit.Act, words: str, about: Model | None = None) -> None:
        self.check_seen()
        self.act, self.words, self.about = act, words, about

    def today(self, zone: str) -> date:
        return self.now.astimezone(ZoneInfo(zone)).date()

    @property
    def by_member(self) -> bool:
        return self.by is not None and any(member.person_id == self.by.pk for member in self.members)

    def sessions(self) -> list[Session]:
        """The retros of the pair that may still take place, the earliest first."""
        found = [row for row in self.rows if row.kind == Session.Kind.RETRO and row.status not in Session.NOT_TO_COME]
        return sorted(found, key=lambda row: (row.start_utc, row.pk))

    def of_rhythm(self) -> list[Session]:
        """Those that a slot made or took, by their slots."""
        found = [row for row in self.rows if self.series and row.series_id == self.series.pk]
        return sorted(found, key=lambda row: (row.slot_date or date.min, row.start_utc))

    def open_pauses(self) -> list[Pause]:
        """The pauses that are not over, the earliest first."""
        today = self.series.today(self.now) if self.series else date.max
        found = [pause for pause in self.pauses if pause.to_date is None or pause.to_date >= today]
        return sorted(found, key=lambda pause: pause.from_date)

    def row(self, session: Session) -> Session:
        """Its row in memory."""
        return next(row for row in self.rows if row == session)

    def take(self, session: Session) -> Session:
        """The caller's own object stands for its row, as it is now."""
        session.refresh_from_db()
        session.partnership = self.partnership
        if session.rule_version_id:
            session.rule_version = next(each for each in self.rules if each.pk == session.rule_version_id)
        self.rows = [session if row.pk == session.pk else row for row in self.rows]
        return session

    def take_series(self, series: Series) -> None:
        """The caller's own object stands for the series, as it is now."""
        series.refresh_from_db()
        series.current = self.rules[-1]
        self.series = series

    def add(self, sessions: Sequence[Session]) -> None:
        """New ones. Raises Refusal like `creation.check`."""
        creation.check(self.partnership, sessions, self.members)
        for session in sessions:
            session.partnership = self.partnership
        self.rows += sessions

    def add_rule(self, series: Series, version: RuleVersion) -> None:
        self.rules.append(version)
        series.current = version

    @property
    def made(self) -> list[Session]:
        return [row for row in self.rows if row.pk not in self.before]

    def check(self) -> None:
        """Raises NotAllowed and Outdated: for what was not asked for yet, and so cannot be done already."""
        self.check_rights()
        self.check_seen()

    def check_rights(self) -> None:
        """Raises NotAllowed without the right or when the partnership has ended."""
        if self.by is not None:
            if not self.by_member and not self.by_admin:
                raise NotAllowed(_("This is not your partnership."))
            if self.partnership.is_archived:
                raise NotAllowed(_("You can read this, and no longer write in it."))

    def check_seen(self) -> None:
        """Raises Outdated when the page was old. A verb asks before it changes anything, after it has looked whether
        what it was asked for is so already: a press that is made once more, because its answer was lost, is done.
        """
        if self.series is not None and self.changed_since is not None:
            raise Outdated(self.series.version, self.changed_since)

    # --- written when the verb is over ----------------------------------------------------------------------------

    def write(self) -> None:
        """What differs from what was loaded; then who did what, and the mails that follow from it."""
        if self.series is not None:
            self._write_rhythm(self.series)
        changed = list(self._changes())
        new = creation.new(self.partnership, self.made, self.members)
        if self.act is not None:
            self._tell(self.act)
            plan_deliveries_of(self.now, self.partnership, self.rows, self.members)
        self._write_rows(changed)
        new.insert()

    def _tell(self, act: Audit.Act) -> None:
        """Who did what: for the record, the pair, and whoever has an old page open."""
        Audit.record(act, by=self.by, about=self.about or self.series, partnership=self.partnership)
        if self.by is not None and not self.by_member:
            Look.objects.create(partnership=self.partnership, person=self.by, what=Look.What.SCHEDULE)
        if self.by is not None and self.series is not None:
            SeriesChange.objects.create(
                series=self.series, version=self.series.version, by=self.by, at=self.now, words=self.words[:200]
            )

    def _write_rhythm(self, series: Series) -> None:
        series.version += self.act is not None
        if self._series_before is None:
            series.save(force_insert=True)
        elif changed := _changed(series, self._series_before):
            series.save(update_fields=changed)
        for version in self.rules:
            if version.pk is None:
                version.save(force_insert=True)
        left = {pause.pk for pause in self.pauses}
        if gone := [pk for pk in self._pauses_before if pk not in left]:
            Pause.objects.filter(pk__in=gone).delete()
        for pause in self.pauses:
            if pause.pk not in self._pauses_before:
                pause.save(force_insert=True)
            elif pause.to_date != self._pauses_before[pause.pk]:
                pause.save(update_fields=["to_date"])

    def _changes(self) -> dict[Session, list[str]]:
        """The names of what differs from what was loaded, of each row in which anything does."""
        for row in self.rows:
            if row.rule_version_id is None and row.rule_version is not None:
                row.rule_version = row.rule_version  # it was new, and has its id now
        changes = {row: _changed(row, self.before[row.pk]) for row in self.rows if row.pk in self.before}
        return {row: names for row, names in changes.items() if names}

    def _write_rows(self, shown: Collection[Session]) -> None:
        """`shown`: in which a date changed. Both members' pages of those follow; an invitation stands on none."""
        changes = self._changes()
        if not changes:
            return
        freed = [row.pk for row, names in changes.items() if "slot_date" in names and self.before[row.pk]["slot_date"]]
        if freed and len(changes) + len(self.made) > 1:  # two never stand on one slot, whichever is written first
            Session.objects.filter(pk__in=freed).update(slot_date=None)
        for row in shown:
            row.version_a, row.version_b = row.version_a + 1, row.version_b + 1
        names = {"version_a", "version_b", *(name for each in changes.values() for name in each)}
        # One statement for many rows. They are there, and locked, so each of them conflicts with itself.
        Session.objects.bulk_create(
            list(changes), update_conflicts=True, update_fields=sorted(names), unique_fields=["id"]
        )
        publish_all((row.pk, row.version_a, row.version_b) for row in shown)


def _values(of: Model, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(of, name) for name in names}


def _changed(of: Model, before: Mapping[str, Any]) -> list[str]:
    return [name for name, value in before.items() if getattr(of, name) != value]


@contextmanager
def planning(
    partnership: Partnership, *, by: Person | None, now: datetime | None = None, version: int | None = None
) -> Iterator[Planning]:
    """Lock the dates of a pair, read rights again, do the work, write it, and tell whoever shows them.

    Either member may, and an admin; `by` is None for the clock. `version` is the series' as the page showed it.
    Raises NotAllowed without the right or when the partnership has ended; when it has changed since, whatever is done
    raises Outdated (`check_seen`).

    Locks are taken in one order: series, sessions, partnership. Verbs of the room hold a session, and then want the
    partnership.
    """
    with transaction.atomic(), planning_within(partnership, by=by, now=now, version=version) as change:
        yield change


@contextmanager
def planning_within(
    partnership: Partnership, *, by: Person | None, now: datetime | None = None, version: int | None = None
) -> Iterator[Planning]:
    """The same as part of a transaction that is open, and is given up whole when this raises anything."""
    (change,) = _load([partnership.pk], by, now or timezone.now(), {partnership.pk: version}, lock=True)
    change.check_rights()
    try:
        yield change
    except Refusal:
        change.check_seen()  # the dates are others than the page showed: that comes first
        raise
    change.write()


def looked_at(
    partnerships: Collection[UUID], *, by: Person, now: datetime, versions: Mapping[UUID, int | None]
) -> list[Planning]:
    """The dates of these pairs (by id) as they are, by id: for a preview, which locks nothing and writes nothing.

    Whoever works on one calls `check` first. The number of queries does not grow with the pairs.
    """
    return _load(partnerships, by, now, versions, lock=False)


def _load(
    pks: Collection[UUID], by: Person | None, now: datetime, versions: Mapping[UUID, int | None], *, lock: bool
) -> list[Planning]:
    def locked(rows: QuerySet[M]) -> QuerySet[M]:
        return rows.select_for_update(no_key=True) if lock else rows

    series = {each.partnership_id: each for each in locked(Series.objects.filter(partnership__in=pks))}
    sessions = _grouped(locked(Session.objects.filter(partnership__in=pks).order_by("pk")), "partnership_id")
    is_admin = Exists(Person.objects.admins().filter(pk=by.pk)) if by else Value(False)
    found = list(locked(Partnership.objects.filter(pk__in=pks).annotate(is_admin=is_admin).order_by("pk")))
    if lock and connection.features.has_select_for_update and len(series) == len(found):
        # What was begun at once, meanwhile: that takes the partnership's lock alone.
        known_sessions = [row.pk for rows in sessions.values() for row in rows]
        for row in Session.objects.filter(partnership__in=pks).exclude(pk__in=known_sessions):
            sessions[row.partnership_id].append(row)
    elif lock and connection.features.has_select_for_update:
        # Without a rhythm the partnership is the first lock of all: what another verb made meanwhile is read now. A new
        # rhythm has dates. SQLite lets one write at a time, from the first statement on.
        sessions = _grouped(Session.objects.filter(partnership__in=pks).order_by("pk"), "partnership_id")
        if any(row.series_id and pk not in series for pk, rows in sessions.items() for row in rows):
            series = {each.partnership_id: each for each in Series.objects.filter(partnership__in=pks)}
    members = _grouped(
        Membership.objects.filter(partnership__in=pks).select_related("person").order_by("seat"), "partnership_id"
    )
    rules = _grouped(RuleVersion.objects.filter(series__in=series.values()).order_by("n"), "series_id")
    pauses = _grouped(Pause.objects.filter(series__in=series.values()).order_by("pk"), "series_id")
    outdated = [own for pk, own in series.items() if versions.get(pk) not in {None, own.version}]
    since = _changed_since(outdated, versions)
    result = []
    for pair in found:
        own = series.get(pair.pk)
        pk = own.pk if own else None
        known_dates = (own, rules[pk], pauses[pk], sessions[pair.pk])
        changed_since = since.get(pk) if pk else None
        ruled = pair.is_admin  # type: ignore[attr-defined]  # annotated
        result.append(Planning(pair, members[pair.pk], *known_dates, by, now, changed_since, ruled))
    return result


def _changed_since(outdated: Sequence[Series], versions: Mapping[UUID, int | None]) -> dict[UUID, list[SeriesChange]]:
    """What was done to each of these (by id) after the version that a page showed."""
    found: dict[UUID, list[SeriesChange]] = {own.pk: [] for own in outdated}
    if outdated:
        shown = {own.pk: versions[own.partnership_id] or 0 for own in outdated}
        for change in SeriesChange.objects.filter(series__in=outdated).select_related("by"):
            if change.version > shown[change.series_id]:
                found[change.series_id].append(change)
    return found


def _grouped(rows: QuerySet[Any], by: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, by)].append(row)
    return found
