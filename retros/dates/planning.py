"""The transaction of every verb that changes dates, and how such a verb says no (docs/rules/scheduling.md S5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.models import Audit, Look, Membership, Partnership
from partnerships.refusals import NotAllowed, Refusal
from retros.live.publish import publish
from retros.models.series import Series
from retros.models.session import Session
from retros.notifications.plan import plan_deliveries

if TYPE_CHECKING:
    from partnerships.models import Person


class Unconfirmed(Refusal):
    """It would put dates back that were moved by hand. Those are named first, and confirmed."""

    def __init__(self, reset: list[date]) -> None:
        dates = ", ".join(date_format(day, "j F") for day in reset)
        super().__init__(_("These dates were moved by hand and would be put back: %(dates)s.") % {"dates": dates})
        self.reset = reset


class Outdated(Refusal):
    """Somebody else changed the dates since the page was read. Nothing was done; the message says what changed."""

    def __init__(self, series: Series, known: int) -> None:
        self.changes = [str(change) for change in series.changes.filter(version__gt=known).select_related("by")]
        parts = [_("The dates changed while you had this page open."), *self.changes]
        super().__init__("\n".join([*parts, _("Nothing of yours was done yet. Look once more, then decide.")]))
        self.version = series.version


@dataclass
class Planning:
    """One verb at work on the dates of a pair. It says what it `did`; without that, nothing happened."""

    partnership: Partnership
    series: Series | None
    by: Person | None  # None: the clock
    now: datetime
    act: Audit.Act | None = None
    words: str = ""  # what was done, in a sentence
    about: Model | None = None
    changed: set[UUID] = field(default_factory=set)
    by_member: bool = True

    def did(self, act: Audit.Act, words: str, about: Model | None = None) -> None:
        self.act, self.words, self.about = act, words, about

    def today(self, zone: str) -> date:
        return self.now.astimezone(ZoneInfo(zone)).date()

    def sessions(self) -> list[Session]:
        """The retros of the pair that may still take place, the earliest first."""
        rows = Session.objects.filter(partnership=self.partnership, kind=Session.Kind.RETRO)
        return list(rows.exclude(status__in=Session.NOT_TO_COME).order_by("start_utc", "pk"))


@contextmanager
def planning(
    partnership: Partnership, *, by: Person | None, now: datetime | None = None, version: int | None = None
) -> Iterator[Planning]:
    """Lock the dates of a pair, read rights again, do the work, and tell whoever shows them.

    Either member may, and an admin; `by` is None for the clock. `version` is the series' as the page showed it.
    Raises Outdated when it has changed since, NotAllowed without the right or when the partnership has ended.

    Locks are taken in one order: series, sessions, partnership. Verbs of the room hold a session, and then want the
    partnership.
    """
    with transaction.atomic():
        series = Series.objects.select_for_update(no_key=True).filter(partnership=partnership).first()
        rows = Session.objects.filter(partnership=partnership)
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        partnership = Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
        by_member = by is not None and _check(partnership, by)
        if series is not None and version is not None and series.version != version:
            raise Outdated(series, version)
        change = Planning(partnership, series, by, now or timezone.now(), by_member=by_member)
        yield change
        if change.act is not None:
            Audit.record(change.act, by=by, about=change.about or change.series, partnership=partnership)
            if by is not None and not change.by_member:
                Look.objects.create(partnership=partnership, person=by, what=Look.What.SCHEDULE)
            if change.series is not None:
                change.series.count_change(by=change.by, at=change.now, words=change.words)
            plan_deliveries(change.now, partnership)  # what calendars must hear of what was, before it changes again
        tell(change.changed)


def _check(partnership: Partnership, by: Person) -> bool:
    """Whether it is one of the two; else it is an admin."""
    member = Membership.objects.filter(partnership=partnership, person=by).exists()
    if not member and not (by.is_staff and by.is_active):
        raise NotAllowed(_("This is not your partnership."))
    if partnership.is_archived:
        raise NotAllowed(_("You can read this, and no longer write in it."))
    return member


def tell(changed: Iterable[UUID]) -> None:
    """Both members' pages of these sessions follow."""
    rows = Session.objects.filter(pk__in=changed)
    if rows.update(version_a=F("version_a") + 1, version_b=F("version_b") + 1):
        for pk, version_a, version_b in rows.values_list("pk", "version_a", "version_b"):
            publish(pk, version_a, version_b)
