"""What an admin does to the dates of many pairs at once: looked at first, done once, taken back within ten minutes.

Each pair is a transaction of its own, in which what the preview showed is worked out again under its lock: others write
in between, and whatever stops it half way leaves every pair done or untouched (docs/rules/scheduling.md S23).
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.mail import letters
from partnerships.models import Audit, Person
from partnerships.refusals import Refusal
from partnerships.turns import in_turns
from retros.administration import bulk_acts
from retros.administration.bulk_acts import BulkFacts, BulkPair, BulkPreview, BulkRequest
from retros.dates import taking_back
from retros.dates.planning import Outdated, planning_within
from retros.dates.taking_back import dates_of, difference
from retros.models import Bulk, BulkLine
from retros.models.session import key_is_taken


def preview(wish: BulkRequest, *, by: Person, now: datetime | None = None) -> BulkPreview:
    """What would happen. Locks nothing and writes nothing."""
    return bulk_acts.preview(wish, by=by, now=now or timezone.now())


def commit(wish: BulkRequest, *, by: Person, key: uuid.UUID, digest: str, now: datetime | None = None) -> Bulk:
    """Do what the preview with that digest showed, pair by pair. With the same key again: what is left of it.

    Raises Refusal, and does nothing, when the dates changed since the preview. A pair whose dates change while this is
    at work is left as it is, and named.
    """
    now = now or timezone.now()
    by.check_admin()
    bulk = Bulk.objects.filter(pk=key).first() or _write_down(wish, by=by, key=key, digest=digest, now=now)
    if bulk.by_id != by.pk:
        raise key_is_taken()
    return resume(bulk, by=by, now=now)


def _write_down(wish: BulkRequest, *, by: Person, key: uuid.UUID, digest: str, now: datetime) -> Bulk:
    """What is to be done, before any of it is."""
    seen = preview(wish, by=by, now=now)
    if seen.digest != digest:
        raise Refusal(
            "\n".join(seen.outdated) or _("The dates changed since you looked. Nothing was done. Look once more.")
        )
    with transaction.atomic():
        known = {"by": by, "act": wish.act, "wish": wish.how, "at": now}
        bulk, is_new = Bulk.objects.get_or_create(pk=key, defaults=known)
        if is_new:
            for line in seen.lines:
                line.bulk = bulk
            BulkLine.objects.bulk_create(seen.lines)
            Audit.record(Audit.Act.BULK_DONE, by=by, about=bulk)
    return bulk


def resume(bulk: Bulk, *, by: Person, now: datetime | None = None) -> Bulk:
    """Do what is not done yet, or take back what is not taken back yet. Safe twice at once."""
    now = now or timezone.now()
    by.check_admin()
    wish, step = BulkRequest.kept(bulk), _do if bulk.undone_at is None else _take_back
    if bulk.undone_at is None and bulk.open_lines().exists():
        bulk.at = now
        bulk.save(update_fields=["at"])
    for line in in_turns(bulk.open_lines()):
        step(line, wish, by, now)
    return bulk


def undo(bulk: Bulk, *, by: Person, now: datetime | None = None) -> Bulk:
    """Take it back, within ten minutes. A pair whose dates changed since is left as it is, and named.

    What it did not come to is not done any more. Raises Refusal when it is too late; pressed twice it is done once.
    """
    now = now or timezone.now()
    by.check_admin()
    with transaction.atomic():
        bulk = Bulk.objects.select_for_update(no_key=True).get(pk=bulk.pk)
        if bulk.undone_at is None:
            if not bulk.can_be_undone(now):
                raise Refusal(_("This was more than ten minutes ago. Change the dates of the pairs one by one."))
            bulk.undone_at = now
            bulk.save(update_fields=["undone_at"])
            Audit.record(Audit.Act.BULK_UNDONE, by=by, about=bulk)
    return resume(bulk, by=by, now=now)


def _locked(line: BulkLine) -> BulkLine | None:
    """Read again; what takes it back, or does the same at the same time, waits. None when one of the two was erased
    since, and the line went with them.
    """
    found = BulkLine.objects.select_for_update(no_key=True, of=("bulk",)).select_related("bulk", "partnership")
    return found.filter(pk=line.pk).first()


def _do(line: BulkLine, wish: BulkRequest, by: Person, now: datetime) -> None:
    try:
        with transaction.atomic():
            if (known := _locked(line)) is None or known.done_at or known.refused or known.bulk.undone_at:
                return
            line = known
            with planning_within(line.partnership, by=by, now=now, version=line.version) as change:
                change.check_seen()
                before, pair, again = dates_of(change), BulkPair(change), BulkLine()
                bulk_acts.act(wish, pair, again, _facts(wish, pair, line, now))
                if (again.before, again.after) != (line.before, line.after):
                    raise Refusal(_("Their dates changed since you looked, so they stay as they are."))
            if wish.act == Bulk.Act.REMIND:
                line.partnership.remind(by=by, now=now)
                dates = bulk_acts.open_dates([line.partnership_id], now)
                letters.send_nudge(line.partnership, by=by, date=dates.get(line.partnership_id))
            line.undo, line.done_at = difference(before, dates_of(change)), now
            line.version = change.series.version if change.series else None
            line.save(update_fields=["undo", "done_at", "version"])
    except Refusal as refusal:
        by.check_admin()  # all of it takes minutes: who is none any more leaves the rest to another one
        BulkLine.objects.filter(pk=line.pk, done_at=None).update(refused=str(refusal.message))


def _facts(wish: BulkRequest, pair: BulkPair, line: BulkLine, now: datetime) -> BulkFacts:
    if wish.act == Bulk.Act.PLAN:
        return bulk_acts.place_again(pair, line, now)
    return bulk_acts.facts_for(wish, [pair], now)


def _take_back(line: BulkLine, _wish: BulkRequest, by: Person, now: datetime) -> None:
    try:
        with transaction.atomic():
            if (known := _locked(line)) is None or known.undone_at or known.left:
                return
            line = known
            taking_back.take_back(line.partnership, line.undo, by=by, version=line.version, now=now)
            line.undone_at = now
            line.save(update_fields=["undone_at"])
    except Refusal as refusal:
        by.check_admin()
        outdated = isinstance(refusal, Outdated)
        words = _("Its dates changed since, so it stays as it is.") if outdated else str(refusal.message)
        BulkLine.objects.filter(pk=line.pk, undone_at=None).update(left=words)
