"""Taking back what was done to the dates of a pair, while nobody changed them since: each date as it was, and no mail
to whoever was told nothing of it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from partnerships.models import Audit, Delivery, Partnership
from partnerships.refusals import Refusal
from retros.dates import rhythm
from retros.dates.planning import Planning, planning
from retros.models import Series, Session
from retros.notifications.ics import InvitationVersion
from retros.recurrence.wall_time import gone_by

if TYPE_CHECKING:
    from partnerships.models import Person

_DAYS = ("slot_date",)
_MOMENTS = ("start_local", "start_utc", "ical_stamp", "invited_at")
_PLAIN = (
    "timezone", "duration_min", "moved", "status", "reason", "excused", "uid_generation", "sequence", "rule_version_id",
)  # fmt: skip


class DatesToCome(NamedTuple):
    """All that a verb may change of a pair's dates to come: the rows by their id, the rule in force, the pauses."""

    rows: dict[str, dict[str, Any]]
    rule: int | None
    status: str
    pauses: list[int]


def dates_of(change: Planning) -> DatesToCome:
    """As they are. What has begun is left out: no verb moves it."""
    rows = [row for row in change.rows if row.kind == Session.Kind.RETRO and row.start_utc > change.now]
    return DatesToCome(
        {str(row.pk): _written(row) for row in rows},
        change.rules[-1].pk if change.rules else None,
        change.series.status if change.series else "",
        [pause.pk for pause in change.pauses],
    )


def difference(before: DatesToCome, after: DatesToCome) -> dict[str, Any]:
    """What `take_back` needs, as JSON takes it: how the changed rows were, and how they are now."""
    changed = {pk: row for pk, row in before.rows.items() if after.rows.get(pk) != row}
    new = [pk for pk in after.rows if pk not in before.rows]
    known = {pk: _mark(after.rows[pk]) for pk in [*changed, *new] if pk in after.rows}
    pauses = [pk for pk in after.pauses if pk not in before.pauses]
    return {
        "rows": changed, "new": new, "known": known, "rule": before.rule, "status": before.status, "pauses": pauses,
    }  # fmt: skip


def take_back(
    partnership: Partnership, how: dict[str, Any], *, by: Person, version: int | None, now: datetime | None = None
) -> None:
    """Put the dates back as they were before a verb; `how` is the `difference` that it made.

    Whoever was told of the change hears that it is as before, and nobody else hears anything. Raises Outdated or
    Refusal when the dates changed since, Misplaced when one of them has gone by.
    """
    with planning(partnership, by=by, now=now, version=version or None) as change:
        change.check_seen()
        rows = {str(row.pk): row for row in change.rows if str(row.pk) in how["known"]}
        if any(pk not in rows or _mark(_written(rows[pk])) != mark for pk, mark in how["known"].items()):
            raise Refusal(_("Its dates changed since, so it stays as it is."))
        former = {pk: _read(row) for pk, row in how["rows"].items()}
        if any(row["status"] == Session.Status.SCHEDULED and row["start_utc"] < change.now for row in former.values()):
            raise gone_by()
        for pk in how["new"]:
            rows[pk].slot_date = None
            if rows[pk].is_planned:
                rows[pk].drop(Session.Status.CANCELLED, Session.SURPLUS, change.now)
        told = _told(rows)
        for pk, values in former.items():
            _put_back(rows[pk], values, told.get(rows[pk].pk, set()), change.now)
        if change.series is not None:
            _put_rule_back(change.series, how, change)
        change.did(Audit.Act.RHYTHM_CHANGED, _("Took back a change for many."))


def _put_back(row: Session, former: dict[str, Any], told: set[tuple[int, int]], now: datetime) -> None:
    """`told`: the generations and sequences of this row that anybody was told of."""
    now_planned, then_planned = row.is_planned, former["status"] == Session.Status.SCHEDULED
    edition = (former["uid_generation"], former["sequence"])
    heard = any(known > edition for known in told)
    known = {name: getattr(row, name) for name in ("uid_generation", "sequence", "ical_stamp", "invited_at")}
    for name, value in former.items():
        setattr(row, name, value)
    if not heard:
        return
    for name, value in known.items():
        setattr(row, name, value)
    if then_planned and not now_planned:
        row.restore(now)
    else:
        row.sequence, row.ical_stamp = row.sequence + 1, now
    row.taken_back_at = now


def _told(rows: dict[str, Session]) -> dict[UUID, set[tuple[int, int]]]:
    found: dict[UUID, set[tuple[int, int]]] = {}
    mails = Delivery.objects.filter(
        kind__in=Delivery.CALENDAR, status__in=Delivery.OUT, subject_id__in=[row.pk for row in rows.values()]
    )
    for subject_id, key in mails.values_list("subject_id", "for_key"):
        edition = InvitationVersion.from_key(key)
        found.setdefault(subject_id, set()).add((edition.generation, edition.sequence))
    return found


def _put_rule_back(series: Series, how: dict[str, Any], change: Planning) -> None:
    change.pauses = [pause for pause in change.pauses if pause.pk not in how["pauses"]]
    if how["rule"] is None or how["status"] == Series.Status.ENDED:
        series.status, series.work_at = Series.Status.ENDED, None
    if how["rule"] is not None and how["rule"] != series.current.pk:
        former = next(version for version in change.rules if version.pk == how["rule"])
        rhythm.add_rule(series, former.rule, change)
    if how["rule"] is not None and how["status"] != Series.Status.ENDED:
        rhythm.set_next_due(series, change)


def _mark(row: dict[str, Any]) -> list[Any]:
    return [row["status"], row["uid_generation"], row["sequence"], row["start_utc"], row["slot_date"]]


def _written(row: Session) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in (*_DAYS, *_MOMENTS, *_PLAIN)}
    dated = {name: values[name].isoformat() if values[name] else None for name in (*_DAYS, *_MOMENTS)}
    return {**values, **dated, "series_id": str(row.series_id) if row.series_id else None}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in _DAYS}
    moments = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _MOMENTS}
    return {**row, **days, **moments, "series_id": UUID(row["series_id"]) if row["series_id"] else None}
